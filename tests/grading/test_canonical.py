"""Notebooks are kept in one form."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mlcourse.grading.canonical import canonical, canonical_text, main


def messy():
    cell = new_code_cell("x = 1\n", outputs=[new_output("stream", text="1")], execution_count=7, id="keep-me")
    cell.metadata |= {"execution": {"when": "now"}, "scrolled": True, "slideshow": {"slide_type": "slide"}}
    return new_notebook(cells=[cell, new_markdown_cell("text", id="and-me")], metadata={"widgets": {}})


def test_outputs_counts_and_what_editors_add_are_dropped():
    messy_one = messy()
    messy_one.cells[1]["id"] = "keep-me"
    notebook = canonical(messy_one)
    first, second = notebook.cells
    assert (first.outputs, first.execution_count, first.id) == ([], None, "keep-me")
    assert first.metadata == {"slideshow": {"slide_type": "slide"}}
    assert second.id != "keep-me"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    nbformat.validate(notebook)


def test_the_form_is_stable(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    nbformat.write(messy(), path)
    assert main([str(path)]) == 0
    assert "rewritten" in capsys.readouterr().out
    assert path.read_text() == canonical_text(path)
    main([str(path)])
    assert capsys.readouterr().out == ""
