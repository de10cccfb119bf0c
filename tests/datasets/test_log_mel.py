"""The log-mel spectrogram, against scipy's spectrogram and against what a tone must give."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from mlcourse.datasets import log_mel_spectrogram, mel_filters
from mlcourse.datasets.log_mel import frame_sizes, hertz_to_mel, mel_to_hertz, power_spectrogram

RATE = 8000


@given(st.integers(0, 10**6), st.integers(8, 64), st.integers(1, 40), st.integers(0, 3))
def test_power_is_that_of_scipy(seed, size, hop, doublings):
    signal = np.random.default_rng(seed).normal(size=size + 5 * hop)
    n_fft = size * 2**doublings
    hop = min(hop, size)  # scipy has no gaps between frames
    window = scipy.signal.get_window("hann", size, fftbins=True)
    _, _, expected = scipy.signal.spectrogram(
        signal, window=window, nperseg=size, noverlap=size - hop, nfft=n_fft, detrend=False, scaling="spectrum",
        mode="complex",
    )  # fmt: skip
    expected = np.abs(expected * window.sum()) ** 2
    np.testing.assert_allclose(power_spectrogram(signal, size, hop, n_fft), expected, rtol=1e-9, atol=1e-9)


def test_short_time_fft_agrees():
    signal = np.random.default_rng(0).normal(size=2000)
    window = scipy.signal.get_window("hann", 256, fftbins=True)
    transform = scipy.signal.ShortTimeFFT(window, hop=80, fs=RATE, mfft=512)
    first, last = transform.lower_border_end[1], transform.upper_border_begin(2000)[1]
    expected = np.abs(transform.stft(signal, p0=first, p1=last)) ** 2
    begin = round(transform.t(2000, p0=first, p1=last)[0] * RATE) - transform.m_num_mid  # its frames are centred
    ours = power_spectrogram(signal[begin:], 256, 80, 512)
    assert expected.shape[1] > 15
    np.testing.assert_allclose(ours[:, : expected.shape[1]], expected, rtol=1e-8, atol=1e-10)


@given(st.floats(0, 20_000))
def test_the_mel_scale_can_be_undone(frequency):
    assert mel_to_hertz(hertz_to_mel(frequency)) == pytest.approx(frequency, abs=1e-6)


def test_the_mel_scale_has_its_anchor():
    assert hertz_to_mel(1000) == pytest.approx(1000, abs=0.1)
    assert hertz_to_mel(0) == 0


def test_filters_are_triangles_that_add_up_to_one():
    filters = mel_filters(20, 1024, RATE, low=100, high=3500)
    frequencies = np.arange(513) * RATE / 1024
    assert filters.shape == (20, 513)
    assert filters.min() == 0
    assert 0.9 < filters.max() <= 1
    edges = mel_to_hertz(np.linspace(hertz_to_mel(100), hertz_to_mel(3500), 22))
    inside = (frequencies >= edges[1]) & (frequencies <= edges[-2])
    np.testing.assert_allclose(filters.sum(axis=0)[inside], 1, atol=1e-9)
    assert filters[:, (frequencies < 100) | (frequencies > 3500)].sum() == 0
    peaks = frequencies[filters.argmax(axis=1)]
    assert (np.diff(peaks) > 0).all()
    assert np.diff(peaks)[-1] > 3 * np.diff(peaks)[0]  # wide above, narrow below


@pytest.mark.parametrize("frequency", [150, 440, 1000, 3000])
def test_a_tone_lights_its_band(frequency):
    tone = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    image = log_mel_spectrogram(tone, RATE)
    assert image.dtype == np.float32
    edges = mel_to_hertz(np.linspace(hertz_to_mel(60), hertz_to_mel(4000), 42))
    band = image.mean(axis=1).argmax()
    assert edges[band] <= frequency <= edges[band + 2]
    assert image[band].std() < 0.1  # it does not change


def test_twice_as_loud_is_the_same_step_everywhere():
    noise = np.random.default_rng(0).normal(size=4000)
    louder = log_mel_spectrogram(2 * noise, RATE, floor=1e-12) - log_mel_spectrogram(noise, RATE, floor=1e-12)
    np.testing.assert_allclose(louder, np.log(4), atol=1e-4)


def test_silence_has_the_logarithm_of_the_floor():
    np.testing.assert_allclose(log_mel_spectrogram(np.zeros(1000), RATE, floor=1e-3), np.log(1e-3), rtol=1e-6)


@pytest.mark.parametrize(
    ("signal", "rate", "settings", "message"),
    [
        (np.zeros(100), RATE, {}, "signal is too short: 100 samples, and one frame takes 256"),
        (np.full(1000, np.nan), RATE, {}, "signal must be one row of numbers without NaN"),
        (np.zeros((2, 1000)), RATE, {}, r"signal must be one row .* got shape \(2, 1000\)"),
        (np.zeros(1000), 0, {}, "rate must be a number above 0, got 0"),
        (np.zeros(1000), RATE, {"step": -1}, "step must be a number above 0, got -1"),
        (np.zeros(1000), RATE, {"window": 1e-5}, "less than a sample long"),
        (np.zeros(1000), RATE, {"floor": 0}, "floor must be above 0, got 0"),
        (np.zeros(1000), RATE, {"n_mels": 0}, "n_mels must be a whole number of bands, at least 1, got 0"),
        (np.zeros(1000), RATE, {"high": 5000}, "with 0 <= low < high <= 4000 Hz, got 60.0, 5000"),
        (np.zeros(1000), RATE, {"n_mels": 200}, "use fewer bands than 200, or a longer window"),
    ],
)
def test_what_does_not_fit_is_named(signal, rate, settings, message):
    with pytest.raises(ValueError, match=message):
        log_mel_spectrogram(signal, rate, **settings)


def test_frames_are_counted_in_samples():
    assert frame_sizes(8000, 0.032, 0.010) == (256, 80)
