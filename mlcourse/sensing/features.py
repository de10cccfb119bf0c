"""Features: questions to a window that have one number as their answer.

The functions take windows of shape ``(windows, time, channels)``, or their spectrum, and answer for each window and
channel, mostly in an array of shape ``(windows, channels)``. `WindowFeatures` asks many of them at once.
"""

import numpy as np

from mlcourse.sensing.gravity import resultant

# ------------------------------------------------------------------------------------------------- over time


def rms(X):
    """Root mean square, ``sqrt(mean(x^2))``, in the unit of the signal; its square is the signal's power."""
    return np.sqrt(np.mean(np.square(X), axis=1))


def median_deviation(X):
    """Median distance from the median, in the unit of the signal: a spread that a single spike does not move."""
    return np.median(np.abs(X - np.median(X, axis=1, keepdims=True)), axis=1)


def absolute_deviation(X):
    """Mean distance from the mean, ``mean(|x - mean(x)|)``, in the unit of the signal (Kwapisz et al. 2010)."""
    return np.mean(np.abs(_centred(X)), axis=1)


def mean_crossings(X, rate):
    """How often a second the signal crosses its own mean, in Hz; twice the frequency of a pure tone.

    Examples
    --------
    >>> t = np.arange(100) / 50
    >>> mean_crossings(9.81 + np.sin(2 * np.pi * 2.5 * t + 0.1).reshape(1, 100, 1), rate=50).round()
    array([[5.]])
    """
    above = _centred(X) > 0
    return np.mean(above[:, 1:] != above[:, :-1], axis=1) * rate


def correlation(X, first, second):
    """Pearson correlation of two channels in each window; 0 where one of them does not move.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
    first, second : int
        Channels.

    Returns
    -------
    array of shape (windows,)
        From -1 to 1.

    References
    ----------
    L. Bao, S. S. Intille, Activity Recognition from User-Annotated Acceleration Data, Pervasive 2004, section 3:
    walking moves the phone in one direction, climbing stairs in several.
    """
    a, b = (_centred(X[:, :, [channel]])[:, :, 0] for channel in (first, second))
    scale = np.sqrt(np.sum(a**2, axis=1)) * np.sqrt(np.sum(b**2, axis=1))
    return np.clip(np.divide(np.sum(a * b, axis=1), scale, out=np.zeros(len(X)), where=scale > 0), -1, 1)


def magnitude_area(X):
    """Signal magnitude area: mean over time of ``|x| + |y| + |z|``, each without its mean, in the unit of the signal.

    Parameters
    ----------
    X : array of shape (windows, time, 3)
        The axes of one sensor.

    Returns
    -------
    array of shape (windows,)
        One number for how much a sensor is moved, whatever the direction (Anguita et al. 2013, table 2).
    """
    return np.sum(absolute_deviation(X), axis=1)


# --------------------------------------------------------------------------------------------- over frequency


def power_spectrum(X, rate):
    """Power at each frequency, the mean removed.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
    rate : float
        Samples per second, in Hz.

    Returns
    -------
    frequencies : array of shape (frequencies,)
        From ``rate / time`` to ``rate / 2``, in Hz.
    power : array of shape (windows, frequencies, channels)
        Shares of the window's variance: they sum to it (Parseval's theorem).

    Examples
    --------
    >>> t = np.arange(100) / 50
    >>> frequencies, power = power_spectrum(3 * np.sin(2 * np.pi * 2 * t).reshape(1, 100, 1), rate=50)
    >>> float(frequencies[power[0, :, 0].argmax()]), round(float(power.sum()), 6)
    (2.0, 4.5)
    """
    n = X.shape[1]
    power = np.abs(np.fft.rfft(_centred(X), axis=1)) ** 2 / n**2
    power[:, 1:] *= 2  # each frequency stands for its negative too ...
    if n % 2 == 0:
        power[:, -1] /= 2  # ... except half the rate, which has none
    return np.fft.rfftfreq(n, 1 / rate)[1:], power[:, 1:]


def dominant_frequency(frequencies, power):
    """Frequency of the largest power, in Hz; 0 for a signal that does not move.

    Parameters
    ----------
    frequencies, power : arrays
        From `power_spectrum`.

    Returns
    -------
    array of shape (windows, channels)

    Examples
    --------
    >>> steps = np.sin(2 * np.pi * 2 * np.arange(100) / 50).reshape(1, 100, 1)
    >>> dominant_frequency(*power_spectrum(steps, rate=50))
    array([[2.]])
    """
    return np.where(power.sum(axis=1) > 0, frequencies[power.argmax(axis=1)], 0.0)


def spectral_entropy(power):
    """Entropy of the power spectrum as shares, in bits: 0 for a pure tone, large for noise.

    Bao and Intille (2004, section 3): it tells activities of like energy apart, one regular, the other not.
    """
    shares = _shares(power)
    return -np.sum(shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0), axis=1)


def spectral_centroid(frequencies, power):
    """Mean frequency weighted by power, in Hz; 0 for a signal that does not move (Anguita et al. 2013, "meanFreq")."""
    return np.sum(frequencies[:, None] * _shares(power), axis=1)


