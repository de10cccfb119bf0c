"""VGG's convolutions, which Faster R-CNN looks at images with, and weights that others trained for them."""

from numbers import Integral
from pathlib import Path

import torch
from torch import nn

#: VGG-16's convolutions: their channels, and "M" for pooling by two. Faster R-CNN leaves the last pooling out.
VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512)


def vgg_layers(plan, batch_norm: bool = False) -> nn.Sequential:
    """Build convolutions of 3x3 with ReLU, and pooling, as VGG has them.

    Parameters
    ----------
    plan : sequence of int and "M"
        Channels of each convolution, and "M" for pooling by two.
    batch_norm : bool
        Whether normalisation follows each convolution, which then has no bias.

    Returns
    -------
    torch.nn.Sequential
        The layers of `VGG16` have the same numbers as in torchvision.

    References
    ----------
    K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015, Table 1.

    Examples
    --------
    >>> sum(weight.numel() for weight in vgg_layers(VGG16).parameters())
    14714688
    """
    layers, channels = [], 3
    for entry in plan:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        if isinstance(entry, bool) or not isinstance(entry, Integral) or entry < 1:
            raise ValueError(f'plan must hold channels, at least 1, and "M" for pooling, not {entry!r}.')
        conv = nn.Conv2d(channels, entry, 3, padding=1, bias=not batch_norm)
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
        layers += [conv, *([nn.BatchNorm2d(entry)] if batch_norm else []), nn.ReLU(inplace=True)]
        channels = entry
    if not any(isinstance(layer, nn.Conv2d) for layer in layers):
        raise ValueError(f"plan must hold at least one convolution, such as (16, 'M', 32), not {tuple(plan)!r}.")
    return nn.Sequential(*layers)


def load_vgg16(net, weights):
    """Fill backbone, fc6 and fc7 with a VGG-16 that was trained on ImageNet.

    Parameters
    ----------
    net : FasterRCNN
        Of full size; changed in place, and only if all weights fit.
    weights : path-like or dict of str to tensor
        A state_dict with the names of torchvision's VGG-16 (``features.0.weight`` to ``classifier.3.bias``), or the
        file that holds it. What it has besides, such as ImageNet's classes, is left aside.

    Returns
    -------
    FasterRCNN
        The argument.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        If there is no such file, or it holds other weights.
    """
    if not isinstance(weights, dict):
        path = Path(weights)
        if not path.is_file():
            raise FileNotFoundError(f"weights: there is no file {path}. It must hold a state_dict of VGG-16.")
        try:
            weights = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for files that it cannot read
            raise ValueError(f"weights: {path} is no file of weights: {type(error).__name__}.") from None
        if not isinstance(weights, dict):
            raise ValueError(f"weights: {path} holds a {type(weights).__name__}, not a state_dict.")
    parts = {f"features.{i}": layer for i, layer in enumerate(net.backbone) if isinstance(layer, nn.Conv2d)}
    parts |= {"classifier.0": net.fc6, "classifier.3": net.fc7}
    wanted = {f"{name}.{key}": value for name, layer in parts.items() for key, value in layer.state_dict().items()}
    for name, own in wanted.items():
        if not isinstance(weights.get(name), torch.Tensor):
            raise ValueError(
                f"weights lack {name}: a VGG-16 without batch normalisation is wanted, named as torchvision's."
            )
        if weights[name].shape != own.shape:
            raise ValueError(f"weights: {name} has shape {tuple(weights[name].shape)} instead of {tuple(own.shape)}.")
    with torch.no_grad():
        for name, own in wanted.items():
            own.copy_(weights[name])
    return net
