"""Simulated people with phones, for first steps without data and for questions of "what if"."""

import numpy as np

from mlcourse.datasets.gait import ACTIVITIES, GRAVITY, PLACES, Pose, draw_person

PLACEMENTS = tuple(PLACES)

#: Random noise of one reading, constant error of one phone (standard deviations), resolution and range of the sensor.
ACC_NOISE, ACC_BIAS, ACC_STEP, ACC_RANGE = 0.03, 0.05, 16 * GRAVITY / 2**15, 16 * GRAVITY  # m/s^2
GYRO_NOISE, GYRO_BIAS, GYRO_STEP, GYRO_RANGE = 0.003, 0.004, np.radians(2000) / 2**15, np.radians(2000)  # rad/s

#: A phone reads its sensors at ticks of its clock (s), a little early or late.
CLOCK_TICK, CLOCK_JITTER = 0.001, 0.0003

# What chance is used for: each has its own stream of random numbers, so that none disturbs another.
_TRAITS, _MOTION, _MOUNT, _SHIFT, _PHONE, _NOISE = range(6)


def make_activities(
    n_subjects=6,
    activities=("walking", "jogging", "upstairs", "downstairs", "sitting", "standing"),
    placement="front pocket",
    rate=50.0,
    seconds=60.0,
    random_state=None,
):
    """Simulate what the accelerometer and gyroscope of a phone measure while people move.

    The same ``random_state`` gives the same people and the same steps wherever they carry the phone, so "what if she
    puts the phone in her bag?" is an experiment: call twice with another ``placement``, and compare.

    Parameters
    ----------
    n_subjects : int
        Number of people. Person 3 is the same one whether there are three people or thirty.
    activities : sequence of str
        Any of ``"walking"``, ``"jogging"``, ``"upstairs"``, ``"downstairs"``, ``"sitting"``, ``"standing"``,
        ``"laying"``.
    placement : str
        ``"front pocket"`` (screen outward, top up, firmly on the thigh), ``"waist"`` (on the belt), ``"bag"`` (any way
        round, softly hung), ``"hand"`` (held for reading) or ``"wrist"`` (like a watch).
    rate : float
        Samples per second, 1 to 1000. The simulated sensor has a low-pass at half of it.
    seconds : float
        Length of each recording.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Chance; an int makes the result repeatable.

    Returns
    -------
    ActivityDataset
        Marked as simulated. One recording for each person and activity, channels ``acc_x, acc_y, acc_z`` (m/s^2, with
        gravity) and ``gyro_x, gyro_y, gyro_z`` (rad/s), axes as Android defines them.

    Raises
    ------
    ValueError
        An argument is out of range, or names an activity or placement that is not modelled.

    Notes
    -----
    A phone at position p(t), turned by R(t) from its own axes to those of the world, measures

        a(t) = R(t)^T (p''(t) + g e_z) + bias + noise        w(t) = (R(t)^T R'(t))^v + bias + noise

    with ^v the vector of a skew matrix (for example Titterton and Weston, *Strapdown Inertial Navigation Technology*).
    Both are computed from one and the same pose by central differences, so they agree with each other: the gyroscope
    really is the rotation that moves gravity through the accelerometer's axes. How p and R come about, and where the
    figures are from, is told in :mod:`mlcourse.datasets.gait`. Readings are rounded to the resolution of a 16-bit
    sensor (16 g, 2000 degrees a second) and taken at whole milliseconds.

    **What it is not good for.** It knows no transitions between activities, no turns, no stumbling, no shoes, no phone
    put upside down into the pocket, no loose pocket in which it rattles, and people in it differ far less than real
    ones do. Nothing may be concluded from it about real accuracy: a classifier that does well here has passed a first
    test of its code, not of its use. For results take recordings of real people.

    Examples
    --------
    >>> data = make_activities(2, ["walking", "standing"], seconds=10, random_state=0)
    >>> data.simulated, len(data.recordings), data.rate
    (True, 4, 50.0)
    >>> standing = data.recordings[1].signals
    >>> bool(abs(np.linalg.norm(standing[:, :3], axis=1).mean() - 9.81) < 0.2)
    True
    """
    from mlcourse.datasets.activity import ActivityDataset, Recording

    if not isinstance(n_subjects, int | np.integer) or n_subjects < 1:
        raise ValueError(f"n_subjects must be a whole number of people, at least 1, not {n_subjects!r}.")
    activities = [activities] if isinstance(activities, str) else list(activities)
    if not activities or any(activity not in ACTIVITIES for activity in activities):
        wrong = [activity for activity in activities if activity not in ACTIVITIES]
        raise ValueError(
            f"activities: {wrong or 'an empty list'} given, but only {', '.join(ACTIVITIES)} are modelled."
        )
    if placement not in PLACEMENTS:
        raise ValueError(f"placement must be one of {', '.join(map(repr, PLACEMENTS))}, not {placement!r}.")
    for name, value, low, high in (("rate", rate, 1, 1000), ("seconds", seconds, 1, 86400)):
        if not isinstance(value, int | float | np.number) or not low <= value <= high:
            raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}.")

    entropy = _entropy(random_state)
    recordings = []
    for index in range(n_subjects):
        person = _person(index, entropy)
        for activity in dict.fromkeys(activities):
            recordings.append(
                Recording(
                    signals=_record(person, index, activity, placement, float(rate), seconds, entropy),
                    channels=("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"),
                    rate=float(rate),
                    subject=person.subject,
                    placement=placement,
                    labels=np.full(round(seconds * rate), activity),
                    breaks=np.empty(0, dtype=int),
                    time=None,
                    name=f"simulated {person.subject} {activity}",
                )
            )
    return ActivityDataset(
        name=f"simulated activities ({placement})",
        recordings=recordings,
        simulated=True,
        notes="made by a simulator; good for first steps and for trying code, not for results",
    )


