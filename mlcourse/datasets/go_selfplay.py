"""Generated positions of Go: a program of a few rules of thumb plays against itself.

It takes what can be taken, runs from atari, gives atari, opens in the corners and on the sides, and otherwise answers
near the last move. It reads no ladder and counts no points: its games look like Go from afar, and are no better than
that. The numbers below were set by hand, and not fitted to any game.
"""

import numpy as np

from mlcourse.datasets.go_board import Board
from mlcourse.datasets.go_positions import GoPositions, collect

# What a move is worth; a random number of about this spread is added, so that no two games are the same.
CAPTURE, RESCUE, ATARI, CORNER, SIDE, SELF_ATARI, OWN_EYE = 6.0, 5.0, 2.0, 7.0, 3.0, -6.0, -30.0
SPREAD = 0.6
# Worth of a line, from the edge inwards: the third and fourth are those of the opening.
LINES = (-2.5, -0.6, 0.7, 0.6, 0.2)
# Worth of an answer by its distance from the last move, in steps along rows and columns (sorted: small, large).
ANSWERS = {(0, 1): 3.0, (1, 1): 2.6, (0, 2): 1.9, (1, 2): 2.1, (2, 2): 1.1, (0, 3): 1.0, (1, 3): 1.0, (2, 3): 0.6}


def make_go_positions(n_games: int = 10, random_state=0, *, moves: int = 200, size: int = 19) -> GoPositions:
    """Generate games of Go, and return all their positions with the move that was played in each.

    Parameters
    ----------
    n_games : int
        About a tenth of a second each.
    random_state : int or numpy.random.Generator
        Equal numbers give equal games.
    moves : int
        After how many moves a game is broken off.
    size : int
        Points along each side of the board, at least 5.

    Returns
    -------
    GoPositions
        Marked as generated.

    Raises
    ------
    ValueError
        If a number is too small.

    Examples
    --------
    >>> make_go_positions(n_games=2, moves=30, size=9)
    <GoPositions 'generated games': generated, 60 positions of 2 games>
    """
    for name, value, least in (("n_games", n_games, 1), ("moves", moves, 1), ("size", size, 5)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
    rng = np.random.default_rng(random_state)
    rows = []
    for game in range(n_games):
        board = Board(size)
        for _ in range(moves):
            worth = move_values(board)
            if not np.isfinite(worth).any() or worth.max() <= OWN_EYE / 2:
                break
            at = int(np.argmax(worth + SPREAD * rng.gumbel(size=worth.shape)))
            point = divmod(at, size)
            rows.append((board.copy(), point, game))
            board.play(point)
    names = tuple(f"generated game {game + 1}" for game in range(n_games))
    return collect("generated games", rows, names, size, generated=True)


def move_values(board: Board) -> np.ndarray:
    """What the rules of thumb think of every move, before chance is added; shape (size, size), -inf where illegal."""
    size, color = board.size, board.to_play
    stones = board.stones * color  # 1 the mover's, -1 the opponent's
    worth = _lines(size).copy()
    if board.last is not None:
        worth += _answers(size, *board.last)
    worth += _opening(stones)
    # Contact: beside stones of both colours fights are decided; between own stones nothing is.
    own, other = _beside(stones == 1), _beside(stones == -1)
    worth += 0.8 * ((own > 0) & (other > 0)) - 0.7 * (own >= 2) * (other == 0) - 1.0 * (own >= 3)
    for owner, group, liberties in board.groups():
        if len(liberties) > 2:
            continue
        mine = owner == color
        for point in liberties:
            if not mine:
                threatened = ATARI + 0.4 * min(len(group), 6) + (1.0 if board.last in group else 0.0)
                worth[point] += CAPTURE + len(group) if len(liberties) == 1 else threatened
            elif len(liberties) == 1 and _breathes(board, point, color):
                worth[point] += RESCUE + len(group)
    walled = _beside(stones == 0) == 0
    eyes = walled & (other == 0)
    worth[eyes] += OWN_EYE
    for point in np.argwhere((_beside(stones == 0) <= 1) & (stones == 0) & ~eyes).tolist():
        if not _breathes(board, tuple(point), color):
            worth[tuple(point)] += SELF_ATARI
    worth[~board.legal_mask()] = -np.inf
    return worth


def _breathes(board, point, color) -> bool:
    """Whether a stone here would have two liberties or more, or take something."""
    row, column = point
    liberties = set()
    for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
        if not (0 <= near[0] < board.size and 0 <= near[1] < board.size):
            continue
        stone = board[near]
        if not stone:
            liberties.add(near)
        elif stone == color:
            liberties |= board.liberties(near)
        elif len(board.liberties(near)) == 1:
            return True
    return len(liberties - {point}) > 1


def _beside(where) -> np.ndarray:
    """How many of the four neighbours of each point are in `where`."""
    padded = np.pad(where.astype(np.int8), 1)
    return padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]


def _lines(size) -> np.ndarray:
    steps = np.minimum(np.arange(size), np.arange(size)[::-1])
    line = np.minimum(np.minimum.outer(steps, steps), len(LINES) - 1)
    return np.array(LINES)[line]


def _answers(size, row, column) -> np.ndarray:
    worth = np.zeros((size, size))
    down, right = np.abs(np.arange(size) - row), np.abs(np.arange(size) - column)
    small, large = np.minimum.outer(down, right), np.maximum.outer(down, right)
    for (low, high), value in ANSWERS.items():
        worth[(small == low) & (large == high)] = value
    return worth


def _opening(stones) -> np.ndarray:
    """Corners that nobody has, moves beside a lone corner stone, and points on the side far from every stone."""
    size = len(stones)
    worth = np.zeros((size, size))
    if size < 13:  # too small for an opening
        return worth
    half = size // 2
    for down in (1, -1):
        for right in (1, -1):
            corner, values = stones[::down, ::right][: half - 2, : half - 2], worth[::down, ::right]
            found = np.argwhere(corner)
            if not len(found):
                values[3, 3] += CORNER
                values[[2, 3, 2], [3, 2, 2]] += CORNER - np.array([1.0, 1.0, 2.5])
            elif len(found) == 1:
                # One stone in the corner: approach or enclose it by a knight's move along either side.
                values[[2, 5], [5, 2]] += CORNER - 3.5
    # Far from everything on the third and fourth line.
    rows, columns = np.nonzero(stones)
    grid = np.arange(size)
    empty = np.full((size, size), size)
    if len(rows):
        apart = np.maximum(np.abs(grid[:, None] - rows)[:, None, :], np.abs(grid[:, None] - columns)[None, :, :])
        empty = apart.min(axis=2)
    on_side = np.isin(np.minimum.outer(*[np.minimum(grid, grid[::-1])] * 2), (2, 3))
    return worth + SIDE * on_side * (empty >= 4)
