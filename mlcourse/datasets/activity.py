"""What every data set returns: recordings of people, and the windows that are cut from them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from numbers import Integral, Real

import numpy as np


@dataclass(frozen=True, eq=False)
class Recording:
    """One uninterrupted session of one phone: signals over time, and what the person did.

    Parameters
    ----------
    signals : array of shape (time, channels)
        Acceleration in m/s^2, rotation rate in rad/s.
    channels : tuple of str
        One name a column, such as ``"acc_x"`` or ``"gyro_z"``.
    rate : float
        Samples per second, in Hz.
    subject : str
        Who carried the phone.
    placement : str
        Where she carried it: ``"front pocket"``, ``"waist"``, ``"bag"``, ... or ``"unknown"``.
    labels : array of shape (time,), str
        The activity at each sample, ``""`` where nobody knows.
    breaks : array of int, optional
        Samples before which time is missing or jumps; no window crosses one.
    time : array of shape (time,), optional
        Seconds since the start. Left out, samples are ``1 / rate`` apart.
    name : str, optional
        For people to recognise the recording by.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    signals: np.ndarray
    channels: tuple[str, ...]
    rate: float
    subject: str
    placement: str
    labels: np.ndarray
    breaks: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    time: np.ndarray | None = None
    name: str = ""

    def __post_init__(self):
        signals = np.asarray(self.signals)
        if signals.ndim != 2 or signals.dtype.kind not in "fiu":
            raise ValueError(
                f"signals must be numbers of shape (time, channels), got shape {signals.shape} of {signals.dtype}."
            )
        if signals.dtype.kind != "f":
            signals = signals.astype(float)
        n = len(signals)
        wrong = np.flatnonzero(~np.isfinite(signals).all(axis=1))
        if wrong.size:
            raise ValueError(
                f"signals must be finite, but {wrong.size} of {n} samples are not, the first at {wrong[0]}; leave them "
                "out and put a break there."
            )
        channels = tuple(str(channel) for channel in self.channels)
        if len(channels) != signals.shape[1] or len(set(channels)) != len(channels):
            raise ValueError(
                f"channels must give each of the {signals.shape[1]} columns a name of its own, got {channels}."
            )
        if not isinstance(self.rate, Real) or not 0 < self.rate < np.inf:
            raise ValueError(f"rate must be a number of samples per second above 0, got {self.rate!r}.")
        labels = np.asarray(self.labels, dtype=str)
        if labels.shape != (n,):
            raise ValueError(f"labels must hold one activity for each of the {n} samples, got shape {labels.shape}.")
        breaks = np.asarray(self.breaks)
        if breaks.ndim != 1 or (breaks.size and breaks.dtype.kind not in "iu"):
            raise ValueError(f"breaks must be a sequence of sample numbers, got {self.breaks!r}.")
        breaks = np.unique(breaks.astype(int))
        if breaks.size and not (breaks[0] > 0 and breaks[-1] < n):
            raise ValueError(f"breaks must lie between 1 and {n - 1}, got {breaks[0]} to {breaks[-1]}.")
        if self.time is not None:
            time = np.asarray(self.time, dtype=float)
            if time.shape != (n,):
                raise ValueError(f"time must hold seconds for each of the {n} samples, got shape {time.shape}.")
            if not (np.isfinite(time).all() and (np.diff(time) >= 0).all()):
                raise ValueError("time must be finite and never go back; put a break where the clock was set.")
            object.__setattr__(self, "time", time)
        for name, value in (
            ("signals", signals),
            ("channels", channels),
            ("rate", float(self.rate)),
            ("subject", str(self.subject)),
            ("labels", labels),
            ("breaks", breaks),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def duration(self) -> float:
        """Length of what was recorded, in seconds; gaps do not count."""
        return len(self) / self.rate

    @property
    def seconds(self) -> np.ndarray:
        """Time of each sample, in seconds."""
        return np.arange(len(self)) / self.rate if self.time is None else self.time

    def stretches(self) -> Iterator[tuple[int, int, str]]:
        """Yield ``(start, stop, activity)`` of each stretch without a break and with one label."""
        if not len(self):
            return
        changes = np.flatnonzero(self.labels[1:] != self.labels[:-1]) + 1
        edges = np.unique(np.concatenate([[0], changes, self.breaks, [len(self)]])).astype(int)
        for start, stop in itertools.pairwise(edges):
            yield int(start), int(stop), str(self.labels[start])

    def to_frame(self):
        """Table with a row a sample: ``time``, the channels, ``label``, ``subject`` and ``placement``."""
        import pandas as pd

        frame = pd.DataFrame(self.signals, columns=list(self.channels))
        frame.insert(0, "time", self.seconds)
        return frame.assign(label=self.labels, subject=self.subject, placement=self.placement)

    def plot(self, channels: Sequence[str] | None = None):
        """Plot the signals over time, one panel a unit, activities shaded, gaps left empty.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.signals import plot_signals

        columns = _columns(self.channels, channels)
        return plot_signals(
            self.seconds,
            self.signals[:, columns],
            [self.channels[column] for column in columns],
            labels=self.labels,
            breaks=self.breaks,
            title=self.name or f"subject {self.subject}",
        )

    def __repr__(self) -> str:
        return (
            f"Recording({self.name!r}, subject {self.subject}, {self.placement}, {self.duration:.1f} s "
            f"at {self.rate:g} Hz, {len(self.channels)} channels, {len(self.breaks)} breaks)"
        )


def window_length_and_step(seconds: float, overlap: float, rate: float) -> tuple[int, int]:
    """Samples in a window, and samples from one window's start to the next.

    The batch form (`ActivityDataset.windows`) and the streaming form cut with the same two numbers: both round to the
    nearest sample, and a step is at least one.

    Parameters
    ----------
    seconds : float
        Length of a window in seconds.
    overlap : float
        Share of a window that it has in common with the next, at least 0 and less than 1.
    rate : float
        Samples per second, in Hz.

    Returns
    -------
    tuple of two ints

    Raises
    ------
    ValueError
        If an argument is out of range, or a window would hold less than one sample.

    Examples
    --------
    >>> window_length_and_step(2.56, 0.5, rate=50)
    (128, 64)
    """
    for name, value in (("seconds", seconds), ("rate", rate)):
        if not isinstance(value, Real) or not 0 < value < np.inf:
            raise ValueError(f"{name} must be a number above 0, got {value!r}.")
    if not isinstance(overlap, Real) or not 0 <= overlap < 1:
        raise ValueError(f"overlap must be a share from 0 to less than 1 (0.5 is half a window), got {overlap!r}.")
    length = round(seconds * rate)
    if length < 1:
        raise ValueError(f"seconds={seconds} is shorter than one sample at {rate:g} Hz; try {1 / rate:g} or more.")
    return length, max(1, round(length * (1 - overlap)))


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of equal length, ready for a learner.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
        Signals in m/s^2 and rad/s.
    y : array of shape (windows,), str
        The activity in each window.
    subjects : array of shape (windows,), str
        Who it is.
    rate : float
        Samples per second, in Hz.
    channels : tuple of str
    recordings : array of shape (windows,), int
        Which recording of the data set a window was cut from.
    starts : array of shape (windows,), int
        Its first sample in that recording.
    test_subjects : tuple of str
        People whom the publisher keeps for testing; empty where there is no official split.
    simulated : bool
        Whether the signals come from a simulator.
    """

    X: np.ndarray
    y: np.ndarray
    subjects: np.ndarray
    rate: float
    channels: tuple[str, ...]
    recordings: np.ndarray
    starts: np.ndarray
    test_subjects: tuple[str, ...] = ()
    simulated: bool = False

    def __post_init__(self):
        _as_arrays(self, "X", "y", "subjects", "recordings", "starts")
        if self.X.ndim != 3 or self.X.shape[2] != len(self.channels):
            raise ValueError(
                f"X must have shape (windows, time, {len(self.channels)}), one channel a name, got {self.X.shape}."
            )
        for name in ("y", "subjects", "recordings", "starts"):
            if getattr(self, name).shape != (len(self.X),):
                raise ValueError(f"{name} must hold one value for each of the {len(self.X)} windows.")

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, chosen) -> "Windows":
        """Choose windows by slice, mask or indices; a single number gives one window, still as `Windows`."""
        if isinstance(chosen, Integral):
            chosen = [chosen]
        parts = {name: getattr(self, name)[chosen] for name in ("X", "y", "subjects", "recordings", "starts")}
        return replace(self, **parts)

    @property
    def activities(self) -> tuple[str, ...]:
        """Activities that occur, in alphabetical order."""
        return tuple(str(label) for label in np.unique(self.y))

    def split(self, test_subjects: Sequence[str] | None = None) -> tuple["Windows", "Windows"]:
        """Split into training and test windows by person.

        Parameters
        ----------
        test_subjects : sequence of str, optional
            Who is tested on. Default: the official test people.

        Returns
        -------
        tuple of two Windows
            Training and test part; no person is in both.

        Raises
        ------
        ValueError
            If there are no official test people and none are named, or a name does not occur.
        """
        tested = _tested(self, test_subjects)
        return self[~tested], self[tested]

    def to_frame(self):
        """Table with a row a window: who, what, where it starts (in seconds), and each channel's mean and std."""
        import pandas as pd

        columns = {
            "subject": self.subjects,
            "activity": self.y,
            "recording": self.recordings,
            "start": self.starts / self.rate,
        }
        for index, channel in enumerate(self.channels):
            columns[f"{channel}_mean"] = self.X[:, :, index].mean(axis=1)
            columns[f"{channel}_std"] = self.X[:, :, index].std(axis=1)
        return pd.DataFrame(columns)

    def plot(self, n: int = 1, channels: Sequence[str] | None = None):
        """Plot the first `n` windows of each activity side by side.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.signals import plot_windows

        if not len(self):
            raise ValueError("there are no windows to plot.")
        if not isinstance(n, Integral) or n < 1:
            raise ValueError(f"n must be a whole number of windows, at least 1, got {n!r}.")
        columns = _columns(self.channels, channels)
        first = np.concatenate([np.flatnonzero(self.y == activity)[:n] for activity in self.activities])
        return plot_windows(
            self.X[first][:, :, columns], self.y[first], self.rate, [self.channels[column] for column in columns]
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{activity} {np.sum(self.y == activity)}" for activity in self.activities)
        simulated = "simulated, " if self.simulated else ""
        return (
            f"Windows({simulated}{len(self)} windows of {self.X.shape[1]} samples at {self.rate:g} Hz, "
            f"{len(self.channels)} channels, {len(np.unique(self.subjects))} people: {counts or 'none'})"
        )


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features that were computed already, a row a window.

    Parameters
    ----------
    X : array of shape (windows, features)
        NaN where the publisher gives no value.
    y : array of shape (windows,), str
        The activity.
    subjects : array of shape (windows,), str
        Who it is.
    feature_names : tuple of str
    test_subjects : tuple of str
        People whom the publisher keeps for testing; empty where there is no official split.
    name : str
    """

    X: np.ndarray
    y: np.ndarray
    subjects: np.ndarray
    feature_names: tuple[str, ...]
    test_subjects: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self):
        _as_arrays(self, "X", "y", "subjects")
        if self.X.ndim != 2 or self.X.shape[1] != len(self.feature_names):
            raise ValueError(
                f"X must have shape (windows, {len(self.feature_names)}), one column a name, got {self.X.shape}."
            )
        for name in ("y", "subjects"):
            if getattr(self, name).shape != (len(self.X),):
                raise ValueError(f"{name} must hold one value for each of the {len(self.X)} rows.")

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, chosen) -> "FeatureTable":
        if isinstance(chosen, Integral):
            chosen = [chosen]
        return replace(self, X=self.X[chosen], y=self.y[chosen], subjects=self.subjects[chosen])

    @property
    def activities(self) -> tuple[str, ...]:
        """Activities that occur, in alphabetical order."""
        return tuple(str(label) for label in np.unique(self.y))

    def split(self, test_subjects: Sequence[str] | None = None) -> tuple["FeatureTable", "FeatureTable"]:
        """Split into training and test rows by person; see `Windows.split`."""
        tested = _tested(self, test_subjects)
        return self[~tested], self[tested]

    def to_frame(self):
        """Table with a column a feature, and ``activity`` and ``subject``."""
        import pandas as pd

        return pd.DataFrame(self.X, columns=list(self.feature_names)).assign(activity=self.y, subject=self.subjects)

    def __repr__(self) -> str:
        counts = ", ".join(f"{activity} {np.sum(self.y == activity)}" for activity in self.activities)
        return (
            f"FeatureTable({self.name}: {len(self)} rows of {self.X.shape[1]} features, "
            f"{int(np.isnan(self.X).sum())} missing, {len(np.unique(self.subjects))} people: {counts or 'none'})"
        )


