"""Rounding to floating-point formats, bit for bit as numpy and torch do it."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlcourse.optimize import float_limits, from_bits, quantize_float, to_bits

ALL_16 = np.arange(2**16, dtype=np.uint16)
RNG = np.random.default_rng(0)
FORMATS = [(5, 10), (8, 7), (5, 2), (4, 3), (3, 2), (2, 1), (8, 23), (11, 52), (6, 9), (11, 1)]


def as_uint(x):
    return x.view({2: np.uint16, 4: np.uint32, 8: np.uint64}[x.itemsize])


def same_bits(got, wanted):
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(as_uint(got), as_uint(wanted))


def random_patterns(dtype, n=200_000):
    """Numbers of every exponent, with infinities, NaN and subnormal ones among them."""
    kind = {np.float32: np.uint32, np.float64: np.uint64}[dtype]
    return RNG.integers(0, np.iinfo(kind).max, n, dtype=kind, endpoint=True).view(dtype)


def near_ties(dtype, exponent_bits, mantissa_bits):
    """Every middle between neighbours of a format of 16 bits, and the numbers of `dtype` right beside it."""
    ends = from_bits(np.arange(2 ** (exponent_bits + mantissa_bits)), exponent_bits, mantissa_bits)
    ends = ends[np.isfinite(ends)]
    middles = ((ends[1:] + ends[:-1]) / 2).astype(dtype)
    top = dtype(float_limits(exponent_bits, mantissa_bits).overflow)
    middles = np.append(middles, top) if np.isfinite(top) else middles
    beside = [np.nextafter(middles, dtype(side)) for side in (-np.inf, np.inf)]
    found = np.concatenate([middles, *beside])
    return np.concatenate([found, -found])


def to_float16(x):
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(np.float16)


# -- bit for bit -----------------------------------------------------------------------------------------------------


def test_all_float16_stay_as_they_are():
    every = ALL_16.view(np.float16)
    same_bits(quantize_float(every, 5, 10), every)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_float16_as_wider_numbers(dtype):
    every = ALL_16.view(np.float16).astype(dtype)
    same_bits(quantize_float(every, 5, 10), every)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", ["random", "ties", "in range"])
def test_float16_as_numpy(dtype, source):
    x = {
        "random": lambda: random_patterns(dtype),
        "ties": lambda: near_ties(dtype, 5, 10),
        "in range": lambda: (RNG.normal(size=100_000) * 2.0 ** RNG.integers(-30, 20, 100_000)).astype(dtype),
    }[source]()
    wanted = to_float16(x)
    number = ~np.isnan(x)
    got = quantize_float(x, 5, 10)
    assert got.dtype == dtype
    same_bits(got[number], wanted.astype(dtype)[number])
    assert np.isnan(got[~number]).all()
    np.testing.assert_array_equal(to_bits(x, 5, 10)[number], wanted.view(np.uint16)[number])


@pytest.mark.parametrize("source", ["random", "ties"])
def test_bfloat16_as_torch(source):
    x = random_patterns(np.float32) if source == "random" else near_ties(np.float32, 8, 7)
    wanted = torch.from_numpy(x).bfloat16()
    number = ~np.isnan(x)
    same_bits(quantize_float(x, 8, 7)[number], wanted.float().numpy()[number])
    np.testing.assert_array_equal(to_bits(x, 8, 7)[number], wanted.view(torch.uint16).numpy()[number])
    tensor = quantize_float(torch.from_numpy(x), 8, 7)
    assert tensor.dtype == torch.float32
    assert torch.equal(tensor.bfloat16()[number].view(torch.int16), wanted[number].view(torch.int16))


def test_all_bfloat16_stay_as_they_are():
    every = torch.from_numpy(ALL_16.copy()).view(torch.bfloat16)
    got = quantize_float(every, 8, 7)
    assert got.dtype == torch.bfloat16
    number = ~every.isnan()
    assert torch.equal(got[number].view(torch.int16), every[number].view(torch.int16))
    assert got[~number].isnan().all()


def test_float8_as_torch():
    x = np.concatenate([random_patterns(np.float32), near_ties(np.float32, 5, 2), near_ties(np.float32, 4, 3)])
    x = x[~np.isnan(x)]
    got = torch.from_numpy(quantize_float(x, 5, 2))
    assert torch.equal(got, torch.from_numpy(x).to(torch.float8_e5m2).float())
    x = x[np.abs(x) < 248]  # beyond, torch's E4M3 goes on to 448, and has no infinity
    got = torch.from_numpy(quantize_float(x, 4, 3))
    assert torch.equal(got, torch.from_numpy(x).to(torch.float8_e4m3fn).float())


def test_wide_formats_change_nothing():
    for dtype, bits in ((np.float32, (8, 23)), (np.float64, (11, 52))):
        x = random_patterns(dtype)
        same_bits(quantize_float(x, *bits), x)


def test_float64_to_float32_as_numpy():
    x = np.concatenate([random_patterns(np.float64), RNG.normal(size=50_000)])
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = x.astype(np.float32)
    np.testing.assert_array_equal(quantize_float(x, 8, 23), wanted.astype(np.float64))


@pytest.mark.parametrize("bits", FORMATS)
def test_bits_there_and_back(bits):
    size = 1 + sum(bits)
    patterns = np.arange(2**size) if size <= 16 else RNG.integers(0, 2**size, 50_000, dtype=np.uint64)
    values = from_bits(patterns, *bits)
    number = ~np.isnan(values)
    np.testing.assert_array_equal(to_bits(values, *bits)[number], patterns[number])
    np.testing.assert_array_equal(quantize_float(values, *bits)[number], values[number])


# -- what rounding means, in exact arithmetic -------------------------------------------------------------------------


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(2, 8),
    st.integers(1, 12),
)
def test_nearest_and_even(x, exponent_bits, mantissa_bits):
    limits = float_limits(exponent_bits, mantissa_bits)
    got = float(quantize_float(x, exponent_bits, mantissa_bits))
    assert np.signbit(got) == np.signbit(x)
    if np.isinf(got):
        assert abs(x) >= limits.overflow
        return
    assert abs(x) < limits.overflow
    bits = int(to_bits(abs(got), exponent_bits, mantissa_bits))
    for other in (bits - 1, bits + 1):
        if not 0 <= other < 2 ** (exponent_bits + mantissa_bits):
            continue
        neighbour = float(from_bits(other, exponent_bits, mantissa_bits))
        if np.isinf(neighbour):
            continue
        near, far = (abs(Fraction(v) - abs(Fraction(x))) for v in (abs(got), neighbour))
        assert near < far or (near == far and bits % 2 == 0)


@given(arrays(np.float32, 20, elements=st.floats(width=32)), st.integers(2, 8), st.integers(1, 23))
def test_twice_is_once(x, exponent_bits, mantissa_bits):
    once = quantize_float(x, exponent_bits, mantissa_bits)
    same_bits(quantize_float(once, exponent_bits, mantissa_bits), once)


def test_rounded_once_from_float64():
    """A hair above a tie: by way of float32 the hair is lost, and the tie goes down to even."""
    x = 1 + 2.0**-8 + 2.0**-40
    assert quantize_float(x, 8, 7) == 1 + 2.0**-7
    assert quantize_float(np.float32(x), 8, 7) == 1


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (2049, 2048), (2051, 2052), (65504, 65504), (65519.99, 65504), (65520, np.inf), (-65520, -np.inf),
        (2.0**-24, 2.0**-24), (2.0**-25, 0), (2.0**-25 * 1.0001, 2.0**-24), (2.0**-14 - 2.0**-26, 2.0**-14),
        (1 + 2.0**-11, 1), (1 + 3 * 2.0**-11, 1 + 2.0**-9), (1e300, np.inf), (5e-324, 0), (np.inf, np.inf),
    ],
)  # fmt: skip
def test_by_hand(x, wanted):
    assert quantize_float(x, 5, 10) == wanted


def test_minus_zero_and_nan():
    assert np.signbit(quantize_float([-0.0, -1e-30], 5, 10)).all()
    payload = np.array([0x7FF8000000000123, 0xFFF0000000000001], dtype=np.uint64).view(np.float64)
    same_bits(quantize_float(payload, 5, 10), payload)
    assert [int(bits) for bits in to_bits([np.nan, -np.nan], 5, 10)] == [0x7E00, 0xFE00]


# -- types ------------------------------------------------------------------------------------------------------------


def test_types_and_shapes():
    assert quantize_float(0.1, 5, 10).dtype == np.float64
    assert quantize_float(3, 5, 10) == 3
    assert quantize_float(np.float16(65504), 8, 7).dtype == np.float32
    assert quantize_float(np.float16(65504), 8, 7) == 65536  # more than float16 holds
    assert quantize_float(np.ones((2, 3), np.float32), 5, 10).shape == (2, 3)
    assert quantize_float(np.ones(2, np.float32), 11, 20).dtype == np.float64
    assert quantize_float([], 5, 10).shape == (0,)
    tensor = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    assert quantize_float(tensor, 5, 10).dtype == torch.float64
    assert quantize_float(torch.tensor(0.1), 5, 10).shape == ()


def test_argument_stays_as_it_is():
    x = np.array([0.1, 1e6, np.nan])
    before = x.copy()
    quantize_float(x, 5, 10)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ((1.0, 1, 10), ValueError, "exponent_bits"),
        ((1.0, 12, 10), ValueError, "exponent_bits"),
        ((1.0, 5, 0), ValueError, "mantissa_bits"),
        ((1.0, 5, 53), ValueError, "mantissa_bits"),
        ((1.0, 5.0, 10), ValueError, "exponent_bits"),
        ((1.0, True, 10), ValueError, "exponent_bits"),
        ((1j, 5, 10), TypeError, "real numbers"),
        (("1", 5, 10), TypeError, "real numbers"),
        ((2**60, 8, 7), ValueError, "2\\^53"),
    ],
)
def test_bad_input(args, error, says):
    with pytest.raises(error, match=says):
        quantize_float(*args)


def test_bits_of_another_format():
    with pytest.raises(ValueError, match="16 bits"):
        from_bits(2**16, 5, 10)


def test_limits_as_numpy_and_torch():
    for bits, found in (((5, 10), np.finfo(np.float16)), ((8, 23), np.finfo(np.float32)), ((11, 52), np.finfo(float))):
        limits = float_limits(*bits)
        assert limits.largest == found.max
        assert limits.smallest_normal == found.tiny
        assert limits.smallest == found.smallest_subnormal
        assert limits.epsilon == found.eps
    limits = float_limits(8, 7)
    assert (limits.largest, limits.epsilon) == (torch.finfo(torch.bfloat16).max, torch.finfo(torch.bfloat16).eps)
    assert limits.smallest_normal == torch.finfo(torch.bfloat16).tiny
    assert float_limits(4, 3).largest == 240
