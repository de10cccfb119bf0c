"""The Go board: what is drawn where, and the same in words."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from mlcourse.plots import board_in_words, plot_board
from mlcourse.plots.go import star_points


@pytest.fixture
def stones():
    made = np.zeros((19, 19), dtype=np.int8)
    made[3, 15], made[15, 3] = 1, -1  # Q16, D4
    return made


def discs(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]


class TestFigure:
    def test_coordinates_without_i(self, stones):
        axes = plot_board(stones).axes[0]
        assert "".join(label.get_text() for label in axes.get_xticklabels()) == "ABCDEFGHJKLMNOPQRST"
        assert [label.get_text() for label in axes.get_yticklabels()] == [str(n) for n in range(19, 0, -1)]
        assert axes.get_ylim()[0] > axes.get_ylim()[1]  # row 0, which is called 19, is at the top

    def test_stones_stand_where_they_should_and_can_be_told_apart(self, stones):
        black, white = discs(plot_board(stones))
        assert (black.center, white.center) == ((15, 3), (3, 15))
        assert np.mean(black.get_facecolor()[:3]) < 0.2 < 0.9 < np.mean(white.get_facecolor()[:3])
        assert np.mean(to_rgb(white.get_edgecolor())) < 0.2  # a white stone on light wood has a dark rim

    def test_the_last_move_has_a_ring(self, stones):
        rings = [disc for disc in discs(plot_board(stones, last=(15, 3))) if not disc.get_fill()]
        assert [ring.center for ring in rings] == [(3, 15)]

    def test_area_and_number_tell_the_probability(self, stones):
        probabilities = np.zeros((19, 19))
        probabilities[0, 0], probabilities[5, 7], probabilities[9, 9] = 0.64, 0.16, 0.004
        figure = plot_board(stones, probabilities)
        assert [text.get_text() for text in figure.axes[0].texts] == ["64", "16"]
        sizes = {disc.center: disc.radius for disc in discs(figure)[2:]}
        assert sizes[0, 0] / sizes[7, 5] == pytest.approx(2)
        assert "%" in figure.axes[0].get_xlabel()
        flat = plot_board(stones, probabilities.ravel())
        assert len(discs(flat)) == len(discs(figure))

    def test_a_framed_point(self, stones):
        (frame,) = [p for p in plot_board(stones, move=(8, 10)).axes[0].patches if isinstance(p, Rectangle)]
        assert (frame.get_x() + 0.5, frame.get_y() + 0.5) == (10, 8)

    def test_into_axes_of_ones_own(self, stones):
        figure = Figure()
        left, right = figure.subplots(1, 2)
        assert plot_board(stones, ax=right, title="here") is figure
        assert (len(left.patches), right.get_title()) == (0, "here")

    def test_the_arrays_are_left_alone(self, stones):
        before = stones.copy()
        plot_board(stones, np.full((19, 19), 1 / 361))
        np.testing.assert_array_equal(stones, before)

    @pytest.mark.parametrize("size", [1, 2, 9, 13, 26])
    def test_other_sizes(self, size):
        figure = plot_board(np.zeros((size, size)), np.full((size, size), size**-2.0))
        figure.canvas.draw()

    def test_star_points_of_a_real_board(self):
        lines = {3, 9, 15}
        assert set(star_points(19)) == {(row, column) for row in lines for column in lines}
        assert star_points(5) == []


class TestWords:
    def test_everything_is_said(self, stones):
        probabilities = np.zeros((19, 19))
        probabilities[0, 8], probabilities[18, 18] = 0.75, 0.25
        text = board_in_words(stones, probabilities, last=(15, 3), move=(8, 10))
        assert "19 by 19" in text
        assert "1 black stone and 1 white stone." in text
        assert "last move was white D4" in text
        assert "J19 with 75.0 %, T1 with 25.0 %." in text
        assert text.endswith("Framed: L11.")

    def test_only_what_there_is(self, stones):
        assert "next" not in board_in_words(stones)


@pytest.mark.parametrize("function", [plot_board, board_in_words])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"stones": np.zeros((19, 18))}, "square"),
        ({"stones": np.zeros(361)}, "square"),
        ({"stones": np.full((9, 9), 2)}, "stones must be 1"),
        ({"stones": np.full((9, 9), np.nan)}, "stones must be 1"),
        ({"probabilities": np.zeros((9, 9))}, "one for each of the 361 points"),
        ({"probabilities": np.full((19, 19), -0.5)}, "were logits given"),
        ({"probabilities": np.full((19, 19), np.nan)}, "between 0 and 1"),
        ({"last": (19, 0)}, "last must lie on the board"),
        ({"move": "D4"}, r"move must be \(row, column\)"),
    ],
)
def test_errors(stones, function, arguments, says):
    with pytest.raises(ValueError, match=says):
        function(**{"stones": stones} | arguments)
