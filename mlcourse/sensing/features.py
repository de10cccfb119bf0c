"""Features: questions to a window that have one number as their answer.

Every function takes windows of shape ``(windows, time, channels)`` and answers for each window and channel, in an array
of shape ``(windows, channels)``. `WindowFeatures` asks many of them at once and names the answers.
"""

from collections.abc import Iterable
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mlcourse.sensing.gravity import resultant

KINDS = ("time", "fft", "wisdm")


def rms(X):
    """Root mean square, ``sqrt(mean(x^2))``, in the unit of the signal."""
    return np.sqrt(np.mean(np.square(X), axis=1))


def median_deviation(X):
    """Median distance from the median: a spread that a single spike does not move."""
    return np.median(np.abs(X - np.median(X, axis=1, keepdims=True)), axis=1)


def absolute_deviation(X):
    """Mean distance from the mean, ``mean(|x - mean(x)|)`` (Kwapisz et al. 2010, section 3.2)."""
    return np.mean(np.abs(X - X.mean(axis=1, keepdims=True)), axis=1)


def mean_crossings(X, rate):
    """How often a second the signal crosses its own mean, in Hz; twice the frequency of a pure tone."""
    above = X.mean(axis=1, keepdims=True) < X
    return np.sum(above[:, 1:] != above[:, :-1], axis=1) * rate / X.shape[1]


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

    References
    ----------
    L. Bao, S. S. Intille, Activity Recognition from User-Annotated Acceleration Data, Pervasive 2004, section 3.
    """
    a, b = (_centred(X[:, :, channel]) for channel in (first, second))
    scale = np.sqrt(np.sum(a**2, axis=1) * np.sum(b**2, axis=1))
    return np.divide(np.sum(a * b, axis=1), scale, out=np.zeros(len(X)), where=scale > 0)


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
        Shares of the window's variance: they sum to it (Parseval).

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


def dominant_frequency(X, rate):
    """Frequency of the largest power, in Hz; 0 for a signal that does not move."""
    frequencies, power = power_spectrum(X, rate)
    return np.where(power.sum(axis=1) > 0, frequencies[power.argmax(axis=1)], 0.0)


def spectral_entropy(X, rate):
    """Entropy of the power spectrum as shares, in bits: 0 for a pure tone, large for noise (Bao and Intille 2004)."""
    shares = _shares(power_spectrum(X, rate)[1])
    return -np.sum(shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0), axis=1)


def spectral_centroid(X, rate):
    """Mean frequency weighted by power, in Hz; 0 for a signal that does not move."""
    frequencies, power = power_spectrum(X, rate)
    return np.einsum("f,wfc->wc", frequencies, _shares(power))


def band_power(X, rate, low, high):
    """Power between two frequencies, ``low <= f < high`` in Hz; in the squared unit of the signal."""
    frequencies, power = power_spectrum(X, rate)
    return np.compress((frequencies >= low) & (frequencies < high), power, axis=1).sum(axis=1)


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
    """
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    place = np.minimum((bins * ((X - low) / width)).astype(int), bins - 1)
    return np.stack([np.mean(place == number, axis=1) for number in range(bins)], axis=2)


def peak_spacing(X, rate):
    """Mean time between a window's peaks, in milliseconds; NaN where there are no three peaks.

    A peak is where the signal stops rising and next falls (the first of equal readings). Counted are those in the upper tenth of the
    window's range; if there are less than three, those in the upper two tenths, and so on down to its middle.

    Kwapisz et al. (2010, section 3.2) describe this, but not the fractions, which are ours.
    """
    inner = X[:, 1:-1]
    slope = np.sign(np.diff(X, axis=1))
    peak = (slope[:, :-1] > 0) & (_next_slope(slope)[:, 1:] < 0)
    low, high = X.min(axis=1, keepdims=True), X.max(axis=1, keepdims=True)
    spacing = np.full((X.shape[0], X.shape[2]), np.nan)
    places = np.arange(1, X.shape[1] - 1)[None, :, None]
    for share in (0.9, 0.8, 0.7, 0.6, 0.5):
        counted = peak & (inner >= low + share * (high - low))
        count = counted.sum(axis=1)
        last = np.where(counted, places, -1).max(axis=1, initial=-1)
        first = np.where(counted, places, X.shape[1]).min(axis=1, initial=X.shape[1])
        found = (count >= 3) & np.isnan(spacing)
        spacing[found] = ((last - first) / np.maximum(count - 1, 1))[found] * 1000 / rate
    return spacing


