"""WISDM smartphone and smartwatch: 51 people, 18 activities, a phone in the pocket and a watch on the wrist."""

import csv
import io
import re

import numpy as np
import pandas as pd

from mlcourse.datasets.activity import ActivityDataset, Recording
from mlcourse.datasets.archive import Archive, DamagedArchiveError
from mlcourse.datasets.registry import DATASETS, open_archive
from mlcourse.datasets.resampling import measured_rate, resample, split_at_gaps

RATE = 20.0
# Five samples' time; what is missing for longer is not made up by interpolation.
MAX_GAP = 0.25
#: The four streams: a device and a sensor.
STREAMS = ("phone accel", "phone gyro", "watch accel", "watch gyro")

_CHANNELS = {"accel": ("acc_x", "acc_y", "acc_z"), "gyro": ("gyro_x", "gyro_y", "gyro_z")}
_PLACEMENTS = {"phone": "front pocket", "watch": "wrist"}
# The key file's short words, as the other data sets would say it.
_NAMES = {
    "teeth": "brushing teeth",
    "soup": "eating soup",
    "chips": "eating chips",
    "pasta": "eating pasta",
    "sandwich": "eating sandwich",
    "kicking": "kicking ball",
    "catch": "playing catch",
    "dribbling": "dribbling ball",
    "folding": "folding clothes",
}


def fetch_wisdm_51(streams=("phone accel",), *, data_home=None, download_if_missing=True) -> ActivityDataset:
    """Load raw streams of the WISDM smartphone and smartwatch data set, brought to exactly 20 Hz.

    Parameters
    ----------
    streams : str or sequence of str
        Among ``"phone accel"``, ``"phone gyro"``, ``"watch accel"``, ``"watch gyro"``. Accelerometer and gyroscope of
        one device are brought to a common clock and become one recording. The clocks of phone and watch have nothing in
        common, so these are recordings of their own, and must have the same sensors.
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (about 300 MB) if it is nowhere.

    Returns
    -------
    ActivityDataset
        One recording a person and device, its activities one after the other with a break between. Channels
        ``acc_*`` in m/s^2 and ``gyro_*`` in rad/s. `report` tells whose phone did not keep 20 Hz.

    Raises
    ------
    ValueError
        If `streams` are not as described.
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    Notes
    -----
    Every stretch without a gap of more than 0.25 s is resampled to 20 Hz, with an anti-alias filter where a phone was
    faster (`mlcourse.datasets.resampling.resample`). Time jumps back between activities, because the publisher sorted
    them by letter: a break. Records that are malformed, or repeat a time, are left out and counted. Only people are
    loaded of whom there are all the streams asked for; the report names the others.

    References
    ----------
    G. M. Weiss, K. Yoneda, T. Hayajneh, Smartphone and Smartwatch-Based Biometrics Using Activities of Daily Living,
    IEEE Access 7, 133190-133202, 2019.
    """
    devices = _devices(streams)
    report = {"records": 0, "dropped: malformed": 0, "dropped: repeated time": 0}
    recordings, rates = [], {}
    with open_archive(
        "wisdm_51", ["activity_key.txt"], data_home=data_home, download_if_missing=download_if_missing
    ) as archive:
        names = _activity_names(archive)
        for device, sensors in devices.items():
            files = {sensor: _files(archive, device, sensor) for sensor in sensors}
            people = set.intersection(*(set(found) for found in files.values()))
            partial = set.union(*(set(found) for found in files.values())) - people
            if partial:
                report[f"left out: {device} without one of the sensors"] = ", ".join(sorted(partial, key=int))
            for subject in sorted(people, key=int):
                frames = [_parse(archive, files[sensor][subject], names, report) for sensor in sensors]
                recording, rate = _recording(frames, sensors, subject, device)
                if recording is not None:
                    recordings.append(recording)
                    if abs(rate / RATE - 1) > 0.05:
                        rates[f"{device} of {subject}"] = f"{rate:.1f} Hz"
    if not recordings:
        raise DamagedArchiveError(
            f"{archive.path} holds no person with {', '.join(_as_tuple(streams))}. Fetch the whole archive: "
            "mlcourse data fetch wisdm_51"
        )
    if rates:
        report["resampled from another rate"] = ", ".join(f"{who} {rate}" for who, rate in rates.items())
    return ActivityDataset("WISDM-51", recordings, report=report, notes=DATASETS["wisdm_51"].citation)


def _as_tuple(streams) -> tuple[str, ...]:
    return (streams,) if isinstance(streams, str) else tuple(streams)


def _devices(streams) -> dict[str, list[str]]:
    """Sensors wanted of each device, accelerometer first."""
    streams = _as_tuple(streams)
    unknown = [stream for stream in streams if stream not in STREAMS]
    if unknown or not streams:
        raise ValueError(f"streams must be among {', '.join(map(repr, STREAMS))}, got {unknown or 'none'}.")
    devices = {}
    for stream in STREAMS:
        if stream in streams:
            device, sensor = stream.split()
            devices.setdefault(device, []).append(sensor)
    if len({tuple(sensors) for sensors in devices.values()}) > 1:
        raise ValueError(
            f"streams of phone and watch must have the same sensors to be in one data set, got {', '.join(streams)}; "
            "fetch them one device at a time."
        )
    return devices


