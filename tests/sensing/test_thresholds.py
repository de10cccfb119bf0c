"""The lecture's heuristic: its three numbers, its four answers, and thresholds that make the fewest errors."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from mlcourse.sensing.thresholds import ThresholdClassifier, heuristic_features

LECTURE = ["sitting", "standing", "walking", "jogging"]


def test_is_a_scikit_learn_estimator_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_estimator(ThresholdClassifier(), on_skip=None)


# ------------------------------------------------------------------------------------------ the three numbers


def windows_of(*signals):
    """Windows in which only the y axis does something."""
    return np.stack([np.column_stack([np.zeros_like(s), s, np.ones_like(s)]) for s in signals])


@pytest.mark.parametrize("rate", [20, 50.0, 100])
@pytest.mark.parametrize("frequency", [1.0, 2.0, 3.0])
def test_numbers_of_a_known_wave(rate, frequency):
    t = np.arange(int(4 * rate)) / rate
    X = windows_of(9.81 + 2 * np.sin(2 * np.pi * frequency * t))
    np.testing.assert_allclose(heuristic_features(X, rate), [[np.sqrt(2), 9.81, frequency]], atol=1e-9)


def test_gravity_and_weaker_rhythms_do_not_hide_the_strongest_rhythm():
    t = np.arange(200) / 50
    X = windows_of(9.81 + np.sin(2 * np.pi * 1.0 * t) + 3 * np.sin(2 * np.pi * 2.5 * t))
    assert heuristic_features(X, 50)[0, 2] == pytest.approx(2.5)


@pytest.mark.parametrize("constant", [0.0, 0.1, 9.81, -3.3])
def test_a_signal_that_does_not_move_has_frequency_zero(constant):
    np.testing.assert_allclose(heuristic_features(windows_of(np.full(53, constant)), 20), [[0, constant, 0]], atol=1e-9)


def test_the_channel_is_chosen_by_number():
    X = np.random.default_rng(0).normal([1, 2, 3], [0.1, 0.2, 0.3], size=(5, 400, 3))
    for channel in range(3):
        spread, mean, _ = heuristic_features(X, 50, channel=channel).T
        assert spread == pytest.approx(np.full(5, (channel + 1) / 10), rel=0.2)
        assert mean == pytest.approx(np.full(5, channel + 1), abs=0.1)


@pytest.mark.parametrize(
    ("X", "arguments", "message"),
    [
        (np.zeros((4, 3)), {}, r"X must be windows .* got shape \(4, 3\)"),
        (np.zeros((4, 1, 3)), {}, "at least two samples"),
        (np.full((1, 9, 3), np.nan), {}, "X holds NaN or infinity in channel 1"),
        (np.zeros((1, 9, 3)), {"rate": 0}, "rate must be .* above 0, got 0"),
        (np.zeros((1, 9, 3)), {"channel": 3}, "channel must be a number from 0 to 2, .* got 3"),
        (np.zeros((1, 9, 3)), {"channel": "acc_y"}, "channel .* got 'acc_y'"),
    ],
)
def test_wrong_windows_are_named(X, arguments, message):
    with pytest.raises(ValueError, match=message):
        heuristic_features(X, **{"rate": 20} | arguments)


# -------------------------------------------------------------------------------------------- the four answers


def test_given_thresholds_are_the_slide_to_the_letter():
    """`<` and `>` as the lecture writes them: what lies exactly on c1 or c3 is not below, on c2 not above."""
    model = ThresholdClassifier(c1=1.0, c2=5.0, c3=2.5).fit(np.ones((4, 3)), LECTURE)
    X = np.array(list(itertools.product([0.9, 1.0, 1.1], [4.0, 5.0, 6.0], [2.4, 2.5, 2.6])))
    for (spread, mean, frequency), answer in zip(X, model.predict(X), strict=True):
        if spread < 1.0:
            expected = "standing" if mean > 5.0 else "sitting"
        else:
            expected = "walking" if frequency < 2.5 else "jogging"
        assert answer == expected
    assert model.thresholds_ == (1.0, 5.0, 2.5)


def test_given_thresholds_answer_all_four_even_where_training_shows_two():
    model = ThresholdClassifier(1.0, 5.0, 2.5).fit([[0, 9, 0], [3, 9, 2]], ["standing", "walking"])
    assert model.predict([[0, 1, 0], [3, 9, 3]]).tolist() == ["sitting", "jogging"]
    assert model.classes_.tolist() == sorted(LECTURE)


@pytest.mark.parametrize("given", [{}, {"c1": 1.0}, {"c2": 5.0}, {"c3": 2.3}, {"c1": 1.0, "c3": 2.3}])
def test_missing_thresholds_are_fitted_and_given_ones_kept(given):
    rng = np.random.default_rng(0)
    centers = {"sitting": (0.2, 1, 1), "standing": (0.2, 9, 1), "walking": (3, 9, 1.8), "jogging": (7, 9, 2.8)}
    y = np.repeat(LECTURE, 50)
    X = np.array([centers[label] for label in y]) + rng.normal(0, 0.08, size=(200, 3))
    model = ThresholdClassifier(**given).fit(X, y)
    assert model.score(X, y) == 1.0
    fitted = dict(zip(["c1", "c2", "c3"], model.thresholds_, strict=True))
    assert fitted == fitted | given
    assert 0.5 < fitted["c1"] < 2.7
    assert 1.5 < fitted["c2"] < 8.5
    assert 2.1 < fitted["c3"] < 2.5


def test_a_fitted_threshold_lies_in_the_middle_of_the_widest_gap():
    X = [[0, 0, 0], [0, 1, 0], [0, 5, 0], [0, 6, 0], [9, 0, 1], [9, 0, 2]]
    y = ["sitting", "sitting", "standing", "standing", "walking", "jogging"]
    assert ThresholdClassifier().fit(X, y).thresholds_ == (4.5, 3.0, 1.5)


def test_an_answer_that_is_never_needed_is_never_given():
    model = ThresholdClassifier().fit([[0, 1, 0], [0, 2, 0], [5, 9, 2]], ["sitting", "sitting", "walking"])
    assert model.thresholds_[1:] == (np.inf, np.inf)
    assert set(model.predict([[0, 1e9, 0], [9, 0, 1e9]])) == {"sitting", "walking"}


def test_all_thresholds_are_chosen_together():
    """At std 2, three stand and two walk; but those three look like sitting to c2, so the walkers are worth more."""
    X = [[1, 0, 1]] * 4 + [[1, 9, 1]] * 4 + [[2, 0, 1]] * 5 + [[3, 9, 1]] * 4 + [[3, 9, 3]] * 4
    y = ["sitting"] * 4 + ["standing"] * 4 + ["standing"] * 3 + ["walking"] * 6 + ["jogging"] * 4
    together = ThresholdClassifier().fit(X, y)
    still_against_moving = ThresholdClassifier(c1=2.5).fit(X, y)
    assert together.thresholds_ == (1.5, 4.5, 2.0)
    assert together.score(X, y) == 18 / 21 > still_against_moving.score(X, y) == 16 / 21


def best_score(X, y, answers=None, given=(None, None, None), weights=None):
    """Most cases that any three thresholds can get right, by trying all of them."""
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    weights = np.ones(len(y)) if weights is None else np.asarray(weights)
    tries = []
    for column, threshold in zip(X.T, given, strict=True):
        values = np.unique(column)
        middles = (values[:-1] + values[1:]) / 2
        tries.append([-np.inf, *middles, np.inf] if threshold is None else [threshold])
    best = 0
    for c1, c2, c3 in itertools.product(*tries):
        leaf = np.where(X[:, 0] < c1, np.where(X[:, 1] > c2, 1, 0), np.where(X[:, 2] < c3, 2, 3))
        score = 0
        for i in range(4):
            choices = np.unique(y) if answers is None else [answers[i]]
            score += max(weights[(leaf == i) & (y == choice)].sum() for choice in choices)
        best = max(best, score)
    return best


cell = st.integers(0, 5).map(float)
maybe = st.none() | cell


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(cell, cell, cell, st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=12),
    st.tuples(maybe, maybe, maybe),
    st.sampled_from([LECTURE, ["a", "b", "c", "d"]]),
)
def test_no_other_thresholds_make_fewer_errors(rows, given, labels):
    X, y = np.array([row[:3] for row in rows]), np.array([labels[row[3]] for row in rows])
    weights = np.array([row[4] for row in rows])
    model = ThresholdClassifier(*given).fit(X, y, sample_weight=weights)
    right = weights[model.predict(X) == y].sum()
    assert right == best_score(X, y, LECTURE if labels is LECTURE else None, given, weights)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(cell, cell, cell, st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=15))
def test_a_weight_is_a_number_of_copies(rows):
    X, y = np.array([row[:3] for row in rows]), np.array(LECTURE)[[row[3] for row in rows]]
    weights = np.array([row[4] for row in rows])
    if weights.any():
        weighted = ThresholdClassifier().fit(X, y, sample_weight=weights)
        copied = ThresholdClassifier().fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
        assert weighted.thresholds_ == copied.thresholds_


def test_twenty_thousand_windows_are_fitted_exactly_and_fast():
    """Classes that overlap: thousands of candidate places for each threshold."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 20_000)
    X = np.array([[0, 0, 0], [0, 2, 0], [2, 2, 0], [2, 2, 2]])[y] + rng.normal(size=(20_000, 3))
    model = ThresholdClassifier().fit(X, np.array(LECTURE)[y])
    fitted = model.score(X, np.array(LECTURE)[y])
    for step in itertools.product([-0.1, 0, 0.1], repeat=3):  # no neighbour is better
        moved = ThresholdClassifier(*np.add(model.thresholds_, step)).fit(X, np.array(LECTURE)[y])
        assert moved.score(X, np.array(LECTURE)[y]) <= fitted
    assert model.thresholds_ == pytest.approx([1, 1, 1], abs=0.5)


