"""How sure a median is: intervals by resampling what was measured.

B. Efron, Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics 7 (1), 1979; the percentile interval.
"""

from typing import NamedTuple

import numpy as np

_RESAMPLES = 2000
CONFIDENCE = 0.95
_FEWEST = 6  # of 5, smallest and largest enclose the median with 1 - 2 / 2**5 = 94 %: no interval of 95 % exists


class Interval(NamedTuple):
    """A figure and the interval that it lies in with 95 % confidence.

    Attributes
    ----------
    low, median, high : float
    """

    low: float
    median: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Whether two intervals have a value in common.

        Examples
        --------
        >>> Interval(1, 2, 3).overlaps(Interval(3, 4, 5)), Interval(1, 2, 3).overlaps(Interval(4, 5, 6))
        (True, False)
        """
        return self.low <= other.high and other.low <= self.high


def median_interval(values, random_state=0) -> Interval:
    """Return the median of some positive measurements, and its bootstrap interval.

    Parameters
    ----------
    values : sequence of float
        One at least. All must be independent of each other, or at least in no order.
    random_state : int

    Returns
    -------
    Interval
        From 0 to infinity if there are fewer than 6 values: they cannot say more with 95 % confidence.

    Examples
    --------
    >>> median_interval([5.0] * 6)
    Interval(low=5.0, median=5.0, high=5.0)
    >>> median_interval([5.0] * 5)
    Interval(low=0.0, median=5.0, high=inf)
    """
    values = np.asarray(values, dtype=float)
    if len(values) < _FEWEST:
        return Interval(0.0, float(np.median(values)), float("inf"))
    rng = np.random.default_rng(random_state)
    medians = np.median(values[rng.integers(len(values), size=(_RESAMPLES, len(values)))], axis=1)
    # The nearest measured medians outwards: with few measurements no false precision.
    low = np.quantile(medians, (1 - CONFIDENCE) / 2, method="lower")
    high = np.quantile(medians, (1 + CONFIDENCE) / 2, method="higher")
    return Interval(float(low), float(np.median(values)), float(high))
