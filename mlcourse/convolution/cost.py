"""What each rung of the ladder costs, counted from the shapes alone."""

from dataclasses import dataclass
from math import prod

from mlcourse.convolution.fft import FILTERS_AT_ONCE, tiling
from mlcourse.convolution.ladder import LADDER
from mlcourse.convolution.shapes import Geometry, whole
from mlcourse.convolution.strips import strip_height
from mlcourse.convolution.winograd import require_3x3


@dataclass(frozen=True)
class Cost:
    """Work and memory of one convolution by one method.

    Attributes
    ----------
    method : str
        A name of `LADDER`.
    macs : int
        Multiply-accumulates of the convolution as it is defined, zeros of the padding included: the same for all
        methods.
    multiplications : int or None
        Multiplications that the method really does: fewer for Winograd and (if the kernel is large) FFT. Those inside
        the transforms are not counted; a product of complex numbers counts as four. None for torch, which does not say.
    arrays : dict of str to int or None
        Elements of the arrays that the method makes on its way, each in its full size; a complex number counts as two.
        None for torch.
    itemsize : int
        Bytes of an element.
    inputs_and_result : int
        Elements of `x`, `weight` and the result together.
    peak_bytes : int or None
        The most that our implementation holds at a time besides inputs and result: less than `extra_bytes` where it
        works in strips or blocks, and the padded copy of the image included. None for torch.
    """

    method: str
    macs: int
    multiplications: int | None
    arrays: dict[str, int] | None
    itemsize: int
    inputs_and_result: int
    peak_bytes: int | None

    @property
    def extra_bytes(self) -> int | None:
        """Bytes of all `arrays`."""
        return None if self.arrays is None else self.itemsize * sum(self.arrays.values())

    @property
    def traffic_bytes(self) -> int:
        """Bytes to move: inputs and result once, and each of `arrays` twice, written and read again (modelled)."""
        return self.itemsize * self.inputs_and_result + 2 * (self.extra_bytes or 0)

    @property
    def intensity(self) -> float:
        """Arithmetic intensity, in operations a byte: two for each of `macs`, over `traffic_bytes` (modelled).

        S. Williams, A. Waterman, D. Patterson, Roofline, Communications of the ACM 52 (4), 2009. The work is that of
        the definition, so that methods compare; caches are taken as large enough to fetch each element once.
        """
        return 2 * self.macs / self.traffic_bytes


def cost(method, x_shape, weight_shape, *, stride=1, padding=0, dilation=1, groups=1, itemsize=4) -> Cost:
    """Count what a convolution costs.

    Parameters
    ----------
    method : str
        A name of `LADDER`: "loops", "strided", "im2col", "direct", "fft", "winograd" or "torch".
    x_shape, weight_shape : tuple of int
        Shapes of the arrays, as `convolve2d` takes them.
    stride, padding, dilation, groups
        As in `convolve2d`.
    itemsize : int
        Bytes of a number: 4 for float32.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        If there is no such method, the shapes do not go together, or the method does not allow them.

    Examples
    --------
    The second layer of VGG-16: its matrix is nine times its input.

    >>> found = cost("im2col", (1, 64, 224, 224), (64, 64, 3, 3), padding=1)
    >>> found.macs, found.arrays, found.extra_bytes / 1e6
    (1849688064, {'matrix': 28901376}, 115.605504)
    """
    if method not in LADDER:
        raise ValueError(f"method must be one of {', '.join(LADDER)}, got {method!r}.")
    g = Geometry.of(x_shape, weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    itemsize = whole(itemsize, "itemsize")
    positions = g.batch * prod(g.output)
    macs = g.filters * g.taps * positions
    multiplications, arrays, peak = _METHODS[method](g, macs, positions, itemsize)
    return Cost(
        method=method,
        macs=macs,
        multiplications=multiplications,
        arrays=arrays,
        itemsize=itemsize,
        inputs_and_result=g.batch * g.channels * prod(g.size) + g.filters * g.taps + g.filters * positions,
        peak_bytes=None if peak is None else itemsize * peak,
    )


# Each gives the multiplications, the arrays, and the most elements held at a time.


def _loops(g, macs, positions, itemsize):
    return macs, {}, _padded(g) + g.taps  # the products of one window


def _strided(g, macs, positions, itemsize):
    windows = g.groups * g.taps * positions
    # One group at a time, with its maps before they are put in their place.
    return macs, {"windows": windows}, _padded(g) + (windows + g.filters * positions) // g.groups


def _im2col(g, macs, positions, itemsize):
    rows, width = g.output
    row = g.groups * g.taps * width
    strip = row * strip_height(rows, row * itemsize)
    return macs, {"matrix": g.groups * g.taps * positions}, _padded(g) + strip


def _direct(g, macs, positions, itemsize):
    rows, width = g.output
    row = 2 * g.filters * width  # products and their sums
    channels_last, weight = g.batch * g.channels * prod(g.padded), g.filters * g.taps
    arrays = {"channels last": channels_last, "weight": weight, "sums": g.filters * positions}
    return macs, arrays, channels_last + weight + row * strip_height(rows, row * itemsize)


def _fft(g, macs, positions, itemsize):
    (height, width), steps, counts = tiling(g)
    frequencies = height * (width // 2 + 1)
    tiles = g.batch * prod(counts)
    products = frequencies * g.filters * tiles
    arrays = {
        "spectra of x": 2 * frequencies * g.channels * tiles,
        "spectra of weight": 2 * frequencies * g.filters * g.depth,
        "products": 2 * products,
        "tiles": height * width * g.filters * tiles,
    }
    covered = [count * step + extent - 1 for count, step, extent in zip(counts, steps, g.extent, strict=True)]
    some = min(FILTERS_AT_ONCE, g.filters // g.groups)
    # A block of filters: kernels and their spectra; or these, their products, tiles, and the maps put together.
    kernels, spectra = height * width * g.depth, 2 * frequencies * g.depth
    results = tiles * (2 * frequencies + height * width + prod(steps))
    block = some * (spectra + max(kernels, results))
    return 4 * products * g.depth, arrays, _padded(g, covered) + arrays["spectra of x"] // g.groups + block


def _winograd(g, macs, positions, itemsize):
    require_3x3(g)
    rows, columns = ((n + 1) // 2 for n in g.output)
    tiles = g.batch * rows * columns
    kernels = 16 * g.filters * g.depth
    arrays = {
        "transformed tiles": 16 * g.channels * tiles,
        "transformed weight": kernels,
        "products": 16 * g.filters * tiles,
    }
    row = g.batch * columns
    in_strip = row * strip_height(rows, 16 * (g.channels + g.filters) * row * itemsize)
    # Tiles half and fully transformed; or transformed tiles, products, and results half and fully transformed back.
    strip = in_strip * max(32 * g.channels, 16 * g.channels + 28 * g.filters)
    # Before the first strip: kernels half and fully transformed.
    held = max(28 * g.filters * g.depth, kernels + strip)
    return kernels * tiles, arrays, _padded(g, [2 * rows + 2, 2 * columns + 2]) + held


def _torch(g, macs, positions, itemsize):
    return None, None, None


def _padded(g, size=None) -> int:
    """Elements of the padded copy of the image; 0 where none is needed."""
    size = g.padded if size is None else tuple(size)
    return 0 if tuple(size) == g.size else g.batch * g.channels * prod(size)


_METHODS = dict(zip(LADDER, (_loops, _strided, _im2col, _direct, _fft, _winograd, _torch), strict=True))
