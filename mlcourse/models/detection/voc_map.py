"""Mean average precision, as Pascal VOC defines it: how good a detector is, in one number."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from mlcourse.models.detection.boxes import box_iou

METHODS = ("area", "11-point")


def average_precision(recall, precision, method: str = "area") -> float:
    """Sum up a curve of precision over recall.

    At each recall the precision counts that is reached there or at any higher recall: so the curve only falls.

    Parameters
    ----------
    recall, precision : array of shape (n,)
        From 0 to 1, after each detection, the likeliest first. Recall never falls.
    method : str
        ``"area"`` under that curve (VOC from 2010 on), or the mean of its values at recalls 0, 0.1, ..., 1
        (``"11-point"``, VOC 2007).

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    M. Everingham and others: The Pascal Visual Object Classes (VOC) Challenge, IJCV 88, 2010, section 4.2; and the
    development kit of VOC 2012, section 3.4.1.

    Examples
    --------
    >>> average_precision([0.5, 0.5, 1.0], [1.0, 0.5, 2 / 3])  # right, wrong, right, of two objects
    0.8333333333333333
    >>> round(average_precision([0.5, 0.5, 1.0], [1.0, 0.5, 2 / 3], "11-point"), 4)
    0.8485
    """
    recall, precision = np.asarray(recall, dtype=float), np.asarray(precision, dtype=float)
    if recall.ndim != 1 or recall.shape != precision.shape:
        raise ValueError(
            f"recall and precision must be equally many numbers, not {recall.shape} and {precision.shape}."
        )
    if len(recall) and (min(recall[0], np.diff(recall, prepend=0).min(), precision.min()) < 0 or recall[-1] > 1 + 1e-9):
        raise ValueError("recall must rise from 0 to 1, and precision must lie between 0 and 1.")
    if method not in METHODS:
        raise ValueError(f'method must be "area" or "11-point", not {method!r}.')
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if method == "area":
        return float(np.sum(np.diff(recall, prepend=0) * best))
    # A recall of 3/10 must count as having reached 0.3, whichever way it was rounded.
    first = np.searchsorted(recall, np.arange(11) / 10 - 1e-9)
    return float(np.mean(np.append(best, 0)[first]))


def precision_recall(found: Sequence, targets: Sequence, label: int, iou: float = 0.5):
    """Hold the detections of one class against the truth, the likeliest first.

    A detection is right if the object of its class in its image that it overlaps most is overlapped by at least `iou`,
    and no likelier detection has had it: each object is found once. Difficult objects count neither way.

    Parameters
    ----------
    found, targets : sequence of dict
        See `voc_map`.
    label : int
    iou : float

    Returns
    -------
    recall, precision : array of shape (detections,), float
        After each detection.
    objects : int
        That were to be found.
    """
    objects, rows, taken = 0, [], []
    for i, (one, truth) in enumerate(zip(found, targets, strict=True)):
        own = _array(truth["labels"]) == label
        hard = _array(truth["difficult"]).astype(bool)[own] if "difficult" in truth else np.zeros(own.sum(), bool)
        objects += int((~hard).sum())
        taken.append(np.zeros(len(hard), bool))
        chosen = _array(one["labels"]) == label
        overlap = box_iou(_boxes(one)[chosen], _boxes(truth)[own]).numpy()
        for j, score in enumerate(_array(one["scores"])[chosen]):
            best = int(overlap[j].argmax()) if len(hard) else -1
            hit = best >= 0 and overlap[j, best] >= iou
            rows.append((-float(score), i, best if hit else -1, bool(hit and hard[best])))
    right = []
    for _, i, best, hard in sorted(rows, key=lambda row: row[0]):  # stable: of equal scores the first comes first
        if hard:
            continue
        right.append(best >= 0 and not taken[i][best])
        if best >= 0:
            taken[i][best] = True
    hits = np.cumsum(right)
    return hits / max(objects, 1), hits / np.arange(1, len(hits) + 1), objects


def voc_map(
    found: Sequence, targets: Sequence, *, n_classes: int | None = None, iou: float = 0.5, method: str = "area"
) -> dict:
    """Mean average precision of all classes.

    Parameters
    ----------
    found : sequence of dict
        For each image ``"boxes"`` (n, 4), ``"labels"`` (n,) and ``"scores"`` (n,), as `FasterRCNN` gives them.
    targets : sequence of dict
        For each image ``"boxes"`` and ``"labels"`` of what is there, and maybe ``"difficult"``: which objects are not
        counted.
    n_classes : int, optional
        With the background, which is 0. Default: as many as the targets have.
    iou : float
        Intersection over union from which on a box is right.
    method : str
        See `average_precision`.

    Returns
    -------
    dict
        ``"mAP"``, a float; ``"AP"``, {label: float}, NaN for classes without any object, which the mean leaves out.

    Raises
    ------
    ValueError
        If the parts do not fit together, or there is no object at all.

    Examples
    --------
    >>> truth = [{"boxes": [[0, 0, 10, 10], [20, 0, 30, 10]], "labels": [1, 1]}]
    >>> found = [{"boxes": [[1, 0, 11, 10], [50, 50, 60, 60]], "labels": [1, 1], "scores": [0.9, 0.8]}]
    >>> voc_map(found, truth)
    {'mAP': 0.5, 'AP': {1: 0.5}}
    """
    found, targets = _checked(found, "found", scores=True), _checked(targets, "targets")
    if len(found) != len(targets):
        raise ValueError(f"found is for {len(found)} images, and targets for {len(targets)}.")
    if isinstance(iou, bool) or not isinstance(iou, Real) or not 0 < iou <= 1:
        raise ValueError(f"iou must be a share above 0 and at most 1, such as 0.5, not {iou!r}.")
    largest = max((int(one["labels"].max(initial=0)) for one in targets), default=0)
    if n_classes is None:
        n_classes = largest + 1
    elif isinstance(n_classes, bool) or not isinstance(n_classes, Integral) or n_classes <= largest:
        raise ValueError(f"n_classes must be a whole number above {largest}, the largest label, not {n_classes!r}.")
    precisions = {}
    for label in range(1, n_classes):
        recall, precision, objects = precision_recall(found, targets, label, iou)
        precisions[label] = average_precision(recall, precision, method) if objects else float("nan")
    known = [value for value in precisions.values() if not np.isnan(value)]
    if not known:
        raise ValueError("targets hold no object that counts: there is nothing to be found.")
    return {"mAP": float(np.mean(known)), "AP": precisions}


def _checked(many, name, scores=False):
    """The same dicts with arrays in them."""
    keys = ("labels", "scores") if scores else ("labels",)
    result = []
    for i, one in enumerate(many):
        missing = [key for key in ("boxes", *keys) if key not in one]
        if missing:
            raise ValueError(
                f"{name}[{i}] lacks {', '.join(missing)}: a dict with boxes and {', '.join(keys)} is needed."
            )
        arrays = {key: _array(one[key]) for key in one if key in (*keys, "difficult")} | {"boxes": _boxes(one)}
        wrong = [key for key in arrays if len(arrays[key]) != len(arrays["boxes"])]
        if wrong:
            raise ValueError(f"{name}[{i}]: {wrong[0]} must be one for each of {len(arrays['boxes'])} boxes.")
        if arrays["labels"].min(initial=1) < 1:
            raise ValueError(f"{name}[{i}]: labels must be 1 or more; 0 is the background.")
        if scores and np.isnan(arrays["scores"]).any():
            raise ValueError(f"{name}[{i}]: scores must be numbers, and some are missing (NaN).")
        result.append(arrays)
    return result


def _array(values) -> np.ndarray:
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def _boxes(one) -> np.ndarray:
    boxes = _array(one["boxes"]).astype(np.float32)
    return boxes.reshape(0, 4) if boxes.size == 0 else boxes
