"""Irregular readings to a fixed rate: what must be kept, what must not be invented."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets.resampling import (
    extend,
    interpolate,
    measured_rate,
    resample,
    split_at_gaps,
    typical_step,
    usual_rate,
)


def jittered(rate, seconds, seed=0, jitter=0.3):
    """Times of a phone that reads up to `jitter` steps early or late."""
    steps = np.arange(int(rate * seconds))
    return (steps + np.random.default_rng(seed).uniform(-jitter, jitter, len(steps))) / rate


def tone(time, frequency, phase=0.3):
    return np.sin(2 * np.pi * frequency * np.asarray(time) + phase)[:, None]


@settings(max_examples=25, deadline=None)
@given(
    frequency=st.floats(0.2, 7.5),
    phase=st.floats(0, 6.2),
    source=st.sampled_from([50.0, 100.0, 203.0]),
    rate=st.sampled_from([20.0, 25.0]),
    seed=st.integers(0, 100),
)
def test_a_tone_below_the_new_nyquist_keeps_amplitude_and_phase(frequency, phase, source, rate, seed):
    time = jittered(source, 12, seed, jitter=0.1)
    out = resample(time, tone(time, frequency, phase), rate)
    at = time[0] + np.arange(len(out)) / rate
    assert np.abs(out - tone(at, frequency, phase)).max() < 0.1  # up to the very ends
    middle = slice(int(rate), -int(rate))
    assert np.abs(out - tone(at, frequency, phase))[middle].max() < 0.03


@settings(max_examples=25, deadline=None)
@given(frequency=st.floats(10.5, 39), phase=st.floats(0, 6.2))
def test_a_tone_above_the_new_nyquist_does_not_come_back_as_an_alias(frequency, phase):
    time = np.arange(0, 12, 1 / 100)
    out = resample(time, tone(time, frequency, phase), 20)
    assert np.abs(out[20:-20]).max() < 0.02
    assert np.abs(out).max() < 0.15


def test_without_the_filter_the_alias_would_be_there():
    # The point of the filter: every fifth reading of a 19 Hz tone looks like a 1 Hz tone at full strength.
    time = np.arange(0, 12, 1 / 100)
    assert np.abs(tone(time, 19)[::5]).max() > 0.9
    assert np.abs(resample(time, tone(time, 19), 20)).max() < 0.05


@settings(max_examples=25, deadline=None)
@given(level=st.floats(-20, 20), rate=st.sampled_from([5.0, 20.0, 50.0, 100.0, 130.0]), count=st.integers(2, 300))
def test_a_constant_stays_that_constant(level, rate, count):
    time = jittered(100, count / 100)[:count] if count > 3 else np.arange(count) / 100
    out = resample(time, np.full((len(time), 3), level), rate)
    assert np.allclose(out, level, atol=1e-9)


def test_even_readings_at_the_wanted_rate_come_back_unchanged():
    time = np.arange(500) / 50
    values = np.random.default_rng(0).normal(size=(500, 3))
    assert np.allclose(resample(time, values, 50), values, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-1e6, 1e6))
def test_shifting_the_clock_changes_nothing(shift):
    time = jittered(100, 5)
    values = tone(time, 3)
    moved = resample(time + shift, values, 20)
    assert np.allclose(moved, resample(time, values, 20), atol=1e-4)


def test_random_sampling_times_are_fine_too():
    time = np.sort(np.random.default_rng(1).uniform(0, 20, 2000))
    out = resample(time, tone(time, 1.5), 20)
    at = time[0] + np.arange(len(out)) / 20
    assert np.abs(out - tone(at, 1.5))[10:-10].max() < 0.05


def test_interpolation_does_not_swing_out_across_a_small_hole():
    # Two readings of a jump on either side of a hole: a plain cubic spline goes far beyond both.
    time = np.concatenate([np.arange(0, 1, 0.02), np.arange(1.08, 2, 0.02)])
    values = np.where(time < 0.97, 0.0, 5.0)[:, None]
    inside = interpolate(time, values, np.linspace(0.99, 1.07, 20))
    assert inside.min() >= -1e-9
    assert inside.max() <= 5 + 1e-9


def test_continuation_of_noise_stays_bounded():
    noise = np.random.default_rng(0).normal(size=(400, 6)) * [1, 5, 0.1, 1, 30, 1e-3] + [0, 9.81, 0, 1, -100, 0]
    more = extend(noise, 2000)
    spread = noise.std(axis=0)
    assert (np.abs(more - noise.mean(axis=0)) < 6 * spread).all()
    assert np.isfinite(extend(np.full((50, 2), 9.81), 100)).all()


def test_gaps_split_and_nothing_else_does():
    time = np.array([0, 1, 2, 2.4, 5, 6, 9, 10]) * 0.1
    assert split_at_gaps(time, 0.2) == [slice(0, 4), slice(4, 6), slice(6, 8)]
    assert split_at_gaps(time, 1) == [slice(0, 8)]
    assert split_at_gaps(time, 1, cuts=[3, 0, 8]) == [slice(0, 3), slice(3, 8)]


@pytest.mark.parametrize(
    ("measured", "rate"), [(49.8, 50), (50.9, 50), (99.2, 100), (19.86, 20), (25.0, 25), (199, 200), (61.0, 60)]
)
def test_measured_rates_are_rounded_to_usual_ones(measured, rate):
    assert usual_rate(measured) == rate


def test_an_unusual_rate_is_kept():
    assert usual_rate(36.04) == 36.0
    assert usual_rate(0.31) == 0.31


def test_rate_is_measured_despite_loss_gaps_and_a_coarse_clock():
    rng = np.random.default_rng(0)
    time = np.arange(5000) / 50
    assert measured_rate(time[rng.random(5000) > 0.05]) == pytest.approx(50, rel=1e-3)
    assert measured_rate(np.round(np.arange(5000) / 120, 3)) == pytest.approx(120, rel=2e-3)
    assert measured_rate(jittered(50, 60)) == pytest.approx(50, rel=5e-3)
    with_gap = np.concatenate([time, time + 500])
    assert measured_rate(with_gap, split_at_gaps(with_gap, 1)) == pytest.approx(50, rel=1e-3)
    assert typical_step(np.sort(np.concatenate([time, time + 0.0005]))) == pytest.approx(0.01, rel=0.01)
