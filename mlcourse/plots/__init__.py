"""Figures and explorers that any layer's results can be shown with."""

from mlcourse.plots.signals import plot_signals, plot_windows
from mlcourse.plots.style import colors, show, use_style

__all__ = ["colors", "plot_signals", "plot_windows", "show", "use_style"]
