"""The lecture's heuristic: three thresholds on one axis tell sitting, standing, walking and jogging apart.

    if std(y) < C1:                                  # hardly any movement
        standing if mean(y) > C2 else sitting        # gravity lies along the thigh, or across it
    else:
        walking if FFT(y) < C3 else jogging          # slow steps, or fast ones

`heuristic_features` computes the three numbers from windows, `ThresholdClassifier` compares them with thresholds that
are given or fitted.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from mlcourse.sensing.features import dominant_frequency, power_spectrum

# The four answers of the lecture, in the order of the leaves.
ACTIVITIES = ("sitting", "standing", "walking", "jogging")


def heuristic_features(X, rate, channel=1):
    """Standard deviation, mean and dominant frequency of one channel of each window.

    The lecture writes ``FFT(y) < C3`` without saying which number of the spectrum it means. Here it is the dominant
    frequency: where the amplitude spectrum of the window, its mean removed, is highest. It has a unit that a
    threshold can be discussed in (walking takes about 2 steps a second, jogging about 3), and it does not grow with
    the strength of the movement, which the standard deviation measures already. The mean goes first because gravity
    would win at 0 Hz otherwise.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
        Acceleration in m/s^2.
    rate : float
        Samples per second, in Hz.
    channel : int, default=1
        Which channel to look at; 1 is the y axis of x, y, z: along a phone that stands in a front pocket.

    Returns
    -------
    array of shape (windows, 3)
        Standard deviation and mean in m/s^2, dominant frequency in Hz (0 for a signal that does not move at all). The
        frequency is a multiple of ``rate / time``: a window of 2.56 s tells frequencies 0.39 Hz apart.

    Raises
    ------
    ValueError
        If `X` has another shape or holds NaN or infinity, if `rate` is not above 0, or if there is no such channel.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(100) / 50  # two seconds at 50 Hz
    >>> y = 9.8 + 2 * np.sin(2 * np.pi * 1.5 * t)
    >>> heuristic_features(y.reshape(1, 100, 1), rate=50, channel=0).round(2)
    array([[1.41, 9.8 , 1.5 ]])
    """
    X = np.asarray(X, dtype=float)
    if X.ndim != 3 or X.shape[1] < 2:
        raise ValueError(
            "X must be windows of shape (windows, time, channels) with at least two samples in time, "
            f"got shape {X.shape}."
        )
    if not isinstance(rate, Real) or not 0 < rate < np.inf:
        raise ValueError(f"rate must be a number of samples per second above 0, got {rate!r}.")
    if not isinstance(channel, Integral) or not -X.shape[2] <= channel < X.shape[2]:
        raise ValueError(
            f"channel must be a number from 0 to {X.shape[2] - 1}, one of the channels of X, got {channel!r}."
        )
    # One row a window, however X lies in memory: so that a window gives the same digits alone and among others.
    y = np.ascontiguousarray(X[:, :, channel])
    if not np.isfinite(y).all():
        raise ValueError(
            f"X holds NaN or infinity in channel {channel}: leave such windows out, or repair the recording."
        )
    return np.column_stack([y.std(axis=1), y.mean(axis=1), dominant_frequency(*power_spectrum(y[:, :, None], rate))])


class ThresholdClassifier(ClassifierMixin, BaseEstimator):
    """The lecture's heuristic as a classifier: three thresholds, four answers.

    A case with ``std < c1`` is "standing" if ``mean > c2``, else "sitting"; any other case is "walking" if
    ``frequency < c3``, else "jogging". Thresholds that are given stay as they are, the others are fitted.

    Parameters
    ----------
    c1, c2, c3 : float, optional
        Thresholds for the standard deviation (m/s^2), the mean (m/s^2) and the dominant frequency (Hz).
    columns : sequence of three int or str, optional
        Which columns of `X` (numbers, or names when it is a DataFrame) the three tests look at. Default: if there are
        three columns, these, in the order of `heuristic_features`. With more columns, or fewer, `fit` also searches
        which column serves each test best: the lecture's question "How do we know STDEV is better than MAX?". With
        `F` columns that takes ``F^2`` times as long.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        The lecture's four activities if `y` holds nothing else, otherwise the labels in `y`.
    thresholds_ : tuple of three floats
        ``(c1, c2, c3)`` in use. Infinite where no training case needs one of the two answers: ``c3 = inf`` is never
        "jogging".
    columns_ : tuple of three ints
        The columns in use.
    leaves_ : array of four labels
        Answers for: still and low mean, still and high mean, moving and low frequency, moving and high frequency.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a DataFrame.

    Notes
    -----
    *What is guaranteed.* The fitted thresholds (and columns) make as few training errors as any choice of
    them can, given those that are fixed: c1 is not chosen first and the others below it, but every place of c1 is
    judged by the best c2 and c3 that would follow. That takes ``O(K^2 n log n)`` for `n` cases and `K` classes, not
    the ``O(n^3)`` of trying everything. Among choices with equally few errors, each threshold goes into the middle of
    the widest gap between cases. (Fewest errors in *training*: what that is worth for other people is for
    cross-validation to say.)

    *Other labels.* If all labels in `y` are among the lecture's four, each answer means what the lecture says,
    whether or not `y` holds all four. With any other labels, each of the four answers becomes the most frequent class
    of the training cases that reach it.

    Examples
    --------
    All three thresholds given, as on the slide; `fit` then learns nothing:

    >>> import numpy as np
    >>> X = np.array([[0.2, 1.0, 0.4], [0.1, 9.7, 0.8], [3.5, 8.9, 1.9], [7.2, 8.1, 2.7]])
    >>> y = ["sitting", "standing", "walking", "jogging"]
    >>> ThresholdClassifier(c1=1.0, c2=5.0, c3=2.3).fit(X, y).predict([[0.3, 9.0, 1.2], [6.0, 9.0, 2.6]])
    array(['standing', 'jogging'], dtype='<U8')

    Nothing given:

    >>> [round(c, 2) for c in ThresholdClassifier().fit(X, y).thresholds_]
    [1.85, 5.35, 2.3]
    """

    def __init__(self, c1=None, c2=None, c3=None, columns=None):
        self.c1 = c1
        self.c2 = c2
        self.c3 = c3
        self.columns = columns

    def fit(self, X, y, sample_weight=None):
        """Fit the thresholds that are not given.

        Parameters
        ----------
        X : array-like of shape (cases, features)
            Standard deviation, mean and dominant frequency, as from `heuristic_features`; or see `columns`.
        y : array-like of shape (cases,)
            Class labels.
        sample_weight : array-like of shape (cases,), optional
            How many cases each row stands for; rows with weight 0 are left out.

        Returns
        -------
        ThresholdClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If a parameter, or an array, is not as described above.
        """
        for name in ("c1", "c2", "c3"):
            given = getattr(self, name)
            if given is not None and (not isinstance(given, Real) or np.isnan(given)):
                raise ValueError(f"{name} must be a number, or None to be fitted, got {given!r}.")
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]

        lecture = set(np.unique(y)) <= set(ACTIVITIES)
        self.classes_ = np.unique(ACTIVITIES) if lecture else np.unique(y)
        votes = np.zeros((len(y), len(self.classes_)))  # what answering each class earns for each case
        votes[np.arange(len(y)), np.searchsorted(self.classes_, y)] = weights
        if lecture:
            leaves = np.searchsorted(self.classes_, ACTIVITIES)
            still_pairs, moving_pairs = leaves[None, :2], leaves[None, 2:]
        else:
            k = np.arange(len(self.classes_))
            still_pairs = moving_pairs = np.stack(np.meshgrid(k, k), axis=-1).reshape(-1, 2)

        self.columns_, self.thresholds_ = self._best_thresholds(X, votes, still_pairs, moving_pairs)
        if not lecture:
            reached = self._leaf(X)
            at_leaf = [votes[reached == leaf] if np.any(reached == leaf) else votes for leaf in range(4)]
            leaves = [here.sum(axis=0).argmax() for here in at_leaf]
        self.leaves_ = self.classes_[leaves]
        return self

    def predict(self, X):
        """Answer of the heuristic for each case.

        Parameters
        ----------
        X : array-like of shape (cases, features)
            The columns that `fit` saw.

        Returns
        -------
        array of shape (cases,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return self.leaves_[self._leaf(X)]

    def _leaf(self, X):
        """Which of the four answers applies: 0 and 1 for still, 2 and 3 for moving."""
        spread, mean, frequency = (X[:, column] for column in self.columns_)
        c1, c2, c3 = self.thresholds_
        return np.where(spread < c1, np.where(mean > c2, 1, 0), np.where(frequency < c3, 2, 3))

    def _best_thresholds(self, X, votes, still_pairs, moving_pairs):
        """Columns and thresholds with the fewest training errors; see "What is guaranteed" above."""
        first, second, third = self._columns_to_try()
        if self.c1 is None:
            # Walk c1 upwards: case by case, the moving ones become still ones. `still[t]` and `moving[t]` are what
            # the best tests below would earn with the t cases of lowest spread called still.
            best = -np.inf
            for a in first:
                order = np.argsort(X[:, a], kind="stable")
                back = order[::-1]
                still = np.array([self._still_score(X[order, b], votes[order], still_pairs) for b in second])
                moving = np.array([self._moving_score(X[back, d], votes[back], moving_pairs)[::-1] for d in third])
                score, t, threshold = _best_cut(X[order, a], still.max(axis=0) + moving.max(axis=0))
                if score > best:
                    best, c1 = score, threshold
                    columns = a, second[still[:, t].argmax()], third[moving[:, t].argmax()]
        else:
            columns, c1 = (first[0], second[0], third[0]), float(self.c1)

        a, b, d = columns
        still = X[:, a] < c1
        c2, c3 = self.c2, self.c3
        if c2 is None:
            c2 = _best_threshold(X[still, b], votes[still], still_pairs, low_side_includes=True)
        if c3 is None:
            c3 = _best_threshold(X[~still, d], votes[~still], moving_pairs)
        return columns, (c1, float(c2), float(c3))

    def _still_score(self, mean, votes, pairs):
        return _growing_score(mean, None if self.c2 is None else mean <= self.c2, votes, pairs)

    def _moving_score(self, frequency, votes, pairs):
        return _growing_score(frequency, None if self.c3 is None else frequency < self.c3, votes, pairs)

    def _columns_to_try(self):
        """For each of the three tests, the columns it may look at."""
        n = self.n_features_in_
        names = list(getattr(self, "feature_names_in_", []))
        if self.columns is None and n != 3:
            given = [name for name in ("c1", "c2", "c3") if getattr(self, name) is not None]
            if given:
                raise ValueError(
                    f"X has {n} columns and {', '.join(given)} is given: a given threshold must know its column. Give "
                    "the three columns standard deviation, mean and dominant frequency, or say columns=(..., ..., ...)."
                )
            return [list(range(n))] * 3
        columns = range(3) if self.columns is None else list(self.columns)
        numbers = [names.index(c) if isinstance(c, str) and c in names else c for c in columns]
        if len(numbers) != 3 or not all(isinstance(c, Integral) and 0 <= c < n for c in numbers):
            allowed = f"numbers from 0 to {n - 1}" + (f" or names of {names}" if names else "")
            raise ValueError(f"columns must hold three {allowed}, got {self.columns!r}.")
        return [[int(c)] for c in numbers]


# ------------------------------------------------------------------------------------------ the exact search
#
# A test with two answers earns, with answer a up to some cut and answer b above it,
#
#     sum of votes for b  +  sum of (votes for a - votes for b) up to the cut,
#
# so the best cut is where the running sum of the differences, in the order of the tested column, is highest.


def _differences(votes, pairs):
    a, b = pairs[:, 0], pairs[:, 1]
    return votes[:, a] - votes[:, b], votes[:, b]


def _best_threshold(values, votes, pairs, low_side_includes=False):
    """Threshold on `values` at which the better of two answers each side earns most."""
    order = np.argsort(values, kind="stable")
    difference, base = _differences(votes[order], pairs)
    earned = np.cumsum(np.vstack([np.zeros(len(pairs)), difference]), axis=0) + base.sum(axis=0)
    return _best_cut(values[order], earned.max(axis=1), low_side_includes)[2]


def _best_cut(values, score, low_side_includes=False):
    """Where to cut sorted values, given what it earns to have the first t of them below: `(score, t, threshold)`."""
    n = len(values)
    possible = np.ones(n + 1, dtype=bool)
    possible[1:n] = values[:-1] < values[1:]  # equal values cannot be parted
    best = score[possible].max()
    good = np.flatnonzero(possible & (score >= best - 1e-9 * max(1.0, abs(best))))
    inside = good[(good > 0) & (good < n)]
    if len(inside) == 0:
        # One answer is never needed, and no case says where the threshold would have to be.
        return best, good[-1], np.inf if good[-1] == n else -np.inf
    t = inside[np.argmax(values[inside] - values[inside - 1])]
    low, high = values[t - 1], values[t]
    middle = low / 2 + high / 2
    if not low < middle < high:  # neighbouring floats have no middle
        middle = low if low_side_includes else high
    return best, t, float(middle)


def _growing_score(values, low, votes, pairs):
    """What the best test on `values` earns on the first t cases, for every t from 0 to n: array of shape (n + 1,).

    Refitting the test after each new case would take ``O(n^2)``. But only the highest running sum is wanted, and for
    two groups of neighbouring values it follows from those of the groups:

        highest(left + right) = max(highest(left), sum(left) + highest(right))

    So a binary tree over the values, from single ones at the bottom to all of them at the top, is passed level by
    level, and in each level all cases at once: each case knows the sum and the highest running sum of its group right
    after it came. ``O(n log n)``.

    Where `low` is not None, the test is given: `low` says which cases are on its low side.
    """
    difference, base = _differences(votes, pairs)
    base = np.cumsum(base, axis=0)
    if low is not None:
        highest = np.cumsum(np.where(low[:, None], difference, 0.0), axis=0)
    else:
        group = np.unique(values, return_inverse=True)[1]
        total, highest = _sums_in_groups(group, difference)
        while group.any():
            is_right, group = group % 2 == 1, group // 2
            order = np.argsort(group, kind="stable")  # by group, and in each group by time
            first = np.searchsorted(group[order], group[order])
            left_total, left_highest = _latest(~is_right, order, first, total, highest)
            right_total, right_highest = _latest(is_right, order, first, total, highest)
            total[order] = left_total + right_total
            highest[order] = np.maximum(left_highest, left_total + right_highest)
    return np.append(0.0, (base + highest).max(axis=1))


def _sums_in_groups(group, difference):
    """Sum of each case's group right after it came, and the higher of that and 0: cut above, or below."""
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], group[order])
    running = np.vstack([np.zeros(difference.shape[1]), np.cumsum(difference[order], axis=0)])
    total = np.empty_like(difference)
    total[order] = running[1:] - running[first]
    return total, np.maximum(total, 0.0)


def _latest(side, order, first, total, highest):
    """Sum and highest running sum of a half group at each moment: those its latest case knows, or 0 before any came."""
    latest = np.maximum.accumulate(np.where(side[order], np.arange(len(order)), -1))
    came = (latest >= first)[:, None]
    source = order[latest]
    return np.where(came, total[source], 0.0), np.where(came, highest[source], 0.0)