# ------------------------------------------------------------------------------------------- labels and columns


def test_other_labels_are_answered_by_the_most_frequent_class():
    X = [[0, 0, 0], [0, 9, 0], [9, 0, 0], [9, 0, 9], [9, 0, 9], [9, 0, 9]]
    y = ["lying", "on a chair", "stairs", "running", "running", "stairs"]
    model = ThresholdClassifier().fit(X, y)
    assert model.leaves_.tolist() == ["lying", "on a chair", "stairs", "running"]
    assert model.classes_.tolist() == sorted(set(y))


def test_columns_can_be_chosen_by_number_or_name():
    frame = pd.DataFrame({"id": [7, 8, 9, 9], "fft": [0, 0, 1.8, 2.8], "std": [0.1, 0.1, 3, 7], "mean": [1, 9, 9, 9]})
    for model, X in (
        (ThresholdClassifier(columns=["std", "mean", "fft"]), frame),
        (ThresholdClassifier(columns=[2, 3, 1]), frame.to_numpy()),
    ):
        assert model.fit(X, LECTURE).columns_ == (2, 3, 1)
        assert model.predict(X).tolist() == LECTURE


def test_without_columns_the_best_three_are_searched():
    """The lecture asks: how do we know that STDEV is better than MAX? Here only columns 3, 1 and 4 know anything."""
    rng = np.random.default_rng(0)
    y = np.repeat(LECTURE, 30)
    X = rng.normal(size=(120, 5))
    X[:, 3] = np.repeat([0, 0, 9, 9], 30) + rng.random(120)
    X[:, 1] = np.repeat([0, 9, 4, 4], 30) + rng.random(120)
    X[:, 4] = np.repeat([4, 4, 0, 9], 30) + rng.random(120)
    model = ThresholdClassifier().fit(X, y)
    assert model.columns_ == (3, 1, 4)
    assert model.score(X, y) == 1.0


