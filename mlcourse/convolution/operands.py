"""The arrays of one convolution, checked and brought to one form."""

from dataclasses import dataclass

import numpy as np

from mlcourse.convolution.shapes import Geometry


@dataclass(frozen=True)
class Operands:
    """`x` as (batch, c, ...), `weight` as (n, c/groups, ...) and `bias` as (n,) or None, of one type of numbers."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    geometry: Geometry
    #: Type of the result; sums of float16 are made in float32.
    result_type: np.dtype

    @classmethod
    def of(
        cls, x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1, axes=2, floating=False
    ) -> "Operands":
        """Check what a convolution was given; `floating` turns integers into float64 for methods that divide."""
        x, weight = as_array(x, "x"), as_array(weight, "weight")
        geometry = Geometry.of(
            x.shape, weight.shape, stride=stride, padding=padding, dilation=dilation, groups=groups, axes=axes
        )
        if bias is not None:
            bias = as_array(bias, "bias")
            one_filter = len(geometry.result_shape) == axes
            if bias.shape != (geometry.filters,) and not (one_filter and bias.shape == ()):
                raise ValueError(
                    f"bias must have one element a filter, shape ({geometry.filters},), got shape {bias.shape}."
                )
            bias = bias.reshape(geometry.filters)
        result = common_type(x, weight, *(() if bias is None else (bias,)))
        if floating and result == np.int64:
            result = np.dtype(np.float64)
        working = np.dtype(np.float32) if result == np.float16 else result
        return cls(
            x=x.astype(working, copy=False).reshape(geometry.batch, geometry.channels, *geometry.size),
            weight=weight.astype(working, copy=False).reshape(geometry.filters, geometry.depth, *geometry.kernel),
            bias=None if bias is None else bias.astype(working),
            geometry=geometry,
            result_type=result,
        )

    def padded(self, more: tuple[int, ...] = ()) -> np.ndarray:
        """Give `x` with its zeros around, and `more` of them at the end of each axis."""
        return pad(self.x, self.geometry.padding, more=more)

    def empty(self) -> np.ndarray:
        """Make room for the result, (batch, n, ...)."""
        return np.empty((self.geometry.batch, self.geometry.filters, *self.geometry.output), self.x.dtype)

    def finish(self, output: np.ndarray) -> np.ndarray:
        """Add the bias to (batch, n, ...), in place, and bring the result to the form in which x was given."""
        if self.bias is not None:
            output += self.bias.reshape(-1, *(1,) * len(self.geometry.output))
        return output.reshape(self.geometry.result_shape).astype(self.result_type, copy=False)


def as_array(values, name: str) -> np.ndarray:
    """Read an array of real numbers."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
    # Longer types would silently lose digits on some rungs, and complex numbers their imaginary part.
    if not (np.can_cast(array.dtype, np.int64) or array.dtype in (np.float16, np.float32, np.float64)):
        raise ValueError(
            f"{name} must hold real numbers (integers, float16, float32 or float64), got {array.dtype} of shape "
            f"{array.shape}."
        )
    return array


def common_type(*arrays: np.ndarray) -> np.dtype:
    """Choose the widest floating type among the arrays; int64 where all hold integers.

    numpy alone would turn float32 weights on an int64 picture into float64, and overflow on two arrays of uint8.
    """
    floating = [array.dtype for array in arrays if array.dtype.kind == "f"]
    return np.result_type(*floating) if floating else np.dtype(np.int64)


def pad(x: np.ndarray, padding: tuple[int, ...], fill=0, more: tuple[int, ...] = ()) -> np.ndarray:
    """Surround the last axes of `x` with `fill`, with `more` of it at their ends; give `x` itself if there is none."""
    widths = [(p, p + end) for p, end in zip(padding, more or (0,) * len(padding), strict=True)]
    if not any(map(any, widths)):
        return x
    return np.pad(x, [(0, 0)] * (x.ndim - len(widths)) + widths, constant_values=fill)
