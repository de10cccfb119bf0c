"""Boxes, anchors and suppression against plain loops and cases worked by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.models.detection import (
    anchor_shapes,
    box_iou,
    class_nms,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    grid_anchors,
    nms,
)


def some_boxes(seed, n, side=100, least=0.0):
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, side, (n, 2)), rng.uniform(least, side / 2, (n, 2))
    return torch.tensor(np.hstack([corner, corner + size]), dtype=torch.float32)


def overlap(a, b):
    """Intersection over union of two boxes, as in a textbook."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    together = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / together if together > 0 else 0.0


def loop_nms(boxes, scores, threshold):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(overlap(boxes[i], boxes[j]) <= threshold for j in kept):
            kept.append(i)
    return kept


class TestOverlap:
    @given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.integers(0, 9))
    @settings(max_examples=50, deadline=None)
    def test_agrees_with_a_loop(self, seed, n, m):
        a, b = some_boxes(seed, n).double(), some_boxes(seed + 1, m).double()
        found = box_iou(a, b)
        assert found.shape == (n, m)
        wanted = [[overlap(x, y) for y in b.tolist()] for x in a.tolist()]
        np.testing.assert_allclose(found.numpy(), np.array(wanted).reshape(n, m), atol=1e-12)

    def test_boxes_without_area(self):
        flat = torch.tensor([[5.0, 5, 5, 5], [0, 0, 10, 0], [9, 9, 2, 2]])
        assert box_iou(flat, flat).tolist() == [[0.0] * 3] * 3

    def test_half_precision_does_not_overflow(self):
        box = torch.tensor([[0, 0, 1000, 1000]], dtype=torch.float16)
        assert box_iou(box, box).item() == 1

    @pytest.mark.parametrize("wrong", [torch.zeros(4), torch.zeros(2, 5), [[1, 2, 3]]])
    def test_what_is_no_box(self, wrong):
        with pytest.raises(ValueError, match=r"second must have shape \(n, 4\)"):
            box_iou(torch.zeros(1, 4), wrong)
        with pytest.raises(TypeError, match="first must be numbers"):
            box_iou([["a", "b", "c", "d"]], torch.zeros(1, 4))


class TestCode:
    @given(st.integers(0, 2**32 - 1), st.sampled_from([(1, 1, 1, 1), (10, 10, 5, 5)]))
    @settings(max_examples=50, deadline=None)
    def test_what_is_encoded_is_decoded(self, seed, weights):
        boxes, anchors = some_boxes(seed, 8, least=5).double(), some_boxes(seed + 1, 8, least=5).double()
        back = decode_boxes(encode_boxes(boxes, anchors, weights), anchors, weights)
        torch.testing.assert_close(back, boxes, rtol=0, atol=1e-9)

    def test_equation_2_of_the_paper(self):
        x, y, w, h, xa, ya, wa, ha = 60.0, 35.0, 80.0, 30.0, 50.0, 50.0, 40.0, 60.0
        box, anchor = (
            [[x - w / 2, y - h / 2, x + w / 2, y + h / 2]],
            [[xa - wa / 2, ya - ha / 2, xa + wa / 2, ya + ha / 2]],
        )
        wanted = [(x - xa) / wa, (y - ya) / ha, math.log(w / wa), math.log(h / ha)]
        np.testing.assert_allclose(encode_boxes(box, anchor)[0], wanted, rtol=1e-6)

    def test_a_wild_code_stays_finite(self):
        found = decode_boxes([[0.0, 0.0, 1000.0, 1000.0]], [[0.0, 0.0, 16.0, 16.0]])
        assert found[0, 2] - found[0, 0] == pytest.approx(1000)

    def test_boxes_without_area_have_no_code(self):
        with pytest.raises(ValueError, match="wider and higher than 0"):
            encode_boxes([[0, 0, 10, 10]], [[5, 5, 5, 9]])

    def test_clipping(self):
        found = clip_boxes([[-5, -6, 30, 500], [700, 10, 800, 20]], height=480, width=640)
        assert found.tolist() == [[0, 0, 30, 480], [640, 10, 640, 20]]