@pytest.mark.parametrize(
    ("parameters", "columns", "message"),
    [
        ({"c2": 5.0}, 5, "X has 5 columns and c2 is given: a given threshold must know its column"),
        ({"c1": "low"}, 3, "c1 must be a number, or None to be fitted, got 'low'"),
        ({"c3": float("nan")}, 3, "c3 must be a number"),
        ({"columns": [0, 1]}, 3, r"columns must hold three numbers from 0 to 2, got \[0, 1\]"),
        ({"columns": ["std", "mean", "fft"]}, 3, "columns must hold three"),
        ({"columns": [0, 1, 3]}, 3, "columns must hold three"),
    ],
)
def test_wrong_parameters_are_named(parameters, columns, message):
    with pytest.raises(ValueError, match=message):
        ThresholdClassifier(**parameters).fit(np.zeros((4, columns)), LECTURE)


def test_neighbouring_values_are_parted():
    one = np.nextafter(1.0, 2.0)
    X = [[1.0, 1.0, 0], [1.0, one, 0], [one, 0, 1.0], [one, 0, one]]
    assert ThresholdClassifier().fit(X, LECTURE).predict(X).tolist() == LECTURE


def test_windows_to_answer_in_one_pipeline():
    t = np.arange(128) / 50
    walk, jog = 9.8 + 3 * np.sin(2 * np.pi * 1.8 * t), 9.8 + 8 * np.sin(2 * np.pi * 2.9 * t)
    X = windows_of(np.full(128, 1.0), np.full(128, 9.8), walk, jog)
    features = FunctionTransformer(heuristic_features, kw_args={"rate": 50, "channel": 1})
    model = make_pipeline(features, ThresholdClassifier()).fit(X, LECTURE)
    assert model.predict(X).tolist() == LECTURE
