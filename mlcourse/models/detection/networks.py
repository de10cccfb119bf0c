"""The two detectors of the course: one of full size, and a narrow one that found its weights among blood cells."""

from mlcourse.models.detection.faster_rcnn import FasterRCNN
from mlcourse.models.detection.vgg import load_vgg16
from mlcourse.models.weights import load_weights

#: The same with three poolings and an eighth of the channels.
SMALL = (16, 16, "M", 32, 32, "M", 64, 64, "M", 64, 64)


def faster_rcnn_vgg16(n_classes: int = 21, *, vgg16_weights=None) -> FasterRCNN:
    """Build the full-size Faster R-CNN: VGG-16, nine anchors, two fully connected layers of 4096 neurons.

    Parameters
    ----------
    n_classes : int
        With the background: 21 for Pascal VOC.
    vgg16_weights : path-like or dict, optional
        Weights of VGG-16 as torchvision names them, or the file that holds them; see `load_vgg16`. Without, all weights
        are random.

    Returns
    -------
    FasterRCNN
        137,078,239 weights: 548 MB.

    Examples
    --------
    >>> import torch
    >>> with torch.device("meta"):
    ...     net = faster_rcnn_vgg16()
    >>> sum(weight.numel() for weight in net.parameters())
    137078239
    """
    net = FasterRCNN(n_classes)
    return net if vgg16_weights is None else load_vgg16(net, vgg16_weights)


def small_faster_rcnn(n_classes: int = 4) -> FasterRCNN:
    """Build a narrow Faster R-CNN for images of about 320x240 pixels: the same code, 139 times fewer weights.

    Parameters
    ----------
    n_classes : int
        With the background.

    Returns
    -------
    FasterRCNN

    Examples
    --------
    >>> net = small_faster_rcnn()
    >>> net.fc6, net.fc7
    (Linear(in_features=1024, out_features=512, bias=True), Linear(in_features=512, out_features=512, bias=True))
    """
    return FasterRCNN(
        n_classes,
        plan=SMALL,
        batch_norm=True,
        hidden=512,
        pool=4,
        sizes=(22, 52, 90),
        rpn_hidden=64,
        proposals=(600, 100),
        smallest=6.0,
        most=60,
    )


def pretrained_faster_rcnn() -> FasterRCNN:
    """Return `small_faster_rcnn` with the weights that ship with the course: it finds blood cells.

    Its classes are those of ``fetch_bccd()``: 1 red blood cell, 2 white blood cell, 3 platelets. It takes images of
    240x320 pixels: ``fetch_bccd().resized(240, 320)``. ``weights_report("faster_rcnn")`` tells on which images it
    learned, and what it reached on the others; ``python training/faster_rcnn.py`` trains it anew.
    """
    return load_weights(small_faster_rcnn(), "faster_rcnn")