class TestAnchors:
    def test_nine_of_them(self):
        shapes = anchor_shapes()
        width, height = (shapes[:, 2:] - shapes[:, :2]).unbind(1)
        np.testing.assert_allclose((width * height).sqrt(), np.repeat([128, 256, 512], 3), rtol=1e-6)
        np.testing.assert_allclose(height / width, [0.5, 1, 2] * 3, rtol=1e-6)
        assert torch.equal(shapes[:, :2], -shapes[:, 2:])

    def test_they_stand_in_the_middle_of_each_place(self):
        anchors = grid_anchors(anchor_shapes([10], [1, 4]), rows=2, columns=3, stride=16)
        middles = (anchors[:, :2] + anchors[:, 2:]) / 2
        wanted = [[16 * c + 8, 16 * r + 8] for r in range(2) for c in range(3) for _ in range(2)]
        np.testing.assert_allclose(middles, wanted)

    @pytest.mark.parametrize("arguments", [([], [1]), ([16], [0]), ([16], [-1]), ([math.inf], [1])])
    def test_wrong_shapes(self, arguments):
        with pytest.raises(ValueError, match="must be numbers above 0"):
            anchor_shapes(*arguments)


class TestSuppression:
    @given(st.integers(0, 2**32 - 1), st.integers(0, 25), st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]))
    @settings(max_examples=60, deadline=None)
    def test_agrees_with_a_loop(self, seed, n, threshold):
        rng = np.random.default_rng(seed)
        corner, size = rng.integers(0, 12, (n, 2)), rng.integers(0, 12, (n, 2))  # whole numbers: equal overlaps occur
        boxes, scores = np.hstack([corner, corner + size]).astype(float), rng.integers(0, 5, n) / 4
        assert nms(boxes, scores, threshold).tolist() == loop_nms(boxes.tolist(), scores.tolist(), threshold)

    def test_what_a_dropped_box_overlaps_may_stay(self):
        boxes = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]
        assert nms(boxes, [0.9, 0.8, 0.7], 0.3).tolist() == [0, 2]

    def test_as_many_as_wanted(self):
        boxes = some_boxes(0, 40)
        scores = torch.rand(40, generator=torch.Generator().manual_seed(0))
        assert nms(boxes, scores, 0.5, most=3).tolist() == nms(boxes, scores, 0.5).tolist()[:3]
        assert nms(boxes, scores, 0.5, most=0).tolist() == []

    def test_classes_do_not_drop_each_other(self):
        boxes = [[0, 0, 10, 10]] * 4
        assert class_nms(boxes, [0.5, 0.6, 0.7, 0.8], [1, 2, 1, 2]).tolist() == [3, 2]
        assert class_nms(boxes, [0.5, 0.6, 0.7, 0.8], [1, 2, 1, 2], most=1).tolist() == [3]
        assert class_nms(torch.zeros(0, 4), [], []).tolist() == []

    def test_half_precision(self):
        boxes = torch.tensor([[0, 0, 600, 600], [100, 0, 700, 600], [0, 300, 600, 900]], dtype=torch.float16)
        assert nms(boxes, torch.tensor([0.5, 0.9, 0.8], dtype=torch.float16), 0.5).tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (([[0, 0, 1, 1]], [0.5, 0.6]), "one number for each of the 1 boxes"),
            (([[0, 0, 1, 1]], [math.nan]), "some are missing"),
            (([[0, 0, 1, 1]], [0.5], 50), "a share from 0 to 1, such as 0.5, not 50"),
            (([[0, 0, 1, 1]], [0.5], 0.5, -1), "most must be"),
        ],
    )
    def test_wrong_input(self, arguments, says):
        with pytest.raises(ValueError, match=says):
            nms(*arguments)
