"""Gravity and movement: an accelerometer measures the sum of the two."""

from numbers import Real

import numpy as np


def resultant(signals):
    """Length of each reading's vector, which does not depend on how the phone is turned.

    Parameters
    ----------
    signals : array of shape (..., 3)
        x, y and z in the last axis, in any unit.

    Returns
    -------
    array of shape (...)
        ``sqrt(x^2 + y^2 + z^2)``, in the same unit.

    Raises
    ------
    ValueError
        If the last axis does not hold three values.

    Examples
    --------
    >>> resultant([[3.0, 4.0, 0.0], [0.0, 0.0, -9.81]])
    array([5.  , 9.81])
    """
    signals = np.asarray(signals, dtype=float)
    if signals.ndim == 0 or signals.shape[-1] != 3:
        raise ValueError(
            f"signals must hold x, y and z in the last axis, got shape {signals.shape}; choose one sensor's channels, "
            "such as X[..., :3]."
        )
    return np.sqrt(np.sum(signals**2, axis=-1))


def separate_gravity(signals, rate, cutoff=0.3):
    """Split acceleration into gravity, which changes slowly, and what the body adds.

    A third-order Butterworth low-pass filter, run forwards and backwards so that it delays nothing, as in Anguita et
    al. (2013), section 3. It looks ahead and is meant for recordings, not for live streams: there, the mean of each
    window says where gravity points.

    Parameters
    ----------
    signals : array of shape (time, ...)
        Acceleration, evenly spaced in time.
    rate : float
        Samples per second, in Hz.
    cutoff : float
        Frequency in Hz that divides the two.

    Returns
    -------
    gravity, body : two arrays of the shape of `signals`
        They add up to `signals`. Close to the ends, within half a period of `cutoff`, gravity is less certain.

    Raises
    ------
    ValueError
        If `signals` are shorter than half a period of `cutoff` or hold NaN, or `cutoff` is not between 0 and half the
        rate.

    References
    ----------
    D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz, A Public Domain Dataset for Human Activity Recognition
    Using Smartphones, ESANN 2013.

    Examples
    --------
    >>> t = np.arange(1000) / 50
    >>> gravity, body = separate_gravity(9.81 + np.sin(2 * np.pi * 2 * t), rate=50)
    >>> bool(np.allclose(gravity[200:-200], 9.81, atol=0.01))
    True
    """
    from scipy.signal import butter, sosfiltfilt

    signals = np.asarray(signals, dtype=float)
    if not isinstance(rate, Real) or not 0 < rate < np.inf:
        raise ValueError(f"rate must be a number of samples per second above 0, got {rate!r}.")
    if not isinstance(cutoff, Real) or not 0 < cutoff < rate / 2:
        raise ValueError(f"cutoff must lie between 0 and half the rate, {rate / 2:g} Hz, got {cutoff!r}.")
    if signals.ndim == 0:
        raise ValueError("signals must have shape (time, ...), got a single number.")
    if len(signals) < rate / cutoff / 2:
        raise ValueError(
            f"signals last {len(signals) / rate:g} s: to tell what changes slower than {cutoff:g} Hz takes at least "
            f"half a period, {0.5 / cutoff:.3g} s. Give a longer stretch, or take its mean as gravity."
        )
    if not np.isfinite(signals).all():
        raise ValueError("signals hold NaN or infinity: split the recording there, or repair it.")
    lowpass = butter(3, cutoff, fs=rate, output="sos")
    # The filter needs a run-up of about one period of the cutoff; a shorter recording gives as much as it has. The
    # run-up is the signal mirrored in time. (Mirrored in value as well, as is the default, it would start wherever the
    # first step happens to have the sensor, and take that for gravity.)
    run_up = min(len(signals) - 1, int(np.ceil(rate / cutoff)))
    gravity = sosfiltfilt(lowpass, signals, axis=0, padtype="even", padlen=run_up)
    return gravity, signals - gravity
