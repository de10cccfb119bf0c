"""Digits of 28x28 pixels and photographs, without a network."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_digits

from mlcourse.datasets import LabelledImages, load_digits28, sample_photographs
from mlcourse.datasets.images import like_mnist


@pytest.fixture(scope="module")
def digits():
    return load_digits28()


class TestDigits28:
    def test_all_of_them_in_the_same_order(self, digits):
        assert digits.X.shape == (1797, 28, 28)
        assert digits.X.dtype == np.float32
        assert (digits.y == load_digits().target).all()
        assert 0 <= digits.X.min() < digits.X.max() <= 1

    def test_as_in_mnist_the_digit_fills_20_pixels_and_its_mass_is_in_the_middle(self, digits):
        inked = digits.X > 0
        for axis in (1, 2):
            lines = inked.any(axis=axis)
            extent = 28 - lines.argmax(axis=1) - lines[:, ::-1].argmax(axis=1)
            assert extent.max() <= 20
        centers = np.array([ndimage.center_of_mass(image) for image in digits.X])
        assert np.abs(centers - 14).max() <= 0.51

    def test_shrunk_again_they_are_what_they_were(self, digits):
        """Ink is neither lost nor moved: the mean brightness of each 8x8 pixel comes back."""
        small = load_digits().images / 16
        for image, frame in zip(small[::50], digits.X[::50], strict=True):
            # The box may lie anywhere: it is found by matching.
            matches = [
                np.corrcoef(ndimage.zoom(frame[i : i + 20, j : j + 20], 0.4, order=1, grid_mode=True,
                                         mode="grid-constant").ravel(), image.ravel())[0, 1]
                for i in range(9) for j in range(9)
            ]  # fmt: skip
            assert max(matches) > 0.97

    def test_the_test_part_has_its_share_of_every_class(self, digits):
        X_train, y_train, X_test, y_test = digits.split()
        assert (len(X_train), len(X_test)) == (len(y_train), len(y_test)) == (1437, 360)
        assert np.abs(np.bincount(y_test) - 0.2 * np.bincount(digits.y)).max() <= 1

    def test_chance(self, digits):
        assert (load_digits28(0).test == digits.test).all()
        assert (load_digits28(1).test != digits.test).any()

    def test_plot(self, digits):
        figure = digits.plot(4)
        assert len(figure.axes) == 40
        assert [axes.get_title() for axes in figure.axes[:5]] == ["0", "0", "0", "0", "1"]

    def test_like_mnist_says_what_it_takes(self):
        assert not like_mnist(np.zeros((1, 8, 8))).any()
        with pytest.raises(ValueError, match="images must be square"):
            like_mnist(np.zeros((1, 8, 6)))


class TestLabelledImages:
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"X": np.zeros((3, 28))}, "X must be grey images"),
            ({"X": np.full((3, 4, 4), 2.0)}, "values from 0 to 1"),
            ({"X": np.full((3, 4, 4), np.nan)}, "X must be grey images"),
            ({"y": np.zeros(2, dtype=int)}, "y must hold one whole number for each of the 3"),
            ({"y": np.zeros(3)}, "not float64"),
            ({"test": np.zeros(3, dtype=int)}, "test must be a mask of 3 images"),
            ({"test": np.zeros(4, dtype=bool)}, "test must be a mask"),
        ],
    )
    def test_parts_that_do_not_fit(self, change, says):
        parts = {"X": np.zeros((3, 4, 4)), "y": np.zeros(3, dtype=int), "test": np.zeros(3, dtype=bool)}
        assert len(LabelledImages("tiny", **parts)) == 3
        with pytest.raises(ValueError, match=says):
            LabelledImages("tiny", **{**parts, **change})

    def test_plot_says_what_it_takes(self):
        none = LabelledImages("none", np.zeros((0, 4, 4)), np.zeros(0, dtype=int), np.zeros(0, dtype=bool))
        assert "0 images" in repr(none)
        with pytest.raises(ValueError, match="no images to plot"):
            none.plot()
        with pytest.raises(ValueError, match="n must be a whole number"):
            load_digits28().plot(0)


def test_photographs():
    photographs = sample_photographs()
    assert list(photographs) == ["china", "flower"]
    for photograph in photographs.values():
        assert (photograph.shape, photograph.dtype) == ((427, 640, 3), np.uint8)
        photograph[0] = 0  # a copy of one's own
    assert sample_photographs()["china"][0].any()
