"""Amdahl's law: what a part can do for the whole."""

import math
from collections.abc import Mapping
from numbers import Real


def amdahl(shares, speedups) -> float:
    """Return how many times as fast the whole becomes when parts of it do.

    Parameters
    ----------
    shares : float, sequence of float, or dict of str to float
        What fraction of the time each part takes, from 0 to 1; together at most 1. The rest stays as it is.
    speedups : float, sequence of float, or dict of str to float
        How many times as fast each part becomes; ``math.inf`` for a part that vanishes, which gives the cap. A dict
        may leave out parts that stay as they are.

    Returns
    -------
    float
        Speed-up of the whole, 1 / (1 - sum of shares + sum of share / speed-up).

    Raises
    ------
    TypeError, ValueError
        If a share or a speed-up is impossible, or they do not go together.

    References
    ----------
    G. Amdahl: Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 1967.

    Examples
    --------
    Convolution and fully connected layers take 88.16 % of Faster R-CNN: at most

    >>> round(amdahl(0.8816, math.inf), 2)
    8.45
    >>> round(amdahl({"convolution": 0.9, "dense": 0.08}, {"convolution": 3}), 2)
    2.5
    """
    parts = _paired(shares, speedups)
    for share, speedup in parts:
        if not isinstance(share, Real) or isinstance(share, bool) or not 0 <= share <= 1:
            raise ValueError(f"shares must be fractions of the time from 0 to 1, not {share!r}; 88 % is 0.88.")
        if not isinstance(speedup, Real) or isinstance(speedup, bool) or not speedup > 0:
            raise ValueError(f"speedups must be above 0 (below 1 is slower, math.inf is gone), not {speedup!r}.")
    total = math.fsum(share for share, _ in parts)
    if total > 1 + 1e-9:
        raise ValueError(f"shares must not be more than the whole together, and these are {total:g}.")
    left = max(0.0, 1 - total) + math.fsum(share / speedup for share, speedup in parts)
    return math.inf if left == 0 else 1 / left


def _paired(shares, speedups) -> list[tuple]:
    if isinstance(shares, Mapping):
        if not isinstance(speedups, Mapping):
            raise TypeError(f"speedups must be a dict as shares is, not {type(speedups).__name__}.")
        unknown = [name for name in speedups if name not in shares]
        if unknown:
            raise ValueError(f"speedups names {unknown[0]!r}, which shares does not: {', '.join(map(str, shares))}.")
        return [(share, speedups.get(name, 1)) for name, share in shares.items()]
    if isinstance(speedups, Mapping):
        raise TypeError("shares must be a dict as speedups is.")
    lists = [[value] if isinstance(value, Real) else list(value) for value in (shares, speedups)]
    if len(lists[0]) != len(lists[1]):
        raise ValueError(f"shares and speedups must be of one length, not {len(lists[0])} and {len(lists[1])}.")
    return list(zip(*lists, strict=True))
