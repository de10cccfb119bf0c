"""Boxes around objects, drawn on the image that they are in, and told in words."""

from collections import Counter

import numpy as np

from mlcourse.plots.style import LINES, PALETTE


def plot_boxes(image, boxes, labels, scores=None, *, truth=None, title="", ax=None):
    """Draw boxes on an image: a colour and a line style for each class.

    Parameters
    ----------
    image : array of shape (height, width, 3), (3, height, width) or (height, width)
        Colours from 0 to 1, or uint8.
    boxes : array of shape (n, 4)
        x1, y1, x2, y2 in pixels.
    labels : sequence of str
        What each box is around.
    scores : array of shape (n,), optional
        How sure the detector is, from 0 to 1: written beside each box.
    truth : array of shape (m, 4), optional
        Boxes that people drew, as thin white lines behind.
    title : str
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the image is none, or there is not one label and score a box.

    Examples
    --------
    >>> figure = plot_boxes(np.zeros((48, 64)), [[10, 10, 30, 30]], ["cell"], [0.93])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['0.93']
    """
    image, boxes, labels, scores = _checked(image, boxes, labels, scores)
    truth = None if truth is None else _boxes(truth, "truth")

    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    height, width = image.shape[:2]
    if ax is None:
        figure, ax = plt.subplots(figsize=(8, 8 * height / width + 0.5), layout="constrained")
        plt.close(figure)  # a notebook would show it twice
    ax.imshow(image, cmap="gray", vmin=0, vmax=255 if image.dtype == np.uint8 else 1)
    ax.grid(False)
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)", xlim=(0, width), ylim=(height, 0), title=title)

    def frame(box, **style):
        ax.add_patch(Rectangle(box[:2], box[2] - box[0], box[3] - box[1], fill=False, **style))

    handles = []
    if truth is not None:
        for box in truth:
            frame(box, edgecolor="white", linewidth=3.0, gid="truth")
        handles.append(Line2D([], [], color="lightgray", linewidth=3.0, label=f"drawn by people ({len(truth)})"))
    # The palette's yellow, blue sky and black are hard to see on a photograph; its first five are not.
    counts = Counter(labels)
    style = {
        name: {"edgecolor": PALETTE[i % 5], "linestyle": LINES[i % len(LINES)]} for i, name in enumerate(sorted(counts))
    }
    for i, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        frame(box, linewidth=1.8, gid=label, **style[label])
        if scores is not None:
            ax.text(
                *np.clip(box[:2], 0, (width, height)),
                f"{scores[i]:.2f}",
                fontsize=7,
                color="white",
                va="top",
                clip_on=True,
                bbox={"facecolor": style[label]["edgecolor"], "edgecolor": "none", "pad": 1},
            )
    for name, count in sorted(counts.items()):
        look = {"color": style[name]["edgecolor"], "linestyle": style[name]["linestyle"]}
        handles.append(Line2D([], [], linewidth=1.8, label=f"{name} ({count})", **look))
    if handles:
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)
    return ax.figure


def boxes_in_words(boxes, labels, scores=None, *, height: int, width: int) -> str:
    """Tell what `plot_boxes` draws, for people who do not see it.

    Parameters
    ----------
    boxes : array of shape (n, 4)
    labels : sequence of str
    scores : array of shape (n,), optional
    height, width : int
        Of the image.

    Returns
    -------
    str
        How many boxes of each class there are, how sure the detector is, and where the largest of each lies.

    Examples
    --------
    >>> boxes_in_words([[0, 0, 20, 20], [40, 30, 60, 46]], ["cell", "cell"], [0.9, 0.7], height=48, width=64)
    '2 boxes: 2 cell (scores 0.70 to 0.90; the largest at the upper left, 20x20 pixels).'
    """
    _, boxes, labels, scores = _checked(np.zeros((height, width)), boxes, labels, scores)
    if not len(boxes):
        return "No box."
    parts = []
    for name, count in sorted(Counter(labels).items()):
        own = [i for i, label in enumerate(labels) if label == name]
        sizes = boxes[own, 2:] - boxes[own, :2]
        largest = int(np.argmax(sizes.prod(axis=1)))
        x, y = (boxes[own][largest, :2] + boxes[own][largest, 2:]) / 2
        row, column = min(2, max(0, int(3 * y / height))), min(2, max(0, int(3 * x / width)))
        place = f"{('upper', 'middle', 'lower')[row]} {('left', 'middle', 'right')[column]}"
        place = "in the middle" if place == "middle middle" else f"at the {place}"
        told = f"the largest {place}, {sizes[largest, 0]:.0f}x{sizes[largest, 1]:.0f} pixels"
        if scores is not None:
            low, high = scores[own].min(), scores[own].max()
            told = f"score{f's {low:.2f} to' if count > 1 else ''} {high:.2f}; {told}"
        parts.append(f"{count} {name} ({told})")
    return f"{len(boxes)} box{'es' * (len(boxes) > 1)}: {', '.join(parts)}."


def _checked(image, boxes, labels, scores):
    image, boxes, labels = np.asarray(image), _boxes(boxes, "boxes"), [str(label) for label in labels]
    if image.ndim == 3 and image.shape[0] == 3 and image.shape[2] != 3:
        image = image.transpose(1, 2, 0)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or 0 in image.shape:
        raise ValueError(f"image must have shape (height, width, 3) or (height, width), not {image.shape}.")
    scores = None if scores is None else np.asarray(scores, dtype=float)
    for name, values in (("labels", labels), ("scores", scores)):
        if values is not None and np.shape(values) != (len(boxes),):
            raise ValueError(f"{name} must hold one entry for each of the {len(boxes)} boxes, not {np.shape(values)}.")
    return image, boxes, labels, scores


def _boxes(boxes, name):
    boxes = np.asarray(boxes, dtype=float)
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (n, 4): x1, y1, x2, y2 of each box, not {boxes.shape}.")
    return boxes
