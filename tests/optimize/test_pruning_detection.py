"""Networks whose course depends on values: the layers behind can be pruned, those that decide cannot."""

import pytest
import torch
from torch import nn

from mlcourse.optimize import prunable_layers, remove_channels, remove_neurons


class Detector(nn.Module):
    """Proposes places by their scores, cuts them out one by one, and answers with those that are likely enough."""

    def __init__(self):
        super().__init__()
        layers = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 6, 3, padding=1), nn.ReLU()
        self.backbone = nn.Sequential(*layers)
        self.rpn = nn.Conv2d(6, 1, 1)
        self.fc6, self.fc7 = nn.Linear(6 * 9, 20), nn.Linear(20, 16)
        self.class_scores, self.boxes = nn.Linear(16, 3), nn.Linear(16, 12)

    def forward(self, images):
        found = []
        for image in images:
            maps = self.backbone(image[None])
            objectness = self.rpn(maps)[0, 0, 1:-1, 1:-1].flatten()
            best = objectness.argsort(descending=True)[:5]
            regions = []
            for place in best.tolist():
                row, column = divmod(place, maps.shape[3] - 2)
                regions.append(maps[0, :, row : row + 3, column : column + 3])
            hidden = torch.relu(self.fc6(torch.stack(regions).flatten(1)))
            hidden = torch.relu(self.fc7(hidden))
            scores = self.class_scores(hidden).softmax(1)
            likely = (scores[:, 1:].max(1).values > 0.1).nonzero()[:, 0]
            boxes = self.boxes(hidden).reshape(-1, 3, 4)[likely]
            found.append({"scores": scores[likely], "boxes": boxes})
            if len(likely) == 0:
                raise AssertionError
        return found


def detector():
    torch.manual_seed(0)
    return Detector().eval()


IMAGES = list(torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("options", [{}, {"layers": ("fc6", "fc7")}])
def test_fully_connected_layers_of_a_detector(options):
    net = detector()
    small = remove_neurons(net, 0.25, example=IMAGES, **options)
    assert [small.fc6.weight.shape, small.fc7.weight.shape] == [(5, 54), (4, 5)]
    assert [small.class_scores.weight.shape, small.boxes.weight.shape] == [(3, 4), (12, 4)]
    six, seven = (layer.weight.detach().abs().sum(1).argsort(descending=True) for layer in (net.fc6, net.fc7))
    with torch.no_grad():
        wanted = detector()
        for layer, order, kept in ((wanted.fc6, six, 5), (wanted.fc7, seven, 4)):
            layer.weight[order[kept:]] = 0
            layer.bias[order[kept:]] = 0
        for got, expected in zip(small(IMAGES), wanted(IMAGES), strict=True):
            assert torch.allclose(got["scores"], expected["scores"], atol=1e-6)
            assert torch.allclose(got["boxes"], expected["boxes"], atol=1e-6)


def test_what_can_be_pruned_in_a_detector():
    """Its output layers cannot, nor what proposes. The crops depend on values, and still keep channels apart."""
    net = detector()
    assert prunable_layers(net, IMAGES) == {"backbone.0": 8, "backbone.2": 6, "fc6": 20, "fc7": 16}
    with pytest.raises(ValueError, match="rpn cannot lose outputs: argsort in the network's forward"):
        remove_channels(net, 0.5, IMAGES)
    small = remove_channels(net, 0.5, IMAGES, layers=["backbone.0", "backbone.2"])
    assert small.fc6.weight.shape == (20, 27)
    small(IMAGES)


def test_a_detector_without_weights():
    """On the meta device nothing is computed, and the example leads through all the same."""
    with torch.device("meta"):
        net = Detector().eval()
    small = remove_neurons(net, 0.25, layers=("fc6", "fc7"), example=IMAGES)
    assert small.boxes.weight.shape == (12, 4)
    assert small.boxes.weight.is_meta


class Heads(nn.Module):
    """What VGG-16's Faster R-CNN computes of each region."""

    def __init__(self):
        super().__init__()
        self.fc6, self.fc7 = nn.Linear(512 * 7 * 7, 4096), nn.Linear(4096, 4096)
        self.class_scores, self.boxes = nn.Linear(4096, 21), nn.Linear(4096, 84)

    def forward(self, x):
        x = self.fc7(self.fc6(x).relu()).relu()
        return self.class_scores(x), self.boxes(x)


def test_heads_of_the_full_size_network():
    """819 of 4096 neurons are kept in fc6 and fc7; nothing is in memory."""
    fixed = 14_714_688 + 2_359_808 + 9_234 + 18_468  # convolutions, and what proposes regions
    with torch.device("meta"):
        net = Heads()
    assert fixed + sum(weight.numel() for weight in net.parameters()) == 137_078_239
    small = remove_neurons(net, keep=0.2)
    assert fixed + sum(weight.numel() for weight in small.parameters()) == 38_407_769
