"""Text on standard error costs nothing, an error does; pages quote nothing hidden."""

import nbformat
import pytest
from nbconvert.filters import ansi2html
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from mlcourse.grading.execution import execute, new_job
from mlcourse.grading.jobs import apply_result
from mlcourse.grading.preprocessors import HideTests

MARK = {
    "schema_version": 3,
    "grade_id": "t",
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": 2,
}
SECRET = """secret = {"a<b": 'c'}  # \\n"""
TEST = f"assert f(1)\n### BEGIN HIDDEN TESTS\n{SECRET}\nassert f(2)\n### END HIDDEN TESTS"


def graded(source):
    return new_code_cell(source, metadata={"nbgrader": dict(MARK)})


@pytest.mark.xdist_group("both doors")
def test_only_errors_cost():
    notebook = new_notebook(
        cells=[
            graded("import sys, warnings; warnings.warn('harmless'); print('x', file=sys.stderr)"),
            graded("import os; os.write(2, b'harmless'); 1.5"),
            graded("import sys; print('x', file=sys.stderr); 1 / 0"),
            graded("%no_such_magic"),
            graded("raise KeyboardInterrupt"),
            graded("import logging; logging.warning('harmless')"),
        ]
    )
    apply_result(execute(new_job(notebook, {})), notebook)
    assert [determine_grade(cell)[0] for cell in notebook.cells] == [2, 1.5, 0, 0, 0, 2]
    assert "harmless" in notebook.cells[0].outputs[0].text


def hide(*outputs, source=TEST):
    cell = graded(source)
    cell.outputs = list(outputs)
    notebook, _ = HideTests().preprocess(nbformat.from_dict(new_notebook(cells=[cell])), {})
    return notebook.cells[0]


@pytest.mark.parametrize(
    "quote",
    [
        SECRET,
        repr(SECRET),
        repr([SECRET]),
        repr(repr([SECRET])),
        repr({"In": ["", TEST]}),
        f"   {SECRET}   ",
        ansi2html(SECRET),
        "\x1b[31msecret\x1b[39m \x1b[32m=\x1b[0m " + SECRET.partition("= ")[2],
    ],
)
def test_quoted_hidden_lines_are_removed(quote):
    cell = hide(new_output("stream", text=f"before\n{quote}\nafter"))
    assert "secret" not in cell.outputs[0].text
    assert "before" in cell.outputs[0].text
    assert "after" in cell.outputs[0].text
    data = hide(new_output("execute_result", data={"text/plain": quote, "text/html": [quote]})).outputs[0].data
    assert "secret" not in str(data)


def test_hidden_source_is_removed_and_the_rest_stays():
    assert hide().source == "assert f(1)"


def test_traceback_of_a_test_cell_is_cut_to_the_error():
    error = new_output(
        "error", ename="NameError", evalue="name 'f' is not defined", traceback=["----> assert f(2)", "x"]
    )
    assert hide(error).outputs[0].traceback == ["NameError: name 'f' is not defined"]


def test_message_of_a_check_is_kept():
    said = ["f: not right yet.", "  Looks like: the sum."]
    error = new_output("error", ename="CheckFailed", evalue="\n".join(said), traceback=said)
    assert hide(error).outputs[0].traceback == said


def test_traceback_of_the_learners_own_cell_is_kept():
    cell = new_code_cell("1 / 0", outputs=[new_output("error", ename="E", evalue="e", traceback=["line 1"])])
    notebook, _ = HideTests().preprocess(new_notebook(cells=[graded(TEST), cell]), {})
    assert notebook.cells[1].outputs[0].traceback == ["line 1"]


def test_mark_schemes_are_removed():
    source = "Explain.\n=== BEGIN MARK SCHEME ===\nTwo points for leakage.\n=== END MARK SCHEME ===\nThanks."
    assert hide(source=source).source == "Explain.\nThanks."
