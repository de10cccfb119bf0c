"""Convolution of signals: one axis, time, in place of two."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mlcourse.convolution.operands import Operands


def convolve1d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Slide filters along signals and note at each time how well they match.

    Parameters
    ----------
    x : array-like of shape (time,), (c, time) or (batch, c, time)
        Signals, such as the three axes of an accelerometer.
    weight : array-like of shape (k,), (c, k) or (n, c/groups, k)
        One filter for one signal, one filter over all channels, or `n` filters.
    bias : array-like of shape (n,) or number, optional
        Added to the result, one number a filter.
    stride, padding, dilation : int
        Step between positions, zeros on both ends, distance between neighbouring elements of the kernel.
    groups : int
        As in `convolve2d`.

    Returns
    -------
    ndarray of shape (time',), (n, time') or (batch, n, time')

    Raises
    ------
    ValueError
        If shapes do not go together, an argument is out of range, or an array holds no real numbers.

    Examples
    --------
    A difference of neighbours finds where a signal rises and falls.

    >>> convolve1d([0, 0, 1, 1, 1, 0], [-1, 1])
    array([ 0,  1,  0,  0, -1])
    """
    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, axes=1)
    geometry, output = operands.geometry, operands.empty()
    (stride,), (dilation,), (extent,) = geometry.stride, geometry.dilation, geometry.extent
    windows = sliding_window_view(operands.padded(), extent, axis=2)[:, :, ::stride, ::dilation]  # (batch, c, time', k)
    depth, filters = geometry.depth, geometry.filters // geometry.groups
    for g in range(geometry.groups):
        own = slice(g * filters, (g + 1) * filters)
        maps = np.tensordot(operands.weight[own], windows[:, g * depth : (g + 1) * depth], axes=([1, 2], [1, 3]))
        output[:, own] = maps.swapaxes(0, 1)
    return operands.finish(output)
