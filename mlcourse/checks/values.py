"""Plain values: what they are, how two of them differ, how one is shown.

A check never compares what a learner's function returned, but a plain copy of it. So no ``__eq__`` that always says
"equal", no subclass and no later change of a shared array can make a wrong answer look right.
"""

from dataclasses import dataclass

import numpy as np

_DEEPEST = 20
_MOST_ITEMS = 1_000_000

# Kinds of numbers and arrays, in a learner's words.
_ARRAY_KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex", "U": "str", "S": "bytes"}
# Which kinds may stand where another is asked for: 3 where 3.0 is, but not True where 1 is.
_ALLOWED = {"float": ("float", "int"), "complex": ("complex", "float", "int")}


class NotPlainError(TypeError):
    """A value that has no plain form; the message names what it is."""


def plain(value, *, _depth: int = 0):
    """Copy a value into exact built-in types and base-class NumPy arrays.

    Numbers, strings, ``None``, lists, tuples, dicts, sets and arrays are kept, subclasses become what they derive
    from, NumPy scalars become Python numbers. No method that the value's own class overrides is called.

    Raises
    ------
    NotPlainError
        When the value is anything else: a function, a generator, an object of a class of one's own.

    Examples
    --------
    >>> plain((np.float64(0.5), [np.int64(3)]))
    (0.5, [3])
    """
    kind = type(value)
    if value is None or any(kind is exact for exact in (bool, int, float, complex, str, bytes)):
        return value
    if _depth > _DEEPEST:
        raise NotPlainError(f"a value nested more than {_DEEPEST} levels deep")
    mro = type.mro(kind)

    def derives(base):  # by identity: a metaclass may define __eq__ and __instancecheck__
        return any(parent is base for parent in mro)

    def inner(items):
        return [plain(item, _depth=_depth + 1) for item in items]

    if derives(np.ndarray):
        return _plain_array(value, inner)
    if derives(np.generic) and kind.__module__ == "numpy":
        return plain(value.item(), _depth=_depth + 1) if value.dtype.kind in "biufcUS" else _refuse(kind)
    for base, convert in (
        (int, int.__int__),
        (float, float.__float__),
        (complex, complex.__complex__),
        (str, lambda text: str.__getitem__(text, slice(None))),
        (bytes, lambda data: bytes.__getitem__(data, slice(None))),
    ):
        if derives(base):
            return convert(value)
    for base, size in ((list, list.__len__), (tuple, tuple.__len__), (dict, dict.__len__), (set, set.__len__)):
        if derives(base) and size(value) > _MOST_ITEMS:
            raise NotPlainError(f"a {base.__name__} of {size(value):,} items")
    if derives(list):
        return inner(list.__iter__(value))
    if derives(tuple):
        return tuple(inner(tuple.__iter__(value)))
    if derives(dict):
        return dict(zip(inner(dict.keys(value)), inner(dict.values(value)), strict=True))
    if derives(set):
        return set(inner(set.__iter__(value)))
    if derives(frozenset):
        return set(inner(frozenset.__iter__(value)))
    return _refuse(kind)


def _plain_array(value, inner):
    array = np.array(value, dtype=np.ndarray.dtype.__get__(value), subok=False, copy=True)
    if array.ndim == 0:
        return plain(array.item())
    if array.dtype.kind in "biufcUS":
        return array
    if array.dtype.kind in "OT":
        flat = inner(array.ravel().tolist())
        if all(type(item) is str for item in flat):
            return np.array(flat, dtype=str).reshape(array.shape)
        out = np.empty(len(flat), dtype=object)
        out[:] = flat
        return out.reshape(array.shape)
    raise NotPlainError(f"a NumPy array of dtype {array.dtype}")


def _refuse(kind: type):
    raise NotPlainError(f"an object of type {type.__getattribute__(kind, '__name__')}")