class ActivityDataset:
    """People's recordings, real or simulated.

    Parameters
    ----------
    name : str
    recordings : sequence of Recording
        At least one, all with the same channels and rate.
    simulated : bool
        Whether a simulator made them; said wherever the data set shows itself.
    test_subjects : sequence of str
        People whom the publisher keeps for testing, if any.
    report : dict, optional
        What reading the data found and did: records repaired or dropped, units inferred, ...
    notes : str, optional
        Source and licence, for the representation in a notebook.
    """

    def __init__(self, name, recordings, *, simulated=False, test_subjects=(), report=None, notes=""):
        recordings = list(recordings)
        if not recordings:
            raise ValueError(f"recordings of {name!r} is empty: a data set needs at least one recording.")
        first = recordings[0]
        for recording in recordings:
            if not isinstance(recording, Recording):
                raise ValueError(f"recordings of {name!r} must be of type Recording, got {type(recording).__name__}.")
            if recording.channels != first.channels or recording.rate != first.rate:
                raise ValueError(
                    f"recordings of {name!r} must share channels and rate, but {recording.name!r} has "
                    f"{recording.channels} at {recording.rate:g} Hz, and {first.name!r} has {first.channels} at "
                    f"{first.rate:g} Hz."
                )
        self.name = name
        self.recordings = recordings
        self.simulated = bool(simulated)
        self.test_subjects = tuple(str(subject) for subject in test_subjects)
        self.report = dict(report or {})
        self.notes = notes

    @property
    def subjects(self) -> tuple[str, ...]:
        """People, numbers in numerical order."""
        return tuple(sorted({recording.subject for recording in self.recordings}, key=_natural))

    @property
    def activities(self) -> tuple[str, ...]:
        """Activities that occur, in alphabetical order; unlabelled samples do not count as one."""
        found = {str(label) for recording in self.recordings for label in np.unique(recording.labels)}
        return tuple(sorted(found - {""}))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the columns of `Recording.signals`."""
        return self.recordings[0].channels

    @property
    def rate(self) -> float:
        """Samples per second, in Hz."""
        return self.recordings[0].rate

    def __len__(self) -> int:
        return len(self.recordings)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.recordings)

    def __getitem__(self, index: int) -> Recording:
        return self.recordings[index]

    def select(self, subjects=None, activities=None, placement=None) -> "ActivityDataset":
        """Keep some people, activities or placements.

        Samples of other activities become unlabelled, so that the recordings stay whole and no window joins what was
        apart; recordings without any sample that is kept are left out.

        Parameters
        ----------
        subjects, activities, placement : str or sequence of str, optional
            What to keep. Default: everything.

        Returns
        -------
        ActivityDataset

        Raises
        ------
        ValueError
            If a name does not occur, or nothing is left.
        """
        subjects = _chosen("subjects", subjects, self.subjects)
        activities = _chosen("activities", activities, self.activities)
        placements = _chosen("placement", placement, tuple(sorted({r.placement for r in self.recordings})))
        kept = []
        for recording in self.recordings:
            if (subjects is not None and recording.subject not in subjects) or (
                placements is not None and recording.placement not in placements
            ):
                continue
            if activities is not None:
                wanted = np.isin(recording.labels, activities)
                if not wanted.any():
                    continue
                recording = replace(recording, labels=np.where(wanted, recording.labels, ""))
            kept.append(recording)
        if not kept:
            raise ValueError(
                f"no recording of {self.name!r} has all of subjects={subjects}, activities={activities}, "
                f"placement={placements}; ask for fewer conditions at once."
            )
        return ActivityDataset(
            self.name,
            kept,
            simulated=self.simulated,
            test_subjects=[subject for subject in self.test_subjects if subjects is None or subject in subjects],
            report=self.report,
            notes=self.notes,
        )

    def windows(self, seconds: float = 2.56, overlap: float = 0.5, channels: Sequence[str] | None = None) -> Windows:
        """Cut the labelled samples into windows.

        A window never crosses recordings, breaks or a change of label; samples without a label, and what is left at the
        end of a stretch, are in no window.

        Parameters
        ----------
        seconds : float
            Length of a window.
        overlap : float
            Share of a window that it has in common with the next, at least 0 and less than 1.
        channels : sequence of str, optional
            Which channels to keep, and in which order. Default: all.

        Returns
        -------
        Windows
            Possibly none, if every stretch is shorter than a window.

        Raises
        ------
        ValueError
            If an argument is out of range or names an unknown channel.
        """
        length, step = window_length_and_step(seconds, overlap, self.rate)
        columns = _columns(self.channels, channels)
        cut, labels, subjects, sources, starts = [], [], [], [], []
        for index, recording in enumerate(self.recordings):
            for start, stop, label in recording.stretches():
                first = np.arange(start, stop - length + 1, step)
                if not label or not first.size:
                    continue
                cut.append(recording.signals[first[:, None] + np.arange(length)][:, :, columns])
                labels += [label] * len(first)
                subjects += [recording.subject] * len(first)
                sources += [index] * len(first)
                starts.append(first)
        dtype = np.result_type(*{recording.signals.dtype for recording in self.recordings})
        return Windows(
            X=np.concatenate(cut) if cut else np.empty((0, length, len(columns)), dtype),
            y=np.array(labels, dtype=str),
            subjects=np.array(subjects, dtype=str),
            rate=self.rate,
            channels=tuple(self.channels[column] for column in columns),
            recordings=np.array(sources, dtype=int),
            starts=np.concatenate(starts) if starts else np.empty(0, dtype=int),
            test_subjects=self.test_subjects,
            simulated=self.simulated,
        )

    def to_frame(self):
        """Table with a row a sample: recording, time (s), the channels, label, subject, placement, simulated."""
        import pandas as pd

        frames = [recording.to_frame().assign(recording=index) for index, recording in enumerate(self.recordings)]
        frame = pd.concat(frames, ignore_index=True)
        frame.insert(0, "recording", frame.pop("recording"))
        return frame.assign(simulated=self.simulated)

    def minutes(self) -> dict[str, float]:
        """Recorded minutes of each activity."""
        counts = dict.fromkeys(self.activities, 0)
        for recording in self.recordings:
            for label, count in zip(*np.unique(recording.labels, return_counts=True), strict=True):
                if label:
                    counts[str(label)] += int(count)
        return {activity: count / self.rate / 60 for activity, count in counts.items()}

    def plot(self, subject: str | None = None, channels: Sequence[str] | None = None):
        """Plot all recordings of one person, one after the other.

        Parameters
        ----------
        subject : str, optional
            Who; the first person where left out.
        channels : sequence of str, optional
            Default: all.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.signals import plot_signals

        subject = self.subjects[0] if subject is None else _chosen("subject", subject, self.subjects)[0]
        columns = _columns(self.channels, channels)
        parts = [recording for recording in self.recordings if recording.subject == subject]
        offset, times, breaks, n = 0.0, [], [], 0
        for part in parts:
            seconds = part.seconds
            times.append(seconds - seconds[0] + offset if len(seconds) else seconds)
            breaks += [n + int(index) for index in part.breaks]
            n += len(part)
            breaks.append(n)
            offset = times[-1][-1] + 1 / self.rate if len(seconds) else offset
        return plot_signals(
            np.concatenate(times),
            np.concatenate([part.signals[:, columns] for part in parts]),
            [self.channels[column] for column in columns],
            labels=np.concatenate([part.labels for part in parts]),
            breaks=breaks[:-1],
            title=f"{self._full_name()}, subject {subject}",
        )

    def _full_name(self) -> str:
        """The name, which never hides that a data set is simulated."""
        return self.name + (", simulated" if self.simulated and "simulated" not in self.name else "")

    def _facts(self) -> list[tuple[str, str]]:
        placements = sorted({recording.placement for recording in self.recordings})
        facts = [
            ("people", str(len(self.subjects))),
            ("recordings", str(len(self))),
            ("channels", ", ".join(self.channels)),
            ("rate", f"{self.rate:g} Hz"),
            ("placement", ", ".join(placements)),
            (
                "minutes",
                ", ".join(f"{activity} {minutes:.1f}" for activity, minutes in self.minutes().items())
                or "none labelled",
            ),
        ]
        facts += [(str(key), str(value)) for key, value in self.report.items()]
        if self.notes:
            facts.append(("source", self.notes))
        return facts

    def __repr__(self) -> str:
        lines = [f"ActivityDataset({self._full_name()})"] + [f"  {key}: {value}" for key, value in self._facts()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(key)}</th><td style="text-align:left">{escape(value)}</td></tr>'
            for key, value in self._facts()
        )
        return f"<table><caption><strong>{escape(self._full_name())}</strong></caption>{rows}</table>"


