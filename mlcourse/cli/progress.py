"""``mlcourse progress``: what a learner has solved so far."""

import typer

from .terminal import console


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="For everybody")(progress)


def progress() -> None:
    """Show which exercises you have tried and solved. It is kept on this machine only."""
    from mlcourse.checks.progress import progress

    rows = progress()
    if not rows:
        console().print("No exercise was tried yet.")
        return
    from rich.table import Table

    table = Table(*rows.heads)
    for cells in rows.cells():
        table.add_row(*cells)
    console().print(table)
