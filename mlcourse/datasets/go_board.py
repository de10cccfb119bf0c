"""The rules of Go: groups, liberties, captures, ko and suicide."""

from functools import cache

import numpy as np

BLACK, WHITE, EMPTY = 1, -1, 0

#: Letters of the columns; there is no I, which looks like J.
LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
#: The largest board that a game record can describe.
LARGEST = 52

_SIGNS = {BLACK: "X", WHITE: "O", EMPTY: "."}


class IllegalMoveError(ValueError):
    """A move that the rules forbid; the message says which one, and why."""


class Board:
    """A position, whose turn it is, and the rules that lead to the next one.

    A point is ``(row, column)``, both from 0, row 0 at the top; as text it is ``"D4"``: column letter, and row number
    from the bottom. A pass is ``None`` or ``"pass"``.

    The rules: stones without liberties are taken off, the opponent's first; a move that would leave its own group
    without liberties (suicide) is forbidden, and so is taking back a single stone at once where that would repeat the
    position (ko).

    Parameters
    ----------
    size : int
        Points along each side, 1 to 52.
    superko : bool
        Whether no position of the game may ever come again (positional superko), not only the last but one.

    Attributes
    ----------
    to_play : int
        1 if it is Black's turn, -1 if it is White's.
    captures : dict of int to int
        Stones that Black (key 1) and White (key -1) have taken.
    last : tuple of int or None
        Where the last stone was played; None at the start and after a pass.
    ko : tuple of int or None
        Where `to_play` may not take back now.
    moves : int
        Moves played, passes included.

    Raises
    ------
    ValueError
        If `size` is no whole number from 1 to 52.

    Examples
    --------
    White's stone in the corner is taken:

    >>> board = Board(3)
    >>> for point in ["B3", "A3", "A2"]:
    ...     taken = board.play(point)
    >>> taken
    [(0, 0)]
    >>> board
    Board(3), White to play after 3 moves; Black took 1, White took 0
         A B C
       3 . X .
       2 X . .
       1 . . .
    >>> board.why_illegal("A3")
    'suicide: its group would have no liberty'
    """

    def __init__(self, size: int = 19, *, superko: bool = False):
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= LARGEST:
            raise ValueError(f"size must be a whole number of points from 1 to {LARGEST}, such as 19, not {size!r}.")
        self.size = int(size)
        self.to_play = BLACK
        self.captures = {BLACK: 0, WHITE: 0}
        self.last = None
        self.moves = 0
        self._stones = [EMPTY] * (self.size * self.size)
        self._neighbours = _neighbours(self.size)
        self._ko = None  # (index, who may not play there)
        self._seen = {tuple(self._stones)} if superko else None
        self._found = None  # groups of this position, once somebody asked

    # ------------------------------------------------------------------------------------------------ looking

    @property
    def stones(self) -> np.ndarray:
        """The position as the lecture writes it: black 1, white -1, none 0; int8, shape (size, size), a copy."""
        return np.array(self._stones, dtype=np.int8).reshape(self.size, self.size)

    @property
    def ko(self):
        """Where `to_play` may not take back now, or None."""
        return None if self._ko is None or self._ko[1] != self.to_play else divmod(self._ko[0], self.size)

    def __getitem__(self, point) -> int:
        """1, -1 or 0 for a black, a white or no stone at a point."""
        return self._stones[self._index(point)]

    def group(self, point) -> set[tuple[int, int]]:
        """Points of all stones that are connected with the one at `point`; empty where there is none."""
        at = self._index(point)
        return (
            {divmod(i, self.size) for i in _group(self._stones, self._neighbours, at)[0]} if self._stones[at] else set()
        )

    def liberties(self, point) -> set[tuple[int, int]]:
        """Empty points next to the group at `point`; empty where there is none."""
        at = self._index(point)
        return (
            {divmod(i, self.size) for i in _group(self._stones, self._neighbours, at)[1]} if self._stones[at] else set()
        )

    def groups(self) -> list[tuple[int, set, set]]:
        """Every group on the board as (colour, its points, its liberties)."""
        return [
            (color, {divmod(i, self.size) for i in stones}, {divmod(i, self.size) for i in liberties})
            for color, stones, liberties in self._groups()[1]
        ]

    def liberty_counts(self) -> np.ndarray:
        """How many liberties the group at each point has, 0 where there is no stone; int16, shape (size, size)."""
        number, groups = self._groups()
        counts = [len(groups[n][2]) if n >= 0 else 0 for n in number]
        return np.array(counts, dtype=np.int16).reshape(self.size, self.size)

    def legal_mask(self, color=None) -> np.ndarray:
        """Where `color` (default: whose turn it is) may play; bool, shape (size, size)."""
        color = self._color(color)
        number, groups = self._groups()
        short = [len(liberties) == 1 for _, _, liberties in groups]
        mask = np.zeros(len(self._stones), dtype=bool)
        for i, stone in enumerate(self._stones):
            if stone:
                continue
            for j in self._neighbours[i]:
                other = self._stones[j]
                # Room to breathe, an own group with another liberty, or an opponent's that has this one only.
                if not other or short[number[j]] == (other != color):
                    mask[i] = True
                    break
        if self._ko is not None and self._ko[1] == color:
            mask[self._ko[0]] = False
        if self._seen is not None:
            for i in np.flatnonzero(mask):
                mask[i] = self._after(i, color)[0] not in self._seen
        return mask.reshape(self.size, self.size)

    def legal_moves(self, color=None) -> list[tuple[int, int]]:
        """Points where `color` (default: whose turn it is) may play, row by row. To pass is always allowed, too."""
        return [(int(row), int(column)) for row, column in np.argwhere(self.legal_mask(color))]

    def why_illegal(self, point, color=None) -> str | None:
        """What the rules have against a move.

        Parameters
        ----------
        point : (int, int) or str or None
        color : int, optional
            1 or -1. Default: whose turn it is.

        Returns
        -------
        str or None
            None if it is legal.

        Raises
        ------
        ValueError
            If there is no such point on the board.
        """
        color = self._color(color)
        if is_pass(point):
            return None
        at = self._index(point)
        if self._stones[at]:
            return f"there is a {_name(self._stones[at]).lower()} stone already"
        if self._ko == (at, color):
            return "ko: this stone may not be taken back at once"
        after, _, alive = self._after(at, color)
        if not alive:
            return "suicide: its group would have no liberty"
        if self._seen is not None and after in self._seen:
            return "superko: the whole board would be as it was before"
        return None

    def is_legal(self, point, color=None) -> bool:
        """Whether the rules allow a move; arguments as for `why_illegal`."""
        return self.why_illegal(point, color) is None

    # ------------------------------------------------------------------------------------------------ changing

    def play(self, point, color=None) -> list[tuple[int, int]]:
        """Play a move on this board.

        Parameters
        ----------
        point : (int, int) or str or None
            None or ``"pass"`` is a pass.
        color : int, optional
            1 or -1. Default: whose turn it is.

        Returns
        -------
        list of (int, int)
            Stones that were taken, sorted.

        Raises
        ------
        IllegalMoveError
            If the rules forbid it; the board is as before.
        ValueError
            If there is no such point on the board.
        """
        color = self._color(color)
        if is_pass(point):
            self._ko, self.last, captured = None, None, []
        else:
            at = self._index(point)
            reason = self.why_illegal(divmod(at, self.size), color)
            if reason:
                raise IllegalMoveError(f"{_name(color)} may not play {point_name(point, self.size)}: {reason}.")
            after, captured, _ = self._after(at, color)
            self._stones, self._found = list(after), None
            self.captures[color] += len(captured)
            self.last = divmod(at, self.size)
            self._ko = None
            if len(captured) == 1:
                stones, liberties = _group(self._stones, self._neighbours, at)
                if len(stones) == 1 and liberties == set(captured):
                    self._ko = captured[0], -color
            if self._seen is not None:
                self._seen.add(after)
        self.to_play = -color
        self.moves += 1
        return [divmod(i, self.size) for i in sorted(captured)]

    def setup(self, black=(), white=(), empty=(), to_play=None) -> None:
        """Put stones on the board and take some off, without playing: handicap stones, problems.

        Parameters
        ----------
        black, white, empty : sequence of (int, int) or str
            Points that shall be so; all others stay as they are.
        to_play : int, optional
            Whose turn it then is, 1 or -1. Default: as before.

        Raises
        ------
        ValueError
            If there is no such point, a point is named twice, or a group would have no liberty; the board is as before.
        """
        stones, named = list(self._stones), set()
        for color, points in ((BLACK, black), (WHITE, white), (EMPTY, empty)):
            for point in points:
                at = self._index(point)
                if at in named:
                    raise ValueError(f"{point_name(point, self.size)} is named twice in one setup.")
                named.add(at)
                stones[at] = color
        for _, group, liberties in _all_groups(stones, self._neighbours)[1]:
            if not liberties:
                names = ", ".join(point_name(divmod(i, self.size), self.size) for i in sorted(group)[:5])
                raise ValueError(f"the setup leaves stones without a liberty: {names}.")
        if to_play is not None:
            self.to_play = self._color(to_play)
        self._stones, self._found, self._ko, self.last = stones, None, None, None
        if self._seen is not None:
            self._seen.add(tuple(stones))

    def copy(self) -> "Board":
        """Return an independent board in the same state."""
        other = object.__new__(Board)
        other.__dict__.update(self.__dict__)
        # Lists of stones are never changed in place, only replaced; so they can be shared.
        other.captures = dict(self.captures)
        other._seen = None if self._seen is None else set(self._seen)
        return other

    @classmethod
    def from_stones(cls, stones, to_play: int = BLACK) -> "Board":
        """Return a board with a given position.

        Parameters
        ----------
        stones : array of shape (size, size)
            Black 1, white -1, none 0.
        to_play : int
            1 or -1.

        Raises
        ------
        ValueError
            If `stones` is not square, holds other values, or has a group without liberties.
        """
        stones = np.asarray(stones)
        if stones.ndim != 2 or stones.shape[0] != stones.shape[1] or not np.isin(stones, (-1, 0, 1)).all():
            raise ValueError(
                f"stones must be a square of 1 (black), -1 (white) and 0 (none), not shape {stones.shape} with values "
                f"{np.unique(stones)[:5].tolist()}."
            )
        board = cls(len(stones))
        points = {color: [tuple(point) for point in np.argwhere(stones == color).tolist()] for color in (BLACK, WHITE)}
        board.setup(points[BLACK], points[WHITE], to_play=to_play)
        return board

    @classmethod
    def from_state(cls, stones, to_play: int, last: int = -1, ko: int = -1) -> "Board":
        """Return a board as `GoPositions` keeps it, without checking it again.

        Parameters
        ----------
        stones : array of shape (size, size)
        to_play : int
        last, ko : int
            Points as ``row * size + column``, -1 for none.
        """
        board = cls(len(stones))
        board._stones = np.asarray(stones).ravel().tolist()
        board.to_play = int(to_play)
        board.last = None if last < 0 else divmod(int(last), board.size)
        board._ko = None if ko < 0 else (int(ko), board.to_play)
        return board

    def __eq__(self, other) -> bool:
        """Whether stones, turn and ko are the same."""
        if not isinstance(other, Board):
            return NotImplemented
        return (self._stones, self.to_play, self.ko) == (other._stones, other.to_play, other.ko)

    __hash__ = None  # boards change

    def __repr__(self) -> str:
        letters = [point_name((0, column), self.size).rstrip("0123456789") for column in range(self.size)]
        width = max(map(len, letters))
        title = f"Board({self.size}), {_name(self.to_play)} to play"
        if self.moves:
            title += (
                f" after {self.moves} {'move' if self.moves == 1 else 'moves'}; Black took {self.captures[BLACK]}, "
                f"White took {self.captures[WHITE]}"
            )
        lines = [title, "     " + " ".join(letter.rjust(width) for letter in letters)]
        for row in range(self.size):
            line = self._stones[row * self.size : (row + 1) * self.size]
            lines.append(f"{self.size - row:4d} " + " ".join(_SIGNS[stone].rjust(width) for stone in line))
        return "\n".join(lines)

    # ------------------------------------------------------------------------------------------------ inside

    def _index(self, point) -> int:
        row, column = to_point(point, self.size)
        return row * self.size + column

    def _around(self, point):
        at = self._index(point)
        if not self._stones[at]:
            return set(), set()
        found = _group(self._stones, self._neighbours, at)
        return tuple({divmod(i, self.size) for i in points} for points in found)

    def _color(self, color) -> int:
        if color is None:
            return self.to_play
        if color not in (BLACK, WHITE):
            raise ValueError(f"color must be 1 (black) or -1 (white), not {color!r}.")
        return int(color)

    def _groups(self):
        if self._found is None:
            self._found = _all_groups(self._stones, self._neighbours)
        return self._found

    def _after(self, at, color):
        """The stones after a move on an empty point, what it takes, and whether its own group can breathe."""
        stones = list(self._stones)
        stones[at] = color
        captured = []
        for i in self._neighbours[at]:
            if stones[i] == -color:
                group, liberties = _group(stones, self._neighbours, i)
                if not liberties:
                    captured += group
                    for taken in group:
                        stones[taken] = EMPTY
        alive = bool(captured) or bool(_group(stones, self._neighbours, at)[1])
        return tuple(stones), captured, alive


