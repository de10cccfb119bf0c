"""Evaluation: nobody is in training and test at once, and what is reported is what was answered."""

import warnings
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from mlcourse.datasets import FeatureTable, make_activities
from mlcourse.sensing import (
    Evaluation,
    LeakageWarning,
    ThresholdClassifier,
    WindowFeatures,
    baselines,
    evaluate,
    feature_table,
    heuristic_features,
)


def table(X, y, subjects, test_subjects=()):
    X = np.asarray(X, dtype=float).reshape(len(y), -1)
    names = tuple(f"f{number}" for number in range(X.shape[1]))
    return FeatureTable(X, np.asarray(y), np.asarray(subjects), names, test_subjects)


class Answers(ClassifierMixin, BaseEstimator):
    """Answers with the first feature, which the test chose: 0 is "a", 1 is "b", 2 is "c"."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.array(["a", "b", "c"])[X[:, 0].astype(int)]


class Recognises(ClassifierMixin, BaseEstimator):
    """Knows whom it has met in training, by the first feature, and answers "met" or "stranger"."""

    def fit(self, X, y):
        self.met_ = set(X[:, 0])
        return self

    def predict(self, X):
        return np.where([person in self.met_ for person in X[:, 0]], "met", "stranger")


def crowd(people=6, cases=20, seed=0):
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(people), cases)
    return table(subjects, rng.choice(["met", "stranger"], people * cases), subjects.astype(str))


# ------------------------------------------------------------------------------------------------------ who leaks


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_by_subject_only_strangers_are_tested(people, n_splits, seed):
    result = evaluate(Recognises(), crowd(people, seed=seed), by="subject", n_splits=n_splits, random_state=seed)
    assert result.confusion[:, result.labels.index("met")].sum() == 0
    assert result.confusion.sum() == people * 20  # everybody once
    assert 1 < len(result.fold_accuracies) <= min(people, n_splits)


def test_by_random_everybody_tested_was_met_and_a_warning_says_so():
    with pytest.warns(LeakageWarning, match="same people into training and test.*by='subject'") as caught:
        result = evaluate(Recognises(), crowd(), by="random")
    assert result.confusion[:, result.labels.index("met")].sum() == result.confusion.sum() == 120
    assert caught[0].filename == __file__


def test_by_subject_and_by_official_warn_of_nothing():
    data = crowd()
    official = table(data.X, data.y, data.subjects, test_subjects=("1", "4"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate(Recognises(), data)
        evaluate(Recognises(), official, by="official")


def test_by_official_tests_the_publishers_people_on_all_the_others():
    data = crowd()
    official = table(data.X, data.y, data.subjects, test_subjects=("1", "4"))
    result = evaluate(Recognises(), official, by="official")
    assert list(result.subject_accuracies) == ["1", "4"]
    assert result.confusion.sum() == 40
    train, test = official.split()
    expected = Recognises().fit(train.X, train.y).score(test.X, test.y)
    assert result.accuracy == expected == result.fold_accuracies[0]


def test_with_fewer_people_than_folds_each_is_tested_alone():
    result = evaluate(Recognises(), crowd(people=3), n_splits=10)
    assert len(result.fold_accuracies) == 3
    assert sorted(result.fold_accuracies) == sorted(result.subject_accuracies.values())
    assert "3 folds" in repr(result)


# -------------------------------------------------------------------------------------------------- what is counted


@pytest.fixture(scope="module")
def chosen():
    """Answers that are known beforehand: any split must report them."""
    rng = np.random.default_rng(0)
    truth, answers = rng.choice(3, 200, p=[0.6, 0.3, 0.1]), rng.choice(3, 200)
    letters = np.array(["a", "b", "c"])
    return table(answers, letters[truth], rng.choice(list("uvwxyz"), 200)), letters[truth], letters[answers]


@pytest.mark.parametrize("by", ["subject", "random"])
@pytest.mark.filterwarnings("ignore::mlcourse.sensing.evaluation.LeakageWarning")
def test_figures_are_those_of_scikit_learn(chosen, by):
    data, truth, answers = chosen
    result = evaluate(Answers(), data, by=by, n_splits=4)
    assert result.labels == ("a", "b", "c")
    assert result.accuracy == pytest.approx(accuracy_score(truth, answers))
    assert result.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro"))
    np.testing.assert_array_equal(result.confusion, confusion_matrix(truth, answers))
    for person, accuracy in result.subject_accuracies.items():
        assert accuracy == pytest.approx(np.mean((truth == answers)[data.subjects == person]))


def test_rows_are_what_was_there():
    data = table(np.zeros(40), ["a"] * 10 + ["b"] * 30, ["u", "v"] * 20)
    result = evaluate(Answers(), data)
    np.testing.assert_array_equal(result.confusion, [[10, 0], [30, 0]])
    assert result.accuracy == 0.25
    assert result.macro_f1 == pytest.approx((0.4 + 0) / 2)


def test_answers_that_nobody_did_are_counted_and_hurt_only_what_they_were_taken_for():
    data = table([0, 0, 1, 2] * 5, ["a", "a", "b", "b"] * 5, ["u", "v", "u", "v"] * 5)
    result = evaluate(Answers(), data)
    assert result.labels == ("a", "b", "c")
    np.testing.assert_array_equal(result.confusion, [[10, 0, 0], [0, 5, 5], [0, 0, 0]])
    assert result.macro_f1 == pytest.approx((1 + 2 / 3) / 2)


def test_labels_may_be_numbers():
    X = np.random.default_rng(0).normal(size=(60, 2))
    data = SimpleNamespace(X=X, y=(X[:, 0] > 0).astype(int), subjects=np.arange(60) % 5)
    result = evaluate(DecisionTreeClassifier(random_state=0), data, n_splits=5)
    assert result.labels == ("0", "1")
    assert result.accuracy > 0.85


def test_an_activity_of_one_person_only_is_never_right_but_breaks_nothing():
    data = crowd()
    y = np.where(data.subjects == "2", "stranger", "met")
    y[0] = "stranger"
    result = evaluate(baselines()["decision tree"], table(data.X, y, data.subjects))
    assert result.subject_accuracies["2"] == 0


def test_the_same_seed_gives_the_same_folds_and_another_seed_gives_others(chosen):
    data = feature_noise()
    model = baselines()["decision tree"]
    first, again, other = (evaluate(model, data, n_splits=3, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.confusion, again.confusion)
    np.testing.assert_array_equal(first.fold_accuracies, again.fold_accuracies)
    assert not np.array_equal(first.fold_accuracies, other.fold_accuracies)


def feature_noise(n=300):
    rng = np.random.default_rng(5)
    return table(rng.normal(size=(n, 3)), rng.choice(["a", "b"], n), rng.choice(list("stuvwxyz"), n))


def test_folds_computed_at_once_are_the_same():
    data = feature_noise()
    with joblib.parallel_config(backend="threading"):  # processes would take seconds to start
        one, two = (evaluate(baselines()["naive Bayes"], data, n_jobs=n_jobs) for n_jobs in (None, 2))
    np.testing.assert_array_equal(one.confusion, two.confusion)
    np.testing.assert_array_equal(one.fold_accuracies, two.fold_accuracies)


def test_the_model_is_left_as_it_is():
    model = DecisionTreeClassifier()
    evaluate(model, feature_noise())
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


# ---------------------------------------------------------------------------------------------- windows and figure


@pytest.fixture(scope="module")
def simulated():
    return make_activities(4, ("sitting", "standing", "walking", "jogging"), seconds=20, random_state=0).windows()


def test_features_computed_once_give_the_same_as_features_computed_in_each_fold(simulated):
    learner = baselines()["decision tree"]
    each = evaluate(make_pipeline(WindowFeatures("time", simulated.rate, simulated.channels), learner), simulated)
    once = evaluate(learner, feature_table(simulated, "time"))
    np.testing.assert_array_equal(each.confusion, once.confusion)


def test_the_heuristic_is_evaluated_on_windows(simulated):
    arguments = {"rate": simulated.rate, "channel": simulated.channels.index("acc_y")}
    model = make_pipeline(FunctionTransformer(heuristic_features, kw_args=arguments), ThresholdClassifier())
    assert evaluate(model, simulated).accuracy > 0.6


def test_somebodys_own_model_of_windows_is_taken(simulated):
    class Loudest(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.where(X.std(axis=(1, 2)) > 4, "jogging", "sitting")

    assert evaluate(Loudest(), simulated).accuracy > 0.25


def test_the_figure_and_the_words(chosen):
    result = evaluate(Answers(), chosen[0], n_splits=4)
    figure = result.plot()
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {str(count) for count in result.confusion.ravel()} <= texts
    assert f"{result.accuracy:.1%}" in repr(result)
    assert f"macro F1 {result.macro_f1:.1%}" in repr(result)
    assert "people kept apart" in repr(result)
    import matplotlib.pyplot as plt

    ax = plt.figure().add_subplot()
    assert result.plot(ax=ax) is ax.figure
    plt.close("all")
    assert isinstance(result, Evaluation)


# ------------------------------------------------------------------------------------------------------ wrong values

good = feature_noise(40)
one_by_one = table(np.zeros(8), ["a"] * 4 + ["b"] * 4, ["u"] * 4 + ["v"] * 4)


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        (good, {"by": "person"}, "by must be 'subject', 'random' or 'official', got 'person'"),
        (good, {"by": "official"}, "by='official' needs a data set with official test people.*by='subject'"),
        (good, {"n_splits": 1}, "n_splits must be a whole number of folds, at least 2, got 1"),
        (good, {"n_splits": 2.5}, "n_splits must be .* got 2.5"),
        (good.X, {}, "ndarray has no X and no y and no subjects"),
        (good[:0], {}, "holds no cases: were the windows longer than every stretch"),
        (good[good.y == "a"], {}, "at least two activities, got only 'a'"),
        (good[good.subjects == "s"], {}, "needs at least two people, got only 's'"),
        (one_by_one, {}, "without [uv], windows hold only one activity to learn from"),
        (SimpleNamespace(X=good.X, y=good.y[:-1], subjects=good.subjects), {}, r"got shapes \(40, 3\), \(39,\)"),
    ],
)
def test_what_cannot_be_evaluated_is_named(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate(Answers(), data, **arguments)


@pytest.mark.filterwarnings("ignore::mlcourse.sensing.evaluation.LeakageWarning")
def test_more_folds_than_cases_are_named():
    with pytest.raises(ValueError, match="n_splits=50 is more than the cases of any activity"):
        evaluate(Answers(), good, by="random", n_splits=50)


@pytest.mark.parametrize("model", [DecisionTreeClassifier(), baselines()["SVM"], ThresholdClassifier()])
def test_windows_for_a_model_of_features_are_named(simulated, model):
    with pytest.raises(ValueError, match=r"model takes a table of features .* Put WindowFeatures in front"):
        evaluate(model, simulated)


def test_features_for_a_model_of_windows_are_named():
    with pytest.raises(ValueError, match=r"begins with WindowFeatures, but the cases are features already.*\(40, 3\)"):
        evaluate(make_pipeline(WindowFeatures(), DecisionTreeClassifier()), good)
