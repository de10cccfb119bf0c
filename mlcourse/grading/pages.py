"""Write the pages on which learners read how they did."""

from pathlib import Path

from .course import Course, CourseError, last_error, need_usable_name
from .report import Line, Report, track


def feedback(
    assignment: str, students: list[str] | None = None, *, course: str | Path | None = None, console=None
) -> Report:
    """Write a page for everybody whose work was graded, in ``feedback/STUDENT/ASSIGNMENT``.

    Pages show the answers, points and what the checks said; hidden tests are left out.

    Parameters
    ----------
    assignment : str
    students : list of str, optional
        Everybody where left out.
    course : path, optional
        Root of the course, see :func:`mlcourse.grading.course.find_course`.
    console : rich.console.Console, optional
        Where to show a progress bar.

    Returns
    -------
    Report
        States: "written" and "failed".

    Raises
    ------
    CourseError
        When there is no such course or assignment, or nothing was graded.
    """
    opened = Course.open(course)
    opened.need_assignment(assignment)
    lines = []
    for name in track(opened.students("autograded", assignment, students), f"feedback {assignment}", console):
        try:
            need_usable_name(name)
        except CourseError as error:
            lines.append(Line(name, "failed", says=str(error)))
            continue
        result = opened.api.generate_feedback(assignment, name, force=True)
        if result["success"]:
            place = opened.folder("feedback", name, assignment).relative_to(opened.root)
            lines.append(Line(name, "written", says=str(place)))
        else:
            lines.append(Line(name, "failed", says=last_error(result)))
    return Report(assignment, lines)
