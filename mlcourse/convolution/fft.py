"""Convolution by the fast Fourier transform, tile by tile (overlap-save; Mathieu, Henaff and LeCun, 2014)."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from mlcourse.convolution.operands import Operands
from mlcourse.convolution.shapes import Geometry

# Spectra of so many filters are held at once: those of all 512 x 512 kernels of VGG-16's last layers fill 300 MB.
FILTERS_AT_ONCE = 64


def convolve2d_fft(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve by multiplying spectra: the fifth rung of the ladder.

    A cross-correlation in space is a product of frequencies, and the cost of a transform hardly depends on the size of
    the kernel: this pays for large kernels. Parameters, result and errors are those of `convolve2d`; everything is
    allowed, but a stride saves no work, as all positions are computed first. Integers give float64, exact but for
    rounding.

    Notes
    -----
    Every frequency depends on every pixel. So NaN or infinity in a pixel spoils the whole tile that holds it, and not
    only the windows that see it as on the other rungs.

    References
    ----------
    M. Mathieu, M. Henaff, Y. LeCun, Fast Training of Convolutional Networks through FFTs, ICLR 2014, section 2.

    Examples
    --------
    >>> convolve2d_fft([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]]).round(12) + 0.0
    array([[0., 2.],
           [2., 0.]])
    """
    operands = Operands.of(
        x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, floating=True
    )
    geometry, output = operands.geometry, operands.empty()
    lengths, steps, _ = tiling(geometry)
    tiles = sliding_window_view(operands.padded(more=_missing(geometry)), lengths, axis=(2, 3))
    tiles = tiles[:, :, :: steps[0], :: steps[1]].transpose(4, 5, 1, 0, 2, 3)  # (h, w, c, batch, rows, columns)
    depth, filters = geometry.depth, geometry.filters // geometry.groups
    for g in range(geometry.groups):
        spectra = None  # frees the last group's before the next are made
        spectra = fft.rfft2(tiles[:, :, g * depth : (g + 1) * depth], axes=(0, 1))
        for first in range(g * filters, (g + 1) * filters, FILTERS_AT_ONCE):
            some = slice(first, min(first + FILTERS_AT_ONCE, (g + 1) * filters))
            output[:, some] = _maps(spectra, operands.weight[some], geometry)
    return operands.finish(output)


def _maps(spectra: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve tiles, whose spectra are (frequencies, frequencies, depth, batch, rows, columns), with some filters."""
    lengths, steps, _ = tiling(geometry)
    kernels = _kernel_spectra(weight, geometry, lengths)
    # The two frequencies come first: what is left is a matrix product at each of them.
    products = np.matmul(kernels, spectra.reshape(*spectra.shape[:3], -1))
    products = products.reshape(*products.shape[:3], *spectra.shape[3:])
    tiles = fft.irfft(fft.ifft(products, axis=0, overwrite_x=True), n=lengths[1], axis=1)
    # Only the first positions of a tile are right: behind them its end wraps around to its beginning.
    return assemble(tiles[: steps[0], : steps[1]], geometry)


def tiling(geometry: Geometry) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Choose the tiles: lengths of the transforms, steps between tiles, number of tiles, (vertical, horizontal) each.

    Neighbouring tiles overlap by the kernel's extent less one. Four times the extent, at least 16, is a good length:
    short tiles repeat much, long ones need many frequencies; no tile needs to be longer than the image.
    """
    lengths, steps, counts = [], [], []
    for size, extent in zip(geometry.padded, geometry.extent, strict=True):
        length = fft.next_fast_len(min(size, max(16, 4 * extent)), real=True)
        step = length - extent + 1
        lengths.append(length)
        steps.append(step)
        counts.append(-(-(size - extent + 1) // step))
    return tuple(lengths), tuple(steps), tuple(counts)


def assemble(tiles: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Put tiles, (h of a tile, w of a tile, n, batch, rows, columns), together to maps, (batch, n, h', w')."""
    height, width, filters, batch, rows, columns = tiles.shape
    maps = tiles.transpose(3, 2, 4, 0, 5, 1).reshape(batch, filters, rows * height, columns * width)
    (down, across), (h, w), (kh, kw) = geometry.stride, geometry.padded, geometry.extent
    return maps[:, :, : h - kh + 1 : down, : w - kw + 1 : across]


def _missing(geometry: Geometry) -> tuple[int, ...]:
    """Zeros that complete the last tiles."""
    return tuple(
        (count - 1) * step + length - size
        for length, step, count, size in zip(*tiling(geometry), geometry.padded, strict=True)
    )


def _kernel_spectra(weight: np.ndarray, geometry: Geometry, lengths: tuple[int, int]) -> np.ndarray:
    """Transform the kernels; conjugated, as cross-correlation does not flip them."""
    (height, width), (down, across) = geometry.extent, geometry.dilation
    spread = np.zeros((*lengths, *weight.shape[:2]), weight.dtype)
    spread[:height:down, :width:across] = weight.transpose(2, 3, 0, 1)
    spectra = fft.rfft2(spread, axes=(0, 1))
    return np.conj(spectra, out=spectra)
