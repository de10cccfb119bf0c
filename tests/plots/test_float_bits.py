"""The explorer of floating-point numbers: bits as numpy has them, words that are true, and still figures."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcourse.optimize import from_bits, quantize_float, to_bits
from mlcourse.plots import float_explorer
from mlcourse.plots.float_bits import EXAMPLES, FLOAT_FORMATS, FloatPicture
from mlcourse.plots.float_rounding import read_number, round_exactly


def test_all_float16():
    for bits in range(0, 2**16, 7):
        value = float(np.uint16(bits).view(np.float16))
        if not math.isnan(value):
            found = round_exactly(value, 5, 10)
            assert int(found.bits, 2) == bits
            assert found.value == value
            assert math.copysign(1, found.value) == math.copysign(1, value)


@given(st.floats(), st.sampled_from(sorted(FLOAT_FORMATS.values())))
def test_same_as_the_rounding_of_arrays(x, bits):
    found = round_exactly(x, *bits)
    assert int(found.bits, 2) == int(to_bits(x, *bits))
    wanted = float(quantize_float(x, *bits))
    assert found.value == wanted or (math.isnan(found.value) and math.isnan(wanted))
    if math.isfinite(found.value) and math.isfinite(x):
        assert found.below <= abs(Fraction(x)) <= found.above
        assert abs(Fraction(found.value)) in (found.below, found.above)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", Fraction(1, 10)), ("1/3", Fraction(1, 3)), ("2^-24", Fraction(1, 2**24)),
        ("2**-24", Fraction(1, 2**24)),
        ("3 * 2^-24", Fraction(3, 2**24)), ("-2.5", Fraction(-5, 2)), ("-2^2", -4), ("1e-3", Fraction(1, 1000)),
        ("-inf", -math.inf), (65520, 65520), (0.5, Fraction(1, 2)), ("7", 7),
    ],
)  # fmt: skip
def test_numbers_are_read_exactly(text, number):
    assert read_number(text) == number


def test_signs_of_zero():
    assert math.copysign(1, read_number("-0")) == -1
    assert math.copysign(1, read_number("0.0")) == 1
    assert math.isnan(read_number("nan"))


@pytest.mark.parametrize("text", ["", "one", "1/0", "2^", "2^x", "1e999999999", "9^999999999", "__import__"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="must be written like"):
        read_number(text)


def test_unknown_format():
    with pytest.raises(ValueError, match="bfloat16"):
        float_explorer(1.0, "float64", interactive=False)


@pytest.mark.parametrize("format", FLOAT_FORMATS)
def test_words_and_figures(format):
    picture = FloatPicture()
    for text in (*EXAMPLES.values(), "1e6", "inf", "-nan", "0", "-0"):
        picture.set(text, format)
        words = picture.in_words()
        assert picture.rounded.bits[0] in words
        assert format in words
    assert picture.png().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.5", "exact"), ("2049", "a tie"), ("2051", "a tie"), ("65520", "overflow"), ("1e-9", "underflow"),
        ("2050.9", "rounded down"), ("0.3", "rounded up"), ("3*2^-24", "subnormal"), ("inf", "infinity"),
        ("2^-25", "underflow"), ("nan", "not a number"),
    ],
)  # fmt: skip
def test_what_happened_in_words(text, says):
    picture = FloatPicture()
    picture.set(text, "float16")
    assert says in picture.in_words()


def test_bits_and_neighbours():
    explorer = float_explorer("1", interactive=True)
    assert explorer.bits == "0011110000000000"
    explorer._flip(0)
    assert explorer.value == -1
    explorer._flip(15)
    assert explorer.value == -1 - 2**-10
    explorer.number.value = "65504"
    explorer.up.click()
    assert explorer.value == math.inf
    explorer.up.click()
    assert explorer.value == math.inf
    explorer.down.click()
    assert explorer.value == 65504
    explorer.number.value = "0"
    explorer.down.click()
    assert explorer.value == -(2**-24)
    explorer.number.value = "half-typ"
    assert explorer.value == -(2**-24)
    explorer.format.value = "bfloat16"
    assert explorer.value == -(2**-24)
    assert int(explorer.bits, 2) == int(to_bits(-(2.0**-24), 8, 7))
    assert from_bits(int(explorer.bits, 2), 8, 7) == -(2**-24)


def test_redraw_is_as_a_fresh_picture():
    moved, fresh = FloatPicture(), FloatPicture()
    for text in ("0.1", "inf", "2049"):
        moved.set(text, "float32")
        moved.png()
    moved.set("3*2^-24", "float16")
    fresh.set("3*2^-24", "float16")
    assert np.array_equal(np.asarray(moved.rgb()), np.asarray(fresh.rgb()))