def simulated_people(n_subjects=6, random_state=None):
    """Return the people behind the data: those that :func:`make_activities` simulates for the same ``random_state``.

    Parameters
    ----------
    n_subjects : int
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Returns
    -------
    list of Person
        With ``.cadence`` (steps per second, by gait), ``.vigour``, ``.asymmetry`` and other traits.

    Examples
    --------
    >>> anna = simulated_people(1, random_state=0)[0]
    >>> anna.subject, round(anna.cadence["walking"], 2), round(anna.cadence["jogging"], 2)
    ('sim01', 1.91, 2.89)
    """
    entropy = _entropy(random_state)
    return [_person(index, entropy) for index in range(n_subjects)]


def _entropy(random_state):
    if random_state is None:
        return np.random.SeedSequence().entropy
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool) and random_state >= 0:
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise ValueError(
        f"random_state must be None, a whole number from 0 on, or a numpy generator, not {random_state!r}."
    )


def _chance(entropy, subject, use, *more):
    """Return a generator of its own for one use of chance in one person's life."""
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(subject, use, *more)))


def _person(index, entropy):
    return draw_person(f"sim{index + 1:02d}", _chance(entropy, index, _TRAITS))


def _record(person, subject, activity, placement, rate, seconds, entropy):
    """Return (time, 6) readings of one recording."""
    what, where = ACTIVITIES.index(activity), PLACEMENTS.index(placement)
    pose = Pose(
        person,
        activity,
        PLACES[placement],
        motion=_chance(entropy, subject, _MOTION, what),
        mount=_chance(entropy, subject, _MOUNT, where),
        shift=_chance(entropy, subject, _SHIFT, what, where),
        bandwidth=rate / 2,
    )
    noise = _chance(entropy, subject, _NOISE, what, where)
    phone = _chance(entropy, subject, _PHONE)
    turn = np.arange(round(seconds * rate)) / rate
    ticks = np.round((turn + noise.normal(0, CLOCK_JITTER, len(turn))) / CLOCK_TICK) * CLOCK_TICK
    acceleration, rotation = ideal_readings(pose, ticks)
    acceleration = _sensor(acceleration, phone.normal(0, ACC_BIAS, 3), noise, ACC_NOISE, ACC_STEP, ACC_RANGE)
    rotation = _sensor(rotation, phone.normal(0, GYRO_BIAS, 3), noise, GYRO_NOISE, GYRO_STEP, GYRO_RANGE)
    return np.column_stack([acceleration, rotation])


def ideal_readings(pose, time, step=1e-3):
    """Return what perfect sensors at a moving pose read.

    Parameters
    ----------
    pose : object with ``at(time)``
        Position (m) and orientation (phone to world) at given times, as :meth:`mlcourse.datasets.gait.Pose.at`.
    time : array of shape (n,)
        Seconds.
    step : float
        Seconds to both sides for the central differences.

    Returns
    -------
    acceleration : array of shape (n, 3)
        Specific force in phone axes, m/s^2: a phone at rest reads gravity, upward.
    rotation : array of shape (n, 3)
        Angular velocity in phone axes, rad/s.
    """
    (before, turned_before), (now, turned), (after, turned_after) = (pose.at(time + dt) for dt in (-step, 0.0, step))
    force = (before - 2 * now + after) / step**2 + [0, 0, GRAVITY]
    return turned.inv().apply(force), (turned_before.inv() * turned_after).as_rotvec() / (2 * step)


def _sensor(signal, bias, noise, level, step, limit):
    signal = signal + bias + noise.normal(0, level, signal.shape)
    return np.clip(np.round(signal / step) * step, -limit, limit)
