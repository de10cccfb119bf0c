"""Floating-point numbers of any format: rounding to them, and the bits that they are made of.

A format has one sign bit, `exponent_bits` and `mantissa_bits`, laid out as in IEEE 754: the exponent has a bias of
2^(exponent_bits - 1) - 1; exponent 0 is for zero and the subnormal numbers, which have no leading 1; the exponent of
only ones is for infinity (mantissa 0) and NaN.

| format             | exponent_bits | mantissa_bits | largest | smallest normal | smallest  |
|--------------------|---------------|---------------|---------|-----------------|-----------|
| float32            | 8             | 23            | 3.4e38  | 1.2e-38         | 1.4e-45   |
| bfloat16           | 8             | 7             | 3.4e38  | 1.2e-38         | 9.2e-41   |
| float16            | 5             | 10            | 65504   | 6.1e-05         | 6.0e-08   |
| float8 E5M2        | 5             | 2             | 57344   | 6.1e-05         | 1.5e-05   |
| 8 bits as IEEE 754 | 4             | 3             | 240     | 0.016           | 0.0020    |

The last one is not the E4M3 of graphics processors ("E4M3FN"): that format has no infinity, and uses the exponent of
only ones for numbers up to 448. Up to 240 the two have the same numbers.

References
----------
IEEE Standard for Floating-Point Arithmetic, IEEE 754-2019, sections 3.4 and 4.3.1.
P. Micikevicius et al., FP8 Formats for Deep Learning, arXiv:2209.05433, 2022, table 1.
"""

from dataclasses import dataclass
from numbers import Integral

import numpy as np


@dataclass(frozen=True)
class FloatLimits:
    """What a format can hold.

    Attributes
    ----------
    bits : int
        Sign, exponent and mantissa together.
    bias : int
        What is subtracted from the stored exponent.
    largest : float
        The largest finite number.
    overflow : float
        From here on a number is rounded to infinity: half a step above `largest`.
    smallest_normal : float
        The smallest positive number with the full mantissa.
    smallest : float
        The smallest positive number of all, a subnormal one. Half of it, and everything below, is rounded to zero.
    epsilon : float
        The step from 1 to the next number. A normal number is rounded by at most half of that, relatively.
    """

    bits: int
    bias: int
    largest: float
    overflow: float
    smallest_normal: float
    smallest: float
    epsilon: float


def float_limits(exponent_bits: int, mantissa_bits: int) -> FloatLimits:
    """Tell what a format can hold.

    Parameters
    ----------
    exponent_bits : int
        2 to 11.
    mantissa_bits : int
        1 to 52, without the leading 1, which is not stored.

    Returns
    -------
    FloatLimits

    Examples
    --------
    >>> limits = float_limits(5, 10)
    >>> limits.largest, limits.overflow, limits.smallest_normal == 2**-14, limits.smallest == 2**-24
    (65504.0, 65520.0, True, True)
    """
    _check_format(exponent_bits, mantissa_bits)
    bias = 2 ** (exponent_bits - 1) - 1
    largest = float(np.ldexp(2.0 - 2.0**-mantissa_bits, bias))
    with np.errstate(over="ignore"):
        overflow = float(np.ldexp(2.0 - 2.0 ** -(mantissa_bits + 1), bias)) if mantissa_bits < 52 else np.inf
    return FloatLimits(
        bits=1 + exponent_bits + mantissa_bits,
        bias=bias,
        largest=largest,
        overflow=overflow,
        smallest_normal=float(np.ldexp(1.0, 1 - bias)),
        smallest=float(np.ldexp(1.0, 1 - bias - mantissa_bits)),
        epsilon=2.0**-mantissa_bits,
    )


