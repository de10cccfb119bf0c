"""Features one by one, each against a reference that computes it in another way."""

import itertools
import warnings

import numpy as np
import pytest
import scipy.signal
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlcourse.sensing import WISDM_NAMES
from mlcourse.sensing.features import (
    absolute_deviation,
    band_power,
    bin_shares,
    correlation,
    dominant_frequency,
    magnitude_area,
    mean_crossings,
    median_deviation,
    peak_spacing,
    power_spectrum,
    rms,
    spectral_centroid,
    spectral_entropy,
    wisdm_features,
)

LENGTHS = [4, 5, 50, 127, 128]


def noise(n=50, channels=3, windows=6, seed=0):
    return np.random.default_rng(seed).normal(9, 3, size=(windows, n, channels))


def window_of(*signals):
    return np.stack([np.asarray(signal, dtype=float) for signal in signals], axis=1)[None]


def tone(frequency, rate=50, n=200, amplitude=1.0, phase=0.0):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(n) / rate + phase)


# ------------------------------------------------------------------------------------------------- over time


@pytest.mark.parametrize("n", LENGTHS)
def test_spreads_are_those_of_scipy(n):
    X = noise(n)
    np.testing.assert_allclose(median_deviation(X), scipy.stats.median_abs_deviation(X, axis=1))
    np.testing.assert_allclose(rms(X) ** 2, X.mean(axis=1) ** 2 + X.var(axis=1))
    for w, c in np.ndindex(len(X), 3):
        assert absolute_deviation(X)[w, c] == pytest.approx(np.mean([abs(x - X[w, :, c].mean()) for x in X[w, :, c]]))


@pytest.mark.parametrize("n", LENGTHS)
def test_correlation_is_that_of_scipy(n):
    X = noise(n)
    expected = [scipy.stats.pearsonr(window[:, 0], window[:, 2])[0] for window in X]
    np.testing.assert_allclose(correlation(X, 0, 2), expected, atol=1e-12)


def test_correlation_of_axes_that_move_together_against_each_other_or_not_at_all():
    wave = tone(2)
    X = window_of(wave, 9.8 - 3 * wave, np.full_like(wave, 0.1))
    assert correlation(X, 0, 0) == pytest.approx(1)
    assert correlation(X, 0, 1) == pytest.approx(-1)
    assert correlation(X, 0, 2) == 0


@pytest.mark.parametrize("frequency", [0.5, 2.0, 7.5])
def test_a_tone_crosses_its_mean_twice_a_period(frequency):
    X = window_of(9.81 + tone(frequency, n=1000, phase=0.3))
    assert mean_crossings(X, rate=50)[0, 0] == pytest.approx(2 * frequency, rel=0.02)


def test_magnitude_area_adds_the_axes_up_and_ignores_gravity():
    X = window_of(tone(2), 9.81 + 2 * tone(2), np.zeros(200))
    assert magnitude_area(X) == pytest.approx(3 * 2 / np.pi, rel=0.01)  # the mean of |sin| is 2 / pi


# --------------------------------------------------------------------------------------------- over frequency


@pytest.mark.parametrize("n", LENGTHS)
def test_spectrum_is_that_of_a_transform_written_out(n):
    X, rate = noise(n), 20
    frequencies, power = power_spectrum(X, rate)
    t = np.arange(n)
    for k, frequency in enumerate(frequencies, start=1):
        assert frequency == pytest.approx(k * rate / n)
        waves = np.exp(-2j * np.pi * k * t / n)
        expected = np.abs(np.einsum("t,wtc->wc", waves, X)) ** 2 / n**2 * (1 if 2 * k == n else 2)
        np.testing.assert_allclose(power[:, k - 1], expected, atol=1e-12)


@pytest.mark.parametrize("n", LENGTHS)
def test_spectrum_is_scipys_periodogram_and_sums_to_the_variance(n):
    X = noise(n)
    frequencies, power = power_spectrum(X, 50)
    f, expected = scipy.signal.periodogram(X, 50, scaling="spectrum", axis=1)
    np.testing.assert_allclose(frequencies, f[1:])
    np.testing.assert_allclose(power, expected[:, 1:], atol=1e-12)
    np.testing.assert_allclose(power.sum(axis=1), X.var(axis=1))


