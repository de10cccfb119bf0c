"""How a simulated person moves: where a phone is and how it is turned, as a function of time.

Everything a phone's sensors feel follows from its *pose*, position p(t) and orientation R(t). So this file describes
poses only, and :mod:`mlcourse.datasets.simulate` reads accelerometer and gyroscope off them by differentiation.

The body (world axes: x forward, y left, z up; t in seconds, f the stride frequency, half the cadence):

* phase of the stride        phi(t) = 2 pi f t + phi0 + slow wander (about 2 % of the cadence)
* vertical acceleration      sum over k of  alpha_k g cos(2 k phi + psi_k),  alpha_k the *dynamic load factors*,
                             plus a weaker term at phi: the two legs of a person are never quite alike
* forward and sideways       the same with their own factors, forward at the steps, sideways at the strides
* thigh                      turns about the hip:  theta(t) = mean + swing (cos phi + 0.15 cos(2 phi + psi))
* arm                        the same about the shoulder
* at rest                    slow sway of a degree or less, and now and then a fidget of some degrees

and positions are these accelerations divided by -(2 pi n f)^2, so that differentiating twice gives them back.

Where the phone is fixed to the thigh or the arm, at a distance r from the joint, its pose turns with the limb: that
adds the centripetal and tangential accelerations and moves gravity through the phone's axes. A bag and a hand are soft:
each harmonic passes a second-order low-pass (a mass on a damped spring) before it reaches the phone.

Figures and where they are from
-------------------------------
Cadence of walking about 1.9 steps a second: 1.8 on footbridges and 2.0 on shopping floors (Pachi and Ji, *Frequency and
velocity of people walking*, The Structural Engineer 83(3), 2005). Load factors 0.4, 0.1, 0.1 vertically, 0.1 sideways,
0.2 forward for walking, and 1.6, 0.7, 0.2 vertically for running at 2 to 3 Hz, of which a jog gets less (Bachmann et
al., *Vibration Problems in Structures*, Birkhaeuser 1995, after Bachmann and Ammann 1987). Hip range of about 40
degrees in walking and 60 in climbing stairs, less in descending (Riener, Rabuffetti and Frigo, *Stair ascent and
descent at different inclinations*, Gait and Posture 15, 2002); larger in running (Novacheck, *The biomechanics of
running*, Gait and Posture 7, 1998). All are rounded, and everything else (load factors on stairs, arms, spread
between people, bag and hand) is set by hand to look plausible.
"""

from dataclasses import dataclass

import numpy as np

GRAVITY = 9.80665  # m/s^2


@dataclass(frozen=True)
class Gait:
    """One way of moving on foot; angles in degrees, load factors in multiples of body weight."""

    cadence: float  # steps per second
    spread: float  # standard deviation of the cadence between people
    vertical: tuple  # load factors at 1, 2, ... times the step frequency
    forward: tuple
    sideways: tuple  # at 1, 3, ... times the stride frequency: every other step is to the other side
    thigh: tuple  # mean flexion, swing (half the range)
    arm: tuple  # mean flexion of the forearm, swing
    lean: float  # of the trunk, forward


GAITS = {
    "walking": Gait(1.9, 0.15, (0.40, 0.10, 0.10, 0.05, 0.03), (0.20, 0.08), (0.10, 0.04), (8, 20), (8, 22), 3),
    "jogging": Gait(2.65, 0.16, (1.30, 0.50, 0.18, 0.10, 0.06), (0.25, 0.12), (0.10, 0.06), (16, 27), (80, 26), 8),
    "upstairs": Gait(1.55, 0.09, (0.34, 0.14, 0.08, 0.04, 0.02), (0.14, 0.08), (0.12, 0.04), (32, 29), (20, 14), 12),
    "downstairs": Gait(1.75, 0.11, (0.55, 0.24, 0.16, 0.10, 0.06), (0.16, 0.10), (0.13, 0.05), (14, 14), (12, 12), 1),
}


@dataclass(frozen=True)
class Rest:
    """One way of keeping still; pitch in degrees from upright (negative: leaning back), sway and fidgets in degrees."""

    thigh: float
    trunk: float
    arm: float
    bag: float
    sway: float
    fidget: float