def wisdm_features(X, rate):
    """The 43 features of Kwapisz et al. (2010, section 3.2) for one accelerometer.

    Parameters
    ----------
    X : array of shape (windows, time, 3)
        Acceleration, x, y, z. (The published file counts 10 units to 1 g and windows of 10 s at 20 Hz.)
    rate : float
        Samples per second, in Hz.

    Returns
    -------
    array of shape (windows, 43)
        In the order of `WISDM_NAMES`: shares in ten bins (30), mean (3), time between peaks in ms (3), mean absolute
        deviation (3), standard deviation (3), mean resultant (1).
    """
    return np.hstack(
        [
            bin_shares(X).reshape(len(X), -1),
            X.mean(axis=1),
            peak_spacing(X, rate),
            absolute_deviation(X),
            X.std(axis=1),
            resultant(X).mean(axis=1)[:, None],
        ]
    )


#: Names of the 43 features, as the published file spells them.
WISDM_NAMES = (
    *(f"{axis}{number}" for axis in "XYZ" for number in range(10)),
    *(f"{axis}{what}" for what in ("AVG", "PEAK", "ABSOLDEV", "STANDDEV") for axis in "XYZ"),
    "RESULTANT",
)

# Below walking; walking and jogging; impacts; and what is left (Hz).
_BANDS = ((0.0, 0.7), (0.7, 3.5), (3.5, 8.0), (8.0, np.inf))


class WindowFeatures(TransformerMixin, BaseEstimator):
    """Transformer from windows to a table of named features.

    Parameters
    ----------
    kind : str or sequence of str
        ``"time"`` (level, spread, shape, how axes move together), ``"fft"`` (rhythm), ``"wisdm"`` (the 43 features of
        Kwapisz et al. 2010), several of them, or ``"all"``.
    rate : float
        Samples per second, in Hz.
    channels : sequence of str, optional
        Names of the channels. Default: ``acc_x, acc_y, acc_z``, followed by ``gyro_x, gyro_y, gyro_z`` where there are
        six; ``c0, c1, ...`` for any other number.

    Attributes
    ----------
    n_channels_in_ : int
    channels_ : tuple of str
    sensors_ : dict of str to tuple of three ints
        Channels that are the three axes of one sensor. Features across axes, and of the resultant, are computed for
        each.

    Notes
    -----
    The table can hold NaN in the times between peaks only (kind ``"wisdm"``), where there are no three peaks.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(5, 100, 3))
    >>> features = WindowFeatures(kind="time", rate=50).fit(X)
    >>> features.transform(X).shape[0], features.get_feature_names_out()[:2].tolist()
    (5, ['acc_x_mean', 'acc_y_mean'])
    """

    def __init__(self, kind="all", rate=50.0, channels=None):
        self.kind = kind
        self.rate = rate
        self.channels = channels

    def fit(self, X, y=None):
        """Check the parameters and learn the names of the channels; nothing else is learned.

        Parameters
        ----------
        X : array of shape (windows, time, channels)
        y : ignored

        Returns
        -------
        WindowFeatures
            The transformer itself.

        Raises
        ------
        ValueError
            If `X` has another shape or holds NaN, or a parameter does not fit it.
        """
        X = _checked(X)
        kinds = self._kinds()
        if not isinstance(self.rate, Real) or not 0 < self.rate < np.inf:
            raise ValueError(f"rate must be a number of samples per second above 0, got {self.rate!r}.")
        self.n_channels_in_ = X.shape[2]
        self.channels_ = self._channel_names()
        self.sensors_ = _sensors(self.channels_)
        if "wisdm" in kinds and not self.sensors_:
            raise ValueError(
                f"kind='wisdm' needs the three axes of a sensor, such as acc_x, acc_y, acc_z, among the channels, got "
                f"{', '.join(self.channels_)}."
            )
        return self

    def transform(self, X):
        """Compute the features.

        Parameters
        ----------
        X : array of shape (windows, time, channels)

        Returns
        -------
        array of shape (windows, features)
        """
        return self._compute(X)[1]

    def get_feature_names_out(self, input_features=None):
        """Names of the features, such as ``"acc_y_std"``.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        array of str
        """
        check_is_fitted(self)
        return np.array(self._compute(np.zeros((1, 4, self.n_channels_in_)))[0], dtype=object)

    def _compute(self, X):
        check_is_fitted(self)
        X = _checked(X)
        if X.shape[2] != self.n_channels_in_:
            raise ValueError(f"X must have the {self.n_channels_in_} channels that it was fitted on, got {X.shape[2]}.")
        names, columns = [], []

        def add(sources, what, values):
            names.extend(f"{source}_{what}" for source in sources)
            columns.append(values)

        # The resultants are one more channel for each sensor.
        X_all = np.concatenate([X, *(resultant(X[:, :, list(a)])[:, :, None] for a in self.sensors_.values())], axis=2)
        sources = [*self.channels_, *(f"{sensor}_resultant" for sensor in self.sensors_)]
        kinds = self._kinds()
        if "time" in kinds:
            for what, values in self._time(X_all):
                add(sources, what, values)
            for sensor, axes in self.sensors_.items():
                for (first, second), pair in zip(((0, 1), (0, 2), (1, 2)), ("xy", "xz", "yz"), strict=True):
                    add([sensor], f"correlation_{pair}", correlation(X, axes[first], axes[second])[:, None])
                add([sensor], "magnitude_area", np.abs(_centred(X[:, :, list(axes)])).mean(axis=1).sum(axis=1)[:, None])
        if "fft" in kinds:
            for what, values in self._fft(X_all):
                add(sources, what, values)
        if "wisdm" in kinds:
            axes = next(iter(self.sensors_.values()))
            names.extend(WISDM_NAMES)
            columns.append(wisdm_features(X[:, :, list(axes)], self.rate))
        return names, np.hstack(columns)

    def _time(self, X):
        yield "mean", X.mean(axis=1)
        yield "std", X.std(axis=1)
        yield "min", X.min(axis=1)
        yield "max", X.max(axis=1)
        yield "median", np.median(X, axis=1)
        yield "median_deviation", median_deviation(X)
        yield "rms", rms(X)
        low, high = np.percentile(X, [25, 75], axis=1)
        yield "quartile_range", high - low
        yield "mean_crossings", mean_crossings(X, self.rate)

    def _fft(self, X):
        yield "dominant_frequency", dominant_frequency(X, self.rate)
        yield "spectral_entropy", spectral_entropy(X, self.rate)
        yield "spectral_centroid", spectral_centroid(X, self.rate)
        for low, high in _BANDS:
            name = f"power_{low:g}_{high:g}_hz" if np.isfinite(high) else f"power_from_{low:g}_hz"
            # Powers of different windows differ by factors, which linear models do not see without a logarithm.
            yield f"log_{name}", np.log10(band_power(X, self.rate, low, high) + 1e-6)

    def _kinds(self) -> tuple[str, ...]:
        kinds = KINDS if isinstance(self.kind, str) and self.kind == "all" else self.kind
        kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds) if isinstance(kinds, Iterable) else (kinds,)
        if not kinds or any(kind not in KINDS for kind in kinds):
            raise ValueError(f"kind must be 'all' or among {', '.join(map(repr, KINDS))}, got {self.kind!r}.")
        return kinds

    def _channel_names(self) -> tuple[str, ...]:
        n = self.n_channels_in_
        if self.channels is None:
            usual = tuple(f"{sensor}_{axis}" for sensor in ("acc", "gyro") for axis in "xyz")
            return usual[:n] if n in (3, 6) else tuple(f"c{number}" for number in range(n))
        names = (self.channels,) if isinstance(self.channels, str) else tuple(self.channels)
        if len(names) != n or len(set(names)) != n:
            raise ValueError(f"channels must give each of the {n} channels of X a name of its own, got {names}.")
        return names

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags


