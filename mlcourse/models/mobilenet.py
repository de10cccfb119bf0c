"""MobileNetV2: expand with 1x1, filter each channel by itself, project back with 1x1, and add what came in."""

from numbers import Integral, Real

import torch
from torch import nn

from mlcourse.models.weights import load_weights

#: (expansion, channels, blocks, stride of the first block) of each stage: the paper's Table 2, and a small relative.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
SMALL_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 48, 3, 1), (6, 80, 2, 2))


def rounded_channels(channels: float, round_to: int = 8) -> int:
    """Round a number of channels to a multiple, as the paper's own code does: to the nearest, never 10 % below.

    Parameters
    ----------
    channels : float
        Such as ``0.75 * 24``.
    round_to : int
        1 leaves whole numbers as they are.

    Returns
    -------
    int
        At least `round_to`.

    Examples
    --------
    >>> [rounded_channels(0.35 * channels) for channels in (16, 24, 32, 160)]
    [8, 8, 16, 56]
    """
    rounded = max(round_to, int(channels + round_to / 2) // round_to * round_to)
    return rounded + round_to if rounded < 0.9 * channels else rounded


def _convolution(before, after, kernel=1, stride=1, groups=1, activation=True):
    """A convolution that keeps the size (divided by its stride), and its normalisation, without bias."""
    layers = [
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
    ]
    return nn.Sequential(*layers, nn.ReLU6(inplace=True)) if activation else nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """One block: narrow -> wide (1x1), wide -> wide (3x3, each channel by itself), wide -> narrow (1x1, linear).

    The narrow maps are added to what came in, where stride and channels allow. It is "inverted", for other residual
    blocks are wide outside and narrow inside.

    Parameters
    ----------
    before, after : int
        Channels that come in and go out.
    stride : int
        1 or 2, of the 3x3 convolution.
    expansion : int
        Hidden channels for each one that comes in. With 1 there is no first convolution.

    References
    ----------
    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks,
    CVPR 2018, Table 1 and Figure 4d.

    Examples
    --------
    >>> InvertedResidual(8, 8).is_residual, InvertedResidual(8, 16).is_residual
    (True, False)
    >>> InvertedResidual(8, 16, stride=2)(torch.zeros(1, 8, 28, 28)).shape
    torch.Size([1, 16, 14, 14])
    """

    def __init__(self, before: int, after: int, stride: int = 1, expansion: int = 6):
        super().__init__()
        hidden = before * expansion
        self.expand = _convolution(before, hidden) if expansion > 1 else nn.Identity()
        self.depthwise = _convolution(hidden, hidden, 3, stride, groups=hidden)
        self.project = _convolution(hidden, after, activation=False)
        self.is_residual = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.is_residual else y


class MobileNetV2(nn.Module):
    """The network of Sandler et al.: a convolution, inverted residuals in stages, a 1x1 convolution, mean, classifier.

    Parameters
    ----------
    n_classes : int
    width : float
        Multiplies the channels of every layer, but never narrows the last convolution (paper, section 6.1). The paper
        calls it width multiplier, others depth multiplier.
    in_channels : int
        3 for colour, 1 for grey images.
    stages : sequence of (expansion, channels, blocks, stride)
        Default: the paper's Table 2.
    stem, head : int
        Channels of the first and of the last convolution.
    stem_stride : int
        Of the first convolution.
    round_to : int
        Channels are rounded to multiples of it; see `rounded_channels`.
    dropout : float
        Ahead of the classifier.

    References
    ----------
    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks,
    CVPR 2018.

    Examples
    --------
    >>> sum(weight.numel() for weight in MobileNetV2().parameters())
    3504872
    >>> MobileNetV2(width=0.5)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1000])
    """

    def __init__(
        self,
        n_classes: int = 1000,
        width: float = 1.0,
        *,
        in_channels: int = 3,
        stages=STAGES,
        stem: int = 32,
        head: int = 1280,
        stem_stride: int = 2,
        round_to: int = 8,
        dropout: float = 0.2,
    ):
        super().__init__()
        whole = {"in_channels": in_channels, "stem": stem, "head": head, "stem_stride": stem_stride}
        for name, value in ({"n_classes": n_classes, "round_to": round_to} | whole).items():
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be a whole number, at least 1, not {value!r}.")
        if isinstance(width, bool) or not isinstance(width, Real) or not 0 < width <= 8:
            raise ValueError(f"width must be a number above 0 and at most 8, such as 0.5, not {width!r}.")
        if isinstance(dropout, bool) or not isinstance(dropout, Real) or not 0 <= dropout < 1:
            raise ValueError(f"dropout must be a share from 0 to below 1, such as 0.2, not {dropout!r}.")
        stages = _checked_stages(stages)

        channels = rounded_channels(stem * width, round_to)
        self.stem = _convolution(in_channels, channels, 3, stem_stride)
        blocks = []
        for expansion, after, n, stride in stages:
            after = rounded_channels(after * width, round_to)
            for i in range(n):
                blocks.append(InvertedResidual(channels, after, stride if i == 0 else 1, expansion))
                channels = after
        self.blocks = nn.Sequential(*blocks)
        last = rounded_channels(head * max(1.0, width), round_to)
        self.head = _convolution(channels, last)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(last, n_classes)
        self.apply(_first_weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (images, classes) for images (images, channels, height, width)."""
        maps = self.head(self.blocks(self.stem(x)))
        return self.classifier(self.dropout(self.flatten(self.pool(maps))))


def small_mobilenet(n_classes: int = 10, width: float = 1.0) -> MobileNetV2:
    """Build a MobileNetV2 for grey images of 28x28 pixels: eight blocks instead of seventeen.

    Parameters
    ----------
    n_classes : int
    width : float
        As for `MobileNetV2`.

    Returns
    -------
    MobileNetV2

    Examples
    --------
    >>> net = small_mobilenet()
    >>> net.blocks(net.stem(torch.zeros(2, 1, 28, 28))).shape
    torch.Size([2, 80, 7, 7])
    """
    return MobileNetV2(n_classes, width, in_channels=1, stages=SMALL_STAGES, stem=24, head=128, stem_stride=1)


def pretrained_mobilenet() -> MobileNetV2:
    """Return `small_mobilenet` with the weights that ship with the course.

    It learned from the training part of ``load_digits28()`` but its last 300 images, which are kept for validation: for
    choosing what to prune, say. ``weights_report("mobilenet")`` tells what it reached; ``python training/mobilenet.py``
    trains it anew.

    Examples
    --------
    >>> from mlcourse.datasets import load_digits28
    >>> *_, X, y = load_digits28().split()
    >>> pretrained_mobilenet()(torch.from_numpy(X[:5, None])).argmax(dim=1) == torch.from_numpy(y[:5])
    tensor([True, True, True, True, True])
    """
    return load_weights(small_mobilenet(), "mobilenet")


def moved(batch: torch.Tensor, generator: torch.Generator, pixels: int = 2) -> torch.Tensor:
    """Move each image at random, by up to so many pixels; what comes in is 0. For ``fit(augment=moved)``.

    Parameters
    ----------
    batch : tensor of shape (n, channels, height, width)
    generator : torch.Generator
    pixels : int

    Returns
    -------
    tensor
        A changed copy.

    Examples
    --------
    >>> images = torch.ones(2, 1, 28, 28)
    >>> moved(images, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 28, 28])
    """
    wide = nn.functional.pad(batch, (pixels,) * 4)
    rows, columns = torch.randint(2 * pixels + 1, (2, len(batch)), generator=generator).tolist()
    height, width = batch.shape[2:]
    cut = [image[:, r : r + height, c : c + width] for image, r, c in zip(wide, rows, columns, strict=True)]
    return torch.stack(cut)


def _checked_stages(stages):
    stages = tuple(tuple(stage) for stage in stages)
    for stage in stages:
        if len(stage) != 4 or not all(isinstance(n, Integral) and n > 0 for n in stage) or stage[3] > 2:
            raise ValueError(
                "stages must be (expansion, channels, blocks, stride) each, whole numbers from 1 on and a stride of 1 "
                f"or 2, such as (6, 24, 2, 2), not {stage}."
            )
    if not stages:
        raise ValueError("stages must hold at least one stage, such as (6, 24, 2, 2).")
    return stages


def _first_weights(module):
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
