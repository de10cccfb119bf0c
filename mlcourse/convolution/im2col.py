"""Convolution as one matrix product: every window becomes a column (Chellapilla, Puri and Simard, 2006).

Most libraries began like this, as nothing is tuned better than matrix multiplication. The price is memory: a 3x3 kernel
copies each pixel nine times.
"""

from math import prod

import numpy as np

from mlcourse.convolution.operands import Operands, as_array, pad
from mlcourse.convolution.shapes import Geometry, axes_of, per_axis
from mlcourse.convolution.strided import windows
from mlcourse.convolution.strips import strip_height


def im2col(x, size, stride=1, padding=0, dilation=1) -> np.ndarray:
    """Write every window that a kernel sees into a column of a matrix.

    Parameters
    ----------
    x : array-like of shape (h, w), (c, h, w) or (batch, c, h, w)
        Images.
    size : int or (int, int)
        Kernel, for both axes or (vertical, horizontal).
    stride, padding, dilation : int or (int, int)
        As in `convolve2d`.

    Returns
    -------
    ndarray of shape (c*kh*kw, h'*w') or (batch, c*kh*kw, h'*w')
        Of the same type. Rows are ordered by channel, then kernel row, then kernel column, as the weights of a filter
        are when they are written in one line; columns are the positions, row by row.

    Raises
    ------
    ValueError
        If an argument is out of range or the kernel does not fit.

    References
    ----------
    K. Chellapilla, S. Puri, P. Simard, High Performance Convolutional Neural Networks for Document Processing, IWFHR
    2006, section 3.

    Examples
    --------
    >>> im2col([[1, 2, 3], [4, 5, 6]], 2)
    array([[1, 2],
           [2, 3],
           [4, 5],
           [5, 6]])
    """
    x = as_array(x, "x")
    geometry = _geometry(x.shape, size, stride, padding, dilation)
    padded = pad(x.reshape(geometry.batch, geometry.channels, *geometry.size), geometry.padding)
    matrix = np.ascontiguousarray(windows(padded, geometry).transpose(0, 1, 4, 5, 2, 3))
    return matrix.reshape(*x.shape[:-3], geometry.taps, prod(geometry.output))


def col2im(columns, shape, size, stride=1, padding=0, dilation=1) -> np.ndarray:
    """Add every column back to the window that it came from: the adjoint of `im2col`.

    Not its inverse: a pixel that stood in nine windows is summed nine times. That is what the gradient needs.

    Parameters
    ----------
    columns : array-like of shape (c*kh*kw, h'*w') or (batch, c*kh*kw, h'*w')
        As `im2col` returns them.
    shape : tuple of int
        Of the images: (h, w), (c, h, w) or (batch, c, h, w).
    size, stride, padding, dilation : int or (int, int)
        As they were given to `im2col`.

    Returns
    -------
    ndarray of shape `shape`
        What lay in the padding is dropped.

    Raises
    ------
    ValueError
        If `columns` cannot have come from images of this shape.

    Examples
    --------
    >>> col2im(im2col([[1, 2, 3], [4, 5, 6]], 2), (2, 3), 2)
    array([[ 1,  4,  3],
           [ 4, 10,  6]])
    """
    columns = as_array(columns, "columns")
    geometry = _geometry(shape, size, stride, padding, dilation)
    expected = (*tuple(shape)[:-3], geometry.taps, prod(geometry.output))
    if columns.shape != expected:
        raise ValueError(f"columns must have shape {expected} for images of shape {tuple(shape)}, got {columns.shape}.")
    parts = columns.reshape(geometry.batch, geometry.channels, *geometry.kernel, *geometry.output)
    image = np.zeros((geometry.batch, geometry.channels, *geometry.padded), columns.dtype)
    for (u, v), (rows, across) in shifts(geometry):
        image[:, :, rows, across] += parts[:, :, u, v]
    (top, left), (height, width) = geometry.padding, geometry.size
    return image[:, :, top : top + height, left : left + width].reshape(shape)


def convolve2d_im2col(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve by matrix products: filters as rows times windows as columns, the third rung of the ladder.

    The matrix is written and multiplied a few rows of the image at a time, so that it need not leave the processor's
    cache; `im2col` gives it in one piece. Parameters, result and errors are those of `convolve2d`; everything is
    allowed.

    Examples
    --------
    >>> convolve2d_im2col([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]])
    array([[0, 2],
           [2, 0]])
    """
    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    geometry, output = operands.geometry, operands.empty()
    groups, taps, (rows, width) = geometry.groups, geometry.taps, geometry.output
    filters = operands.weight.reshape(groups, -1, taps)
    # Positions last: the copy then runs along the rows of the image, not along the few pixels of a kernel's row.
    images = windows(operands.padded(), geometry).transpose(0, 1, 4, 5, 2, 3)
    height = strip_height(rows, groups * taps * width * images.itemsize)
    memory = np.empty(groups * taps * height * width, images.dtype)
    for image, maps in zip(images, output.reshape(geometry.batch, groups, -1, rows * width), strict=True):
        for top in range(0, rows, height):
            strip = image[..., top : top + height, :]  # (c, kh, kw, height, w')
            columns = memory[: strip.size].reshape(strip.shape)
            columns[...] = strip
            np.matmul(filters, columns.reshape(groups, taps, -1), out=maps[..., top * width : (top + height) * width])
    return operands.finish(output)


def shifts(geometry: Geometry):
    """Yield each element of the kernel (u, v) with the rows and columns of the padded image that it meets."""
    (rows, columns), (down, across) = geometry.output, geometry.stride
    for u in range(geometry.kernel[0]):
        for v in range(geometry.kernel[1]):
            top, left = u * geometry.dilation[0], v * geometry.dilation[1]
            yield (
                (u, v),
                (
                    slice(top, top + down * (rows - 1) + 1, down),
                    slice(left, left + across * (columns - 1) + 1, across),
                ),
            )


def _geometry(shape, size, stride, padding, dilation) -> Geometry:
    """Sizes for one filter over all channels of images of this shape."""
    shape = axes_of(shape, "shape")
    if not 2 <= len(shape) <= 4:
        raise ValueError(f"images must have shape (h, w), (c, h, w) or (batch, c, h, w), got shape {shape}.")
    batch, channels, *image = (1,) * (4 - len(shape)) + shape
    kernel = per_axis(size, "size")
    return Geometry.of(
        (batch, channels, *image),
        (1, channels, *kernel),
        stride=stride,
        padding=padding,
        dilation=dilation,
        kernel_name="size",
    )
