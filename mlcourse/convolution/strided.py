"""Convolution over a view of all windows: no loop in Python, and no copy in sight."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mlcourse.convolution.operands import Operands
from mlcourse.convolution.shapes import Geometry


def convolve2d_strided(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve by a sum over three axes of an array that holds every window: the second rung of the ladder.

    The windows are a view with strides, (batch, c, h', w', kh, kw), and cost nothing; but the multiplication underneath
    copies them into a matrix, of the whole batch at once. Parameters, result and errors are those of `convolve2d`;
    everything is allowed.

    Examples
    --------
    >>> convolve2d_strided([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]])
    array([[0, 2],
           [2, 0]])
    """
    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    geometry, output = operands.geometry, operands.empty()
    seen = windows(operands.padded(), geometry)
    depth, filters = geometry.depth, geometry.filters // geometry.groups
    for g in range(geometry.groups):
        own = slice(g * filters, (g + 1) * filters)
        its = seen[:, g * depth : (g + 1) * depth]
        # (filters, batch, h', w'), with the first two changing places
        output[:, own] = np.tensordot(operands.weight[own], its, axes=([1, 2, 3], [1, 4, 5])).swapaxes(0, 1)
    return operands.finish(output)


def windows(padded: np.ndarray, geometry: Geometry) -> np.ndarray:
    """View all windows of padded images: (batch, c, h', w', kh, kw), without a copy."""
    (down, across), (gap_down, gap_across) = geometry.stride, geometry.dilation
    view = sliding_window_view(padded, geometry.extent, axis=(2, 3))
    return view[:, :, ::down, ::across, ::gap_down, ::gap_across]
