"""``mlcourse data``: which data sets there are, where they are, and getting them."""

import typer


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    pass
