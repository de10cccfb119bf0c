"""Faster R-CNN: exact sizes, what comes out of it, what it learns from, and weights from elsewhere."""

import copy

import numpy as np
import pytest
import torch

from mlcourse.datasets import fetch_bccd
from mlcourse.models import (
    FasterRCNN,
    faster_rcnn_vgg16,
    pretrained_faster_rcnn,
    small_faster_rcnn,
    weights_report,
)
from mlcourse.models.detection import detect, detection_losses, detection_map, load_vgg16, train_detector
from mlcourse.models.detection.boxes import box_iou
from mlcourse.models.detection.learning import varied
from mlcourse.models.detection.losses import match, sample
from mlcourse.models.detection.vgg import vgg_layers
from mlcourse.optimize import to_half


def tiny(**changes):
    torch.manual_seed(0)
    settings = {"plan": (8, "M", 8, "M", 16), "hidden": 24, "pool": 3, "sizes": (8, 16, 24), "rpn_hidden": 8}
    settings |= {"proposals": (60, 20), "smallest": 2.0, "score": 0.01}
    return FasterRCNN(3, **settings | changes).eval()


def squares(n=8, seed=0):
    """Bright and dark squares on grey, which are classes 1 and 2."""
    rng = np.random.default_rng(seed)
    X, targets = np.full((n, 3, 48, 64), 0.5, dtype=np.float32) + rng.normal(0, 0.02, (n, 3, 48, 64)), []
    for image in X:
        boxes, labels = [], []
        for column in range(2):
            side, label = rng.integers(12, 22), rng.integers(1, 3)
            x, y = 32 * column + rng.integers(0, 32 - side), rng.integers(0, 48 - side)
            image[:, y : y + side, x : x + side] += 0.4 if label == 1 else -0.4
            boxes.append([x, y, x + side, y + side])
            labels.append(label)
        targets.append({"boxes": np.array(boxes, dtype=np.float32), "labels": np.array(labels)})
    return X.astype(np.float32).clip(0, 1), targets


class TestSize:
    def test_the_full_size_network(self):
        with torch.device("meta"):
            net = faster_rcnn_vgg16()
        count = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}
        count |= {f"rpn.{name}": sum(p.numel() for p in part.parameters()) for name, part in net.rpn.named_children()}
        assert {name: n for name, n in count.items() if n} == {
            "backbone": 14_714_688,
            "rpn": 2_359_808 + 9_234 + 18_468,
            "rpn.conv": 2_359_808,
            "rpn.scores": 9_234,
            "rpn.code": 18_468,
            "fc6": 102_764_544,
            "fc7": 16_781_312,
            "class_scores": 86_037,
            "boxes": 344_148,
        }
        whole = sum(p.numel() for p in net.parameters())
        assert whole == 137_078_239
        assert round(4 * whole / 1e6, 1) == 548.3
        assert round(100 * (count["fc6"] + count["fc7"]) / whole, 1) == 87.2
        assert net.rpn.anchors(torch.zeros(1, 512, 3, 4)).shape == (9 * 3 * 4, 4)

    def test_other_numbers_of_classes(self):
        with torch.device("meta"):
            net = faster_rcnn_vgg16(4)
        assert (net.class_scores.out_features, net.boxes.out_features) == (4, 16)

    def test_the_small_one_is_the_same_code(self):
        net = small_faster_rcnn()
        assert type(net) is FasterRCNN
        assert sum(p.numel() for p in net.parameters()) < 1_000_000
        assert net.fc6.out_features == net.fc7.out_features == 512

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"plan": ("M",)}, "at least one convolution"),
            ({"plan": (8, "N")}, "channels, at least 1"),
            ({"hidden": 0}, "hidden must be a whole number, at least 1"),
            ({"pool": 2.5}, "pool must be a whole number"),
            ({"sizes": ()}, "sizes must be numbers above 0"),
        ],
    )
    def test_wrong_arguments(self, change, says):
        with pytest.raises(ValueError, match=says):
            tiny(**change)

    def test_one_class_is_too_few(self):
        with pytest.raises(ValueError, match="n_classes must be a whole number, at least 2"):
            FasterRCNN(1)