@pytest.mark.parametrize("frequency", [0.5, 1.75, 10.0])
def test_a_pure_tone_is_one_line(frequency):
    X = window_of(9.81 + tone(frequency, amplitude=3))
    frequencies, power = power_spectrum(X, 50)
    assert dominant_frequency(frequencies, power) == pytest.approx(frequency)
    assert spectral_centroid(frequencies, power) == pytest.approx(frequency)
    assert spectral_entropy(power) == pytest.approx(0, abs=1e-9)
    assert band_power(frequencies, power, frequency - 0.1, frequency + 0.1) == pytest.approx(4.5)
    assert band_power(frequencies, power, frequency + 0.1, np.inf) == pytest.approx(0, abs=1e-12)


def test_two_tones_share_the_spectrum():
    X = window_of(tone(1) + tone(3))
    frequencies, power = power_spectrum(X, 50)
    assert spectral_entropy(power) == pytest.approx(1)  # two equal shares: one bit
    assert spectral_centroid(frequencies, power) == pytest.approx(2)
    assert dominant_frequency(*power_spectrum(window_of(tone(1) + 1.1 * tone(3)), 50)) == pytest.approx(3)


def test_spectral_entropy_is_that_of_scipy():
    power = power_spectrum(noise(), 50)[1]
    np.testing.assert_allclose(spectral_entropy(power), scipy.stats.entropy(power, base=2, axis=1))


def test_bands_share_the_power_without_gap_or_overlap():
    frequencies, power = power_spectrum(noise(128), 50)
    edges = [0, 0.39, frequencies[5], 8, np.inf]  # one edge on a line of the spectrum: it goes up
    bands = [band_power(frequencies, power, low, high) for low, high in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.sum(bands, axis=0), power.sum(axis=1))
    np.testing.assert_allclose(band_power(frequencies, power, frequencies[5], frequencies[6]), power[:, 5])


# ------------------------------------------------------------------------------------------- the 43 of WISDM


@pytest.mark.parametrize("n", LENGTHS)
def test_bins_are_those_of_a_histogram(n):
    X = noise(n)
    shares = bin_shares(X)
    for w, c in np.ndindex(len(X), 3):
        np.testing.assert_allclose(shares[w, c], np.histogram(X[w, :, c], bins=10)[0] / n)


@given(arrays(float, (2, 20, 2), elements=st.floats(-100, 100, width=32)))
@settings(max_examples=60, deadline=None)
def test_bins_sum_to_one(X):
    shares = bin_shares(X)
    np.testing.assert_allclose(shares.sum(axis=2), 1)
    assert np.all(shares[:, :, 0] > 0)  # the smallest reading is in the first


@pytest.mark.parametrize("frequency", [0.8, 1.0, 2.0, 2.5])
def test_peaks_of_a_tone_are_a_period_apart(frequency):
    X = window_of(tone(frequency, rate=20, phase=0.4), -9.81 + tone(frequency, rate=20, phase=0.4))
    assert peak_spacing(X, rate=20) == pytest.approx(1000 / frequency, rel=0.04)


def test_high_peaks_count_and_low_ones_between_them_do_not():
    signal = np.zeros(100)
    signal[[10, 30, 50, 70]] = [10, 9.5, 9.2, 10]
    signal[[20, 40, 60]] = 5
    assert peak_spacing(window_of(signal), rate=20) == 20 / 20 * 1000


def test_the_bar_is_lowered_until_there_are_three_peaks():
    signal = np.zeros(100)
    signal[[10, 30, 80]] = [10, 3.5, 3.2]  # three only in the upper seven tenths
    signal[50] = 1.5  # not needed any more
    assert peak_spacing(window_of(signal), rate=20) == (80 - 10) / 2 / 20 * 1000


