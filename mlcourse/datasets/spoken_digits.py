"""Free Spoken Digit Dataset: the digits 0 to 9, said fifty times each by six people."""

import io
import re
import wave
from dataclasses import dataclass

import numpy as np

from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.log_mel import log_mel_spectrogram
from mlcourse.datasets.registry import open_archive

_NAME = re.compile(r"(?:^|/)recordings/(\d)_([a-z]+)_(\d+)\.wav$")
_TEST = 5  # of the fifty recordings of each digit and person, the first five are for testing


@dataclass(frozen=True, eq=False)
class SpokenDigits:
    """Recordings of spoken digits.

    Parameters
    ----------
    waves : tuple of arrays of shape (time,), float32
        Sound from -1 to 1; each as long as it takes.
    y : array of shape (n,), int
        The digits.
    speakers : array of shape (n,), str
    indices : array of shape (n,), int
        Number of the recording among those of the same digit and speaker.
    rate : float
        Samples per second, Hz.
    """

    waves: tuple[np.ndarray, ...]
    y: np.ndarray
    speakers: np.ndarray
    indices: np.ndarray
    rate: float = 8000.0

    def __len__(self) -> int:
        return len(self.waves)

    @property
    def test(self) -> np.ndarray:
        """Mask of the official test part: recordings 0 to 4 of each digit and speaker."""
        return self.indices < _TEST

    def select(self, mask) -> "SpokenDigits":
        """Keep some of the recordings.

        Parameters
        ----------
        mask : array of shape (n,), bool
        """
        mask = np.asarray(mask)
        if mask.shape != (len(self),) or mask.dtype != bool:
            raise ValueError(f"mask must be {len(self)} truth values, not {mask.dtype} of shape {mask.shape}.")
        waves = tuple(wave for wave, keep in zip(self.waves, mask, strict=True) if keep)
        return SpokenDigits(waves, self.y[mask], self.speakers[mask], self.indices[mask], self.rate)

    def log_mel(self, n_mels=40, n_frames=80, **settings) -> np.ndarray:
        """Log-mel spectrograms of one size.

        Shorter recordings are followed by silence, longer ones cut off. At the usual 100 frames a second, 80 frames
        hold 98 % of them whole.

        Parameters
        ----------
        n_mels, n_frames : int
        **settings
            See `log_mel_spectrogram`.

        Returns
        -------
        array of shape (n, n_mels, n_frames), float32
        """
        step, window = settings.get("step", 0.010), settings.get("window", 0.032)
        needed = int(np.ceil((window + (n_frames - 1) * step) * self.rate))
        images = np.empty((len(self), n_mels, n_frames), dtype=np.float32)
        for i, sound in enumerate(self.waves):
            padded = np.pad(sound[:needed], (0, max(0, needed - len(sound))))
            images[i] = log_mel_spectrogram(padded, self.rate, n_mels=n_mels, **settings)[:, :n_frames]
        return images

    def plot(self, index: int = 0):
        """Plot one recording: its wave, and its log-mel spectrogram.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.sound import plot_sound

        sound = self.waves[index]
        title = f"{self.y[index]}, said by {self.speakers[index]}"
        return plot_sound(sound, log_mel_spectrogram(sound, self.rate), self.rate, step=0.010, low=60.0, title=title)

    def __repr__(self) -> str:
        seconds = sum(map(len, self.waves)) / self.rate
        return (
            f"SpokenDigits: {len(self):,} recordings ({seconds / 60:.0f} minutes) at {self.rate:g} Hz of "
            f"{len(set(self.speakers))} people; {int(self.test.sum())} for testing"
        )


def fetch_spoken_digits(*, data_home=None, download_if_missing=True) -> SpokenDigits:
    """Load the Free Spoken Digit Dataset, version 1.0.10.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (16 MB) if it is nowhere.

    Returns
    -------
    SpokenDigits
        In the order of digit, speaker and index.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    Z. Jackson and others: Jakobovski/free-spoken-digit-dataset: v1.0.10, 2020. DOI 10.5281/zenodo.1342401
    """
    found = []
    with open_archive("spoken_digits", data_home=data_home, download_if_missing=download_if_missing) as archive:
        for name in archive.names():
            if match := _NAME.search(name):
                digit, speaker, index = match.groups()
                found.append((int(digit), speaker, int(index), *_read(archive, name)))
        if not found:
            raise DamagedArchiveError(f"{archive.path} holds no recordings/DIGIT_NAME_INDEX.wav. Fetch it again.")
        rates = {rate for *_, rate in found}
        if len(rates) > 1:
            raise DamagedArchiveError(f"{archive.path} has recordings of different rates: {sorted(rates)} Hz.")
    found.sort(key=lambda one: one[:3])
    digits, speakers, indices, waves, _ = zip(*found, strict=True)
    return SpokenDigits(waves, np.array(digits), np.array(speakers), np.array(indices), float(rates.pop()))


def _read(archive, name) -> tuple[np.ndarray, int]:
    """Samples and rate of a wav file of 16 bits and one channel."""
    try:
        with wave.open(io.BytesIO(archive.read(name))) as file:
            width, channels, announced = file.getsampwidth(), file.getnchannels(), file.getnframes()
            content, rate = file.readframes(announced), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise DamagedArchiveError(f"{name} in {archive.path} is no whole wav file: {error}. Fetch it again.") from None
    if (width, channels) != (2, 1):
        raise DamagedArchiveError(
            f"{name} in {archive.path} has {8 * width} bits and {channels} channels; 16 bits and one channel are read."
        )
    if not announced or len(content) != 2 * announced:
        raise DamagedArchiveError(
            f"{name} in {archive.path} is cut off: {len(content) // 2} of {announced} samples. Fetch it again."
        )
    return np.frombuffer(content, dtype="<i2").astype(np.float32) / 2**15, rate