def _next_slope(slope):
    """At each step the sign of the first slope from there on that is not level, 0 where all the rest is level."""
    n = slope.shape[1]
    steps = np.where(slope != 0, np.arange(n)[None, :, None], n)
    following = np.minimum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
    return np.take_along_axis(np.pad(slope, ((0, 0), (0, 1), (0, 0))), following, axis=1)


def _checked(X):
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] < 4 or X.shape[2] < 1 or X.dtype.kind not in "fiu":
        raise ValueError(
            "X must be windows of numbers of shape (windows, time, channels) with at least four samples in time, got "
            f"shape {X.shape}; dataset.windows(...).X has this shape."
        )
    # One memory layout, so that a window alone and among others sums up in the same order, to the last digit.
    X = np.ascontiguousarray(X, dtype=float)
    if not np.isfinite(X).all():
        raise ValueError("X holds NaN or infinity: leave such windows out, or repair the recording.")
    return X


def _centred(X):
    """Remove each window's mean; exactly 0 for a constant, where rounding would leave a rest."""
    return np.where(np.ptp(X, axis=1, keepdims=True) > 0, X - X.mean(axis=1, keepdims=True), 0.0)


def _shares(power):
    total = power.sum(axis=1, keepdims=True)
    return np.divide(power, total, out=np.zeros_like(power), where=total > 0)


def _sensors(channels) -> dict[str, tuple[int, int, int]]:
    found = {}
    for channel in channels:
        sensor = channel.removesuffix("_x")
        axes = [f"{sensor}_{axis}" for axis in "xyz"]
        if sensor != channel and all(axis in channels for axis in axes):
            found[sensor] = tuple(channels.index(axis) for axis in axes)
    return found