class TestAnswers:
    def test_what_comes_out(self):
        net, images = tiny(), torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))
        found = net(images)
        assert len(found) == 2
        for one in found:
            boxes, labels, scores = one["boxes"], one["labels"], one["scores"]
            assert len(boxes) == len(labels) == len(scores) > 0
            assert (boxes[:, 0] < boxes[:, 2]).all()
            assert (boxes[:, 1] < boxes[:, 3]).all()
            assert (boxes >= 0).all()
            assert (boxes[:, 2] <= 64).all()
            assert (boxes[:, 3] <= 48).all()
            assert set(labels.tolist()) <= {1, 2}
            assert (scores.diff() <= 0).all()
            for label in (1, 2):
                own = boxes[labels == label]
                overlap = box_iou(own, own) - torch.eye(len(own))
                assert (overlap <= net.threshold + 1e-6).all()

    def test_a_batch_and_single_images_agree(self):
        net, images = tiny(), torch.rand(3, 3, 48, 64, generator=torch.Generator().manual_seed(0))
        for a, b in zip(net(images), net(list(images)), strict=True):
            assert all(torch.allclose(a[key].float(), b[key].float(), atol=1e-4) for key in a)

    def test_images_of_several_sizes(self):
        assert len(tiny()([torch.rand(3, 48, 64), torch.rand(3, 33, 50)])) == 2

    def test_nothing_is_likely_enough(self):
        (found,) = tiny(score=1.0)(torch.rand(1, 3, 48, 64))
        assert [tuple(found[key].shape) for key in ("boxes", "labels", "scores")] == [(0, 4), (0,), (0,)]

    def test_nothing_is_proposed(self):
        (found,) = tiny(smallest=1e6)(torch.rand(1, 3, 48, 64))
        assert found["boxes"].shape == (0, 4)

    def test_weights_that_are_no_numbers_find_nothing(self):
        """As may be in half precision: no crash, and no box at a place that is none."""
        net = tiny()
        torch.nn.init.constant_(net.rpn.scores.weight, float("inf"))
        (found,) = net(torch.rand(1, 3, 48, 64))
        assert len(found["boxes"]) == 0
        net = tiny()
        torch.nn.init.constant_(net.class_scores.weight, float("nan"))
        (found,) = net(torch.rand(1, 3, 48, 64))
        assert len(found["boxes"]) == 0

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision(self, dtype):
        net, images = tiny(), torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
        half = copy.deepcopy(net).to(dtype)
        for given in (images, images.to(dtype)):
            (found,) = half(given)
            assert found["boxes"].dtype == found["scores"].dtype == torch.float32
            assert len(found["boxes"]) > 0
        assert torch.equal(half.rpn.anchors(images.to(dtype)), net.rpn.anchors(images))

    def test_narrowed_layers(self):
        """Sizes are read from the layers: neurons may be taken out."""
        net = tiny()
        net.fc6 = torch.nn.Linear(net.fc6.in_features, 5)
        net.fc7 = torch.nn.Linear(5, 3)
        net.class_scores, net.boxes = torch.nn.Linear(3, 3), torch.nn.Linear(3, 12)
        assert len(net(torch.rand(1, 3, 48, 64))) == 1

    @pytest.mark.parametrize(
        ("images", "error", "says"),
        [
            (torch.zeros(3, 48, 64), ValueError, r"images must have shape \(images, 3, height, width\)"),
            (torch.zeros(1, 1, 48, 64), ValueError, r"not \(1, 1, 48, 64\)"),
            (torch.zeros(1, 3, 3, 64), ValueError, "at least 4 pixels"),
            (torch.zeros(1, 3, 48, 64, dtype=torch.uint8), TypeError, "divide bytes by 255"),
            ([torch.zeros(48, 64)], ValueError, "a sequence of tensors of shape"),
        ],
    )
    def test_wrong_images(self, images, error, says):
        with pytest.raises(error, match=says):
            tiny()(images)


class TestLosses:
    def test_matching(self):
        boxes = torch.tensor([[0.0, 0, 10, 10], [40, 0, 50, 10]])
        candidates = torch.tensor([[0.0, 0, 10, 8], [0, 0, 10, 5], [0, 0, 10, 2], [42, 0, 60, 10], [90, 0, 99, 9]])
        assert match(candidates, boxes, 0.3, 0.7).tolist() == [0, -2, -1, -2, -1]
        # The fourth is the best that the second object has.
        assert match(candidates, boxes, 0.3, 0.7, best_too=True).tolist() == [0, -2, -1, 1, -1]
        assert match(candidates, boxes[:0], 0.3, 0.7).tolist() == [-1] * 5

    def test_the_draw(self):
        matched = torch.tensor([0] * 30 + [-1] * 100 + [-2] * 50)
        objects, background = sample(matched, 40, 0.5, torch.Generator().manual_seed(0))
        assert (len(objects), len(background)) == (20, 20)
        assert (matched[objects] == 0).all()
        assert (matched[background] == -1).all()
        assert len(set(objects.tolist())) == 20
        objects, background = sample(matched[25:], 40, 0.5, torch.Generator().manual_seed(0))
        assert (len(objects), len(background)) == (5, 35)

    def test_an_image_without_objects(self):
        empty = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0)}]
        losses = detection_losses(tiny().train(), torch.rand(1, 3, 48, 64), empty, torch.Generator().manual_seed(0))
        assert losses["proposals"] == losses["boxes"] == 0
        assert all(bool(value.isfinite()) for value in losses.values())
        sum(losses.values()).backward()

    def test_every_weight_learns(self):
        net, (X, targets) = tiny().train(), squares(2)
        sum(detection_losses(net, torch.tensor(X), targets, torch.Generator().manual_seed(0)).values()).backward()
        assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []

    @pytest.mark.parametrize(
        ("target", "says"),
        [
            ({"boxes": [[0, 0, 9, 9]]}, 'a dict with "boxes" and "labels"'),
            ({"boxes": [[0, 0, 9, 9]], "labels": [3]}, "one class from 1 to 2"),
            ({"boxes": [[0, 0, 9, 9]], "labels": [0]}, "one class from 1 to 2"),
            ({"boxes": [[0, 0, 9, 9]], "labels": [1, 2]}, "for each of 1 boxes"),
        ],
    )
    def test_wrong_targets(self, target, says):
        with pytest.raises(ValueError, match=says):
            detection_losses(tiny().train(), torch.rand(1, 3, 48, 64), [target], torch.Generator().manual_seed(0))


