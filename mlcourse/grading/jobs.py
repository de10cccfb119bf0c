"""From a sanitised notebook to the job that executes it, and from its result back into the notebook."""

import base64
import contextlib
import os
import stat
from pathlib import Path

import nbformat

from . import execution
from .planted import clashes, is_somebody_elses

_MOST_BYTES = 100_000_000  # of the files beside a notebook


def make_job(notebook, coursedir, assignment: str, student: str, **settings) -> dict:
    """Describe the execution of a sanitised notebook.

    Both phases of grading call this, the one that executes ahead and nbgrader's own, and get the same job.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    coursedir : nbgrader.coursedir.CourseDirectory
    assignment, student : str
    **settings
        See `execution.new_job`.

    Raises
    ------
    ValueError
        If the files beside the notebook are too many bytes.
    """
    submitted = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    given = regular_files(source, planted=False)
    taken = {Path(name) for name in given}
    folders = {parent for path in taken for parent in path.parents}
    files = {name: data for name, data in regular_files(submitted).items() if not clashes(Path(name), taken, folders)}
    files |= given
    return execution.new_job(notebook, files, hidden=[str(coursedir.root)], **settings)


def regular_files(folder: Path, *, planted: bool = True) -> dict[str, bytes]:
    """Content of the files in a folder, by relative path; no notebooks, no hidden ones, and no link is followed.

    Parameters
    ----------
    folder : pathlib.Path
    planted : bool
        Whether hard links to somebody else's files are left out, too.

    Raises
    ------
    ValueError
        If they are more than 100 MB.
    """
    found: dict[str, bytes] = {}
    if not folder.is_dir():
        return found
    left = _MOST_BYTES
    for where, folders, names, handle in os.fwalk(folder, follow_symlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in sorted(names):
            state = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if name.startswith(".") or name.endswith(".ipynb") or not stat.S_ISREG(state.st_mode):
                continue
            if planted and is_somebody_elses(os.path.join(where, name), state):
                continue
            left -= state.st_size
            if left < 0:
                raise ValueError(f"the files beside the notebook in {folder} are more than {_MOST_BYTES // 10**6} MB.")
            with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle), "rb") as file:
                found[os.path.relpath(os.path.join(where, name), folder)] = file.read(state.st_size)
    return found


def apply_result(result: dict, notebook) -> None:
    """Put outputs into the notebook, in place.

    What was written on standard error is output like any other: nbgrader gives no points for a cell with text there, so
    that a harmless warning would cost everything. An error is recorded as an error, not as text, and still costs.
    """
    for cell, executed in zip(notebook.cells, result["cells"], strict=True):
        if cell.cell_type == "code" and executed is not None:
            cell.outputs = [nbformat.from_dict(output) for output in executed["outputs"]]
            cell.execution_count = executed["execution_count"]
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
            _bound_score(cell)
    if result.get("language_info"):
        notebook.metadata["language_info"] = nbformat.from_dict(result["language_info"])


def _bound_score(cell) -> None:
    """Put the points of the cell in the place of a bigger number that it returned: nbgrader would give up there."""
    settings = cell.metadata.get("nbgrader", {})
    for output in cell.outputs:
        if settings.get("grade") and output.output_type == "execute_result":
            with contextlib.suppress(ValueError, TypeError):
                if float(output.data["text/plain"]) > settings["points"]:
                    output.data["text/plain"] = str(settings["points"])
            return


def keep_files(result: dict, folder: Path) -> None:
    """Write the files that a notebook made next to it, where nothing else has their name, or needs it."""
    root = folder.resolve()
    for name, content in result["files"].items():
        path = (root / name).resolve()
        parts = Path(name).parts
        # nbgrader makes notebooks and pages of their own, and takes a date from the file of that name.
        needed = name == "timestamp.txt" or any(part.endswith(".ipynb") for part in parts)
        needed |= parts[0].endswith(".html") and (root / parts[0]).with_suffix(".ipynb").exists()
        if needed or not path.is_relative_to(root) or os.path.lexists(path):
            continue
        with contextlib.suppress(OSError):  # a name too long for here, or a folder with the name of a file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
