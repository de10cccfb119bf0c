"""Gravity and movement, told apart by how fast they change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlcourse.datasets import fetch_hapt
from mlcourse.sensing import resultant, separate_gravity

RATE = 50


def seconds(duration):
    return np.arange(int(duration * RATE)) / RATE


@given(arrays(float, (5, 4, 3), elements=st.floats(-1e3, 1e3)))
@settings(max_examples=50, deadline=None)
def test_the_resultant_is_the_length_of_each_vector(signals):
    np.testing.assert_allclose(resultant(signals), np.linalg.norm(signals, axis=-1), atol=1e-12)


@pytest.mark.parametrize("signals", [3.0, [1.0, 2.0], np.zeros((10, 6)), np.zeros((3, 10))])
def test_the_resultant_needs_three_axes(signals):
    with pytest.raises(ValueError, match=r"x, y and z in the last axis, got shape .*X\[\.\.\., :3\]"):
        resultant(signals)


def test_a_phone_at_rest_feels_gravity_only():
    signals = np.tile([0.3, 9.8, -0.1], (500, 1))
    gravity, body = separate_gravity(signals, RATE)
    np.testing.assert_allclose(gravity, signals, atol=1e-9)
    np.testing.assert_allclose(body, 0, atol=1e-9)


@pytest.mark.parametrize("frequency", [0.02, 0.1, 0.3, 0.6, 2.0])
@pytest.mark.parametrize("cutoff", [0.3, 1.0])
def test_what_passes_is_a_butterworth_filter_run_twice(frequency, cutoff):
    """Third order, by the bilinear transform: gain 1 / (1 + (tan(pi f / fs) / tan(pi fc / fs))^6), no phase."""
    t = seconds(400)
    wave = np.sin(2 * np.pi * frequency * t)
    gravity, _ = separate_gravity(wave, RATE, cutoff=cutoff)
    gain = 1 / (1 + (np.tan(np.pi * frequency / RATE) / np.tan(np.pi * cutoff / RATE)) ** 6)
    inside = slice(60 * RATE, -60 * RATE)
    np.testing.assert_allclose(gravity[inside], gain * wave[inside], atol=2e-3)


def test_steps_are_movement_and_a_slow_turn_is_gravity():
    t = seconds(60)
    steps = 3 * np.sin(2 * np.pi * 1.9 * t)[:, None] * [0, 1, 0.5]
    turn = 9.81 * np.stack([np.sin(t / 20), np.cos(t / 20), 0 * t], axis=1)
    gravity, body = separate_gravity(turn + steps, RATE)
    inside = slice(3 * RATE, -3 * RATE)
    np.testing.assert_allclose(gravity[inside], turn[inside], atol=0.1)
    np.testing.assert_allclose(body[inside], steps[inside], atol=0.1)


@pytest.mark.parametrize("phase", np.linspace(0, 6, 7))
def test_the_first_step_is_not_taken_for_gravity(phase):
    t = seconds(10)
    gravity, _ = separate_gravity(9.81 + 3 * np.sin(2 * np.pi * 2 * t + phase), RATE)
    assert np.abs(gravity - 9.81).max() < 1


@given(
    arrays(float, st.tuples(st.integers(84, 300), st.integers(1, 3)), elements=st.floats(-50, 50)),
    st.floats(0.3, 3),
)
@settings(max_examples=40, deadline=None)
def test_the_two_add_up_to_the_signal_and_scale_with_it(signals, cutoff):
    gravity, body = separate_gravity(signals, RATE, cutoff)
    assert gravity.shape == body.shape == signals.shape
    np.testing.assert_allclose(gravity + body, signals, rtol=0, atol=1e-12)
    np.testing.assert_allclose(separate_gravity(-2 * signals, RATE, cutoff)[0], -2 * gravity, atol=1e-9)


@pytest.mark.parametrize(
    ("signals", "arguments", "message"),
    [
        (np.zeros((500, 3)), {"rate": 0}, "rate must be .* above 0, got 0"),
        (np.zeros((500, 3)), {"cutoff": 25}, "cutoff must lie between 0 and half the rate, 25 Hz, got 25"),
        (np.zeros((500, 3)), {"cutoff": "slow"}, "cutoff must .* got 'slow'"),
        (np.zeros((50, 3)), {}, "signals last 1 s: .* takes at least half a period, 1.67 s"),
        (np.zeros((0, 3)), {}, "signals last 0 s"),
        (9.81, {}, "got a single number"),
        (np.full((500, 3), np.nan), {}, "signals hold NaN or infinity"),
    ],
)
def test_what_cannot_be_separated_is_named(signals, arguments, message):
    with pytest.raises(ValueError, match=message):
        separate_gravity(signals, **({"rate": RATE} | arguments))


def test_real_people_are_pulled_down_by_one_g(real_data):
    people = fetch_hapt(data_home=real_data)
    recording = people.recordings[0]
    gravity, body = separate_gravity(recording.signals[:, :3], recording.rate)
    for activity in ("standing", "walking", "laying"):
        doing = recording.labels == activity
        assert np.median(resultant(gravity[doing])) == pytest.approx(9.81, rel=0.05)
        np.testing.assert_allclose(body[doing].mean(axis=0), 0, atol=0.2)
    still, moving = (resultant(body[recording.labels == activity]).mean() for activity in ("standing", "walking"))
    assert moving > 5 * still
