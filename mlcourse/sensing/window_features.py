"""From windows to a table of named features, as a step of a scikit-learn pipeline."""

from collections.abc import Iterable
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from mlcourse.datasets.activity import FeatureTable
from mlcourse.sensing.features import (
    WISDM_NAMES,
    band_power,
    correlation,
    dominant_frequency,
    magnitude_area,
    mean_crossings,
    median_deviation,
    power_spectrum,
    rms,
    spectral_centroid,
    spectral_entropy,
    wisdm_features,
)
from mlcourse.sensing.gravity import resultant

KINDS = ("time", "fft", "wisdm")

_SHORTEST = 4  # samples in a window: below, there is neither a rhythm nor a spread worth the name
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
        each of them.

    Notes
    -----
    The names are ``<channel>_<feature>``, where the channel may also be ``<sensor>_resultant``:

    ==================  =======================================================  ===============
    feature             what it is                                               unit
    ==================  =======================================================  ===============
    mean, median        level: where gravity points                              of the signal
    std, rms            spread around the mean; around 0                         of the signal
    min, max            extremes                                                 of the signal
    median_deviation    median of ``|x - median(x)|``                            of the signal
    quartile_range      third minus first quartile                               of the signal
    mean_crossings      how often the mean is crossed                            1/s
    dominant_frequency  where the power spectrum is highest                      Hz
    spectral_entropy    ``-sum(p log2 p)`` of the spectrum's shares              bit
    spectral_centroid   ``sum(f p)`` of the spectrum's shares                    Hz
    log_power_..._hz    ``log10(power + 1e-6)`` in a band of frequencies         log10 of squared
    ==================  =======================================================  ===============

    and, for each sensor, ``<sensor>_correlation_xy``, ``_xz``, ``_yz`` and ``<sensor>_magnitude_area``. The features
    of kind ``"wisdm"`` are those of the first sensor and have the names of the published file.

    Every feature is finite for every finite window, also for one that does not move at all. A window's features do not
    depend on what other windows are computed with it, to the last digit: a stream gives the answers of the batch.

    References
    ----------
    L. Bao, S. S. Intille, Activity Recognition from User-Annotated Acceleration Data, Pervasive 2004 (mean, energy,
    entropy, correlation); D. Anguita et al., A Public Domain Dataset for Human Activity Recognition Using Smartphones,
    ESANN 2013, table 2 (most of the others); J. R. Kwapisz et al. (2010), see `wisdm_features`.

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
                f"kind={self.kind!r} needs the three axes of a sensor among the channels, such as acc_x, acc_y, acc_z, "
                f"got {', '.join(self.channels_)}. Name them with channels=..., or take kind=('time', 'fft')."
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

        Raises
        ------
        ValueError
            If `X` has another shape or holds NaN.
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
        return np.array(self._compute(np.zeros((1, _SHORTEST, self.n_channels_in_)))[0], dtype=object)

    def _compute(self, X):
        check_is_fitted(self)
        X = _checked(X)
        if X.shape[2] != self.n_channels_in_:
            raise ValueError(
                f"X must have the {self.n_channels_in_} channels that it was fitted on ({', '.join(self.channels_)}), "
                f"got {X.shape[2]}."
            )
        kinds = self._kinds()
        names, columns = [], []

        def add(sources, what, values):
            names.extend(f"{source}_{what}" for source in sources)
            columns.append(values)

        axes_of = {sensor: X[:, :, list(axes)] for sensor, axes in self.sensors_.items()}
        # The resultants are one more channel for each sensor.
        X_all = np.concatenate([X, *(resultant(axes)[:, :, None] for axes in axes_of.values())], axis=2)
        sources = [*self.channels_, *(f"{sensor}_resultant" for sensor in self.sensors_)]
        if "time" in kinds:
            for what, values in self._time(X_all):
                add(sources, what, values)
            for sensor, axes in axes_of.items():
                for pair, (first, second) in (("xy", (0, 1)), ("xz", (0, 2)), ("yz", (1, 2))):
                    add([sensor], f"correlation_{pair}", correlation(axes, first, second)[:, None])
                add([sensor], "magnitude_area", magnitude_area(axes)[:, None])
        if "fft" in kinds:
            for what, values in self._fft(X_all):
                add(sources, what, values)
        if "wisdm" in kinds:
            names.extend(WISDM_NAMES)
            columns.append(wisdm_features(next(iter(axes_of.values())), self.rate))
        return names, np.hstack(columns)

    def _time(self, X):
        low, middle, high = np.percentile(X, [25, 50, 75], axis=1)
        yield "mean", X.mean(axis=1)
        yield "std", X.std(axis=1)
        yield "min", X.min(axis=1)
        yield "max", X.max(axis=1)
        yield "median", middle
        yield "median_deviation", median_deviation(X)
        yield "rms", rms(X)
        yield "quartile_range", high - low
        yield "mean_crossings", mean_crossings(X, self.rate)

    def _fft(self, X):
        frequencies, power = power_spectrum(X, self.rate)
        yield "dominant_frequency", dominant_frequency(frequencies, power)
        yield "spectral_entropy", spectral_entropy(power)
        yield "spectral_centroid", spectral_centroid(frequencies, power)
        for low, high in _BANDS:
            name = f"power_{low:g}_{high:g}_hz" if np.isfinite(high) else f"power_from_{low:g}_hz"
            # Powers of different windows differ by factors, which linear models do not see without a logarithm.
            yield f"log_{name}", np.log10(band_power(frequencies, power, low, high) + 1e-6)

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
        names = (self.channels,) if isinstance(self.channels, str) else tuple(map(str, self.channels))
        if len(names) != n or len(set(names)) != n:
            raise ValueError(f"channels must give each of the {n} channels of X a name of its own, got {names}.")
        return names

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags


