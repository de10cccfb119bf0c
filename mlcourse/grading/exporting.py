"""Take the grades out of the gradebook."""

from pathlib import Path

from .course import Course


def export(
    to: str | Path = "grades.csv",
    assignments: list[str] | None = None,
    students: list[str] | None = None,
    *,
    course: str | Path | None = None,
) -> Path:
    """Write a CSV file with one line for each person and assignment, as ``nbgrader export`` does.

    Parameters
    ----------
    to : path
        File to write; relative to the working directory.
    assignments, students : list of str, optional
        All where left out.
    course : path, optional
        Root of the course, see :func:`mlcourse.grading.course.find_course`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CourseError
        When there is no such course.
    OSError
        When the file cannot be written.
    """
    from nbgrader.plugins import CsvExportPlugin

    opened = Course.open(course)
    to = Path(to).absolute()
    plugin = CsvExportPlugin(parent=opened.api)
    plugin.to = str(to)
    plugin.assignment = list(assignments or [])
    plugin.student = list(students or [])
    with opened.gradebook() as gradebook:
        plugin.export(gradebook)
    return to
