"""``mlcourse doctor``: look at this machine and say what to do."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from .terminal import console

_STYLES = {"ok": "green", "note": "cyan", "slow": "yellow", "broken": "bold red"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="For everybody")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings for programs.")] = False,
) -> None:
    """Look at what is installed, the data, memory and cores: what is broken or slow, and what to do about it.

    The exit status is 1 when something is broken.
    """
    from mlcourse.grading.course import CourseError, find_course

    from .findings import examine
    from .machine import inspect_machine

    try:
        root = find_course().parent
    except CourseError:
        root = None
    machine = inspect_machine()
    findings = examine(machine, root)
    counts = Counter(finding.state for finding in findings)
    if as_json:
        report = {"machine": asdict(machine), "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(report, indent=1))
    else:
        _show(machine, findings, counts)
    raise typer.Exit(1 if counts["broken"] else 0)


def _show(machine, findings, counts) -> None:
    from rich.table import Table

    table = Table("topic", "state", title=machine.system, title_justify="left")
    table.add_column("found", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        table.add_row(finding.topic, state, _plain(finding.found), _plain(finding.advice))
    console().print(table)
    told = [f"{counts[state]} {words}" for state, words in (("broken", "broken"), ("slow", "slow")) if counts[state]]
    console().print(
        f"{', '.join(told)}: see the last column." if told else "Nothing is broken, and nothing will be slow."
    )


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