def feature_table(windows, kind="all") -> FeatureTable:
    """Compute the features of windows once, to compare any number of learners on them.

    `WindowFeatures` learns nothing from the windows, so that this leaks nothing from test to training people.

    Parameters
    ----------
    windows : Windows
    kind : str or sequence of str
        As for `WindowFeatures`.

    Returns
    -------
    FeatureTable
        With the activities, people and official test people of the windows.

    Examples
    --------
    >>> from mlcourse.datasets import make_activities
    >>> windows = make_activities(n_subjects=2, seconds=10, random_state=0).windows(seconds=5)
    >>> feature_table(windows, kind="wisdm").feature_names[-1]
    'RESULTANT'
    """
    features = WindowFeatures(kind=kind, rate=windows.rate, channels=windows.channels).fit(windows.X)
    seconds = windows.X.shape[1] / windows.rate
    return FeatureTable(
        X=features.transform(windows.X),
        y=windows.y,
        subjects=windows.subjects,
        feature_names=tuple(features.get_feature_names_out()),
        test_subjects=windows.test_subjects,
        name=f"windows of {seconds:g} s" + (", simulated" if windows.simulated else ""),
    )


def check_takes_windows(model):
    """Raise a ValueError if a model is known to take tables of features only, and not windows."""
    first = model.steps[0][1] if isinstance(model, Pipeline) else model
    if type(first).__module__.split(".")[0] not in ("sklearn", "mlcourse"):
        return  # somebody's own: it will tell
    tags = get_tags(first)
    # scikit-learn's FunctionTransformer, which validates nothing, passes on whatever it gets.
    if not tags.input_tags.three_d_array and not tags.no_validation:
        raise ValueError(
            f"model takes a table of features ({type(first).__name__}), but gets windows of shape (windows, time, "
            "channels). Put WindowFeatures in front: make_pipeline(WindowFeatures(rate=..., channels=...), model)."
        )


def _checked(X):
    if hasattr(X, "starts") and hasattr(X, "X"):
        raise ValueError(f"X must be an array, got {type(X).__name__}: pass its .X.")
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] < _SHORTEST or X.shape[2] < 1 or X.dtype.kind not in "fiu":
        raise ValueError(
            "X must be windows of numbers of shape (windows, time, channels) with at least "
            f"{_SHORTEST} samples in time, got shape {X.shape} of {X.dtype}; dataset.windows(...).X has this shape."
        )
    if not np.isfinite(X).all():
        bad = np.flatnonzero(~np.isfinite(X).all(axis=(1, 2)))
        raise ValueError(
            f"X holds NaN or infinity in {len(bad)} of {len(X)} windows, the first is number {bad[0]}: leave such "
            "windows out, or repair the recording."
        )
    # One memory layout, time by time: so that sums run in the same order for a window alone and among others, however
    # the windows were cut, and over numbers that lie side by side.
    return np.ascontiguousarray(X.transpose(0, 2, 1), dtype=float).transpose(0, 2, 1)


def _sensors(channels) -> dict[str, tuple[int, int, int]]:
    found = {}
    for channel in channels:
        sensor = channel.removesuffix("_x")
        axes = [f"{sensor}_{axis}" for axis in "xyz"]
        if sensor != channel and all(axis in channels for axis in axes):
            found[sensor] = tuple(channels.index(axis) for axis in axes)
    return found
