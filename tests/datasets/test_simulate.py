"""make_activities: does the simulated phone obey physics, and is it the same person wherever she carries it?"""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mlcourse.datasets.gait import ACTIVITIES, PLACES, Pose, draw_person
from mlcourse.datasets.simulate import ACC_BIAS, PLACEMENTS, ideal_readings, make_activities, simulated_people

G = 9.80665
LECTURE = ("walking", "jogging", "sitting", "standing")


def pose(activity, placement, seed=0, subject=0, bandwidth=100.0):
    person = draw_person("p", np.random.default_rng(subject))
    chance = (np.random.default_rng([seed, i]) for i in range(3))
    return Pose(
        person, activity, PLACES[placement], motion=next(chance), mount=next(chance), shift=next(chance),
        bandwidth=bandwidth,
    )  # fmt: skip


def dominant_frequency(signal, rate):
    signal = (signal - signal.mean()) * np.hanning(len(signal))
    return np.fft.rfftfreq(len(signal), 1 / rate)[np.abs(np.fft.rfft(signal)).argmax()]


def of(dataset, activity):
    return [recording.signals for recording in dataset.recordings if recording.labels[0] == activity]


# ------------------------------------------------------------------------------------------------------------- physics


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("activity", ["standing", "sitting", "laying"])
def test_at_rest_the_phone_reads_gravity_whatever_its_orientation(placement, activity):
    data = make_activities(4, [activity], placement, seconds=30, random_state=1)
    for signals in of(data, activity):
        size = np.linalg.norm(signals[:, :3], axis=1)
        assert size.mean() == pytest.approx(G, abs=4 * ACC_BIAS)
        assert np.abs(signals[:, 3:].mean(axis=0)).max() < 0.05


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("activity", ["walking", "jogging", "standing"])
def test_gyroscope_is_the_rotation_that_moves_gravity(placement, activity):
    """Turning with the gyroscope's readings alone ends where the orientation ends."""
    motion = pose(activity, placement)
    step = 0.002
    time = np.arange(0, 5, step)
    rotation = ideal_readings(motion, time + step / 2)[1]
    turned = motion.at(time[:1])[1][0]
    for rate in rotation[:-1]:
        turned = turned * Rotation.from_rotvec(rate * step)
    up_by_gyro = turned.inv().apply([0, 0, 1])
    up = motion.at(time[-1:])[1].inv().apply([0, 0, 1])[0]
    assert np.abs(up_by_gyro - up).max() < 2e-3


def test_measured_gyroscope_explains_the_measured_tilt_of_a_slow_motion():
    # The same on the readings themselves: dg/dt = -w x g in phone axes, for a phone that is only tilted.
    signals = make_activities(1, ["standing"], "hand", rate=100, seconds=60, random_state=3)[0].signals
    smooth = np.apply_along_axis(lambda c: np.convolve(c, np.ones(101) / 101, "valid"), 0, signals)
    acc, gyro = smooth[:, :3], smooth[:, 3:] - smooth[:, 3:].mean(axis=0)
    moved = np.gradient(acc, 0.01, axis=0)
    expected = -np.cross(gyro, acc)
    for axis in range(3):
        if moved[:, axis].std() > 0.02:
            assert np.corrcoef(moved[:, axis], expected[:, axis])[0, 1] > 0.9


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_accelerometer_is_the_second_derivative_of_the_path_plus_gravity(placement):
    """Integrating twice, in world axes, gives the path back."""
    motion = pose("walking", placement)
    step = 0.001
    time = np.arange(0, 2, step)
    force = ideal_readings(motion, time)[0]
    world = motion.at(time)[1].apply(force) - [0, 0, G]
    start, second = motion.at(time[:2])[0]
    path = np.empty((len(time), 3))
    path[0], path[1] = start, second
    for i in range(1, len(time) - 1):
        path[i + 1] = 2 * path[i] - path[i - 1] + world[i] * step**2
    assert np.abs(path - motion.at(time)[0]).max() < 1e-3


def test_a_phone_on_a_turntable_feels_the_centripetal_acceleration():
    class Turntable:
        def at(self, time):
            angle, zero = 3 * time, 0 * time
            position = 0.25 * np.column_stack([np.cos(angle), np.sin(angle), zero])
            return position, Rotation.from_rotvec(np.column_stack([zero, zero, angle]))

    force, rotation = ideal_readings(Turntable(), np.linspace(0, 5, 50))
    assert np.allclose(force, [-0.25 * 9, 0, G], atol=1e-4)
    assert np.allclose(rotation, [0, 0, 3], atol=1e-4)