def quantize_float(x, exponent_bits: int, mantissa_bits: int):
    """Round numbers to the nearest ones of a floating-point format; of two equally near ones, to the even one.

    Parameters
    ----------
    x : array_like or torch.Tensor
        Numbers; Python's own are float64. Each is rounded once, straight from its own type: rounding a float64 to
        float32 first, as torch does on its way to bfloat16, can push it onto a tie that it was not on.
    exponent_bits : int
        2 to 11.
    mantissa_bits : int
        1 to 52, without the leading 1, which is not stored.

    Returns
    -------
    array, scalar or torch.Tensor
        Of the shape and type of `x`, or of the next larger type (float32, float64) where that does not hold every
        number of the format. Beyond the largest number is infinity; below the smallest normal one are the subnormal
        numbers, then zero, which keeps the sign. NaN stays as it is.

    Raises
    ------
    ValueError
        If the format is out of range, or `x` holds whole numbers beyond 2^53, which float64 does not have.
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> quantize_float([2049.0, 2051.0, 65519.9, 65520.0, 1e-8], 5, 10).tolist()
    [2048.0, 2052.0, 65504.0, inf, 0.0]
    >>> quantize_float(0.1, 8, 7)
    np.float64(0.10009765625)
    """
    _check_format(exponent_bits, mantissa_bits)
    if _is_tensor(x):
        import torch

        wide = x.detach().cpu()
        wide = wide.float() if wide.dtype in (torch.bfloat16, torch.float16) else wide
        rounded = torch.from_numpy(np.asarray(quantize_float(wide.numpy(), exponent_bits, mantissa_bits)))
        same = (x.dtype == torch.float16 and exponent_bits <= 5 and mantissa_bits <= 10) or (
            x.dtype == torch.bfloat16 and mantissa_bits <= 7 and exponent_bits <= 8
        )
        return rounded.to(device=x.device, dtype=x.dtype if same else rounded.dtype)
    x = _real(x)
    dtype = np.result_type(x.dtype, _holds(exponent_bits, mantissa_bits))
    rounded = _round(_float64(x), exponent_bits, mantissa_bits)
    with np.errstate(over="ignore", invalid="ignore"):  # every number of the format is one of dtype: this is exact
        return np.where(np.isnan(x), x.astype(dtype), rounded.astype(dtype))[()]


def to_bits(x, exponent_bits: int, mantissa_bits: int):
    """Return the bits that stand for numbers in a format, after rounding.

    Parameters
    ----------
    x : array_like or torch.Tensor
    exponent_bits, mantissa_bits : int
        As in `quantize_float`.

    Returns
    -------
    array or scalar of uint64
        From the left: sign, exponent, mantissa. NaN has the first bit of the mantissa set and no other.

    Examples
    --------
    >>> [f"{bits:016b}" for bits in to_bits([1.0, -2.0, 2.0**-24, np.inf], 5, 10)]
    ['0011110000000000', '1100000000000000', '0000000000000001', '0111110000000000']
    """
    limits = float_limits(exponent_bits, mantissa_bits)
    x = _float64(_real(x.detach().cpu().double().numpy() if _is_tensor(x) else x))
    negative = np.signbit(x)
    size = np.abs(_round(x, exponent_bits, mantissa_bits))
    finite = np.where(np.isfinite(size), size, 0.0)
    # A subnormal number counts steps from 0; so does a normal one, from the power of 2 below it.
    exponent = np.where(finite < limits.smallest_normal, 0, np.frexp(finite)[1] - 1 + limits.bias)
    steps = np.ldexp(finite, limits.bias + mantissa_bits - np.maximum(exponent, 1)).astype(np.uint64)
    fraction = steps & np.uint64(2**mantissa_bits - 1)
    bits = exponent.astype(np.uint64) << np.uint64(mantissa_bits) | fraction
    infinity = np.uint64((2**exponent_bits - 1) << mantissa_bits)
    bits = np.where(np.isfinite(size), bits, infinity)
    bits = np.where(np.isnan(size), infinity | np.uint64(2 ** (mantissa_bits - 1)), bits)
    return (bits | negative.astype(np.uint64) << np.uint64(exponent_bits + mantissa_bits))[()]


