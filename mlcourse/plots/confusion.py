"""Confusion matrices: what was there, and what it was taken for."""

import numpy as np

_NORMS = (None, "true", "predicted", "all")


def plot_confusion(matrix, labels, ax=None, normalize=None, predicted_labels=None):
    """Plot a confusion matrix: a row for each true class, a column for each answer.

    The colour of a cell is its share of the row, so that a rare class is judged as strictly as a frequent one.

    Parameters
    ----------
    matrix : array of shape (classes, answers)
        Counts: entry ``[i, j]`` is how many cases of class ``i`` were taken for ``j``.
    labels : sequence of str
        Names of the rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure where left out.
    normalize : {None, "true", "predicted", "all"}
        What is written into the cells: counts, or percent of the true class (recall on the diagonal), of the answer
        (precision on the diagonal), or of all.
    predicted_labels : sequence of str, optional
        Names of the columns, where they are others than the rows.

    Returns
    -------
    matplotlib.axes.Axes
        The title gives the accuracy.

    Raises
    ------
    ValueError
        If the matrix does not fit the labels, or holds negative or missing counts.

    Examples
    --------
    >>> ax = plot_confusion([[8, 2], [1, 9]], ["sitting", "standing"])
    >>> ax.get_title()
    'accuracy 85.0 %'
    >>> import matplotlib.pyplot as plt
    >>> plt.close(ax.figure)
    """
    matrix, rows, columns = check_confusion(matrix, labels, predicted_labels)
    if normalize not in _NORMS:
        raise ValueError(f"normalize must be one of {', '.join(map(repr, _NORMS))}, not {normalize!r}.")
    if ax is None:
        import matplotlib.pyplot as plt

        size = 1.9 + 0.75 * np.array([len(columns), len(rows)])
        _, ax = plt.subplots(figsize=tuple(np.maximum(size, [3.6, 3.0])), layout="constrained")
    image, texts = draw_matrix(ax, rows, columns)
    fill_matrix(image, texts, matrix, normalize)
    ax.set_title(f"accuracy {100 * accuracy_of(matrix, rows, columns):.1f} %")
    return ax


def confusion_in_words(matrix, labels, predicted_labels=None):
    """Return what a confusion matrix shows in two sentences: the alternative text of its picture.

    Parameters
    ----------
    matrix, labels, predicted_labels
        As for :func:`plot_confusion`.

    Examples
    --------
    >>> confusion_in_words([[8, 2], [1, 9]], ["sitting", "standing"])
    'Confusion matrix of 20 cases, accuracy 85.0 %: sitting 80 % right, standing 90 % right. Most often, sitting is
    taken for standing (20 %).'
    """
    matrix, rows, columns = check_confusion(matrix, labels, predicted_labels)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    right = np.array([[row == column for column in columns] for row in rows])
    recalls = [
        f"{row} {100 * share[i, columns.index(row)]:.0f} % right" if row in columns else f"{row} never right"
        for i, row in enumerate(rows)
    ]
    text = (
        f"Confusion matrix of {matrix.sum():.0f} cases, accuracy {100 * accuracy_of(matrix, rows, columns):.1f} %: "
        + ", ".join(recalls)
        + "."
    )
    wrong = np.where(right, 0, share)
    if wrong.max() > 0:
        i, j = np.unravel_index(wrong.argmax(), wrong.shape)
        text += f" Most often, {rows[i]} is taken for {columns[j]} ({100 * wrong[i, j]:.0f} %)."
    return text


def accuracy_of(matrix, rows, columns):
    """Return the share of cases whose row and column have the same name; 0 where there are no cases."""
    right = sum(matrix[i, columns.index(row)] for i, row in enumerate(rows) if row in columns)
    return float(right / max(matrix.sum(), 1))


def check_confusion(matrix, labels, predicted_labels=None):
    """Return (matrix of floats, row names, column names), or say what does not fit."""
    rows = [str(label) for label in labels]
    columns = rows if predicted_labels is None else [str(label) for label in predicted_labels]
    matrix = np.asarray(matrix, dtype=float)
    if matrix.shape != (len(rows), len(columns)) or not rows or not columns:
        raise ValueError(
            f"matrix must have a row for each of the {len(rows)} labels and a column for each of the {len(columns)} "
            f"answers, but its shape is {matrix.shape}."
        )
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise ValueError("matrix must hold counts, 0 or more, but some entries are negative or missing.")
    return matrix, rows, columns


def draw_matrix(ax, rows, columns):
    """Draw an empty matrix into axes; return its image and its texts, for :func:`fill_matrix`."""
    image = ax.imshow(np.zeros((len(rows), len(columns))), cmap="cividis", vmin=0, vmax=1, aspect="auto")
    texts = [[ax.text(j, i, "", ha="center", va="center") for j in range(len(columns))] for i in range(len(rows))]
    ax.set_xticks(
        range(len(columns)), columns, rotation=30 if max(map(len, columns)) > 6 else 0, rotation_mode="anchor"
    )
    if max(map(len, columns)) > 6:
        for label in ax.get_xticklabels():
            label.set_horizontalalignment("right")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xlabel("taken for")
    ax.set_ylabel("is")
    ax.grid(False)
    ax.tick_params(length=0)
    return image, texts


def fill_matrix(image, texts, matrix, normalize=None):
    """Write a matrix into what :func:`draw_matrix` drew; colours are shares of the row, text is as asked."""
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image.set_data(share)
    total = {
        "true": matrix.sum(axis=1, keepdims=True),
        "predicted": matrix.sum(axis=0, keepdims=True),
        "all": matrix.sum(keepdims=True),
    }.get(normalize)
    for i, line in enumerate(texts):
        for j, text in enumerate(line):
            if total is None:
                text.set_text(f"{matrix[i, j]:.0f}")
            else:
                whole = np.broadcast_to(total, matrix.shape)[i, j]
                text.set_text(f"{100 * matrix[i, j] / whole:.0f} %" if whole else "-")
            # Cividis is dark below its middle: white text there, black above; empty cells step back.
            text.set_color("0.65" if matrix[i, j] == 0 else "white" if share[i, j] < 0.5 else "black")
