"""Costs against published totals, against torch's own counter, and against what the code really does."""

import tracemalloc

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mlcourse.convolution import LADDER, cost

OWN = [method for method in LADDER if method != "torch"]
# Channels, filters, size of the image: VGG-16, K. Simonyan and A. Zisserman, 2015, table 1, column D.
VGG_16 = [
    *((3, 64, 224), (64, 64, 224)),
    *((64, 128, 112), (128, 128, 112)),
    *((128, 256, 56), (256, 256, 56), (256, 256, 56)),
    *((256, 512, 28), (512, 512, 28), (512, 512, 28)),
    *((512, 512, 14), (512, 512, 14), (512, 512, 14)),
]
CASES = [
    ((1, 64, 56, 56), (32, 64, 3, 3), {"padding": 1}),
    ((2, 16, 61, 57), (32, 16, 3, 3), {}),
    ((1, 128, 14, 14), (192, 128, 3, 3), {"padding": 1}),
    ((2, 32, 40, 40), (64, 16, 3, 3), {"padding": 1, "groups": 2}),
    ((1, 32, 60, 60), (96, 32, 5, 5), {"padding": 2, "stride": 2}),
    ((1, 16, 64, 64), (16, 16, 3, 3), {"dilation": 2}),
]
SHAPES = pytest.mark.parametrize(("x_shape", "weight_shape", "options"), CASES)


def allowed(method, weight_shape, options):
    return method != "winograd" or (weight_shape[2:] == (3, 3) and not options.keys() & {"stride", "dilation"})


EACH = pytest.mark.parametrize(
    ("method", "x_shape", "weight_shape", "options"),
    [(method, *case) for method in OWN for case in CASES if allowed(method, *case[1:])],
)


def arrays(x_shape, weight_shape):
    rng = np.random.default_rng(1)
    return rng.normal(size=x_shape).astype(np.float32), rng.normal(size=weight_shape).astype(np.float32)


def smaller(x_shape, weight_shape, options):
    return (1, x_shape[1], 12, 12), (options.get("groups", 1), *weight_shape[1:])


def test_vgg_16():
    layers = [((1, c, size, size), (n, c, 3, 3)) for c, n, size in VGG_16]
    for method in LADDER:
        assert sum(cost(method, *layer, padding=1).macs for layer in layers) == 15_346_630_656
    second = cost("im2col", *layers[1], padding=1)
    assert second.arrays == {"matrix": 28_901_376}
    assert second.extra_bytes == 115_605_504
    assert cost("im2col", *layers[1], padding=1, itemsize=2).extra_bytes == 57_802_752
    # F(2x2, 3x3): 16 multiplications in place of 36; all of VGG-16's maps are even.
    for layer in layers:
        found = cost("winograd", *layer, padding=1)
        assert found.macs / found.multiplications == 2.25


@SHAPES
def test_macs_are_those_that_torch_counts(x_shape, weight_shape, options):
    x, weight = map(torch.from_numpy, arrays(x_shape, weight_shape))
    with FlopCounterMode(display=False) as counter:
        torch.nn.functional.conv2d(x, weight, **options)
    for method in LADDER:
        if allowed(method, weight_shape, options):
            assert 2 * cost(method, x_shape, weight_shape, **options).macs == counter.get_total_flops()


@EACH
def test_multiplications_are_those_that_the_code_does(method, x_shape, weight_shape, options, monkeypatch):
    """Each product is counted from the shapes of its factors."""
    if method == "loops":
        x_shape, weight_shape = smaller(x_shape, weight_shape, options)
    counted = []
    matmul, tensordot, total = np.matmul, np.tensordot, np.sum

    def counting_matmul(a, b, **more):
        stacked = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        each = 4 if np.iscomplexobj(a) else 1
        counted.append(each * int(np.prod(stacked)) * a.shape[-2] * a.shape[-1] * b.shape[-1])
        return matmul(a, b, **more)

    def counting_tensordot(a, b, axes):
        counted.append(a.size * b.size // int(np.prod([a.shape[axis] for axis in axes[0]])))
        return tensordot(a, b, axes)

    def counting_sum(products, **more):
        counted.append(products.size)
        return total(products, **more)

    monkeypatch.setattr(np, "matmul", counting_matmul)
    monkeypatch.setattr(np, "tensordot", counting_tensordot)
    if method == "loops":
        monkeypatch.setattr(np, "sum", counting_sum)
    LADDER[method](*arrays(x_shape, weight_shape), **options)
    assert sum(counted) == cost(method, x_shape, weight_shape, **options).multiplications


@EACH
def test_peak_is_what_numpy_allocates(method, x_shape, weight_shape, options):
    if method == "loops":
        x_shape, weight_shape = smaller(x_shape, weight_shape, options)
    x, weight = arrays(x_shape, weight_shape)
    LADDER[method](x, weight, **options)  # fills caches, such as the FFT's tables
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = LADDER[method](x, weight, **options)
        peak = tracemalloc.get_traced_memory()[1] - before - result.nbytes
    finally:
        tracemalloc.stop()
    expected = cost(method, x_shape, weight_shape, **options).peak_bytes
    assert expected * 0.99 <= peak <= expected * 1.01 + 20_000  # Python's own objects are a few kB


def test_intensity():
    """By hand: 2 * 100 * 9 operations on 144 + 9 + 100 numbers of 4 bytes; im2col moves its 900 twice more."""
    assert cost("torch", (12, 12), (3, 3)).intensity == pytest.approx(1800 / (4 * 253))
    assert cost("loops", (12, 12), (3, 3)).intensity == pytest.approx(1800 / (4 * 253))
    assert cost("im2col", (12, 12), (3, 3)).intensity == pytest.approx(1800 / (4 * 253 + 8 * 900))
    assert cost("torch", (12, 12), (3, 3), itemsize=2).intensity == pytest.approx(1800 / (2 * 253))


def test_what_torch_does_is_not_guessed():
    found = cost("torch", (1, 3, 8, 8), (4, 3, 3, 3))
    assert (found.multiplications, found.arrays, found.extra_bytes, found.peak_bytes) == (None, None, None, None)


def test_large_kernels_are_where_fft_saves():
    small = cost("fft", (1, 8, 64, 64), (8, 8, 3, 3), padding=1)
    large = cost("fft", (1, 8, 64, 64), (8, 8, 15, 15), padding=7)
    assert large.macs / large.multiplications > 10 > 2 * small.macs / small.multiplications


def test_clear_errors():
    with pytest.raises(ValueError, match=r"method must be one of loops, strided, .* got 'gemm'"):
        cost("gemm", (8, 8), (3, 3))
    with pytest.raises(ValueError, match="convolve2d_im2col takes any"):
        cost("winograd", (8, 8), (5, 5))
    with pytest.raises(ValueError, match="weight must have 3 channels"):
        cost("loops", (3, 8, 8), (4, 2, 3, 3))
    with pytest.raises(ValueError, match="weight_shape must be a tuple of whole numbers, got 3"):
        cost("loops", (8, 8), 3)
