"""Non-maximum suppression: of boxes that show the same thing, the one with the best score is left."""

from numbers import Real

import torch

from mlcourse.models.detection.boxes import box_iou, checked_boxes


def nms(boxes, scores, threshold: float = 0.5, most: int | None = None) -> torch.Tensor:
    """Take the best box, drop all that overlap it, and go on with the best of those that are left.

    Parameters
    ----------
    boxes : tensor of shape (n, 4)
    scores : tensor of shape (n,)
    threshold : float
        Boxes are dropped whose intersection over union with a better one is larger.
    most : int, optional
        Stop when so many are kept.

    Returns
    -------
    tensor, int64
        Positions of the boxes that are left, the best first. Of equal scores the earlier one is better.

    Raises
    ------
    ValueError
        If there is not one score a box, a score is missing, or the threshold is no share.

    Examples
    --------
    >>> nms([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], [0.8, 0.9, 0.3], threshold=0.5)
    tensor([1, 2])
    """
    boxes, scores = checked_boxes(boxes), torch.as_tensor(scores)
    if scores.shape != (len(boxes),):
        raise ValueError(f"scores must be one number for each of the {len(boxes)} boxes, not {tuple(scores.shape)}.")
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be a share from 0 to 1, such as 0.5, not {threshold!r}.")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 0):
        raise ValueError(f"most must be a whole number of boxes, or None for all, not {most!r}.")
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers, and some are missing (NaN): they have no order.")
    boxes = boxes.float()
    left, kept = scores.argsort(descending=True, stable=True), []
    while len(left) and len(kept) != most:
        kept.append(left[0])
        left = left[1:]
        left = left[box_iou(boxes[kept[-1]][None], boxes[left])[0] <= threshold]
    return torch.stack(kept) if kept else left[:0]


def class_nms(boxes, scores, labels, threshold: float = 0.5, most: int | None = None) -> torch.Tensor:
    """`nms` among boxes of the same class: a box never drops one of another class.

    Parameters
    ----------
    boxes : tensor of shape (n, 4)
    scores : tensor of shape (n,)
    labels : tensor of shape (n,), int
    threshold : float
    most : int, optional
        Of all classes together.

    Returns
    -------
    tensor, int64
        Positions of the boxes that are left, the best first.

    Examples
    --------
    >>> class_nms([[0, 0, 10, 10], [1, 0, 11, 10]], [0.8, 0.9], [1, 2])
    tensor([1, 0])
    """
    scores, labels = torch.as_tensor(scores), torch.as_tensor(labels)
    boxes = checked_boxes(boxes)
    if labels.shape != (len(boxes),):
        raise ValueError(f"labels must be one class for each of the {len(boxes)} boxes, not {tuple(labels.shape)}.")
    kept = [labels.new_zeros(0, dtype=torch.int64)]
    for label in labels.unique().tolist():
        own = (labels == label).nonzero()[:, 0]
        kept.append(own[nms(boxes[own], scores[own], threshold, most)])
    kept = torch.cat(kept).sort().values  # equal scores stay in the order of the boxes
    return kept[scores[kept].argsort(descending=True, stable=True)][:most]
