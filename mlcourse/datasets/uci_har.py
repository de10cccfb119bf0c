"""UCI HAR: the windows that HAPT's recordings were cut into first, and 561 features of each."""

import io
import re
from collections import Counter

import numpy as np
import pandas as pd

from mlcourse.datasets.activity import ActivityDataset, FeatureTable, Recording
from mlcourse.datasets.archive import Archive, DamagedArchiveError
from mlcourse.datasets.hapt import BASIC_ACTIVITIES, GRAVITY, RATE
from mlcourse.datasets.registry import DATASETS, open_archive

LENGTH, STEP = 128, 64
# The publisher's files and what the course calls them.
_SIGNALS = {"total_acc": "acc", "body_acc": "body_acc", "body_gyro": "gyro"}


def fetch_uci_har(*, features=False, data_home=None, download_if_missing=True) -> ActivityDataset | FeatureTable:
    """Load UCI HAR: 30 people, six activities, a phone at the waist, 50 Hz.

    Parameters
    ----------
    features : bool
        Whether to load the 561 features of each window instead of the signals.
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (61 MB) if it is nowhere.

    Returns
    -------
    ActivityDataset or FeatureTable
        Signals: channels ``acc_*`` (with gravity) and ``body_acc_*`` (without) in m/s^2, ``gyro_*`` in rad/s. The
        publisher gives windows of 128 samples of which 64 overlap; they are joined again where they fit, so that
        ``.windows(2.56, 0.5)`` gives exactly the publisher's windows back. Features: `X` of shape (windows, 561),
        scaled to [-1, 1] by the publisher.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz, A Public Domain Dataset for Human Activity Recognition
    Using Smartphones, ESANN 2013.
    """
    parts = ("train", "test")
    needed = [f"{part}/{file}_{part}.txt" for part in parts for file in ("y", "subject", *(["X"] if features else []))]
    if features:
        needed.append("features.txt")
    else:
        needed += [f"{part}/Inertial Signals/{name}_x_{part}.txt" for part in parts for name in _SIGNALS]
    with open_archive("uci_har", needed, data_home=data_home, download_if_missing=download_if_missing) as archive:
        said = {part: _said(archive, part) for part in parts}
        test_subjects = tuple(str(subject) for subject in np.unique(said["test"][1]))
        if features:
            return FeatureTable(
                X=np.concatenate([_table(archive, f"{part}/X_{part}.txt", len(said[part][0]), 561) for part in parts]),
                y=np.concatenate([said[part][0] for part in parts]),
                subjects=np.concatenate([said[part][1] for part in parts]).astype(str),
                feature_names=_feature_names(archive),
                test_subjects=test_subjects,
                name="UCI HAR features",
            )
        recordings = [
            recording
            for part in parts
            for recording in _recordings(_windows(archive, part, len(said[part][0])), *said[part])
        ]
    return ActivityDataset("UCI HAR", recordings, test_subjects=test_subjects, notes=DATASETS["uci_har"].citation)


def _said(archive: Archive, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Activity and subject of each window."""
    codes = _table(archive, f"{part}/y_{part}.txt", None, 1)[:, 0].astype(int)
    if not np.isin(codes, np.arange(1, len(BASIC_ACTIVITIES) + 1)).all():
        raise DamagedArchiveError(f"{part}/y_{part}.txt in {archive.path} holds an activity other than 1 to 6.")
    subjects = _table(archive, f"{part}/subject_{part}.txt", len(codes), 1)[:, 0].astype(int)
    return np.array(BASIC_ACTIVITIES)[codes - 1], subjects


def _windows(archive: Archive, part: str, n: int) -> np.ndarray:
    """Signals of shape (windows, time, channels)."""
    columns = []
    for name in _SIGNALS:
        for axis in "xyz":
            signal = _table(archive, f"{part}/Inertial Signals/{name}_{axis}_{part}.txt", n, LENGTH)
            columns.append(signal if "gyro" in name else signal * GRAVITY)
    return np.stack(columns, axis=2)


def _recordings(X, activities, subjects) -> list[Recording]:
    """Join windows of one person where the second half of one is the first half of the next."""
    joined = np.zeros(len(X), dtype=bool)
    joined[1:] = (
        (X[:-1, STEP:] == X[1:, :STEP]).all(axis=(1, 2))
        & (activities[:-1] == activities[1:])
        & (subjects[:-1] == subjects[1:])
    )
    recordings = []
    for subject in dict.fromkeys(subjects.tolist()):
        own = np.flatnonzero(subjects == subject)
        pieces = [X[index, STEP:] if joined[index] else X[index] for index in own]
        lengths = [len(piece) for piece in pieces]
        starts = np.cumsum([0, *lengths[:-1]])
        recordings.append(
            Recording(
                signals=np.concatenate(pieces),
                channels=tuple(f"{short}_{axis}" for short in _SIGNALS.values() for axis in "xyz"),
                rate=RATE,
                subject=str(subject),
                placement="waist",
                labels=np.repeat(activities[own], lengths),
                breaks=starts[1:][~joined[own[1:]]],
                name=f"UCI HAR user {subject}",
            )
        )
    return recordings


def _feature_names(archive: Archive) -> tuple[str, ...]:
    """Names of the 561 features; the publisher uses some three times, so the others are numbered."""
    names = re.findall(r"^\s*\d+[ \t]+(\S.*?)\s*$", archive.read("features.txt").decode("latin-1"), re.MULTILINE)
    if len(names) != 561:
        raise DamagedArchiveError(
            f"features.txt in {archive.path} holds {len(names)} names, not 561. Delete {archive.path} and fetch it "
            "again."
        )
    seen = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        names[place] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return tuple(names)


def _table(archive: Archive, member: str, rows: int | None, columns: int) -> np.ndarray:
    try:
        table = pd.read_csv(io.BytesIO(archive.read(member)), sep=r"\s+", header=None, dtype=float).to_numpy()
        if not np.isfinite(table).all() or table.shape != (len(table) if rows is None else rows, columns):
            raise ValueError(f"{rows or 'some'} rows of {columns} numbers expected, got {len(table)}")
    except KeyError:
        raise DamagedArchiveError(f"{archive.path} lacks {member}. Delete it and fetch it again.") from None
    except ValueError as error:  # pandas' own errors are among them
        raise DamagedArchiveError(
            f"{member} in {archive.path} is damaged ({error}). Delete {archive.path} and fetch it again."
        ) from None
    return table