def _activity_names(archive: Archive) -> dict[str, str]:
    pairs = re.findall(r"^\s*(\w+)\s*=\s*([A-S])\s*$", archive.read("activity_key.txt").decode("latin-1"), re.MULTILINE)
    if not pairs:
        raise DamagedArchiveError(
            f"activity_key.txt in {archive.path} names no activity. Delete it and fetch it again."
        )
    return {letter: _NAMES.get(word, word) for word, letter in pairs}


def _files(archive: Archive, device: str, sensor: str) -> dict[str, str]:
    """Member of each person."""
    found = {}
    for member in archive.names(f"_{sensor}_{device}.txt", within=f"raw/{device}/{sensor}"):
        match = re.search(r"data_(\d+)_", member)
        if match:
            found[match[1]] = member
    return found


def _parse(archive: Archive, member: str, names: dict[str, str], report: dict) -> pd.DataFrame:
    """Parse one file; its rows stay in order, times in seconds."""
    lines = archive.read(member).replace(b"\r", b"").replace(b";", b"\n")
    records = len(re.findall(rb"^[ \t]*\S", lines, re.MULTILINE))
    kept = _SIX_FIELDS.findall(lines)
    columns = ["subject", "letter", "time", "x", "y", "z"]
    frame = (
        pd.read_csv(
            io.BytesIO(b"\n".join(kept)),
            header=None,
            names=columns,
            skipinitialspace=True,
            quoting=csv.QUOTE_NONE,
            encoding="latin-1",
            low_memory=False,
        )
        if kept
        else pd.DataFrame(columns=columns)
    )
    frame["activity"] = frame["letter"].astype(str).str.strip().map(names)
    for column in ("time", "x", "y", "z"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    numbers = frame[["time", "x", "y", "z"]].to_numpy(dtype=float)
    frame = frame[np.isfinite(numbers).all(axis=1) & frame["activity"].notna()]
    repeated = (frame["time"] == frame["time"].shift()) & (frame["letter"] == frame["letter"].shift())
    report["records"] += records
    report["dropped: malformed"] += records - len(frame)
    report["dropped: repeated time"] += int(repeated.sum())
    frame = frame[~repeated]
    return frame.assign(time=frame["time"] * 1e-9)[["activity", "time", "x", "y", "z"]].reset_index(drop=True)


_SIX_FIELDS = re.compile(rb"^[^,\n]+(?:,[^,\n]+){5}$", re.MULTILINE)


def _recording(frames: list[pd.DataFrame], sensors: list[str], subject: str, device: str):
    """Bring one person's sensors of one device to a common clock of 20 Hz; also return the rate that they had."""
    pieces, rates = [], []
    for activity in dict.fromkeys(frames[0]["activity"]):
        streams = [_stretches(frame[frame["activity"] == activity]) for frame in frames]
        rates += [rate for _, rate in streams[0]]
        for times in _common(*[[time for (time, _), _ in stream] for stream in streams]):
            columns = []
            for stream in streams:
                (time, values), rate = next(
                    s for s in stream if s[0][0][0] <= times[0] and times[-1] <= s[0][0][-1] + 1e-9
                )
                columns.append(resample(time, values, RATE, start=times[0], count=len(times), source_rate=rate))
            pieces.append((activity, np.hstack(columns), times[0]))
    if not pieces:
        return None, RATE
    lengths = [len(signals) for _, signals, _ in pieces]
    recording = Recording(
        signals=np.concatenate([signals for _, signals, _ in pieces]),
        channels=tuple(channel for sensor in sensors for channel in _CHANNELS[sensor]),
        rate=RATE,
        subject=subject,
        placement=_PLACEMENTS[device],
        labels=np.repeat([activity for activity, _, _ in pieces], lengths),
        breaks=np.cumsum(lengths)[:-1],
        name=f"WISDM-51 {device} of {subject}",
    )
    return recording, float(np.median(rates))


def _stretches(frame: pd.DataFrame):
    """Stretches of one activity without a gap: ``((time, values), measured rate)`` each."""
    time, values = frame["time"].to_numpy(), frame[["x", "y", "z"]].to_numpy()
    back = np.flatnonzero(np.diff(time) < 0) + 1
    found = []
    for piece in split_at_gaps(time, MAX_GAP, cuts=back):
        if piece.stop - piece.start >= 4:
            found.append(((time[piece], values[piece]), measured_rate(time[piece])))
    return found


def _common(first: list[np.ndarray], *others: list[np.ndarray]) -> list[np.ndarray]:
    """Clocks of 20 Hz for each time in which all sensors have a stretch."""
    spans = [(time[0], time[-1]) for time in first]
    for other in others:
        spans = [
            (max(a, time[0]), min(b, time[-1]))
            for a, b in spans
            for time in other
            if min(b, time[-1]) > max(a, time[0])
        ]
    return [a + np.arange(int(np.floor((b - a) * RATE + 1e-6)) + 1) / RATE for a, b in spans]
