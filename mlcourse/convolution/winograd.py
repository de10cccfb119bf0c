"""Winograd's minimal filtering F(2x2, 3x3): four results of a 3x3 kernel with 16 multiplications instead of 36."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mlcourse.convolution.fft import assemble
from mlcourse.convolution.operands import Operands
from mlcourse.convolution.shapes import Geometry
from mlcourse.convolution.strips import strip_height


def convolve2d_winograd(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve with 2.25 times fewer multiplications: the sixth rung of the ladder.

    Only for 3x3 kernels with stride 1 and dilation 1; any padding and groups. Parameters and result are otherwise those
    of `convolve2d`. Integers give float64, as the transform of the kernel holds halves.

    Raises
    ------
    ValueError
        If the kernel is not 3x3, stride or dilation is not 1, or for the reasons of `convolve2d`.

    Notes
    -----
    The image is cut into tiles of 4x4 pixels that overlap by two. Tile and kernel are transformed by additions (and
    halving), multiplied element by element, summed over the channels, and transformed back to 2x2 results. NaN or
    infinity in a pixel spoils all four results of the tiles that hold it.

    References
    ----------
    A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016 (arXiv:1509.09308), section 4.1,
    equations 8-10 and algorithm 1.

    Examples
    --------
    >>> convolve2d_winograd(np.eye(4), np.ones((3, 3)))
    array([[3., 2.],
           [2., 3.]])
    """
    operands = Operands.of(
        x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, floating=True
    )
    geometry, output = operands.geometry, operands.empty()
    require_3x3(geometry)
    images = operands.padded(more=tuple(n % 2 for n in geometry.output))
    kernels = _along_both(_transform_kernel, operands.weight.transpose(2, 3, 0, 1))
    tiles = sliding_window_view(images, (4, 4), axis=(2, 3))[:, :, ::2, ::2].transpose(4, 5, 1, 0, 2, 3)
    rows, columns = tiles.shape[4:]
    maps = geometry.channels + geometry.filters
    height = strip_height(rows, 16 * maps * geometry.batch * columns * images.itemsize)
    for top in range(0, rows, height):
        below = output[:, :, 2 * top : 2 * (top + height)]
        below[...] = _maps(tiles[..., top : top + height, :], kernels, geometry)[:, :, : below.shape[2]]
    return operands.finish(output)


def _maps(tiles: np.ndarray, kernels: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve tiles, (4, 4, c, batch, rows, columns), with transformed kernels, (4, 4, n, depth)."""
    tail, groups = tiles.shape[3:], geometry.groups
    tiles = _along_both(_transform_tile, tiles).reshape(4, 4, groups, geometry.depth, -1)
    products = np.matmul(kernels.reshape(4, 4, groups, -1, geometry.depth), tiles)
    return assemble(_along_both(_transform_back, products.reshape(4, 4, geometry.filters, *tail)), geometry)


# The three transforms along one axis: rows of the matrices B^T, G and A^T of the paper, written as additions.


def _transform_tile(d: np.ndarray) -> np.ndarray:
    out = np.empty(d.shape, d.dtype)
    np.subtract(d[0], d[2], out=out[0])
    np.add(d[1], d[2], out=out[1])
    np.subtract(d[2], d[1], out=out[2])
    np.subtract(d[1], d[3], out=out[3])
    return out


def _transform_kernel(g: np.ndarray) -> np.ndarray:
    out = np.empty((4, *g.shape[1:]), g.dtype)
    out[0], out[3] = g[0], g[2]
    np.add(g[0], g[2], out=out[1])
    np.subtract(out[1], g[1], out=out[2])
    out[1] += g[1]
    out[1:3] /= 2
    return out


def _transform_back(m: np.ndarray) -> np.ndarray:
    out = np.empty((2, *m.shape[1:]), m.dtype)
    np.add(m[0], m[1], out=out[0])
    out[0] += m[2]
    np.subtract(m[1], m[2], out=out[1])
    out[1] -= m[3]
    return out


def _along_both(transform, array: np.ndarray) -> np.ndarray:
    """Apply a transform along the first axis, then along the second."""
    return transform(transform(array).swapaxes(0, 1)).swapaxes(0, 1)


def require_3x3(geometry: Geometry) -> None:
    """Refuse what F(2x2, 3x3) cannot do, and say which rung can."""
    for name, given, needed in (
        ("weight", geometry.kernel, (3, 3)),
        ("stride", geometry.stride, (1, 1)),
        ("dilation", geometry.dilation, (1, 1)),
    ):
        if given != needed:
            what = "a kernel of 3x3" if name == "weight" else f"{name} 1"
            raise ValueError(
                f"{name}: Winograd's F(2x2, 3x3) needs {what}, got {given[0]}x{given[1]}. "
                "convolve2d_im2col takes any kernel, stride and dilation."
            )
