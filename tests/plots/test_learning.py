"""Learning curves, the data-size curve and rows of images: they show the numbers that they were given."""

import numpy as np
import pytest

from mlcourse.plots import plot_data_size, plot_images, plot_learning_curves


class TestLearningCurves:
    def test_numbers(self):
        figure = plot_learning_curves([2, 1], [0.5, 0.75], best_epoch=2)
        loss, accuracy = figure.axes
        np.testing.assert_array_equal(loss.lines[0].get_xydata(), [[1, 2], [2, 1]])
        np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), [50, 75])
        assert loss.lines[1].get_xdata() == [2, 2]

    @pytest.mark.parametrize("curves", [([], []), ([1], [0.5, 0.6]), ([[1]], [[1]])])
    def test_curves_that_do_not_fit(self, curves):
        with pytest.raises(ValueError, match="one number an epoch"):
            plot_learning_curves(*curves)
        with pytest.raises(ValueError, match="one number an epoch"):
            plot_learning_curves([1], [1], validation_loss=[1, 2])


class TestDataSize:
    def test_numbers(self):
        sizes, draws = [1, 4, 16], np.array([[0.5, 0.7], [0.7, 0.8], [0.9, np.nan]])
        figure = plot_data_size(sizes, {"CNN": draws, "random forest": [0.6, 0.7, 0.8]})
        (ax,) = figure.axes
        marks, mean, _, other = ax.lines
        assert marks.get_ydata().size == 6
        np.testing.assert_allclose(mean.get_ydata(), [60, 75, 90])
        np.testing.assert_allclose(other.get_ydata(), [60, 70, 80])
        assert mean.get_color() != other.get_color()
        assert (mean.get_marker(), mean.get_linestyle()) != (other.get_marker(), other.get_linestyle())
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "4", "16"]
        assert mean.get_label() == "CNN (mean of 2 draws)"
        assert ax.get_ylabel().endswith("(%)")

    def test_into_given_axes(self):
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots()
        assert plot_data_size([1, 2], {"CNN": [0.5, 0.6]}, ax=ax) is figure
        plt.close(figure)

    @pytest.mark.parametrize(
        ("sizes", "accuracies", "says"),
        [
            ([], {"CNN": []}, "sizes must be"),
            ([0, 1], {"CNN": [0.5, 0.6]}, "numbers above 0"),
            ([1, 2], {}, "at least one learner"),
            ([1, 2], {"CNN": [[0.5], [0.6], [0.7]]}, r"'CNN' must have shape \(sizes, draws\) = \(2, \.\.\.\)"),
            ([1, 2], {"CNN": [50, 60]}, "between 0 and 1"),
            ([1, 2], {"CNN": [[np.nan], [0.5]]}, "at least one draw"),
        ],
    )
    def test_wrong_arrays(self, sizes, accuracies, says):
        with pytest.raises(ValueError, match=says):
            plot_data_size(sizes, accuracies)


class TestImages:
    def test_grid(self):
        images = np.random.default_rng(0).random((7, 5, 5))
        figure = plot_images(images, [f"{i}" for i in range(7)], columns=3, marked=[False] * 6 + [True])
        assert len(figure.axes) == 7
        np.testing.assert_array_equal(figure.axes[6].images[0].get_array(), images[6])
        weights = [panel.title.get_fontweight() for panel in figure.axes]
        assert weights == ["normal"] * 6 + ["bold"]

    def test_photographs(self):
        photograph = np.zeros((100, 150, 3), dtype=np.uint8)
        assert plot_images([photograph, photograph[:50]]).axes[0].images[0].get_array().shape == (100, 150, 3)

    def test_an_empty_image_is_white(self):
        assert plot_images([np.zeros((4, 4))]).axes[0].images[0].norm(0) == 0

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (([],), "at least one image"),
            (([np.zeros(4)],), "at least one image of shape"),
            ((np.zeros((2, 4, 4)), ["a"]), "titles must hold one entry for each of the 2"),
            ((np.zeros((2, 4, 4)), None, 2, [True]), "marked must hold"),
        ],
    )
    def test_wrong_input(self, arguments, says):
        with pytest.raises(ValueError, match=says):
            plot_images(*arguments)
