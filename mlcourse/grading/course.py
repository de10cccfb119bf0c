"""Where the course is, and nbgrader's view of it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.apps.api import NbGraderAPI

CONFIG = "nbgrader_config.py"


class CourseError(ValueError):
    """A course, an assignment or a person cannot be found; the message says what to do."""


def find_course(root: str | Path | None = None) -> Path:
    """Find the root of the course: the folder with ``nbgrader_config.py`` and ``source/``.

    Parameters
    ----------
    root : path, optional
        The folder itself. Looked for in the working directory, its parents, their ``assignments`` folders, and next to
        the package where left out.

    Raises
    ------
    CourseError
        When there is no course in any of these places.
    """
    if root is not None:
        if not _is_course(Path(root)):
            raise CourseError(f"{root} is no course: it has no {CONFIG} with a folder source/ beside it.")
        return Path(root).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        for place in (folder, folder / "assignments"):
            if _is_course(place):
                return place.resolve()
    raise CourseError(
        f"No course found from {here} upwards. Go to the folder of the course, or name the folder that holds {CONFIG}."
    )


def _is_course(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and (folder / "source").is_dir()


def sources(root: Path) -> list[str]:
    """Names of the assignments in ``source/``, in order."""
    return sorted(folder.name for folder in (root / "source").iterdir() if any(folder.glob("*.ipynb")))


@dataclass(frozen=True)
class Course:
    """A course opened through nbgrader's own API.

    Attributes
    ----------
    root : pathlib.Path
    api : nbgrader.apps.api.NbGraderAPI
    """

    root: Path
    api: "NbGraderAPI"

    @classmethod
    def open(cls, root: str | Path | None = None) -> "Course":
        """Open the course at `root`, or the one that :func:`find_course` finds.

        Raises
        ------
        CourseError
            When there is no course.
        """
        from nbgrader.apps import NbGrader
        from nbgrader.apps.api import NbGraderAPI

        root = find_course(root)
        # What nbgrader says is kept with each result, not printed.
        app = NbGrader(logging_config={"handlers": {"console": {"level": "CRITICAL"}}})
        app.load_cwd_config = False  # the course has its own settings, wherever the command is called
        app.initialize([], root=str(root))
        return cls(root, NbGraderAPI(app.coursedir, parent=app))

    def gradebook(self) -> "Gradebook":
        """The gradebook; use it in a ``with`` block.

        Raises
        ------
        CourseError
            When it cannot be opened.
        """
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import DBAPIError

        try:
            return Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id)
        except DBAPIError as error:
            raise CourseError(f"The gradebook of {self.root} cannot be opened: {str(error.orig).strip()}.") from error

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """Folder of one step, "submitted", "autograded" or "feedback", of one person and assignment."""
        directory = getattr(self.api.coursedir, f"{step}_directory")
        return Path(self.api.coursedir.format_path(directory, student, assignment))

    def need_assignment(self, assignment: str) -> None:
        """Make sure that an assignment was released.

        Raises
        ------
        CourseError
            When it was not, or when there is none of that name.
        """
        from nbgrader.api import MissingEntry

        known = sources(self.root)
        if assignment not in known:
            raise CourseError(f"There is no assignment {assignment!r}. There is: {', '.join(known) or 'none'}.")
        with self.gradebook() as gradebook:
            try:
                gradebook.find_assignment(assignment)
            except MissingEntry:
                raise CourseError(
                    f"{assignment} was not released yet: run `mlcourse release {assignment}` first."
                ) from None

    def students(self, step: str, assignment: str, only: list[str] | None = None) -> list[str]:
        """Who has a folder at a step, in order.

        Raises
        ------
        CourseError
            When nobody has, or when one of `only` has not.
        """
        there = sorted(
            path.parent.name
            for path in self.folder(step, "*", assignment).parent.parent.glob(f"*/{assignment}")
            if path.is_dir() and path.parent.name != "."
        )
        missing = sorted(set(only or ()) - set(there))
        place = os.path.relpath(self.folder(step, "STUDENT", assignment), self.root)
        if missing:
            raise CourseError(f"Nothing of {', '.join(missing)} is in {place}.")
        if not there:
            raise CourseError(f"Nobody's work on {assignment} was found. It belongs in {place}.")
        return sorted(only) if only else there


def need_usable_name(student: str) -> None:
    """Make sure that a folder's name stands for one person only.

    Raises
    ------
    CourseError
        When nbgrader would take it as a pattern for the names of others.
    """
    if any(character in student for character in "*?[]"):
        raise CourseError("the name of the folder is a pattern to nbgrader: rename it, without any of * ? [ ]")


def last_error(result: dict) -> str:
    """The line of nbgrader's log that tells most: the exception, else the last error."""
    lines = [line.strip() for line in (result.get("log") or "").splitlines()]
    raised = [line for line in lines if _EXCEPTION.match(line) and "NbGraderException" not in line]
    errors = [line.removeprefix("[ERROR] ") for line in lines if line.startswith("[ERROR]")]
    trace = (result.get("error") or "nbgrader gave no reason").strip().splitlines()
    return (raised or errors or trace)[-1].strip()


_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b")
