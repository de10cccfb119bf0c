"""Lab 02: right answers of every style are right, and the figures in its text are true."""

import re
from collections import Counter, defaultdict
from itertools import pairwise
from math import log2
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlcourse.checks import a02_classic_ml as check
from mlcourse.checks.core import CheckFailed

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a02_classic_ml" / "a02_classic_ml.ipynb"
HIDDEN = 9173  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


# -- right answers in other styles -----------------------------------------------------------------------------------


def entropy_by_counter(labels):
    return sum(n / len(labels) * log2(len(labels) / n) for n in Counter(labels).values())


def entropy_by_scipy(labels):
    return scipy_entropy(list(Counter(labels.tolist()).values()), base=2) if len(labels) else 0


def entropy_by_dict(labels):
    counts = defaultdict(int)
    for label in labels:
        counts[label] += 1
    result = 0
    for label in counts:
        p = counts[label] / len(labels)
        result += -p * np.log(p) / np.log(2)
    return result


def entropy_with_a_tiny_number(labels):
    if len(labels) == 0:
        return 0
    p = np.array([np.mean(labels == label) for label in np.unique(labels)])
    return -np.sum(p * np.log2(p + 1e-9))


@pytest.mark.parametrize("answer", [entropy_by_counter, entropy_by_scipy, entropy_by_dict, entropy_with_a_tiny_number])
def test_entropy_in_any_style(answer):
    assert check.entropy(answer, points=3, seed=HIDDEN) == 3


def gain_ratio_by_lists(values, labels, threshold):
    sides = {True: [], False: []}
    for value, label in zip(values, labels, strict=True):
        sides[bool(value <= threshold)].append(label)
    gain, split = entropy_by_counter(labels), 0.0
    for side in sides.values():
        if side:
            share = len(side) / len(labels)
            gain -= share * entropy_by_counter(side)
            split -= share * log2(share)
    return [gain, gain / split if split else 0]


def gain_ratio_by_array(values, labels, threshold):
    p = np.mean(values <= threshold)
    if p == 0 or p == 1:
        return np.zeros(2)
    left, right = labels[values <= threshold], labels[values > threshold]
    gain = entropy_by_counter(labels) - p * entropy_by_counter(left) - (1 - p) * entropy_by_counter(right)
    return np.array([gain, gain / (-p * np.log2(p) - (1 - p) * np.log2(1 - p))])


@pytest.mark.parametrize("answer", [gain_ratio_by_lists, gain_ratio_by_array])
def test_gain_ratio_in_any_style(answer):
    assert check.gain_ratio(answer, points=4, seed=HIDDEN) == 4


def best_split_by_sorting(X, y):
    options = []
    for feature in range(X.shape[1]):
        values = sorted(set(X[:, feature].tolist()))
        cuts = [(a + b) / 2 for a, b in pairwise(values)]
        own = [(-gain_ratio_by_lists(X[:, feature], y, cut)[0], cut) for cut in cuts]
        if own:
            cut = min(own)[1]
            options.append((-gain_ratio_by_lists(X[:, feature], y, cut)[1], feature, cut))
    if not options:
        return None
    ratio, feature, cut = min(options)
    return [feature, cut, -ratio]


def best_split_by_argmax(X, y):
    cuts, ratios = [], []
    for column in X.T:
        values = np.unique(column)
        own = values[:-1] + np.diff(values) / 2
        gains = [gain_ratio_by_array(column, y, cut)[0] for cut in own]
        cuts.append(own[np.argmax(gains)] if len(own) else np.nan)
        ratios.append(gain_ratio_by_array(column, y, cuts[-1])[1] if len(own) else -1)
    feature = np.argmax(ratios)
    return (feature, cuts[feature], ratios[feature]) if ratios[feature] >= 0 else None


@pytest.mark.parametrize("answer", [best_split_by_sorting, best_split_by_argmax])
def test_best_split_in_any_style(answer):
    assert check.best_split(answer, points=4, seed=HIDDEN) == 4


def knn_by_broadcasting(X_train, y_train, X, k):
    scaler = StandardScaler().fit(X_train)
    train, new = scaler.transform(X_train), scaler.transform(X)
    nearest = y_train[((new[:, None] - train[None]) ** 2).sum(axis=2).argsort(axis=1)[:, :k]]
    return [max(row.tolist(), key=row.tolist().count) for row in nearest]