class TestLearning:
    def test_squares_are_found(self):
        X, targets = squares(12)
        net = tiny(batch_norm=True, dropout=0.0)
        settings = {"learning_rate": 1e-2, "anchors_per_image": 64, "regions_per_image": 32, "augment": False}
        history = train_detector(net, X, targets, epochs=40, progress=False, **settings)
        assert history[-1]["objectness"] < history[0]["objectness"] / 4
        assert history[-1]["classes"] < history[0]["classes"] / 2
        assert not net.training
        unseen = squares(6, seed=1)
        assert detection_map(net, *unseen)["mAP"] > 0.6

    def test_the_same_seed_gives_the_same_network(self):
        X, targets = squares(4)
        first, second = tiny(), tiny()
        state = torch.random.get_rng_state()
        for net in (first, second):
            train_detector(net, X, targets, epochs=2, random_state=3, progress=False)
        assert torch.equal(state, torch.random.get_rng_state())
        for a, b in zip(first.parameters(), second.parameters(), strict=True):
            assert torch.equal(a, b)

    def test_asking_leaves_the_mode(self):
        net = tiny().train()
        assert len(detect(net, squares(3)[0], batch_size=2)) == 3
        assert net.training

    def test_variations_move_boxes_with_the_image(self):
        image = torch.full((3, 48, 64), 0.2)
        image[:, 10:30, 20:44] = 0.9
        target = {"boxes": torch.tensor([[20.0, 10.0, 44.0, 30.0]]), "labels": torch.tensor([2])}
        generator = torch.Generator().manual_seed(0)
        for _ in range(20):
            changed, moved = varied(image, target, generator)
            assert changed.shape == image.shape
            if not len(moved["boxes"]):
                continue
            assert moved["labels"].tolist() == [2]
            gray = changed.mean(0)
            rows, columns = (gray > (gray.max() + gray.min()) / 2).nonzero().unbind(1)
            seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            torch.testing.assert_close(moved["boxes"][0], torch.stack(seen).float(), rtol=0, atol=1.5)

    def test_one_target_an_image(self):
        with pytest.raises(ValueError, match="one dict for each of the 2 images"):
            train_detector(tiny(), squares(2)[0], [], progress=False)


