"""From readings at irregular times to samples at a fixed rate.

A phone promises 50 readings a second and delivers them a little early, a little late, twice, or not at all for a
while. What follows wants evenly spaced samples. Three rules keep the step between the two honest:

* a gap is a gap: readings far apart start a new stretch, and nothing is invented between stretches;
* going down in rate needs an anti-alias filter, or fast motion would reappear as slow motion that never was;
* the filter has no delay (linear-phase, centred), so labels stay where they were.
"""

from itertools import pairwise

import numpy as np

#: Output rates (Hz) that recordings are rounded to: the settings that phones, watches and their sensor chips offer.
USUAL_RATES = (
    1, 2, 4, 5, 8, 10, 12.5, 15, 16, 20, 25, 26, 30, 32, 40, 50, 52, 60, 62.5, 64, 75, 80, 100, 104, 120, 125, 128,
    150, 200, 208, 240, 250, 256, 300, 400, 416, 500, 512, 800, 1000,
)  # fmt: skip

#: Up to this fraction of the new Nyquist frequency the anti-alias filter leaves a signal as it is ...
PASSBAND = 0.8
#: ... and from the new Nyquist frequency on it attenuates by this many decibels.
STOPBAND_DB = 60.0
#: Readings at least this fraction of the wanted rate need no filter: 49.8 Hz to 50 Hz, 50.3 Hz to 50 Hz.
SAME_RATE = 0.95


def typical_step(time):
    """Return the usual time between readings, whatever bursts, repeats and gaps there are.

    The median over eight steps at a time: a phone that hands over its readings in pairs has a median single step of
    almost nothing.

    Parameters
    ----------
    time : array of shape (n,)
        Ascending times in seconds, at least two.

    Returns
    -------
    float
        Seconds from one reading to the next.

    Examples
    --------
    >>> float(typical_step([0.0, 0.001, 0.040, 0.041, 0.080, 0.081, 0.120, 0.121, 0.160, 0.161, 0.2]))
    0.02
    """
    time = np.asarray(time, dtype=float)
    stride = min(8, len(time) - 1)
    return float(np.median(time[stride:] - time[:-stride]) / stride)


def measured_rate(time, stretches=None):
    """Return how many readings a second there are, not counting what was lost.

    The mean of the steps that are near the median one: the median alone would call 120 Hz with times in whole
    milliseconds 125 Hz, and the mean alone would call 50 Hz with every twentieth reading lost 47.5 Hz. Where few
    steps are near the median, the sampling is irregular and the plain mean is taken.

    Parameters
    ----------
    time : array of shape (n,)
        Ascending times in seconds.
    stretches : list of slice, optional
        Stretches without gaps (default: all is one).

    Returns
    -------
    float
        Rate in Hz; not a number where there are no two readings at different times.
    """
    steps = np.concatenate([np.diff(time[s]) for s in stretches or [slice(None)]])
    steps = steps[steps > 0]
    if not len(steps):
        return float("nan")
    usual = steps[np.abs(steps / np.median(steps) - 1) < 0.5]
    return float(1 / np.mean(usual if len(usual) >= 0.7 * len(steps) else steps))


def usual_rate(measured):
    """Return the nearest usual sensor rate within 2.5 %, else the measured rate to three digits.

    Parameters
    ----------
    measured : float
        Readings per second as found in a recording.

    Examples
    --------
    >>> usual_rate(49.8), usual_rate(99.4), usual_rate(36.0)
    (50.0, 100.0, 36.0)
    """
    nearest = min(USUAL_RATES, key=lambda rate: abs(np.log(rate / measured)))
    return float(nearest) if abs(nearest / measured - 1) <= 0.025 else float(f"{measured:.3g}")


def split_at_gaps(time, max_gap, cuts=()):
    """Return the stretches of readings that follow each other without a gap.

    Parameters
    ----------
    time : array of shape (n,)
        Ascending times in seconds.
    max_gap : float
        Two readings more than this many seconds apart belong to different stretches.
    cuts : sequence of int
        Further positions where a new stretch begins, whatever the clock says.

    Returns
    -------
    list of slice

    Examples
    --------
    >>> split_at_gaps([0.0, 0.1, 0.2, 3.0, 3.1], max_gap=0.5)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    gaps = np.flatnonzero(np.diff(time) > max_gap) + 1
    edges = [0, *sorted({*gaps.tolist(), *(int(c) for c in cuts)} - {0, len(time)}), len(time)]
    return [slice(a, b) for a, b in pairwise(edges)]


def interpolate(time, values, at):
    """Return ``values`` at other times within the same stretch: a cubic spline, and no overshoot across small holes.

    A cubic spline keeps a tone at a fifth of the sampling rate within 1 %, where straight lines would lose a tenth of
    it. Across holes of more than three usual steps a spline may swing far beyond the readings on both sides, so
    there a monotone cubic is used.

    Parameters
    ----------
    time : array of shape (n,)
        Strictly ascending times in seconds.
    values : array of shape (n, channels)
    at : array of shape (m,)
        Wanted times; those outside ``time`` get the value of its nearest end.

    Returns
    -------
    array of shape (m, channels)
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    at = np.clip(at, time[0], time[-1])
    if len(time) == 1:
        return np.repeat(values, len(at), axis=0)
    result = CubicSpline(time, values)(at)
    steps = np.diff(time)
    inside = steps[np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(steps) - 1)]
    hole = inside > 3 * np.median(steps)
    if hole.any():
        result[hole] = PchipInterpolator(time, values)(at[hole])
    return result