def is_pass(point) -> bool:
    """Whether a move is a pass: None or ``"pass"``."""
    return point is None or (isinstance(point, str) and point.strip().lower() == "pass")


def to_point(point, size: int = 19) -> tuple[int, int]:
    """Return ``(row, column)`` for a point that is given so, or by its name.

    Parameters
    ----------
    point : (int, int) or str
    size : int

    Raises
    ------
    ValueError
        If there is no such point on a board of this size.

    Examples
    --------
    >>> to_point("Q16")
    (3, 15)
    """
    known = f"(row, column) with numbers from 0 to {size - 1}, or a name such as {point_name((size - 1, 0), size)!r}"
    try:
        if isinstance(point, str):
            name = point.strip().upper()
            letters = name.rstrip("0123456789")
            column = LETTERS.index(letters[-1]) + len(LETTERS) * (len(letters) - 1)
            if letters != letters[-1] * len(letters):
                raise ValueError
            row = size - int(name[len(letters) :])
        else:
            row, column = (int(number) for number in point)
            if (row, column) != tuple(point):
                raise ValueError
    except (TypeError, ValueError, IndexError):
        raise ValueError(f"a point must be {known}, not {point!r}.") from None
    if not (0 <= row < size and 0 <= column < size):
        raise ValueError(f"there is no point {point!r} on a board of size {size}; a point is {known}.")
    return row, column


