"""Small images side by side, each with a word on what it is."""

import numpy as np


def plot_images(images, titles=None, columns=10, marked=None):
    """Plot images in a grid.

    Parameters
    ----------
    images : array of shape (n, height, width), (n, height, width, 3) or a list of such images
        Grey images are drawn black on white, the ink being what is bright; colours from 0 to 1, or uint8.
    titles : sequence of str, optional
        What is written above each.
    columns : int
        Images in a row.
    marked : sequence of bool, optional
        Whose title is set in bold red, such as wrong answers.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no image, or not one title an image.

    Examples
    --------
    >>> figure = plot_images(np.eye(4)[None].repeat(3, axis=0), ["a", "b", "c"], columns=2)
    >>> len(figure.axes), figure.axes[2].get_title()
    (3, 'c')
    """
    images = [np.asarray(image) for image in images]
    if not images or any(image.ndim not in (2, 3) for image in images):
        raise ValueError("images must be at least one image of shape (height, width) or (height, width, 3).")
    for name, values in (("titles", titles), ("marked", marked)):
        if values is not None and len(values) != len(images):
            raise ValueError(f"{name} must hold one entry for each of the {len(images)} images, not {len(values)}.")

    import matplotlib.pyplot as plt

    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    size = 1.0 if max(images[0].shape[:2]) <= 64 else 4.0
    figure = plt.figure(figsize=(max(3.0, size * columns), (size + 0.3 * (titles is not None)) * rows), layout="tight")
    for i, image in enumerate(images):
        panel = figure.add_subplot(rows, columns, i + 1)
        grey = {"cmap": "gray_r", "vmin": 0, "vmax": max(float(image.max()), 1e-9)} if image.ndim == 2 else {}
        panel.imshow(image, interpolation="nearest", **grey)
        panel.set_axis_off()
        if titles is not None:
            wrong = marked is not None and bool(marked[i])
            panel.set_title(
                titles[i], fontsize=9, color="#D55E00" if wrong else "black", fontweight="bold" if wrong else "normal"
            )
    plt.close(figure)  # a notebook would show it twice
    return figure
