"""WISDM v1.1: 36 people, six activities, a phone in the front trouser pocket."""

import io
import math
import re

import numpy as np
import pandas as pd

from mlcourse.datasets.activity import ActivityDataset, FeatureTable, Recording
from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.clock import read_clock
from mlcourse.datasets.registry import DATASETS, open_archive

RATE = 20.0
# Five samples' time: the phone's clock trembles by a few hundredths of a second, so less is no gap.
MAX_GAP = 0.25
# The raw file counts 10 units to the acceleration of gravity.
UNIT = 9.80665 / 10

_RAW = "WISDM_ar_v1.1_raw.txt"
_ARFF = "WISDM_ar_v1.1_transformed.arff"
_ACTIVITIES = ("Walking", "Jogging", "Upstairs", "Downstairs", "Sitting", "Standing")


def fetch_wisdm(*, data_home=None, download_if_missing=True) -> ActivityDataset:
    """Load the raw accelerometer readings of WISDM v1.1, 1,098,207 of them at 20 Hz.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (11 MB) if it is nowhere.

    Returns
    -------
    ActivityDataset
        One recording a person, channels ``acc_x, acc_y, acc_z`` in m/s^2. `report` counts what `parse_raw` had to do.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    J. R. Kwapisz, G. M. Weiss, S. A. Moore, Activity Recognition using Cell Phone Accelerometers, SIGKDD Explorations
    12(2), 74-82, 2010.
    """
    with open_archive("wisdm", [_RAW], data_home=data_home, download_if_missing=download_if_missing) as archive:
        frame, report = parse_raw(archive.read(_RAW))
    if frame.empty:
        raise DamagedArchiveError(
            f"{_RAW} in {archive.path} holds no record. Delete {archive.path} and fetch it again."
        )
    recordings = []
    for user, rows in frame.groupby("user", sort=True):
        time, breaks = read_clock(rows["timestamp"].to_numpy() * 1e-9, RATE, MAX_GAP)
        recordings.append(
            Recording(
                signals=rows[["x", "y", "z"]].to_numpy() * UNIT,
                channels=("acc_x", "acc_y", "acc_z"),
                rate=RATE,
                subject=str(user),
                placement="front pocket",
                labels=rows["activity"].to_numpy(dtype=str),
                breaks=breaks,
                time=time,
                name=f"WISDM v1.1 user {user}",
            )
        )
    report["breaks in time"] = sum(len(recording.breaks) for recording in recordings)
    return ActivityDataset("WISDM v1.1", recordings, report=report, notes=DATASETS["wisdm"].citation)


def parse_raw(data: bytes) -> tuple[pd.DataFrame, dict[str, int]]:
    """Parse the text of the raw file, whatever state it is in.

    A record is ``user,activity,timestamp,x,y,z;`` on a line of its own, and not every record is. The policy:

    - Repaired: several records on a line, a comma before the semicolon, a missing semicolon.
    - Dropped: a field too few or too many, a number that is none, an unknown activity (malformed); a timestamp of 0,
      which was never measured; the second of two equal records in succession.
    - Kept: everything else, in the order of the file. Time that jumps is left to `fetch_wisdm`, which begins a new
      stretch wherever it goes back, or ahead by more than 0.25 s, also where dropped records leave such a hole.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    frame : pandas.DataFrame
        Columns ``user`` (int), ``activity`` (as the course names them), ``timestamp`` (ns), ``x``, ``y``, ``z`` (10
        units to 1 g), in the order of the file.
    report : dict of str to int
        How many records there were, were repaired, and were dropped, and why. What was repaired first and dropped for
        another reason counts as dropped only.

    Examples
    --------
    >>> frame, report = parse_raw(b"33,Jogging,49105962326000,-0.7,12.68,0.5;33,Jogging,49106062271000,5.0,11.2,0.9,;")
    >>> frame[["user", "activity", "y"]].values.tolist()
    [[33, 'jogging', 12.68], [33, 'jogging', 11.2]]
    >>> report["repaired: trailing comma"], report["repaired: several on a line"]
    (1, 1)
    """
    report = dict.fromkeys(
        (
            "records",
            "repaired: several on a line",
            "repaired: trailing comma",
            "repaired: no semicolon",
            "dropped: malformed",
            "dropped: no timestamp",
            "dropped: repeated",
        ),
        0,
    )
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    clean = _ODD_LINE.sub(lambda line: _repaired(line[0], report), data)
    report["repaired: trailing comma"] += clean.count(b",;")  # of odd lines no semicolon is left
    clean = clean.replace(b",;", b"").replace(b";", b"")
    columns = {"user": int, "activity": str, "timestamp": int, "x": float, "y": float, "z": float}
    report["records"] = report["dropped: malformed"]
    if not clean.strip():
        return pd.DataFrame({name: np.empty(0, kind) for name, kind in columns.items()}), report
    frame = pd.read_csv(io.BytesIO(clean), header=None, names=list(columns), dtype=columns, skipinitialspace=True)
    report["records"] += len(frame)
    frame["activity"] = frame["activity"].str.lower()
    timed = (frame["timestamp"] > 0).to_numpy()
    frame = frame[timed]
    repeated = (frame == frame.shift()).all(axis=1).to_numpy()
    report["dropped: no timestamp"] = int((~timed).sum())
    report["dropped: repeated"] = int(repeated.sum())
    return frame[~repeated].reset_index(drop=True), report


