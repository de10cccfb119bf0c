"""Read what was handed in, whatever state it is in, so that everybody gets a definite grade.

A notebook that is missing or cannot be read is graded as one in which nothing was answered, and a note on top says so.
In one that can be read, the test cells that nbgrader needs are put back from the gradebook, and damage that would stop
nbgrader is undone. The submitted files themselves are never changed.
"""

import glob
import json
import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook, MissingEntry

from . import planted

planted.guard()

_NOTE = """**{name} could not be graded: {reason}.**

No answer could be read, so this notebook earns no points. Please hand it in again, or ask your instructor."""


class UnreadableNotebookError(ValueError):
    """A submitted notebook is missing or cannot be read; the message says why."""


def read_notebook(path: str | Path) -> nbformat.NotebookNode:
    """Read a submitted notebook, and undo damage that does not touch what the learner wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    nbformat.NotebookNode
        In the current format, without outputs and metadata but nbgrader's.

    Raises
    ------
    UnreadableNotebookError
        When there is no notebook to be made out: no file, an empty one, or no JSON of a notebook.
    """
    if planted.is_led_astray(Path(path).parent):
        raise UnreadableNotebookError("its folder is a link to another one")
    try:
        data = planted.read_plain(path)
    except FileNotFoundError:
        raise UnreadableNotebookError("the notebook is missing") from None
    except planted.PlantedError as error:
        raise UnreadableNotebookError(f"the file is not opened: it is {error.strerror}") from None
    except OSError as error:
        raise UnreadableNotebookError(f"the file cannot be opened ({error.strerror})") from error
    if not data.strip():
        raise UnreadableNotebookError("the file is empty")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebookError("the file is damaged or cut off: it is not the JSON of a notebook") from error
    if not isinstance(content, dict) or not ("cells" in content or "worksheets" in content):
        raise UnreadableNotebookError("the file is JSON, but not a notebook")
    if not isinstance(content.get("cells"), list):
        content = _upgrade(content)
    cells = [tidied for cell in content["cells"] if (tidied := _tidy_cell(cell))]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    # Characters that no file can hold (lone surrogates) become question marks.
    text = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    return nbformat.from_dict(json.loads(text))


def _upgrade(content: dict) -> dict:
    """Bring a notebook of the format before 2014 into today's."""
    try:
        return nbformat.reads(json.dumps(content), as_version=4)
    except Exception as error:  # whatever nbformat stumbles over
        raise UnreadableNotebookError("the file is JSON, but not a notebook that can be read") from error


def _tidy_cell(cell) -> dict | None:
    """Keep of a cell what can be part of a notebook, first of all its text."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown", "raw") else "code"
    metadata = cell.get("metadata")
    # Of the metadata only nbgrader's matter; a tag could make the kernel leave the cell out.
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    tidied = {
        "cell_type": kind,
        "metadata": {"nbgrader": nbgrader} if isinstance(nbgrader, dict) else {},
        "source": source if isinstance(source, str) else "",
    }
    if kind == "markdown" and isinstance(cell.get("attachments"), dict):
        tidied["attachments"] = cell["attachments"]
    if kind == "code":
        tidied |= {"outputs": [], "execution_count": None}
    return tidied


@dataclass(frozen=True)
class Assignment:
    """The cells of one released notebook that nbgrader looks after, as the gradebook has them, in order."""

    cells: dict[str, nbformat.NotebookNode]

    @classmethod
    def load(cls, gradebook: Gradebook, assignment: str, notebook: str) -> "Assignment":
        """Take the cells of an assignment's notebook from the gradebook."""
        found = gradebook.find_notebook(notebook, assignment)
        graded = {cell.name: cell for cell in found.grade_cells}
        tasks = {cell.name: cell for cell in found.task_cells}
        answers = {cell.name for cell in found.solution_cells}
        cells = {}
        for source in found.source_cells:
            new = new_code_cell if source.cell_type == "code" else new_markdown_cell
            cell = new(source=source.source or "")
            cell.metadata["nbgrader"] = {
                "schema_version": 3,
                "grade_id": source.name,
                "grade": source.name in graded,
                "solution": source.name in answers,
                "task": source.name in tasks,
                "locked": bool(source.locked),
                "cell_type": source.cell_type,
                "checksum": source.checksum,
            }
            worth = graded.get(source.name) or tasks.get(source.name)
            if worth is not None:
                cell.metadata["nbgrader"]["points"] = worth.max_score
            cells[source.name] = cell
        return cls(cells)

    def stand_in(self, name: str, reason: str) -> nbformat.NotebookNode:
        """A notebook in which nothing was answered, with a note why it is graded."""
        note = new_markdown_cell(_NOTE.format(name=name, reason=reason))
        return new_notebook(cells=[note, *(_copy(cell) for cell in self.cells.values())])

    def restore(self, notebook: nbformat.NotebookNode) -> list[str]:
        """Put cells back that nbgrader needs, and the grading metadata of all, in place.

        Returns
        -------
        list of str
            Names of the cells that were missing.
        """
        found = set()
        for cell in reversed(notebook.cells):  # of several cells with one name nbgrader takes the last
            name = cell.metadata.pop("nbgrader", {}).get("grade_id")
            if isinstance(name, str) and name in self.cells and name not in found:
                cell.metadata["nbgrader"] = dict(self.cells[name].metadata["nbgrader"])
                found.add(name)
        restored = []
        below: list[str] = []  # cells that stand further down in the release
        for name, cell in reversed(self.cells.items()):
            settings = cell.metadata["nbgrader"]
            if name not in _names(notebook) and (settings["locked"] or settings["grade"] or settings["task"]):
                # As far down as its place in the release allows: an answer that lost its mark is executed before.
                places = [index for index, other in enumerate(notebook.cells) if _name(other) in below]
                notebook.cells.insert(min(places, default=len(notebook.cells)), _copy(cell))
                restored.append(name)
            below.append(name)
        return restored[::-1]


