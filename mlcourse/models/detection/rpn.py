"""The region proposal network: at each place of the feature map, which of nine anchors holds an object, and where."""

import torch
from torch import nn

from mlcourse.models.detection.boxes import anchor_shapes, clip_boxes, decode_boxes, grid_anchors
from mlcourse.models.detection.nms import nms


class RegionProposalNetwork(nn.Module):
    """A 3x3 convolution, and two 1x1 convolutions that score the anchors and move them.

    Parameters
    ----------
    channels : int
        Of the feature map.
    hidden : int
        Channels of the 3x3 convolution.
    stride : int
        Pixels of the image from one place of the feature map to the next.
    sizes, ratios : sequence of float
        Of the anchors: see `anchor_shapes`.
    proposals : (int, int)
        Boxes with the best scores that suppression begins with, and that are left at most after it.
    threshold : float
        Of suppression, as intersection over union.
    smallest : float
        Boxes less wide or high than this, in pixels, are dropped.

    References
    ----------
    S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks,
    NeurIPS 2015, section 3.1. The numbers of proposals are those of the authors' own code for testing.

    Examples
    --------
    >>> rpn = RegionProposalNetwork(512)
    >>> scores, code = rpn(torch.zeros(1, 512, 4, 5))
    >>> scores.shape, code.shape  # 4 x 5 places, 9 anchors each
    (torch.Size([1, 180, 2]), torch.Size([1, 180, 4]))
    """

    def __init__(
        self,
        channels: int,
        hidden: int = 512,
        stride: int = 16,
        sizes=(128, 256, 512),
        ratios=(0.5, 1.0, 2.0),
        proposals: tuple[int, int] = (6000, 300),
        threshold: float = 0.7,
        smallest: float = 16.0,
    ):
        super().__init__()
        # No buffers: those would be rounded together with the weights (half precision), and anchors must not move.
        self.sizes, self.ratios = tuple(sizes), tuple(ratios)
        n_anchors = len(anchor_shapes(sizes, ratios))
        self.stride, self.proposals, self.threshold, self.smallest = stride, proposals, threshold, smallest
        self.conv = nn.Conv2d(channels, hidden, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.scores = nn.Conv2d(hidden, 2 * n_anchors, 1)
        self.code = nn.Conv2d(hidden, 4 * n_anchors, 1)
        for layer in (self.conv, self.scores, self.code):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return, for each anchor, logits of background and object, and the code of its box, in float32.

        Parameters
        ----------
        features : tensor of shape (images, channels, rows, columns)

        Returns
        -------
        scores : tensor of shape (images, rows x columns x anchors, 2)
        code : tensor of shape (images, rows x columns x anchors, 4)
            In the order of `anchors`.
        """
        hidden = self.relu(self.conv(features))
        n = len(features)
        scores, code = self.scores(hidden).permute(0, 2, 3, 1), self.code(hidden).permute(0, 2, 3, 1)
        return scores.reshape(n, -1, 2).float(), code.reshape(n, -1, 4).float()

    def anchors(self, features: torch.Tensor) -> torch.Tensor:
        """Anchors of a feature map, of shape (rows x columns x anchors, 4), in pixels of the image."""
        shapes = anchor_shapes(self.sizes, self.ratios).to(features.device)
        return grid_anchors(shapes, *features.shape[2:], self.stride)

    @torch.no_grad()
    def propose(self, scores, code, anchors, height: int, width: int) -> torch.Tensor:
        """Choose the regions of one image that are worth a look.

        Parameters
        ----------
        scores : tensor of shape (n, 2)
        code : tensor of shape (n, 4)
        anchors : tensor of shape (n, 4)
        height, width : int
            Of the image, in pixels.

        Returns
        -------
        tensor of shape (proposals, 4)
            Inside the image, the likeliest first.
        """
        first, left = self.proposals
        if scores.is_meta:  # nothing is computed: as many as there can be
            return code[: min(left, len(code))]
        # The difference of the logits orders as the probability does, and does not round to 1.
        objectness = scores[:, 1] - scores[:, 0]
        boxes = clip_boxes(decode_boxes(code, anchors), height, width)
        usable = ((boxes[:, 2:] - boxes[:, :2]) >= self.smallest).all(dim=1) & objectness.isfinite()
        usable &= boxes.isfinite().all(dim=1)
        boxes, objectness = boxes[usable], objectness[usable]
        order = objectness.argsort(descending=True, stable=True)[:first]
        boxes, objectness = boxes[order], objectness[order]
        return boxes[nms(boxes, objectness, self.threshold, most=left)]
