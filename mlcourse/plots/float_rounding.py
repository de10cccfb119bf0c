"""One floating-point number, rounded in exact fractions, so that a tie is a tie."""

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class RoundedNumber:
    """One number in one format.

    Attributes
    ----------
    bits : str
        Zeros and ones: sign, exponent, mantissa.
    value : float
        The number that the bits stand for.
    below, above : Fraction or None
        Neighbours of its absolute value, before rounding, in the format; equal where the format has it. `above` is
        infinity's place beyond the largest number, 2 to the power of one more. None for infinity and NaN.
    how : str
        What happened, in words.
    """

    bits: str
    value: float
    below: Fraction | None
    above: Fraction | None
    how: str


def round_exactly(number, exponent_bits: int, mantissa_bits: int) -> RoundedNumber:
    """Round a number to the nearest of a format, ties to even, in exact arithmetic.

    Parameters
    ----------
    number : Fraction or float
        A float for infinity, NaN and -0.0.
    exponent_bits, mantissa_bits : int

    Returns
    -------
    RoundedNumber

    Examples
    --------
    >>> found = round_exactly(Fraction(2049), 5, 10)
    >>> found.bits, found.value, found.how
    ('0110100000000000', 2048.0, 'a tie: rounded to the even one, whose last bit is 0')
    """
    bias = 2 ** (exponent_bits - 1) - 1
    ones = 2**exponent_bits - 1
    negative = math.copysign(1, number) < 0 if isinstance(number, float) else number < 0

    def pattern(rest: int) -> str:
        return f"{int(negative)}{rest:0{exponent_bits + mantissa_bits}b}"

    if isinstance(number, float) and math.isnan(number):
        return RoundedNumber(
            pattern(ones << mantissa_bits | 1 << mantissa_bits - 1), number, None, None, "not a number"
        )
    if isinstance(number, float) and math.isinf(number):
        return RoundedNumber(pattern(ones << mantissa_bits), number, None, None, "infinity")
    size = abs(Fraction(number))
    power = max(power_below(size), 1 - bias)
    step = Fraction(2) ** (power - mantissa_bits)
    count, rest = divmod(size, step)
    rest /= step
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and count % 2 == 1)
    nearest = count + up
    # A subnormal number counts steps from 0, a normal one 2^mantissa_bits steps more for each power of 2.
    code = (power + bias - 1 << mantissa_bits) + nearest
    if code >= ones << mantissa_bits:
        how = "overflow: half a step above the largest number, or more, is infinity"
        bits, value = pattern(ones << mantissa_bits), math.inf
    else:
        bits, value = pattern(code), float(nearest * step)
        how = _how(rest, up, nearest, size)
    below = count * step
    above = below if not rest else below + step
    return RoundedNumber(bits, -value if negative else value, below, above, how)


def _how(rest, up, nearest, size) -> str:
    if not rest:
        return "exact: the format has this number"
    if not nearest:
        return "underflow: rounded to zero, which keeps the sign"
    if rest == Fraction(1, 2):
        return "a tie: rounded to the even one, whose last bit is 0"
    return f"rounded {'up' if up else 'down'} to the nearer neighbour"


def power_below(size: Fraction) -> int:
    """The largest p with 2^p <= size."""
    if not size:
        return -(2**20)
    power = size.numerator.bit_length() - size.denominator.bit_length()
    return power if Fraction(2) ** power <= size else power - 1


def read_number(text) -> Fraction | float:
    """Read a number exactly: 0.1, 1e-3, 1/3, 2^-24, 3*2^-24, inf, nan, -0.

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> read_number("3*2^-2"), read_number("0.1"), read_number("-0")
    (Fraction(3, 4), Fraction(1, 10), -0.0)
    """
    if isinstance(text, float) and not math.isfinite(text):
        return text
    if isinstance(text, int | float | Fraction) and not isinstance(text, bool):
        return text if text == 0 else Fraction(text)
    plain = str(text).replace(" ", "").replace("**", "^").replace("·", "*").lower()
    if plain.lstrip("+-") in ("inf", "infinity", "nan"):
        return float(plain)
    try:
        number = Fraction(1)
        for factor in plain.split("*"):
            base, caret, exponent = factor.partition("^")
            if len(exponent) > 5 or len(base.rpartition("e")[2] if "e" in base else "") > 4:
                raise ValueError
            negative, base = base.startswith("-"), base.lstrip("+-")
            number *= (-1 if negative else 1) * Fraction(base) ** (int(exponent) if caret else 1)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"number must be written like 0.1, 1e-3, 1/3, 2^-24, inf or nan, not {text!r}.") from None
    return number if number else (-0.0 if plain.startswith("-") else 0.0)
