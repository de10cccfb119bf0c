"""The tables that phone sensor apps export: which file, which delimiter, which column is what.

Nothing here interprets a signal: :func:`read_tables` turns a CSV file, a folder or a zip into named columns, and
:func:`recognise` says which of them hold time, acceleration, gravity, rotation and labels.
:mod:`mlcourse.datasets.recording` makes a recording of them.
"""

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

#: Standard gravity (CGPM 1901), m/s^2: what apps mean by 1 g.
STANDARD_GRAVITY = 9.80665

#: What a column's unit is worth in m/s^2, rad/s, s.
ACCELERATION_UNITS = {"m/s^2": 1.0, "g": STANDARD_GRAVITY, "mg": STANDARD_GRAVITY / 1000}
ROTATION_UNITS = {"rad/s": 1.0, "deg/s": np.pi / 180}
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

_UNIT_SPELLINGS = {
    "m/s^2": ("m/s^2", "m/s2", "m/s/s", "ms-2", "ms^-2", "m*s^-2", "ms2", "mps2", "mss", "meterspersecondsquared"),
    "g": ("g", "gs", "gforce", "g-force"),
    "mg": ("mg", "milli-g", "millig"),
    "rad/s": ("rad/s", "rads", "rads-1", "rps", "radianspersecond", "radians/second"),
    "deg/s": ("deg/s", "dps", "degs", "degs-1", "degreespersecond"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "millis", "millisecond", "milliseconds"),
    "us": ("us", "usec", "micros", "microsecond", "microseconds"),
    "ns": ("ns", "nsec", "nanos", "nanosecond", "nanoseconds"),
}
_UNITS = {spelling: unit for unit, spellings in _UNIT_SPELLINGS.items() for spelling in spellings}

# What the letters before (or after) x, y, z say. Order within a list is preference: an app may write several.
_SENSORS = {
    "total": ("gf", "gforce", "totalacceleration", "totalacc"),
    "acceleration": ("a", "acc", "accel", "accelerometer", "acceleration", "accelerometeracceleration"),
    "raw acceleration": ("accelerometeruncalibrated", "accelerometerraw", "accraw", "rawacc", "rawacceleration"),
    "linear": (
        "linearacceleration", "linearaccelerometer", "linacc", "linaccel", "lin", "linear", "la", "lacc", "bodyacc",
        "useracceleration", "motionuseracceleration",
    ),
    "gravity": ("gravity", "grav", "motiongravity"),
    "gyro": (
        "w", "gyro", "gyr", "gyroscope", "omega", "g", "rotationrate", "gyrorotation", "motionrotationrate",
        "angularvelocity", "rot", "bodygyro",
    ),
    "raw gyro": ("gyroscopeuncalibrated", "gyrouncalibrated", "gyroraw", "rawgyro"),
}  # fmt: skip
_MEANING = {word: (kind, rank) for kind, words in _SENSORS.items() for rank, word in enumerate(words)}

# Files whose x, y, z are something else.
_OTHER_FILES = ("magnet", "orientation", "rotationvector", "compass")

# Preferred first: seconds since the start are printed more exactly than a date.
_TIME_NAMES = (
    "secondselapsed", "elapsedseconds", "t", "time", "timestamp", "timestamps", "times", "elapsed", "elapsedtime",
    "timesincestart", "timeelapsed", "seconds", "sec", "ms", "millis", "epoch", "clock", "datetime", "date",
)  # fmt: skip
_UNIT_OF_TIME_NAME = {
    "secondselapsed": "s",
    "elapsedseconds": "s",
    "seconds": "s",
    "sec": "s",
    "ms": "ms",
    "millis": "ms",
}
_LABEL_NAMES = ("label", "activity", "class", "annotation", "activitylabel")

#: Cells that are no numbers are forgiven up to this many a column, or one in a hundred, whichever is more.
FORGIVEN_CELLS = 5

_DATA_SUFFIXES = {".csv", ".txt", ".tsv", ".dat", ".tab"}
_MOST_FILES = 200


