"""Game records in the Smart Game Format, as Go servers and editors write them.

References
----------
A. Hollosi, SGF File Format FF[4], 1997-2021, red-bean.com/sgf: a game is a tree of nodes, a node has properties, and a
property has values in brackets. Of the tree only the main line is read: the first branch at every fork.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mlcourse.datasets.go_board import (
    BLACK,
    LARGEST,
    WHITE,
    Board,
    IllegalMoveError,
    handicap_points,
    point_name,
)


class SGFError(ValueError):
    """A game record that cannot be read; the message says where and why."""


class Move(NamedTuple):
    """A move of a record.

    Parameters
    ----------
    color : int
        1 for Black, -1 for White.
    point : (int, int) or None
        ``(row, column)`` from 0, row 0 at the top; None for a pass.
    """

    color: int
    point: tuple[int, int] | None


class Position(NamedTuple):
    """The board before a move of a record, and that move.

    Parameters
    ----------
    board : Board
        An independent copy, with the mover to play.
    move : Move
    number : int
        From 1 on, as players count.
    """

    board: Board
    move: Move
    number: int


@dataclass(frozen=True)
class GameRecord:
    """A game: who played, on what, and every move of the main line.

    Parameters
    ----------
    name : str
        Where it comes from, such as the name of the file.
    size : int
        Points along each side.
    moves : tuple of Move
    setup : dict of str to tuple of (int, int)
        Stones on the board before the first move, under ``"black"`` and ``"white"``.
    players, ranks : dict of str to str
        Under ``"black"`` and ``"white"``; empty where the record says nothing.
    komi : float or None
        Points that White gets for moving second; None where the record gives no number.
    handicap : int
        As recorded. 1 means that Black just begins without komi: no stone stands on the board then.
    result : str
        As recorded, such as ``"W+Resign"`` or ``"B+3.5"``.
    date, event, rules : str
        As recorded.
    nodes : tuple of dict
        All properties of all nodes of the main line, known or not: name to tuple of values.
    encoding : str
        Character set that the text was read in.
    """

    name: str
    size: int
    moves: tuple[Move, ...]
    setup: dict[str, tuple[tuple[int, int], ...]]
    players: dict[str, str]
    ranks: dict[str, str]
    komi: float | None
    handicap: int
    result: str
    date: str
    event: str
    rules: str
    nodes: tuple[dict[str, tuple[str, ...]], ...] = field(repr=False)
    encoding: str = ""
    _actions: tuple = field(default=(), repr=False, compare=False)

    def __len__(self) -> int:
        """Number of moves."""
        return len(self.moves)

    def __repr__(self) -> str:
        sides = []
        for side in ("black", "white"):
            rank = f" ({self.ranks[side]})" if self.ranks[side] else ""
            sides.append((self.players[side] or side.capitalize()) + rank)
        stones = sum(map(len, self.setup.values()))
        extra = f", {stones} stones set up" if stones else ""
        return (
            f"<GameRecord {self.name!r}: {' - '.join(sides)}, {self.size}x{self.size}, {len(self)} moves{extra}, "
            f"result {self.result or 'unknown'}>"
        )

    def positions(self, illegal: str = "raise") -> Iterator[Position]:
        """Play the record through, and yield the board before every move.

        Parameters
        ----------
        illegal : {"raise", "stop"}
            What to do at the first move that the rules forbid: an error, or end there, so that what came before can
            still be used. `problem` tells which move it is.

        Yields
        ------
        Position

        Raises
        ------
        IllegalMoveError
            Names the record, the number of the move and the rule.

        Examples
        --------
        >>> record = parse_sgf("(;SZ[5];B[bb];W[cc])")
        >>> [(p.number, p.move.point, int(p.board.stones.sum())) for p in record.positions()]
        [(1, (1, 1), 0), (2, (2, 2), 1)]
        """
        if illegal not in ("raise", "stop"):
            raise ValueError(f'illegal must be "raise" or "stop", not {illegal!r}.')
        board, number = Board(self.size), 0
        for action in self._actions:
            try:
                if not isinstance(action, Move):
                    board.setup(**action)
                    continue
                number += 1
                if reason := board.why_illegal(action.point, action.color):
                    where = f"{_side(action.color)} at {point_name(action.point, self.size)}"
                    raise IllegalMoveError(f"{self.name}: move {number} ({where}) is illegal: {reason}.")
            except IllegalMoveError:
                if illegal == "stop":
                    return
                raise
            except ValueError as error:
                if illegal == "stop":
                    return
                raise IllegalMoveError(f"{self.name}: after move {number}, {error}") from None
            before = board.copy()
            before.to_play = action.color
            yield Position(before, action, number)
            board.play(action.point, action.color)

    @property
    def problem(self) -> str | None:
        """What the rules have against the first move that they forbid, or None if the whole record is legal."""
        try:
            for _ in self.positions():
                pass
        except IllegalMoveError as error:
            return str(error)
        return None

    def board(self, after: int | None = None) -> Board:
        """Return the board after some moves.

        Parameters
        ----------
        after : int, optional
            Number of moves, 0 for the start; default: all.

        Raises
        ------
        ValueError
            If the record has not so many moves.
        IllegalMoveError
            If one of them is illegal.
        """
        after = len(self) if after is None else after
        if not 0 <= after <= len(self):
            raise ValueError(f"after must be a number of moves from 0 to {len(self)}, not {after!r}.")
        board, number = Board(self.size), 0
        for position in self.positions():
            board, number = position.board, position.number
            if number > after:
                return board
        if number:
            move = self.moves[number - 1]
            board.play(move.point, move.color)
        # What was set up after the last move, or without any.
        for action in self._actions[_last_move(self._actions) + 1 :]:
            board.setup(**action)
        return board

    def comments(self) -> dict[int, str]:
        """Comments by the number of the move that they follow, 0 for the game's own."""
        found, number = {}, 0
        for node in self.nodes:
            number += sum(name in ("B", "W") for name in node)
            if any(text.strip() for text in node.get("C", ())):
                found[number] = "\n".join([*([found[number]] if number in found else []), *node["C"]])
        return found

    def plot(self, after: int | None = None, **options):
        """Draw the board after some moves; `options` go to `mlcourse.plots.plot_board`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.go import plot_board

        board = self.board(after)
        return plot_board(board.stones, last=board.last, **options)


def load_sgf(path, encoding: str | None = None) -> GameRecord:
    """Read a game record from a file.

    Parameters
    ----------
    path : path-like
    encoding : str, optional
        Character set. Default: what the file says of itself, else UTF-8, else Latin-1, which is the format's own
        default; wrong bytes in a name or a comment are no reason to refuse a game.

    Returns
    -------
    GameRecord
        The main line. That all moves are legal is seen when they are played: see `GameRecord.positions`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SGFError
        If it is no record of one game of Go, or damaged; the message gives line, column and offset.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "game.sgf"
    >>> _ = path.write_text("(;SZ[9]PB[Ada]PW[Bob]RE[B+R];B[ee];W[cc])")
    >>> load_sgf(path)
    <GameRecord 'game.sgf': Ada - Bob, 9x9, 2 moves, result B+R>
    """
    if isinstance(path, str) and re.match(r"\s*\(\s*;", path):
        raise ValueError("path is the text of a record itself: give it to parse_sgf(text).")
    path = Path(path).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name one .sgf file in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}.") from None
    return parse_sgf(content, name=path.name, encoding=encoding)


def parse_sgf(text: str | bytes, name: str = "record", encoding: str | None = None) -> GameRecord:
    """Read a game record from text.

    Parameters
    ----------
    text : str or bytes
    name : str
        What to call it, in messages too.
    encoding : str, optional
        Character set of bytes; see `load_sgf`.

    Returns
    -------
    GameRecord

    Raises
    ------
    SGFError
        See `load_sgf`.

    Examples
    --------
    >>> record = parse_sgf("(;SZ[9]KM[6.5];B[ee](;W[cc];B[])(;W[gg]))")
    >>> record.komi, record.moves
    (6.5, (Move(color=1, point=(4, 4)), Move(color=-1, point=(2, 2)), Move(color=1, point=None)))
    """
    if isinstance(text, str):
        encoding = "text"
    elif isinstance(text, bytes | bytearray):
        text, encoding = _decode(bytes(text), encoding)
    else:
        raise TypeError(f"text must be str or bytes, not {type(text).__name__}.")
    return _Reader(text, name).record(encoding)


# ---------------------------------------------------------------------------------------------------- characters


def _decode(content: bytes, encoding: str | None) -> tuple[str, str]:
    if encoding is not None:
        try:
            return content.decode(encoding, errors="replace"), encoding
        except LookupError:
            raise ValueError(f"encoding must be a character set such as 'gb18030', not {encoding!r}.") from None
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(codec, errors="replace"), codec
    said = re.search(rb"(?<![A-Za-z])C[a-z]*A[a-z]*\s*\[([^\]\\]{1,40})\]", content)
    declared = _codec(said[1].decode("latin-1")) if said else None
    for codec in (declared, "utf-8"):
        if codec:
            try:
                return content.decode(codec), codec
            except UnicodeDecodeError:
                pass
    # Some bytes are wrong: the moves are ASCII in any case, and a name with a hole is better than no game.
    codec = declared or "latin-1"
    return content.decode(codec, errors="replace"), codec


def _codec(name: str) -> str | None:
    """Python's name of a character set, if it is one in which brackets and letters are what they are in ASCII."""
    plain = bytes(range(0x20, 0x7F)).replace(b"\\", b"")
    try:
        codec = codecs.lookup(name.strip()).name
        if codec.endswith("escape") or plain.decode(codec) != plain.decode("ascii"):
            return None
    except (LookupError, UnicodeError, ValueError):
        return None
    # Programs say GB2312 and write its successors, of which this is the last.
    return "gb18030" if codec in ("gb2312", "gbk") else codec


