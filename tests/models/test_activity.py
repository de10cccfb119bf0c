"""The activity CNN: one network in two libraries, what varied windows keep, and what was reached on real people."""

import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.datasets import BASIC_ACTIVITIES, fetch_hapt, make_activities
from mlcourse.models import (
    ActivityCNN,
    activity_cnn,
    activity_cnn_like,
    fit,
    layer_table,
    predict,
    predict_probabilities,
    pretrained_activity_cnn,
    weights_report,
)
from mlcourse.models.activity import VariedWindows, random_rotations


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(seed=0, **options):
    """A network with batch statistics and weights as after some training."""
    torch.manual_seed(seed)
    net = ActivityCNN(**options)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                nn.init.normal_(module.weight, 1, 0.2)
                nn.init.normal_(module.bias, 0, 0.2)
    return net.eval()


class TestTwoLibraries:
    @pytest.mark.parametrize(("channels", "classes", "time"), [(6, 6, 128), (3, 4, 50), (6, 6, 101)])
    def test_same_weights_same_answers(self, channels, classes, time):
        net = network(n_channels=channels, n_classes=classes)
        X = np.random.default_rng(0).normal(0, 4, size=(5, time, channels)).astype(np.float32)
        found = activity_cnn_like(net).predict(X, verbose=0)
        np.testing.assert_allclose(found, predict_probabilities(net, X.transpose(0, 2, 1)), atol=2e-5)
        assert not np.allclose(found[0], found[1], atol=1e-3)

    def test_equally_many_parameters(self):
        mine, twin = layer_table(ActivityCNN(), (6, 128)), layer_table(activity_cnn(), (128, 6))
        trained = sum(weight.numel() for weight in ActivityCNN().parameters())
        assert mine["parameters"].sum() == twin["parameters"].sum() == trained
        assert mine["weights per filter"].dropna().tolist() == [6 * 9, 32 * 7, 64 * 5]
        assert twin["weights per filter"].dropna().tolist() == [6 * 9, 32 * 7, 64 * 5]

    def test_keras_learns(self):
        X = np.random.default_rng(0).normal(size=(120, 40, 3))
        y = np.arange(120) % 2
        X[y == 1] *= np.sin(np.arange(40))[:, None]
        history = activity_cnn(3, 2).fit(X, y, epochs=6, verbose=0)
        assert history.history["accuracy"][-1] > 0.9

    def test_only_its_own(self):
        with pytest.raises(TypeError, match="net must be an ActivityCNN, not Linear"):
            activity_cnn_like(nn.Linear(2, 2))


