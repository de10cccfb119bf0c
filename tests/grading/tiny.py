"""A tiny assignment: ``double`` (2 points), ``third`` (3 points, partial credit), and an explanation (2 points)."""

from pathlib import Path

import nbcourse
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "a90_tiny"
HIDDEN = "assert double(8231) == 16462, 'the double of a large number is wrong'"
RIGHT = {
    "double": "def double(x):\n    return x + x",
    "third": "def third(x):\n    return x / 3.0",
    "explain": "It is so.",
}

_SOLUTION = "def {name}(x):\n    ### BEGIN SOLUTION\n    return {answer}\n    ### END SOLUTION"
_TEST_DOUBLE = f"""import warnings
warnings.warn("harmless")
assert double(2) == 4
### BEGIN HIDDEN TESTS
{HIDDEN}
### END HIDDEN TESTS"""
_TEST_THIRD = """score = 1.5 * (third(3) == 1) + 1.5 * (third(1) < 0.5)
score"""


def _cell(source, name, *, points=None, solution=False, new=new_code_cell):
    mark = {"schema_version": 3, "grade_id": name, "task": False, "solution": solution, "locked": not solution}
    mark["grade"] = points is not None
    if points is not None:
        mark["points"] = points
    return new(source, metadata={"nbgrader": mark})


def notebook():
    """The instructor's version."""
    answer = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cells = [
        _cell("import sys", "setup"),
        _cell(_SOLUTION.format(name="double", answer="2 * x"), "double", solution=True),
        _cell(_TEST_DOUBLE, "test_double", points=2),
        _cell(_SOLUTION.format(name="third", answer="x / 3"), "third", solution=True),
        _cell(_TEST_THIRD, "test_third", points=3),
        _cell(answer, "explain", points=2, solution=True, new=new_markdown_cell),
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write(root: Path) -> Path:
    """A course with the tiny assignment."""
    nbcourse.write_course(root)
    (root / "source" / NAME).mkdir()
    nbformat.write(notebook(), root / "source" / NAME / f"{NAME}.ipynb")
    return root
