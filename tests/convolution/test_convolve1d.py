"""Convolution of signals against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.convolution import convolve1d


@st.composite
def signals(draw):
    groups, depth, per_group, k = (draw(st.integers(1, high)) for high in (3, 3, 3, 6))
    options = {
        "stride": draw(st.integers(1, 3)),
        "padding": draw(st.integers(0, 3)),
        "dilation": draw(st.integers(1, 3)),
        "groups": groups,
    }
    time = max(1, options["dilation"] * (k - 1) + 1 - 2 * options["padding"]) + draw(st.integers(0, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    x = rng.normal(size=(draw(st.integers(1, 3)), groups * depth, time)).astype(dtype)
    weight = rng.normal(size=(groups * per_group, depth, k)).astype(dtype)
    return x, weight, rng.normal(size=groups * per_group).astype(dtype), options


@settings(max_examples=100, deadline=None, derandomize=True)
@given(case=signals())
def test_signals_agree_with_torch(case):
    x, weight, bias, options = case
    expected = torch.nn.functional.conv1d(*map(torch.from_numpy, (x, weight, bias)), **options).numpy()
    found = convolve1d(x, weight, bias, **options)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(convolve1d(x[0], weight, bias, **options), expected[0], rtol=1e-4, atol=1e-4)


def test_single_signals_agree_with_numpy():
    rng = np.random.default_rng(2)
    x, weight = rng.integers(-9, 9, 30), rng.integers(-9, 9, 4)
    assert np.array_equal(convolve1d(x, weight), np.correlate(x, weight, "valid"))
    assert convolve1d(x, weight).dtype == np.int64
    several, filters = rng.normal(size=(3, 30)), rng.normal(size=(3, 4))
    expected = sum(np.correlate(a, b, "valid") for a, b in zip(several, filters, strict=True))
    np.testing.assert_allclose(convolve1d(several, filters, 2.0), expected + 2)


@pytest.mark.parametrize(
    ("x", "weight", "options", "message"),
    [
        (np.ones((1, 2, 3, 4)), np.ones(3), {}, r"x and weight must have shapes \(time\) with \(k\)"),
        (np.ones((4, 30)), np.ones((2, 3, 5)), {}, r"weight must have 4 channels a filter.*x has shape \(4, 30\)"),
        (np.ones(3), np.ones(5), {}, "weight: 5 elements"),
        (np.ones(30), np.ones(5), {"stride": (1, 1)}, "stride must be a whole number"),
        (np.ones(30), np.ones(5), {"padding": -1}, "padding must be a whole number of at least 0"),
    ],
)
def test_clear_errors(x, weight, options, message):
    with pytest.raises(ValueError, match=message):
        convolve1d(x, weight, **options)
