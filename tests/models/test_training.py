"""The training loop: it learns, the same again from the same seed, keeps the best epoch, and says what is wrong."""

import copy
import math

import keras
import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.models import History, fit, predict, predict_probabilities


def blobs(n=300, seed=0, classes=3):
    """Points around the corners of a polygon; easily told apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    angle = 2 * np.pi * y / classes
    return (np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(scale=0.2, size=(n, 2))).astype(np.float32), y


def network(seed=0, classes=3, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, classes))


def quiet(net, X, y, validation=None, **options):
    return fit(
        net, X, y, validation, **{"epochs": 8, "batch_size": 32, "learning_rate": 0.02, **options}, progress=False
    )


def weights(net):
    return torch.cat([value.flatten().float() for value in net.state_dict().values()])


class TestLearning:
    def test_learns_and_predicts_what_was_not_trained_on(self):
        net, (X, y), (X_new, y_new) = network(), blobs(), blobs(seed=1)
        history = quiet(net, X, y)
        assert history.accuracy[-1] > 0.95
        assert history.loss[-1] < history.loss[0]
        assert np.mean(predict(net, X_new) == y_new) > 0.95

    def test_one_batch_an_epoch_is_adamw_with_a_falling_rate(self):
        X, y = blobs(40)
        net, twin = network(), network()
        quiet(net, X, y, epochs=3, batch_size=40, learning_rate=0.1, weight_decay=0.5)
        optimizer = torch.optim.AdamW(twin.parameters(), lr=0.1, weight_decay=0.5)
        for step in range(3):
            optimizer.param_groups[0]["lr"] = 0.1 * (1 + math.cos(math.pi * step / 3)) / 2
            optimizer.zero_grad()
            nn.functional.cross_entropy(twin(torch.tensor(X)), torch.tensor(y)).backward()
            optimizer.step()
        torch.testing.assert_close(weights(net), weights(twin), rtol=1e-4, atol=1e-5)

    def test_loss_of_ones_own(self):
        X, y = blobs()
        net = network()
        rare = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, 0.0]))  # the last class does not count
        quiet(net, X, y, loss=rare)
        assert not (predict(net, X) == 2).any()

    def test_augmentation_sees_training_batches_only(self):
        X, y = blobs(100)
        seen = []

        def flip(batch, generator):
            seen.append(len(batch))
            return -batch

        net = network()
        quiet(net, X, y, (X, y), augment=flip, epochs=2)
        assert sum(seen) == 200
        assert np.mean(predict(net, -X) == y) > np.mean(predict(net, X) == y)

    def test_batches_are_of_equal_size_so_that_none_has_one_case(self):
        sizes = []

        class Watched(nn.Linear):
            def forward(self, x):
                if self.training:
                    sizes.append(len(x))
                return super().forward(x)

        X, y = blobs(65)
        quiet(Watched(2, 3), X, y, epochs=1, batch_size=32)
        assert sorted(sizes) == [21, 22, 22]

    def test_whole_numbers_reach_an_embedding(self):
        X = np.random.default_rng(0).integers(20, size=(200, 5))
        y = (X == 7).any(axis=1)
        torch.manual_seed(0)
        net = nn.Sequential(nn.Embedding(20, 8), nn.Flatten(), nn.Linear(40, 2))
        assert quiet(net, X, y, epochs=20).accuracy[-1] > 0.9
        with pytest.raises(ValueError, match="X must hold whole numbers"):
            quiet(net, X + 0.5, y)

    def test_frozen_weights_stay(self):
        X, y = blobs()
        net = network()
        net[0].requires_grad_(False)
        before = net[0].weight.clone()
        quiet(net, X, y, weight_decay=0.1)
        assert torch.equal(net[0].weight, before)

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
    def test_on_a_gpu(self):
        X, y = blobs()
        net = network().cuda()
        assert quiet(net, X, y, (X, y)).accuracy[-1] > 0.95
        assert np.mean(predict(net, X) == y) > 0.95


class TestChance:
    def test_the_same_seed_gives_the_same_network(self):
        X, y = blobs()
        nets = [network(dropout=0.3) for _ in range(3)]
        for net, seed in zip(nets, (5, 5, 6), strict=True):
            torch.rand(seed)  # whatever was drawn before
            quiet(net, X, y, random_state=seed)
        assert torch.equal(weights(nets[0]), weights(nets[1]))
        assert not torch.equal(weights(nets[0]), weights(nets[2]))

    def test_the_global_random_state_goes_on_where_it_stood(self):
        X, y = blobs()
        net = network(dropout=0.5)
        torch.manual_seed(3)
        expected = torch.rand(4)
        torch.manual_seed(3)
        quiet(net, X, y, random_state=1)
        assert torch.equal(torch.rand(4), expected)

    def test_no_seed(self):
        X, y = blobs()
        nets = network(), network()
        for net in nets:
            quiet(net, X, y, random_state=None)
        assert not torch.equal(weights(nets[0]), weights(nets[1]))


class TestStopping:
    def test_the_best_epoch_is_restored(self):
        """Labels that mean nothing: the loss on other data gets worse with every epoch of learning them by heart."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(40, 2)), rng.integers(3, size=40)
        X_new, y_new = rng.normal(size=(200, 2)), rng.integers(3, size=200)
        net = network()
        history = quiet(net, X, y, (X_new, y_new), epochs=60, learning_rate=0.05)
        assert history.best_epoch == int(np.argmin(history.validation_loss)) + 1 < 60
        loss = nn.functional.cross_entropy(net(torch.tensor(X_new, dtype=torch.float32)), torch.tensor(y_new))
        assert loss.item() == pytest.approx(min(history.validation_loss), rel=1e-4)
        accuracy = np.mean(predict(net, X_new) == y_new)
        assert accuracy == pytest.approx(history.validation_accuracy[history.best_epoch - 1])

    def test_patience(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(40, 2)), rng.integers(3, size=40)
        validation = rng.normal(size=(200, 2)), rng.integers(3, size=200)
        history = quiet(network(), X, y, validation, epochs=60, learning_rate=0.05, patience=3)
        assert len(history) == history.best_epoch + 3 < 60

    def test_without_validation_all_epochs_count(self):
        X, y = blobs()
        history = quiet(network(), X, y, epochs=4)
        assert (len(history), history.best_epoch, history.validation_loss) == (4, 4, [])

    def test_interrupted_by_the_learner(self):
        X, y = blobs()
        calls = []

        def tired(batch, generator):
            calls.append(1)
            if len(calls) > 15:
                raise KeyboardInterrupt
            return batch

        net = network()
        with pytest.raises(KeyboardInterrupt):
            quiet(net, X, y, (X, y), augment=tired)
        assert not net.training
        assert np.isfinite(predict_probabilities(net, X)).all()

    def test_a_loss_that_is_no_number(self):
        X, y = blobs()
        net = network()
        before = weights(net).clone()
        with pytest.raises(FloatingPointError, match=r"epoch 1.*smaller learning_rate.*where it started"):
            quiet(net, X, y, learning_rate=1e30)
        assert torch.equal(weights(net), before)
        assert not net.training


