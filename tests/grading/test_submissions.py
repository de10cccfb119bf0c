"""Submitted notebooks in every state can be read, or are refused with a reason."""

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mlcourse.grading.submissions import Assignment, UnreadableNotebookError, read_notebook


def settings(name, **more):
    base = dict(schema_version=3, grade_id=name, grade=False, solution=False, task=False, locked=True, checksum="x")
    return base | more


def released() -> Assignment:
    cells = [
        new_code_cell("import numpy", metadata={"nbgrader": settings("setup")}),
        new_code_cell("def f(): ...", metadata={"nbgrader": settings("f", solution=True, locked=False)}),
        new_code_cell("assert f()", metadata={"nbgrader": settings("test_f", grade=True, points=2.0)}),
        new_markdown_cell(
            "Why?", metadata={"nbgrader": settings("why", grade=True, solution=True, locked=False, points=1.0)}
        ),
    ]
    return Assignment({cell.metadata.nbgrader["grade_id"]: cell for cell in map(nbformat.from_dict, cells)})


def names(notebook):
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]


def written(path, content) -> str:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x00\x01\xff", "damaged or cut off"),
        (b'{"cells": [{"cell_type": "code", "sou', "damaged or cut off"),
        (b"PK\x03\x04 a zip file", "damaged or cut off"),
        (b"[" * 100_000, "damaged or cut off"),
        ([], "not a notebook"),
        ({}, "not a notebook"),
        ("text", "not a notebook"),
        ({"worksheets": "x", "nbformat": 3}, "not a notebook that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path, content, reason):
    with pytest.raises(UnreadableNotebookError, match=reason):
        read_notebook(written(tmp_path / "a.ipynb", content))


def test_missing_file_and_folder_in_its_place(tmp_path):
    with pytest.raises(UnreadableNotebookError, match="missing"):
        read_notebook(tmp_path / "a.ipynb")
    (tmp_path / "b.ipynb").mkdir()
    with pytest.raises(UnreadableNotebookError, match="cannot be opened"):
        read_notebook(tmp_path / "b.ipynb")


@pytest.mark.parametrize(
    "change",
    [
        lambda nb: nb.pop("metadata"),
        lambda nb: nb.pop("nbformat"),
        lambda nb: nb.update(nbformat_minor="four"),
        lambda nb: nb["cells"][0].pop("metadata"),
        lambda nb: nb["cells"][0].update(outputs="many"),
        lambda nb: nb["cells"][0].update(execution_count="first"),
        lambda nb: nb["cells"][0].update(id="two words"),
        lambda nb: nb["cells"][0].update(source=["x ", "= 1"]),
        lambda nb: nb["cells"][0].update(metadata={"tags": ["skip-execution"]}),
        lambda nb: nb["cells"][0].update(metadata={"nbgrader": "none"}),
        lambda nb: nb["cells"].append("no cell"),
        lambda nb: nb["cells"].append({"cell_type": "markdown", "source": "\ud800 half a character"}),
    ],
)
def test_damage_beside_the_answer_is_undone(tmp_path, change):
    notebook = json.loads(nbformat.writes(new_notebook(cells=[new_code_cell("x = 1")])))
    change(notebook)
    read = read_notebook(written(tmp_path / "a.ipynb", notebook))
    assert read.cells[0].source == "x = 1"
    assert "tags" not in read.cells[0].metadata
    nbformat.validate(read)
    nbformat.write(read, tmp_path / "again.ipynb")


def test_byte_order_mark_and_old_formats_are_read(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("x = 1")])
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + nbformat.writes(notebook).encode())
    assert read_notebook(path).cells[0].source == "x = 1"
    old = nbformat.convert(notebook, 3)
    path.write_text(nbformat.writes(old, version=3))
    assert read_notebook(path).cells[0].source == "x = 1"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "metadata",
                    "source",
                    "cell_type",
                    "nbgrader",
                    "grade_id",
                    "id",
                    "outputs",
                    "nbformat",
                    "worksheets",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(st.sampled_from(["cells", "metadata", "nbformat", "worksheets"]), anything), st.binary(max_size=3)
)
def test_no_content_at_all_breaks_reading_and_restoring(tmp_path_factory, content, tail):
    path = tmp_path_factory.mktemp("any") / "a.ipynb"
    path.write_bytes(json.dumps(content).encode() + tail)
    try:
        notebook = read_notebook(path)
    except UnreadableNotebookError:
        return
    released().restore(notebook)
    assert {"setup", "test_f", "why"} <= set(names(notebook))
    nbformat.validate(notebook)


def test_deleted_test_cells_come_back_where_they_were():
    notebook = new_notebook(
        cells=[
            new_code_cell("def f(): return 1", metadata={"nbgrader": settings("f")}),
            new_code_cell("more"),
            new_markdown_cell("Because.", metadata={"nbgrader": settings("why")}),
        ]
    )
    assert released().restore(notebook) == ["setup", "test_f"]
    assert names(notebook) == ["setup", "f", None, "test_f", "why"]
    assert notebook.cells[1].source == "def f(): return 1"


def test_answer_that_lost_its_mark_is_still_run_before_its_test():
    notebook = new_notebook(cells=[new_code_cell("def f(): return 1"), new_markdown_cell("Because.")])
    released().restore(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert sources.index("def f(): return 1") < sources.index("assert f()")


def test_changed_marks_are_put_right():
    cell = new_code_cell(
        "assert True", metadata={"nbgrader": {"grade_id": "test_f", "points": "many", "schema_version": 1}}
    )
    stranger = new_code_cell("x", metadata={"nbgrader": {"grade_id": "unknown", "grade": True}})
    nameless = new_code_cell("y", metadata={"nbgrader": {"grade": True}})
    notebook = new_notebook(cells=[cell, stranger, nameless])
    released().restore(notebook)
    marks = {name: cell.metadata.nbgrader for name, cell in zip(names(notebook), notebook.cells, strict=True) if name}
    assert marks["test_f"]["points"] == 2
    assert marks["test_f"]["schema_version"] == 3
    assert "unknown" not in marks
    assert "nbgrader" not in next(cell for cell in notebook.cells if cell.source == "y").metadata


def test_stand_in_says_why():
    notebook = released().stand_in("a.ipynb", "the file is empty")
    assert "the file is empty" in notebook.cells[0].source
    assert names(notebook)[1:] == ["setup", "f", "test_f", "why"]