def knn_by_loops(X_train, y_train, X, k):
    n_features = X_train.shape[1]
    mean = [sum(X_train[:, j]) / len(X_train) for j in range(n_features)]
    std = [(sum((X_train[:, j] - mean[j]) ** 2) / len(X_train)) ** 0.5 for j in range(n_features)]
    out = np.empty(len(X), dtype=object)
    for m, row in enumerate(X):
        far = []
        for i, known in enumerate(X_train):
            total = 0
            for j in range(n_features):
                total += ((known[j] - mean[j]) / std[j] - (row[j] - mean[j]) / std[j]) ** 2
            far.append((total**0.5, i))
        labels = [y_train[i] for _, i in sorted(far)[:k]]
        most = max(labels.count(label) for label in labels)
        out[m] = next(label for label in labels if labels.count(label) == most)
    return out


@pytest.mark.parametrize("answer", [knn_by_broadcasting, knn_by_loops])
def test_knn_predict_in_any_style(answer):
    assert check.knn_predict(answer, points=4, seed=HIDDEN) == 4


def folds_in_turn(subjects, n_folds):
    people = list(dict.fromkeys(subjects.tolist()))
    if n_folds > len(people):
        raise ValueError("too many folds")
    folds = []
    for fold in range(n_folds):
        test = [row for row, person in enumerate(subjects) if person in people[fold::n_folds]]
        folds.append(([row for row in range(len(subjects)) if row not in test], test))
    return tuple(folds)


def folds_by_yield(subjects, n_folds):
    people, number = np.unique(subjects, return_inverse=True)
    if n_folds > len(people):
        raise ValueError
    for fold in range(n_folds):
        yield np.where(number % n_folds != fold)[0], np.where(number % n_folds == fold)[0]


def folds_of_shuffled_people(subjects, n_folds):
    people = np.random.default_rng().permutation(np.unique(subjects))
    if n_folds > len(people):
        raise ValueError("too many folds")
    parts = [np.isin(subjects, part) for part in np.array_split(people, n_folds)]
    return [[np.nonzero(~part)[0].tolist(), np.nonzero(part)[0].tolist()] for part in parts]


@pytest.mark.parametrize("answer", [folds_in_turn, folds_by_yield, folds_of_shuffled_people])
def test_leave_people_out_in_any_style(answer):
    assert check.leave_people_out(answer, points=3, seed=HIDDEN) == 3


def test_leave_people_out_by_scikit_learn_keeps_people_apart(capsys):
    """GroupKFold evens out windows, not people: honest, and only a part lost."""

    def answer(subjects, n_folds):
        return list(GroupKFold(n_folds).split(subjects, groups=subjects))

    assert check.leave_people_out(answer, points=3) == 2.5
    assert "share them out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("folds", "says"),
    [
        (None, "returns nothing"),
        ({}, "not a list of folds"),
        ([], "0 folds, where 2 are asked for"),
        ([(0, 1), (1, 0)], "has 0 axes"),
        ([([0, 1, 3],), ([2],)], "fold 0 is not a pair"),
        ([(["ann"], ["ben"]), (["ben"], ["ann"])], "holds names of people"),
        ([([0.0, 1.0], [2.0]), ([2], [0, 1])], "not the number of a row"),
        ([([0, 2, 3], [-3]), ([1], [0, 2, 3])], "not the number of a row, 0 to 3"),
        ([([0, 2, 3], [[1], [2, 3]]), ([1], [0, 2, 3])], "not a list of rows"),
        ([([], [0, 1, 2, 3]), ([0, 1, 2, 3], [])], "fold 1 tests nobody"),
        ([([1, 1], [0, 2, 3]), ([0, 2, 3], [1])], "a row twice"),
    ],
)
def test_leave_people_out_survives_any_form(folds, says):
    with pytest.raises(CheckFailed, match="(?i)" + re.escape(says)):
        check.leave_people_out(lambda subjects, n_folds: folds, points=3)


CELLS = """
def entropy(labels):
    raise NotImplementedError()

def gain_ratio(values, labels, threshold):
    left = values <= threshold
    share = left.mean()
    gain = entropy(labels) - share * entropy(labels[left]) - (1 - share) * entropy(labels[~left])
    return gain, gain / entropy(left) if 0 < share < 1 else 0
"""


def test_mistakes_are_not_counted_twice():
    names = {"np": np}
    exec(CELLS, names)
    own = names["entropy"]
    assert check.gain_ratio(names["gain_ratio"], points=4, seed=HIDDEN) == 4
    assert names["entropy"] is own
    with pytest.raises(CheckFailed, match="not answered yet"):
        check.entropy(own, points=3, seed=HIDDEN)