def _copy(cell):
    return nbformat.from_dict(json.loads(json.dumps(cell)))


def _name(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _names(notebook) -> set:
    return {_name(cell) for cell in notebook.cells}


@dataclass(frozen=True)
class Finding:
    """What is out of the ordinary with one submitted notebook."""

    notebook: str
    state: str  # "missing", "damaged" or "restored"
    says: str


def examine(folder: str | Path, gradebook: Gradebook, assignment: str) -> list[Finding]:
    """Find what is out of the ordinary in a submission, before it is graded.

    Parameters
    ----------
    folder : path
        The submitted folder of one person and assignment.
    gradebook : nbgrader.api.Gradebook
    assignment : str

    Returns
    -------
    list of Finding
        Empty for an ordinary submission.
    """
    findings = []
    expected = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
    others = sorted(path.name for path in Path(folder).glob("*.ipynb") if path.stem not in expected)
    for name in expected:
        path = Path(folder) / f"{name}.ipynb"
        try:
            notebook = read_notebook(path)
        except UnreadableNotebookError as error:
            missing = not os.path.lexists(path)
            also = f"; there is {', '.join(others)}" if missing and others else ""
            findings.append(Finding(name, "missing" if missing else "damaged", f"{error}{also}"))
            continue
        restored = Assignment.load(gradebook, assignment, name).restore(notebook)
        if restored:
            findings.append(Finding(name, "restored", f"deleted cells were put back: {', '.join(restored)}"))
    return findings


class SubmissionExporter(NotebookExporter):
    """nbgrader's door to submitted notebooks, set in ``nbgrader_config.py``.

    nbgrader makes one exporter for a run, with itself as the parent, and reads every notebook through it.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if hasattr(self.parent, "assignments"):
            self._expect_all_notebooks()

    def _expect_all_notebooks(self) -> None:
        """Add the notebooks that are missing from a submission to the list that nbgrader works through."""
        run, course = self.parent, self.parent.coursedir
        if course.notebook_id != "*":
            return
        try:
            with Gradebook(course.db_url, course.course_id) as gradebook:
                expected = [notebook.name for notebook in gradebook.find_assignment(course.assignment_id).notebooks]
        except MissingEntry:
            return  # nbgrader says itself that the assignment was never released
        for folder in glob.glob(run._format_source(course.assignment_id, course.student_id)):
            if os.path.isdir(folder):
                found = run.assignments.get(folder, [])
                paths = [os.path.join(folder, f"{name}.ipynb") for name in expected]
                run.assignments[folder] = [*found, *(path for path in paths if path not in found)]

    def from_filename(self, filename, resources=None, **kw):
        """Read a submitted notebook, or what stands in for it, and run the preprocessors of this step."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **kw)
        place = resources["nbgrader"]
        with Gradebook(place["db_url"], self.parent.coursedir.course_id) as gradebook:
            released = Assignment.load(gradebook, place["assignment"], place["notebook"])
        try:
            notebook = read_notebook(filename)
            for name in released.restore(notebook):
                self.log.warning("%s: the cell %s was deleted and is put back", filename, name)
        except UnreadableNotebookError as error:
            self.log.warning("%s: %s; nothing in it is answered", filename, error)
            notebook = released.stand_in(f"{place['notebook']}.ipynb", str(error))
        folder, name = os.path.split(filename)
        resources["metadata"] = {"name": os.path.splitext(name)[0], "path": folder}
        return self.from_notebook_node(notebook, resources, **kw)