def band_power(frequencies, power, low, high):
    """Power between two frequencies, ``low <= f < high`` in Hz; in the squared unit of the signal."""
    first, last = np.searchsorted(frequencies, [low, high])
    return np.sum(power[:, first:last], axis=1)


# ------------------------------------------------------------------------------------------- the 43 of WISDM

#: Names of the 43 features, as the published file spells them.
WISDM_NAMES = (
    *(f"{axis}{number}" for axis in "XYZ" for number in range(10)),
    *(f"{axis}{what}" for what in ("AVG", "PEAK", "ABSOLDEV", "STANDDEV") for axis in "XYZ"),
    "RESULTANT",
)


def bin_shares(X, bins=10):
    """Share of readings in each of ten equal bins between a window's smallest and largest value.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
    bins : int

    Returns
    -------
    array of shape (windows, channels, bins)
        Sums to 1 over the bins. Readings that are all the same lie in the first.

    Examples
    --------
    >>> bin_shares(np.array([0.0, 0.1, 0.2, 1.0]).reshape(1, 4, 1), bins=2)
    array([[[0.75, 0.25]]])
    """
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    place = np.minimum((bins * ((X - low) / width)).astype(int), bins - 1)
    return np.stack([np.mean(place == number, axis=1) for number in range(bins)], axis=2)


def peak_spacing(X, rate):
    """Mean time between a window's highest peaks, in milliseconds.

    A peak is where the signal stops rising and next falls, at the first of equal readings. Counted are the peaks in
    the upper tenth of the window's range; if they are fewer than three, those in the upper two tenths, and so on until
    there are three.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
    rate : float
        Samples per second, in Hz.

    Returns
    -------
    array of shape (windows, channels)
        The length of the window where it has no three peaks at all: they are at least that far apart. (The published
        file has a ``?`` there.)

    Notes
    -----
    From Kwapisz et al. (2010, section 3.2) and the note that comes with their file. Both leave open what the upper
    tenth is a tenth of; here it is the range, so that gravity on an axis does not matter. The note divides by the
    number of peaks, but the file holds spacings of up to 4.9 s in windows of 10 s: with three peaks, that can only be
    two gaps, divided by two. So it is done here.

    Examples
    --------
    >>> t = np.arange(200) / 20
    >>> peak_spacing(np.sin(2 * np.pi * 2 * t).reshape(1, 200, 1), rate=20)
    array([[500.]])
    """
    n_windows, n, n_channels = X.shape
    inner = X[:, 1:-1]
    peak = _peaks(X)
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    places = np.arange(1, n - 1)[None, :, None]
    spacing = np.full((n_windows, n_channels), 1000 * n / rate)
    unsettled = np.ones((n_windows, n_channels), dtype=bool)
    for tenths in range(9, -1, -1):
        counted = peak & (inner >= low + tenths / 10 * (high - low))
        count = counted.sum(axis=1)
        found = unsettled & (count >= 3)
        first = np.where(counted, places, n).min(axis=1, initial=n)
        last = np.where(counted, places, -1).max(axis=1, initial=-1)
        spacing[found] = (last - first)[found] / (count[found] - 1) * 1000 / rate
        unsettled &= ~found
        if not unsettled.any():
            break
    return spacing


def wisdm_features(X, rate):
    """The 43 features of Kwapisz et al. (2010, section 3.2) for one accelerometer.

    Parameters
    ----------
    X : array of shape (windows, time, 3)
        Acceleration, x, y, z. (The published file counts 10 units to 1 g, and windows of 10 s at 20 Hz.)
    rate : float
        Samples per second, in Hz.

    Returns
    -------
    array of shape (windows, 43)
        In the order of `WISDM_NAMES`: shares in ten bins (30), mean (3), time between peaks in ms (3), mean absolute
        deviation (3), standard deviation (3), mean resultant (1).

    References
    ----------
    J. R. Kwapisz, G. M. Weiss, S. A. Moore, Activity Recognition using Cell Phone Accelerometers, SensorKDD 2010.
    """
    return np.hstack(
        [
            bin_shares(X).reshape(len(X), 30),
            X.mean(axis=1),
            peak_spacing(X, rate),
            absolute_deviation(X),
            X.std(axis=1),
            resultant(X).mean(axis=1, keepdims=True),
        ]
    )


# ------------------------------------------------------------------------------------------------------ helpers


def _centred(X):
    """Remove each window's mean; exactly 0 for a constant, where rounding would leave a rest."""
    return np.where(np.ptp(X, axis=1, keepdims=True) > 0, X - X.mean(axis=1, keepdims=True), 0.0)


def _shares(power):
    total = power.sum(axis=1, keepdims=True)
    return np.divide(power, total, out=np.zeros_like(power), where=total > 0)


def _peaks(X):
    """Whether each reading, but the first and the last, ends a rise after which the signal next falls."""
    slope = np.sign(np.diff(X, axis=1))
    steps = np.arange(slope.shape[1])[None, :, None]
    # At each step, the first from there on that is not level; past the end where all the rest is.
    next_move = np.minimum.accumulate(np.where(slope != 0, steps, len(steps[0]))[:, ::-1], axis=1)[:, ::-1]
    following = np.take_along_axis(np.pad(slope, ((0, 0), (0, 1), (0, 0))), next_move, axis=1)
    return (slope[:, :-1] > 0) & (following[:, 1:] < 0)
