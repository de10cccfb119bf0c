"""Grids of numbers, as on squared paper; several share one pair of axes whose unit is a cell."""

import numpy as np

# Sky blue and orange of the palette, thin enough to read black numbers on: white is zero, whatever the sign is of.
_POSITIVE, _NEGATIVE = np.array([0.34, 0.71, 0.91]), np.array([0.90, 0.62, 0.0])
_STRENGTH = 0.75
#: Beyond this many rows or columns a grid is a picture without numbers: they could not be read, and draw slowly.
MOST_CELLS = 12
# Height or width of such a picture, whichever is larger, in cells.
_PICTURE = 10


def number_in_words(value) -> str:
    """Write a number briefly, with a proper minus sign.

    Examples
    --------
    >>> number_in_words(-3), number_in_words(0.123456), number_in_words(-np.inf)
    ('−3', '0.123', '−∞')
    """
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:d}" if isinstance(value, int | np.integer) else f"{value:.3g}"
    return text.replace("-", "−").replace("e−0", "e−").replace("e+0", "e")


def shade(values, most, gray=False) -> np.ndarray:
    """Colour numbers: blue where positive, orange where negative, the stronger the larger; white is zero.

    Parameters
    ----------
    values : array of shape (rows, columns)
    most : float
        The number that gets the full colour.
    gray : bool
        Shades of grey instead, from black at 0 to white at `most`: for photographs.

    Returns
    -------
    ndarray of shape (rows, columns, 3), 0 to 1
    """
    part = np.clip(np.nan_to_num(np.asarray(values, dtype=float), neginf=0.0) / (most or 1), -1, 1)[..., None]
    if gray:
        return np.repeat(np.clip(part, 0, 1), 3, axis=-1)
    return 1 - _STRENGTH * np.where(part > 0, part * (1 - _POSITIVE), -part * (1 - _NEGATIVE))


def grid_size(rows, columns) -> tuple[float, float]:
    """Return the height and width that a grid takes, in cells: a large one is a picture, and shrinks.

    Examples
    --------
    >>> grid_size(6, 4), grid_size(40, 20)
    ((6.0, 4.0), (10.0, 5.0))
    """
    scale = 1.0 if max(rows, columns) <= MOST_CELLS else _PICTURE / max(rows, columns)
    return rows * scale, columns * scale


class Grid:
    """A grid of numbers with its corner at (`x`, `y`) of axes whose y axis points down.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : float
        Upper left corner, in cells of the axes.
    rows, columns : int
    points : float
        Side of a cell, in points, from which the size of the numbers follows.
    most : float
        See `shade`.
    moves : callable, optional
        What every artist is passed through if the numbers change (see `LayeredPicture.moves`).
    indices : (int, int), optional
        Numbers of the first row and column, to be written along the edges. Default: nothing is written there.
    gray : bool
        See `shade`; for grids without numbers only.
    """

    def __init__(self, ax, x, y, rows, columns, *, points, most, moves=None, indices=None, gray=False):
        from matplotlib.collections import LineCollection

        moves = moves or (lambda artist: artist)
        self.rows, self.columns, self.most = rows, columns, most
        self.written = max(rows, columns) <= MOST_CELLS
        self.gray = gray and not self.written
        self.x, self.y, self.points = x, y, points
        self.height, self.width = grid_size(rows, columns)
        self.scale = self.height / rows
        self.artists = []

        def add(artist):
            self.artists.append(moves(artist))
            return artist

        extent = (x, x + self.width, y + self.height, y)
        blank = np.ones((rows, columns, 3))
        self.image = add(ax.imshow(blank, extent=extent, interpolation="nearest", zorder=1, aspect="equal"))
        cuts = range(rows + 1) if self.written else (0, rows)
        lines = [[(x, y + r * self.scale), (x + self.width, y + r * self.scale)] for r in cuts]
        cuts = range(columns + 1) if self.written else (0, columns)
        lines += [[(x + c * self.scale, y), (x + c * self.scale, y + self.height)] for c in cuts]
        add(ax.add_collection(LineCollection(lines, colors="#808080", linewidths=0.8, zorder=2)))
        self.texts = []
        if self.written:
            look = {"ha": "center", "va": "center_baseline", "zorder": 3}
            self.texts = [
                [add(ax.text(x + c + 0.5, y + r + 0.5, "", **look)) for c in range(columns)] for r in range(rows)
            ]
        if indices is not None and self.written:
            look = {"fontsize": 0.28 * points, "color": "#606060"}
            for c in range(columns):
                ax.text(x + c + 0.5, y - 0.12, number_in_words(c + indices[1]), ha="center", va="bottom", **look)
            for r in range(rows):
                ax.text(
                    x - 0.15, y + r + 0.5, number_in_words(r + indices[0]), ha="right", va="center_baseline", **look
                )

    def fill(self, values, known=None, pale=None):
        """Write numbers into the cells.

        Parameters
        ----------
        values : array of shape (rows, columns)
        known : bool array of shape (rows, columns), optional
            Cells that have a number already; the others stay empty.
        pale : bool array of shape (rows, columns), optional
            Cells that lie outside of the image: grey.
        """
        values = np.asarray(values)
        picture = shade(values, self.most, self.gray)
        if pale is not None:
            picture[pale] = 0.88
        if known is not None:
            picture[~known] = 1.0
        self.image.set_data(picture)
        shown = []
        for r, line in enumerate(self.texts):
            for c, text in enumerate(line):
                text.set_visible(known is None or bool(known[r, c]))
                if text.get_visible():
                    text.set_text(number_in_words(values[r, c].item()))
                    text.set_color("#606060" if pale is not None and pale[r, c] else "black")
                    shown.append(text)
        longest = max((len(text.get_text()) for text in shown), default=1)
        for text in shown:
            text.set_fontsize(self.points * min(0.46, 1.6 / longest))

    def place(self, row, column, rows=1, columns=1):
        """Return left, top, width and height of some cells, in cells of the axes."""
        return self.x + column * self.scale, self.y + row * self.scale, columns * self.scale, rows * self.scale