def from_bits(bits, exponent_bits: int, mantissa_bits: int):
    """Return the numbers that bits stand for in a format.

    Parameters
    ----------
    bits : array_like of int
        From the left: sign, exponent, mantissa.
    exponent_bits, mantissa_bits : int
        As in `quantize_float`.

    Returns
    -------
    array or scalar of float64

    Raises
    ------
    ValueError
        If a pattern has more bits than the format.

    Examples
    --------
    >>> from_bits([0b0_01111_0000000000, 0b1_00000_0000000001], 5, 10).tolist() == [1.0, -(2**-24)]
    True
    """
    limits = float_limits(exponent_bits, mantissa_bits)
    bits = np.asarray(bits)
    if bits.dtype.kind not in "iu" or (bits.size and (bits.min() < 0 or int(bits.max()) >= 2**limits.bits)):
        raise ValueError(f"bits must be whole numbers of 0 to 2^{limits.bits} - 1 for {limits.bits} bits.")
    bits = bits.astype(np.uint64)
    fraction = (bits & np.uint64(2**mantissa_bits - 1)).astype(np.float64)
    exponent = (bits >> np.uint64(mantissa_bits) & np.uint64(2**exponent_bits - 1)).astype(np.int64)
    steps = np.where(exponent > 0, fraction + 2.0**mantissa_bits, fraction)
    with np.errstate(over="ignore"):
        values = np.ldexp(steps, np.maximum(exponent, 1) - limits.bias - mantissa_bits)
    special = np.where(fraction > 0, np.nan, np.inf)
    values = np.where(exponent == 2**exponent_bits - 1, special, values)
    return np.copysign(values, np.where(bits >> np.uint64(limits.bits - 1), -1.0, 1.0))[()]


def _round(x, exponent_bits, mantissa_bits):
    """Round float64 numbers; every step but `rint` is exact, so each number is rounded once."""
    limits = float_limits(exponent_bits, mantissa_bits)
    # Numbers between two powers of 2 lie in equal steps; below the smallest normal one the steps stay as they are.
    power = np.maximum(np.frexp(x)[1] - 1, 1 - limits.bias)
    step = (power - mantissa_bits).astype(np.int32)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        rounded = np.ldexp(np.rint(np.ldexp(x, -step)), step)
        rounded = np.where(np.abs(rounded) > limits.largest, np.copysign(np.inf, rounded), rounded)
    return np.where(np.isfinite(x), rounded, x)


def _float64(x):
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return x.astype(np.float64)


def _holds(exponent_bits, mantissa_bits):
    """The smallest type of numpy that has every number of a format."""
    for dtype, exponent, mantissa in ((np.float16, 5, 10), (np.float32, 8, 23)):
        if exponent_bits <= exponent and mantissa_bits <= mantissa:
            return dtype
    return np.float64


def _is_tensor(x) -> bool:
    return type(x).__module__.startswith("torch") and hasattr(x, "detach")


def _real(x):
    x = np.asarray(x)
    if x.dtype.kind in "iub":
        if x.size and (int(x.max()) > 2**53 or int(x.min()) < -(2**53)):
            raise ValueError("x holds whole numbers beyond 2^53, which float64 rounds: give floating-point numbers.")
        return x.astype(np.float64)
    if x.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"x must hold real numbers of float16, float32 or float64, not of type {x.dtype}.")
    return x


def _check_format(exponent_bits, mantissa_bits):
    for name, value, least, most in (("exponent_bits", exponent_bits, 2, 11), ("mantissa_bits", mantissa_bits, 1, 52)):
        if isinstance(value, bool) or not isinstance(value, Integral) or not least <= value <= most:
            raise ValueError(
                f"{name} must be a whole number from {least} to {most}, not {value!r}; float16 has 5 exponent and 10 "
                "mantissa bits, bfloat16 8 and 7."
            )
