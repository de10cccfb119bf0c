"""im2col against torch's unfold, and col2im as its adjoint."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import fold, unfold

from mlcourse.convolution import col2im, im2col

small = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    size, stride, dilation = draw(small), draw(small), draw(small)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    image = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 6))
        for k, d, p in zip(size, dilation, padding, strict=True)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.normal(size=(draw(st.integers(1, 3)), draw(st.integers(1, 3)), *image))
    return x, size, {"stride": stride, "padding": padding, "dilation": dilation}, rng


@settings(max_examples=100, deadline=None, derandomize=True)
@given(case=cases())
def test_im2col_is_torch_s_unfold_and_col2im_its_fold(case):
    x, size, options, rng = case
    columns = im2col(x, size, **options)
    assert np.array_equal(columns, unfold(torch.from_numpy(x), size, **options).numpy())
    other = rng.normal(size=columns.shape)
    back = fold(torch.from_numpy(other), x.shape[2:], size, **options).numpy()
    np.testing.assert_allclose(col2im(other, x.shape, size, **options), back, rtol=1e-12, atol=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(case=cases())
def test_col2im_is_the_adjoint(case):
    x, size, options, rng = case
    columns = im2col(x, size, **options)
    other = rng.normal(size=columns.shape)
    left, right = np.vdot(columns, other), np.vdot(x, col2im(other, x.shape, size, **options))
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9)


def test_images_without_batch_or_channels():
    x = np.random.default_rng(1).integers(0, 9, (2, 3, 5, 6))
    columns = im2col(x, (2, 3), padding=1)
    assert columns.dtype == x.dtype
    assert columns.shape == (2, 18, 36)
    assert np.array_equal(im2col(x[1], (2, 3), padding=1), columns[1])
    assert np.array_equal(im2col(x[1, 2], (2, 3), padding=1), columns[1, 12:])
    assert np.array_equal(
        col2im(columns[1], x[1].shape, (2, 3), padding=1), col2im(columns, x.shape, (2, 3), padding=1)[1]
    )
    assert col2im(columns[1, 12:], (5, 6), (2, 3), padding=1).shape == (5, 6)


def test_clear_errors():
    with pytest.raises(ValueError, match=r"images must have shape \(h, w\).*got shape \(3,\)"):
        im2col(np.ones(3), 2)
    with pytest.raises(ValueError, match="size: 4 elements"):
        im2col(np.ones((3, 3)), 4)
    with pytest.raises(ValueError, match=r"columns must have shape \(4, 4\) for images of shape \(3, 3\)"):
        col2im(np.ones((4, 5)), (3, 3), 2)
    with pytest.raises(ValueError, match="shape must be a tuple of whole numbers, got 9"):
        col2im(np.ones((4, 4)), 9, 2)
