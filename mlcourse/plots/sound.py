"""A sound as a wave and as an image."""

import numpy as np


def plot_sound(sound, image, rate, *, step=0.010, low=60.0, high=None, title=""):
    """Plot a sound's wave, and its log-mel spectrogram below on the same axis of time.

    Parameters
    ----------
    sound : array of shape (time,)
    image : array of shape (mels, frames)
        Natural logarithms of power, the lowest band first.
    rate : float
        Samples per second, Hz.
    step : float
        From one frame to the next, s.
    low, high : float
        Where the lowest band begins and the highest one ends, Hz; `high` is half the rate by default.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the arrays do not have these shapes.

    Examples
    --------
    >>> figure = plot_sound(np.zeros(800), np.zeros((40, 7)), 8000)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['sound', 'frequency (Hz)', 'log power']
    """
    import matplotlib.pyplot as plt

    sound, image = np.asarray(sound, dtype=float), np.asarray(image, dtype=float)
    if sound.ndim != 1 or image.ndim != 2 or not image.size:
        raise ValueError(
            f"sound must have shape (time,) and image (mels, frames), not {sound.shape} and {image.shape}."
        )
    figure, (wave, bands) = plt.subplots(
        2, 1, figsize=(8, 4.2), layout="constrained", sharex=True, height_ratios=(1, 2.2)
    )
    wave.plot(np.arange(len(sound)) / rate, sound, linewidth=0.6)
    wave.set(ylabel="sound", title=title)
    seconds = image.shape[1] * step
    drawn = bands.imshow(
        image, origin="lower", aspect="auto", extent=(0, seconds, 0, len(image)), interpolation="nearest"
    )
    # Bands are equally high in mel; the labels say where they lie in Hz (O'Shaughnessy's formula).
    high = rate / 2 if high is None else high
    bottom, top = (2595 * np.log10(1 + edge / 700) for edge in (low, high))
    marks = [hertz for hertz in (100, 250, 500, 1000, 2000, 4000, 8000) if low <= hertz <= high]
    places = [(2595 * np.log10(1 + hertz / 700) - bottom) / (top - bottom) * len(image) for hertz in marks]
    bands.set_yticks(places, [str(mark) for mark in marks])
    bands.set(xlabel="time (s)", ylabel="frequency (Hz)", xlim=(0, max(seconds, len(sound) / rate)))
    bands.grid(False)
    figure.colorbar(drawn, ax=bands, label="log power")
    return figure
