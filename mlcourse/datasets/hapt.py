"""HAPT v2.1: 30 people with a phone at the waist, six activities and the transitions between them."""

import io
import re

import numpy as np
import pandas as pd

from mlcourse.datasets.activity import ActivityDataset, Recording
from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.registry import DATASETS, open_archive

RATE = 50.0
GRAVITY = 9.80665

#: The six activities of UCI HAR, without the transitions between them.
BASIC_ACTIVITIES = ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")
#: Users whom UCI HAR keeps for testing; HAPT has the same people.
TEST_SUBJECTS = ("2", "4", "9", "10", "12", "13", "18", "20", "24")

# By the publisher's numbers, from 1 on.
_ACTIVITIES = (
    *BASIC_ACTIVITIES,
    "stand-to-sit",
    "sit-to-stand",
    "sit-to-lie",
    "lie-to-sit",
    "stand-to-lie",
    "lie-to-stand",
)
_LABELS = "RawData/labels.txt"


def fetch_hapt(*, data_home=None, download_if_missing=True) -> ActivityDataset:
    """Load the raw accelerometer and gyroscope signals of HAPT, 1,122,772 samples at 50 Hz.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (80 MB) if it is nowhere.

    Returns
    -------
    ActivityDataset
        One recording an experiment, channels ``acc_*`` in m/s^2 and ``gyro_*`` in rad/s; `test_subjects` are those of
        UCI HAR. What lies between two labelled activities has the label ``""``.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    J.-L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra, D. Anguita, Transition-Aware Human Activity Recognition Using
    Smartphones, Neurocomputing 171, 754-767, 2016.
    """
    with open_archive("hapt", [_LABELS], data_home=data_home, download_if_missing=download_if_missing) as archive:
        labels = _numbers(archive, _LABELS, 5).astype(int)
        found = [re.search(r"(?:^|/)acc_exp(\d+)_user(\d+)\.txt$", name) for name in archive.names(within="RawData")]
        recordings = [_recording(archive, match[1], match[2], labels) for match in found if match]
    if not recordings:
        raise DamagedArchiveError(f"{archive.path} holds no recording. Delete it and fetch it again.")
    people = {recording.subject for recording in recordings}
    return ActivityDataset(
        "HAPT v2.1",
        recordings,
        test_subjects=[subject for subject in TEST_SUBJECTS if subject in people],
        notes=DATASETS["hapt"].citation,
    )


def _recording(archive, experiment: str, user: str, labels: np.ndarray) -> Recording:
    """One experiment; `labels` has rows of experiment, user, activity, first and last sample."""
    acceleration, rotation = (
        _numbers(archive, f"RawData/{sensor}_exp{experiment}_user{user}.txt", 3) for sensor in ("acc", "gyro")
    )
    n = len(acceleration)
    if len(rotation) != n:
        raise DamagedArchiveError(
            f"experiment {experiment} in {archive.path} has {n} readings of acceleration, but {len(rotation)} of "
            f"rotation. Delete {archive.path} and fetch it again."
        )
    said = np.full(n, "", dtype=object)
    for _, _, activity, start, end in labels[(labels[:, 0] == int(experiment)) & (labels[:, 1] == int(user))]:
        if not (1 <= activity <= len(_ACTIVITIES) and 1 <= start <= end <= n):
            raise DamagedArchiveError(
                f"{_LABELS} in {archive.path} says that experiment {experiment} has activity {activity} from {start} "
                f"to {end}, but there are {len(_ACTIVITIES)} activities and {n} readings. Delete {archive.path} and "
                "fetch it again."
            )
        said[start - 1 : end] = _ACTIVITIES[activity - 1]  # 1-based, both ends belong to it
    return Recording(
        signals=np.hstack([acceleration * GRAVITY, rotation]),
        channels=("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"),
        rate=RATE,
        subject=str(int(user)),
        placement="waist",
        labels=said.astype(str),
        name=f"HAPT experiment {int(experiment)}, user {int(user)}",
    )


def _numbers(archive, member: str, columns: int) -> np.ndarray:
    """Read a table of numbers separated by blanks."""
    try:
        table = pd.read_csv(io.BytesIO(archive.read(member)), sep=r"\s+", header=None, dtype=float).to_numpy()
        if table.shape[1] != columns or not np.isfinite(table).all():
            raise ValueError(f"{columns} numbers a line expected")
    except KeyError:
        raise DamagedArchiveError(f"{archive.path} lacks {member}. Delete it and fetch it again.") from None
    except ValueError as error:  # pandas' own errors are among them
        raise DamagedArchiveError(
            f"{member} in {archive.path} is damaged ({error}). Delete {archive.path} and fetch it again."
        ) from None
    return table