def test_upright_in_the_pocket_y_points_up_and_sitting_turns_it_away():
    data = make_activities(12, ["standing", "sitting"], random_state=0, seconds=10)
    standing = np.array([s[:, 1].mean() for s in of(data, "standing")])
    sitting = np.array([s[:, 1].mean() for s in of(data, "sitting")])
    assert (standing > 8).all()
    assert (np.abs(sitting) < 5).all()


def test_cadence_is_the_dominant_frequency_on_the_waist():
    people = simulated_people(8, random_state=5)
    data = make_activities(8, ["walking", "jogging", "upstairs", "downstairs"], "waist", seconds=60, random_state=5)
    for recording in data.recordings:
        person = next(p for p in people if p.subject == recording.subject)
        cadence = person.cadence[recording.labels[0]]
        assert dominant_frequency(recording.signals[:, 1], data.rate) == pytest.approx(cadence, rel=0.04)


def test_the_leg_swings_once_a_stride_and_the_body_bobs_twice():
    people = simulated_people(4, random_state=2)
    data = make_activities(4, ["walking"], "front pocket", seconds=60, random_state=2)
    for person, recording in zip(people, data.recordings, strict=True):
        main_axis = np.linalg.svd(recording.signals[:, 3:], full_matrices=False)[2][0]
        swing = recording.signals[:, 3:] @ main_axis
        assert dominant_frequency(swing, data.rate) == pytest.approx(person.cadence["walking"] / 2, rel=0.04)


def test_unequal_legs_leave_a_line_at_the_stride_frequency():
    person = draw_person("p", np.random.default_rng(0))
    time = np.arange(0, 60, 0.02)
    lines = []
    for asymmetry in (0.0, 0.15):
        other = type(person)(**{**vars(person), "asymmetry": asymmetry})
        chance = (np.random.default_rng([0, i]) for i in range(3))
        motion = Pose(other, "walking", PLACES["waist"], motion=next(chance), mount=next(chance), shift=next(chance),
                      bandwidth=25.0)  # fmt: skip
        vertical = motion.at(time)[1].apply(ideal_readings(motion, time)[0])[:, 2]
        phase = motion.phase(time)
        lines.append(abs(np.mean((vertical - G) * np.exp(-1j * phase))))
    assert lines[1] > 5 * lines[0]
    assert lines[1] == pytest.approx(0.15 * 0.40 * G * person.vigour / 2, rel=0.1)


def test_jogging_is_stronger_than_walking_and_walking_than_standing():
    for placement in PLACEMENTS:
        data = make_activities(6, ["standing", "walking", "jogging"], placement, seconds=20, random_state=4)
        strength = {
            activity: np.array([np.linalg.norm(s[:, :3].std(axis=0)) for s in of(data, activity)])
            for activity in ("standing", "walking", "jogging")
        }
        assert (strength["walking"] > 3 * strength["standing"]).all()
        assert (strength["jogging"] > 1.2 * strength["walking"]).all()


def test_bag_and_hand_damp_the_step():
    strength = {}
    for placement in PLACEMENTS:
        data = make_activities(8, ["jogging"], placement, seconds=20, random_state=4)
        strength[placement] = np.median([np.linalg.norm(s[:, :3], axis=1).std() for s in of(data, "jogging")])
    assert strength["bag"] < 0.85 * strength["waist"]
    assert strength["hand"] < 0.7 * strength["waist"]


def test_bodyweight_is_carried_on_average():
    # Whatever goes up comes down: over many strides the mean vertical force is body weight.
    for activity in ("walking", "jogging", "upstairs", "downstairs"):
        motion = pose(activity, "waist")
        time = np.arange(0, 120, 0.01)
        vertical = motion.at(time)[1].apply(ideal_readings(motion, time)[0])[:, 2]
        assert vertical.mean() == pytest.approx(G, rel=0.01)


# ---------------------------------------------------------------------------------------------- the lecture's question


def heuristic(window, c1=1.0, c2=5.0, c3=2.3):
    """The lecture's rule, on y, with round thresholds."""
    if window.std() < c1:
        return "standing" if window.mean() > c2 else "sitting"
    return "walking" if dominant_frequency(window, 50) < c3 else "jogging"


def accuracy(placement, random_state):
    windows = make_activities(12, LECTURE, placement, seconds=30, random_state=random_state).windows(5, 0.0)
    return np.mean([heuristic(x[:, 1]) == y for x, y in zip(windows.X, windows.y, strict=True)])


@pytest.mark.parametrize("random_state", [0, 7])
def test_the_heuristic_works_in_the_pocket_and_fails_in_the_bag(random_state):
    pocket, bag = accuracy("front pocket", random_state), accuracy("bag", random_state)
    assert pocket >= 0.9
    assert bag <= pocket - 0.15


# ----------------------------------------------------------------------------------------------------- the same people