class TestNetwork:
    def test_learns_simulated_activities_and_knows_strangers(self):
        windows = make_activities(n_subjects=6, seconds=30, random_state=0).windows()
        activities = windows.activities
        y = np.array([activities.index(activity) for activity in windows.y])
        X = windows.X.transpose(0, 2, 1)
        strangers = np.isin(windows.subjects, np.unique(windows.subjects)[:2])
        torch.manual_seed(0)
        net = ActivityCNN(X.shape[1], len(activities))
        fit(net, X[~strangers], y[~strangers], epochs=10, batch_size=32, learning_rate=3e-3, progress=False)
        assert np.mean(predict(net, X[strangers]) == y[strangers]) > 0.8

    def test_units_and_offsets_do_not_matter_to_training(self):
        """The first layer standardises: windows in g instead of m/s^2 give the same network but for that layer."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(64, 6, 32)), rng.integers(2, size=64)
        answers = []
        for factor in (1.0, 64.0):
            torch.manual_seed(0)
            net = ActivityCNN(6, 2)
            fit(net, X * factor + 10, y, epochs=15, batch_size=8, learning_rate=1e-5, progress=False)
            answers.append(predict_probabilities(net, X * factor + 10))
        np.testing.assert_allclose(answers[0], answers[1], atol=0.02)

    @pytest.mark.parametrize(
        ("shape", "says"),
        [
            ((2, 128, 6), r"not \(2, 128, 6\)\. Windows\.X has time first: X\.transpose\(0, 2, 1\)"),
            ((2, 5, 128), "windows, channels, time"),
            ((6, 128), "windows, channels, time"),
            ((2, 6, 3), "4 or more"),
        ],
    )
    def test_wrong_windows(self, shape, says):
        with pytest.raises(ValueError, match=says):
            ActivityCNN()(torch.zeros(shape))

    @pytest.mark.parametrize(
        "arguments", [{"n_channels": 0}, {"n_classes": 1}, {"n_classes": True}, {"n_channels": 1.5}]
    )
    def test_wrong_arguments(self, arguments):
        for build in (ActivityCNN, activity_cnn):
            with pytest.raises(ValueError, match="must be a whole number"):
                build(**arguments)


class TestVariedWindows:
    def test_rotations_turn_and_do_not_mirror_or_stretch(self):
        R = random_rotations(200, 25, generator()).double()
        assert torch.allclose(R @ R.mT, torch.eye(3).double().expand_as(R), atol=1e-6)
        assert torch.allclose(torch.linalg.det(R), torch.ones(200).double(), atol=1e-6)
        angles = torch.rad2deg(torch.acos(((R.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1)))
        assert 20 < angles.max() <= 25.001

    def test_rotations_agree_with_scipy(self):
        from scipy.spatial.transform import Rotation

        R = random_rotations(20, 90, generator()).numpy()
        vectors = Rotation.from_matrix(R).as_rotvec()
        np.testing.assert_allclose(Rotation.from_rotvec(vectors).as_matrix(), R, atol=1e-5)

    def test_without_variation_a_piece_of_the_window_comes_out(self):
        batch = torch.arange(40.0).expand(8, 6, 40)
        found = VariedWindows(16, degrees=0, speed=0, strength=0)(batch, generator())
        assert found.shape == (8, 6, 16)
        assert torch.allclose(found.diff(dim=2), torch.ones(8, 6, 15), atol=1e-4)
        starts = found[:, 0, 0]
        assert len(starts.unique()) > 4
        assert starts.min() >= 0
        assert found.max() <= 39

    def test_both_sensors_turn_together_and_keep_their_length(self):
        batch = torch.randn(6, 3, 1).repeat(1, 2, 60)
        found = VariedWindows(32, degrees=40)(batch, generator())
        assert torch.allclose(found[:, :3], found[:, 3:], atol=1e-5)
        assert torch.allclose(found[:, :3].norm(dim=1), batch[:, :3, :32].norm(dim=1), atol=1e-4)
        assert not torch.allclose(found, batch[:, :, :32], atol=1e-2)

    def test_speed_stays_within_its_limits(self):
        batch = torch.arange(60.0).expand(200, 3, 60)
        steps = VariedWindows(32, degrees=0, speed=0.2, strength=0)(batch, generator()).diff(dim=2)
        assert np.exp(-0.2) - 1e-3 < steps.min() < 0.85
        assert 1.18 < steps.max() < np.exp(0.2) + 1e-3

    def test_the_same_chance_the_same_windows_and_the_batch_stays(self):
        batch = torch.randn(4, 6, 160)
        before = batch.clone()
        first, second = (VariedWindows()(batch, generator(3)) for _ in range(2))
        assert torch.equal(first, second)
        assert torch.equal(batch, before)

    @pytest.mark.parametrize("shape", [(2, 6, 140), (2, 4, 160)])
    def test_wrong_windows(self, shape):
        with pytest.raises(ValueError, match="channels in threes"):
            VariedWindows()(torch.zeros(shape), generator())


class TestShipped:
    def test_report(self):
        report = weights_report("activity_cnn")
        assert min(report["CNN"]["test accuracies"]) >= 0.92
        assert report["activities"] == list(BASIC_ACTIVITIES)
        curve = report["data size"]
        assert curve["people"] == [1, 2, 4, 8, 16, 21]
        for name in ("CNN", "random forest"):
            accuracies = np.array(curve["accuracies"][name])
            assert accuracies.shape[0] == 6
            assert accuracies.shape[1] >= 3
            assert accuracies[-1].mean() > accuracies[0].mean()

    def test_official_test_people(self, real_data):
        hapt = fetch_hapt(data_home=real_data, download_if_missing=False).select(activities=BASIC_ACTIVITIES)
        _, test = hapt.windows(seconds=2.56, overlap=0.5).split()
        y = np.array([BASIC_ACTIVITIES.index(activity) for activity in test.y])
        answers = predict(pretrained_activity_cnn(), test.X.transpose(0, 2, 1))
        report = weights_report("activity_cnn")
        assert np.mean(answers == y) >= 0.92
        assert np.mean(answers == y) == pytest.approx(report["test accuracy"], abs=0.002)
        confusion = np.array(report["confusion"])
        assert confusion.sum(axis=1).tolist() == np.bincount(y).tolist()
        assert confusion.trace() / confusion.sum() == pytest.approx(report["test accuracy"])
