"""What a recording's time stamps say: where time is missing, and when each sample was taken."""

import numpy as np

# A longer pause is shown as one of this many seconds: recordings of one person lie minutes or days apart.
LONGEST_PAUSE = 10.0


def read_clock(stamps, rate: float, max_gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Find the breaks in a sequence of time stamps, and give every sample a time that only rises.

    Parameters
    ----------
    stamps : array of shape (time,)
        Seconds, as recorded; they may stand still or jump either way.
    rate : float
        Nominal samples per second, in Hz.
    max_gap : float
        Seconds between neighbours above which samples are missing.

    Returns
    -------
    time : array of shape (time,)
        Seconds since the first sample. Steps back count as one sample, long pauses as `LONGEST_PAUSE`.
    breaks : array of int
        Samples before which time jumps back or more than `max_gap` ahead.

    Examples
    --------
    >>> time, breaks = read_clock(np.array([5.0, 5.05, 5.1, 9.0, 2.0, 2.05]), rate=20, max_gap=0.25)
    >>> time.round(2).tolist(), breaks.tolist()
    ([0.0, 0.05, 0.1, 4.0, 4.05, 4.1], [3, 4])
    """
    stamps = np.asarray(stamps, dtype=float)
    if not len(stamps):
        return np.empty(0), np.empty(0, dtype=int)
    steps = np.diff(stamps)
    breaks = np.flatnonzero((steps < 0) | (steps > max_gap)) + 1
    steps = np.where(steps < 0, 1 / rate, np.minimum(steps, LONGEST_PAUSE))
    return np.concatenate([[0.0], np.cumsum(steps)]), breaks