class TestForeignWeights:
    def small(self):
        """A VGG-16 of full depth and a thirty-second of the width."""
        return tiny(plan=(2, 2, "M", 4, 4, "M", 8, 8, 8, "M", 16, 16, 16, "M", 16, 16, 16), pool=7, hidden=12)

    def weights(self):
        torch.manual_seed(5)
        layers = vgg_layers((2, 2, "M", 4, 4, "M", 8, 8, 8, "M", 16, 16, 16, "M", 16, 16, 16, "M"))
        classifier = torch.nn.Sequential(
            torch.nn.Linear(16 * 49, 12), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(12, 12),
            torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(12, 10),
        )  # fmt: skip
        whole = torch.nn.Module()
        whole.features, whole.classifier = layers, classifier
        return whole

    @pytest.mark.parametrize("from_file", [True, False])
    def test_they_are_loaded(self, tmp_path, from_file):
        net, foreign = self.small(), self.weights()
        state = foreign.state_dict()
        if from_file:
            torch.save(state, tmp_path / "vgg16.pth")
        assert load_vgg16(net, tmp_path / "vgg16.pth" if from_file else state) is net
        x = torch.rand(1, 3, 32, 32)
        assert torch.equal(net.backbone(x), foreign.features[:-1](x))
        hidden = torch.rand(2, 16 * 49)
        wanted = foreign.classifier[:4].eval()(hidden)
        assert torch.equal(net.fc7(torch.relu(net.fc6(hidden))), wanted)

    def test_names_of_the_full_size_network(self):
        """Those of torchvision, with which the file is published."""
        with torch.device("meta"):
            net = faster_rcnn_vgg16()
        numbers = [i for i, layer in enumerate(net.backbone) if isinstance(layer, torch.nn.Conv2d)]
        assert numbers == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]

    def test_weights_that_do_not_fit_change_nothing(self, tmp_path):
        net, state = self.small(), self.weights().state_dict()
        before = copy.deepcopy(net.state_dict())
        lacking = {key: value for key, value in state.items() if key != "classifier.3.bias"}
        with pytest.raises(ValueError, match=r"lack classifier\.3\.bias"):
            load_vgg16(net, lacking)
        with pytest.raises(ValueError, match=r"classifier\.3\.weight has shape \(5, 5\) instead of \(12, 12\)"):
            load_vgg16(net, state | {"classifier.3.weight": torch.zeros(5, 5)})
        (tmp_path / "text.pth").write_text("nothing")
        with pytest.raises(ValueError, match="is no file of weights"):
            load_vgg16(net, tmp_path / "text.pth")
        with pytest.raises(FileNotFoundError, match="there is no file"):
            load_vgg16(net, tmp_path / "none.pth")
        torch.save([1], tmp_path / "list.pth")
        with pytest.raises(ValueError, match="holds a list"):
            load_vgg16(net, tmp_path / "list.pth")
        assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def drawn_cells():
    """Twelve red discs, paler in the middle, on a bright ground; and their boxes. No recording is needed."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:240, :320]
    image = np.empty((3, 240, 320), dtype=np.float32)
    image[:] = np.array([0.78, 0.73, 0.72])[:, None, None]
    boxes = []
    for y in range(40, 240, 80):
        for x in range(40, 320, 80):
            radius = np.hypot(rows - y, columns - x) / 20
            inside = np.clip(8 * (1 - radius), 0, 1) * (0.18 + 0.12 * np.minimum(radius, 1))
            image -= inside * np.array([0.3, 1, 0.8])[:, None, None]
            boxes.append([x - 20, y - 20, x + 20, y + 20])
    image += rng.normal(0, 0.01, image.shape)
    return torch.tensor(image)[None], torch.tensor(boxes, dtype=torch.float32)


class TestPretrained:
    def test_it_finds_drawn_cells(self):
        images, boxes = drawn_cells()
        net = pretrained_faster_rcnn()
        assert not net.training
        (found,) = net(images)
        assert set(found["labels"].tolist()) == {1}
        assert (box_iou(boxes, found["boxes"]).max(dim=1).values > 0.5).all()

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_precision_finds_the_same_drawn_cells(self, dtype):
        """No layer stays in float32. A region next door may win where all are sure: boxes agree, not to the pixel."""
        images, _ = drawn_cells()
        net = pretrained_faster_rcnn()
        half = to_half(net, dtype, keep=())
        assert {weight.dtype for weight in half.parameters()} == {getattr(torch, dtype)}
        (wanted,), (found,) = net(images), half(images)
        overlap, index = box_iou(wanted["boxes"], found["boxes"]).max(dim=1)
        assert len(found["boxes"]) == len(wanted["boxes"])
        assert sorted(index.tolist()) == list(range(len(index)))
        assert (overlap > 0.5).all()
        assert overlap.mean() > 0.75
        assert torch.equal(found["labels"][index], wanted["labels"])
        assert torch.allclose(found["scores"][index], wanted["scores"], atol=0.02)

    def test_it_finds_blood_cells_that_it_never_saw(self, real_data):
        """At least 0.60 is asked for; 14 images, of which none was learned from."""
        report = weights_report("faster_rcnn")
        data = fetch_bccd().resized(report["height"], report["width"])
        held_out = data.select(np.isin(data.numbers, report["held out"]))
        assert len(held_out) == 14
        assert not set(report["held out"]) & set(report["train"])
        found = detection_map(pretrained_faster_rcnn(), held_out.X, held_out.targets)
        assert found["mAP"] > 0.75
        assert found["mAP"] == pytest.approx(report["held out mAP@0.5, area"], abs=0.02)

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_of_the_bits_find_the_same(self, real_data, dtype):
        data = fetch_bccd().resized(240, 320)
        held_out = data.select(np.isin(data.numbers, weights_report("faster_rcnn")["held out"][:6]))
        net = pretrained_faster_rcnn()
        whole, half = (detection_map(one, held_out.X, held_out.targets)["mAP"] for one in (net, to_half(net, dtype)))
        assert half > whole - 0.05