@dataclass
class Table:
    """One file of an export: its name, its columns in order, and what was dropped while reading."""

    name: str
    columns: list[str]
    cells: object  # pandas.DataFrame, one column per entry of `columns`, numeric where every cell is
    malformed: int = 0
    delimiter: str = ","


@dataclass
class Roles:
    """Which columns of a table hold what; positions, not names."""

    time: list[tuple[int, str | None]] = field(default_factory=list)  # (position, unit), preferred first
    sensors: dict[str, tuple[list[int], str | None]] = field(default_factory=dict)  # kind -> (x, y, z), unit
    label: int | None = None


def normal_unit(text):
    """Return the standard name of a unit, however it is spelt, or None.

    Examples
    --------
    >>> normal_unit("m/s²"), normal_unit("°/s"), normal_unit("µs"), normal_unit("hPa")
    ('m/s^2', 'deg/s', 'us', None)
    """
    text = text.strip().lower().replace("²", "^2").replace("°", "deg").replace("µ", "u").replace("μ", "u")
    text = re.sub(r"[\s_·]", "", text.replace("⁻", "-"))
    return _UNITS.get(text)


def split_name(column):
    """Return a column's bare name (lower case, letters and digits only) and its unit.

    Examples
    --------
    >>> split_name("Linear Acceleration x (m/s^2)"), split_name("gFx"), split_name("time_ms")
    (('linearaccelerationx', 'm/s^2'), ('gfx', None), ('time', 'ms'))
    """
    name, unit = column.strip().strip('"').strip(), None
    bracket = re.match(r"^(.*?)[\s_]*[(\[]([^)\]]*)[)\]]\s*$", name)
    if bracket:
        name, unit = bracket[1], normal_unit(bracket[2]) or bracket[2].strip().lower() or None
    else:
        suffix = re.match(r"^(.*[^\s_.])[\s_.]+([^\s_.]+)$", name)
        known = suffix and normal_unit(suffix[2])
        if known and (known in TIME_UNITS) == bool(re.match(r"(?i)t$|time|stamp|elapsed", suffix[1])):
            name, unit = re.sub(r"(?i)\sin$", "", suffix[1]), known
    return re.sub(r"[^a-z0-9]", "", name.lower()), unit


def sensor_axis(bare):
    """Return ``(kind, rank, axis)`` of a bare column name such as ``accelerationx``, or None.

    Examples
    --------
    >>> sensor_axis("gfx"), sensor_axis("xaxis"), sensor_axis("gyroy"), sensor_axis("max")
    (('total', 0, 0), ('plain', 0, 0), ('gyro', 1, 1), None)
    """
    for pattern in (r"^(?P<sensor>.*?)(?P<axis>[xyz])(axis)?$", r"^(?P<axis>[xyz])(axis)?(?P<sensor>.*?)$"):
        match = re.match(pattern, bare)
        if match and match["sensor"] in ("", "axis"):
            return "plain", 0, "xyz".index(match["axis"])
        if match and match["sensor"] in _MEANING:
            return *_MEANING[match["sensor"]], "xyz".index(match["axis"])
    return None


def kind_of_file(name):
    """Return which sensor a file with plain x, y, z columns holds, by its name; None for another sensor.

    Examples
    --------
    >>> kind_of_file("Gyroscope.csv"), kind_of_file("Magnetometer.csv"), kind_of_file("my walk.csv")
    ('gyro', None, 'acceleration')
    """
    name = re.sub(r"[\s_-]", "", PurePosixPath(name).name.lower())
    if any(word in name for word in _OTHER_FILES):
        return None
    raw = "raw " if "uncalibrated" in name else ""
    for word, kind in (("gyro", raw + "gyro"), ("linear", "linear"), ("totalacc", "total"), ("gravity", "gravity")):
        if word in name:
            return kind
    return raw + "acceleration"


