"""``mlcourse lab``: make the student releases, then open the course in JupyterLab."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import typer

from .terminal import console, fail, progress_console

WELCOME = Path("notebooks/00_welcome.ipynb")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel="For everybody",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(lab)


def lab(context: typer.Context) -> None:
    """Open the course in JupyterLab; options such as [bold]--no-browser[/bold] or [bold]--port[/bold] are its own."""
    from mlcourse.grading.course import find_course
    from mlcourse.grading.releasing import release

    course = find_course()
    folder = course.parent
    if not (folder / WELCOME).is_file():
        fail(f"The lectures are not beside the course {course}: there is no {folder / WELCOME}.")
    report = release(course=course, console=progress_console())
    if any(line.state != "up to date" for line in report.lines):
        console().print(report.table())

    # JupyterLab would take the notebook's own folder as its root, from which the assignments cannot be reached.
    command = [sys.executable, "-m", "jupyterlab", str(WELCOME), f"--ServerApp.root_dir={folder}", *context.args]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in command:
        command.append("--allow-root")  # as in containers; the server listens to this machine only
    # Settings of the kit's own: no news, no look for updates.
    settings = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    os.environ["KERAS_BACKEND"] = "torch"
    os.chdir(folder)
    sys.stdout.flush()
    if os.name == "nt":  # no real exec there; Ctrl-C is for JupyterLab, which asks back
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise typer.Exit(subprocess.call(command))
    os.execv(command[0], command)
