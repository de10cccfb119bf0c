"""WISDM v1.1: 36 people, six activities, a phone in the front trouser pocket."""

import io
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
    archive = open_archive("wisdm", [_RAW], data_home=data_home, download_if_missing=download_if_missing)
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

    A record is ``user,activity,timestamp,x,y,z;`` on a line of its own, and not every record is. Put right are several
    records on a line, a comma before the semicolon, and a missing semicolon at the end of a line. Left out are records
    with a field too few or too many, a number that is none, an unknown activity, or a timestamp of 0, which were never
    measured, and the second of two equal records that follow each other.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    frame : pandas.DataFrame
        Columns ``user`` (int), ``activity`` (as the course names them), ``timestamp`` (ns), ``x``, ``y``, ``z`` (10
        units to 1 g), in the order of the file.
    report : dict of str to int
        How many records there were, were repaired, and were dropped, and why.

    Examples
    --------
    >>> frame, report = parse_raw(b"33,Jogging,49105962326000,-0.7,12.68,0.5;33,Jogging,49106062271000,5.0,11.2,0.9,;")
    >>> frame[["user", "activity", "y"]].values.tolist()
    [[33, 'jogging', 12.68], [33, 'jogging', 11.2]]
    >>> report["repaired: trailing comma"], report["repaired: several on a line"]
    (1, 1)
    """
    data = data.replace(b"\r", b"").replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf")
    report = {
        "repaired: several on a line": len(re.findall(rb";(?=[ \t]*[^\s;])", data)),
        "repaired: trailing comma": len(re.findall(rb",[ \t]*(?:;|\n|\Z)", data)),
        "repaired: no semicolon": len(re.findall(rb"[^;\s][ \t]*(?:\n|\Z)", data)),
    }
    lines = re.sub(rb",?[ \t]*(?:[;\n]\s*)+", b"\n", data + b"\n").strip(b"\n, ")
    records = lines.count(b"\n") + 1 if lines else 0
    columns = ["user", "activity", "timestamp", "x", "y", "z"]
    whole = _SIX_FIELDS.findall(lines)
    kept = lines if len(whole) == records else b"\n".join(whole)
    frame = (
        pd.read_csv(io.BytesIO(kept), header=None, names=columns, low_memory=False)
        if kept
        else pd.DataFrame(columns=columns)
    )
    known = {name.lower(): name.lower() for name in _ACTIVITIES}
    frame["activity"] = frame["activity"].astype(str).str.strip().str.lower().map(known)
    for column in ("user", "timestamp", "x", "y", "z"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    numbers = frame[["user", "timestamp", "x", "y", "z"]].to_numpy(dtype=float)
    sound = np.isfinite(numbers).all(axis=1) & frame["activity"].notna().to_numpy(dtype=bool)
    untimed = sound & (numbers[:, 1] <= 0)
    frame = frame[sound & ~untimed]
    repeated = (frame == frame.shift()).all(axis=1)
    report = {
        "records": records,
        **report,
        "dropped: malformed": records - int(sound.sum()),
        "dropped: no timestamp": int(untimed.sum()),
        "dropped: repeated": int(repeated.sum()),
    }
    frame = frame[~repeated].astype({"user": int, "activity": str}).reset_index(drop=True)
    return frame, report


_SIX_FIELDS = re.compile(rb"^[^,\n]+(?:,[^,\n]+){5}$", re.MULTILINE)


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
    archive = open_archive("wisdm", [_ARFF], data_home=data_home, download_if_missing=download_if_missing)
    try:
        names, frame = _parse_arff(archive.read(_ARFF).decode("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DamagedArchiveError(
            f"{_ARFF} in {archive.path} cannot be read ({error}). Delete {archive.path} and fetch it again."
        ) from error
    return FeatureTable(
        X=frame[names[2:-1]].to_numpy(dtype=float),
        y=frame[names[-1]].str.lower().to_numpy(dtype=str),
        subjects=frame[names[1]].astype(str).to_numpy(dtype=str),
        feature_names=tuple(names[2:-1]),
        name="WISDM v1.1 features",
    )


def _parse_arff(text: str) -> tuple[list[str], pd.DataFrame]:
    header, found, rows = text.partition("@data")
    names = re.findall(r'^@attribute\s+"?(\w+)"?', header, re.MULTILINE)
    if not found or len(names) != 46:
        raise ValueError(f"46 attributes and their data expected, found {len(names)}")
    frame = pd.read_csv(io.StringIO(rows.strip()), header=None, names=names, na_values="?", dtype={names[1]: str})
    unknown = set(frame[names[-1]]) - set(_ACTIVITIES)
    if unknown or frame.empty or not all(frame[name].dtype.kind in "fi" for name in names[2:-1]):
        raise ValueError(
            f"unexpected rows, with classes {sorted(map(str, unknown))}" if unknown else "rows of another form"
        )
    return names, frame
