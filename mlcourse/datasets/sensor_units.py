"""The units of a recording: m/s^2 or g, rad/s or degrees, with or without gravity, and whose sign convention.

Gravity is the yardstick: averaged over a second, motion cancels out and a phone at any angle reads 9.81 m/s^2, or 1 g,
or, where the app took gravity away, next to nothing.
"""

import warnings
from pathlib import PurePosixPath

import numpy as np

from mlcourse.datasets.sensor_csv import ACCELERATION_UNITS, ROTATION_UNITS, STANDARD_GRAVITY, TIME_UNITS, normal_unit

#: Fastest rotation that phone gyroscopes measure, rad/s (2000 degrees per second).
FASTEST_ROTATION = 35.0


def check_units(units):
    """Return the argument ``units`` of :func:`load_recording` as a dict with every entry checked.

    Examples
    --------
    >>> check_units("m/s²"), check_units({"rotation": "dps", "time": "ms"}), check_units(0.01)
    ({'acceleration': 'm/s^2'}, {'rotation': 'deg/s', 'time': 'ms'}, {'acceleration': 0.01})
    """
    allowed = {"acceleration": ACCELERATION_UNITS, "rotation": ROTATION_UNITS, "time": TIME_UNITS}
    if units is None:
        return {}
    checked = {}
    for what, unit in (units if isinstance(units, dict) else {"acceleration": units}).items():
        if what not in allowed:
            raise ValueError(f"units: {what!r} is none of {', '.join(map(repr, allowed))}.")
        name = normal_unit(unit) if isinstance(unit, str) else None
        number = isinstance(unit, int | float | np.number) and not isinstance(unit, bool) and 0 < unit < np.inf
        if name not in allowed[what] and not (number and what != "time"):
            raise ValueError(
                f"units: {unit!r} is no unit of {what}. Allowed are {', '.join(map(repr, allowed[what]))}"
                + ("." if what == "time" else ", or a positive number: how much one unit is worth in m/s^2 (rad/s).")
            )
        checked[what] = float(unit) if number else name
    return checked


def level(stream):
    """Return the usual length of the mean vector over one second: what is left when motion has averaged out."""
    levels = []
    for stretch in stream.stretches:
        time, values = stream.time[stretch], stream.values[stretch]
        # A last, incomplete second would not average out: it is counted to the one before.
        second = np.minimum((time - time[0]).astype(int), max(int(time[-1] - time[0]) - 1, 0))
        count = np.bincount(second)
        sums = np.column_stack([np.bincount(second, column) for column in values.T])
        levels.append(np.linalg.norm(sums[count > 0] / count[count > 0, None], axis=1))
    return float(np.median(np.concatenate(levels)))


def convert_acceleration(stream, given=None):
    """Convert an acceleration to m/s^2 in place.

    Parameters
    ----------
    stream : Stream
    given : str, float or None
        Unit, or m/s^2 per unit, where the caller knows it.

    Returns
    -------
    gravity : bool
        Whether gravity is in it.
    told : str
        The unit and where it is known from.
    """
    steady, usual = level(stream), float(np.median(np.linalg.norm(stream.values, axis=1)))
    gravity = {"total": True, "linear": False}.get(stream.kind)

    def looks_like(unit):
        one = STANDARD_GRAVITY / ACCELERATION_UNITS[unit]
        return gravity is not False and 0.75 * one < steady < 1.25 * one and 0.6 * one < usual < 1.6 * one

    by_size = next((unit for unit in ("g", "mg", "m/s^2") if looks_like(unit)), None)
    if given is not None:
        unit, how = given, "as given"
    elif stream.unit in ACCELERATION_UNITS:
        unit, how = stream.unit, "from the header"
        if by_size not in (None, unit):
            _warn(
                f"The header of {stream.source!r} says {unit}, but a median |a| of {usual:.4g} looks like {by_size}. "
                f"If so, give units={by_size!r}."
            )
    elif by_size:
        unit, how = by_size, f"inferred from a median |a| of {usual:.2f}"
    elif steady > 3 * STANDARD_GRAVITY:
        raise ValueError(
            f"path: acceleration in {stream.source!r} has a median |a| of {usual:.4g}, which is neither m/s^2 (9.81) "
            "nor g (1) nor mg (1000). Give units=..., as a name or as the number of m/s^2 that one unit is."
        )
    else:
        unit, how = "m/s^2", f"assumed: a median |a| of {usual:.2f} tells no unit"
    factor = unit if isinstance(unit, float) else ACCELERATION_UNITS[unit]
    stream.values = stream.values * factor
    if steady * factor > 3 * STANDARD_GRAVITY and by_size is None:
        _warn(
            f"A steady acceleration of {steady * factor:.0f} m/s^2 in {stream.source!r} is more than people bear: "
            "check the unit, and give units=... if it is another."
        )
    if gravity is None:
        gravity = steady * factor > 0.2 * STANDARD_GRAVITY
        if gravity and steady * factor < 0.6 * STANDARD_GRAVITY and given is None:
            _warn(
                f"A steady acceleration of {steady:.2g} in {stream.source!r} is neither 9.81 m/s^2 nor 1 g nor next to "
                f"nothing; taken for {unit} with gravity. Give units=... if it is another."
            )
    return gravity, _tell(unit, how, factor, "m/s^2")


