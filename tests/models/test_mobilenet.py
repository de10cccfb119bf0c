"""MobileNetV2: shapes and counts as published, rounding as in the paper's code, and what the small one learned."""

import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.datasets import fetch_mnist, load_digits28
from mlcourse.models import MobileNetV2, predict, pretrained_mobilenet, small_mobilenet, weights_report
from mlcourse.models.mobilenet import InvertedResidual, moved, rounded_channels


def parameters(net):
    return sum(weight.numel() for weight in net.parameters())


def multiply_accumulates(net, x):
    """Counted from the sizes of the outputs, by hooks of the test's own."""
    found = []

    def count(layer, inputs, output):
        reads = layer.in_features if isinstance(layer, nn.Linear) else layer.weight[0].numel()
        found.append(output.numel() * reads)

    handles = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        net.eval()(x)
    for handle in handles:
        handle.remove()
    return sum(found)


@pytest.fixture(scope="module")
def full():
    return MobileNetV2()


class TestFullSize:
    def test_parameters_of_the_paper_and_of_torchvision(self, full):
        assert parameters(full) == 3_504_872
        # By hand: what each part has, convolutions without bias, two numbers a channel for each normalisation.
        before, total = 32, 3 * 32 * 9 + 2 * 32
        for expansion, after, n, _ in [
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ]:  # fmt: skip
            for _ in range(n):
                hidden = expansion * before
                total += (before * hidden + 2 * hidden) * (expansion > 1)
                total += 9 * hidden + 2 * hidden + hidden * after + 2 * after
                before = after
        total += 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
        assert total == 3_504_872

    def test_about_300_million_multiply_accumulates(self, full):
        """Table 4 of the paper: 300 M; exactly 300,774,272 with the classifier."""
        assert multiply_accumulates(full, torch.zeros(1, 3, 224, 224)) == 300_774_272

    def test_shapes_of_the_stages(self, full):
        """Table 2 of the paper: 112^2 x 16, 56^2 x 24, 28^2 x 32, 14^2 x 64, 14^2 x 96, 7^2 x 160, 7^2 x 320."""
        x, shapes = full.stem(torch.zeros(1, 3, 224, 224)), []
        for block in full.eval().blocks:
            x = block(x)
            shapes.append(tuple(x.shape[1:]))
        assert [shapes[i] for i in (0, 2, 5, 9, 12, 15, 16)] == [
            (16, 112, 112), (24, 56, 56), (32, 28, 28), (64, 14, 14), (96, 14, 14), (160, 7, 7), (320, 7, 7),
        ]  # fmt: skip
        assert sum(block.is_residual for block in full.blocks) == 10

    @pytest.mark.parametrize(
        ("width", "published"), [(0.35, 1.66), (0.5, 1.95), (0.75, 2.61), (1.0, 3.47), (1.4, 6.06)]
    )
    def test_width_multiplier(self, width, published):
        """Million parameters as in the table of the authors' own repository."""
        assert parameters(MobileNetV2(width=width)) / 1e6 == pytest.approx(published, rel=0.03)

    def test_last_convolution_is_never_narrowed(self):
        assert MobileNetV2(width=0.35).classifier.in_features == 1280
        assert MobileNetV2(width=1.4).classifier.in_features == 1792

    def test_activations_are_cut_at_six(self, full):
        kinds = {type(m) for m in full.modules() if "ReLU" in type(m).__name__}
        assert kinds == {nn.ReLU6}
        # Linear bottlenecks: none after a projection.
        assert not any(isinstance(m, nn.ReLU6) for block in full.blocks for m in block.project)


class TestRounding:
    def test_multiples_and_never_ten_per_cent_below(self):
        for channels in np.linspace(1, 700, 2000):
            for unit in (1, 4, 8, 16):
                rounded = rounded_channels(channels, unit)
                assert rounded % unit == 0
                assert rounded >= max(unit, 0.9 * channels)
                assert rounded <= max(unit, channels + unit)

    @pytest.mark.parametrize(("channels", "rounded"), [(11.2, 16), (8.4, 8), (12, 16), (11, 16), (33.6, 32), (24, 24)])
    def test_of_the_paper(self, channels, rounded):
        assert rounded_channels(channels) == rounded


class TestBlock:
    def test_adds_what_came_in(self):
        torch.manual_seed(0)
        block = InvertedResidual(8, 8).eval()
        x = torch.randn(2, 8, 6, 6)
        torch.testing.assert_close(block(x), x + block.project(block.depthwise(block.expand(x))))

    def test_leaves_its_input_alone(self):
        block = InvertedResidual(8, 8).eval()
        x = torch.randn(2, 8, 6, 6)
        before = x.clone()
        with torch.no_grad():
            block(x)
        assert torch.equal(x, before)

    def test_each_channel_is_filtered_by_itself(self):
        convolution = InvertedResidual(8, 16, stride=2).depthwise[0]
        assert (convolution.groups, convolution.weight.shape) == (48, (48, 1, 3, 3))


def test_moved_images_are_whole_images_elsewhere():
    images = torch.zeros(200, 1, 12, 12)
    images[:, :, 4:8, 5:7] = 1
    found = moved(images, torch.Generator().manual_seed(0))
    assert found.sum(dim=(1, 2, 3)).eq(8).all()
    tops = {int(image[0].any(1).nonzero()[0]) for image in found}
    lefts = {int(image[0].any(0).nonzero()[0]) for image in found}
    assert (tops, lefts) == ({2, 3, 4, 5, 6}, {3, 4, 5, 6, 7})
    assert images[:, :, 4:8, 5:7].eq(1).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n_classes": 0}, "n_classes must be a whole number, at least 1"),
        ({"n_classes": 2.5}, "n_classes"),
        ({"width": 0}, "width must be a number above 0"),
        ({"width": float("nan")}, "width"),
        ({"round_to": True}, "round_to"),
        ({"stages": [(6, 24, 2)]}, "stages must be"),
        ({"stages": [(6, 24, 2, 3)]}, "stride of 1 or 2"),
        ({"stages": []}, "at least one stage"),
        ({"dropout": 1.5}, "dropout must be"),
    ],
)
def test_wrong_arguments(arguments, says):
    with pytest.raises(ValueError, match=says):
        MobileNetV2(**arguments)


class TestShipped:
    def test_digits(self):
        *_, X, y = load_digits28().split()
        found = np.mean(predict(pretrained_mobilenet(), X[:, None]) == y)
        assert found >= 0.98
        assert found == pytest.approx(weights_report("mobilenet")["test accuracy"], abs=0.003)

    def test_narrow_ones_are_reported_with_their_training(self):
        trainings = weights_report("mobilenet")["trainings"]
        assert {training["width"] for training in trainings} >= {0.5, 0.75, 1.0}
        for training in trainings:
            assert training["training seconds"] > 0
            assert training["parameters"] == parameters(small_mobilenet(width=training["width"]))

    def test_mnist_is_harder(self, real_data):
        """Other writers, other pens: as reported, and far below."""
        mnist = fetch_mnist(data_home=real_data, download_if_missing=False)
        found = np.mean(predict(pretrained_mobilenet(), mnist.X[:2000, None]) == mnist.y[:2000])
        assert found == pytest.approx(weights_report("mobilenet")["MNIST accuracy"], abs=0.06)
        assert found < 0.8