# ---------------------------------------------------------------------------------------------------- grammar


class _Value(NamedTuple):
    text: str
    offset: int


_SPACE = re.compile(r"[\s\0\ufeff]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_TREE = re.compile(r"\(\s*;")
_VALUE = re.compile(r"\[([^\]\\]*(?:\\.[^\]\\]*)*)\]", re.DOTALL)
_LINE = re.compile(r"\r\n|\n\r|\n|\r")


class _Reader:
    """One pass over the text; what lies beside the main line is checked for its form only."""

    def __init__(self, text, name):
        self.text, self.name = text, name

    def error(self, offset, message):
        before = _LINE.split(self.text[:offset])
        return SGFError(f"{self.name}, line {len(before)}, column {len(before[-1]) + 1} (offset {offset}): {message}")

    def nodes(self) -> list[dict[str, list[_Value]]]:
        """Nodes of the main line, from the root on."""
        text = self.text
        if not text.strip():
            raise SGFError(f"{self.name} is empty: a game record begins with '(;'.")
        start = _TREE.search(text)
        if start is None:
            raise SGFError(
                f"{self.name} is no game record (SGF): there is no '(;' in it, with which every game begins."
            )
        nodes = []
        trees = []  # for every open '(': where it is, whether it is on the main line, and whether it has had a branch
        at = start.start()
        node = None
        while True:
            at = _SPACE.match(text, at).end()
            if at == len(text):
                line = len(_LINE.split(text[: trees[0][0]]))
                raise self.error(
                    at,
                    f"the text ends inside the game that begins in line {line}: {len(trees)} ')' missing. Cut off?",
                )
            sign = text[at]
            if sign == "(":
                main = not trees or (trees[-1][1] and not trees[-1][2])
                if trees:
                    if node is None and not trees[-1][2]:
                        raise self.error(at, "a branch '(' before the first node ';' of this one.")
                    trees[-1][2] = True
                trees.append([at, main, False])
                node = None
                at += 1
            elif sign == ")":
                if node is None and not trees[-1][2]:
                    raise self.error(at, "a branch without any node: ';' expected.")
                trees.pop()
                at += 1
                if not trees:
                    break
                node = None
            elif sign == ";":
                if trees[-1][2]:
                    raise self.error(at, "a node after a branch: ')' or '(' expected.")
                node = {}
                if trees[-1][1]:
                    nodes.append(node)
                at += 1
            elif (found := _NAME.match(text, at)) and node is not None:
                at = self.property(node, found)
            else:
                what = f"{sign!r}" if sign != "[" else "a value '[' without the name of its property"
                raise self.error(at, f"{what} is out of place: a property such as B[pd], ';', '(' or ')' expected.")
        self.rest(at)
        return nodes

    def property(self, node, found) -> int:
        """Read a property's values into `node`; returns where the next thing begins."""
        # Older versions write names long, CoPyright for CP: only capitals count.
        long = found[0]
        name = "".join(sign for sign in long if not sign.islower()) or _SHORT.get(long, long.upper())
        values = node.setdefault(name, [])
        at = _SPACE.match(self.text, found.end()).end()
        if not self.text.startswith("[", at):
            raise self.error(found.start(), f"{long} has no value: '[' expected after the name of a property.")
        while self.text.startswith("[", at):
            value = _VALUE.match(self.text, at)
            if value is None:
                raise self.error(at, f"this value of {long} is never closed: ']' missing. Cut off?")
            values.append(_Value(_unescape(value[1]), at))
            at = _SPACE.match(self.text, value.end()).end()
        return at

    def rest(self, at):
        """What follows the game: other text is ignored like that before it, but no second game."""
        if second := _TREE.search(self.text, at):
            raise self.error(
                second.start(),
                f"a second game begins here ({len(_TREE.findall(self.text, at)) + 1} '(;' in all at least); one game a "
                "record can be read: split the file.",
            )
        if self.text[at:].strip().startswith(")"):
            raise self.error(self.text.index(")", at), "one ')' too many: the game has ended already.")

    # ------------------------------------------------------------------------------------------------ meaning

    def record(self, encoding) -> GameRecord:
        nodes = self.nodes()
        root = nodes[0]
        if root.get("GM") and root["GM"][0].text.strip() not in ("1", ""):
            value = root["GM"][0]
            raise self.error(value.offset, f"GM[{value.text}] is another game; Go is GM[1].")
        size = self.size(root)
        info = {name: values for node in reversed(nodes) for name, values in node.items() if name in _INFO}

        def said(name):
            return " ".join(info[name][0].text.split()) if info.get(name) else ""

        handicap = int(said("HA")) if said("HA").isascii() and said("HA").isdigit() else 0
        actions = [action for node in nodes for action in self.actions(node, size)]
        first = next((n for n, action in enumerate(actions) if isinstance(action, Move)), len(actions))
        if _wants_handicap(handicap, size, actions, first):
            actions.insert(0, {"black": tuple(handicap_points(handicap, size)), "to_play": WHITE})
            first += 1
        stones = {}
        for action in actions[:first]:
            for side in ("black", "white", "empty"):
                stones.update(dict.fromkeys(action.get(side, ()), side))
        return GameRecord(
            name=self.name,
            size=size,
            moves=tuple(action for action in actions if isinstance(action, Move)),
            setup={side: tuple(sorted(p for p, s in stones.items() if s == side)) for side in ("black", "white")},
            players={"black": said("PB"), "white": said("PW")},
            ranks={"black": said("BR"), "white": said("WR")},
            komi=_number(said("KM")),
            handicap=handicap,
            result=said("RE"),
            date=said("DT"),
            event=said("EV"),
            rules=said("RU"),
            nodes=tuple(
                {name: tuple(value.text for value in values) for name, values in node.items()} for node in nodes
            ),
            encoding=encoding,
            _actions=tuple(actions),
        )

    def size(self, root) -> int:
        values = root.get("SZ") or [_Value("", 0)]
        sides = re.split(r"\s*:\s*", values[0].text.strip() or "19")
        if not all(side.isascii() and side.isdigit() for side in sides) or len(sides) > 2:
            raise self.error(values[0].offset, f"SZ[{values[0].text}] is no size of a board, such as 19.")
        sizes = {int(side) for side in sides}
        if len(sizes) > 1:
            raise self.error(values[0].offset, f"SZ[{values[0].text}]: the board must be square.")
        size = sizes.pop()
        if not 1 <= size <= LARGEST:
            raise self.error(values[0].offset, f"SZ[{values[0].text}]: a board has 1 to {LARGEST} points a side.")
        return size

    def actions(self, node, size):
        """What a node does to the board: at most one setup, then moves in the order in which they are written."""
        changes, seen = {}, {}
        for name, side in (("AB", "black"), ("AW", "white"), ("AE", "empty")):
            points = []
            for value in node.get(name, ()):
                for point in self.points(value, name, size):
                    if seen.setdefault(point, name) != name:
                        where = point_name(point, size)
                        raise self.error(value.offset, f"{name} and {seen[point]} of one node both name {where}.")
                    points.append(point)
            if points:
                changes[side] = tuple(dict.fromkeys(points))
        if turn := node.get("PL"):
            word = turn[0].text.strip().lower()
            if word not in ("b", "black", "1", "w", "white", "2"):
                raise self.error(turn[0].offset, f"PL[{turn[0].text}]: B or W expected.")
            changes["to_play"] = BLACK if word in ("b", "black", "1") else WHITE
        if changes:
            yield changes
        for name, values in node.items():
            if name in ("B", "W"):
                if len(values) > 1:
                    raise self.error(values[1].offset, f"{name} has {len(values)} values, but a node is one move.")
                value = values[0]
                text = value.text.strip()
                passes = not text or (text == "tt" and size <= 19)
                yield Move(BLACK if name == "B" else WHITE, None if passes else self.point(text, value, name, size))

    def points(self, value, name, size):
        """Points of one value: a single one, or all of a rectangle, given by two corners."""
        corners = [self.point(text.strip(), value, name, size) for text in value.text.split(":", 1)]
        (top, left), (bottom, right) = corners[0], corners[-1]
        if top > bottom or left > right:
            raise self.error(
                value.offset, f"{name}[{value.text}]: a rectangle is given by its upper left and lower right corners."
            )
        return [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]

    def point(self, text, value, name, size) -> tuple[int, int]:
        numbers = [_COORDINATES.find(sign) for sign in text]
        if len(text) != 2 or min(numbers) < 0:
            raise self.error(
                value.offset,
                f"{name}[{value.text[:20]}] is no point: two letters expected, column and row, such as pd.",
            )
        if max(numbers) >= size:
            last = _COORDINATES[size - 1]
            raise self.error(
                value.offset,
                f"{name}[{value.text[:20]}] lies outside the {size}x{size} board, whose last letter is {last!r}.",
            )
        return numbers[1], numbers[0]


_COORDINATES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORT = {"black": "B", "white": "W"}
_INFO = ("PB", "PW", "BR", "WR", "KM", "HA", "RE", "DT", "EV", "RU")


def _unescape(text: str) -> str:
    """Undo backslashes: before a line break it joins the lines, before anything else it keeps what follows."""
    if "\\" in text:
        text = re.sub(r"\\(\r\n|\n\r|\n|\r|.)", lambda found: found[1].strip("\r\n"), text, flags=re.DOTALL)
    return re.sub(r"[\t\v\f]", " ", _LINE.sub("\n", text))


def _number(text: str) -> float | None:
    found = re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)", text)
    return float(text.replace(",", ".")) if found else None


def _wants_handicap(handicap, size, actions, first) -> bool:
    """Whether handicap stones stand on the board although the record names none.

    The format says that AB names them. Some programs leave that out; then White moves first.
    """
    if any("black" in action for action in actions[:first]) or first == len(actions) or actions[first].color != WHITE:
        return False
    try:
        return bool(handicap_points(handicap, size))
    except ValueError:
        return False


def _last_move(actions) -> int:
    return max((n for n, action in enumerate(actions) if isinstance(action, Move)), default=-1)


def _side(color) -> str:
    return "Black" if color == BLACK else "White"
