"""Confusion matrices: the right numbers in the right cells, readable by everybody."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mlcourse.plots import confusion_in_words, plot_confusion

MATRIX = [[80, 20, 0], [5, 45, 0], [0, 0, 10]]
NAMES = ["walking", "upstairs", "sitting"]


@pytest.fixture(autouse=True)
def _close():
    before = plt.get_fignums()
    yield
    plt.close("all")
    assert before == []


def cells(ax, rows, columns):
    texts = [text.get_text() for text in ax.texts]
    return np.array(texts).reshape(rows, columns).tolist()


def test_counts_stand_in_their_cells():
    ax = plot_confusion(MATRIX, NAMES)
    assert cells(ax, 3, 3) == [["80", "20", "0"], ["5", "45", "0"], ["0", "0", "10"]]
    assert [t.get_text() for t in ax.get_yticklabels()] == NAMES
    assert [t.get_text() for t in ax.get_xticklabels()] == NAMES
    assert ax.get_title() == "accuracy 84.4 %"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("taken for", "is")


@pytest.mark.parametrize(
    ("normalize", "corner", "row_0"), [("true", "90 %", "80 %"), ("predicted", "69 %", "94 %"), ("all", "28 %", "50 %")]
)
def test_percent_of_the_class_of_the_answer_or_of_all(normalize, corner, row_0):
    ax = plot_confusion(MATRIX, NAMES, normalize=normalize)
    assert cells(ax, 3, 3)[0][0] == row_0
    assert cells(ax, 3, 3)[1][1] == corner


def test_colour_is_the_share_of_the_true_class_whatever_is_written():
    for normalize in (None, "all"):
        image = plot_confusion(MATRIX, NAMES, normalize=normalize).images[0]
        assert np.allclose(image.get_array(), [[0.8, 0.2, 0], [0.1, 0.9, 0], [0, 0, 1]])


def test_text_stands_out_from_its_cell():
    def luminance(color):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    matrix = [[100 - i, i] for i in range(0, 101, 5)]
    ax = plot_confusion(matrix, [str(i) for i in range(21)], predicted_labels=["a", "b"])
    image = ax.images[0]
    for text, share in zip(ax.texts, np.ravel(image.get_array()), strict=True):
        light, dark = sorted([luminance(text.get_color()), luminance(image.cmap(image.norm(share))[:3])], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2, AA


def test_answers_may_be_others_than_the_classes():
    matrix, rows = [[3, 1], [0, 4], [2, 2]], ["sitting", "walking", "upstairs"]
    ax = plot_confusion(matrix, rows, predicted_labels=["sitting", "walking"])
    assert ax.get_title() == "accuracy 58.3 %"


def test_it_draws_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert plot_confusion(MATRIX, NAMES, ax=axes[1]) is axes[1]
    assert not axes[0].images
    assert plt.get_fignums() == [fig.number]


def test_a_class_without_cases_is_drawn_as_empty():
    ax = plot_confusion([[5, 0], [0, 0]], ["sitting", "standing"], normalize="true")
    assert cells(ax, 2, 2)[1] == ["-", "-"]


def test_in_words():
    text = confusion_in_words(MATRIX, NAMES)
    assert "accuracy 84.4 %" in text
    assert "walking 80 % right" in text
    assert "walking is taken for upstairs (20 %)" in text
    assert "Most often" not in confusion_in_words([[3, 0], [0, 4]], ["a", "b"])


@pytest.mark.parametrize(
    ("matrix", "names", "options", "message"),
    [
        ([[1, 2]], ["a", "b"], {}, r"shape is \(1, 2\)"),
        ([[1, -1], [0, 2]], ["a", "b"], {}, "0 or more"),
        ([[1, np.nan], [0, 2]], ["a", "b"], {}, "missing"),
        ([], [], {}, "a row for each"),
        ([[1, 0], [0, 1]], ["a", "b"], {"normalize": "rows"}, "normalize must be one of None, 'true'"),
    ],
)
def test_what_does_not_fit_is_said(matrix, names, options, message):
    with pytest.raises(ValueError, match=message):
        plot_confusion(matrix, names, **options)
