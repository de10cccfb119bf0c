"""``mlcourse release``, ``grade``, ``feedback`` and ``export``: an instructor's round trip."""

import signal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .terminal import console, fail, progress_console

PANEL = "For instructors"

Force = Annotated[bool, typer.Option("--force", help="Do it again, whatever is there.")]
Assignments = Annotated[list[str] | None, typer.Argument(help="Assignments, such as a01_sensing.", show_default=False)]
Assignment = Annotated[str, typer.Argument(help="An assignment, such as a01_sensing.", show_default=False)]
Students = Annotated[
    list[str] | None, typer.Option("--student", "-s", help="Only this person; may be given several times.")
]
Course = Annotated[
    Path | None,
    typer.Option(help="Folder of the course, if it is not the one around the working directory.", show_default=False),
]
Certificate = Annotated[
    Path | None, typer.Option(help="For tls://, in PEM format. Default: Dask's own settings.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (release, grade, feedback, export):
        app.command(rich_help_panel=PANEL)(command)


def release(
    assignments: Assignments = None,
    all_: Annotated[bool, typer.Option("--all", help="Every assignment of the course.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Release anew; a version that was worked in is put aside.")
    ] = False,
    course: Course = None,
) -> None:
    """Make the learners' version of assignments, without solutions and hidden tests.

    A released notebook that somebody has worked in since is kept; with --force it is put aside first.
    """
    from mlcourse.grading.releasing import release

    if bool(assignments) == all_:
        fail("name one or more assignments, or say --all.", code=2)
    _show(release(assignments, course=course, force=force, console=progress_console()))


def grade(
    assignment: Assignment,
    student: Students = None,
    force: Annotated[bool, typer.Option("--force", help="Execute and grade again, whatever is there.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Notebooks at once. Default: one a core.", show_default=False)
    ] = None,
    timeout: Annotated[
        int | None, typer.Option(min=1, help="Seconds a cell may take. Default: the course's.", show_default=False)
    ] = None,
    memory: Annotated[
        int | None, typer.Option(min=1, help="MB a notebook may use. Default: the course's.", show_default=False)
    ] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Without a sandbox: submitted code gets all of your rights.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Start a Dask cluster here, of so many processes.", show_default=False)
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Use this Dask cluster: tcp://HOST:PORT or tls://HOST:PORT.", show_default=False)
    ] = None,
    tls_ca: Certificate = None,
    tls_cert: Certificate = None,
    tls_key: Certificate = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what was done into this file, as JSON.", show_default=False)
    ] = None,
    course: Course = None,
) -> None:
    """Grade what was handed in, in submitted/STUDENT/ASSIGNMENT of the course.

    Each notebook is executed in a sandbox: no network, nothing of your files, bounded memory and time. What was graded
    before is passed over, unless the submission or the assignment changed. Ends with 0, or with 1 if somebody's work
    could not be graded.
    """
    from mlcourse.grading.autograding import grade

    if sum(option is not None for option in (jobs, workers, scheduler)) > 1:
        fail("--jobs, --workers and --scheduler exclude each other.", code=2)
    certificates = {"tls_ca": tls_ca, "tls_cert": tls_cert, "tls_key": tls_key}
    if scheduler is None and any(certificates.values()):
        fail("--tls-ca, --tls-cert and --tls-key go with --scheduler tls://HOST:PORT.", code=2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as with Ctrl-C, leaving nothing behind
    executor = None
    if workers is not None or scheduler is not None:
        from mlcourse.grading.cluster import DaskCluster

        executor = partial(DaskCluster, scheduler, workers, unsafe=unsafe, **certificates)
    if unsafe:
        console(stderr=True).print("[yellow]Without a sandbox: what was handed in is executed with all of your rights.")
    done = grade(
        assignment, student, course=course, force=force, jobs=jobs, timeout=timeout, memory=memory, unsafe=unsafe,
        executor=executor, console=progress_console(),
    )  # fmt: skip
    if report is not None:
        report.write_text(done.to_json(), encoding="utf-8")
    _show(done)


def feedback(assignment: Assignment, student: Students = None, course: Course = None) -> None:
    """Write the pages on which learners read how they did."""
    from mlcourse.grading.pages import feedback

    _show(feedback(assignment, student, course=course, console=progress_console()))


def export(
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("grades.csv"),
    assignment: Annotated[
        list[str] | None, typer.Option("--assignment", "-a", help="Only this one; may be given several times.")
    ] = None,
    student: Students = None,
    course: Course = None,
) -> None:
    """Write the grades into a CSV file, one line for each person and assignment."""
    from mlcourse.grading.exporting import export

    console().print(f"Grades written to {export(to, assignment, student, course=course)}")


def _show(report) -> None:
    console().print(report.table())
    raise typer.Exit(report.exit_code)