def _sensor(column, bare, unit, file_name):
    """Return (kind, preference, axis) of a column, or None."""
    found = sensor_axis(bare)
    by_unit = "gyro" if unit in ROTATION_UNITS else "acceleration" if unit in ACCELERATION_UNITS else None
    if found is None:
        # Another language, such as "Beschleunigung x (m/s^2)": the unit and a lone axis letter are enough.
        letter = re.search(r"(?i)(?:^|[\s_.])([xyz])(?:$|[\s_.(\[])", column.strip().strip('"'))
        if by_unit is None or letter is None:
            return None
        kind = "linear" if by_unit == "acceleration" and "lin" in bare else by_unit
        return kind, 98, "xyz".index(letter[1].lower())
    kind, preference, axis = found
    if kind == "plain":
        of_file, preference = kind_of_file(file_name), 99  # a column that names its sensor is preferred
        agrees = of_file and ("gyro" in of_file) == (by_unit == "gyro")
        kind = (of_file if agrees else by_unit) if by_unit else None if unit else of_file
    if kind is None or (by_unit and ("gyro" in kind) != (by_unit == "gyro")):
        return None
    return kind, preference, axis


def _time_rank(bare, unit):
    """Return how good a time column of this name is (lower is better), or None."""
    if bare in _TIME_NAMES:
        return _TIME_NAMES.index(bare)
    if re.search(r"zone|text|sample", bare):
        return None
    if re.search(r"timestamp|^time|time$", bare):
        return 100 + (100 if re.search(r"location|gps|system", bare) else 0) - (50 if "acc" in bare else 0)
    return 300 if unit in TIME_UNITS else None


def recognise(columns, file_name=""):
    """Say which columns hold time, sensors and labels.

    Parameters
    ----------
    columns : sequence of str
        The header of a table.
    file_name : str
        Decides what plain ``x, y, z`` are, where their unit does not.

    Returns
    -------
    Roles
        Sensors are listed under ``"total"`` (acceleration with gravity by its name), ``"acceleration"`` (either),
        ``"linear"`` (without gravity), ``"gravity"``, ``"gyro"``, and ``"raw ..."`` for uncalibrated ones; only where
        x, y and z are all there.

    Examples
    --------
    >>> recognise(["time", "seconds_elapsed", "z", "y", "x"], "Accelerometer.csv").sensors
    {'acceleration': ([4, 3, 2], None)}
    >>> recognise(["time", "gFx", "gFy", "gFz", "TgF", "wx", "wy", "wz"]).sensors
    {'total': ([1, 2, 3], 'g'), 'gyro': ([5, 6, 7], None)}
    """
    roles, found, times = Roles(), {}, []
    for position, column in enumerate(columns):
        bare, unit = split_name(column)
        sensor = _sensor(column, bare, unit, file_name)
        rank = _time_rank(bare, unit)
        if sensor is not None:
            kind, preference, axis = sensor
            unit = unit or ("g" if bare.startswith("gf") else None)  # Physics Toolbox: g-force
            found.setdefault((kind, preference), {}).setdefault(axis, (position, unit))
        elif bare in _LABEL_NAMES:
            roles.label = position if roles.label is None else roles.label
        elif rank is not None:
            times.append((rank, position, unit if unit in TIME_UNITS else _UNIT_OF_TIME_NAME.get(bare)))
    for (kind, _), axes in sorted(found.items(), key=lambda item: item[0][1]):
        if len(axes) == 3 and kind not in roles.sensors:
            roles.sensors[kind] = ([axes[i][0] for i in range(3)], axes[0][1])
    roles.time = [(position, unit) for _, position, unit in sorted(times)]
    return roles


def name_format(tables):
    """Return the name of the app whose headers these tables have, or ``"plain columns"``."""
    columns = [column for table in tables for column in table.columns]
    bare = {split_name(column)[0] for column in columns}
    if "secondselapsed" in bare:
        return "Sensor Logger"
    if "time" in bare and (bare & {"gfx", "wx"} or {"ax", "ay", "az"} <= bare):
        return "Physics Toolbox"
    if any(re.search(r"(?i)(^| )x \((m/s|rad/s)", column) for column in columns):
        return "phyphox"
    return "plain columns"


def numbers_of(cells):
    """Return a column as floats (NaN where a cell is no number) and as text; a decimal comma is understood.

    Parameters
    ----------
    cells : pandas.Series
    """
    import pandas as pd

    text = cells.astype("string").str.strip()
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(float, na_value=np.nan), text
    plain = text.str.replace(",", ".").str.replace("∞", "inf")
    return pd.to_numeric(plain, errors="coerce").to_numpy(float, na_value=np.nan), text