RESTS = {
    "standing": Rest(thigh=-2, trunk=2, arm=-5, bag=0, sway=0.6, fidget=5),
    "sitting": Rest(thigh=-85, trunk=-14, arm=-75, bag=0, sway=0.3, fidget=8),
    "laying": Rest(thigh=-87, trunk=-90, arm=-90, bag=0, sway=0.1, fidget=3),
}

ACTIVITIES = (*GAITS, *RESTS)


@dataclass(frozen=True)
class Place:
    """Where the phone is carried, and how it is held there.

    ``axes`` are the phone's x, y, z in the axes of the limb (forward, left, up) before any tilt; ``tilt`` and ``twist``
    (degrees) turn it further, ``loose`` is how far people differ in that. ``soft`` is the resonance of the spring
    between body and phone (Hz, None for a firm fit), ``damping`` its ratio.
    """

    limb: str
    axes: tuple
    tilt: float = 0.0
    twist: float = 0.0
    loose: float = 8.0
    soft: float | None = None
    damping: float = 0.7
    swing: float = 0.0  # own swinging of a bag or hand in gait, degrees
    unrest: float = 1.0  # sway at rest, as a multiple of the body's


_SCREEN_FORWARD = ((0, 1, 0), (0, 0, 1), (1, 0, 0))  # x to the left, y up, z forward
_SCREEN_TO_FACE = ((0, -1, 0), (0, 0, 1), (-1, 0, 0))  # x to the right, y up, z backward
_SCREEN_OUTWARD = ((-1, 0, 0), (0, 0, 1), (0, 1, 0))  # x backward, y up, z to the left

PLACES = {
    "front pocket": Place("thigh", _SCREEN_FORWARD, twist=20.0),
    "waist": Place("trunk", _SCREEN_FORWARD, twist=10.0, loose=5.0),
    "bag": Place("bag", _SCREEN_FORWARD, loose=np.inf, soft=2.5, swing=5.0, unrest=0.5),
    "hand": Place("hand", _SCREEN_TO_FACE, tilt=48.0, loose=10.0, soft=2.0, damping=0.8, swing=3.0, unrest=3.0),
    "wrist": Place("arm", _SCREEN_OUTWARD, loose=10.0, unrest=2.0),
}


@dataclass(frozen=True)
class Person:
    """The traits of one simulated person; the same wherever the phone is and however many others there are."""

    subject: str
    cadence: dict  # steps per second, by gait
    vigour: float  # scales all load factors
    asymmetry: float  # of left and right leg, as a part of the first load factor
    swing: float  # scales the swing of thigh and arm
    thigh_length: float  # metres from hip to phone
    arm_length: float  # metres from shoulder to wrist
    posture: dict  # degrees added to the pitch of a limb, by limb
    phases: np.ndarray  # radians: the person's own shape of a step


def draw_person(subject, rng):
    """Draw the traits of a person.

    Parameters
    ----------
    subject : str
        Name.
    rng : numpy.random.Generator

    Returns
    -------
    Person
    """
    fast = np.clip(rng.normal(), -2, 2)  # who walks briskly also runs briskly, by and large
    cadence = {
        name: float(gait.cadence + gait.spread * (0.8 * fast + 0.6 * np.clip(rng.normal(), -2, 2)))
        for name, gait in GAITS.items()
    }
    return Person(
        subject=subject,
        cadence=cadence,
        vigour=float(np.exp(rng.normal(0, 0.12))),
        asymmetry=float(rng.uniform(0.03, 0.15)),
        swing=float(np.exp(rng.normal(0, 0.10))),
        thigh_length=float(rng.normal(0.23, 0.03)),
        arm_length=float(rng.normal(0.55, 0.04)),
        posture={limb: float(rng.normal(0, 3)) for limb in ("thigh", "trunk", "arm", "bag", "hand")},
        phases=rng.normal(0, 0.35, size=12),
    )


