"""Boxes: how much two overlap, how one is written relative to another, and the anchors that all of them start from.

A box is (x1, y1, x2, y2): its left, upper, right and lower edge, in pixels from the image's upper left corner. Edges
are places between pixels, so that a box is ``x2 - x1`` wide.
"""

import math
from numbers import Real

import torch

#: The largest log of a change of size: a network that is not trained yet may ask for more than a float can hold.
_LARGEST = math.log(1000 / 16)


def checked_boxes(boxes, name: str = "boxes") -> torch.Tensor:
    """Return boxes as a tensor of shape (n, 4), or say what is wrong with them.

    Parameters
    ----------
    boxes : tensor or array of shape (n, 4)
        An empty list is no box.
    name : str
        Of the argument, for the message.

    Returns
    -------
    tensor of shape (n, 4)
        In its own floating-point type; whole numbers become float32.

    Raises
    ------
    TypeError, ValueError
        If it is not of this shape, or holds text.
    """
    try:
        boxes = torch.as_tensor(boxes)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} must be numbers of shape (n, 4): x1, y1, x2, y2 of each box.") from None
    boxes = boxes if boxes.is_floating_point() else boxes.float()
    if boxes.numel() == 0 and boxes.ndim == 1:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (n, 4): x1, y1, x2, y2 of each box, not {tuple(boxes.shape)}.")
    return boxes


def box_area(boxes: torch.Tensor) -> torch.Tensor:
    """Areas of boxes, in square pixels; a box that is turned inside out has none.

    Parameters
    ----------
    boxes : tensor of shape (n, 4)

    Returns
    -------
    tensor of shape (n,)
    """
    width, height = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).unbind(1)
    return width * height


def box_iou(first, second) -> torch.Tensor:
    """Intersection over union: the area that two boxes share, as part of the area that they cover together.

    Parameters
    ----------
    first : tensor of shape (n, 4)
    second : tensor of shape (m, 4)

    Returns
    -------
    tensor of shape (n, m), float32 or float64
        From 0 (apart) to 1 (the same). 0 where neither box has an area.

    Examples
    --------
    >>> box_iou([[0, 0, 10, 10]], [[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]])
    tensor([[1.0000, 0.3333, 0.0000]])
    """
    first, second = checked_boxes(first, "first"), checked_boxes(second, "second")
    # Areas of large boxes are beyond float16 (65,504), and inexact in bfloat16.
    precise = torch.float64 if torch.float64 in (first.dtype, second.dtype) else torch.float32
    first, second = first.to(precise), second.to(precise)
    upper_left = torch.maximum(first[:, None, :2], second[None, :, :2])
    lower_right = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (lower_right - upper_left).clamp(min=0).prod(dim=2)
    together = box_area(first)[:, None] + box_area(second)[None, :] - shared
    return torch.where(together > 0, shared / together.clamp(min=torch.finfo(precise).tiny), shared.new_zeros(()))


def encode_boxes(boxes, anchors, weights=(1.0, 1.0, 1.0, 1.0)) -> torch.Tensor:
    """Write boxes relative to anchors: how far the middle moves, and how much wider and higher they are.

    With the middle (x, y), width w and height h of a box and (xa, ya), wa, ha of its anchor, the code is (x - xa) / wa,
    (y - ya) / ha, log(w / wa), log(h / ha): the same for a small box as for a large one.

    Parameters
    ----------
    boxes, anchors : tensor of shape (n, 4)
        All wider and higher than 0.
    weights : sequence of four floats
        Factors of the four numbers. Fast R-CNN multiplies with (10, 10, 5, 5), so that they vary about as much as 1.

    Returns
    -------
    tensor of shape (n, 4)

    References
    ----------
    S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks,
    NeurIPS 2015, section 3.1.2, equation 2.

    Examples
    --------
    >>> encode_boxes([[5, 0, 25, 10]], [[0, 0, 10, 10]])
    tensor([[1.0000, 0.0000, 0.6931, 0.0000]])
    """
    boxes, anchors = checked_boxes(boxes), checked_boxes(anchors, "anchors")
    sizes, anchor_sizes = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    if not boxes.is_meta and not (bool((sizes > 0).all()) and bool((anchor_sizes > 0).all())):
        raise ValueError("boxes and anchors must be wider and higher than 0 to be encoded; leave the others out.")
    middles, anchor_middles = boxes[:, :2] + sizes / 2, anchors[:, :2] + anchor_sizes / 2
    code = torch.cat([(middles - anchor_middles) / anchor_sizes, (sizes / anchor_sizes).log()], dim=1)
    return code * code.new_tensor(weights)


