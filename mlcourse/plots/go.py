"""A Go board with stones, and with what a network thinks of every point."""

import numpy as np

from mlcourse.plots.style import PALETTE

# Columns as on real boards: no I, which looks like J; beyond the 25th the letters come twice.
_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_WOOD, _LINE = "#F5E3BE", "#7A6A4B"
_HEAT = PALETTE[0]  # blue, which nobody takes for black, white or wood


def plot_board(
    stones, probabilities=None, last=None, ax=None, *, percent=0.01, coordinates=True, title=None, move=None
):
    """Draw a Go board; with probabilities, a disc on every likely point and its percentage.

    White stones have a dark rim, the area of a disc grows with its probability, and the percentage is written in it:
    nothing depends on a colour.

    Parameters
    ----------
    stones : array of shape (size, size)
        Black 1, white -1, none 0; row 0 at the top.
    probabilities : array of shape (size, size) or (size * size,), optional
        Of the next move, 0 to 1.
    last : (int, int), optional
        Row and column of the last move, which is marked by a ring.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: a figure of its own.
    percent : float
        Points of at least this probability are labelled.
    coordinates : bool
        Whether to write letters and numbers along the edges.
    title : str, optional
    move : (int, int), optional
        Row and column of a point to be framed, such as the move that was really played.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If `stones` is no square of 1, -1 and 0, `probabilities` do not fit or are none, or a point lies outside.

    Examples
    --------
    >>> stones = np.zeros((9, 9))
    >>> stones[2, 2], stones[6, 6] = 1, -1
    >>> figure = plot_board(stones, last=(6, 6))
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J']
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    stones, probabilities = _check(stones, probabilities)
    size = len(stones)
    last, move = _point("last", last, size), _point("move", move, size)
    if ax is None:
        inches = min(2.0 + 0.3 * size, 9.0)
        ax = Figure(figsize=(inches, inches), dpi=100, layout="constrained").add_subplot()

    ax.set_facecolor(_WOOD)
    ax.hlines(range(size), 0, size - 1, colors=_LINE, linewidth=0.8, zorder=1)
    ax.vlines(range(size), 0, size - 1, colors=_LINE, linewidth=0.8, zorder=1)
    stars = star_points(size)
    ax.plot([c for _, c in stars], [r for r, _ in stars], "o", color=_LINE, markersize=4, zorder=1.5)
    for row, column in np.argwhere(stones).tolist():
        black = stones[row, column] == 1
        _disc(ax, row, column, 0.46, facecolor="#111111" if black else "#FFFFFF", edgecolor="#111111", zorder=3)
        if (row, column) == last:
            _disc(ax, row, column, 0.22, edgecolor="#FFFFFF" if black else "#111111", zorder=4, fill=False, linewidth=2)
    if probabilities is not None:
        most = max(probabilities.max(), 1e-9)
        for row, column in np.argwhere(probabilities >= min(percent, 0.002)).tolist():
            share = probabilities[row, column]
            _disc(ax, row, column, 0.47 * np.sqrt(share / most), facecolor=_HEAT, alpha=0.45, zorder=5)
            if share >= percent:
                color = "#FFFFFF" if stones[row, column] == 1 else "#000000"
                look = {"fontsize": 8, "fontweight": "bold", "color": color, "zorder": 6}
                ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", **look)
        ax.set_xlabel("column        (discs: probability of the next move, numbers in %)")
    if move is not None:
        box = {"fill": False, "edgecolor": PALETTE[3], "linewidth": 2.2, "zorder": 7}
        ax.add_patch(Rectangle((move[1] - 0.5, move[0] - 0.5), 1, 1, **box))
    ax.set(xlim=(-0.7, size - 0.3), ylim=(size - 0.3, -0.7), aspect="equal")
    ax.grid(False)
    ax.tick_params(length=0, labelsize=8)
    if coordinates:
        ax.set_xticks(range(size), [_letters(column) for column in range(size)])
        ax.set_yticks(range(size), [str(size - row) for row in range(size)])
        ax.set_ylabel("row")
        ax.set_xlabel(ax.get_xlabel() or "column")
    else:
        ax.set_xticks([])
        ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    if title:
        ax.set_title(title, fontsize=11)
    return ax.figure


def board_in_words(stones, probabilities=None, last=None, *, most: int = 3, move=None) -> str:
    """Say what `plot_board` shows, for those who cannot see it.

    Parameters
    ----------
    stones, probabilities, last, move
        As for `plot_board`.
    most : int
        How many of the likeliest points are named.

    Returns
    -------
    str

    Examples
    --------
    >>> stones = np.zeros((9, 9))
    >>> stones[2, 2] = 1
    >>> board_in_words(stones, probabilities=np.eye(9) / 9, last=(2, 2), most=1)
    'A 9 by 9 Go board with 1 black stone and 0 white stones. The last move was black C7. Likeliest next: A9 with
    11.1 %.'
    """
    stones, probabilities = _check(stones, probabilities)
    size = len(stones)
    last, move = _point("last", last, size), _point("move", move, size)

    def count(color, word):
        n = int((stones == color).sum())
        return f"{n} {word} {'stone' if n == 1 else 'stones'}"

    words = [f"A {size} by {size} Go board with {count(1, 'black')} and {count(-1, 'white')}."]
    if last is not None:
        side = {1: "black ", -1: "white ", 0: ""}[int(stones[last])]
        words.append(f"The last move was {side}{_name(*last, size)}.")
    if probabilities is not None:
        order = np.argsort(-probabilities, axis=None, kind="stable")[:most]
        named = [
            f"{_name(*divmod(int(i), size), size)} with {100 * probabilities.flat[i]:.1f} %"
            for i in order
            if probabilities.flat[i] > 0
        ]
        words.append(f"Likeliest next: {', '.join(named)}.")
    if move is not None:
        words.append(f"Framed: {_name(*move, size)}.")
    return " ".join(words)


def star_points(size: int) -> list[tuple[int, int]]:
    """Points (row, column) that a board of this size marks by dots.

    Examples
    --------
    >>> len(star_points(19)), len(star_points(13)), star_points(9)
    (9, 5, [(2, 2), (2, 6), (6, 2), (6, 6), (4, 4)])
    """
    if size < 7:
        return []
    low, middle = (3 if size > 12 else 2), size // 2
    ends = (low, size - 1 - low)
    points = [(row, column) for row in ends for column in ends]
    if size % 2:
        points.append((middle, middle))
        if size >= 15:
            points += [(row, middle) for row in ends] + [(middle, column) for column in ends]
    return points


def _disc(ax, row, column, radius, **options):
    from matplotlib.patches import Circle

    ax.add_patch(Circle((column, row), radius, **({"linewidth": 1.2} | options)))


def _check(stones, probabilities):
    stones = np.asarray(stones)
    if stones.ndim != 2 or stones.shape[0] != stones.shape[1] or not stones.size:
        raise ValueError(f"stones must be a square array (size, size), not shape {stones.shape}.")
    if not np.isin(stones, (-1, 0, 1)).all():
        raise ValueError(f"stones must be 1 (black), -1 (white) or 0 (none), not {np.unique(stones)[:6].tolist()}.")
    if probabilities is None:
        return stones.astype(int), None
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.size != stones.size or probabilities.ndim not in (1, 2):
        raise ValueError(
            f"probabilities must be one for each of the {stones.size} points, shape {stones.shape} or "
            f"({stones.size},), not {probabilities.shape}."
        )
    probabilities = probabilities.reshape(stones.shape)
    if not ((probabilities >= 0) & (probabilities <= 1 + 1e-6)).all():
        raise ValueError(
            f"probabilities must lie between 0 and 1, but reach from {probabilities.min():.3g} to "
            f"{probabilities.max():.3g}: were logits given? Apply the softmax first."
        )
    return stones.astype(int), probabilities


def _point(name, point, size):
    if point is None:
        return None
    try:
        row, column = (int(number) for number in point)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be (row, column), not {point!r}.") from None
    if not (0 <= row < size and 0 <= column < size):
        raise ValueError(f"{name} must lie on the board: 0 to {size - 1}, not {point!r}.")
    return row, column


def _letters(column) -> str:
    repeats, letter = divmod(column, len(_LETTERS))
    return _LETTERS[letter] * (repeats + 1)


def _name(row, column, size) -> str:
    return f"{_letters(column)}{size - row}"