def test_the_same_random_state_gives_the_same_data():
    first, again = (make_activities(2, ["walking"], seconds=5, random_state=3) for _ in range(2))
    other = make_activities(2, ["walking"], seconds=5, random_state=4)
    assert np.array_equal(first[1].signals, again[1].signals)
    assert not np.array_equal(first[1].signals, other[1].signals)
    assert not np.array_equal(first[0].signals, first[1].signals)
    rng = (np.random.default_rng(0) for _ in range(2))
    assert np.array_equal(*(make_activities(1, ["walking"], seconds=2, random_state=r)[0].signals for r in rng))
    assert make_activities(1, ["walking"], seconds=2).simulated


def test_a_person_does_not_depend_on_the_others_or_on_what_else_is_recorded():
    few = make_activities(2, ["sitting"], "waist", seconds=5, random_state=0)
    many = make_activities(9, ["walking", "sitting", "jogging"], "waist", seconds=5, random_state=0)
    assert np.array_equal(few[1].signals, many[4].signals)
    longer = make_activities(2, ["sitting"], "waist", seconds=9, random_state=0)
    assert np.abs(longer[1].signals[:250] - few[1].signals).max() < 0.5  # same motion, other noise


def test_she_takes_the_same_steps_wherever_the_phone_is():
    people = simulated_people(3, random_state=6)
    for placement in PLACEMENTS:
        data = make_activities(3, ["walking"], placement, random_state=6)
        for person, recording in zip(people, data.recordings, strict=True):
            size = np.linalg.norm(recording.signals[:, :3], axis=1)
            cadence = person.cadence["walking"]
            assert min(abs(dominant_frequency(size, 50) / cadence - k) for k in (0.5, 1)) < 0.04
    assert [p.cadence for p in simulated_people(3, random_state=6)] == [p.cadence for p in people]


def test_people_differ():
    people = simulated_people(30, random_state=0)
    walking = np.array([p.cadence["walking"] for p in people])
    jogging = np.array([p.cadence["jogging"] for p in people])
    assert 1.7 < walking.mean() < 2.1
    assert 2.4 < jogging.mean() < 2.9
    assert 0.08 < walking.std() < 0.25
    assert len(set(walking.round(4))) == 30
    assert (jogging > walking).all()


@pytest.mark.parametrize("rate", [20.0, 31.7, 100.0])
def test_rate_and_length_are_as_asked(rate):
    data = make_activities(1, ["walking", "laying"], rate=rate, seconds=4, random_state=0)
    assert data.rate == rate
    assert all(len(recording.signals) == round(4 * rate) for recording in data.recordings)


def test_a_lower_rate_is_the_same_motion_without_aliases():
    slow, fast = (make_activities(1, ["walking"], "waist", rate=r, random_state=0)[0].signals for r in (25, 100))
    assert np.corrcoef(slow[:, 1], fast[::4, 1])[0, 1] > 0.99


# --------------------------------------------------------------------------------------------------- labels and errors


def test_it_is_always_labelled_as_simulated():
    data = make_activities(2, ["walking", "standing"], "bag", seconds=5, random_state=0)
    assert data.simulated
    assert "simulated" in data.name
    assert "simulated" in repr(data).lower()
    assert "simulated" in data._repr_html_().lower()
    assert data.to_frame()["simulated"].all()
    assert data.windows(2).simulated
    assert all("simulated" in recording.name for recording in data.recordings)
    assert data.select(activities=["walking"]).simulated
    assert {recording.placement for recording in data.recordings} == {"bag"}
    assert data.channels == ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
    assert set(data.activities) == {"walking", "standing"}
    assert len(data.subjects) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_subjects": 0}, "n_subjects must be a whole number"),
        ({"n_subjects": 2.5}, "n_subjects must be a whole number"),
        ({"activities": ["walking", "swimming"]}, "swimming.*only walking"),
        ({"activities": []}, "an empty list"),
        ({"placement": "hat"}, "placement must be one of 'front pocket'.*'hat'"),
        ({"rate": 0}, "rate must be a number from 1 to 1000"),
        ({"rate": "50"}, "rate must be a number from 1 to 1000"),
        ({"seconds": -1}, "seconds must be a number"),
        ({"seconds": float("nan")}, "seconds must be a number"),
        ({"random_state": -3}, "random_state must be None"),
        ({"random_state": "seed"}, "random_state must be None"),
    ],
)
def test_arguments_that_are_not_allowed(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_activities(**{"n_subjects": 1, "seconds": 2, **arguments})


def test_one_activity_may_be_given_by_its_name():
    assert make_activities(1, "laying", seconds=2, random_state=0).activities == ("laying",)
    assert set(make_activities(1, ACTIVITIES, seconds=2, random_state=0).activities) == set(ACTIVITIES)
