"""Decision boundaries: the picture is what the model answers."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mlcourse.plots import colors, plot_boundaries


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


class Diagonal:
    """Answers by a line that is known."""

    def predict(self, X):
        return np.where(X[:, 1] > X[:, 0], "above", "below")


X = np.random.default_rng(0).uniform(0, 1, (80, 2))
Y = Diagonal().predict(X)


def test_regions_are_the_answers_of_the_model():
    ax = plot_boundaries(Diagonal(), X, Y, ["a (m)", "b (s)"], resolution=60)
    mesh = ax.collections[0]
    answers = np.array(mesh.get_array()).reshape(60, 60)
    grid_x = np.linspace(*ax.get_xlim(), 60)
    grid_y = np.linspace(*ax.get_ylim(), 60)
    expected = (grid_y[:, None] <= grid_x[None, :]).astype(int)  # "above" comes first in the alphabet
    assert (answers == expected).mean() > 0.99
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a (m)", "b (s)")


def test_every_case_is_drawn_once_in_the_colour_and_mark_of_its_class():
    ax = plot_boundaries(Diagonal(), X, Y)
    drawn = {line.get_label(): line for line in ax.lines}
    assert set(drawn) == {"above", "below"}
    for name, line in drawn.items():
        assert np.array_equal(np.column_stack(line.get_data()), X[name == Y])
        assert line.get_color() == colors(["above", "below"])[name]
    assert len({line.get_marker() for line in drawn.values()}) == 2
    assert ax.get_title() == "100.0 % of these cases are right"


def test_all_cases_are_within_the_picture():
    ax = plot_boundaries(Diagonal(), X * [100, 0.01], Y)
    low, high = ax.get_xlim()
    assert low < 100 * X[:, 0].min()
    assert high > 100 * X[:, 0].max()


def test_a_model_that_was_fitted_on_a_table_is_asked_with_its_names():
    frame = pd.DataFrame(X, columns=["std", "mean"])
    model = KNeighborsClassifier(1).fit(frame, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_boundaries(model, frame, Y, resolution=20)


def test_answers_that_no_case_has_still_get_a_colour():
    class Always:
        def predict(self, X):
            return np.full(len(X), "jogging")

    ax = plot_boundaries(Always(), X, Y, resolution=10)
    assert ax.get_title() == "0.0 % of these cases are right"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": np.zeros((4, 3)), "y": ["a"] * 4}, r"two features.*\(4, 3\)"),
        ({"X": X, "y": Y[:-1]}, "one class for each of the 80"),
        ({"X": np.full((2, 2), np.nan), "y": ["a", "b"]}, "missing"),
        ({"X": X, "y": Y, "feature_names": ["a"]}, "two names"),
    ],
)
def test_what_does_not_fit_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_boundaries(Diagonal(), **arguments)