def kind_of(value) -> str:
    """Name the kind of a plain value: ``"float"``, ``"array of int"``, ``"list"``, ``"nothing (None)"``."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, np.ndarray):
        return f"array of {_ARRAY_KINDS.get(value.dtype.kind, 'objects')}"
    return type(value).__name__


@dataclass(frozen=True)
class Difference:
    """How an answer differs from the right one, once for a visible case and once without giving it away."""

    text: str
    discreet: str


def difference(got, expected, *, rtol: float = 1e-6, atol: float = 1e-9) -> Difference | None:
    """Describe the first way in which a plain value differs from the expected plain value.

    Parameters
    ----------
    got, expected
        Results of :func:`plain`.
    rtol, atol : float
        Floating-point numbers are equal when ``|got - expected| <= atol + rtol * |expected|``.

    Returns
    -------
    Difference or None
        ``None`` when the two are equal.

    Examples
    --------
    >>> difference([1, 2, 4], [1, 2, 3]).text
    'item 2 is 4 instead of 3'
    >>> difference([1, 2, 4], [1, 2, 3]).discreet
    'item 2 is wrong'
    """
    return _difference(got, expected, "", rtol, atol)


def _difference(got, expected, where, rtol, atol):
    what = where or "the result"
    if isinstance(expected, np.ndarray):
        return _array_difference(got, expected, what, rtol, atol)
    have, want = kind_of(got), kind_of(expected)
    if isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        return _sequence_difference(got, expected, where, rtol, atol)
    if have not in _ALLOWED.get(want, (want,)):
        text = f"{what} is {a_or_an(have)} instead of {a_or_an(want)}"
        text += ": is a `return` missing?" if got is None else ""
        return Difference(text, text)
    if isinstance(expected, dict):
        return _dict_difference(got, expected, where, rtol, atol)
    if isinstance(expected, float | complex):
        if np.isnan(got) and not np.isnan(expected):
            return Difference(f"{what} is NaN instead of {show(expected)}", f"{what} is NaN, where a number belongs")
        if np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True):
            return None
    elif got == expected:
        return None
    return Difference(f"{what} is {show(got)} instead of {show(expected)}", f"{what} is wrong")


def _sequence_difference(got, expected, where, rtol, atol):
    if len(got) != len(expected):
        what = where or "the result"
        return Difference(
            f"{what} has {len(got)} items instead of {len(expected)}",
            f"{what} has a wrong number of items ({len(got)})",
        )
    for index, (have, want) in enumerate(zip(got, expected, strict=True)):
        found = _difference(have, want, f"{where}[{index}]" if where else f"item {index}", rtol, atol)
        if found:
            return found
    return None


def _dict_difference(got, expected, where, rtol, atol):
    what = where or "the result"
    for key in expected:
        if key not in got:
            return Difference(f"{what} has no key {key!r}", f"{what} lacks a key")
    for key in got:
        if key not in expected:
            return Difference(f"{what} has a key {key!r} that does not belong there", f"{what} has a key too many")
    for key, want in expected.items():
        found = _difference(got[key], want, f"{what}[{key!r}]", rtol, atol)
        if found:
            return found
    return None


def _array_difference(got, expected, what, rtol, atol):
    if not isinstance(got, np.ndarray):
        advice = " (np.array(...) makes one)" if isinstance(got, list | tuple) else ""
        text = f"{what} is {a_or_an(kind_of(got))} instead of a NumPy array{advice}"
        return Difference(text, text)
    if got.shape != expected.shape:
        return Difference(
            f"{what} has shape {got.shape} instead of {expected.shape}", f"{what} has a wrong shape, {got.shape}"
        )
    if not expected.size:
        return None
    have, want = (_ARRAY_KINDS.get(array.dtype.kind, "objects") for array in (got, expected))
    if have not in _ALLOWED.get(want, (want,)):
        text = f"{what} is an array of {have} instead of an array of {want}"
        return Difference(text, text)
    if want in ("float", "complex"):
        strange = np.isnan(got) & ~np.isnan(expected)
        if strange.any():
            place = _place(strange)
            return Difference(
                f"{what} is NaN at {place} instead of {show(expected[strange][0])}",
                f"{what} holds NaN, at {place}, where a number belongs",
            )
        wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    elif want == "objects":
        pairs = zip(got.ravel(), expected.ravel(), strict=True)
        wrong = np.array([_difference(a, b, "", rtol, atol) is not None for a, b in pairs], bool).reshape(got.shape)
    else:
        wrong = got != expected
    if not wrong.any():
        return None
    count = f"{what} differs in {int(wrong.sum())} of {wrong.size} places"
    first = f"{show(got[wrong][0])} instead of {show(expected[wrong][0])}"
    return Difference(f"{count}; first at {_place(wrong)}: {first}", f"{count}; first at {_place(wrong)}")


def _place(mask) -> str:
    return str([int(index) for index in np.argwhere(mask)[0]])


def a_or_an(kind: str) -> str:
    """Put the article before a kind: "an int", "a list", "nothing (None)"."""
    if kind.startswith("nothing"):
        return kind
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def show(value, limit: int = 400) -> str:
    """Show a plain value on few lines, for people.

    Examples
    --------
    >>> show(np.array([0.5, 1.0]))
    '[0.5 1. ]'
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, threshold=60, edgeitems=3, suppress_small=True, max_line_width=100)
        if not value.size:
            text = f"an empty array of shape {value.shape}"
    elif type(value) is float:
        text = f"{value:.6g}"
    elif isinstance(value, list | tuple):
        inside = ", ".join(show(item, limit) for item in value[:20]) + (", ..." if len(value) > 20 else "")
        text = f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    elif isinstance(value, dict):
        inside = ", ".join(f"{key!r}: {show(item, limit)}" for key, item in list(value.items())[:20])
        text = "{" + inside + (", ..." if len(value) > 20 else "") + "}"
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 4] + " ..."


def outline(value) -> str:
    """Tell the kind and size of a plain value, but not the value: what a hidden case may show of its input."""
    if isinstance(value, np.ndarray):
        return f"{kind_of(value)} of shape {value.shape}"
    if isinstance(value, list | tuple | dict | set):
        return f"{kind_of(value)} of {len(value)} items"
    return kind_of(value)


def size_of(value) -> int:
    """Count the numbers and strings in a plain value, by which the smallest failing example is found."""
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        return sum(size_of(item) for item in value.values())
    if isinstance(value, list | tuple | set):
        return sum(size_of(item) for item in value)
    return 1
