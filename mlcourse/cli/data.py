"""``mlcourse data``: which data sets there are, where they are, getting them and checking them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .terminal import console, fail, size

Names = Annotated[list[str] | None, typer.Argument(help="Data sets, such as hapt.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Every data set.")]
Home = Annotated[
    Path | None, typer.Option(help="A folder of your own to look in first, and to keep data in.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See, fetch and check the data sets of the course.")
    group.command("list")(list_)
    group.command()(fetch)
    group.command()(verify)
    group.command()(path)
    app.add_typer(group, name="data", rich_help_panel="For everybody")


def list_(home: Home = None) -> None:
    """Show every data set: what it is, how large, under which licence, and where on this machine."""
    from rich.table import Table

    from mlcourse.datasets.registry import DATASETS, status

    table = Table("name", "what", "size", "licence", show_lines=True)
    table.add_column("on this machine", overflow="fold")  # a path that is cut off helps nobody
    for name, source in DATASETS.items():
        found = status(name, home)
        where = str(found.path) if found.present else "[yellow]not here[/]"
        if found.missing:
            where += f"\n[yellow]without {', '.join(found.missing)}[/]"
        table.add_row(f"[bold]{name}[/]", source.title, _size(found.size), source.licence, where)
    console().print(table)
    console().print("`mlcourse data fetch NAME` gets one; datasets/NAME.md tells what to know about it.")


def fetch(names: Names = None, all_: All = False, home: Home = None) -> None:
    """Download data sets that are not here yet. A checksum is compared, and nothing half-finished is left behind."""
    from mlcourse.datasets.registry import fetch, status

    failed = False
    for name in _chosen(names, all_):
        found = status(name, home)
        if found.present and not found.missing:
            console().print(f"{name} is here already: {found.path}", soft_wrap=True)
            continue
        try:
            console().print(f"{name} is now here: {fetch(name, home)}", soft_wrap=True)
        except OSError as error:
            console(stderr=True).print(f"[bold red]{name} could not be fetched.[/]", str(error), soft_wrap=True)
            failed = True
    raise typer.Exit(int(failed))


def verify(names: Names = None, home: Home = None) -> None:
    """Read every byte of data sets and compare checksums; those that are here if you name none.

    The exit status is 1 when one is damaged, or is named and not here.
    """
    from rich.markup import escape
    from rich.progress import track

    from mlcourse.datasets.registry import DATASETS, status, verify

    chosen = _chosen(names, False) if names else [name for name in DATASETS if status(name, home).present]
    if not chosen:
        console().print("There is no data set on this machine. `mlcourse data list` shows what there is.")
    failed = False
    for name in track(chosen, "reading", console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()):
        found = verify(name, home)
        failed |= not found.ok
        style = "green" if found.ok else "red"
        place = f" ({found.path})" if found.path else ""
        console().print(f"[bold]{name}[/]: [{style}]{found.state}[/]{escape(place)}", soft_wrap=True)
        console().print(f"  {escape(found.detail)}", soft_wrap=True)
    raise typer.Exit(int(failed))


def path(
    name: Annotated[str | None, typer.Argument(help="A data set, such as hapt.", show_default=False)] = None,
    home: Home = None,
) -> None:
    """Print where a data set is; without a name, the folders that are searched, in order."""
    from mlcourse.datasets.registry import homes, path

    found = homes(home) if name is None else [path(*_chosen([name], False), home)]
    typer.echo("\n".join(map(str, found)))


def _chosen(names, all_):
    from mlcourse.datasets.registry import DATASETS

    if bool(names) == all_:
        fail("name one or more data sets, or say --all.", code=2)
    chosen = list(DATASETS) if all_ else list(dict.fromkeys(name.replace("-", "_") for name in names))
    if unknown := [name for name in chosen if name not in DATASETS]:
        fail(f"there is no data set {', '.join(unknown)}. There is: {', '.join(DATASETS)}.", code=2)
    return chosen


def _size(count):
    return "unknown" if count is None else size(count)
