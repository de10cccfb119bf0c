"""The lecture's Keras network: its shapes, what it learned, and where that ends."""

import keras
import numpy as np
import pytest

from mlcourse.datasets import fetch_mnist, load_digits28
from mlcourse.models import lecture_cnn, lecture_dense, pretrained_lecture_cnn, weights_report


@pytest.fixture(scope="module")
def pretrained():
    return pretrained_lecture_cnn()


def accuracy(net, X, y):
    return np.mean(net.predict(X[..., None], batch_size=256, verbose=0).argmax(axis=1) == y)


class TestNetwork:
    def test_as_on_the_slides(self):
        net = lecture_cnn()
        kinds = [type(layer).__name__ for layer in net.layers]
        assert kinds == ["Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense"]
        assert [layer.output.shape[1:] for layer in net.layers[:5]] == [
            (26, 26, 25), (13, 13, 25), (11, 11, 50), (5, 5, 50), (1250,),
        ]  # fmt: skip
        assert net.count_params() == 250 + 11_300 + 1250 * 100 + 100 + 1000 + 10

    def test_answers_with_probabilities(self):
        X = np.random.default_rng(0).random((3, 20, 30, 2), dtype=np.float32)
        answers = lecture_cnn(4, (20, 30, 2)).predict(X, verbose=0)
        assert answers.shape == (3, 4)
        np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)

    def test_is_compiled_and_learns(self):
        keras.utils.set_random_seed(0)
        net = lecture_cnn(2, (10, 10, 1))
        rng = np.random.default_rng(0)
        X, y = rng.random((200, 10, 10, 1)), rng.integers(2, size=200)
        X[y == 1, :5] *= 0.3
        history = net.fit(X, y, epochs=5, verbose=0)
        assert history.history["accuracy"][-1] > 0.95

    def test_dense_has_as_many_parameters(self):
        assert lecture_dense().count_params() == pytest.approx(lecture_cnn().count_params(), rel=0.001)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"n_classes": 1}, "n_classes must be a whole number, at least 2"),
            ({"n_classes": 2.5}, "n_classes"),
            ({"input_shape": (28, 28)}, r"input_shape must be \(height, width, channels\)"),
            ({"input_shape": (9, 28, 1)}, "at least 10x10"),
            ({"input_shape": (28, 28, 0)}, "input_shape"),
        ],
    )
    def test_wrong_arguments(self, arguments, says):
        for build in (lecture_cnn, lecture_dense):
            with pytest.raises(ValueError, match=says):
                build(**arguments)
        with pytest.raises(ValueError, match="hidden must be"):
            lecture_dense(hidden=0)


class TestShipped:
    def test_digits(self, pretrained):
        *_, X, y = load_digits28().split()
        found = accuracy(pretrained, X, y)
        assert found >= 0.98
        assert found == pytest.approx(weights_report("lecture_cnn")["digits28 test accuracy"], abs=0.003)

    def test_every_seed_reaches_what_is_asked_for(self):
        report = weights_report("lecture_cnn")
        assert min(training["digits28"] for training in report["CNN"]["trainings"]) >= 0.98
        assert len({training["seed"] for training in report["CNN"]["trainings"]}) >= 5

    def test_mnist_is_harder(self, pretrained, real_data):
        """The lesson of distribution shift: as reported, and far below."""
        mnist = fetch_mnist(data_home=real_data, download_if_missing=False)
        found = accuracy(pretrained, mnist.X, mnist.y)
        report = weights_report("lecture_cnn")
        assert found == pytest.approx(report["MNIST test accuracy"], abs=0.002)
        assert found < report["digits28 test accuracy"] - 0.1
        confusion = np.array(report["MNIST confusion"])
        assert confusion.sum(axis=1).tolist() == np.bincount(mnist.y).tolist()
        assert confusion.trace() / confusion.sum() == pytest.approx(report["MNIST test accuracy"])
