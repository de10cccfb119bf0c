"""Make the learners' version of assignments, and only when something changed."""

import hashlib
import json
import shutil
import time
from importlib import metadata
from pathlib import Path

from .course import CONFIG, Course, CourseError, find_course, last_error, sources
from .report import Line, Report, track

_STAMP = ".released.json"


def release(assignments=None, *, course: str | Path | None = None, force: bool = False, console=None) -> Report:
    """Make the learners' version of assignments in ``release/``, without solutions and hidden tests.

    Quick when nothing changed. A released notebook that somebody has worked in since is not overwritten, but kept as it
    is; with `force` it is put aside first.

    Parameters
    ----------
    assignments : list of str, optional
        All where left out.
    course : path, optional
        Root of the course, see :func:`mlcourse.grading.course.find_course`.
    force : bool
        Release again, whatever is there.
    console : rich.console.Console, optional
        Where to show a progress bar.

    Returns
    -------
    Report
        States: "released", "up to date", "kept" (somebody worked in it) and "failed".

    Raises
    ------
    CourseError
        When there is no such course or assignment.
    """
    root = find_course(course)
    known = sources(root)
    wanted = list(assignments or known)
    if unknown := sorted(set(wanted) - set(known)):
        raise CourseError(f"There is no assignment {', '.join(unknown)}. There is: {', '.join(known) or 'none'}.")
    stamp = _read_stamp(root)
    opened = None
    lines = []
    for name in track(wanted, "release", console):
        source, released = _hash_source(root, name), root / "release" / name
        old = stamp.get(name, {})
        whole = released.is_dir() and all((released / path).exists() for path in old.get("files", {}))
        if whole and not force and old.get("source") == source and _gradebook_is_there(root, old):
            lines.append(Line(name, "up to date"))
            continue
        edited = [path for path, digest in old.get("files", {}).items() if _differs(released / path, digest)]
        if edited and not force:
            says = f"{', '.join(edited)} changed since it was released; --force puts it aside and releases anew"
            lines.append(Line(name, "kept", says=says))
            continue
        says = ""
        if edited or (released.is_dir() and not old):
            aside = root / "kept" / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
            shutil.copytree(released, aside)
            says = f"the old version is in {aside.relative_to(root)}"
        opened = opened or Course.open(root)
        result = opened.api.generate_assignment(name, force=True)
        if not result["success"]:
            lines.append(Line(name, "failed", says=last_error(result)))
            continue
        stamp[name] = {
            "source": source,
            "files": {str(path.relative_to(released)): _digest(path) for path in sorted(released.rglob("*.ipynb"))},
            "gradebook": opened.api.coursedir.db_url,
        }
        _write_stamp(root, stamp)
        lines.append(Line(name, "released", says=says))
    return Report("release", lines)


def _hash_source(root: Path, name: str) -> str:
    """One hash over everything that a release is made of."""
    total = hashlib.sha256(metadata.version("nbgrader").encode())
    files = [root / CONFIG, *sorted((root / "source").glob("*.ipynb")), *sorted((root / "source" / name).rglob("*"))]
    for path in files:
        if path.is_file() and ".ipynb_checkpoints" not in path.parts:
            total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _gradebook_is_there(root: Path, old: dict) -> bool:
    scheme, _, place = old.get("gradebook", "").partition(":///")
    return bool(scheme) and (scheme != "sqlite" or Path(place).exists())


def _differs(path: Path, digest: str) -> bool:
    return path.exists() and _digest(path) != digest


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_stamp(root: Path) -> dict:
    try:
        stamp = json.loads((root / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(root: Path, stamp: dict) -> None:
    temporary = root / f"{_STAMP}.new"
    temporary.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    temporary.replace(root / _STAMP)
