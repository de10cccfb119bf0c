"""A network that reads a spectrogram, and the question in which direction its filters move.

An image looks the same wherever its object is, so filters move along both axes. The axes of a spectrogram mean
different things. The lecture lets the filters move along frequency: each covers all of the time and a few neighbouring
bands, so that a voice that is higher, and has the same pattern some bands further up, is found as well. Filters that
move along time cover all bands, and find a sound whenever it is said.
"""

import torch
from torch import nn

ALONG = ("frequency", "time", "both")


class SpectrogramCNN(nn.Module):
    """A convolutional network for log-mel spectrograms of one size.

    Parameters
    ----------
    n_classes : int
    n_mels, n_frames : int
        Size of the spectrograms.
    filters_along : str
        In which direction the first filters move: ``"frequency"`` (9 bands high, as wide as the image), ``"time"``
        (9 frames wide, as high as the image) or ``"both"`` (9 x 9, as on photographs).

    Notes
    -----
    Two convolutions with pooling, one hidden layer. Along one axis 48 filters are of one dimension after the first
    layer, which has taken the other axis in whole; along both axes there are 16 and 32 of two dimensions.

    Examples
    --------
    >>> net = SpectrogramCNN(filters_along="frequency")
    >>> net(torch.zeros(2, 1, 40, 80)).shape
    torch.Size([2, 10])
    """

    def __init__(self, n_classes: int = 10, n_mels: int = 40, n_frames: int = 80, filters_along: str = "frequency"):
        super().__init__()
        if filters_along not in ALONG:
            raise ValueError(f"filters_along must be one of {', '.join(ALONG)}, not {filters_along!r}.")
        for name, value in (("n_classes", n_classes), ("n_mels", n_mels), ("n_frames", n_frames)):
            least = 2 if name == "n_classes" else 24
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")
        self.n_mels, self.n_frames, self.filters_along = n_mels, n_frames, filters_along
        kernel = {"frequency": (9, n_frames), "time": (n_mels, 9), "both": (9, 9)}[filters_along]
        second = {"frequency": (5, 1), "time": (1, 5), "both": (5, 5)}[filters_along]
        pool = {"frequency": (2, 1), "time": (1, 2), "both": (2, 2)}[filters_along]
        first, then = (16, 32) if filters_along == "both" else (48, 48)
        self.scale = nn.BatchNorm2d(1, affine=False)  # loudness and its spread, learnt from the training data
        self.features = nn.Sequential(
            nn.Conv2d(1, first, kernel),
            nn.ReLU(),
            nn.MaxPool2d(pool),
            nn.Conv2d(first, then, second),
            nn.ReLU(),
            nn.MaxPool2d(pool),
            nn.Flatten(),
        )
        with torch.no_grad():
            size = self.features(torch.zeros(1, 1, n_mels, n_frames)).shape[1]
        self.classifier = nn.Sequential(nn.Dropout(0.4), nn.Linear(size, 64), nn.ReLU(), nn.Linear(64, n_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) for log-mel spectrograms (n, 1, mels, frames)."""
        if x.ndim != 4 or tuple(x.shape[1:]) != (1, self.n_mels, self.n_frames):
            raise ValueError(f"x must have shape (n, 1, {self.n_mels}, {self.n_frames}), not {tuple(x.shape)}.")
        return self.classifier(self.features(self.scale(x)))


class ShiftedInTime:
    """Spectrograms a little earlier or later, and a little louder or softer: for `fit`'s ``augment``.

    Parameters
    ----------
    frames : int
        The largest shift.
    loudness : float
        The largest change of the logarithm of power.
    bands : int
        The largest shift along frequency, as if a lower or higher voice spoke.
    """

    def __init__(self, frames: int = 8, loudness: float = 1.0, bands: int = 0):
        self.frames, self.loudness, self.bands = frames, loudness, bands

    def __call__(self, batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return changed spectrograms of the same shape (n, 1, mels, frames)."""
        n, _, mels, frames = batch.shape

        def shifts(most, size):
            by = torch.randint(-most, most + 1, (n, 1), generator=generator)
            return (torch.arange(size) + by).clamp(0, size - 1)  # what comes in at the edge repeats the edge

        times = shifts(self.frames, frames)[:, None, None, :].expand(batch.shape)
        rows = shifts(self.bands, mels)[:, None, :, None].expand(batch.shape)
        change = self.loudness * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
        return batch.gather(3, times.to(batch.device)).gather(2, rows.to(batch.device)) + change.to(batch)


def pretrained_spectrogram_cnn(filters_along: str = "frequency") -> SpectrogramCNN:
    """The network trained on the Free Spoken Digit Dataset by ``training/spoken_digits.py``.

    Parameters
    ----------
    filters_along : str
        ``"frequency"``, ``"time"`` or ``"both"``.

    Returns
    -------
    SpectrogramCNN
        For log-mel spectrograms of 40 bands and 80 frames, as ``SpokenDigits.log_mel`` makes them.
    """
    from mlcourse.models.weights import load_weights

    return load_weights(SpectrogramCNN(filters_along=filters_along), f"spectrogram_cnn_{filters_along}").eval()
