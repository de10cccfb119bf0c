"""Convolutions of random shapes, and what torch makes of them."""

import numpy as np
import torch
from hypothesis import strategies as st

pairs = {low: st.one_of(st.integers(low, 3), st.tuples(st.integers(low, 3), st.integers(low, 3))) for low in (0, 1)}


def both(value):
    return (value, value) if isinstance(value, int) else value


@st.composite
def layers(draw, winograd=False):
    """Arguments of a convolution, of one for Winograd if asked; `room` is 0 where the kernel fits just once."""
    groups, depth, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = (3, 3) if winograd else draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride, dilation = (1, 1) if winograd else (draw(pairs[1]), draw(pairs[1]))
    padding = draw(pairs[0])
    # Up to 25 more pixels than the kernel needs: that makes several tiles for FFT and Winograd.
    room = [draw(st.integers(0, 25)) for _ in kernel]
    extent = [d * (k - 1) + 1 for k, d in zip(kernel, both(dilation), strict=True)]
    size = [max(1, e - 2 * p) + r for e, p, r in zip(extent, both(padding), room, strict=True)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int64]))
    x = (4 * rng.normal(size=(draw(st.integers(1, 3)), groups * depth, *size))).astype(dtype)
    weight = (4 * rng.normal(size=(groups * per_group, depth, *kernel))).astype(dtype)
    bias = (4 * rng.normal(size=groups * per_group)).astype(dtype) if draw(st.booleans()) else None
    return x, weight, bias, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def in_double(x, weight, bias, options):
    """torch's result in float64."""
    x, weight, bias = (None if one is None else torch.from_numpy(one).double() for one in (x, weight, bias))
    return torch.nn.functional.conv2d(x, weight, bias, **options).numpy()