def test_a_plateau_is_one_peak_and_a_step_on_the_way_up_is_none():
    signal = [0, 1, 1, 3, 3, 3, 0, 0, 3, 0, 2, 2, 3, 0, 0, 1, 1]
    assert scipy.signal.find_peaks(signal)[0].tolist() == [4, 8, 12]  # scipy takes the middle of a plateau
    assert peak_spacing(window_of(signal), rate=1) == (12 - 3) / 2 * 1000


@given(arrays(float, 30, elements=st.integers(-3, 3)))
@settings(max_examples=100, deadline=None)
def test_peaks_are_those_of_scipy(signal):
    peaks, plateaus = scipy.signal.find_peaks(signal, plateau_size=1)
    first = plateaus["left_edges"]
    low, high = signal.min(), signal.max()
    expected = 30_000.0
    for tenths in range(9, -1, -1):
        counted = first[signal[peaks] >= low + tenths / 10 * (high - low)]
        if len(counted) >= 3:
            expected = np.diff(counted).mean() * 1000
            break
    assert peak_spacing(signal.reshape(1, 30, 1), rate=1)[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("signal", [np.zeros(40), np.arange(40), -np.arange(40), tone(1, rate=20, n=40)])
def test_without_three_peaks_the_spacing_is_the_window(signal):
    assert peak_spacing(window_of(signal), rate=20) == 2000


def test_the_43_features_have_the_order_of_the_published_file():
    X = noise(200, windows=4)
    table = dict(zip(WISDM_NAMES, wisdm_features(X, 20).T, strict=True))
    assert len(table) == 43
    for channel, axis in enumerate("XYZ"):
        signal = X[:, :, channel]
        for number in range(10):
            np.testing.assert_allclose(table[f"{axis}{number}"], bin_shares(X)[:, channel, number])
        np.testing.assert_allclose(table[f"{axis}AVG"], signal.mean(axis=1))
        np.testing.assert_allclose(table[f"{axis}PEAK"], peak_spacing(X, 20)[:, channel])
        np.testing.assert_allclose(table[f"{axis}ABSOLDEV"], [np.abs(s - s.mean()).mean() for s in signal])
        np.testing.assert_allclose(table[f"{axis}STANDDEV"], signal.std(axis=1))
    np.testing.assert_allclose(table["RESULTANT"], np.linalg.norm(X, axis=2).mean(axis=1))


def test_names_are_those_of_the_published_file(real_data):
    from mlcourse.datasets import fetch_wisdm_features

    assert fetch_wisdm_features(data_home=real_data).feature_names == WISDM_NAMES


def test_the_published_spacings_are_divided_by_gaps_not_by_peaks(real_data):
    """The note that comes with the file says "divided by the number of peaks"; its numbers say otherwise."""
    from mlcourse.datasets import fetch_wisdm_features

    table = fetch_wisdm_features(data_home=real_data)
    spacings = table.X[:, [WISDM_NAMES.index(f"{axis}PEAK") for axis in "XYZ"]]
    longest_gap_sum = 199 * 50  # ms from the first to the last of 200 readings at 20 Hz
    assert np.nanmax(spacings) * 3 > longest_gap_sum  # three peaks, divided by three, cannot reach this
    assert np.nanmax(spacings) * 2 <= longest_gap_sum


# ------------------------------------------------------------------------------------------------ nothing moves


@pytest.mark.parametrize("constant", [0.0, 0.1, 9.81, -1e6, 1e-300])
@pytest.mark.parametrize("n", [4, 53])
def test_a_signal_that_does_not_move_has_features_all_the_same(constant, n):
    X = np.full((2, n, 3), constant)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frequencies, power = power_spectrum(X, 50)
        still = [
            median_deviation(X),
            absolute_deviation(X),
            mean_crossings(X, 50),
            correlation(X, 0, 1),
            magnitude_area(X),
            dominant_frequency(frequencies, power),
            spectral_entropy(power),
            spectral_centroid(frequencies, power),
            band_power(frequencies, power, 0, np.inf),
        ]
        assert all(np.all(values == 0) for values in still)
        assert np.isfinite(wisdm_features(X, 50)).all()
        np.testing.assert_allclose(rms(X), abs(constant), atol=1e-290)
