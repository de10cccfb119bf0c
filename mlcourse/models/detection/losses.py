"""What a Faster R-CNN is wrong about: its proposals and its answers, held against the boxes that people drew."""

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional

from mlcourse.models.detection.boxes import box_iou, checked_boxes, encode_boxes


def match(candidates: torch.Tensor, boxes: torch.Tensor, low: float, high: float, best_too: bool = False):
    """Give each candidate the object that it overlaps most, if it overlaps any enough.

    Parameters
    ----------
    candidates : tensor of shape (n, 4)
        Anchors, or proposals.
    boxes : tensor of shape (m, 4)
        Of the objects.
    low, high : float
        Intersection over union below which a candidate is background, and from which on it is an object.
    best_too : bool
        Whether an object takes the candidates that overlap it most, even if that is less than `high`.

    Returns
    -------
    tensor of shape (n,), int64
        Position in `boxes`; -1 for background; -2 for candidates in between, which teach nothing.

    Examples
    --------
    >>> boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    >>> match(torch.tensor([[0.0, 0.0, 10.0, 9.0], [0.0, 0.0, 10.0, 5.0], [50.0, 0.0, 60.0, 9.0]]), boxes, 0.3, 0.7)
    tensor([ 0, -2, -1])
    """
    if not len(boxes):
        return torch.full((len(candidates),), -1, dtype=torch.int64, device=candidates.device)
    overlap = box_iou(candidates, boxes)
    most, index = overlap.max(dim=1)
    found = torch.where(most >= high, index, torch.where(most < low, -1, -2))
    if best_too:
        # All that overlap an object equally well, as small objects lie the same way in several anchors.
        best = overlap.max(dim=0).values
        row, column = ((overlap == best) & (best > 0)).nonzero().unbind(1)
        found[row] = column
    return found


def sample(matched: torch.Tensor, n: int, share: float, generator: torch.Generator):
    """Draw some candidates by chance, for most are background and look alike.

    Parameters
    ----------
    matched : tensor of shape (candidates,)
        As `match` gives it.
    n : int
        How many to draw at most.
    share : float
        Of objects among them, at most.
    generator : torch.Generator
        That chance comes from.

    Returns
    -------
    objects, background : tensor, int64
        Positions.
    """
    objects, background = (matched >= 0).nonzero()[:, 0], (matched == -1).nonzero()[:, 0]
    objects = objects[torch.randperm(len(objects), generator=generator)[: round(n * share)]]
    return objects, background[torch.randperm(len(background), generator=generator)[: n - len(objects)]]


def detection_losses(
    net,
    images: torch.Tensor,
    targets: Sequence[Mapping],
    generator: torch.Generator,
    *,
    anchors_per_image: int = 256,
    regions_per_image: int = 128,
) -> dict[str, torch.Tensor]:
    """Let a network in train mode propose and answer, and tell how wrong it is.

    Parameters
    ----------
    net : FasterRCNN
    images : tensor of shape (n, 3, height, width)
    targets : sequence of dict
        For each image ``"boxes"`` (objects, 4) and ``"labels"`` (objects,), from 1 on.
    generator : torch.Generator
        That the draw of anchors and regions comes from.
    anchors_per_image, regions_per_image : int
        Drawn for the losses: of the anchors at most half are objects, of the regions a quarter.

    Returns
    -------
    dict of str to tensor
        ``"objectness"`` and ``"proposals"`` (RPN), ``"classes"`` and ``"boxes"`` (heads): the loss is their sum.

    References
    ----------
    S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN, NeurIPS 2015, section 3.1.2: equation 1, and the thresholds 0.3
    and 0.7. Other than there, anchors that reach over the image's edge take part: that is where many small things lie.
    R. Girshick: Fast R-CNN, ICCV 2015, section 2.3: regions from 0.5 on are objects.
    """
    boxes, labels = zip(*(_checked(target, i, net.n_classes) for i, target in enumerate(targets)), strict=True)
    if len(boxes) != len(images):
        raise ValueError(f"targets must be one dict for each of the {len(images)} images, not {len(boxes)}.")
    height, width = images.shape[2:]
    features = net.features(images)
    scores, code = net.rpn(features)
    anchors = net.rpn.anchors(features)
    sums = dict.fromkeys(("objectness", "proposals"), scores.new_zeros(()))
    regions, answers, wanted = [], [], []
    for i, (own, kinds) in enumerate(zip(boxes, labels, strict=True)):
        matched = match(anchors, own, 0.3, 0.7, best_too=True)
        objects, background = sample(matched, anchors_per_image, 0.5, generator)
        drawn = torch.cat([objects, background])
        truth = (matched[drawn] >= 0).long()
        sums["objectness"] = sums["objectness"] + functional.cross_entropy(scores[i, drawn], truth, reduction="sum")
        moved = encode_boxes(own[matched[objects]], anchors[objects])
        sums["proposals"] = sums["proposals"] + _smooth_l1(code[i, objects], moved)

        # Objects themselves are regions too: at the beginning no proposal comes near them.
        proposed = net.rpn.propose(scores[i].detach(), code[i].detach(), anchors, height, width)
        proposed = torch.cat([proposed, own])
        matched = match(proposed, own, 0.5, 0.5)
        objects, background = sample(matched, regions_per_image, 0.25, generator)
        drawn = torch.cat([objects, background])
        regions.append(proposed[drawn])
        answers.append(torch.cat([kinds[matched[objects]], kinds.new_zeros(len(background))]))
        wanted.append(encode_boxes(own[matched[objects]], proposed[objects], net.code_weights))

    scores, code = net.classify(features, regions)
    answers, wanted = torch.cat(answers), torch.cat(wanted)
    shown = answers > 0
    n_anchors, n_regions = anchors_per_image * len(images), max(1, len(answers))
    return {
        "objectness": sums["objectness"] / n_anchors,
        "proposals": sums["proposals"] / n_anchors,
        "classes": functional.cross_entropy(scores, answers, reduction="sum") / n_regions,
        "boxes": _smooth_l1(code[shown, answers[shown]], wanted) / n_regions,
    }


def _smooth_l1(found, wanted):
    """Squares of small differences, so that they are not fought over, and large ones as they are."""
    return functional.smooth_l1_loss(found, wanted, reduction="sum", beta=1 / 9)


def _checked(target, i, n_classes):
    """Boxes and labels of an image as tensors."""
    if not isinstance(target, Mapping) or not {"boxes", "labels"} <= target.keys():
        raise ValueError(f'targets[{i}] must be a dict with "boxes" and "labels".')
    boxes = checked_boxes(target["boxes"], f"targets[{i}]['boxes']").float()
    labels = torch.as_tensor(target["labels"]).long()
    if labels.shape != (len(boxes),) or (len(labels) and not 1 <= int(labels.min()) <= int(labels.max()) < n_classes):
        raise ValueError(
            f"targets[{i}]['labels'] must be one class from 1 to {n_classes - 1} for each of {len(boxes)} boxes."
        )
    return boxes, labels
