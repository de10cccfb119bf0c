"""Networks whose course depends on values: the layers behind can be pruned, those that decide cannot."""

import pytest
import torch
from torch import nn

from mlcourse.measure import count
from mlcourse.models import faster_rcnn_vgg16, pretrained_faster_rcnn, small_faster_rcnn
from mlcourse.optimize import prunable_layers, remove_channels, remove_neurons, to_half


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


@pytest.mark.parametrize("options", [{}, {"layers": ("fc6", "fc7")}, {"example": [torch.zeros(3, 48, 64)]}])
def test_full_size_network(options):
    """819 of 4096 neurons are kept in fc6 and fc7; nothing is in memory."""
    with torch.device("meta"):
        net = faster_rcnn_vgg16()
    assert sum(weight.numel() for weight in net.parameters()) == 137_078_239
    small = remove_neurons(net, keep=0.2, **options)
    assert sum(weight.numel() for weight in small.parameters()) == 38_407_769
    assert (small.fc6.out_features, small.fc7.out_features) == (819, 819)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_full_size_network_in_half_precision(dtype):
    """153.6 MB after pruning, -72.0 %; 76.8 MB in 16 bits, -86.0 %."""
    with torch.device("meta"):
        net = faster_rcnn_vgg16()
    small = remove_neurons(net, keep=0.2, layers=("fc6", "fc7"))
    nets = {"whole": net, "removed": small, "half": to_half(small, dtype, keep=())}
    tables = {name: count(one, torch.zeros(1, 3, 320, 320)) for name, one in nets.items()}
    held = {name: table.weight_bytes.sum() for name, table in tables.items()}
    assert tables["half"].parameters.sum() == 38_407_769
    assert held == {"whole": 548_312_956, "removed": 153_631_076, "half": 76_815_538}
    assert [round(100 * (held[name] / held["whole"] - 1), 1) for name in ("removed", "half")] == [-72.0, -86.0]


def test_small_sibling_agrees_with_zeroed_channels():
    """The same boxes as those of the whole network with the channels at zero."""
    torch.manual_seed(0)
    net = small_faster_rcnn().eval()
    nn.init.normal_(net.class_scores.weight, std=0.5)  # so that it is sure of something
    images = [torch.rand(3, 64, 96), torch.rand(3, 80, 64)]
    plan = {"fc6": range(0, 512, 3), "fc7": [1, 2, *range(100, 200)], "rpn.conv": range(40)}
    plan |= {"backbone.0": [1, 7, 9], "backbone.24": range(1, 64, 2)}
    zeroed = {name: name for name in plan} | {"backbone.0": "backbone.1", "backbone.24": "backbone.25"}
    small = remove_channels(net, plan, (images,))
    for name, kept in plan.items():
        gone = torch.tensor(sorted(set(range(len(net.get_submodule(name).weight))) - set(kept)))
        hook = lambda _, inputs, output, gone=gone: output.index_fill(1, gone, 0.0)  # noqa: E731
        net.get_submodule(zeroed[name]).register_forward_hook(hook)
    with torch.no_grad():
        for got, wanted in zip(small(images), net(images), strict=True):
            assert len(wanted["boxes"]) > 0
            assert torch.equal(got["labels"], wanted["labels"])
            assert torch.allclose(got["boxes"], wanted["boxes"], atol=1e-3)
            assert torch.allclose(got["scores"], wanted["scores"], atol=1e-5)


def test_what_can_be_pruned_in_the_small_sibling():
    net = small_faster_rcnn().eval()
    widths = prunable_layers(net, torch.zeros(1, 3, 64, 64))
    convolutions = [
        n for n, m in net.named_modules() if isinstance(m, nn.Conv2d) and n not in ("rpn.scores", "rpn.code")
    ]
    assert list(widths) == [*convolutions, "fc6", "fc7"]
    with pytest.raises(ValueError, match=r"rpn\.scores cannot lose outputs: .* in the network's forward"):
        remove_channels(net, 0.5, torch.zeros(1, 3, 64, 64))


@pytest.mark.parametrize("keep", [0.2, 0.02])
def test_images_on_which_the_pruned_one_finds_other_classes(keep):
    """Which classes are found in the example, if any, is no matter of which outputs belong together."""
    net, image = pretrained_faster_rcnn(), torch.zeros(1, 3, 240, 320)
    small = remove_neurons(net, keep, layers=("fc6", "fc7"), example=image)
    assert small.fc6.out_features == small.fc7.out_features == round(512 * keep)
    assert small.boxes.out_features == 16


class Routed(nn.Module):
    """One layer decides in which order the rows, or the channels, of another are read."""

    def __init__(self, pick):
        super().__init__()
        self.router, self.one, self.two, self.pick = nn.Linear(3, 6), nn.Linear(3, 6), nn.Linear(6, 2), pick

    def forward(self, x):
        return self.two(self.pick(torch.relu(self.one(x)), self.router(x)))


@pytest.mark.parametrize(
    "pick",
    [
        lambda h, by: h[by[:, 0].argsort()],
        lambda h, by: h[by[:, 0].argsort(), ...],
        lambda h, by: h[None, by[:, 0].argsort(), :][0],
        lambda h, by: h.index_select(0, by[:, 0].argsort()),
        lambda h, by: h[by.sort(dim=1).values.isfinite().all(dim=1)],
    ],
)
def test_values_may_choose_rows(pick):
    torch.manual_seed(0)
    net, x = Routed(pick), torch.randn(2, 4, 3)
    small = remove_channels(net, {"one": [0, 2, 5]}, x[0])
    net.one.register_forward_hook(lambda _, inputs, output: output.index_fill(1, torch.tensor([1, 3, 4]), 0.0))
    for rows in x:
        torch.testing.assert_close(small(rows), net(rows))


@pytest.mark.parametrize(
    "pick",
    [
        lambda h, by: h[:, by[0].argsort()],
        lambda h, by: h[..., by[0].argsort()],
        lambda h, by: h[:, None, by[0].argsort()][:, 0],
        lambda h, by: h.index_select(1, by[0].argsort()),
        lambda h, by: h.gather(1, by.argsort(dim=1)),
        lambda h, by: torch.take_along_dim(h, by.argsort(dim=1), dim=1),
        lambda h, by: h[by.argsort(dim=1) >= 0].reshape(len(h), -1),
    ],
)
def test_values_may_not_choose_channels(pick):
    """Of another input they would choose others: what is read where cannot be known."""
    with pytest.raises(ValueError, match=r"one cannot lose outputs: .* by what the network computes"):
        remove_neurons(Routed(pick), 0.5, layers=["one"], example=torch.randn(4, 3))
