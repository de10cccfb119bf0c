"""A learner's own progress: attempts, hints seen, exercises solved, points.

Kept in one small JSON file in the user's data folder, or in the folder that ``MLCOURSE_HOME`` names; nothing leaves the
machine. Several notebooks may write at once; a damaged file is set aside, not lost; and where the file cannot be
written, checks go on without it.
"""

import contextlib
import html
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FILE = "progress.json"
_LOCK_PATIENCE = 5.0  # seconds to wait for another notebook; a lock is held for milliseconds
_FIELDS = {"attempts": 0, "hints": 0, "share": 0.0, "points": None, "of": None, "solution": False}

_told: set[str] = set()


def folder() -> Path:
    """Folder of the progress file: ``MLCOURSE_HOME``, else the user's data folder."""
    named = os.environ.get("MLCOURSE_HOME")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("mlcourse", appauthor=False))


def record_attempt(assignment: str, exercise: str, share: float, points: float | None = None) -> None:
    """Count an attempt and keep the best share of the points reached so far.

    Parameters
    ----------
    assignment, exercise : str
        "a01_sensing", "windows".
    share : float
        Share of the points that the attempt earns, 0 to 1.
    points : float, optional
        What the exercise is worth.
    """

    def update(entry):
        entry["attempts"] += 1
        entry["share"] = max(entry["share"], share)
        if points is not None:
            entry["of"] = points
        if entry["of"] is not None:
            entry["points"] = round(entry["of"] * entry["share"], 2)

    _change(assignment, exercise, update)


def record_hint(assignment: str, exercise: str, seen: int) -> None:
    """Keep how many hints of an exercise were seen at most."""
    _change(assignment, exercise, lambda entry: entry.update(hints=max(entry["hints"], seen)))


def record_solution(assignment: str, exercise: str) -> None:
    """Keep that the solution of an exercise was looked at."""
    _change(assignment, exercise, lambda entry: entry.update(solution=True))


def attempts(assignment: str, exercise: str) -> int:
    """How often an exercise was tried."""
    return _entry(_read(folder() / _FILE), assignment, exercise)["attempts"]


@dataclass(frozen=True)
class Row:
    """Progress in one exercise."""

    assignment: str
    exercise: str
    attempts: int
    hints: int
    share: float
    points: float | None
    of: float | None
    solution: bool

    @property
    def state(self) -> str:
        """``"solved"``, ``"partly right"``, ``"tried"`` or ``"not tried"``."""
        if self.share >= 1:
            return "solved"
        if self.share > 0:
            return "partly right"
        return "tried" if self.attempts else "not tried"


class Progress(tuple):
    """Rows of :func:`progress`, shown as a table in a notebook and as lines elsewhere."""

    __slots__ = ()

    heads = ("assignment", "exercise", "state", "attempts", "hints seen", "points")

    def cells(self) -> list[tuple[str, ...]]:
        """The table as text, one tuple a row, in the order of `heads`."""
        return [
            (
                row.assignment,
                row.exercise,
                row.state + (" (solution seen)" if row.solution else ""),
                str(row.attempts),
                str(row.hints),
                "" if row.of is None else f"{row.points:g} of {row.of:g}",
            )
            for row in self
        ]

    def __repr__(self) -> str:
        if not self:
            return "No exercise was tried yet."
        table = [self.heads, *self.cells()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in table)

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No exercise was tried yet.</p>"

        def line(tag, values):
            inner = "".join(f"<{tag} style='text-align:left'>{html.escape(value)}</{tag}>" for value in values)
            return f"<tr>{inner}</tr>"

        rows = "".join(line("td", values) for values in self.cells())
        return f"<table><thead>{line('th', self.heads)}</thead><tbody>{rows}</tbody></table>"


def progress() -> Progress:
    """Everything recorded so far, by assignment and exercise."""
    data = _read(folder() / _FILE)
    return Progress(
        Row(assignment, exercise, **_entry(data, assignment, exercise))
        for assignment in sorted(data)
        for exercise in data[assignment]
    )


# -- the file ------------------------------------------------------------------------------------------------------


def _entry(data: dict, assignment: str, exercise: str) -> dict:
    found = data.get(assignment, {}).get(exercise, {})
    return {name: found.get(name, default) for name, default in _FIELDS.items()}


def _change(assignment, exercise, update) -> None:
    path = folder() / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_suffix(".lock")):
            data = _read(path)
            entry = _entry(data, assignment, exercise)
            update(entry)
            data.setdefault(assignment, {}).setdefault(exercise, {}).update(entry)
            _replace(path, json.dumps(data, indent=1))
    except OSError as error:
        _tell_once(f"Progress is not recorded: {error}. Set MLCOURSE_HOME to a folder that can be written.")


def _read(path: Path) -> dict:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        _tell_once(f"Progress cannot be read: {error}.")
        return {}
    try:
        data = json.loads(text.decode("utf-8"))
        if not _is_sound(data):
            raise ValueError("not a table of progress")
    except ValueError:
        return _set_aside(path)
    return data


def _is_sound(data) -> bool:
    kinds = {"attempts": int, "hints": int, "share": int | float, "solution": bool}
    kinds |= dict.fromkeys(("points", "of"), int | float | None)
    return isinstance(data, dict) and all(
        isinstance(exercises, dict)
        and all(
            isinstance(entry, dict) and all(isinstance(entry.get(name, _FIELDS[name]), kinds[name]) for name in _FIELDS)
            for entry in exercises.values()
        )
        for exercises in data.values()
    )


def _set_aside(path: Path) -> dict:
    aside = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.json")
    try:
        os.replace(path, aside)
        _tell_once(f"The progress file was damaged; it is kept as {aside}, and a new one is begun.")
    except OSError as error:
        _tell_once(f"The progress file {path} is damaged and cannot be set aside: {error}.")
    return {}


def _replace(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the operating system gives up by itself when the process ends."""
    with open(path, "a+b") as file:
        until = time.monotonic() + _LOCK_PATIENCE
        while not _try_lock(file):
            if time.monotonic() > until:
                raise TimeoutError(f"another program holds {path}")
            time.sleep(0.01)
        yield  # closing the file gives the lock back


def _try_lock(file) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _tell_once(message: str) -> None:
    if message not in _told:
        _told.add(message)
        print(message)
