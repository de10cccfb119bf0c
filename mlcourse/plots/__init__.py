"""Figures and explorers that any layer's results can be shown with."""

from mlcourse.plots.boundaries import plot_boundaries
from mlcourse.plots.boxes import boxes_in_words, plot_boxes
from mlcourse.plots.confusion import confusion_in_words, plot_confusion
from mlcourse.plots.float_bits import float_explorer
from mlcourse.plots.go import board_in_words, plot_board
from mlcourse.plots.images import plot_images
from mlcourse.plots.learning import plot_data_size, plot_learning_curves
from mlcourse.plots.profile import plot_profile
from mlcourse.plots.roofline import plot_roofline
from mlcourse.plots.signals import plot_signals, plot_windows
from mlcourse.plots.sound import plot_sound
from mlcourse.plots.style import colors, show, use_style
from mlcourse.plots.thresholds import threshold_tuner
from mlcourse.plots.tree import plot_tree, tree_in_words

__all__ = [
    "board_in_words",
    "boxes_in_words",
    "colors",
    "confusion_in_words",
    "float_explorer",
    "plot_board",
    "plot_boundaries",
    "plot_boxes",
    "plot_confusion",
    "plot_data_size",
    "plot_images",
    "plot_learning_curves",
    "plot_profile",
    "plot_roofline",
    "plot_signals",
    "plot_sound",
    "plot_tree",
    "plot_windows",
    "show",
    "threshold_tuner",
    "tree_in_words",
    "use_style",
]