def _as_arrays(parts, *names: str) -> None:
    for name in names:
        object.__setattr__(parts, name, np.asarray(getattr(parts, name)))


def _columns(known: tuple[str, ...], wanted: Sequence[str] | None) -> list[int]:
    if wanted is None:
        return list(range(len(known)))
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for channel in wanted:
        if channel not in known:
            raise ValueError(f"channels: there is no {channel!r}, only {', '.join(known)}.")
    if not wanted:
        raise ValueError(f"channels is empty; leave it out for all of {', '.join(known)}.")
    return [known.index(channel) for channel in wanted]


def _chosen(name: str, wanted, known: tuple[str, ...]) -> list[str] | None:
    if wanted is None:
        return None
    wanted = [wanted] if isinstance(wanted, str | Integral) else list(wanted)
    wanted = [str(one) for one in wanted]
    for one in wanted:
        if one not in known:
            raise ValueError(f"{name}: there is no {one!r}, only {', '.join(known)}.")
    return wanted


def _tested(data, test_subjects) -> np.ndarray:
    if test_subjects is None:
        test_subjects = data.test_subjects
        if not test_subjects:
            raise ValueError("test_subjects must name people: this data set has no official split.")
    else:
        known = tuple(sorted(np.unique(data.subjects).tolist(), key=_natural))
        test_subjects = _chosen("test_subjects", test_subjects, known)
    return np.isin(data.subjects, np.asarray(test_subjects, dtype=str))


def _natural(text: str):
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
