"""Plots of signals: gaps stay gaps, peaks stay visible, and no two activities look the same."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mlcourse.plots.signals import plot_signals, plot_windows

XYZ = ["acc_x", "acc_y", "acc_z"]


@pytest.fixture(autouse=True)
def closed():
    """Figures come back closed: a notebook would show an open one twice."""
    yield
    assert plt.get_fignums() == []


def shades(figure):
    return [patch for patch in figure.axes[0].patches if patch.get_zorder() == 0]


def look(patch):
    return patch.get_facecolor(), patch.get_hatch()


class TestSignals:
    def test_a_panel_for_each_sensor_with_its_unit(self):
        channels = ["acc_x", "acc_y", "gyro_x", "body_acc_z"]
        figure = plot_signals(np.arange(5), np.zeros((5, 4)), channels, title="anna")
        labels = [ax.get_ylabel() for ax in figure.axes]
        assert labels == ["acceleration (m/s$^2$)", "rotation (rad/s)", "body acceleration (m/s$^2$)"]
        assert [len(ax.get_lines()) for ax in figure.axes] == [2, 1, 1]
        assert figure.axes[-1].get_xlabel() == "time (s)"
        assert figure.axes[0].get_title("left") == "anna"

    def test_lines_differ_without_colour(self):
        lines = plot_signals(np.arange(5), np.zeros((5, 3)), XYZ).axes[0].get_lines()
        assert len({line.get_linestyle() for line in lines}) == 3

    @pytest.mark.parametrize("n", [100, 50_000])
    def test_a_gap_is_not_bridged(self, n):
        seconds = np.arange(n) / 50
        seconds[n // 2 :] += 60
        line = plot_signals(seconds, np.ones((n, 1)), ["acc_x"], breaks=[n // 2]).axes[0].get_lines()[0]
        x, y = line.get_data()
        hole = np.flatnonzero(np.isnan(y[:-1]))
        assert len(hole) == 1
        assert x[hole[0] - 1] == seconds[n // 2 - 1]
        assert x[hole[0] + 1] == seconds[n // 2]

    def test_a_long_signal_is_drawn_with_few_points_and_all_its_peaks(self):
        rng = np.random.default_rng(0)
        signal = rng.normal(size=(200_000, 1))
        signal[123_456], signal[70_000] = 50, -50
        line = plot_signals(np.arange(200_000) / 50, signal, ["acc_x"]).axes[0].get_lines()[0]
        assert len(line.get_xdata()) < 10_000
        assert np.nanmax(line.get_ydata()) == 50
        assert np.nanmin(line.get_ydata()) == -50
        assert np.nanmax(line.get_xdata()) == 199_999 / 50

    def test_activities_are_shaded_and_what_is_unlabelled_is_not(self):
        labels = np.array(["walking"] * 10 + [""] * 5 + ["sitting"] * 10 + ["walking"] * 5)
        figure = plot_signals(np.arange(30.0), np.zeros((30, 3)), XYZ, labels=labels)
        spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in shades(figure)]
        assert spans == [(0, 9), (15, 24), (25, 29)]
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["sitting", "walking"]

    def test_no_two_activities_look_the_same(self):
        names = np.array([f"activity {i:02d}" for i in range(18)])
        figure = plot_signals(np.arange(36.0), np.zeros((36, 1)), ["acc_x"], labels=names.repeat(2))
        assert len({look(patch) for patch in shades(figure)}) == 18
        assert [look(patch) for patch in figure.legends[0].get_patches()] == [look(patch) for patch in shades(figure)]

    def test_shape_that_does_not_fit(self):
        with pytest.raises(ValueError, match=r"signals must have shape \(time, channels\) = \(5, 3\), got \(3, 5\)"):
            plot_signals(np.arange(5), np.zeros((3, 5)), XYZ)


class TestWindows:
    def test_a_column_a_window_and_a_row_a_sensor(self):
        X = np.random.default_rng(0).normal(size=(2, 20, 4))
        figure = plot_windows(X, ["walking", "sitting"], 10, [*XYZ, "gyro_x"])
        top, bottom = figure.axes[:2], figure.axes[2:]
        assert [ax.get_title() for ax in top] == ["walking", "sitting"]
        assert [len(ax.get_lines()) for ax in top + bottom] == [3, 3, 1, 1]
        assert top[0].get_ylabel() == "acceleration (m/s$^2$)"
        assert bottom[0].get_ylabel() == "rotation (rad/s)"
        assert top[0].get_ylim() == top[1].get_ylim() != bottom[0].get_ylim()
        assert top[0].get_lines()[0].get_xdata()[-1] == pytest.approx(1.9)

    def test_many_windows_take_further_rows(self):
        figure = plot_windows(np.zeros((8, 20, 3)), ["a"] * 8, 10, XYZ)
        assert sum(ax.get_visible() for ax in figure.axes) == 8
        assert len({ax.get_ylim() for ax in figure.axes if ax.get_visible()}) == 1