def decode_boxes(code, anchors, weights=(1.0, 1.0, 1.0, 1.0)) -> torch.Tensor:
    """Read what `encode_boxes` writes.

    Parameters
    ----------
    code : tensor of shape (n, 4)
        Sizes are at most 62.5 times the anchor's, whatever the code says.
    anchors : tensor of shape (n, 4)
    weights : sequence of four floats

    Returns
    -------
    tensor of shape (n, 4)

    Examples
    --------
    >>> anchors = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    >>> decode_boxes(encode_boxes([[5, 0, 25, 12]], anchors), anchors)
    tensor([[ 5.,  0., 25., 12.]])
    """
    code, anchors = checked_boxes(code, "code"), checked_boxes(anchors, "anchors")
    code = code / code.new_tensor(weights)
    sizes = anchors[:, 2:] - anchors[:, :2]
    middles = anchors[:, :2] + sizes / 2 + code[:, :2] * sizes
    sizes = sizes * code[:, 2:].clamp(max=_LARGEST).exp()
    return torch.cat([middles - sizes / 2, middles + sizes / 2], dim=1)


def clip_boxes(boxes, height: float, width: float) -> torch.Tensor:
    """Cut off what lies outside the image.

    Parameters
    ----------
    boxes : tensor of shape (n, 4)
    height, width : float
        Of the image, in pixels.

    Returns
    -------
    tensor of shape (n, 4)

    Examples
    --------
    >>> clip_boxes([[-5, 10, 700, 20]], height=480, width=640)
    tensor([[  0.,  10., 640.,  20.]])
    """
    boxes = checked_boxes(boxes)
    x, y = boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)
    return torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], dim=1)


def anchor_shapes(sizes=(128, 256, 512), ratios=(0.5, 1.0, 2.0)) -> torch.Tensor:
    """Build the anchors of one place, around (0, 0): each size in each shape.

    Parameters
    ----------
    sizes : sequence of float
        Square roots of their areas, in pixels.
    ratios : sequence of float
        Height over width.

    Returns
    -------
    tensor of shape (sizes x ratios, 4), float32
        The ratios of the first size come first.

    References
    ----------
    S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN, NeurIPS 2015, section 3.1.1: three sizes, three ratios.

    Examples
    --------
    >>> anchor_shapes(sizes=[16], ratios=[1, 4])
    tensor([[ -8.,  -8.,   8.,   8.],
            [ -4., -16.,   4.,  16.]])
    """
    for name, values in (("sizes", sizes), ("ratios", ratios)):
        if not len(values) or not all(isinstance(n, Real) and 0 < n < math.inf for n in values):
            raise ValueError(f"{name} must be numbers above 0, such as (0.5, 1, 2), not {values!r}.")
    halves = [(size / math.sqrt(ratio) / 2, size * math.sqrt(ratio) / 2) for size in sizes for ratio in ratios]
    return torch.tensor([[-x, -y, x, y] for x, y in halves], dtype=torch.float32)


def grid_anchors(shapes, rows: int, columns: int, stride: int) -> torch.Tensor:
    """Put anchors in the middle of each place of a feature map.

    Parameters
    ----------
    shapes : tensor of shape (anchors, 4)
        As `anchor_shapes` gives them.
    rows, columns : int
        Of the feature map.
    stride : int
        Pixels of the image from one place to the next.

    Returns
    -------
    tensor of shape (rows x columns x anchors, 4)
        Row by row, and all anchors of a place side by side.

    Examples
    --------
    >>> grid_anchors(anchor_shapes([16], [1]), rows=1, columns=2, stride=16)
    tensor([[ 0.,  0., 16., 16.],
            [16.,  0., 32., 16.]])
    """
    y = (torch.arange(rows, device=shapes.device) + 0.5) * stride
    x = (torch.arange(columns, device=shapes.device) + 0.5) * stride
    y, x = torch.meshgrid(y, x, indexing="ij")
    middles = torch.stack([x, y, x, y], dim=-1).reshape(-1, 1, 4)
    return (middles + shapes.float()).reshape(-1, 4)
