"""Grade what was handed in."""

import contextlib
import errno
import itertools
import logging
import re
import warnings
from collections.abc import Callable
from pathlib import Path

from . import execution
from .course import Course, CourseError, last_error, need_usable_name
from .executors import Executor, LocalPool
from .report import Line, Report, track
from .results import Results
from .sandbox.client import why_not
from .sanitizing import Sanitizer

_FULL = re.compile(r"OSError: \[Errno (28|122)\]|(\S+: )?\(sqlite3\.OperationalError\) database or disk is full")
_SILENT = logging.NullHandler()


def grade(
    assignment: str,
    students: list[str] | None = None,
    *,
    course: str | Path | None = None,
    force: bool = False,
    jobs: int | None = None,
    timeout: int | None = None,
    memory: int | None = None,
    unsafe: bool = False,
    executor: Callable[[], Executor] | None = None,
    console=None,
) -> Report:
    """Grade the submissions of an assignment in ``submitted/STUDENT/ASSIGNMENT``.

    Notebooks are executed in sandboxes, several at once, and nbgrader puts the points into the gradebook, one after the
    other. What was executed is kept: whatever ends this call, the next one goes on where it was. What was graded is
    graded again only when the submission, the assignment or this package changed. Of a damaged notebook the cells that
    can be read are graded; an empty or missing one is graded as one in which nothing was answered, and reported. The
    submitted files are never changed.

    Parameters
    ----------
    assignment : str
    students : list of str, optional
        Everybody who handed something in where left out.
    course : path, optional
        Root of the course, see :func:`mlcourse.grading.course.find_course`.
    force : bool
        Execute and grade again, whatever is there.
    jobs : int, optional
        How many notebooks are executed at once; as many as there are usable cores if left out.
    timeout : int, optional
        Seconds that a cell may take; those of the course's settings if left out.
    memory : int, optional
        MB that a notebook may use; those of the course's settings if left out.
    unsafe : bool
        Execute in plain kernels, with all the rights of whoever calls this, where there is no sandbox.
    executor : callable, optional
        Makes what executes notebooks, such as `mlcourse.grading.cluster.DaskCluster`; in place of `jobs`.
    console : rich.console.Console, optional
        Where to show a progress bar.

    Returns
    -------
    Report
        States: "graded", "restored" (graded, with deleted test cells put back), "repaired" (graded as far as the cells
        of a damaged file could be read), "flagged" (graded, and something was odd when it was executed: a kernel that
        died, a cell that took too long, a flood of output), "damaged" and "missing" (graded as unanswered), "skipped"
        (graded before) and "failed".

    Raises
    ------
    CourseError
        When there is no such course, assignment or submission, or no sandbox.
    """
    opened = Course.open(course)
    opened.need_assignment(assignment)
    names = opened.students("submitted", assignment, students)
    asked = {"timeout": timeout, "kernel_name": execution.PLAIN if unsafe else None}
    asked["limits"] = None if memory is None else {"memory": memory}
    opened.api.config.Execute.update({name: value for name, value in asked.items() if value is not None})
    if executor is None and not unsafe and (why := why_not()):
        raise CourseError(f"{why} Grade on another machine, or, if you trust all of this code, with --unsafe.")
    from .gradebook import one_connection, one_schema

    # The gradebook prints tracebacks of errors that it raises as well.
    logging.getLogger("tornado.application").addHandler(_SILENT)
    running = LocalPool(jobs) if executor is None else executor()
    try:
        with one_connection(), one_schema(), _in_one_sentence(opened):
            executed = _execute_ahead(opened, assignment, names, running, force)
            lines = {
                student: _grade_one(opened, assignment, student, keys, error, force)
                for student, keys, error in track(executed, f"grade {assignment}", console, total=len(names))
            }
    finally:
        running.close()
    return Report(assignment, [lines[name] for name in names])


