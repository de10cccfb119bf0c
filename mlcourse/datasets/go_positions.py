"""Positions of Go and the moves that were played in them: what a policy network learns from."""

from dataclasses import dataclass

import numpy as np

from mlcourse.datasets.go_board import BLACK, Board, point_name


@dataclass(frozen=True, repr=False)
class GoPositions:
    """Positions, each with the move that was played next.

    Points are numbers ``row * size + column`` here, -1 for none: the class that a network has to name.

    Parameters
    ----------
    name : str
    stones : array of shape (n, size, size), int8
        Black 1, white -1, none 0.
    to_play : array of shape (n,), int8
        1 if Black is to move, -1 if White.
    y : array of shape (n,), int64
        The move; passes are left out.
    last : array of shape (n,), int64
        The move before, -1 at the start of a game and after a pass.
    ko : array of shape (n,), int64
        Where the mover may not take back, else -1.
    games : array of shape (n,), int64
        Number of the game, from 0 on: positions of one game belong on one side of a split.
    names : tuple of str
        What the games are called.
    generated : bool
        Whether a program played the games, and no people.
    """

    name: str
    stones: np.ndarray
    to_play: np.ndarray
    y: np.ndarray
    last: np.ndarray
    ko: np.ndarray
    games: np.ndarray
    names: tuple[str, ...]
    generated: bool

    @property
    def size(self) -> int:
        """Points along each side of the board."""
        return self.stones.shape[1]

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        kind = "generated, " if self.generated else ""
        return f"<GoPositions {self.name!r}: {kind}{len(self):,} positions of {len(set(self.games.tolist()))} games>"

    def board(self, i: int) -> Board:
        """Return the board of position `i`, with the mover to play."""
        return Board.from_state(self.stones[i], self.to_play[i], last=self.last[i], ko=self.ko[i])

    def boards(self):
        """Yield the board of every position."""
        return (self.board(i) for i in range(len(self)))

    def select(self, which) -> "GoPositions":
        """Return some of the positions.

        Parameters
        ----------
        which : array of bool or int
            A mask, or indices; ``positions.games == 3`` keeps one game.
        """
        arrays = (self.stones, self.to_play, self.y, self.last, self.ko, self.games)
        return GoPositions(self.name, *(array[which] for array in arrays), self.names, self.generated)

    def random_accuracy(self) -> float:
        """How often a uniformly random legal move would be the one that was played: the mean of 1 / legal moves."""
        return float(np.mean([1 / board.legal_mask().sum() for board in self.boards()]))

    def plot(self, i: int, **options):
        """Draw position `i`; the move that was played is named in the title.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.go import plot_board

        side = "Black" if self.to_play[i] == BLACK else "White"
        move = point_name(divmod(int(self.y[i]), self.size), self.size)
        options = {"title": f"{self.names[self.games[i]]}: {side} played {move}"} | options
        last = None if self.last[i] < 0 else divmod(int(self.last[i]), self.size)
        return plot_board(self.stones[i], last=last, **options)


def go_positions(records, name: str = "records", illegal: str = "raise") -> GoPositions:
    """Collect all positions of game records in which somebody played a stone.

    Parameters
    ----------
    records : sequence of GameRecord
        On boards of one size.
    name : str
    illegal : {"raise", "stop"}
        What to do at an illegal move; see `GameRecord.positions`.

    Returns
    -------
    GoPositions

    Raises
    ------
    ValueError
        If there is no record, or their boards differ in size.
    IllegalMoveError
        If a record breaks the rules.

    Examples
    --------
    >>> from mlcourse.datasets.sgf import parse_sgf
    >>> go_positions([parse_sgf("(;SZ[5];B[cc];W[];B[bb])")]).y.tolist()
    [12, 6]
    """
    records = list(records)
    sizes = {record.size for record in records}
    if len(sizes) != 1:
        raise ValueError(f"records must be games on boards of one size, not {sorted(sizes) or 'none at all'}.")
    rows = [
        (position.board, position.move.point, game)
        for game, record in enumerate(records)
        for position in record.positions(illegal=illegal)
        if position.move.point is not None
    ]
    return collect(name, rows, tuple(record.name for record in records), sizes.pop(), generated=False)


def collect(name, rows, names, size, generated) -> GoPositions:
    """Return positions from rows of (board, the point that was played, number of the game)."""

    def number(point):
        return -1 if point is None else point[0] * size + point[1]

    boards = [board for board, _, _ in rows]
    return GoPositions(
        name=name,
        stones=np.array([board.stones for board in boards], dtype=np.int8).reshape(-1, size, size),
        to_play=np.array([board.to_play for board in boards], dtype=np.int8),
        y=np.array([number(point) for _, point, _ in rows], dtype=np.int64),
        last=np.array([number(board.last) for board in boards], dtype=np.int64),
        ko=np.array([number(board.ko) for board in boards], dtype=np.int64),
        games=np.array([game for _, _, game in rows], dtype=np.int64),
        names=tuple(names),
        generated=generated,
    )
