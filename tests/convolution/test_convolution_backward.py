"""The backward pass by hand against autograd."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from random_layers import in_double, layers

from mlcourse.convolution import convolve2d, convolve2d_backward


def autograd(gradient, x, weight, bias, options):
    tensors = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (x, weight, bias)]
    torch.nn.functional.conv2d(*tensors, **options).backward(torch.tensor(gradient, dtype=torch.float64))
    return [tensor.grad.numpy() for tensor in tensors]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(layer=layers())
def test_backward_agrees_with_autograd(layer):
    x, weight, _, options = layer
    gradient = np.random.default_rng(1).normal(size=in_double(x, weight, None, options).shape)
    if x.dtype == np.float32:
        gradient = gradient.astype(np.float32)
    found = convolve2d_backward(gradient, x, weight, **options)
    expected = autograd(gradient, x, weight, np.zeros(len(weight)), options)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == (np.float32 if x.dtype == np.float32 else np.float64)
        scale = abs(other).max() + 1
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-4 if x.dtype == np.float32 else 1e-11)


def test_smaller_forms():
    rng = np.random.default_rng(2)
    x, weight = rng.normal(size=(3, 6, 7)), rng.normal(size=(3, 2, 3))
    gradient = rng.normal(size=convolve2d(x, weight).shape)
    dx, dweight, dbias = convolve2d_backward(gradient, x, weight)
    for found, expected in zip(
        (dx, dweight, dbias), autograd(gradient[None, None], x[None], weight[None], [0.0], {}), strict=True
    ):
        np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=1e-10)
    assert (dx.shape, dweight.shape, dbias.shape) == (x.shape, weight.shape, ())
    dx, dweight, dbias = convolve2d_backward(gradient, x[0], weight[0])
    assert (dx.shape, dweight.shape, dbias.shape) == ((6, 7), (2, 3), ())


def test_a_step_against_the_gradient_lowers_the_loss():
    """Forward and backward of this package together learn the slides' filter from examples."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(8, 1, 6, 6))
    target = convolve2d(x, np.array([[[[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]]]))
    weight = np.zeros((1, 1, 3, 3))
    for _ in range(200):
        difference = convolve2d(x, weight) - target
        weight -= 0.5 * convolve2d_backward(difference / difference.size, x, weight)[1]
    np.testing.assert_allclose(weight[0, 0], [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], atol=1e-3)


def test_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"gradient must have the shape of the result, \(2, 2\), got shape \(3, 2\)"):
        convolve2d_backward(np.ones((3, 2)), np.ones((4, 4)), np.ones((3, 3)))