@contextlib.contextmanager
def _in_one_sentence(course: Course):
    """Say what is wrong when there is no room for more on the disk, or when the server of the gradebook is gone."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except Exception as error:
        if getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT) and not _FULL.match(str(error)):
            if isinstance(error, DBAPIError):
                raise CourseError(
                    f"The gradebook cannot be used any more: {str(error.orig).strip()}. What was done is kept."
                ) from error
            raise
        raise CourseError(
            f"There is no room left on the disk of {course.root}. Make some and grade again: what was done is kept."
        ) from None


def _execute_ahead(course: Course, assignment: str, students: list[str], executor, force: bool):
    """Execute whatever has no result yet; yield each person in turn, with the keys of her jobs and what went wrong.

    Nothing is written to the gradebook here: nbgrader's own converter does that, when it finds the results.
    """
    sanitizer = Sanitizer(course, assignment)
    results = Results(course.root)
    keys: dict[str, dict[str, str]] = {}
    errors: dict[str, str] = {}
    left: dict[str, int] = {}  # jobs of a person that are still to be executed
    owner: dict[int, tuple[str, str]] = {}

    def jobs():
        for student in students:
            keys[student], todo = {}, []
            try:
                need_usable_name(student)
                for name in sanitizer.notebooks:
                    job = sanitizer.job(student, name)
                    keys[student][name] = job["key"]
                    if force or results.get(job, assignment, student, name) is None:
                        todo.append((name, job))
            except Exception as error:  # a submission in a state that nobody thought of must not stop the others
                errors[student], todo = f"{type(error).__name__}: {error}", []
            left[student] = len(todo)
            for name, job in todo:
                owner[id(job)] = student, name
                yield job

    turn = iter(students)
    student = next(turn, None)
    for job, result in itertools.chain(executor.run(jobs()), [(None, None)]):
        if job is not None:
            whose, name = owner.pop(id(job))
            if isinstance(result, Exception):
                errors[whose] = str(result)
            else:
                results.put(result, assignment, whose, name)
            left[whose] -= 1
        while student is not None and left.get(student) == 0:
            yield student, keys.pop(student), errors.pop(student, "")
            student = next(turn, None)


def _grade_one(course: Course, assignment: str, student: str, keys: dict[str, str], error: str, force: bool) -> Line:
    from .submissions import examine

    if error:
        return Line(student, "failed", says=error)
    with course.gradebook() as gradebook:
        findings = examine(course.folder("submitted", student, assignment), gradebook, assignment)
    says = "; ".join(
        finding.says if finding.notebook == assignment else f"{finding.notebook}: {finding.says}"
        for finding in findings
    )
    results = Results(course.root)
    if not force and _is_graded(course, assignment, student) and results.graded(assignment, student) == keys:
        return Line(student, "skipped", *_result(course, assignment, student)[:2], says=says)
    if unread := _unreadable_timestamp(course, assignment, student):
        return Line(student, "failed", says=unread)
    result = _autograde(course, assignment, student)
    if not result["success"]:
        why = last_error(result)
        if _FULL.match(why):
            raise OSError(errno.ENOSPC, why)
        return Line(student, "failed", says=why)
    results.mark_graded(assignment, student, keys)
    score, max_score, by_hand = _result(course, assignment, student)
    flags = [flag for name in keys for flag in results.flags(assignment, student, name)]
    says = "; ".join(filter(None, [says, *flags, "to be read by a person" if by_hand else ""]))
    states = {finding.state for finding in findings} | ({"flagged"} if flags else set())
    order = ("damaged", "missing", "repaired", "restored", "flagged")
    state = next((state for state in order if state in states), "graded")
    return Line(student, state, score, max_score, says)


def _unreadable_timestamp(course: Course, assignment: str, student: str) -> str:
    """What to do about a ``timestamp.txt`` that nbgrader would stop at, or an empty string."""
    folder = course.folder("submitted", student, assignment)
    try:
        course.api.coursedir.get_existing_timestamp(str(folder))
    except (AttributeError, ValueError, OverflowError):  # nbgrader's own report of it raises AttributeError
        return "timestamp.txt holds no date that can be read: correct it or delete it, and grade again"
    return ""


def _autograde(course: Course, assignment: str, student: str) -> dict:
    """nbgrader's own autograding of one person, also where the folder holds no notebook at all."""
    from nbgrader.converters import Autograde
    from nbgrader.converters.base import NbGraderException
    from nbgrader.utils import capture_log, temp_attrs

    class AutogradeAnything(Autograde):
        def init_notebooks(self):
            try:
                super().init_notebooks()
            except NbGraderException:
                self.assignments = {}  # the exporter adds the notebooks that should be there

    with temp_attrs(course.api.coursedir, assignment_id=assignment, student_id=student):
        app = AutogradeAnything(coursedir=course.api.coursedir, parent=course.api)
        app.force = True
        with warnings.catch_warnings():  # sqlalchemy's remarks about nbgrader's own code
            warnings.simplefilter("ignore")
            return capture_log(app)


def _is_graded(course: Course, assignment: str, student: str) -> bool:
    """Whether nbgrader's own folder holds a graded notebook; somebody may have deleted it to have it made anew."""
    return any(course.folder("autograded", student, assignment).glob("*.ipynb"))


def _result(course: Course, assignment: str, student: str) -> tuple[float, float, bool]:
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return submission.score, submission.max_score, submission.needs_manual_grade
