"""RoI pooling against a loop over regions, cells and channels; and its gradient."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.models.detection import roi_pool


def loop(features, boxes, size, scale):
    """Girshick's definition, one cell at a time; fractions, so that nothing is rounded on the way."""
    rows, columns = size
    height, width = features.shape[2:]
    pooled = []
    for image, own in zip(features, boxes, strict=True):
        for box in own.tolist():
            x1, y1, x2, y2 = (math.floor(Fraction(edge) * Fraction(scale) + Fraction(1, 2)) for edge in box)
            h, w = Fraction(max(y2 - y1 + 1, 1)), Fraction(max(x2 - x1 + 1, 1))
            cells = features.new_zeros(image.shape[0], rows, columns)
            for i in range(rows):
                for j in range(columns):
                    top, bottom = math.floor(i * h / rows) + y1, math.ceil((i + 1) * h / rows) + y1
                    left, right = math.floor(j * w / columns) + x1, math.ceil((j + 1) * w / columns) + x1
                    cell = image[:, max(top, 0) : max(min(bottom, height), 0), max(left, 0) : max(min(right, width), 0)]
                    if cell.numel():
                        cells[:, i, j] = cell.amax(dim=(1, 2))
            pooled.append(cells)
    return torch.stack(pooled) if pooled else features.new_zeros(0, features.shape[1], rows, columns)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 20), st.integers(1, 20)),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    scale=st.sampled_from([1.0, 0.5, 1 / 8, 1 / 16]),
    whole=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_agrees_with_a_loop(seed, shape, size, scale, whole):
    """Also for regions that lie outside the map, are turned inside out, or are far larger than it."""
    rng = np.random.default_rng(seed)
    features = torch.tensor(rng.normal(size=shape), dtype=torch.float32)
    boxes = []
    for _ in range(shape[0]):
        corner = rng.uniform(-20, 25, (rng.integers(0, 5), 2)) / scale
        own = np.hstack([corner, corner + rng.uniform(-5, 40, corner.shape) / scale])
        boxes.append(torch.tensor(own.round() if whole else own, dtype=torch.float32))
    assert torch.equal(roi_pool(features, boxes, size, scale), loop(features, boxes, size, scale))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types(dtype):
    features = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(0)).to(dtype)
    boxes = [torch.tensor([[0.0, 0.0, 190.0, 190.0], [40.0, 8.0, 90.0, 150.0]])]
    found = roi_pool(features, boxes)
    assert found.dtype == dtype
    assert torch.equal(found, loop(features, boxes, (7, 7), 1 / 16))


def test_negative_values_are_kept():
    """A cell that is not empty is its largest value, and not 0."""
    features = -torch.ones(1, 1, 4, 4)
    found = roi_pool(features, [torch.tensor([[0.0, 0.0, 3.0, 3.0], [2.0, 2.0, 9.0, 9.0]])], 2, 1.0)
    assert found[0].flatten().tolist() == [-1] * 4
    assert found[1].flatten().tolist() == [-1, 0, 0, 0]


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 3, 9, 11, generator=generator, dtype=torch.float64, requires_grad=True)
    boxes = [
        torch.tensor([[0.0, 0.0, 80.0, 60.0], [30.0, 10.0, 60.0, 70.0]]),
        torch.tensor([[16.0, 0.0, 140.0, 130.0]]),
    ]
    upstream = torch.randn(3, 3, 4, 4, generator=generator, dtype=torch.float64)
    (found,) = torch.autograd.grad((roi_pool(features, boxes, 4, 1 / 16) * upstream).sum(), features)
    (wanted,) = torch.autograd.grad((loop(features, boxes, (4, 4), 1 / 16) * upstream).sum(), features)
    torch.testing.assert_close(found, wanted)


def test_the_meta_device():
    found = roi_pool(torch.zeros(1, 8, 6, 6, device="meta"), [torch.zeros(3, 4, device="meta")])
    assert found.shape == (3, 8, 7, 7)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features": torch.zeros(3, 4, 4)}, "features must be a tensor of shape"),
        ({"boxes": []}, "one tensor for each of the 1 images, not 0"),
        ({"boxes": [torch.zeros(2, 5)]}, r"boxes\[0\] must have shape"),
        ({"boxes": [torch.full((1, 4), math.nan)]}, "missing or infinite"),
        ({"size": 0}, "size must be cells"),
        ({"size": (7, 2.5)}, "size must be cells"),
    ],
)
def test_wrong_input(change, says):
    arguments = {"features": torch.zeros(1, 3, 4, 4), "boxes": [torch.zeros(1, 4)]} | change
    with pytest.raises(ValueError, match=says):
        roi_pool(**arguments)