class Pose:
    """Position and orientation of a phone over time, for one person, activity and place.

    Parameters
    ----------
    person : Person
    activity : str
        One of :data:`ACTIVITIES`.
    place : Place
    motion : numpy.random.Generator
        Chance in how the body moves this time: not to depend on where the phone is.
    mount : numpy.random.Generator
        Chance in how this person puts the phone there.
    shift : numpy.random.Generator
        Chance in how the phone slips from one recording to the next.
    bandwidth : float
        Harmonics above this frequency (Hz) are left out, as a sensor's own low-pass does.
    """

    def __init__(self, person, activity, place, *, motion, mount, shift, bandwidth):
        self.person, self.place = person, place
        self.gait = GAITS.get(activity)
        self.rest = RESTS.get(activity)
        self.stride = person.cadence[activity] / 2 if self.gait else 0.0
        self._start = motion.uniform(0, 2 * np.pi)
        self._wander = _slow_waves(motion, count=5, low=0.04, high=0.30)
        self._strength = _slow_waves(motion, count=4, low=0.05, high=0.40)
        self._fidgets = _slow_waves(motion, count=6, low=0.15, high=1.0)
        self._sways = [_slow_waves(motion, count=5, low=0.08, high=0.70) for _ in range(3)]
        self._roll_over = motion.normal(0, 12) if activity == "laying" else 0.0
        self._mount = self._draw_mount(mount, shift)
        self._own = mount.uniform(0, 2 * np.pi, size=6)
        self._translation = self._harmonics(bandwidth)
        self._middle, self._swing, self._lever = self._limb(activity)

    def _draw_mount(self, mount, shift):
        """Return the rotation from phone axes to limb axes."""
        from scipy.spatial.transform import Rotation

        place = self.place
        base = Rotation.from_matrix(np.transpose(place.axes))
        drawn = Rotation.random(rng=mount) if np.isinf(place.loose) else None
        loose = Rotation.from_rotvec(np.radians(mount.normal(0, 1, 3) * min(place.loose, 10)))
        slip = Rotation.from_rotvec(np.radians(shift.normal(0, 2.5, 3)))
        turn = Rotation.from_euler("YZ", [place.tilt, place.twist], degrees=True)
        return slip * (drawn if drawn is not None else loose * turn) * base

    def _limb(self, activity):
        """Return (mean pitch, swing) in radians, and the distance from the joint in metres."""
        limb, person = self.place.limb, self.person
        if self.gait:
            lean = self.gait.lean
            pitch, swing = {
                "thigh": (-self.gait.thigh[0], self.gait.thigh[1] * person.swing),
                "arm": (-self.gait.arm[0], self.gait.arm[1] * person.swing),
                "trunk": (lean, 1.5),
                "bag": (0.5 * lean, 0.0),
                "hand": (0.0, 0.0),
            }[limb]
        else:
            lying = self.rest.trunk if activity == "laying" else 0.0
            pitch = {"hand": lying, **{name: getattr(self.rest, name) for name in ("thigh", "trunk", "arm", "bag")}}[
                limb
            ]
            swing = 0.0
        bent = 0.65 if limb == "arm" and activity == "jogging" else 1.0
        lever = {"thigh": person.thigh_length, "arm": person.arm_length * bent}.get(limb, 0.0)
        return np.radians(pitch + person.posture[limb]), np.radians(swing), lever

    def _harmonics(self, bandwidth):
        """Return the translation as a list of (axis, multiple of the stride, amplitude in m, phase)."""
        if not self.gait:
            return []
        gait, person, own = self.gait, self.person, self.person.phases
        terms = [(2, 2 * k, alpha, own[k]) for k, alpha in enumerate(gait.vertical, start=1)]
        terms += [(2, 1, person.asymmetry * gait.vertical[0], 3 * own[6])]
        terms += [(0, 2 * k, alpha, np.pi / 2 + own[6 + k]) for k, alpha in enumerate(gait.forward, start=1)]
        terms += [(1, 2 * k - 1, alpha, own[9 + k]) for k, alpha in enumerate(gait.sideways, start=1)]
        out = []
        for axis, multiple, alpha, phase in terms:
            frequency = multiple * self.stride
            if frequency < bandwidth:
                gain = self._softness(frequency)
                amplitude = -alpha * person.vigour * GRAVITY / (2 * np.pi * frequency) ** 2
                out.append((axis, multiple, amplitude * np.abs(gain), phase + np.angle(gain)))
        return out

    def _softness(self, frequency):
        """Return the complex gain from body to phone: a mass on a damped spring, 1 where the phone sits firmly."""
        if self.place.soft is None:
            return 1.0 + 0j
        ratio = frequency / self.place.soft
        return 1 / (1 - ratio**2 + 2j * self.place.damping * ratio)

    def phase(self, time):
        """Return the phase of the stride in radians."""
        wander = sum(a * np.sin(2 * np.pi * f * time + c) / f for f, a, c in self._wander)
        return 2 * np.pi * self.stride * time + self._start + 0.02 * self.stride * wander

    def at(self, time):
        """Return where the phone is and how it is turned.

        Parameters
        ----------
        time : array of shape (n,)
            Seconds.

        Returns
        -------
        position : array of shape (n, 3)
            World axes, metres; the steady forward motion is left out.
        orientation : scipy.spatial.transform.Rotation
            From phone axes to world axes.
        """
        time = np.asarray(time, dtype=float)
        limb = self._limb_orientation(time)
        position = self._body(time)
        if self._lever:
            position += limb.apply([0.0, 0.0, -self._lever])
        return position, limb * self._mount

    def _limb_orientation(self, time):
        from scipy.spatial.transform import Rotation

        sway = np.radians((self.rest.sway if self.rest else 0.6) * self.place.unrest)
        pitch, roll, twist = (sway * _sum(waves, time) for waves in self._sways)
        pitch = pitch + self._middle
        if self.rest:  # the rare heights of a random wave: some seconds of quiet, then a second of unrest
            burst = np.maximum(_sum(self._fidgets, time) - 1.2, 0) ** 2
            pitch = pitch + np.radians(self.rest.fidget * min(self.place.unrest, 1)) * burst
        twist = twist + np.radians(self._roll_over)
        if self.gait:
            phi, own = self.phase(time), self.person.phases
            strength = 1 + 0.05 * _sum(self._strength, time)
            # Flexion is a pitch backward; the limb is foremost a little before the step.
            pitch = pitch - self._swing * strength * (np.cos(phi + 0.6) + 0.15 * np.cos(2 * phi + own[0]))
            roll = roll + np.radians(2.5) * np.cos(phi + own[1])
            twist = twist + np.radians(3.5) * np.cos(phi + 1.0 + own[2])
            if self.place.swing:
                swing = np.radians(self.place.swing) * strength
                pitch = pitch + swing * (0.6 * np.cos(2 * phi + self._own[0]) + 0.5 * np.cos(phi + self._own[1]))
                roll = roll + swing * np.cos(phi + self._own[2])
                twist = twist + 0.7 * swing * np.cos(phi + self._own[3])
        return Rotation.from_euler("YXZ", np.column_stack([pitch, roll, twist]))

    def _body(self, time):
        """Return the position of the joint, or of the body where the phone does not hang on a limb."""
        where = np.zeros((len(time), 3))
        if self.gait:
            phi = self.phase(time)
            strength = 1 + 0.06 * _sum(self._strength, time)
            for axis, multiple, amplitude, shift in self._translation:
                where[:, axis] += amplitude * strength * np.cos(multiple * phi + shift)
        where[:, 2] += 0.002 * _sum(self._sways[0], time)  # breathing and balance
        return where


def _slow_waves(rng, *, count, low, high):
    """Return a few (frequency, amplitude, phase), their sum having a standard deviation of about one."""
    frequencies = np.exp(rng.uniform(np.log(low), np.log(high), count))
    amplitudes = rng.uniform(0.5, 1.5, count)
    amplitudes *= np.sqrt(2 / (amplitudes**2).sum())
    return list(zip(frequencies, amplitudes, rng.uniform(0, 2 * np.pi, count), strict=True))


def _sum(waves, time):
    return sum(a * np.sin(2 * np.pi * f * time + c) for f, a, c in waves)
