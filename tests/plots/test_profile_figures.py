"""Figures of a profile and of a roofline, from plain values."""

import numpy as np
import pytest

from mlcourse.plots.profile import plot_profile
from mlcourse.plots.roofline import plot_roofline


def test_each_bar_is_the_whole_and_each_part_its_share():
    figure = plot_profile(["a", "b", "c"], ["X", "Y", "X"], {"size": [1, 3, 0], "time": [2, 2, 4]}, {"time": "8 ms"})
    ax = figure.axes[0]
    bars = {round(bar.get_y() + bar.get_height() / 2): [] for bar in ax.patches}
    for bar in ax.patches:
        bars[round(bar.get_y() + bar.get_height() / 2)].append(bar.get_width())
    assert bars == {0: [25, 75], 1: [25, 25, 50]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["size", "time\n(8 ms)"]
    same = [bar.get_facecolor() for bar in ax.patches if bar.get_x() == 0]
    assert same[0] == same[1]  # one kind, one colour


def test_many_kinds_differ_in_colour_or_hatching():
    kinds = [f"kind {i}" for i in range(20)]
    figure = plot_profile(kinds, kinds, {"time": np.arange(1, 21)})
    assert len({(bar.get_facecolor(), bar.get_hatch()) for bar in figure.axes[0].patches}) == 20


@pytest.mark.parametrize("values", [[1, -1], [1, np.nan], [1]])
def test_amounts_that_are_none_are_refused(values):
    with pytest.raises(ValueError, match="'time'"):
        plot_profile(["a", "b"], ["X", "X"], {"time": values})


def test_the_roof_bends_at_the_ridge():
    figure = plot_roofline(["a", "b"], ["X", "Y"], [0.5, 50], [2e9, 60e9], peak_flops=100e9, bandwidth=10e9)
    ax = figure.axes[0]
    x, y = ax.lines[0].get_data()
    assert x[1] == 10
    assert y[1] == y[2] == 100
    assert y[0] == pytest.approx(10 * x[0])
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert {text.get_text() for text in ax.texts} >= {"a", "b"}


@pytest.mark.parametrize("change", [{"bandwidth": 0}, {"intensities": [0.0]}, {"flops": [1.0, 2.0]}, {"names": []}])
def test_impossible_rooflines_are_refused(change):
    given = {"names": ["a"], "kinds": ["X"], "intensities": [1.0], "flops": [1.0], "peak_flops": 2.0, "bandwidth": 1.0}
    with pytest.raises(ValueError, match=r"one layer|above 0"):
        plot_roofline(**{**given, **change})
