"""Every rung computes what torch computes, on shapes that nobody chose by hand."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from random_layers import in_double, layers

from mlcourse.convolution import LADDER, convolve2d, strips

RUNGS = pytest.mark.parametrize("rung", LADDER)


def check(rung, layer):
    x, weight, bias, options = layer
    expected = in_double(*layer)
    found = LADDER[rung](x, weight, bias, **options)
    assert found.shape == expected.shape
    assert found.dtype == (np.float64 if x.dtype == np.int64 and rung in ("fft", "winograd") else x.dtype)
    # A sum's rounding error grows with what is summed, not with the sum, which may be near 0.
    scale = in_double(abs(x), abs(weight), None if bias is None else abs(bias), options).max() + 1
    assert abs(found - expected).max() <= scale * (1e-5 if x.dtype == np.float32 else 1e-12)


@RUNGS
def test_every_rung_agrees_with_torch(rung):
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(layer=layers(winograd=rung == "winograd"))
    def agrees(layer):
        check(rung, layer)

    agrees()


@RUNGS
@pytest.mark.parametrize(
    ("x_shape", "weight_shape", "options"),
    [
        ((1, 6, 9, 8), (6, 1, 3, 3), {"groups": 6, "padding": 1}),  # depthwise
        ((2, 4, 7, 7), (8, 1, 3, 3), {"groups": 4}),  # depthwise, two filters a channel
        ((1, 5, 3, 3), (2, 5, 3, 3), {}),  # a kernel as large as the image
        ((1, 130, 9, 9), (70, 130, 3, 3), {"padding": 1}),  # more filters than FFT takes at once
        ((1, 1, 1, 1), (1, 1, 3, 3), {"padding": 1}),  # a single pixel
    ],
)
def test_special_shapes(rung, x_shape, weight_shape, options):
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=x_shape), rng.normal(size=weight_shape)
    check(rung, (x, weight, None, {"stride": 1, "dilation": 1, "groups": 1, "padding": 0} | options))


@RUNGS
def test_strips_and_tiles_cover_an_image_that_does_not_fit_into_the_cache(rung, monkeypatch):
    """The same result whether the image is cut into many strips or into one."""
    rng = np.random.default_rng(4)
    x, weight = rng.normal(size=(2, 3, 33, 21)), rng.normal(size=(4, 3, 3, 3))
    monkeypatch.setattr(strips, "STRIP_BYTES", 6000)
    check(rung, (x, weight, None, {"padding": 1}))


@RUNGS
def test_forms_of_the_arguments(rung):
    convolve = LADDER[rung]
    rng = np.random.default_rng(5)
    x, weight, bias = rng.normal(size=(2, 3, 8, 9)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
    expected = in_double(x, weight, bias, {})
    np.testing.assert_allclose(convolve(x, weight, bias), expected)
    np.testing.assert_allclose(convolve(x[1], weight, bias), expected[1])
    np.testing.assert_allclose(convolve(x[1], weight[2], bias[2]), expected[1, 2])
    np.testing.assert_allclose(convolve(x[1], weight[2], bias[2:3]), expected[1, 2])
    grey = in_double(x[:1, :1], weight[:1, :1], None, {})[0, 0]
    np.testing.assert_allclose(convolve(x[0, 0], weight[0, 0]), grey)
    np.testing.assert_allclose(convolve(x[0, 0].tolist(), weight[0, 0].tolist()), grey)
    np.testing.assert_allclose(convolve(torch.from_numpy(x[0, 0]), torch.from_numpy(weight[0, 0])), grey)


@RUNGS
def test_arguments_are_left_alone_and_may_be_read_only_or_reversed(rung):
    rng = np.random.default_rng(6)
    x, weight, bias = rng.normal(size=(1, 2, 8, 8)), rng.normal(size=(2, 2, 3, 3)), rng.normal(size=2)
    before = [array.copy() for array in (x, weight, bias)]
    for array in (x, weight, bias):
        array.flags.writeable = False
    view = x[..., ::-1, ::-1]
    found = LADDER[rung](view, weight, bias)
    np.testing.assert_allclose(found, in_double(view.copy(), weight.copy(), bias.copy(), {}))
    assert found.flags.writeable
    for array, old in zip((x, weight, bias), before, strict=True):
        assert np.array_equal(array, old)


@RUNGS
def test_types_of_numbers(rung):
    convolve = LADDER[rung]
    picture = np.full((1, 5, 5), 200, np.uint8)
    exact = convolve(picture, np.full((1, 1, 3, 3), 100, np.uint8))
    np.testing.assert_allclose(exact, np.full((1, 3, 3), 180_000), rtol=1e-12)  # far beyond uint8
    assert convolve(picture, np.ones((1, 1, 3, 3), np.float32)).dtype == np.float32
    assert convolve(picture.astype(np.int64), np.ones((1, 1, 3, 3), np.float32)).dtype == np.float32
    assert convolve(picture > 0, np.ones((1, 1, 3, 3), bool)).max() == pytest.approx(9)
    half = convolve(np.full((1, 40, 40), 1, np.float16), np.full((1, 1, 3, 3), 0.1, np.float16), padding=1)
    assert half.dtype == np.float16
    assert half[0, 5, 5] == pytest.approx(0.9, abs=1e-3)


@RUNGS
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_nan_and_infinity_reach_the_windows_that_see_them(rung, value):
    x = np.ones((1, 1, 40, 40), np.float32)
    x[0, 0, 20, 20] = value
    found = LADDER[rung](x, np.ones((1, 1, 3, 3), np.float32))
    spoilt = ~np.isfinite(found[0, 0])
    sees = np.zeros((38, 38), bool)
    sees[18:21, 18:21] = True
    if rung in ("fft", "winograd"):  # the whole tile is spoilt, as their documentation says, and no more
        assert spoilt[sees].all()
        assert not spoilt[:4].any()
    else:
        assert np.array_equal(spoilt, sees)


def test_all_rungs_have_one_signature():
    assert list(LADDER) == ["loops", "strided", "im2col", "direct", "fft", "winograd", "torch"]
    assert {str(inspect.signature(rung)) for rung in LADDER.values()} == {str(inspect.signature(convolve2d))}


def test_the_package_loads_neither_torch_nor_matplotlib():
    code = "import sys, mlcourse.convolution; print([n for n in ('torch', 'keras', 'matplotlib') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
