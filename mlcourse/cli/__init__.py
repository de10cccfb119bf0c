"""The ``mlcourse`` command.

Each command imports what it needs when it is called, so that ``mlcourse --help`` answers at once.
"""

import os
from typing import Annotated

import typer
from typer.core import TyperGroup

from . import data, doctor, grading, lab, progress
from .terminal import fail

__all__ = ["app"]


class _Commands(TyperGroup):
    """Tell expected errors in one sentence, and keep tracebacks for what is a fault of the program."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            fail("stopped.", code=130)
        except BrokenPipeError:  # as in `mlcourse data list | head`; nobody is left to read an error
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise SystemExit(1) from None
        except ModuleNotFoundError as error:
            fail(f"the package {error.name} is not installed. `make lab` installs everything that the course needs.")
        except (OSError, ValueError, RuntimeError) as error:
            if os.environ.get("MLCOURSE_TRACEBACK") or isinstance(error, typer.Exit | typer.Abort):
                raise
            fail(str(error) or type(error).__name__)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Something wrong? [bold]mlcourse doctor[/bold] looks at this machine and says what to do.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from mlcourse import __version__

        typer.echo(f"mlcourse {__version__}")
        raise typer.Exit


@app.callback()
def _mlcourse(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Learn, teach and grade machine learning on mobile and embedded devices."""


for part in (lab, data, grading, progress, doctor):
    part.add_to(app)
