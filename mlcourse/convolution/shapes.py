"""What a convolution may be given, and the size of what comes out."""

import operator
from dataclasses import dataclass
from math import prod

import numpy as np

_FORMS = {
    1: "(time) with (k); (c, time) with (c, k) or (n, c/groups, k); (batch, c, time) with (n, c/groups, k)",
    2: "(h, w) with (kh, kw); (c, h, w) with (c, kh, kw) or (n, c/groups, kh, kw); (batch, c, h, w) with "
    "(n, c/groups, kh, kw)",
}


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Count the positions that a kernel takes along one axis.

    Parameters
    ----------
    size : int
        Length of the input along this axis, in pixels or samples.
    kernel : int
        Length of the kernel or of the pooling window.
    stride : int
        Step from one position to the next.
    padding : int
        Zeros put in front of the input, and as many behind it.
    dilation : int
        Distance between neighbouring elements of the kernel; 1 means that there is no gap.

    Returns
    -------
    int
        At least 1. What is left over behind the last whole position is not looked at.

    Raises
    ------
    ValueError
        If an argument is no whole number or too small, or if the kernel does not fit.

    Examples
    --------
    >>> output_size(28, 3), output_size(6, 3, stride=2), output_size(224, 3, padding=1)
    (26, 2, 224)
    """
    size, kernel = whole(size, "size"), whole(kernel, "kernel")
    stride, padding, dilation = whole(stride, "stride"), whole(padding, "padding", 0), whole(dilation, "dilation")
    return positions(size, kernel, stride, padding, dilation, "kernel")


def positions(size: int, kernel: int, stride: int, padding: int, dilation: int, name: str) -> int:
    """Count positions like `output_size`; `name` is what the caller calls the kernel."""
    extent = dilation * (kernel - 1) + 1
    room = size + 2 * padding - extent
    if room < 0:
        raise ValueError(
            f"{name}: {kernel} elements with dilation {dilation} span {extent}, but the input with its padding is only "
            f"{size + 2 * padding} long ({size} + 2 * {padding}). Take a smaller kernel or dilation, or more padding."
        )
    return room // stride + 1


def whole(value, name: str, least: int = 1) -> int:
    """Read a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")
    return number


def per_axis(value, name: str, least: int = 1, axes: int = 2) -> tuple[int, ...]:
    """Read a whole number for all axes, or one for each: (vertical, horizontal)."""
    if np.ndim(value) == 0:
        return (whole(value, name, least),) * axes
    values = tuple(np.asarray(value).ravel()) if np.ndim(value) == 1 else ()
    if len(values) != axes:
        allowed = "a pair of them, (vertical, horizontal)" if axes == 2 else "a sequence that holds one"
        raise ValueError(f"{name} must be a whole number or {allowed}, got {value!r}.")
    return tuple(whole(one, name, least) for one in values)


def axes_of(shape, name: str) -> tuple[int, ...]:
    """Read a shape."""
    try:
        return tuple(whole(one, name, 0) for one in shape)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a tuple of whole numbers, got {shape!r}.") from None


@dataclass(frozen=True)
class Geometry:
    """All sizes of one convolution; tuples hold a value for each spatial axis, (vertical, horizontal) for images."""

    batch: int
    channels: int
    size: tuple[int, ...]
    filters: int
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    #: Shape of the result in the form in which x and weight were given.
    result_shape: tuple[int, ...]

    @classmethod
    def of(
        cls, x_shape, weight_shape, *, stride=1, padding=0, dilation=1, groups=1, axes=2, kernel_name="weight"
    ) -> "Geometry":
        """Check the shapes against each other; see `convolve2d` for what is allowed."""
        x_shape, weight_shape = axes_of(x_shape, "x_shape"), axes_of(weight_shape, "weight_shape")
        groups = whole(groups, "groups")
        stride = per_axis(stride, "stride", 1, axes)
        padding = per_axis(padding, "padding", 0, axes)
        dilation = per_axis(dilation, "dilation", 1, axes)

        leading = (len(x_shape) - axes, len(weight_shape) - axes)
        if leading not in {(0, 0), (1, 1), (1, 2), (2, 2)}:
            raise ValueError(
                f"x and weight must have shapes {_FORMS[axes]}, got x of shape {x_shape} and weight of shape "
                f"{weight_shape}."
            )
        for name, shape in (("x", x_shape), ("weight", weight_shape)):
            if 0 in shape:
                raise ValueError(f"{name} is empty: it has shape {shape}. Every axis needs at least one element.")
        batch, channels, *size = (1,) * (2 - leading[0]) + x_shape
        filters, depth, *kernel = (1,) * (2 - leading[1]) + weight_shape
        if channels % groups or filters % groups:
            raise ValueError(
                f"groups must divide the {channels} channels of x and the {filters} filters of weight, got {groups}."
            )
        if depth != channels // groups:
            raise ValueError(
                f"weight must have {channels // groups} channels a filter, as x has {channels} in {groups} group(s), "
                f"got {depth}: x has shape {x_shape}, weight {weight_shape}."
            )
        output = tuple(map(positions, size, kernel, stride, padding, dilation, (kernel_name,) * axes))
        kept = {(0, 0): (), (1, 1): (), (1, 2): (filters,), (2, 2): (batch, filters)}[leading]
        return cls(
            batch, channels, tuple(size), filters, tuple(kernel), stride, padding, dilation, groups, kept + output
        )

    @property
    def output(self) -> tuple[int, ...]:
        """Positions of the kernel along each axis."""
        return self.result_shape[-len(self.size) :]

    @property
    def extent(self) -> tuple[int, ...]:
        """How far the kernel reaches with its gaps."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def padded(self) -> tuple[int, ...]:
        """Size of the input with its zeros around."""
        return tuple(n + 2 * p for n, p in zip(self.size, self.padding, strict=True))

    @property
    def depth(self) -> int:
        """Channels that one filter sees."""
        return self.channels // self.groups

    @property
    def taps(self) -> int:
        """Weights of one filter: the length of a column of im2col's matrix if there is one group."""
        return self.depth * prod(self.kernel)
