"""A student's own recording: :func:`load_recording` reads what a phone app exported, and says what it found.

The work is done in four files that can be read alone: :mod:`~mlcourse.datasets.sensor_csv` (tables and columns),
:mod:`~mlcourse.datasets.sensor_clock` (time), :mod:`~mlcourse.datasets.sensor_units` (units and gravity) and
:mod:`~mlcourse.datasets.resampling` (a fixed rate).
"""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

from mlcourse.datasets.resampling import measured_rate, resample, usual_rate
from mlcourse.datasets.sensor_clock import Stream, add_pauses, find_clock, put_in_order, read_clocks
from mlcourse.datasets.sensor_csv import name_format, numbers_in, read_tables, recognise
from mlcourse.datasets.sensor_units import check_units, choose_signals, turn_iphone

#: Stretches between gaps that are shorter than this (seconds) are dropped: no window fits into them.
SHORTEST_STRETCH = 0.5

_UNDERSTOOD = (
    "Understood are phyphox ('Time (s)', 'Acceleration x (m/s^2)', ...), Sensor Logger ('time', 'seconds_elapsed', "
    "'z', 'y', 'x'), Physics Toolbox ('time', 'gFx', 'gFy', 'gFz', ...) and plain names ('t', 'x', 'y', 'z' or 't', "
    "'ax', 'ay', 'az', 'gx', 'gy', 'gz'); rename the header line accordingly."
)


def load_recording(path, *, subject="me", placement="unknown", label=None, rate=None, units=None, max_gap=None):
    """Read a recording that a phone app exported as CSV.

    Recognised are phyphox, Sensor Logger, Physics Toolbox Sensor Suite, and plain tables with a header such as
    ``t,x,y,z``: one file, or the folder or zip that holds one file per sensor. Delimiter, decimal comma, units,
    sampling rate and the presence of gravity are inferred, and everything inferred, repaired or dropped is told in the
    report of the result.

    Parameters
    ----------
    path : path-like
        A CSV file, or the folder or zip that the app exported.
    subject : str
        Who carried the phone.
    placement : str
        Where the phone was: ``"front pocket"``, ``"bag"``, ``"hand"``, ...
    label : str, optional
        What the person did, the whole time (``"walking"``). Without it a column called ``label`` or ``activity`` is
        used where there is one, and otherwise ``"unknown"``, so that ``.windows()`` gives windows to classify.
    rate : float, optional
        Samples per second of the result (default: the measured rate, rounded to a usual one: 49.8 Hz becomes 50 Hz).
        For a table without a time column, the rate it was recorded at.
    units : str, float or dict, optional
        Unit of acceleration where the inferred one is wrong: ``"m/s^2"``, ``"g"``, ``"mg"``, or how many m/s^2 one
        unit is. A dict may name ``"acceleration"``, ``"rotation"`` (``"rad/s"``, ``"deg/s"``) and ``"time"`` (``"s"``,
        ``"ms"``, ``"us"``, ``"ns"``).
    max_gap : float, optional
        Seconds without a reading that count as a gap (default: five usual steps, at least 0.1 s). A gap is not bridged:
        a new stretch begins behind it, and no window crosses it.

    Returns
    -------
    ActivityDataset
        With one recording: channels ``acc_x, acc_y, acc_z`` in m/s^2 and, where recorded, ``gyro_x, gyro_y, gyro_z`` in
        rad/s. An acceleration without gravity (phyphox "Linear Acceleration", Sensor Logger ``Accelerometer.csv``)
        comes as ``body_acc_x, body_acc_y, body_acc_z``, so that it is never taken for the other. ``time`` keeps the
        seconds since the first sample, gaps included; ``breaks`` says behind which samples the gaps are.

    Raises
    ------
    FileNotFoundError
        There is nothing at ``path``.
    ValueError
        The file is empty, is no table, has no time or sensor columns, a single reading, or mostly no numbers; the
        folder holds several recordings; or an argument is not allowed.

    Warns
    -----
    UserWarning
        The readings contradict the unit that the header or the caller names.

    Notes
    -----
    Axes are Android's: a phone held upright, its screen towards you, reads +9.81 in ``y`` at rest. iPhones count the
    other way round; a Sensor Logger export says so in its ``Metadata.csv`` and is turned, other apps may not say so.

    Where the rate goes down, the signal is low-pass filtered without delay
    (:func:`mlcourse.datasets.resampling.resample`).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name) / "stand.csv"
    >>> rows = [f"{20 * i},0.01,1.00,0.02" for i in range(200)]
    >>> _ = file.write_text("\\n".join(["t,x,y,z", *rows]))
    >>> data = load_recording(file, placement="front pocket", label="standing")
    >>> data.rate, data.channels, float(data.recordings[0].signals[:, 1].mean().round(2))
    (50.0, ('acc_x', 'acc_y', 'acc_z'), 9.81)
    >>> data.report["acceleration"]
    'g, inferred from a median |a| of 1.00; converted to m/s^2'
    >>> folder.cleanup()
    """
    from mlcourse.datasets.activity import ActivityDataset, Recording

    units = check_units(units)
    for argument, value in (("rate", rate), ("max_gap", max_gap)):
        if value is not None and not (np.isscalar(value) and np.isreal(value) and 0 < value < np.inf):
            raise ValueError(f"{argument} must be a positive number, or None to find it out, not {value!r}.")

    report = {}
    tables, problems = read_tables(path)
    streams = _find_streams(path, tables, rate, report)
    read_clocks(list(streams.values()), units.get("time"), report)
    add_pauses(list(streams.values()), tables, report)
    for stream in streams.values():
        put_in_order(stream, max_gap, report)
    signals = choose_signals(streams, units, report)
    turn_iphone(signals, tables, report)
    rate = _choose_rate(signals, rate, report)
    time, channels, labels, breaks = _assemble(signals, rate, report)
    if problems:
        report["unread files"] = len(problems)

    name = Path(path).stem
    recording = Recording(
        signals=np.column_stack(list(channels.values())),
        channels=tuple(channels),
        rate=rate,
        subject=str(subject),
        placement=str(placement),
        labels=labels if label is None else np.full(len(time), str(label)),
        breaks=breaks,
        time=time,
        name=name,
    )
    return ActivityDataset(name=f"recording {name!r}", recordings=[recording], report=report)


