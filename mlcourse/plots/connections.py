"""A convolution as a layer of neurons: each looks at a few inputs only, and all share the same weights."""

import numpy as np

from mlcourse.plots.grids import Grid, grid_size, number_in_words, shade
from mlcourse.plots.style import PALETTE

# Nine looks for the weights of a 3x3 filter: the colour says the row, the line style the column.
_COLORS = (PALETTE[0], PALETTE[3], PALETTE[2], PALETTE[4], "#000000")
_LINES = ("-", (0, (5, 2)), (0, (1, 1.3)), (0, (6, 1.5, 1, 1.5)), (0, (2, 2)))
_FRAMES = ("#000000", PALETTE[3], PALETTE[0], PALETTE[2])
# More inputs than this, and only those that are connected are drawn.
_ALL_INPUTS = 40
_MOST_INPUTS = 120
# Width of the figure in inches, and left end and width of its three parts.
_WIDTH = 11
_COLUMNS = ((0.01, 0.25), (0.28, 0.31), (0.655, 0.335))


def plot_connections(image, matrix, output, chosen, taps, weights):
    """Draw how some outputs of a convolution hang on its inputs, and the whole weight matrix beside it.

    Equal lines (colour, style and letter) are one and the same weight.

    Parameters
    ----------
    image : array of shape (height, width) or (channels, height, width)
    matrix : array of shape (outputs, inputs)
        The weights as those of a fully connected layer.
    output : array
        As many numbers as `matrix` has rows.
    chosen : list of int
        Rows of the matrix, from 0.
    taps : list of arrays of shape (channels, kh, kw), int
        For each of them, the number of the input, from 1, that each weight of the filter belongs to; 0 for none.
    weights : list of arrays
        For each of them, the filter.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If more inputs are connected than can be drawn.
    """
    from matplotlib.figure import Figure

    connected = sorted({number for tap in taps for number in tap.ravel().tolist() if number})
    if len(connected) > _MOST_INPUTS:
        raise ValueError(
            f"{len(connected)} inputs are connected, of which at most {_MOST_INPUTS} can be drawn. Take a smaller "
            "filter or fewer outputs."
        )
    shown = list(range(1, image.size + 1)) if image.size <= _ALL_INPUTS else connected
    height = max(5.5, 0.19 * len(shown) + 1.2)
    figure = Figure(figsize=(_WIDTH, height), dpi=100)
    left, middle, right = (
        figure.add_axes((start, 0.75 / height, width, 1 - 1.5 / height)) for start, width in _COLUMNS
    )
    _draw_filters(left, image, output, chosen, taps, weights)
    _draw_neurons(middle, image, output, chosen, taps, weights, shown, connected)
    _draw_matrix(right, matrix, chosen)
    # Filters may repeat each other's numbers: what counts is how many weights can be learned.
    layers = {row * len(_layers(output)) // len(matrix) for row in range(len(matrix))}
    learned = weights[0].size * len(layers)
    outputs, inputs = matrix.shape
    doing = "weight does" if learned == 1 else "weights do"
    figure.suptitle(
        f"{learned} shared {doing} the work of {inputs} × {outputs} = {inputs * outputs:,}",
        fontweight="bold",
        y=1 - 0.15 / height,
        va="top",
    )
    return figure


def _layers(output):
    return output.reshape(-1, *output.shape[-2:])


def _look(index, columns):
    """Return colour and line style of a weight, from its place in the filter."""
    row, column = divmod(index, columns)
    return _COLORS[row % len(_COLORS)], _LINES[column % len(_LINES)]


def _letter(index):
    """Return a, b, ..., z, a1, b1, ..."""
    repeat, letter = divmod(index, 26)
    return chr(ord("a") + letter) + (str(repeat) if repeat else "")


def _draw_filters(ax, image, output, chosen, taps, weights):
    """Draw the image with numbered pixels and the windows in it, and below it the filters with their letters."""
    planes = image.reshape(-1, *image.shape[-2:])
    layers = {}
    for index, row in enumerate(chosen):
        kernel = weights[index].reshape(-1, *weights[index].shape[-2:])
        layers.setdefault(row * len(_layers(output)) // output.size, kernel)
    (channels, rows, columns), (depth, kh, kw) = planes.shape, kernel.shape
    rows, columns = grid_size(rows, columns)
    space = 1.4
    width = max(columns, depth * (kw + space) - space) + 0.4
    height = channels * (rows + space) + len(layers) * (kh + space)
    box = ax.get_position()
    cell = min(0.45, _WIDTH * box.width / width, ax.figure.get_figheight() * box.height / height)
    points = 72 * cell

    ax.set_axis_off()
    y, heading = space, {"fontweight": "bold", "va": "bottom", "fontsize": min(10, 0.5 * points)}
    for channel, plane in enumerate(planes):
        ax.text(0, y - 0.15, "image" if channels == 1 else f"image[{channel}]", **heading)
        _draw_plane(ax, y, plane, channel, taps, points, most=float(np.abs(image).max()) or 1)
        y += rows + space
    for layer, kernel in layers.items():
        for channel, plane in enumerate(kernel):
            x = channel * (kw + space)
            index = [str(layer)] * (len(_layers(output)) > 1) + [str(channel)] * (depth > 1)
            name = f"weights[{', '.join(index)}]" if index else "shared weights"
            ax.text(x, y - 0.15, name, **heading)
            grid = Grid(ax, x, y, kh, kw, points=points, most=float(np.abs(kernel).max()) or 1)
            grid.fill(plane)
            for r, c in np.ndindex(plane.shape):
                color, line = _look(r * kw + c, kw)
                look = {"fontsize": 0.3 * points, "va": "top", "fontweight": "bold", "color": color}
                ax.text(x + c + 0.07, y + r + 0.05, _letter(channel * kh * kw + r * kw + c), **look)
                ax.plot([x + c + 0.12, x + c + 0.88], [y + r + 0.88] * 2, color=color, linestyle=line, linewidth=1.6)
        y += kh + space
    # In units of a cell, with the corner at the upper left.
    ax.set(
        xlim=(-0.2, _WIDTH * box.width / cell - 0.2), ylim=(ax.figure.get_figheight() * box.height / cell, 0),
        aspect="auto",
    )  # fmt: skip


def _draw_plane(ax, y, plane, channel, taps, points, most):
    """Draw one channel of the image, its pixels numbered, and the windows in it."""
    from matplotlib.patches import Rectangle

    grid = Grid(ax, 0, y, *plane.shape, points=points, most=most)
    grid.fill(plane)
    numbers = np.arange(plane.size).reshape(plane.shape) + channel * plane.size + 1
    if grid.written:
        for (r, c), number in np.ndenumerate(numbers):
            look = {"fontsize": 0.23 * points, "va": "top", "color": "#404040"}
            ax.text(c + 0.15, y + r + 0.1, str(number), **look)
    for n, tap in enumerate(taps):
        inside = np.argwhere(np.isin(numbers, tap))
        if len(inside):
            (top, start), (bottom, end) = inside.min(axis=0), inside.max(axis=0)
            x, up, wide, high = grid.place(top, start, bottom - top + 1, end - start + 1)
            inset = 0.07 * n * grid.scale
            look = {"edgecolor": _FRAMES[n], "linewidth": 2.4, "linestyle": "-" if n % 2 == 0 else "--"}
            ax.add_patch(Rectangle((x + inset, up + inset), wide, high, fill=False, zorder=4, **look))


def _draw_neurons(ax, image, output, chosen, taps, weights, shown, connected):
    """Inputs on the left, the chosen outputs on the right, and a line for every weight between them."""
    ax.set_axis_off()
    values = image.ravel()
    most = float(np.abs(values).max()) or 1
    at, y, before = {}, 0.0, shown[0] - 1
    for number in shown:
        if number != before + 1:
            ax.text(0, y, "⋮", ha="center", va="center")
            y += 1
        at[number], y, before = y, y + 1, number
    if before != image.size:
        ax.text(0, y, "⋮", ha="center", va="center")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
    middle, spread = (y - 1) / 2, y / (len(chosen) + 1)
    for n, row in enumerate(chosen):
        target = middle + (n - (len(chosen) - 1) / 2) * spread
        columns = taps[n].shape[-1]
        for index, (number, _) in enumerate(zip(taps[n].ravel().tolist(), weights[n].ravel().tolist(), strict=True)):
            if not number:
                continue
            color, line = _look(index % (taps[n].shape[-2] * columns), columns)
            start, end = np.array([0.0, at[number]]), np.array([10.0, target])
            ax.plot(*zip(start, end, strict=True), color=color, linestyle=line, linewidth=1.4, zorder=1)
            x, height = start + (0.13 + 0.09 * n) * (end - start)
            look = {"fontsize": 7.5, "ha": "center", "va": "center", "zorder": 2, "bbox": box}
            ax.text(x, height, _letter(index), color=color, fontweight="bold", **look)
        value = output.ravel()[row].item()
        ax.plot(10, target, "o", markersize=24, color="white", markeredgecolor=_FRAMES[n], markeredgewidth=2.2)
        ax.text(10, target, number_in_words(value), ha="center", va="center_baseline", fontsize=11)
        look = {"ha": "center", "va": "top", "fontsize": 9, "bbox": box | {"alpha": 0.8}}
        ax.text(10, target + 0.9 + 0.02 * y, f"output {row + 1}", **look)
    for number, height in at.items():
        used = number in connected
        color = shade(np.array([[values[number - 1]]]), most)[0, 0]
        edge = "black" if used else "#B0B0B0"
        ax.plot(0, height, "o", markersize=10, color=color, markeredgecolor=edge, zorder=3)
        look = {"va": "center_baseline", "color": "black" if used else "#707070", "zorder": 4}
        ax.text(0, height, number_in_words(values[number - 1].item()), ha="center", fontsize=6.5, **look)
        ax.text(-0.7, height, f"{number}:", ha="right", fontsize=7.5, **look)
    names = " and ".join(filter(None, [", ".join(str(row + 1) for row in chosen[:-1]), str(chosen[-1] + 1)]))
    ax.set_title(f"output{'s' * (len(chosen) > 1)} {names} of {output.size}, as neurons", fontsize=10)
    ax.set(xlim=(-2, 11.6), ylim=(y + 0.5, -1))


def _draw_matrix(ax, matrix, chosen):
    """The weights of the fully connected layer that does the same."""
    outputs, inputs = matrix.shape
    ax.imshow(
        shade(matrix, float(np.abs(matrix).max())), extent=(0.5, inputs + 0.5, outputs + 0.5, 0.5), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    if outputs <= 50 and inputs <= 80:
        ax.set_xticks(np.arange(inputs + 1) + 0.5, minor=True)
        ax.set_yticks(np.arange(outputs + 1) + 0.5, minor=True)
        ax.grid(which="minor", color="#C8C8C8", linewidth=0.4)
        ax.tick_params(which="minor", length=0)
    ax.grid(False, which="major")
    for n, row in enumerate(chosen):
        look = {"edgecolor": _FRAMES[n], "linewidth": 1.8, "linestyle": "-" if n % 2 == 0 else "--", "zorder": 3}
        ax.axhspan(row + 0.5, row + 1.5, fill=False, clip_on=False, **look)
    steps = max(1, -(-inputs // 12))
    ax.set_xticks(range(1, inputs + 1, max(steps, 6 if inputs == 36 else steps)))
    ax.set_yticks(range(1, outputs + 1, max(1, -(-outputs // 20))))
    ax.set(xlabel="input (number)", ylabel="output (number)")
    ax.set_title(f"fully connected: {np.count_nonzero(matrix):,} of {matrix.size:,} weights are not 0", fontsize=10)
