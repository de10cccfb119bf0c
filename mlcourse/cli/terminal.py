"""How the commands speak: results on standard output, errors in one sentence on standard error."""

import sys
from typing import NoReturn

import typer


def console(*, stderr: bool = False):
    """A rich console that keeps whole lines where the output is not a terminal, so that it can be searched and cut."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = 200
    return made


def progress_console():
    """Where to show progress bars: standard error if it is a terminal, else None."""
    bars = console(stderr=True)
    return bars if bars.is_terminal else None


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Print an error for people, and leave with an exit status for programs."""
    sys.stdout.flush()
    typer.secho("Error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    raise typer.Exit(code)


def size(count: float) -> str:
    """Bytes for people, in powers of ten as shops and disks give them.

    >>> size(11_404_612), size(25_276_510_208), size(0)
    ('11.4 MB', '25.3 GB', '0 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