def _find_streams(path, tables, rate, report):
    """Return the three-axis streams of all tables, by kind of sensor."""
    named = [(table, recognise(table.columns, table.name)) for table in tables]
    usable = [(table, roles) for table, roles in named if roles.sensors]
    if len(usable) > 1:  # an export may hold a watch or headphones beside the phone
        usable = [u for u in usable if not re.search(r"watch|wrist|headphone", u[0].name.lower())] or usable
    if not usable:
        seen = "; ".join(f"{t.name}: {', '.join(repr(c) for c in t.columns[:12])}" for t in tables[:6])
        raise ValueError(
            f"path: {str(path)!r} has no columns for the x, y and z of an accelerometer or gyroscope. "
            f"Columns seen: {seen}. {_UNDERSTOOD}"
        )
    streams, dropped = {}, 0
    for table, roles in usable:
        if len(table.cells) < 2:
            dropped += table.malformed + len(table.cells)
            continue
        raw_time, timed, time_unit, clock = find_clock(table, roles, rate)
        useful, damaged = np.zeros(len(timed), bool), ~timed
        for kind, (positions, unit) in roles.sensors.items():
            if kind in streams:
                raise ValueError(
                    f"path: {str(path)!r} holds the same sensor twice ({streams[kind].source} and {table.name}): more "
                    "than one recording, it seems. Give them one at a time."
                )
            values = np.column_stack([numbers_in(table, position) for position in positions])
            complete = np.isfinite(values).all(axis=1) & timed
            # A row without any number of this sensor belongs to another sensor; one with some of them is damaged.
            damaged |= ~complete & np.isfinite(values).any(axis=1)
            useful |= complete
            if complete.sum() < 2:
                continue
            labels = None
            if roles.label is not None:
                labels = table.cells[roles.label].astype("string").fillna("").str.strip().to_numpy(object)[complete]
            streams[kind] = Stream(
                kind, table.name, unit, raw_time[complete], time_unit, clock, values[complete], labels
            )  # fmt: skip
        dropped += table.malformed + int((damaged | ~useful).sum())
    if not set(streams) - {"gravity"}:
        found = ", ".join(f"{len(table.cells)} in {table.name!r}" for table, _ in usable)
        raise ValueError(
            f"path: {str(path)!r} has fewer than two complete readings (rows: {found}, dropped: {dropped}). Check that "
            "the app was recording before it exported."
        )
    report["format"] = name_format([table for table, _ in usable])
    report["files"] = ", ".join(table.name for table, _ in usable)
    report["rows"] = sum(len(table.cells) + table.malformed for table, _ in usable)
    if dropped:
        report["dropped rows"] = dropped
    return streams


