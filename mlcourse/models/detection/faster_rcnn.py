"""Faster R-CNN: a backbone, the regions that its features propose, and what each region shows."""

from collections.abc import Sequence
from numbers import Integral

import torch
from torch import nn

from mlcourse.models.detection.boxes import clip_boxes, decode_boxes
from mlcourse.models.detection.nms import class_nms
from mlcourse.models.detection.roi_pool import roi_pool
from mlcourse.models.detection.rpn import RegionProposalNetwork
from mlcourse.models.detection.vgg import VGG16, vgg_layers


class FasterRCNN(nn.Module):
    """Find objects: propose regions (`rpn`), pool the features of each, and tell what it shows and where exactly.

    Parameters
    ----------
    n_classes : int
        The background, which is class 0, counts: 21 for Pascal VOC.
    plan : sequence of int and "M"
        Of the backbone: channels of each 3x3 convolution, and "M" for pooling by two.
    batch_norm : bool
        Whether normalisation follows each convolution.
    hidden : int
        Neurons of `fc6` and of `fc7`.
    pool : int
        Cells of RoI pooling, in rows and in columns.
    sizes, ratios : sequence of float
        Of the anchors; see `anchor_shapes`.
    rpn_hidden : int
        Channels of the RPN's 3x3 convolution.
    proposals : (int, int)
        See `RegionProposalNetwork`.
    smallest : float
        Pixels that a proposal is wide and high at least.
    score : float
        Below this, an object is not told of.
    threshold : float
        Intersection over union from which on two boxes of a class are taken to be the same object.
    most : int
        Objects that are told of in an image.
    dropout : float
        After `fc6` and after `fc7`, in training.
    mean, std : sequence of three floats
        Of the pixels of each channel, that images are normalised with.

    Attributes
    ----------
    backbone : torch.nn.Sequential
    rpn : RegionProposalNetwork
    fc6, fc7, class_scores, boxes : torch.nn.Linear
        `boxes` moves each region's box, in another way for each class.

    References
    ----------
    S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks,
    NeurIPS 2015.
    """

    def __init__(
        self,
        n_classes: int = 21,
        *,
        plan=VGG16,
        batch_norm: bool = False,
        hidden: int = 4096,
        pool: int = 7,
        sizes=(128, 256, 512),
        ratios=(0.5, 1.0, 2.0),
        rpn_hidden: int = 512,
        proposals: tuple[int, int] = (6000, 300),
        smallest: float = 16.0,
        score: float = 0.05,
        threshold: float = 0.3,
        most: int = 100,
        dropout: float = 0.5,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ):
        super().__init__()
        for name, value, least in (("n_classes", n_classes, 2), ("hidden", hidden, 1), ("pool", pool, 1)):
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
        self.n_classes, self.pool, self.score, self.threshold, self.most = n_classes, pool, score, threshold, most
        self.backbone = vgg_layers(plan, batch_norm)
        self.stride = 2 ** list(plan).count("M")
        channels = [n for n in plan if n != "M"][-1]
        self.rpn = RegionProposalNetwork(channels, rpn_hidden, self.stride, sizes, ratios, proposals, smallest=smallest)
        self.fc6 = nn.Linear(channels * pool**2, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.class_scores = nn.Linear(hidden, n_classes)
        self.boxes = nn.Linear(hidden, 4 * n_classes)
        self.relu, self.dropout = nn.ReLU(), nn.Dropout(dropout)
        for layer, deviation in ((self.class_scores, 0.01), (self.boxes, 0.001)):
            nn.init.normal_(layer.weight, std=deviation)
            nn.init.zeros_(layer.bias)
        # Of box codes; R. Girshick: Fast R-CNN, section 2.3, normalises them to a variance of about 1.
        self.code_weights = (10.0, 10.0, 5.0, 5.0)
        self.mean, self.std = tuple(mean), tuple(std)

    def forward(self, images) -> list[dict[str, torch.Tensor]]:
        """Find the objects of images.

        Parameters
        ----------
        images : tensor of shape (images, 3, height, width), or sequence of tensors of shape (3, height, width)
            Red, green, blue from 0 to 1. Images of a sequence may differ in size.

        Returns
        -------
        list of dict
            For each image ``"boxes"`` of shape (n, 4) in its pixels, ``"labels"`` (n,) from 1 on, and ``"scores"`` (n,)
            from 0 to 1, the highest first.
        """
        if not isinstance(images, torch.Tensor):
            return [found for image in images for found in self(_one(image)[None])]
        height, width = images.shape[2:] if images.ndim == 4 else (0, 0)
        features = self.features(images)
        scores, code = self.rpn(features)
        anchors = self.rpn.anchors(features)
        regions = [self.rpn.propose(*one, anchors, height, width) for one in zip(scores, code, strict=True)]
        scores, code = self.classify(features, regions)
        sizes = [len(one) for one in regions]
        found = zip(regions, scores.split(sizes), code.split(sizes), strict=True)
        return [self._detections(*one, height, width) for one in found]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise images, and return the backbone's maps: (images, channels, height / stride, width / stride)."""
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[2:]) < self.stride:
            raise ValueError(
                f"images must have shape (images, 3, height, width), at least {self.stride} pixels high and wide, not "
                f"{tuple(images.shape)}."
            )
        if not images.is_floating_point():
            raise TypeError(f"images must be floats from 0 to 1, not {images.dtype}: divide bytes by 255.")
        weight = next(self.backbone.parameters())
        images = images.float()
        mean, std = (images.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        return self.backbone(((images - mean) / std).to(weight.dtype))

    def classify(self, features: torch.Tensor, regions: Sequence) -> tuple[torch.Tensor, torch.Tensor]:
        """Tell what regions show, and where exactly.

        Parameters
        ----------
        features : tensor of shape (images, channels, rows, columns)
        regions : sequence of tensors of shape (n, 4)
            Of each image, in pixels.

        Returns
        -------
        scores : tensor of shape (regions, n_classes), float32
            Logits.
        code : tensor of shape (regions, n_classes, 4), float32
            Of the box, if it is of this class, relative to the region; see `encode_boxes`.
        """
        pooled = roi_pool(features, regions, self.pool, 1 / self.stride).flatten(1)
        hidden = self.dropout(self.relu(self.fc6(pooled)))
        hidden = self.dropout(self.relu(self.fc7(hidden)))
        return self.class_scores(hidden).float(), self.boxes(hidden).reshape(-1, self.n_classes, 4).float()

    @torch.no_grad()
    def _detections(self, regions, scores, code, height, width):
        if scores.is_meta:  # nothing is computed: nothing is found
            regions, scores, code = regions[:0], scores.new_zeros(0, self.n_classes), code.new_zeros(0, 1, 4)
            return {"boxes": regions, "labels": scores.argmax(1), "scores": scores[:, 0]}
        probabilities = scores.softmax(dim=1)
        # Any class but the background; a region may be told of as two classes. Missing numbers are not likely enough.
        region, label = (probabilities[:, 1:] >= self.score).nonzero().unbind(1)
        label = label + 1
        found = decode_boxes(code[region, label], regions[region], self.code_weights)
        found, likely = clip_boxes(found, height, width), probabilities[region, label]
        # What has no area after clipping is no object.
        usable = ((found[:, 2:] - found[:, :2]) > 0).all(dim=1)
        found, likely, label = found[usable], likely[usable], label[usable]
        kept = class_nms(found, likely, label, self.threshold, self.most)
        return {"boxes": found[kept], "labels": label[kept], "scores": likely[kept]}


def _one(image):
    if not isinstance(image, torch.Tensor) or image.ndim != 3:
        shape = tuple(image.shape) if hasattr(image, "shape") else type(image).__name__
        raise ValueError(f"images must be a sequence of tensors of shape (3, height, width), not {shape}.")
    return image