# -- the references agree with others' -------------------------------------------------------------------------------


def test_references_agree_with_scipy_and_scikit_learn():
    rng = np.random.default_rng(5)
    for _ in range(20):
        X, y = check._table(rng, 12, 3)
        assert check._entropy(y) == pytest.approx(scipy_entropy(list(Counter(y.tolist()).values()), base=2))
        tree = DecisionTreeClassifier(criterion="entropy", max_depth=1).fit(X, y)
        feature, threshold, _ = check._best_split(X, y)  # on these tables gain and ratio choose the same
        assert (feature, threshold) == (tree.tree_.feature[0], pytest.approx(tree.tree_.threshold[0]))

        X_train, y_train, new, k = check._clear_case(rng, 15, 3, 3)
        scaler = StandardScaler().fit(X_train)
        model = KNeighborsClassifier(k).fit(scaler.transform(X_train), y_train)
        np.testing.assert_array_equal(
            check._knn_predict(X_train, y_train, new, k), model.predict(scaler.transform(new))
        )


# -- what the text of the lab says -----------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    assert check._entropy(np.array(["sitting"] + 3 * ["walking"])) == pytest.approx(0.811, abs=5e-4)
    assert check._entropy(np.array(["sitting", "walking", "walking"])) == pytest.approx(0.918, abs=5e-4)

    values, labels = np.array([0.2, 0.4, 1.9, 3.1]), np.array(2 * ["sitting"] + 2 * ["walking"])
    assert check._gain_ratio(values, labels, 0.3) == pytest.approx((0.311, 0.384), abs=5e-4)
    assert check._gain_ratio(values, labels, 1.0) == (1, 1)

    X, y = np.array([[0.2, 9.5], [3.1, 9.6], [0.4, 1.2], [1.9, 9.4]]), np.array(2 * ["sitting", "walking"])
    assert check._best_split(X, y) == pytest.approx((0, 1.15, 1))
    for feature, cuts, gains in (
        (0, (0.3, 1.15, 2.5), (0.311, 1, 0.311)),
        (1, (5.3, 9.45, 9.55), (0.311, 0, 0.311)),
    ):
        np.testing.assert_allclose(check._midway(X[:, feature]), cuts)
        for cut, gain in zip(cuts, gains, strict=True):
            assert check._gain_ratio(X[:, feature], y, cut)[0] == pytest.approx(gain, abs=5e-4)
    assert check._best_split(X[:, 1:], y) == pytest.approx((0, 5.3, 0.384), abs=5e-4)

    train, labels = np.array([[0, 0], [2, 0], [0, 20], [2, 20]]), np.array(["sitting", "walking", "walking", "sitting"])
    order, distances = check._in_order(train, np.array([[1.5, 4]]))
    assert order[0].tolist() == [1, 0, 3, 2]
    np.testing.assert_allclose(np.sqrt(distances[0]), [0.64, 1.55, 1.68, 2.19], atol=0.005)
    for k, label in ((1, "walking"), (2, "walking"), (3, "sitting")):
        assert check._knn_predict(train, labels, np.array([[1.5, 4]]), k).tolist() == [label]

    folds = [(np.array([3]), np.array([0, 1, 2])), (np.array([0, 1, 2]), np.array([3]))]
    assert check._is_honest(folds, np.array(["ann", "ben", "ann", "cem"]), 2) is None


def test_docstrings_of_the_solutions_are_true():
    import doctest

    names = {"np": np, "Counter": Counter}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and "BEGIN SOLUTION" in cell.source:
            exec(cell.source, names)
    for name in ("entropy", "gain_ratio", "best_split", "knn_predict"):
        examples = doctest.DocTestFinder().find(names[name], name, module=False, globs=names)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        for example in examples:
            assert example.examples, name
            assert runner.run(example).failed == 0, name


def test_people_leak():
    """What is to be explained in the lab can be seen: the figures of its model answer."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    names = {"np": np, "Counter": Counter}
    exec("from mlcourse.datasets import make_activities", names)
    for cell in ("knn-predict", "leave-people-out", "people", "measure"):
        exec(cells[cell], names)
    model_answer = cells["explain-leak"]
    for way in ("random folds", "people left out"):
        assert f"{names['activity'][way].mean():.1%}".replace("%", " %") in model_answer
    assert f"{names['same_person']['random folds'].mean():.1%}".replace("%", " %") in model_answer
    assert names["same_person"]["people left out"].mean() == 0
    assert names["activity"]["random folds"].mean() - names["activity"]["people left out"].mean() > 0.1