# Nearly all lines hold one record and are read in one go; a regular expression finds the others.
_NUMBER = rb"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_USUAL = rb"[0-9]{1,9}, *(?:%b), *[0-9]{1,18}(?:, *%b){3}" % ("|".join(_ACTIVITIES).encode(), _NUMBER)
_ODD_LINE = re.compile(rb"^(?!%b,?;$).+$" % _USUAL, re.MULTILINE)
_USUAL_BUT_COMMA = re.compile(rb"(%b)(,?)" % _USUAL)


def _repaired(line: bytes, report: dict[str, int]) -> bytes:
    """The sound records of a line, one a line; counts what was done in `report`."""
    pieces = line.split(b";")
    sound = []
    for place, piece in enumerate(pieces):
        piece = piece.strip(b" \t\x00")
        if not piece:
            continue
        usual = _USUAL_BUT_COMMA.fullmatch(piece)
        record, comma = usual.groups() if usual else _unusual(piece)
        if record is None:
            report["dropped: malformed"] += 1
            continue
        report["repaired: trailing comma"] += bool(comma)
        report["repaired: no semicolon"] += place == len(pieces) - 1
        report["repaired: several on a line"] += bool(sound)
        sound.append(record)
    return b"\n".join(sound)


def _unusual(piece: bytes) -> tuple[bytes | None, bool]:
    """A record in the usual form, or None if it is none; and whether a comma stood behind it."""
    fields = [field.strip() for field in piece.split(b",")]
    comma = len(fields) == 7 and not fields[6]
    if len(fields) - comma != 6 or fields[1].lower() not in {name.lower().encode() for name in _ACTIVITIES}:
        return None, comma
    try:
        user, timestamp = int(fields[0]), int(float(fields[2])) if b"." in fields[2] else int(fields[2])
        values = [float(field) for field in fields[3:6]]
    except (ValueError, OverflowError):
        return None, comma
    if not (0 <= user < 10**9 and 0 <= timestamp < 10**18 and all(map(math.isfinite, values))):
        return None, comma
    return b"%d,%b,%d,%b" % (user, fields[1], timestamp, ",".join(map(repr, values)).encode()), comma


def fetch_wisdm_features(*, data_home=None, download_if_missing=True) -> FeatureTable:
    """Load the 43 features of WISDM v1.1, a row for each of 5,418 windows of 10 seconds.

    Parameters
    ----------
    data_home : path-like, optional
        As in `fetch_wisdm`.
    download_if_missing : bool

    Returns
    -------
    FeatureTable
        `X` has shape (5418, 43), with NaN where the file says ``?``: 615 times, a time between peaks that could not be
        told. Units are the file's own: 10 units to 1 g, and milliseconds.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    J. R. Kwapisz, G. M. Weiss, S. A. Moore, Activity Recognition using Cell Phone Accelerometers, SIGKDD Explorations
    12(2), 74-82, 2010. Section 3.2 defines the features.
    """
    with open_archive("wisdm", [_ARFF], data_home=data_home, download_if_missing=download_if_missing) as archive:
        data = archive.read(_ARFF)
    try:
        names, frame = _parse_arff(data.decode("utf-8"))
    except (ValueError, pd.errors.ParserError) as error:
        raise DamagedArchiveError(
            f"{_ARFF} in {archive.path} cannot be read ({error}). Delete {archive.path} and fetch it again."
        ) from None
    return FeatureTable(
        X=frame[names[2:-1]].to_numpy(dtype=float),
        y=frame[names[-1]].str.lower().to_numpy(dtype=str),
        subjects=frame[names[1]].to_numpy(dtype=str),
        feature_names=tuple(names[2:-1]),
        name="WISDM v1.1 features",
    )


def _parse_arff(text: str) -> tuple[list[str], pd.DataFrame]:
    """Names of the attributes, and a row an example: an identifier, the user, 43 features and the class."""
    header, found, rows = text.replace("\r", "").partition("@data")
    names = re.findall(r'^@attribute\s+"?(\w+)"?', header, re.MULTILINE)
    rows = "\n".join(row for row in rows.splitlines() if row.strip() and not row.startswith("%"))
    if not found or len(names) != 46 or not rows:
        raise ValueError(f"46 attributes and their data expected, found {len(names)}")
    if any(row.count(",") != 45 for row in rows.splitlines()):
        raise ValueError("46 fields a row expected")
    frame = pd.read_csv(io.StringIO(rows), header=None, names=names, na_values="?", dtype={names[1]: str})
    unknown = set(frame[names[-1]]) - set(_ACTIVITIES)
    if unknown:
        raise ValueError(f"unexpected classes {sorted(map(str, unknown))}")
    if not all(frame[name].dtype.kind in "fi" for name in names[2:-1]):
        raise ValueError("features that are no numbers")
    return names, frame