def point_name(point, size: int = 19) -> str:
    """Return the name of a point: column letter without I, and row number from the bottom.

    Columns beyond the 25th have double letters.

    Examples
    --------
    >>> point_name((3, 15)), point_name((18, 8)), point_name(None)
    ('Q16', 'J1', 'pass')
    """
    if is_pass(point):
        return "pass"
    row, column = to_point(point, size) if isinstance(point, str) else point
    repeats, letter = divmod(int(column), len(LETTERS))
    return LETTERS[letter] * (repeats + 1) + str(size - int(row))


def handicap_points(stones: int, size: int = 19) -> list[tuple[int, int]]:
    """Where handicap stones customarily stand: on the star points, corners first.

    Parameters
    ----------
    stones : int
        2 to 9; at most 4 on boards of even size and of 7 by 7.
    size : int
        7 or more.

    Returns
    -------
    list of (int, int)

    Raises
    ------
    ValueError
        If there is no customary place for so many.

    References
    ----------
    Go Text Protocol, version 2, section 4.1.1, "Fixed handicap placement".

    Examples
    --------
    >>> [point_name(point) for point in handicap_points(5)]
    ['D4', 'Q16', 'D16', 'Q4', 'K10']
    """
    most = 0 if size < 7 else 9 if size % 2 and size > 7 else 4
    if not isinstance(stones, int | np.integer) or not 2 <= stones <= most:
        allowed = f"2 to {most}" if most else "none (7 by 7 is the smallest)"
        raise ValueError(f"stones: a board of size {size} has customary places for {allowed} stones, not {stones!r}.")
    low, middle = (3 if size > 12 else 2), size // 2
    high = size - 1 - low
    corners = [(high, low), (low, high), (low, low), (high, high)]
    sides = [(middle, low), (middle, high), (high, middle), (low, middle)]
    if stones <= 4:
        return corners[:stones]
    return corners + sides[: stones - 4 - stones % 2] + [(middle, middle)] * (stones % 2)


@cache
def _neighbours(size):
    """For each point its two to four neighbours, all as ``row * size + column``."""
    table = []
    for row in range(size):
        for column in range(size):
            around = ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column))
            table.append(tuple(r * size + c for r, c in around if 0 <= r < size and 0 <= c < size))
    return tuple(table)


def _group(stones, neighbours, at):
    """Stones connected with the one at `at`, and their liberties."""
    color = stones[at]
    group, liberties, open_ = {at}, set(), [at]
    while open_:
        for i in neighbours[open_.pop()]:
            if not stones[i]:
                liberties.add(i)
            elif stones[i] == color and i not in group:
                group.add(i)
                open_.append(i)
    return group, liberties


def _all_groups(stones, neighbours):
    """Number of the group at each point (-1: none), and the groups as (colour, stones, liberties)."""
    number, groups = [-1] * len(stones), []
    for at, color in enumerate(stones):
        if color and number[at] < 0:
            group, liberties = _group(stones, neighbours, at)
            for i in group:
                number[i] = len(groups)
            groups.append((color, group, liberties))
    return number, groups


def _name(color):
    return "Black" if color == BLACK else "White"
