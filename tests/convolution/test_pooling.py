"""Pooling against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.convolution import average_pool2d, max_pool2d

POOLS = [(max_pool2d, torch.nn.functional.max_pool2d), (average_pool2d, torch.nn.functional.avg_pool2d)]


@st.composite
def pools(draw):
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    stride = draw(st.none() | st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    shape = [draw(st.integers(1, 3)), draw(st.integers(1, 3)), *(k + draw(st.integers(0, 8)) for k in size)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # Mostly below zero: zeros in the padding must not win.
    return rng.normal(-2, 1, shape).astype(draw(st.sampled_from([np.float32, np.float64]))), size, stride, padding


@pytest.mark.parametrize(("pool", "reference"), POOLS, ids=["max", "average"])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(case=pools())
def test_pooling_agrees_with_torch(pool, reference, case):
    x, size, stride, padding = case
    expected = reference(torch.from_numpy(x), size, stride, padding).numpy()
    found = pool(x, size, stride, padding)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pool(x[0, 0], size, stride, padding), expected[0, 0], rtol=1e-5, atol=1e-6)


def test_integers_and_nan():
    x = np.array([[-5, -3], [-4, -9]], np.int8)
    assert max_pool2d(x, padding=1).tolist() == [[-5, -3], [-4, -9]]
    assert max_pool2d(x).dtype == np.int8
    assert max_pool2d(x > -4).tolist() == [[True]]
    assert average_pool2d(x).tolist() == [[-5.25]]
    assert average_pool2d(np.full((2, 2), 200, np.uint8)).tolist() == [[200.0]]
    holed = np.array([[1.0, np.nan, 2.0, 3.0], [0.0, 0.0, 0.0, 0.0]])
    for pool, reference in POOLS:
        np.testing.assert_array_equal(pool(holed), reference(torch.from_numpy(holed)[None], 2)[0].numpy())
