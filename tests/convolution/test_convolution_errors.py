"""What cannot be convolved is refused in words that name the argument."""

import numpy as np
import pytest

from mlcourse.convolution import LADDER, average_pool2d, max_pool2d, output_size

RUNGS = pytest.mark.parametrize("rung", LADDER)
X, WEIGHT = np.ones((2, 4, 8, 8)), np.ones((6, 4, 3, 3))


@RUNGS
@pytest.mark.parametrize(
    ("x", "weight", "bias", "options", "message"),
    [
        (X, np.ones((6, 3, 3, 3)), None, {}, "weight must have 4 channels a filter"),
        (X, WEIGHT, None, {"groups": 2}, "weight must have 2 channels a filter"),
        (X, WEIGHT, None, {"groups": 3}, "groups must divide the 4 channels of x and the 6 filters"),
        (X, WEIGHT, None, {"groups": 0}, "groups must be a whole number of at least 1, got 0"),
        (X, WEIGHT, np.ones(5), {}, r"bias must have one element a filter, shape \(6,\), got shape \(5,\)"),
        (X, WEIGHT, 1.0, {}, "bias must have one element a filter"),
        (X, WEIGHT[0], None, {}, r"x and weight must have shapes .* got x of shape \(2, 4, 8, 8\) and weight"),
        (X[0, 0, 0], WEIGHT, None, {}, "x and weight must have shapes"),
        (X[:0], WEIGHT, None, {}, "x is empty"),
        (X, WEIGHT[..., :0], None, {}, "weight is empty"),
        (X, WEIGHT, None, {"stride": 0}, "stride must be a whole number of at least 1, got 0"),
        (X, WEIGHT, None, {"stride": 1.5}, "stride must be a whole number of at least 1, got 1.5"),
        (X, WEIGHT, None, {"stride": (1, 2, 3)}, r"stride must be a whole number or a pair .* got \(1, 2, 3\)"),
        (X, WEIGHT, None, {"padding": -1}, "padding must be a whole number of at least 0, got -1"),
        (X, WEIGHT, None, {"padding": "same"}, "padding must be a whole number of at least 0, got 'same'"),
        (X, WEIGHT, None, {"dilation": (1, 0)}, "dilation must be a whole number of at least 1, got"),
        (X[..., :2], WEIGHT, None, {}, "weight: 3 elements with dilation 1 span 3, but the input .* only 2 long"),
        (X + 1j, WEIGHT, None, {}, "x must hold real numbers .* got complex128"),
        (X.astype(object), WEIGHT, None, {}, "x must hold real numbers"),
        (X, [[1, 2], [3]], None, {}, "weight must be an array of numbers"),
    ],
)
def test_one_clear_error(rung, x, weight, bias, options, message):
    with pytest.raises(ValueError, match=message):
        LADDER[rung](x, weight, bias, **options)


@pytest.mark.parametrize(
    ("kernel", "options", "message"),
    [
        ((5, 5), {}, "weight: .* needs a kernel of 3x3, got 5x5"),
        ((3, 3), {"stride": 2}, "stride: .* needs stride 1, got 2x2"),
        ((3, 3), {"dilation": (1, 2)}, "dilation: .* needs dilation 1, got 1x2"),
    ],
)
def test_winograd_says_what_it_cannot_do_and_which_rung_can(kernel, options, message):
    weight = np.ones((6, 4, *kernel))
    with pytest.raises(ValueError, match=f"{message}.*convolve2d_im2col takes any"):
        LADDER["winograd"](X, weight, **options)
    assert LADDER["im2col"](X, weight, **options).shape[:2] == (2, 6)


@pytest.mark.parametrize("pool", [max_pool2d, average_pool2d])
@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X[0, 0, 0], {}, r"x must have shape \(..., h, w\)"),
        (X[:0], {}, "x must have shape"),
        (X, {"size": 9}, "size: 9 elements .* only 8 long"),
        (X, {"size": 0}, "size must be a whole number of at least 1, got 0"),
        (X, {"stride": 0}, "stride must be a whole number of at least 1, got 0"),
        (X, {"size": (2, 3), "padding": 2}, "padding must be at most half of size"),
        (X.astype(str), {}, "x must hold real numbers"),
    ],
)
def test_pooling_too(pool, x, options, message):
    with pytest.raises(ValueError, match=message):
        pool(x, **options)


def test_output_size():
    assert [output_size(6, 3, stride) for stride in (1, 2, 3, 4)] == [4, 2, 2, 1]
    assert output_size(7, 3, dilation=3) == 1
    assert output_size(1, 3, padding=1) == 1
    with pytest.raises(ValueError, match="kernel: 3 elements with dilation 4 span 9"):
        output_size(7, 3, dilation=4)
    with pytest.raises(ValueError, match="size must be a whole number"):
        output_size("6", 3)
