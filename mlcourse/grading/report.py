"""What a step did, one line a person or assignment."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

# States that ask for somebody's attention, with the colour of their line.
_ODD = ("damaged", "missing", "repaired", "restored", "flagged", "kept")
_COLOURS = {"failed": "red"} | dict.fromkeys(_ODD, "yellow")


@dataclass(frozen=True)
class Line:
    """One person or assignment.

    Attributes
    ----------
    name : str
    state : str
        "graded", "skipped", "failed", ...
    score, max_score : float or None
    says : str
        What is out of the ordinary; empty where nothing is.
    """

    name: str
    state: str
    score: float | None = None
    max_score: float | None = None
    says: str = ""


@dataclass(frozen=True)
class Report:
    """What a step did."""

    title: str
    lines: list[Line] = field(default_factory=list)

    @property
    def counts(self) -> Counter:
        """How many lines there are of each state."""
        return Counter(line.state for line in self.lines)

    @property
    def exit_code(self) -> int:
        """0, or 1 when something failed."""
        return int(any(line.state == "failed" for line in self.lines))

    @property
    def summary(self) -> str:
        """One sentence: "a01_sensing: 3 graded, 1 damaged"."""
        return f"{self.title}: " + (", ".join(f"{n} {state}" for state, n in self.counts.items()) or "nothing to do")

    def to_json(self) -> str:
        """The same as JSON: ``title``, ``counts``, and ``lines`` with the fields of `Line`."""
        return json.dumps({"title": self.title, "counts": self.counts, "lines": [asdict(line) for line in self.lines]})

    def table(self) -> "Table":
        """The lines as a table for a terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self.summary, title_justify="left")
        scored = any(line.score is not None for line in self.lines)
        for head in ("name", "state", *(["score"] if scored else []), "remarks"):
            table.add_column(head, justify="right" if head == "score" else "left")
        for line in self.lines:
            score = "" if line.score is None else f"{line.score:g} / {line.max_score:g}"
            cells = [line.name, line.state, *([score] if scored else []), line.says]
            table.add_row(*(Text(_shown(cell)) for cell in cells), style=_COLOURS.get(line.state))
        return table


def _shown(text: str) -> str:
    """Text, which may be a learner's, without what a terminal would obey."""
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


def track(items, title: str, console=None, total: int | None = None):
    """Yield items, with a progress bar on a rich console where one is given."""
    if console is None:
        yield from items
        return
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    class Rate(ProgressColumn):
        def render(self, task):
            return f"{60 * task.speed:.0f} a minute" if task.speed else ""

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=len(items) if total is None else total)
        for item in items:
            bar.update(task, description=escape(_shown(f"{title} {item if isinstance(item, str) else item[0]}")))
            yield item
            bar.advance(task)
