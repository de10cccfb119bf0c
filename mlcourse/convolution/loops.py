"""Convolution and pooling as loops: slow, and each line can be read off the slide."""

import numpy as np

from mlcourse.convolution.operands import Operands, as_array, pad
from mlcourse.convolution.shapes import per_axis, positions


def convolve2d(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Slide filters over images and note at each position how well they match: the first rung of the ladder.

    As in every deep-learning library this is cross-correlation: the kernel is not flipped.

    Parameters
    ----------
    x : array-like of shape (h, w), (c, h, w) or (batch, c, h, w)
        Images. A result in integers is exact; floating types keep their width, float16 is summed in float32.
    weight : array-like of shape (kh, kw), (c, kh, kw) or (n, c/groups, kh, kw)
        One filter for a grey image, one filter over all channels, or `n` filters.
    bias : array-like of shape (n,) or number, optional
        Added to the result, one number a filter.
    stride : int or (int, int)
        Step between positions, for both axes or (vertical, horizontal).
    padding : int or (int, int)
        Zeros around the image, on both sides alike.
    dilation : int or (int, int)
        Distance between neighbouring elements of the kernel; 1 leaves no gap.
    groups : int
        Channels and filters are cut into so many groups; a filter sees the channels of its group only. As many groups
        as channels make a depthwise convolution.

    Returns
    -------
    ndarray of shape (h', w'), (n, h', w') or (batch, n, h', w')
        One map a filter. Its type is the widest floating type among the arguments, or int64 where all are integers.

    Raises
    ------
    ValueError
        If shapes do not go together, an argument is out of range, or an array holds no real numbers.

    See Also
    --------
    output_size : Positions along one axis.
    mlcourse.convolution.LADDER : The same operation, ever faster.

    Notes
    -----
    NaN is let through, as in torch: a result is NaN where its window holds one.

    Examples
    --------
    >>> convolve2d([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]])
    array([[0, 2],
           [2, 0]])
    """
    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    x, weight, geometry = operands.padded(), operands.weight, operands.geometry
    (rows, columns), (height, width) = geometry.output, geometry.extent
    (down, across), (gap_down, gap_across) = geometry.stride, geometry.dilation
    filters_in_group = geometry.filters // geometry.groups

    output = operands.empty()
    for image in range(geometry.batch):
        for n in range(geometry.filters):
            first = n // filters_in_group * geometry.depth
            channels = slice(first, first + geometry.depth)
            for i in range(rows):
                for j in range(columns):
                    top, left = i * down, j * across
                    window = x[image, channels, top : top + height : gap_down, left : left + width : gap_across]
                    output[image, n, i, j] = np.sum(window * weight[n])
    return operands.finish(output)


def max_pool2d(x, size=2, stride=None, padding=0) -> np.ndarray:
    """Keep the largest number of each window.

    Parameters
    ----------
    x : array-like of shape (..., h, w)
        Maps; each is pooled by itself.
    size : int or (int, int)
        Window, for both axes or (vertical, horizontal).
    stride : int or (int, int), optional
        Step between windows. Default: `size`, so that they do not overlap.
    padding : int or (int, int)
        Border that never wins, at most half of `size`.

    Returns
    -------
    ndarray of shape (..., h', w')
        Of the same type. NaN wins, as in torch. Rows and columns that fill no whole window are left out.

    Raises
    ------
    ValueError
        If an argument is out of range or `x` has fewer than two axes.

    Examples
    --------
    >>> max_pool2d([[3, -1, -3, -1], [-3, 1, 0, -3]])
    array([[3, 0]])
    """
    x = as_array(x, "x")
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min if x.dtype.kind in "iu" else False
    return _pool(np.max, x, size, stride, padding, fill=lowest, result=x.dtype)


def average_pool2d(x, size=2, stride=None, padding=0) -> np.ndarray:
    """Average each window; zeros of the padding count, as in torch.

    Parameters
    ----------
    x : array-like of shape (..., h, w)
        Maps; each is pooled by itself.
    size : int or (int, int)
        Window, for both axes or (vertical, horizontal).
    stride : int or (int, int), optional
        Step between windows. Default: `size`, so that they do not overlap.
    padding : int or (int, int)
        Zeros around each map, at most half of `size`.

    Returns
    -------
    ndarray of shape (..., h', w')
        Of the same floating type, float64 for integers.

    Raises
    ------
    ValueError
        If an argument is out of range or `x` has fewer than two axes.

    Examples
    --------
    >>> average_pool2d([[3, -1, -3, -1], [-3, 1, 0, -3]])
    array([[ 0.  , -1.75]])
    """
    x = as_array(x, "x")
    result = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    return _pool(np.mean, x, size, stride, padding, fill=0, result=result)


def _pool(summary, x: np.ndarray, size, stride, padding, *, fill, result) -> np.ndarray:
    """Apply `summary` to each window of the last two axes."""
    if x.ndim < 2 or 0 in x.shape:
        raise ValueError(f"x must have shape (..., h, w) and at least one element, got shape {x.shape}.")
    height, width = size = per_axis(size, "size")
    down, across = stride = size if stride is None else per_axis(stride, "stride")
    padding = per_axis(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(padding, size, strict=True)):
        raise ValueError(
            f"padding must be at most half of size, else some windows hold nothing but padding; got padding {padding} "
            f"for size {size}."
        )
    rows, columns = map(positions, x.shape[-2:], size, stride, padding, (1, 1), ("size", "size"))

    x = pad(x, padding, fill)
    output = np.empty((*x.shape[:-2], rows, columns), result)
    for i in range(rows):
        for j in range(columns):
            top, left = i * down, j * across
            window = x[..., top : top + height, left : left + width]
            output[..., i, j] = summary(window, axis=(-2, -1))
    return output
