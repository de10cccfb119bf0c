"""How C4.5 judges and finds the test of one node.

The formulas come first and work on small tables of class counts; the search below them applies the same
formulas to every threshold of every feature at once.

Sources
-------
[Q93] J. R. Quinlan, *C4.5: Programs for Machine Learning*, Morgan Kaufmann, 1993: chapter 2 (gain, gain ratio,
      continuous attributes), chapter 3 (missing values).
[Q96] J. R. Quinlan, Improved Use of Continuous Attributes in C4.5, *Journal of Artificial Intelligence Research* 4,
      77-90, 1996: section 3 (what a threshold costs).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TIE = 1e-6  # two tests or branches that differ by less are equally good, and the first of them is taken
_BLOCK = 2**22  # most (case, feature, class) counts that the threshold search holds at a time: 32 MB


# --------------------------------------------------------------------------------------------- formulas


def _x_log2_x(x):
    """``x log2(x)``, and 0 at ``x = 0``, which is its limit."""
    return x * np.log2(x, where=x > 0, out=np.zeros(np.shape(x)))


def _weighted_entropy(counts):
    """Entropy times total weight, over the last axis: the form that needs no division, for the search below."""
    return _x_log2_x(counts.sum(-1)) - _x_log2_x(counts).sum(-1)


def entropy(counts) -> float:
    """Bits needed on average to name the class of a case.

    ``info(T) = - sum_j p_j log2(p_j)`` with ``p_j = counts[j] / sum(counts)``  [Q93, section 2.2].

    Parameters
    ----------
    counts : array of shape (classes,)
        Number (or summed weight) of cases of each class.

    Returns
    -------
    float
        Bits, between 0 (one class only) and ``log2(classes)`` (all alike); 0 for an empty set.
    """
    counts = _counts(counts, 1)
    total = counts.sum()
    return float(_weighted_entropy(counts) / total) if total > 0 else 0.0


def information_gain(table, missing: float = 0.0) -> float:
    """Bits that a test saves: entropy before it, less the mean entropy of its branches.

    ``gain = F (info(T) - sum_i |T_i| / |T| info(T_i))``: `T` are the cases in which the tested feature is known, and
    `F` is their share of all cases, because where the value is missing the test tells nothing
    [Q93, section 2.2; `F`: section 3.2].

    Parameters
    ----------
    table : array of shape (branches, classes)
        Weight of the cases of each class that go down each branch.
    missing : float
        Weight of the cases in which the tested feature is missing.
    """
    table = _counts(table, 2)
    known = table.sum()
    if known == 0:
        return 0.0
    saved = _weighted_entropy(table.sum(0)) - _weighted_entropy(table).sum()
    return float(saved / (known + missing))  # saved / known is the gain where known, times F = known / all


def split_information(table, missing: float = 0.0) -> float:
    """Bits needed to name the branch itself, whatever the class: the price of a test with many branches.

    The entropy of the branch sizes; the cases with a missing value count as one branch more
    [Q93, section 2.2; missing: section 3.2].
    """
    return entropy(np.append(_counts(table, 2).sum(1), missing))


def gain_ratio(table, missing: float = 0.0) -> float:
    """Information gain per bit of split information [Q93, section 2.2]; 0 for a test with only one branch in use."""
    price = split_information(table, missing)
    return information_gain(table, missing) / price if price > 0 else 0.0


def _counts(counts, ndim):
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != ndim or not np.all(counts >= 0):  # `not >=` also catches NaN
        shape = "(classes,)" if ndim == 1 else "(branches, classes)"
        raise ValueError(f"counts must be an array of shape {shape} of numbers >= 0, got {counts!r:.80}.")
    return counts


# ----------------------------------------------------------------------------------------------- search


@dataclass(frozen=True)
class Split:
    """A test on one feature: ``x <= threshold`` (two branches), or one branch for each of `values`."""

    feature: int
    gain: float
    ratio: float
    threshold: float | None = None
    values: np.ndarray | None = None


def find_split(X, codes, weights, n_classes, min_samples_leaf, categories, many) -> Split | None:
    """The test that C4.5 puts at a node: of those with at least average gain, the one with the best gain ratio.

    The gain ratio alone favours lopsided tests, whose split information is next to nothing; so it only chooses
    among tests that are worth something, namely gain at least the average [Q93, section 2.2].

    Parameters
    ----------
    X : array of shape (cases, features)
        The cases at the node; NaN where a value is missing.
    codes, weights : arrays of shape (cases,)
        Class (0, 1, ...) and weight of each case.
    min_samples_leaf : float
        At least two branches must hold this weight of cases.
    categories : dict of int to array
        The values of each categorical feature; the other features are continuous.
    many : float
        A categorical feature with this many values or more stays out of the average, which it would distort.

    Returns
    -------
    Split or None
        None where the node should be a leaf: one class, too few cases, or no test that gains anything.
    """
    totals = np.bincount(codes, weights, n_classes)
    if totals.sum() < 2 * min_samples_leaf or totals.max() >= totals.sum() - TIE:
        return None
    continuous = np.array([f for f in range(X.shape[1]) if f not in categories], dtype=int)
    splits = _threshold_splits(X, continuous, codes, weights, n_classes, min_samples_leaf)
    averaged = [split.gain for split in splits]
    for feature, values in categories.items():
        table, missing = _table(X[:, feature], values, codes, weights, n_classes)
        gain = information_gain(table, missing)
        if gain > TIE and np.sum(table.sum(1) >= min_samples_leaf - TIE) >= 2:
            splits.append(Split(feature, gain, gain_ratio(table, missing), values=values))
            if len(values) < many:
                averaged.append(gain)
    if not splits:
        return None
    # C4.5 allows 0.001 bit for rounding in this comparison.
    average = np.mean(averaged or [split.gain for split in splits]) - 1e-3
    worthwhile = sorted((split for split in splits if split.gain >= average), key=lambda split: split.feature)
    best = max(split.ratio for split in worthwhile)
    return next(split for split in worthwhile if split.ratio >= best - TIE) if best > TIE else None


def _table(column, values, codes, weights, n_classes):
    """Class counts of each category, and the weight of the cases that have none of them."""
    branch = match_category(column, values)
    known = branch >= 0
    cells = branch[known] * n_classes + codes[known]
    counts = np.bincount(cells, weights[known], len(values) * n_classes)
    return counts.reshape(len(values), n_classes), weights[~known].sum()


def match_category(column, values):
    """Index of each entry of `column` in the sorted `values`; -1 where it is missing or was never seen."""
    index = np.minimum(np.searchsorted(values, column), len(values) - 1)
    return np.where(values[index] == column, index, -1)


def _threshold_splits(X, features, codes, weights, n_classes, min_samples_leaf) -> list[Split]:
    """The best threshold of each continuous feature; features without any useful one are left out."""
    splits = []
    per_block = max(1, _BLOCK // max(1, len(X) * n_classes))
    for start in range(0, len(features), per_block):
        block = features[start : start + per_block]
        splits += _threshold_block(X[:, block], block, codes, weights, n_classes, min_samples_leaf)
    return splits


def _threshold_block(X, features, codes, weights, n_classes, min_samples_leaf) -> list[Split]:
    n, width = X.shape
    if n < 2:
        return []
    all_weight = weights.sum()
    order = np.argsort(X, axis=0, kind="stable")  # NaN sorts last
    x = np.take_along_axis(X, order, axis=0)

    # below[i, f, k]: weight of class k among the i + 1 smallest values of feature f (known values only).
    below = np.zeros((n, width, n_classes))
    below[np.arange(n)[:, None], np.arange(width), codes[order]] = np.where(np.isnan(x), 0.0, weights[order])
    np.cumsum(below, axis=0, out=below)
    known = below[-1]  # (features, classes)

    # A cut lies between two different neighbours and leaves enough weight on both sides. C4.5 asks for a tenth of an
    # even share of the classes there, though never for more than 25 cases or for fewer than min_samples_leaf.
    known_weight = known.sum(-1)
    least = np.maximum(min_samples_leaf, np.minimum(25, 0.1 * known_weight / n_classes)) - TIE
    left_weight = below[:-1].sum(-1)
    allowed = (x[:-1] < x[1:]) & (left_weight >= least) & (known_weight - left_weight >= least)
    row, column = np.nonzero(allowed)
    if len(row) == 0:
        return []

    left = below[row, column]
    after = _weighted_entropy(left) + _weighted_entropy(known[column] - left)
    gains = np.full((n - 1, width), -np.inf)
    gains[row, column] = (_weighted_entropy(known)[column] - after) / all_weight

    # Trying many thresholds finds a good one by chance; naming one of t takes log2(t) bits, spread over the cases
    # (Q96, section 3). The cost moves a feature's gain, never the place of its threshold.
    tries = allowed.sum(0)
    best = gains.max(0)
    useful = np.flatnonzero(best > -np.inf)
    gain = best[useful] - np.log2(tries[useful]) / all_weight
    useful, gain = useful[gain > TIE], gain[gain > TIE]

    cut = np.argmax(gains[:, useful] >= best[useful] - TIE, axis=0)  # the first of equals
    lower, upper = x[cut, useful], x[cut + 1, useful]
    # A hair above the middle, so that rounding does not put 6.69 above the middle of 6.68 and 6.70.
    middle = 0.5000000005 * upper + 0.4999999995 * lower
    middle = np.where((lower <= middle) & (middle < upper), middle, lower)  # neighbouring floats have no middle
    inside = left_weight[cut, useful]
    sizes = np.stack([inside, known_weight[useful] - inside, all_weight - known_weight[useful]], axis=-1)
    price = _weighted_entropy(np.maximum(sizes, 0)) / all_weight
    return [
        Split(int(features[f]), float(g), float(g / p), threshold=float(t))
        for f, g, p, t in zip(useful, gain, price, middle, strict=True)
    ]
