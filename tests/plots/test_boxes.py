"""Boxes on images: each is drawn where it is, in its class's colour and line, and told in words."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mlcourse.plots import boxes_in_words, plot_boxes

IMAGE = np.full((48, 64, 3), 0.5)
BOXES, LABELS, SCORES = [[0, 0, 20, 20], [40, 30, 60, 46], [10, 5, 12, 9]], ["WBC", "RBC", "RBC"], [0.9, 0.71, 0.5]


def test_what_is_drawn():
    figure = plot_boxes(IMAGE, BOXES, LABELS, SCORES, truth=[[1, 1, 19, 19]], title="blood")
    (ax,) = figure.axes
    drawn = [patch for patch in ax.patches if patch.get_gid() != "truth"]
    assert [patch.get_gid() for patch in drawn] == LABELS
    for patch, (x1, y1, x2, y2) in zip(drawn, BOXES, strict=True):
        assert (patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) == (x1, y1, x2 - x1, y2 - y1)
    assert [text.get_text() for text in ax.texts] == ["0.90", "0.71", "0.50"]
    looks = {(to_hex(patch.get_edgecolor()), patch.get_linestyle()) for patch in drawn}
    assert len({color for color, _ in looks}) == len({line for _, line in looks}) == 2
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["drawn by people (1)", "RBC (2)", "WBC (1)"]
    assert ax.get_xlabel() == "x (pixels)"
    assert ax.get_ylim() == (48, 0)
    assert ax.get_title() == "blood"


@pytest.mark.parametrize(
    "image",
    [IMAGE, IMAGE.transpose(2, 0, 1), np.zeros((48, 64)), np.zeros((48, 64, 3), dtype=np.uint8)],
)
def test_images_of_every_form(image):
    assert plot_boxes(image, BOXES, LABELS).axes[0].images[0].get_array().shape[:2] == (48, 64)


def test_no_box():
    figure = plot_boxes(IMAGE, np.zeros((0, 4)), [], [])
    assert not figure.axes[0].patches
    assert boxes_in_words([], [], height=48, width=64) == "No box."


def test_into_given_axes():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    assert plot_boxes(IMAGE, BOXES, LABELS, ax=axes[1]) is figure
    assert len(axes[1].patches) == 3
    plt.close(figure)


def test_in_words():
    told = boxes_in_words(BOXES, LABELS, SCORES, height=48, width=64)
    assert told == (
        "3 boxes: 2 RBC (scores 0.50 to 0.71; the largest at the lower right, 20x16 pixels), "
        "1 WBC (score 0.90; the largest at the upper left, 20x20 pixels)."
    )
    assert boxes_in_words([[24, 16, 40, 32]], ["RBC"], height=48, width=64) == (
        "1 box: 1 RBC (the largest in the middle, 16x16 pixels)."
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((np.zeros(4), BOXES, LABELS), "image must have shape"),
        ((np.zeros((4, 4, 2)), BOXES, LABELS), "image must have shape"),
        ((IMAGE, [[1, 2, 3]], ["RBC"]), "boxes must have shape"),
        ((IMAGE, BOXES, ["RBC"]), "labels must hold one entry for each of the 3 boxes"),
        ((IMAGE, BOXES, LABELS, [0.5]), "scores must hold one entry for each of the 3 boxes"),
    ],
)
def test_wrong_input(arguments, says):
    with pytest.raises(ValueError, match=says):
        plot_boxes(*arguments)