def numbers_in(table, position):
    """Return one column of a table as floats, NaN where a cell is empty or infinite.

    Raises
    ------
    ValueError
        More than a few cells are neither numbers nor empty.
    """
    numbers, text = numbers_of(table.cells[position])
    blank = text.isna() | text.str.lower().isin(["", "nan", "null", "none", "na", "n/a", "-", "?"])
    strange = np.isnan(numbers) & ~blank.to_numpy(bool)
    if strange.sum() > max(FORGIVEN_CELLS, 0.01 * len(text)):
        row = int(np.flatnonzero(strange)[0])
        raise ValueError(
            f"path: {int(strange.sum())} of {len(text)} cells in column {table.columns[position]!r} of {table.name!r} "
            f"are no numbers, the first is {str(text.iloc[row])!r} in row {row + 1}. Check that the header fits "
            "the columns."
        )
    return np.where(np.isfinite(numbers), numbers, np.nan)


def read_tables(path):
    """Read every table of a recording: one CSV file, or all those in a folder or zip that an app exported.

    Parameters
    ----------
    path : path-like
        A delimited text file, a folder, or a zip.

    Returns
    -------
    tables : list of Table
        Tables with a header line, also those without a sensor that this package knows.
    problems : list of str
        Why the other files of a folder or zip could not be read.

    Raises
    ------
    FileNotFoundError
        No such path.
    ValueError
        Not a table: empty, a spreadsheet, binary, no header, or a folder without any.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"path: there is no file or folder {str(path)!r}. Give the CSV, folder or zip that the app exported; "
            f"a relative path starts at {str(Path.cwd())!r}."
        )
    if not path.is_dir() and not zipfile.is_zipfile(path):
        return [read_table(path.read_bytes(), path.name)], []
    if not path.is_dir() and _is_spreadsheet(path):
        raise ValueError(_not_a_table(path.name, "an Excel file"))
    tables, problems = [], []
    for name, data in _members(path):
        try:
            tables.append(read_table(data, name))
        except ValueError as error:
            problems.append(str(error))
    if not tables:
        raise ValueError(
            f"path: {str(path)!r} holds no readable CSV file. "
            + (" ".join(problems) or "Give the CSV, folder or zip that the app exported.")
        )
    return tables, problems


def _is_spreadsheet(path):
    with zipfile.ZipFile(path) as archive:
        return any(name in ("[Content_Types].xml", "mimetype") for name in archive.namelist())


def _members(path):
    """Yield (name, bytes) of every data file in a folder or zip, hidden and system files left out."""
    if path.is_dir():
        names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    else:
        archive = zipfile.ZipFile(path)
        names = sorted(n for n in archive.namelist() if not n.endswith("/"))
    names = [name for name in names if PurePosixPath(name).suffix.lower() in _DATA_SUFFIXES]
    names = [
        name for name in names if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    ]
    if len(names) > _MOST_FILES:
        raise ValueError(
            f"path: {str(path)!r} holds {len(names)} data files, more than one recording has. Give the file, or the "
            "folder, of one recording."
        )
    for name in names:
        try:
            yield name, (path / name).read_bytes() if path.is_dir() else archive.read(name)
        except (zipfile.BadZipFile, RuntimeError, OSError) as error:
            raise ValueError(
                f"path: {name!r} in {str(path)!r} cannot be read ({error}): the archive is damaged or protected. "
                "Export the recording again."
            ) from error


def _not_a_table(name, what):
    return (
        f"path: {name!r} is {what}, not a CSV table. In the app, export as CSV (phyphox: 'CSV (Comma, decimal "
        "point)'; Sensor Logger: the zip of CSV files), or save the sheet as CSV."
    )


def decode(data, name=""):
    """Return the text of a file: UTF-8 with or without a byte-order mark, UTF-16, else Windows-1252."""
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise ValueError(_not_a_table(name, "a spreadsheet, or a zip that is damaged or incomplete"))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if data[:15] == b"SQLite format 3" or b"\x00" in data[:4096]:
        raise ValueError(_not_a_table(name, "a binary file"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_table(data, name):
    """Read one delimited text file.

    Delimiter (comma, semicolon, tab, blanks), decimal comma, byte-order mark, line ends, quotes, comment lines and
    lines before the header are found out; lines with a wrong number of fields are dropped and counted.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Its name, for messages and to tell sensors apart.

    Returns
    -------
    Table
    """
    import pandas as pd

    text = decode(data, name).replace("−", "-").replace("\x00", "")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"path: {name!r} is empty. Record again, or export the recording again.")
    if lines[0].lstrip().startswith(("{", "[{")) or lines[0].strip() == "[":
        raise ValueError(_not_a_table(name, "JSON"))
    position, delimiter, columns = _find_header(lines, name)
    body = [line for line in lines[position + 1 :] if not line.lstrip().startswith(("#", "//", "%"))]
    if delimiter == " ":
        body = [",".join(line.split()) for line in body]
        delimiter = ","
    rows = list(csv.reader(body[:100], delimiter=delimiter))
    fields = [len(row) for row in rows]
    if delimiter == "," and fields and np.median(fields) > len(columns) + 1:
        raise ValueError(
            f"path: {name!r} has {len(columns)} column names but {int(np.median(fields))} fields in a line: it seems "
            "to use the comma both between columns and inside numbers. Export with a decimal point, or with semicolons."
        )
    if fields and np.median(fields) == len(columns) + 1 and any(row[-1].strip() for row in rows):
        columns = ["", *columns]  # R writes row names without a name for their column
    whole = len(body)
    if not any('"' in line for line in body):
        wanted = {len(columns) - 1, len(columns)}  # a delimiter at the end of a line adds an empty field
        fitting = [line for line in body if line.count(delimiter) in wanted]
        if body and not fitting:
            raise ValueError(
                f"path: {name!r} has {len(columns)} column names ({', '.join(columns)}), but its lines have "
                f"{int(np.median(fields))} fields. Check that the header fits the columns."
            )
        body = fitting
    marks = [re.sub(r"[-+\d\seE]", "", cell) for row in rows for cell in row]
    decimal = "," if delimiter != "," and marks.count(",") > marks.count(".") else "."
    cells = pd.read_csv(
        io.StringIO("\n".join(body)), sep=delimiter, header=None, names=range(len(columns)), decimal=decimal,
        index_col=False, skipinitialspace=True, on_bad_lines="skip", low_memory=False,
    ) if body else pd.DataFrame(columns=range(len(columns)))  # fmt: skip
    return Table(name, columns, cells, malformed=whole - len(cells), delimiter=delimiter)


def _find_header(lines, name):
    """Return (line number, delimiter, column names) of the header."""
    candidates = []
    for position, line in enumerate(lines[:50]):
        for commented in (False, True):
            bare = line.lstrip("\ufeff \t")
            if bare.startswith(("#", "//", "%")) != commented:
                continue
            bare = bare.lstrip("#/% ") if commented else bare
            delimiter = next((d for d in ("\t", ";", ",") if d in bare), " ")
            columns = bare.split() if delimiter == " " else next(csv.reader([bare], delimiter=delimiter))
            columns = [column.strip() for column in columns]
            while len(columns) > 1 and not columns[-1]:
                columns.pop()
            roles = recognise(columns, name)
            numbers = sum(bool(re.fullmatch(r"[-+]?[\d.,]+([eE][-+]?\d+)?", column)) for column in columns)
            candidates.append((bool(roles.sensors), bool(roles.time), -numbers, -position, delimiter, columns))
    # A line that names a sensor is the header; else the first line that is not all numbers.
    *_, numbers, position, delimiter, columns = max(candidates, key=lambda c: c[:4])
    if -numbers == len(columns):
        raise ValueError(
            f"path: {name!r} starts with numbers ({', '.join(columns[:4])}), so nothing says which column is what. Add "
            "a first line with names, for example t,x,y,z."
        )
    return -position, delimiter, columns
