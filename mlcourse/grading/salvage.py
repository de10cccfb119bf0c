"""Make out what can be made out of a notebook's file that is damaged: cut off, partly overwritten, in another encoding.

Cells are found one by one. Of a cell that is damaged itself, its text is kept as far as it goes: the last cell of a
file that was cut off is often the one that somebody worked on.
"""

import codecs
import json
import re
from collections import deque

_CELL = re.compile(r'\{\s*"(?:attachments|cell_type|execution_count|id|metadata|outputs|source)"\s*:')
_CELL_TYPE = re.compile(r'"cell_type"\s*:\s*"(code|markdown|raw)"')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],]', re.DOTALL)
# So that no file takes long, whoever made it:
_MOST_TRIES = 500  # of places that look like a cell and are none
_MOST_READ = 1_000_000_000  # characters of a text, times the tries
_MOST_VALUES = 5  # of one name in a cell
_DEEPEST = 50  # brackets within brackets
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """Text of a file, whatever encoding an editor gave it; what is no text becomes a question mark."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    for encoding, zeros in (("utf-16-le", data[1:64:2]), ("utf-16-be", data[:64:2])):
        if zeros and not any(zeros) and data[:64].strip(b"\0"):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        # Either UTF-8 with a few wrong bytes, or an old encoding throughout.
        other = all(character < "\x80" or character == "�" for character in text)
        return data.decode("cp1252", "replace") if other else text


def parse(text: str):
    """Content of JSON; numbers that are too long become 0, and line ends within a string are taken.

    Raises
    ------
    ValueError, RecursionError
        When it is not JSON.
    """
    return json.loads(text, strict=False, parse_int=_integer)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 300 else 0


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


def salvage(text: str) -> tuple[list[dict], bool]:
    """Find cells in what is no JSON.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of dict
        With ``cell_type``, ``metadata`` and ``source``, as far as these were found.
    bool
        Whether all of them are whole.
    """
    cells, whole = [], True
    place, tries = _first(text), 0
    while found := _CELL.search(text, place):
        start = found.start()
        try:
            cell, place = _DECODER.raw_decode(text, start)
            if "cell_type" in cell:
                cells.append(cell)
                continue
        except (ValueError, RecursionError):
            pass
        tries += 1
        if tries > min(_MOST_TRIES, _MOST_READ // len(text)):
            break
        following = _CELL.search(text, found.end())
        while following and not _begins_cell(text, following.start()):
            following = _CELL.search(text, following.end())
        place = following.start() if following else len(text)
        if cell := _pieces(text[start:place]):
            cells.append(cell)
            whole = False
    return cells, whole


def _first(text: str) -> int:
    found = re.search(r'"(?:cells|worksheets)"\s*:', text)
    return found.end() if found else 0


def _begins_cell(text: str, start: int) -> bool:
    """Whether a cell begins here, not a part of one: it says of which type it is before anything opens within it."""
    found = _CELL_TYPE.search(text, start, start + 2_000)
    return found is not None and text.count("{", start, found.start()) <= 3


def _pieces(text: str) -> dict:
    """What is left of a damaged cell; empty where that is nothing."""
    kind = _CELL_TYPE.search(text)
    if not kind:
        return {}
    first, last = slice(_MOST_VALUES), slice(-_MOST_VALUES, None)
    metadata = [value for value in _values(text, "metadata", first) if isinstance(value, dict) and "nbgrader" in value]
    sources = [value for value in _values(text, "source", last) if isinstance(value, str | list)]
    if not (metadata or sources):
        return {}
    return {
        "cell_type": kind[1],
        "metadata": metadata[0] if metadata else {},
        "source": sources[-1] if sources else "",
    }


def _values(text: str, name: str, which: slice):
    """Values that are given to a name, also one that is cut off."""
    places = [found.end() for found in re.finditer(rf'(?<!\\)"{name}"\s*:\s*', text)]
    for place in places[which]:
        try:
            yield _DECODER.raw_decode(text, place)[0]
        except (ValueError, RecursionError):
            yield from _closed(text[place:])


def _closed(text: str):
    """The value at the beginning of a text that is cut off or damaged within it, closed where that is."""
    stack: list[str] = []
    ends: deque[tuple[int, str]] = deque(maxlen=20)  # where it could be closed: after a whole item
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in "{[":
            stack.append("}" if token == "{" else "]")
            if len(stack) > _DEEPEST:
                break
            ends.append((found.end(), "".join(reversed(stack))))
        elif token in "}]":
            if not stack or stack.pop() != token:
                break
        elif token == ",":
            ends.append((found.start(), "".join(reversed(stack))))
        else:
            if len(token) < 2 or not token.endswith('"') or _odd_escapes(token):  # the text ends within it
                cut = re.sub(r"\\(?:u[0-9a-fA-F]{0,3})?$", "", text[: found.end()])
                ends.append((len(cut), '"' + "".join(reversed(stack))))
                break
            ends.append((found.end(), "".join(reversed(stack))))
        if not stack:
            break
    for end, closing in reversed(ends):
        try:
            yield _DECODER.decode(text[:end] + closing)
            return
        except (ValueError, RecursionError):
            pass


def _odd_escapes(token: str) -> bool:
    """Whether the quote at the end of a string belongs to it."""
    body = token[:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1
