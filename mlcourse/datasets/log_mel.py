"""From a sound to an image: the log-mel spectrogram, step by step.

Short frames of the sound, each faded in and out; the power of every frequency in each frame; neighbouring frequencies
summed as the ear sums them, narrow bands for low ones and wide bands for high ones; the logarithm, as loudness is felt.
"""

import numpy as np


def log_mel_spectrogram(
    signal, rate, *, window=0.032, step=0.010, n_mels=40, low=60.0, high=None, floor=1e-6
) -> np.ndarray:
    """Compute the log-mel spectrogram of a sound.

    Parameters
    ----------
    signal : array of shape (time,)
        Sound pressure, usually from -1 to 1.
    rate : float
        Samples per second, Hz.
    window, step : float
        Length of a frame, and the distance from one frame to the next, in seconds.
    n_mels : int
        Bands, equally wide in mel.
    low, high : float, optional
        Where the lowest band begins and the highest one ends, Hz. Default for `high`: half the rate, the highest
        frequency there is.
    floor : float
        Added to the power before the logarithm, so that silence has one.

    Returns
    -------
    array of shape (n_mels, frames), float32
        Natural logarithms of power; the lowest band comes first.

    Raises
    ------
    ValueError
        If the signal has missing values or is shorter than one frame, or a setting is not as described.

    References
    ----------
    S. Davis, P. Mermelstein: Comparison of Parametric Representations for Monosyllabic Word Recognition in Continuously
    Spoken Sentences, IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980, figure 1.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> image = log_mel_spectrogram(tone, 8000)
    >>> image.shape, int(image.mean(axis=1).argmax())
    ((40, 97), 17)
    """
    size, hop = frame_sizes(rate, window, step)
    if not floor > 0:
        raise ValueError(f"floor must be above 0, got {floor!r}.")
    n_fft = 2 ** int(np.ceil(np.log2(2 * size)))  # padded with zeros, so that narrow bands have bins of their own
    power = power_spectrogram(signal, size, hop, n_fft)
    bands = mel_filters(n_mels, n_fft, rate, low, high) @ power
    return np.log(bands + floor).astype(np.float32)


def frame_sizes(rate, window, step) -> tuple[int, int]:
    """Samples of a frame, and from one frame to the next.

    Raises
    ------
    ValueError
        If there are none.
    """
    for name, value in (("rate", rate), ("window", window), ("step", step)):
        if not (np.isscalar(value) and np.isreal(value) and np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a number above 0, got {value!r}.")
    size, hop = round(window * rate), round(step * rate)
    if size < 2 or hop < 1:
        raise ValueError(f"window ({window} s) and step ({step} s) are less than a sample long at {rate} Hz.")
    return size, hop


def power_spectrogram(signal, size: int, hop: int, n_fft: int | None = None) -> np.ndarray:
    """Power of each frequency in each frame of a signal.

    Parameters
    ----------
    signal : array of shape (time,)
    size, hop : int
        Samples of a frame, and from one frame to the next. What is left over at the end is in no frame.
    n_fft : int, optional
        Samples of a Fourier transform, at least `size`; frames are filled up with zeros.

    Returns
    -------
    array of shape (n_fft // 2 + 1, frames)

    Raises
    ------
    ValueError
        If the signal is not one row of numbers of at least one frame.
    """
    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1 or not np.isfinite(signal).all():
        raise ValueError(f"signal must be one row of numbers without NaN or infinity, got shape {signal.shape}.")
    if len(signal) < size:
        raise ValueError(
            f"signal is too short: {len(signal)} samples, and one frame takes {size}. Pad it with zeros, or use a "
            "shorter window."
        )
    n_fft = size if n_fft is None else n_fft
    if n_fft < size:
        raise ValueError(f"n_fft must be at least the {size} samples of a frame, got {n_fft}.")
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[::hop]
    # A Hann window: without it, the sudden ends of a frame would look like frequencies of their own.
    fade = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    return np.abs(np.fft.rfft(frames * fade, n_fft).T) ** 2


def mel_filters(n_mels: int, n_fft: int, rate: float, low: float = 60.0, high: float | None = None) -> np.ndarray:
    """Triangular bands, equally spaced in mel, each with a peak of 1.

    Parameters
    ----------
    n_mels : int
    n_fft : int
        Samples of the Fourier transform.
    rate : float
        Hz.
    low, high : float
        Hz; `high` is half the rate by default.

    Returns
    -------
    array of shape (n_mels, n_fft // 2 + 1)
        To be multiplied with powers.

    Raises
    ------
    ValueError
        If the bands do not fit between 0 and half the rate, or are so narrow that one of them holds no frequency.

    Notes
    -----
    The bank of Davis and Mermelstein (1980), with the mel scale of D. O'Shaughnessy, Speech Communication, 1987.
    """
    high = rate / 2 if high is None else high
    if isinstance(n_mels, bool) or int(n_mels) != n_mels or n_mels < 1:
        raise ValueError(f"n_mels must be a whole number of bands, at least 1, got {n_mels!r}.")
    if not 0 <= low < high <= rate / 2:
        raise ValueError(
            f"low and high must be frequencies with 0 <= low < high <= {rate / 2:g} Hz, got {low}, {high}."
        )
    edges = mel_to_hertz(np.linspace(hertz_to_mel(low), hertz_to_mel(high), int(n_mels) + 2))
    frequencies = np.arange(n_fft // 2 + 1) * rate / n_fft
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = np.minimum((frequencies - left) / (middle - left), (right - frequencies) / (right - middle)).clip(0)
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"band {empty[0]} lies between two of the frequencies, which are {rate / n_fft:.1f} Hz apart: use fewer "
            f"bands than {n_mels}, or a longer window."
        )
    return filters


def hertz_to_mel(frequency):
    """Pitch as it is felt, in mel; 1000 Hz are 1000 mel.

    Examples
    --------
    >>> float(hertz_to_mel(1000).round())
    1000.0
    """
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def mel_to_hertz(mel):
    """Frequency of a pitch, Hz; undoes `hertz_to_mel`."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)