class TestModes:
    def test_fit_leaves_eval_mode_and_predict_the_mode_it_finds(self):
        X, y = blobs()
        net = network(dropout=0.5)
        quiet(net, X, y, epochs=1)
        assert not any(module.training for module in net.modules())
        net.train()
        net[0].eval()
        assert (predict(net, X) == predict(net, X)).all()  # no dropout
        assert net.training
        assert not net[0].training


class TestAnswers:
    def test_probabilities_are_the_softmax(self):
        X, _ = blobs(70)
        net = network()
        found = predict_probabilities(net, X, batch_size=16)
        assert found.shape == (70, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
        expected = torch.softmax(net(torch.tensor(X)), 1).detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4)
        assert (predict(net, X) == found.argmax(axis=1)).all()

    def test_damaged_weights_are_noticed(self):
        net = network()
        with torch.no_grad():
            net[0].weight[0, 0] = math.nan
        with pytest.raises(ValueError, match="answers 4 of 4 cases with missing"):
            predict(net, blobs(4)[0])


class TestWrongInput:
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda X, y: (np.where(X.max() - 1e-6 < X, np.nan, X), y), "X has missing or infinite values in 1 of 300"),
            (lambda X, y: (X, y[:-1]), "y must hold one class for each of the 300 cases"),
            (lambda X, y: (X[:-1], y), "each of the 299 cases"),
            (lambda X, y: (X, y + 1), "classes from 0 to 2, for net has 3 outputs; it goes from 1 to 3"),
            (lambda X, y: (X, y - 1), "goes from -1"),
            (lambda X, y: (X, y + 0.5), "y must be whole numbers"),
            (lambda X, y: (X, np.array(["walking"] * 300)), "np.unique"),
            (lambda X, y: (X, np.eye(3, dtype=int)[y]), "not shape \\(300, 3\\)"),
            (lambda X, y: (X[:0], y[:0]), "at least one case"),
            (lambda X, y: (X[:, 0], y), "shape \\(n, ...\\)"),
            (lambda X, y: (X[:, :1], y), "net does not take X of shape \\(300, 1\\)"),
            (lambda X, y: (X.astype(object), y), "X must be numbers"),
        ],
    )
    def test_data(self, change, says):
        X, y = blobs()
        net = network()
        before = copy.deepcopy(net.state_dict())
        with pytest.raises(ValueError, match=says):
            quiet(net, *change(X, y))
        with pytest.raises(ValueError, match=r"validation [Xy]"):
            quiet(net, X, y, change(X, y))
        assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())

    @pytest.mark.parametrize(
        ("option", "says"),
        [
            ({"epochs": 0}, "epochs must be a whole number"),
            ({"epochs": 2.5}, "epochs"),
            ({"batch_size": True}, "batch_size"),
            ({"learning_rate": -1}, "learning_rate must be a number above 0"),
            ({"weight_decay": math.nan}, "weight_decay"),
            ({"patience": 3}, "patience needs validation"),
            ({"random_state": "x"}, "random_state"),
            ({"validation": blobs()[0]}, "validation must be a pair"),
        ],
    )
    def test_settings(self, option, says):
        with pytest.raises(ValueError, match=says):
            quiet(network(), *blobs(), **option)

    def test_networks(self):
        X, y = blobs()
        with pytest.raises(TypeError, match="not str"):
            quiet("net", X, y)
        with pytest.raises(TypeError, match="Keras model, which brings its own"):
            quiet(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]), X, y)
        with pytest.raises(ValueError, match="nothing to train"):
            quiet(nn.Flatten(), X, y)
        with pytest.raises(ValueError, match=r"one row of logits a case.*\(1, 2, 3\)"):
            quiet(nn.Sequential(nn.Linear(2, 6), nn.Unflatten(1, (2, 3))), X, y)


class TestHistory:
    def test_says_what_was_reached(self):
        history = History([0.9, 0.5], [0.6, 0.8], [0.7, 0.8], [0.7, 0.65], best_epoch=1)
        assert repr(history).startswith("History(2 epochs, best 1: loss 0.9000, accuracy 60.0%, validation loss 0.7000")
        assert repr(History()) == "History(no epoch yet)"

    def test_curves(self):
        figure = History([0.9, 0.5], [0.6, 0.8], [0.7, 0.8], [0.7, 0.65], best_epoch=1).plot()
        left, right = figure.axes
        assert (left.get_xlabel(), right.get_ylabel()) == ("epoch", "accuracy (%)")
        np.testing.assert_allclose(right.lines[1].get_ydata(), [70, 65])
        assert [text.get_text() for text in left.get_legend().get_texts()] == [
            "training",
            "validation",
            "best epoch: 1",
        ]
        assert len(History([0.9], [0.6], best_epoch=1).plot().axes[0].lines) == 1

    def test_progress_bar(self, capsys):
        X, y = blobs(64)
        fit(network(), X, y, (X, y), epochs=2)
        shown = capsys.readouterr().err
        for word in ("epoch 2/2", "loss=", "accuracy=", "validation loss="):
            assert word in shown
