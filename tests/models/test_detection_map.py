"""VOC's mean average precision: cases worked by hand, and another program for the same definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.models.detection import average_precision, voc_map


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    together = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / together if together > 0 else 0


def by_hand(found, targets, label, iou, method):
    """The development kit's procedure, step by step, in plain Python."""
    rows = [
        (score, i, box)
        for i, one in enumerate(found)
        for box, kind, score in zip(one["boxes"], one["labels"], one["scores"], strict=True)
        if kind == label
    ]
    total = sum(k == label and not d for one in targets for k, d in zip(one["labels"], one["difficult"], strict=True))
    if not total:
        return None
    used, points, right, wrong = set(), [], 0, 0
    for _, i, box in sorted(rows, key=lambda row: -row[0]):
        best, where = -1.0, None
        for j, (other, kind) in enumerate(zip(targets[i]["boxes"], targets[i]["labels"], strict=True)):
            if kind == label and overlap(box, other) > best:
                best, where = overlap(box, other), j
        if where is not None and best >= iou:
            if targets[i]["difficult"][where]:
                continue
            if (i, where) in used:
                wrong += 1
            else:
                right += 1
                used.add((i, where))
        else:
            wrong += 1
        points.append((right / total, right / (right + wrong)))
    if method == "11-point":
        levels = [k / 10 for k in range(11)]
        return sum(max((p for r, p in points if r >= level - 1e-9), default=0) for level in levels) / 11
    area, before = 0.0, 0.0
    for i, (r, _) in enumerate(points):
        area += (r - before) * max(p for _, p in points[i:])
        before = r
    return area


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.75]), st.sampled_from(["area", "11-point"]))
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_procedure(seed, iou, method):
    rng = np.random.default_rng(seed)
    found, targets = [], []
    for _ in range(rng.integers(1, 5)):
        n, m = rng.integers(0, 6), rng.integers(0, 9)
        corner = rng.integers(0, 20, (n, 2)).astype(float)
        boxes = np.hstack([corner, corner + rng.integers(4, 12, (n, 2))])
        near = boxes[rng.integers(0, n, m)] + rng.integers(-2, 3, (m, 4)) if n else rng.integers(0, 9, (m, 4)) * 1.0
        scores = rng.permutation(100)[:m] / 100 + 0.001 * len(found)
        targets.append({"boxes": boxes, "labels": rng.integers(1, 4, n), "difficult": rng.random(n) < 0.2})
        found.append({"boxes": near, "labels": rng.integers(1, 4, m), "scores": scores})
    wanted = {label: by_hand(found, targets, label, iou, method) for label in (1, 2, 3)}
    known = [value for value in wanted.values() if value is not None]
    if not known:
        with pytest.raises(ValueError, match="no object that counts"):
            voc_map(found, targets, n_classes=4)
        return
    result = voc_map(found, targets, n_classes=4, iou=iou, method=method)
    assert result["mAP"] == pytest.approx(np.mean(known))
    for label, value in wanted.items():
        assert result["AP"][label] == pytest.approx(np.nan if value is None else value, nan_ok=True)


FOUR = [{"boxes": [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]], "labels": [1] * 4}]


class TestByHand:
    def result(self, boxes, scores, method="area", **target):
        found = [{"boxes": boxes, "labels": [1] * len(boxes), "scores": scores}]
        return voc_map(found, [FOUR[0] | target], method=method)["mAP"]

    def test_two_of_four_and_one_wrong(self):
        boxes, scores = [[0, 0, 10, 10], [80, 0, 90, 10], [20, 0, 30, 10]], [0.9, 0.8, 0.7]
        # Right, wrong, right: precision 1 up to a recall of 1/4, 2/3 up to 1/2, 0 behind.
        assert self.result(boxes, scores) == pytest.approx(1 / 4 + 2 / 3 / 4)
        # Recalls 0, 0.1, 0.2: 1; 0.3, 0.4, 0.5: 2/3; five times 0.
        assert self.result(boxes, scores, "11-point") == pytest.approx((3 + 3 * 2 / 3) / 11)

    def test_the_second_box_around_one_object_is_wrong(self):
        # The two that are right come first and third.
        assert self.result([[0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]], [0.9, 0.8, 0.7]) == pytest.approx(5 / 12)

    def test_difficult_objects_count_neither_way(self):
        boxes, scores = [[0, 0, 10, 10], [20, 0, 30, 10], [20, 0, 30, 10]], [0.9, 0.8, 0.7]
        assert self.result(boxes, scores, difficult=[False, True, True, True]) == 1

    def test_all_and_nothing(self):
        assert self.result(FOUR[0]["boxes"], [0.9, 0.8, 0.7, 0.6]) == 1
        assert self.result(FOUR[0]["boxes"], [0.9, 0.8, 0.7, 0.6], "11-point") == pytest.approx(1)
        assert self.result([], []) == 0

    def test_half_is_enough(self):
        # A box of 10x5 in one of 10x10 overlaps it by exactly one half.
        assert self.result([[0, 0, 10, 5]], [0.5]) == pytest.approx(1 / 4)

    def test_another_class_is_no_help(self):
        found = [{"boxes": FOUR[0]["boxes"], "labels": [2] * 4, "scores": [1.0] * 4}]
        result = voc_map(found, FOUR, n_classes=3)
        assert result["mAP"] == 0
        assert np.isnan(result["AP"][2])

    @pytest.mark.parametrize("n", [3, 7, 10])
    def test_eleven_points_of_recalls_that_are_tenths(self, n):
        """Three of ten reach a recall of 0.3, whichever way 3 / 10 is rounded."""
        recall = np.arange(1, n + 1) / 10
        assert average_precision(recall, np.ones(n), "11-point") == pytest.approx((n + 1) / 11)


@pytest.mark.parametrize(
    ("found", "targets", "settings", "says"),
    [
        ([], [{"boxes": [[0, 0, 1, 1]], "labels": [1]}], {}, "for 0 images, and targets for 1"),
        ([{"boxes": [], "labels": []}], [{"boxes": [], "labels": []}], {}, r"found\[0\] lacks scores"),
        (
            [{"boxes": [[0, 0, 1, 1]], "labels": [1], "scores": []}],
            [{"boxes": [], "labels": []}],
            {},
            "scores must be one",
        ),
        (
            [{"boxes": [], "labels": [], "scores": []}],
            [{"boxes": [[0, 0, 1, 1]], "labels": [0]}],
            {},
            "0 is the background",
        ),
        ([{"boxes": [], "labels": [], "scores": []}], [{"boxes": [], "labels": []}], {}, "no object that counts"),
        (
            [{"boxes": [], "labels": [], "scores": []}],
            [{"boxes": [[0, 0, 1, 1]], "labels": [1]}],
            {"iou": 50},
            "iou must",
        ),
        (
            [{"boxes": [], "labels": [], "scores": []}],
            [{"boxes": [[0, 0, 1, 1]], "labels": [1]}],
            {"method": "12-point"},
            "method must",
        ),
        (
            [{"boxes": [], "labels": [], "scores": []}],
            [{"boxes": [[0, 0, 1, 1]], "labels": [3]}],
            {"n_classes": 3},
            "n_classes must be a whole number above 3",
        ),
        (
            [{"boxes": [[0, 0, 1, 1]], "labels": [1], "scores": [np.nan]}],
            [{"boxes": [[0, 0, 1, 1]], "labels": [1]}],
            {},
            "some are missing",
        ),
    ],
)
def test_wrong_input(found, targets, settings, says):
    with pytest.raises(ValueError, match=says):
        voc_map(found, targets, **settings)