def extend(values, count, *, order=16, memory=600):
    """Return ``count`` further rows that continue the signals in their own rhythm, by linear prediction.

    An autoregressive model is fitted to the last ``memory`` rows by Burg's method and run on. It is always stable, so
    the continuation keeps a tone going, or fades to the mean, and never explodes.

    Parameters
    ----------
    values : array of shape (n, channels)
        Evenly spaced samples.
    count : int
        Number of rows to add.
    order, memory : int
        Coefficients of the model, and how many rows it is fitted to.

    Returns
    -------
    array of shape (count, channels)

    References
    ----------
    J. P. Burg, *Maximum Entropy Spectral Analysis*, PhD thesis, Stanford University, 1975.

    Examples
    --------
    >>> t = np.arange(100) / 20
    >>> more = extend(np.sin(2 * np.pi * t)[:, None], 5)
    >>> bool(np.allclose(more[:, 0], np.sin(2 * np.pi * (5 + np.arange(5) / 20)), atol=1e-3))
    True
    """
    recent = values[-memory:]
    order = min(order, len(recent) // 3)
    mean = recent.mean(axis=0)
    if order == 0:
        return np.repeat(mean[None], count, axis=0)
    signal = recent - mean
    forward, backward = signal[1:], signal[:-1]
    model = np.zeros((0, values.shape[1]))
    for _ in range(order):
        energy = (forward**2).sum(axis=0) + (backward**2).sum(axis=0)
        reflection = -2 * (forward * backward).sum(axis=0) / (energy + np.finfo(float).tiny)
        model = np.concatenate([model + reflection * model[::-1], reflection[None]])
        forward, backward = (forward + reflection * backward)[1:], (backward + reflection * forward)[:-1]
    history = np.concatenate([signal[-order:], np.zeros((count, values.shape[1]))])
    for i in range(count):
        history[order + i] = -(model[::-1] * history[i : order + i]).sum(axis=0)
    return history[order:] + mean


def resample(time, values, rate, *, start=None, count=None, source_rate=None):
    """Return one stretch of irregular readings at a fixed rate.

    Parameters
    ----------
    time : array of shape (n,)
        Strictly ascending times in seconds.
    values : array of shape (n, channels)
        Readings; every column is treated alike.
    rate : float
        Wanted samples per second.
    start : float, optional
        Time of the first sample (default: the first reading).
    count : int, optional
        Number of samples (default: as many as fit before the last reading).
    source_rate : float, optional
        Readings per second of the source (default: measured on this stretch).

    Returns
    -------
    array of shape (count, channels)

    Notes
    -----
    Where ``rate`` is lower than ``source_rate``, the readings are first interpolated to an even grid of at least twice
    the source rate, then filtered by a centred Kaiser-window FIR low-pass (flat to 0.8 of the new Nyquist frequency,
    60 dB down from it on; Oppenheim and Schafer, *Discrete-Time Signal Processing*, section 7.6), then thinned.
    At both ends the stretch is prolonged by linear prediction (:func:`extend`), so that the filter has something to
    look at there: mirroring would lose up to half of a 6 Hz tone, or let a 15 Hz tone through, at the edge of 20 Hz.

    Examples
    --------
    >>> t = np.array([0.0, 0.011, 0.019, 0.031, 0.040])
    >>> resample(t, np.column_stack([t]), rate=100).round(3).ravel()
    array([0.  , 0.01, 0.02, 0.03, 0.04])
    """
    time, values = np.asarray(time, dtype=float), np.asarray(values, dtype=float)
    duration = time[-1] - time[0]
    start = time[0] if start is None else start
    count = int(np.floor((time[-1] - start) * rate + 1e-6)) + 1 if count is None else count
    if source_rate is None:
        source_rate = (len(time) - 1) / duration if duration > 0 else rate
    if rate >= SAME_RATE * source_rate or len(time) < 4:
        return interpolate(time, values, start + np.arange(count) / rate)

    from scipy.signal import firwin, kaiserord, oaconvolve

    factor = int(np.ceil(2 * source_rate / rate))
    fine = rate * factor
    # The fine grid runs through `start` and covers the whole stretch, so that the filter sees all there is.
    first, last = int(np.ceil((time[0] - start) * fine - 1e-6)), int(np.floor((time[-1] - start) * fine + 1e-6))
    grid = interpolate(time, values, start + np.arange(first, last + 1) / fine)
    taps, beta = kaiserord(STOPBAND_DB, (1 - PASSBAND) * (rate / 2) / (fine / 2))
    taps |= 1  # an odd number of taps has a middle one: no delay
    lowpass = firwin(taps, (1 + PASSBAND) / 2 * rate / 2, window=("kaiser", beta), fs=fine)
    padded = np.concatenate([extend(grid[::-1], taps // 2)[::-1], grid, extend(grid, taps // 2)])
    smooth = oaconvolve(padded, lowpass[:, None], mode="valid", axes=0)
    return smooth[np.clip(np.arange(count) * factor - first, 0, len(smooth) - 1)]
