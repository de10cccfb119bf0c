"""Grade what was handed in."""

import warnings
from pathlib import Path

from .course import Course, last_error
from .report import Line, Report, track


def grade(
    assignment: str,
    students: list[str] | None = None,
    *,
    course: str | Path | None = None,
    force: bool = False,
    console=None,
) -> Report:
    """Grade the submissions of an assignment in ``submitted/STUDENT/ASSIGNMENT``.

    What was graded already is graded again only when a newer version was handed in. A damaged, empty or missing
    notebook is graded as one in which nothing was answered, and reported. The submitted files are never changed.

    Parameters
    ----------
    assignment : str
    students : list of str, optional
        Everybody who handed something in where left out.
    course : path, optional
        Root of the course, see :func:`mlcourse.grading.course.find_course`.
    force : bool
        Grade again, whatever is there.
    console : rich.console.Console, optional
        Where to show a progress bar.

    Returns
    -------
    Report
        States: "graded", "restored" (graded, with deleted test cells put back), "damaged" and "missing" (graded as
        unanswered), "skipped" (graded before) and "failed".

    Raises
    ------
    CourseError
        When there is no such course, assignment or submission.
    """
    opened = Course.open(course)
    opened.need_assignment(assignment)
    names = opened.students("submitted", assignment, students)
    lines = [_grade_one(opened, assignment, name, force) for name in track(names, f"grade {assignment}", console)]
    return Report(assignment, lines)


def _grade_one(course: Course, assignment: str, student: str, force: bool) -> Line:
    from .submissions import examine

    with course.gradebook() as gradebook:
        findings = examine(course.folder("submitted", student, assignment), gradebook, assignment)
    says = "; ".join(
        finding.says if finding.notebook == assignment else f"{finding.notebook}: {finding.says}"
        for finding in findings
    )
    if not force and not _is_newer(course, assignment, student):
        return Line(student, "skipped", *_scores(course, assignment, student), says=says)
    if unread := _unreadable_timestamp(course, assignment, student):
        return Line(student, "failed", says=unread)
    result = _autograde(course, assignment, student)
    if not result["success"]:
        return Line(student, "failed", says=last_error(result))
    score, max_score, by_hand = _result(course, assignment, student)
    if by_hand:
        says = "; ".join(filter(None, [says, "to be read by a person"]))
    states = {finding.state for finding in findings}
    state = next((state for state in ("damaged", "missing", "restored") if state in states), "graded")
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


def _is_newer(course: Course, assignment: str, student: str) -> bool:
    """Whether something was handed in after it was graded, or was never graded."""
    graded = list(course.folder("autograded", student, assignment).glob("*.ipynb"))
    if not graded:
        return True
    since = min(path.stat().st_mtime for path in graded)
    handed_in = course.folder("submitted", student, assignment).rglob("*")
    return any(path.is_file() and path.stat().st_mtime > since for path in handed_in)


def _result(course: Course, assignment: str, student: str) -> tuple[float, float, bool]:
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return submission.score, submission.max_score, submission.needs_manual_grade


def _scores(course, assignment, student):
    return _result(course, assignment, student)[:2]
