"""The clock of a recording: what the time column says, in which order, and where it breaks off.

Phones write time in many ways (seconds, milliseconds, nanoseconds since 1970, 12:03:04:567), repeat it, step back,
pause, or tick more slowly than the sensor reads. Here all of that becomes strictly ascending seconds.
"""

import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from mlcourse.datasets.resampling import split_at_gaps, typical_step
from mlcourse.datasets.sensor_csv import TIME_UNITS, numbers_of

#: Readings closer than this fraction of the usual step are taken for one reading, written twice.
SAME_TIME = 0.2


@dataclass
class Stream:
    """Readings of one three-axis sensor, before they are put on a fixed grid.

    ``raw_time`` keeps integers as integers, so that nanoseconds since 1970 stay exact; ``time`` is in seconds since the
    start of the export, once :func:`read_clocks` has been there.
    """

    kind: str
    source: str
    unit: str | None
    raw_time: np.ndarray
    time_unit: str | None
    clock: str
    values: np.ndarray
    labels: np.ndarray | None = None
    time: np.ndarray | None = None
    cuts: list = field(default_factory=list)
    stretches: list = field(default_factory=list)
    merged: float = 1.0  # readings as written for each one that is left
    rate: float = float("nan")

    def spans(self):
        """Return (first, last) time of every stretch."""
        return [(self.time[s][0], self.time[s][-1]) for s in self.stretches]

    def take(self, rows):
        """Keep some rows, or all in another order; ``rows`` is a mask or ascending or permuted positions."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        for name in ("raw_time", "values", "labels", "time"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name)[rows])
        self.cuts = [int(np.searchsorted(rows, cut)) for cut in self.cuts]


def find_clock(table, roles, rate=None):
    """Return (times as written, which rows have one, unit or None, kind of clock) of a table.

    Raises
    ------
    ValueError
        No time column, or none that can be read, and no ``rate`` to do without.
    """
    for position, unit in roles.time:
        times, good, kind = parse_times(table.cells[position])
        if good.mean() >= 0.5:
            return times, good, {"dates": "ns", "clock times": "s"}.get(kind, unit), kind
    if roles.time:
        position = roles.time[0][0]
        raise ValueError(
            f"path: column {table.columns[position]!r} of {table.name!r} should hold times, but "
            f"{str(table.cells[position].iloc[0])!r} is none. Understood are numbers, clock times such as 12:03:04.567 "
            "and dates such as 2024-05-01 12:03:04."
        )
    if rate is None:
        raise ValueError(
            f"path: {table.name!r} has no time column. Columns seen: {', '.join(map(repr, table.columns))}. Name one "
            "'t' or 'time', or give rate=... (Hz) if the readings are evenly spaced."
        )
    rows = len(table.cells)
    return np.arange(rows) / rate, np.ones(rows, bool), "s", f"no time column: {rate:g} Hz as given"


def parse_times(cells):
    """Return (times, which are readable, kind) of a column; kind is ``"numbers"``, ``"clock times"`` or ``"dates"``.

    Numbers come as they are, clock times as seconds since midnight (going on past it), dates as nanoseconds since 1970.

    Parameters
    ----------
    cells : pandas.Series

    Examples
    --------
    >>> import pandas as pd
    >>> times, good, kind = parse_times(pd.Series(["23:59:59:900", "23:59:59:950", "00:00:00:000"]))
    >>> kind, times.round(3)
    ('clock times', array([86399.9 , 86399.95, 86400.  ]))
    """
    import pandas as pd

    if pd.api.types.is_integer_dtype(cells.dtype):
        return cells.to_numpy(np.int64), np.ones(len(cells), bool), "numbers"
    numbers, text = numbers_of(cells)
    if np.isfinite(numbers).mean() >= 0.5:
        return numbers, np.isfinite(numbers), "numbers"
    # 12:03:04:567 as Physics Toolbox writes it, 12:03:04.567, 03:04,567, with or without AM and PM.
    parts = text.str.extract(r"^(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2})(?:[.:,](\d+))?\s*([AaPp])?(?:\.?[Mm]\.?)?$")
    good = parts[1].notna().to_numpy(bool)
    if good.mean() >= 0.5:
        hours, minutes, seconds = (pd.to_numeric(parts[i]).fillna(0).to_numpy(float) for i in range(3))
        fraction = pd.to_numeric("0." + parts[3].fillna("0")).to_numpy(float)
        half = parts[4].str.lower().fillna("").to_numpy(object)
        hours = np.where(half != "", hours % 12 + 12 * (half == "p"), hours)
        times = 3600 * hours + 60 * minutes + seconds + fraction
        # Past midnight the hours start again (on a clock without AM and PM also past noon); the recording went on.
        steps = np.diff(times[good])
        turn = 43200 if hours[good].max() < 13 and (steps < 0).any() and steps.min() > -46800 else 86400
        times[good] += turn * np.concatenate([[0], np.cumsum(steps < -0.8 * turn)])
        return times, good, "clock times"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dates = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
        if dates.notna().mean() < 0.5:
            dates = pd.to_datetime(text, errors="coerce", utc=True)
    return dates.astype("datetime64[ns, UTC]").astype("int64").to_numpy(), dates.notna().to_numpy(bool), "dates"


def read_clocks(streams, given, report):
    """Set ``time`` of every stream, in seconds since the first reading of all.

    Times from before the clock was set (zeros) are dropped.

    Parameters
    ----------
    streams : list of Stream
    given : str or None
        Unit of time, where the caller knows better.
    report : dict
        Takes the entries ``"time"`` and ``"dropped rows"``.
    """
    notes = set()
    for stream in streams:
        if stream.clock != "numbers":
            notes.add(stream.clock)
        elif given:
            stream.time_unit = given
            notes.add(f"{given}, as given")
        elif stream.time_unit:
            notes.add(f"{stream.time_unit}, from the header")
        else:
            ascending = np.sort(stream.raw_time)
            step = typical_step(ascending) or (ascending[-1] - ascending[0]) / len(ascending)
            if step == 0:
                raise ValueError(
                    f"path: all readings in {stream.source!r} have the same time, so nothing tells the rate."
                )
            # Each unit has its own range of steps, from 2 Hz to 2000 Hz; the ranges do not overlap.
            stream.time_unit = next((u for u, worth in TIME_UNITS.items() if 0.0005 <= step * worth <= 0.5), None)
            if stream.time_unit is None:
                raise ValueError(
                    f"path: times in {stream.source!r} are {step:g} apart, which is no usual sampling in s, ms, us or "
                    "ns. Give units={'time': 's'} (or 'ms', 'us', 'ns')."
                )
            notes.add(f"{stream.time_unit}, inferred from steps of {step:.4g}")
        # Until a phone's clock is set it writes zero; since 1970, or since boot, that is far away.
        unset = (stream.raw_time <= 0) & (np.median(stream.raw_time) * TIME_UNITS[stream.time_unit] > 1e6)
        if unset.any():
            report["dropped rows"] = report.get("dropped rows", 0) + int(unset.sum())
            stream.take(~unset)
    report["time"] = "; ".join(sorted(notes))
    shared = len({(stream.time_unit, stream.clock) for stream in streams}) == 1
    origin = min(stream.raw_time.min() for stream in streams) if shared else 0
    for stream in streams:
        stream.time = (stream.raw_time - origin) * TIME_UNITS[stream.time_unit]


def add_pauses(streams, tables, report):
    """Put the pauses back that phyphox leaves out of its clock: ``meta/time.csv`` of an export tells when and how long.

    Parameters
    ----------
    streams : list of Stream
    tables : list of Table
        All tables of the export.
    report : dict
        Takes the entry ``"pauses"``.
    """
    wanted = ("event", "experiment time", "system time")
    for table in tables:
        if PurePosixPath(table.name).name.lower() == "time.csv" and set(wanted) <= set(table.columns):
            break
    else:
        return
    since, pauses = None, []
    for event, experiment, system in zip(*(table.cells[table.columns.index(w)] for w in wanted), strict=True):
        if event == "PAUSE":
            since = float(system)
        elif event == "START" and since is not None:
            pauses.append((float(experiment), float(system) - since))
    for stream in streams:
        clock = stream.raw_time * TIME_UNITS[stream.time_unit]
        stream.cuts = [int(np.searchsorted(clock, at)) for at, _ in pauses]
        for cut, (_, length) in zip(stream.cuts, pauses, strict=True):
            stream.time[cut:] += length
    if pauses:
        report["pauses"] = len(pauses)


def put_in_order(stream, max_gap, report):
    """Make ``time`` strictly ascending and find the stretches without gaps.

    Small steps back are sorted. A large one is either blocks of the file in another order, which are sorted too, or a
    clock that was restarted: then the order of the file is kept, and a new stretch begins.

    Parameters
    ----------
    stream : Stream
    max_gap : float or None
        Seconds without a reading that end a stretch; None for five usual steps, at least 0.1 s.
    report : dict
        Takes what was found: ``"time steps back"``, ``"clock restarts"``, ``"repeated rows"``, ``"repeated times"``,
        ``"coarse clock"``.
    """
    steps = np.diff(stream.time)
    if (steps < 0).any():
        _note(report, "time steps back", (steps < 0).sum())
        limit = max_gap or max(0.1, 5 * np.median(np.abs(steps)))
        jumps = np.flatnonzero(steps < -limit) + 1
        blocks = np.split(np.arange(len(stream.time)), jumps)
        spans = sorted((stream.time[b].min(), stream.time[b].max()) for b in blocks)
        overlap = any(end > start for (_, end), (start, _) in pairwise(spans))
        if overlap and len(jumps) <= max(1, 0.01 * len(stream.time)):
            _note(report, "clock restarts", len(jumps))
            for before, block in pairwise(blocks):
                stream.time[block] += stream.time[before].max() + 2 * limit - stream.time[block].min()
            stream.cuts = sorted({*stream.cuts, *jumps.tolist()})
        order = np.argsort(stream.time, kind="stable")
        cuts = stream.time[[c for c in stream.cuts if c < len(order)]]
        stream.take(order)
        stream.cuts = np.searchsorted(stream.time, cuts).tolist()
    _merge_repeats(stream, report)
    if len(stream.time) < 2:
        raise ValueError(f"path: all readings in {stream.source!r} have the same time; a recording needs at least two.")
    limit = max_gap or max(0.1, 5 * typical_step(stream.time))
    stream.stretches = split_at_gaps(stream.time, limit, stream.cuts)


def _note(report, entry, count):
    # Sensors in one table share their rows: the highest count is that of the rows.
    report[entry] = max(report.get(entry, 0), int(count))


def _merge_repeats(stream, report):
    """Leave one reading per time: repeated rows once, a coarse clock spread out, others averaged."""
    same = np.diff(stream.time) == 0
    again = np.concatenate([[False], same & (np.diff(stream.values, axis=0) == 0).all(axis=1)])
    if 0 < again.mean() < 0.4:
        _note(report, "repeated rows", again.sum())
        stream.take(~again)
        same = np.diff(stream.time) == 0
    if len(same) and same.mean() > 0.3 and not same.all():
        # Most times are shared: the clock ticks more slowly than the sensor reads. One reading came after the other.
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        count = np.diff(np.append(first, len(stream.time)))
        tick = np.diff(stream.time[first])
        each = np.append(tick / count[:-1], np.inf)
        usual = np.median(each[1:-1]) if len(each) > 2 else each[0]
        # A tick before a gap, and the last one, were not filled; the first one was entered half-way.
        each = np.where(each > 1.5 * usual, usual, each)
        late = np.zeros(len(first))
        if each[0] == usual or tick[0] > 1.1 * count[0] * usual:
            each[0], late[0] = usual, max(tick[0] - count[0] * usual, 0)
        stream.time = stream.time + np.repeat(late, count)
        stream.time += np.repeat(each, count) * (np.arange(len(stream.time)) - np.repeat(first, count))
        report["coarse clock"] = f"{int(same.sum())} readings shared a time with the one before; spread evenly"
        return
    if not len(same):
        return
    near = np.diff(stream.time) < SAME_TIME * typical_step(stream.time)
    near |= same
    near[[c - 1 for c in stream.cuts if 0 < c <= len(near)]] = False
    if near.any():
        _note(report, "repeated times", near.sum())
        group = np.concatenate([[0], np.cumsum(~near)])
        count = np.bincount(group)
        time = np.bincount(group, stream.time) / count
        values = np.column_stack([np.bincount(group, column) / count for column in stream.values.T])
        stream.merged = len(near) / (len(near) - near.sum()) if not near.all() else 1.0
        stream.take(np.concatenate([[True], ~near]))
        stream.time, stream.values = time, values
