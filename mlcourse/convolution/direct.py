"""Direct convolution with the channels last: shift the image, multiply, add; nothing is copied nine times."""

import numpy as np

from mlcourse.convolution.im2col import shifts
from mlcourse.convolution.operands import Operands
from mlcourse.convolution.strips import strip_height


def convolve2d_direct(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve by one small matrix product for each element of the kernel: the fourth rung of the ladder.

    With the channels of a pixel side by side in memory, a row of the image is already a matrix, (w', c), wherever the
    kernel stands: no window has to be copied. Parameters, result and errors are those of `convolve2d`; everything is
    allowed.

    Examples
    --------
    >>> convolve2d_direct([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]])
    array([[0, 2],
           [2, 0]])
    """
    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    geometry, output = operands.geometry, operands.empty()
    groups, depth, (rows, width) = geometry.groups, geometry.depth, geometry.output
    filters, down = geometry.filters // groups, geometry.stride[0]

    images = _channels_last(operands)
    # (kh, kw, groups, 1, depth, filters): a matrix for each element of the kernel and each group
    weights = operands.weight.reshape(groups, filters, depth, 1, *geometry.kernel).transpose(4, 5, 0, 3, 2, 1)
    weights = np.ascontiguousarray(weights)
    maps = output.reshape(geometry.batch, groups, filters, rows, width)
    height = strip_height(rows, 2 * geometry.filters * width * images.itemsize)
    memory = np.empty((2, groups, height, width, filters), images.dtype)
    for image, own in zip(images, maps, strict=True):
        for top in range(0, rows, height):
            taken = min(height, rows - top)
            total, product = memory[:, :, :taken]
            total[...] = 0
            for (u, v), (down_image, across_image) in shifts(geometry):
                first = down_image.start + top * down
                pixels = image[first : first + (taken - 1) * down + 1 : down, across_image]
                pixels = pixels.reshape(taken, width, groups, depth).transpose(2, 0, 1, 3)
                total += np.matmul(pixels, weights[u, v], out=product)
            own[:, :, top : top + taken] = total.transpose(0, 3, 1, 2)
    return operands.finish(output)


def _channels_last(operands: Operands) -> np.ndarray:
    """Copy the padded images to (batch, h, w, c)."""
    geometry = operands.geometry
    images = np.zeros((geometry.batch, *geometry.padded, geometry.channels), operands.x.dtype)
    (top, left), (height, width) = geometry.padding, geometry.size
    images[:, top : top + height, left : left + width] = operands.x.transpose(0, 2, 3, 1)
    return images
