"""Read what was handed in, whatever state it is in, so that everybody gets a definite grade.

A notebook that is missing or cannot be read is graded as one in which nothing was answered, and a note on top says so.
Of one that is damaged or cut off, the cells that can be made out are graded. Test cells that nbgrader needs are put
back from the gradebook, and damage that would stop nbgrader is undone. The submitted files are never changed.
"""

import glob
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from nbgrader.utils import compute_checksum

from . import planted
from .gradebook import RELEASED
from .salvage import decode, parse, salvage

planted.guard()

_NOTE = """**{name} could not be graded: {reason}.**

No answer could be read, so this notebook earns no points. Please hand it in again, or ask your instructor."""
_REPAIRED = """**{name} was graded as far as possible: {reason}.**

What could not be read earns no points. Please look whether your answers are all here."""


class UnreadableNotebookError(ValueError):
    """A submitted notebook is missing or cannot be read; the message says why."""


def read_notebook(path: str | Path, remarks: list[str] | None = None) -> nbformat.NotebookNode:
    """Read a submitted notebook, and undo damage; of a damaged file, take the cells that can be made out.

    Parameters
    ----------
    path : path
    remarks : list of str, optional
        What is damaged is added to it, if something is that may hold a part of what the learner wrote.

    Returns
    -------
    nbformat.NotebookNode
        In the current format, without outputs and metadata but nbgrader's.

    Raises
    ------
    UnreadableNotebookError
        When there is nothing to be made out: no file, an empty one, or nothing like a notebook.
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
    found, remark = _cells(data)
    if remark and remarks is not None:
        remarks.append(remark)
    cells = [tidied for cell in found if (tidied := _tidy_cell(cell))]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    # Characters that no file can hold (lone surrogates) become question marks.
    text = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    return nbformat.from_dict(json.loads(text))


def _cells(data: bytes) -> tuple[list, str]:
    """Cells in the content of a file, and what is wrong with it, if something is."""
    text = decode(data)
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        cells, whole = salvage(text)
        if not cells:
            raise UnreadableNotebookError("the file is damaged or cut off: it is not the JSON of a notebook") from error
        count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return cells, f"the file is damaged or cut off; {count} could be read{'' if whole else ', not all of it whole'}"
    if isinstance(content, list) and any(isinstance(cell, dict) and "cell_type" in cell for cell in content):
        content = {"cells": content}
    if not isinstance(content, dict) or not ("cells" in content or "worksheets" in content):
        raise UnreadableNotebookError("the file is JSON, but not a notebook")
    if isinstance(content.get("cells"), dict):
        content["cells"] = list(content["cells"].values())
    if not isinstance(content.get("cells"), list):
        content = _upgrade(content)
    replaced = "�" in text and "�".encode() not in data
    return content["cells"], "the file is damaged: some characters in it are no text" if replaced else ""


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
    if kind == "markdown" and isinstance(attachments := cell.get("attachments"), dict):
        tidied["attachments"] = {name: files for name, files in attachments.items() if _is_attachment(files)}
    if kind == "code":
        tidied |= {"outputs": [], "execution_count": None}
    return tidied


def _is_attachment(files) -> bool:
    return isinstance(files, dict) and all(isinstance(content, str) for content in files.values())


@dataclass(frozen=True)
class Assignment:
    """The cells of one released notebook that nbgrader looks after, as the gradebook has them, in order."""

    cells: dict[str, nbformat.NotebookNode]

    @classmethod
    def load(cls, gradebook: Gradebook, assignment: str, notebook: str) -> "Assignment":
        """Take the cells of an assignment's notebook from the gradebook; once where it has `one_connection`."""
        known = gradebook.db.info.get(RELEASED, {})
        if (assignment, notebook) not in known:
            known[assignment, notebook] = cls._read(gradebook.find_notebook(notebook, assignment))
        return known[assignment, notebook]

    @classmethod
    def _read(cls, found) -> "Assignment":
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

        A locked cell is known by its text where its name is with another one. What somebody wrote into a locked cell is
        kept above it, and not executed.

        Returns
        -------
        list of str
            Names of the cells that were missing or held something else.
        """
        marks = [cell.metadata.pop("nbgrader", {}) for cell in notebook.cells]
        names: dict[str, int] = {}
        for index, mark in enumerate(marks):  # of several cells with one name nbgrader takes the last
            name = mark.get("grade_id")
            if isinstance(name, str) and name in self.cells:
                names[name] = index
        self._know_by_text(notebook.cells, names)
        kept = {}
        for name, index in names.items():
            cell, released = notebook.cells[index], self.cells[name]
            if name in self._shown and _is_own(cell, marks[index], released):
                kept[index] = name
        cells = []
        named = {index: name for name, index in names.items()}
        for index, cell in enumerate(notebook.cells):
            if index in kept:
                cells.append(new_raw_cell(_KEPT + cell.source))
            if index in named:
                released = self.cells[named[index]]
                if cell.cell_type != released.cell_type:
                    cell = (new_code_cell if released.cell_type == "code" else new_markdown_cell)(source=cell.source)
                cell.metadata["nbgrader"] = dict(released.metadata["nbgrader"])
            cells.append(cell)
        notebook.cells = cells
        missing = self._put_back(notebook)
        return [name for name in self.cells if name in missing or name in kept.values()]

    @cached_property
    def _shown(self) -> dict[str, str]:
        """Text of the locked cells as learners get it."""
        shown = {}
        for name, cell in self.cells.items():
            if cell.metadata["nbgrader"]["locked"]:
                cell = _copy(cell)
                for clear in (ClearHiddenTests(), ClearMarkScheme()):
                    cell, _ = clear.preprocess_cell(cell, {}, 0)
                shown[name] = _text(cell)
        return shown

    def _know_by_text(self, cells: list, names: dict[str, int]) -> None:
        """Give the name of a locked cell, which another cell has, to the one with its text; the two change places."""
        texts = [_text(cell) for cell in cells]
        right = {names[name] for name, text in self._shown.items() if name in names and texts[names[name]] == text}
        for name, text in self._shown.items():
            if not text or names.get(name) in right:
                continue
            index = next((index for index, other in enumerate(texts) if other == text and index not in right), None)
            if index is None:
                continue
            other = next((other for other, place in names.items() if place == index), None)
            before = names.pop(name, None)
            names[name] = index
            right.add(index)
            if other is not None and other != name:
                if before is None:
                    del names[other]
                else:
                    names[other] = before

    def _put_back(self, notebook: nbformat.NotebookNode) -> list[str]:
        """Put the cells back that nbgrader needs; return their names."""
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
        return restored


_KEPT = "(What the next cell held when it was handed in. It is one that must not be changed, and was put back.)\n\n"


def _text(cell) -> str:
    return "\n".join(line.rstrip() for line in cell.source.strip().splitlines())


def _is_own(cell, mark: dict, released) -> bool:
    """Whether a cell that must not be changed holds something of its own; not if it is as it was once released."""
    if not set(_text(cell).splitlines()) - set(_text(released).splitlines()):
        return False
    try:
        return compute_checksum(nbformat.from_dict({**cell, "metadata": {"nbgrader": mark}})) != mark.get("checksum")
    except (KeyError, TypeError, ValueError, AttributeError):  # the mark is damaged as well
        return True


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
    state: str  # "missing", "damaged", "repaired" or "restored"
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
        remarks: list[str] = []
        try:
            notebook = read_notebook(path, remarks)
        except UnreadableNotebookError as error:
            missing = not os.path.lexists(path)
            also = f"; there is {', '.join(others)}" if missing and others else ""
            findings.append(Finding(name, "missing" if missing else "damaged", f"{error}{also}"))
            continue
        restored = Assignment.load(gradebook, assignment, name).restore(notebook)
        findings += [Finding(name, "repaired", remark) for remark in remarks]
        if restored:
            findings.append(Finding(name, "restored", f"deleted or changed cells were put back: {', '.join(restored)}"))
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
        remarks: list[str] = []
        try:
            notebook = read_notebook(filename, remarks)
            for name in released.restore(notebook):
                self.log.warning("%s: the cell %s was deleted or changed and is put back", filename, name)
            for remark in remarks:
                self.log.warning("%s: %s", filename, remark)
                note = new_markdown_cell(_REPAIRED.format(name=f"{place['notebook']}.ipynb", reason=remark))
                notebook.cells.insert(0, note)
        except UnreadableNotebookError as error:
            self.log.warning("%s: %s; nothing in it is answered", filename, error)
            notebook = released.stand_in(f"{place['notebook']}.ipynb", str(error))
        folder, name = os.path.split(filename)
        resources["metadata"] = {"name": os.path.splitext(name)[0], "path": folder}
        return self.from_notebook_node(notebook, resources, **kw)