def _choose_rate(signals, rate, report):
    """Return the rate of the result, and tell what was measured."""
    for stream in signals.values():
        stream.rate = measured_rate(stream.time, stream.stretches) * stream.merged
        if not np.isfinite(stream.rate):
            raise ValueError(
                f"path: no two readings in {stream.source!r} are close enough in time to belong together; give a "
                "larger max_gap if they are meant to be that sparse."
            )
    measured = next(iter(signals.values())).rate
    each = {name: f"{stream.rate:.4g} Hz" for name, stream in signals.items()}
    told = (
        ", ".join(f"{name} {text}" for name, text in each.items()) if len(set(each.values())) > 1 else each.popitem()[1]
    )
    rate = usual_rate(measured) if rate is None else float(rate)
    report["sampling"] = f"measured {told}, resampled to {rate:g} Hz"
    if rate < 0.95 * measured:
        report["sampling"] += f" behind an anti-alias filter (nothing above {rate / 2:g} Hz is left)"
    elif rate > 1.05 * measured:
        report["sampling"] += f" by interpolation (nothing above {measured / 2:.4g} Hz was measured)"
    return rate


def _assemble(signals, rate, report):
    """Resample what all sensors cover; return (time, {channel: samples}, labels, breaks)."""
    first, *others = signals.values()
    spans = first.spans()
    for stream in others:
        spans = [(max(a, c), min(b, d)) for a, b in spans for c, d in stream.spans() if max(a, c) <= min(b, d)]
    if not spans:
        sources = " and ".join(stream.source for stream in signals.values())
        raise ValueError(f"path: {sources} were never recorded at the same time, so they are no single recording.")
    longest = max(end - start for start, end in spans)
    kept = [(start, end) for start, end in spans if end - start >= min(SHORTEST_STRETCH, longest)]
    counts = [int(np.floor((end - start) * rate + 1e-6)) + 1 for start, end in kept]
    time = np.concatenate([start + np.arange(n) / rate for (start, _), n in zip(kept, counts, strict=True)])

    parts = {}
    for name, stream in signals.items():
        pieces = [_resampled(stream, rate, start, n) for (start, _), n in zip(kept, counts, strict=True)]
        parts[name] = np.concatenate(pieces)
    if "gravity" in parts:
        parts["acc"] = parts["acc"] + parts.pop("gravity")
    channels = {f"{name}_{axis}": part[:, i] for name, part in parts.items() for i, axis in enumerate("xyz")}

    labels = np.full(len(time), "unknown")
    if first.labels is not None:
        after = np.clip(np.searchsorted(first.time, time), 1, len(first.time) - 1)
        nearest = after - (time - first.time[after - 1] < first.time[after] - time)
        labels = first.labels[nearest].astype(str)

    if len(kept) > 1:
        report["gaps"] = len(kept) - 1
        report["seconds in gaps"] = round(float(sum(after[0] - before[1] for before, after in pairwise(kept))), 3)
    if len(kept) < len(spans):
        report["dropped stretches"] = len(spans) - len(kept)
    report["seconds"] = round(sum(counts) / rate, 3)
    return time - time[0], channels, labels, np.cumsum(counts)[:-1]


def _resampled(stream, rate, start, count):
    """Return ``count`` samples of a stream from ``start`` on; they lie within one of its stretches."""
    inside = next(s for s in stream.stretches if stream.time[s][0] <= start <= stream.time[s][-1])
    return resample(
        stream.time[inside], stream.values[inside], rate, start=start, count=count, source_rate=stream.rate
    )  # fmt: skip
