"""The one form in which notebooks are kept: no outputs, no counts, stable ids, the way nbformat writes.

    python -m mlcourse.grading.canonical notebooks/*.ipynb

rewrites notebooks in this form and names those that changed.
"""

import copy
import hashlib
import re
import sys
from pathlib import Path

import nbformat

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell may carry; editors add the rest (run times, folded outputs, line counts).
_CELL_METADATA = ("nbgrader", "slideshow", "tags", "editable", "deletable", "jupyter")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def canonical(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook in canonical form; the argument stays as it is.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
        Format 4.5. Cell ids are kept; a missing or repeated one is made from the cell's text.
    """
    notebook = copy.deepcopy(notebook)
    seen = set()
    cells = []
    for cell in notebook.cells:
        source = "".join(cell.source).rstrip()
        wanted = cell.get("id", "")
        if not _ID.fullmatch(wanted) or wanted in seen:
            wanted = _make_id(source, seen)
        seen.add(wanted)
        metadata = {key: cell.metadata[key] for key in _CELL_METADATA if key in cell.get("metadata", {})}
        kept = {"cell_type": cell.cell_type, "id": wanted, "metadata": metadata, "source": source}
        if cell.get("attachments"):
            kept["attachments"] = cell.attachments
        if cell.cell_type == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append(kept)
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def canonical_text(path: Path) -> str:
    """Text of a notebook file in canonical form."""
    return nbformat.writes(canonical(nbformat.read(path, as_version=4))) + "\n"


def _make_id(source: str, seen: set[str]) -> str:
    salt = 0
    while True:
        made = hashlib.sha256(f"{salt}{source}".encode()).hexdigest()[:8]
        if made not in seen:
            return made
        salt += 1


def main(paths: list[str]) -> int:
    """Rewrite notebooks in canonical form; name those that changed."""
    for path in map(Path, paths):
        text = canonical_text(path)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"{path}: rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
