"""The transformer: names that fit the numbers, windows that do not know of each other, and clear errors."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlcourse.datasets import make_activities
from mlcourse.sensing import WISDM_NAMES, WindowFeatures, feature_table

SIX = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")


def noise(windows=5, n=64, channels=6, seed=0):
    return np.random.default_rng(seed).normal(2, 3, size=(windows, n, channels))


def table_of(X, **arguments):
    features = WindowFeatures(**arguments).fit(X)
    return dict(zip(features.get_feature_names_out(), features.transform(X).T, strict=True))


def test_names_say_what_the_numbers_are():
    X = noise()
    table = table_of(X, rate=50)
    for channel, name in enumerate(SIX):
        signal = X[:, :, channel]
        np.testing.assert_allclose(table[f"{name}_mean"], signal.mean(axis=1))
        np.testing.assert_allclose(table[f"{name}_std"], signal.std(axis=1))
        np.testing.assert_allclose(table[f"{name}_min"], signal.min(axis=1))
        np.testing.assert_allclose(table[f"{name}_max"], signal.max(axis=1))
        np.testing.assert_allclose(table[f"{name}_median"], np.median(signal, axis=1))
        low, high = np.quantile(signal, [0.25, 0.75], axis=1)
        np.testing.assert_allclose(table[f"{name}_quartile_range"], high - low)
    resultant = np.linalg.norm(X[:, :, 3:], axis=2)
    np.testing.assert_allclose(table["gyro_resultant_mean"], resultant.mean(axis=1))
    np.testing.assert_allclose(table["gyro_correlation_xz"], [np.corrcoef(w[:, 3], w[:, 5])[0, 1] for w in X])
    np.testing.assert_allclose(table["RESULTANT"], table["acc_resultant_mean"])


@pytest.mark.parametrize("frequency", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("rate", [20, 50, 100.0])
def test_a_rhythm_is_found_at_any_rate(frequency, rate):
    t = np.arange(int(4 * rate)) / rate
    X = np.stack([0 * t, 9.81 + 2 * np.sin(2 * np.pi * frequency * t), 0 * t], axis=1)[None]
    table = table_of(X, kind="fft", rate=rate)
    assert table["acc_y_dominant_frequency"] == pytest.approx(frequency)
    powers = {name: value[0] for name, value in table.items() if name.startswith("acc_y_log_power")}
    assert 10 ** max(powers.values()) == pytest.approx(2, rel=1e-3)  # half the square of the amplitude
    assert max(powers, key=powers.get) == "acc_y_log_power_0.7_3.5_hz" if frequency < 3.5 else "power_3.5_8_hz"


def test_kinds_are_chosen_singly_or_together():
    X = noise(channels=3)
    names = {kind: list(table_of(X, kind=kind)) for kind in ("time", "fft", "wisdm", "all", ("time", "fft"))}
    assert names["wisdm"] == list(WISDM_NAMES)
    assert names["all"] == names["time"] + names["fft"] + names["wisdm"]
    assert names[("time", "fft")] == names["time"] + names["fft"]
    assert len(set(names["all"])) == len(names["all"])


@pytest.mark.parametrize(
    ("channels", "first", "sensors"),
    [(3, "acc_x_mean", {"acc"}), (6, "acc_x_mean", {"acc", "gyro"}), (1, "c0_mean", set()), (4, "c0_mean", set())],
)
def test_channels_have_names_without_being_told(channels, first, sensors):
    features = WindowFeatures(kind=("time", "fft"), rate=20).fit(noise(channels=channels))
    assert features.get_feature_names_out()[0] == first
    assert set(features.sensors_) == sensors


def test_axes_are_found_by_name_wherever_they_are():
    X = noise(channels=4)
    shuffled = table_of(X, kind="wisdm", channels=("light", "acc_z", "acc_x", "acc_y"))
    sorted_ = table_of(X[:, :, [2, 3, 1]], kind="wisdm")
    assert all(np.array_equal(shuffled[name], sorted_[name]) for name in WISDM_NAMES)


# ------------------------------------------------------------------------------------------------- properties

finite = st.floats(-1e3, 1e3, width=32)
any_windows = st.tuples(st.integers(1, 4), st.integers(4, 33), st.sampled_from([3, 6])).flatmap(
    lambda shape: arrays(float, shape, elements=finite)
)


@given(any_windows)
@settings(max_examples=60, deadline=None)
def test_every_feature_is_finite_for_every_window(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(WindowFeatures(rate=20).fit_transform(X)).all()


@given(any_windows)
@settings(max_examples=60, deadline=None)
def test_a_window_alone_has_the_same_features_to_the_last_digit(X):
    features = WindowFeatures(rate=20).fit(X)
    together = features.transform(X)
    for index in range(len(X)):
        np.testing.assert_array_equal(features.transform(X[[index]])[0], together[index])


@pytest.mark.parametrize(("windows", "n", "channels"), [(60, 128, 6), (300, 37, 3), (8, 9000, 3), (20, 51, 1)])
def test_features_do_not_depend_on_how_the_windows_lie_in_memory(windows, n, channels):
    X = noise(windows, n, channels)
    features = WindowFeatures(kind=("time", "fft") if channels < 3 else "all", rate=50).fit(X)
    expected = np.vstack([features.transform(X[[index]]) for index in range(windows)])
    as_cut = X[:, :, list(range(channels))]  # how numpy lays out chosen channels
    for same in (X, np.asfortranarray(X), as_cut, X[::-1][::-1], np.repeat(X, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(features.transform(same), expected)


@given(any_windows, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_windows_does_not_matter(X, random):
    order = random.sample(range(len(X)), len(X))
    features = WindowFeatures(rate=20).fit(X)
    np.testing.assert_array_equal(features.transform(X[order]), features.transform(X)[order])


def by_unit(table, ends):
    return {name: value for name, value in table.items() if name.endswith(ends)}


LEVELS = ("_mean", "_median", "_min", "_max", "AVG")
SPREADS = ("_std", "_median_deviation", "_quartile_range", "_magnitude_area", "ABSOLDEV", "STANDDEV")
RHYTHMS = ("_mean_crossings", "_dominant_frequency", "_spectral_entropy", "_spectral_centroid", "PEAK")


@pytest.mark.parametrize("shift", [-9.81, 0.5, 100])
def test_gravity_shifts_levels_and_nothing_else(shift):
    X = noise(channels=2, n=100)
    names = ("a", "b")
    before, after = (table_of(x, kind=("time", "fft"), channels=names) for x in (X, X + shift))
    for name in before:
        if name.endswith("_rms"):
            continue
        moved = shift if name.endswith(LEVELS) else 0
        np.testing.assert_allclose(after[name], before[name] + moved, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_stronger_movement_scales_levels_and_spreads_but_no_rhythm(factor):
    X = noise(n=100)
    before, after = table_of(X), table_of(X * factor)
    for name in before:
        if name.endswith((*LEVELS, *SPREADS, "_rms", "RESULTANT")):
            np.testing.assert_allclose(after[name], before[name] * factor, err_msg=name)
        elif "log_power" in name:
            np.testing.assert_allclose(after[name], before[name] + 2 * np.log10(factor), atol=1e-3, err_msg=name)
        else:
            np.testing.assert_allclose(after[name], before[name], atol=1e-8, err_msg=name)
    assert by_unit(before, RHYTHMS)


def test_a_turned_phone_has_the_same_resultant():
    X = noise(channels=3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    before, after = table_of(X), table_of(X @ turn)
    for name in before:
        if "resultant" in name.lower():
            np.testing.assert_allclose(after[name], before[name], atol=1e-8, err_msg=name)
    assert not np.allclose(before["acc_x_mean"], after["acc_x_mean"])


def test_single_precision_is_computed_in_double():
    X = noise().astype(np.float32)
    features = WindowFeatures().fit(X)
    assert features.transform(X).dtype == np.float64
    np.testing.assert_array_equal(features.transform(X), features.transform(X.astype(float)))


def test_the_windows_are_left_as_they_are():
    X = noise()
    before = X.copy()
    WindowFeatures().fit_transform(X)
    np.testing.assert_array_equal(X, before)


def test_no_windows_have_no_features():
    features = WindowFeatures().fit(noise())
    assert features.transform(np.empty((0, 64, 6))).shape == (0, len(features.get_feature_names_out()))


# -------------------------------------------------------------------------------------------- as scikit-learn's


def test_behaves_in_a_pipeline_as_scikit_learns_own():
    X = noise()
    features = WindowFeatures(kind="time", rate=20, channels=SIX)
    assert clone(features).get_params() == {"kind": "time", "rate": 20, "channels": SIX}
    pipeline = make_pipeline(features, StandardScaler()).set_output(transform="pandas").fit(X)
    frame = pipeline.transform(X)
    assert list(frame.columns) == list(pipeline.get_feature_names_out())
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.transform(X), frame)
    assert not hasattr(features.set_params(kind="fft"), "feature_names_in_")


def test_says_that_it_is_not_fitted():
    with pytest.raises(NotFittedError):
        WindowFeatures().transform(noise())
    with pytest.raises(NotFittedError):
        WindowFeatures().get_feature_names_out()


with_gap = noise()
with_gap[3, 7, 1] = np.nan


@pytest.mark.parametrize(
    ("X", "arguments", "message"),
    [
        (noise()[0], {}, r"X must be windows .* got shape \(64, 6\)"),
        (noise(n=3), {}, r"at least 4 samples .* got shape \(5, 3, 6\)"),
        (noise().astype(str), {}, "X must be windows of numbers"),
        (with_gap, {}, "NaN or infinity in 1 of 5 windows, the first is number 3"),
        (noise(), {"kind": "frequency"}, "kind must be 'all' or among 'time', 'fft', 'wisdm', got 'frequency'"),
        (noise(), {"kind": ()}, "kind must be"),
        (noise(), {"kind": 3}, "kind must be .* got 3"),
        (noise(), {"rate": 0}, "rate must be a number of samples per second above 0, got 0"),
        (noise(), {"rate": "50"}, "rate must be .* got '50'"),
        (noise(), {"channels": SIX[:3]}, "channels must give each of the 6 channels"),
        (noise(), {"channels": ("a",) * 6}, "channels must give each of the 6 channels .* a name of its own"),
        (noise(channels=2), {"kind": "wisdm"}, "kind='wisdm' needs the three axes of a sensor .* got c0, c1"),
    ],
)
def test_what_does_not_fit_is_named(X, arguments, message):
    with pytest.raises(ValueError, match=message):
        WindowFeatures(**arguments).fit(X)


def test_other_channels_than_fitted_are_refused():
    features = WindowFeatures().fit(noise())
    with pytest.raises(ValueError, match=r"the 6 channels that it was fitted on \(acc_x, .* got 3"):
        features.transform(noise(channels=3))


# --------------------------------------------------------------------------------------------- of a data set


@pytest.fixture(scope="module")
def simulated():
    return make_activities(n_subjects=3, seconds=12, random_state=0).windows(seconds=2.56, overlap=0.5)


def test_a_table_keeps_who_did_what(simulated):
    table = feature_table(simulated, kind="time")
    assert np.array_equal(table.y, simulated.y)
    assert np.array_equal(table.subjects, simulated.subjects)
    assert "simulated" in repr(table)
    column = table.feature_names.index("acc_y_std")
    y_axis = simulated.channels.index("acc_y")
    np.testing.assert_allclose(table.X[:, column], simulated.X[:, :, y_axis].std(axis=1))


def test_windows_in_place_of_their_array_are_named(simulated):
    with pytest.raises(ValueError, match=r"got Windows: pass its \.X"):
        WindowFeatures().fit(simulated)
