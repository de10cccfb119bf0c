"""Call a learner's code so that whatever it does becomes an :class:`Outcome` that can be put into words.

The code is given copies of its arguments, a time limit, and an output that is caught: what it prints, also on standard
error, is kept for the message instead of being mixed into the notebook.
"""

import contextlib
import copy
import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .values import NotPlainError, difference, plain

_MOST_OUTPUT = 2_000  # characters kept of what one call prints


class NotAnswered(Exception):
    """The learner's code raised ``NotImplementedError``: it is still the placeholder."""


class _OutOfTime(BaseException):
    """Raised by the timer inside the learner's code; no ``except Exception`` of theirs catches it."""


@dataclass(frozen=True)
class Outcome:
    """What one call came to.

    Attributes
    ----------
    value
        The plain result; ``None`` where `fault` or `error` is set.
    error : str
        Name of the exception type that the call raised, or ``""``.
    fault : str
        In words, why there is no result to compare; ``""`` where there is one.
    details : str
        More on the fault that may quote the inputs: left out for hidden cases.
    changed : tuple of str
        Arguments that the call changed in place.
    printed : str
        What the call printed.
    endless : bool
        Whether the call ran out of time.
    """

    value: Any = None
    error: str = ""
    fault: str = ""
    details: str = ""
    changed: tuple[str, ...] = ()
    printed: str = ""
    endless: bool = False


def call(function: Callable, args: tuple, names: tuple[str, ...] = (), *, seconds: float = 10.0, hide="") -> Outcome:
    """Call `function` with copies of `args` and describe what happened.

    Parameters
    ----------
    function : callable
    args : tuple
    names : tuple of str
        Names of the arguments, for messages.
    seconds : float
        Time limit; held on the main thread of systems that have interval timers.
    hide : str
        File name of the cell that runs the check: its lines are never quoted.

    Raises
    ------
    NotAnswered
        When the function raises ``NotImplementedError``.
    """
    copies = copy.deepcopy(args)
    printed = _CappedText(_MOST_OUTPUT)
    value, error, fault, details, endless = None, "", "", "", False
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            with _time_limit(seconds):
                value = function(*copies)
        except NotImplementedError as raised:
            raise NotAnswered from raised
        except _OutOfTime:
            endless = True
            fault = f"is still running after {seconds:g} s: does a loop never end?"
        except RecursionError as raised:
            error = "RecursionError"
            fault = f"calls itself without end{_line(raised, hide)}: which case stops the recursion?"
        except (SystemExit, GeneratorExit) as raised:
            error = type(raised).__name__
            fault = f"raises {error} instead of returning a result" + _line(raised, hide)
        except Exception as raised:
            error = type(raised).__name__
            fault = f"raises {error}" + _line(raised, hide)
            details = _message(raised)
        else:
            try:
                value = plain(value)
            except NotPlainError as refused:
                value, fault = None, f"returns {refused}, which is not a plain value (number, text, list, array ...)"
            except Exception as raised:
                value, fault = None, f"returns a value that cannot be read ({type(raised).__name__})"
    changed = () if fault else _changed(args, copies, names)
    return Outcome(value, error, fault, details, changed, printed.getvalue(), endless)


def _message(raised: BaseException) -> str:
    try:
        return str(raised)[:500]
    except Exception:
        return ""


def _changed(before: tuple, after: tuple, names: tuple[str, ...]) -> tuple[str, ...]:
    changed = []
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        try:
            same = difference(plain(new), plain(old), rtol=0, atol=0) is None
        except NotPlainError:  # a model or the like: not watched
            same = True
        except Exception:
            same = False
        if not same:
            changed.append(names[index] if index < len(names) else f"argument {index + 1}")
    return tuple(changed)


def _line(raised: BaseException, hide: str) -> str:
    """Quote the line of the learner's own code that raised: the deepest frame outside of libraries and checks."""
    best = ""
    trace = raised.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename != hide and not _is_library(filename):
            text = linecache.getline(filename, trace.tb_lineno).strip()
            if text:
                best = f" in line {trace.tb_lineno} of your code, `{text}`"
        trace = trace.tb_next
    return best


def _is_library(filename: str) -> bool:
    return filename.startswith("<frozen") or any(filename.startswith(folder) for folder in _LIBRARIES)


_LIBRARIES = (
    *{os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    os.path.join(Path(__file__).resolve().parents[1], ""),
)


class _CappedText(io.StringIO):
    """Keeps the first characters that are written and drops the rest."""

    def __init__(self, most: int):
        super().__init__()
        self._left = most

    def write(self, text: str) -> int:
        if self._left > 0:
            super().write(text[: self._left])
        self._left -= len(text)
        return len(text)


@contextlib.contextmanager
def _time_limit(seconds: float):
    """Raise :class:`_OutOfTime` in the block after so many seconds, and again each second until it ends."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def out_of_time(signum, frame):
        raise _OutOfTime

    began = time.monotonic()
    old_handler = signal.signal(signal.SIGALRM, out_of_time)
    old_left, old_interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        if old_left:  # somebody else's timer goes on where it was
            signal.setitimer(signal.ITIMER_REAL, max(old_left - (time.monotonic() - began), 0.001), old_interval)


def caller_file(depth: int) -> str:
    """File name of the code `depth` calls up: the cell that runs a check."""
    return sys._getframe(depth + 1).f_code.co_filename