def convert_rotation(stream, given=None):
    """Convert a rotation rate to rad/s in place; return the unit and where it is known from."""
    fastest = float(np.percentile(np.abs(stream.values), 99))
    if given is not None:
        unit, how = given, "as given"
    elif stream.unit in ROTATION_UNITS:
        unit, how = stream.unit, "from the header"
    elif fastest > FASTEST_ROTATION:
        unit, how = "deg/s", f"inferred from readings up to {fastest:.0f}"
    else:
        unit, how = "rad/s", "assumed: the header names none"
    factor = unit if isinstance(unit, float) else ROTATION_UNITS[unit]
    stream.values = stream.values * factor
    return _tell(unit, how, factor, "rad/s")


def _tell(unit, how, factor, target):
    unit = f"{unit:g} {target} a unit" if isinstance(unit, float) else unit
    return f"{unit}, {how}" + ("" if factor == 1 else f"; converted to {target}")


def _warn(message):
    warnings.warn(message, UserWarning, stacklevel=5)


def choose_signals(streams, units, report):
    """Return the streams that become channels: ``"acc"`` or ``"body_acc"``, ``"gyro"``, and ``"gravity"`` to be added.

    Of several accelerations the first that holds gravity is taken: the one called total, the calibrated one, the raw
    one. If none does, an app that wrote gravity by itself gets it added; otherwise the channels are ``body_acc_x``, ...

    Parameters
    ----------
    streams : dict of str to Stream
        By kind, as :func:`mlcourse.datasets.sensor_csv.recognise` names them.
    units : dict
        From :func:`check_units`.
    report : dict
        Takes the entries ``"acceleration"``, ``"gravity"`` and ``"rotation"``.
    """
    chosen, without = {}, None
    for kind in ("total", "acceleration", "raw acceleration", "linear"):
        if kind in streams and "acc" not in chosen:
            gravity, told = convert_acceleration(streams[kind], units.get("acceleration"))
            if gravity:
                chosen["acc"] = streams[kind]
                report["acceleration"], report["gravity"] = told, "included"
            elif without is None:
                without = streams[kind], told
    if "acc" not in chosen and without is not None:
        stream, report["acceleration"] = without
        if "gravity" in streams:
            convert_acceleration(streams["gravity"], units.get("acceleration"))
            chosen.update(acc=stream, gravity=streams["gravity"])
            report["gravity"] = f"added to the linear acceleration ({stream.source} + {streams['gravity'].source})"
        else:
            chosen["body_acc"] = stream
            report["gravity"] = "not included (linear acceleration): the channels are called body_acc_x, ..."
    gyro = streams.get("gyro", streams.get("raw gyro"))
    if gyro is not None:
        chosen["gyro"] = gyro
        report["rotation"] = convert_rotation(gyro, units.get("rotation"))
    return chosen


def turn_iphone(signals, tables, report):
    """Give acceleration the sign that Android uses, where a Sensor Logger export says that it comes from an iPhone.

    iOS counts all three axes of acceleration and gravity the other way round, unless the app is set to standardise;
    rotation is the same. ``Metadata.csv`` tells (Sensor Logger's coordinates reference).

    Parameters
    ----------
    signals : dict of str to Stream
    tables : list of Table
    report : dict
        Takes the entry ``"axes"``.
    """
    for table in tables:
        if (
            PurePosixPath(table.name).name.lower() == "metadata.csv"
            and "platform" in table.columns
            and len(table.cells)
        ):
            break
    else:
        return
    row = {name: str(table.cells[i].iloc[0]).strip().lower() for i, name in enumerate(table.columns)}
    if row["platform"] == "ios" and row.get("standardisation") not in ("true", "1"):
        for name in signals.keys() & {"acc", "body_acc", "gravity"}:
            signals[name].values = -signals[name].values
        report["axes"] = "all signs of the acceleration changed: an iPhone counts the other way round than Android"
