"""Trees: every test, branch and answer can be read, and none covers another."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mlcourse.plots import plot_tree, tree_in_words
from mlcourse.sensing.c45 import C45Classifier
from mlcourse.sensing.c45_export import to_dict


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def leaf(label, samples=5.0, errors=0.0):
    return {"label": label, "samples": samples, "errors": errors}


def asks(feature, *branches):
    return {
        "label": "sitting", "samples": 10.0, "errors": 4.0, "feature": feature,
        "branches": [text for text, _ in branches], "children": [child for _, child in branches],
    }  # fmt: skip


LECTURE = asks(
    "std_y (m/s^2)",
    ("<= 1.2", asks("mean_y (m/s^2)", ("<= 5", leaf("sitting")), ("> 5", leaf("standing")))),
    ("> 1.2", asks("frequency_y (Hz)", ("<= 2.3", leaf("walking", 30, 2)), ("> 2.3", leaf("jogging")))),
)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def fitted(depth_seed=0):
    rng = np.random.default_rng(depth_seed)
    X = rng.normal(size=(400, 3))
    y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0.3, "walking", np.where(X[:, 1] > 0, "sitting", "standing"))
    return to_dict(
        C45Classifier().fit(X, y), ["acc_x_standard_deviation (m/s^2)", "b", "acc_y_dominant_frequency (Hz)"]
    )


def test_all_tests_branches_and_answers_are_written():
    seen = texts(plot_tree(LECTURE))
    for text in ("std_y (m/s^2)", "mean_y (m/s^2)", "frequency_y (Hz)", "<= 1.2", "> 2.3", "standing  5"):
        assert text in seen
    assert "walking  30 (2 wrong)" in seen
    assert len(seen) == 7 + 6  # nodes and branches


@pytest.mark.parametrize("tree", [LECTURE, fitted()])
def test_no_text_covers_another(tree):
    ax = plot_tree(tree, max_depth=None)
    ax.figure.canvas.draw()
    boxes = [(text.get_bbox_patch() or text).get_window_extent() for text in ax.texts]
    frame = ax.figure.bbox
    for box in boxes:
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1
    for one, other in itertools.combinations(boxes, 2):
        width = min(one.x1, other.x1) - max(one.x0, other.x0)
        height = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert width < 2 or height < 2


def test_deep_trees_are_folded_and_say_so():
    tree = fitted()
    shallow, whole = plot_tree(tree, max_depth=2), plot_tree(tree, max_depth=None)
    assert len(texts(shallow)) < len(texts(whole))
    assert any("more test" in text for text in texts(shallow))
    assert not any("more test" in text for text in texts(whole))


def test_answers_have_the_colour_of_their_class_and_tests_have_none():
    ax = plot_tree(LECTURE)
    edges = {text.get_text().split()[0]: text.get_bbox_patch() for text in ax.texts if text.get_bbox_patch()}
    from mlcourse.plots import colors

    palette = colors(["sitting", "standing", "walking", "jogging"])
    for name, color in palette.items():
        assert edges[name].get_edgecolor() == pytest.approx(plt.matplotlib.colors.to_rgba(color))
    assert edges["std_y"].get_facecolor() == (1, 1, 1, 1)


def test_a_tree_of_one_leaf_and_a_test_with_many_branches():
    assert texts(plot_tree(leaf("walking"))) == ["walking  5"]
    weekdays = asks("day", *((f"= {i}", leaf("sitting")) for i in range(7)))
    assert len(texts(plot_tree(weekdays))) == 8 + 7


def test_in_words():
    text = tree_in_words(LECTURE)
    assert "4 leaves" in text
    assert "up to 2 tests in a row" in text
    assert "first for std_y (m/s^2): if <= 1.2, ask mean_y" in text


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ("a tree", "must be a dict"),
        ({"label": "a"}, "lacks samples, errors"),
        (asks("x", ("<= 1", {"samples": 1, "errors": 0}), ("> 1", leaf("b"))), r"tree.children\[0\] lacks label"),
        ({**leaf("a"), "feature": "x", "branches": ["<= 1"], "children": [leaf("a"), leaf("b")]}, "2 children but 1"),
    ],
)
def test_what_does_not_fit_is_said(tree, message):
    with pytest.raises(ValueError, match=message):
        plot_tree(tree)
