"""A tiny course to grade: one assignment of three exercises, one of them read by a person."""

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

REPO = Path(__file__).parents[2]
HIDDEN = "assert double(8231) == 16462, 'the double of a large number is wrong'"


def nbgrader_cell(source, name, *, points=None, solution=False, markdown=False):
    """A cell that nbgrader looks after."""
    settings = {
        "schema_version": 3,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    if points is not None:
        settings["points"] = points
    new = new_markdown_cell if markdown else new_code_cell
    return new(source, metadata={"nbgrader": settings})


def tiny_notebook():
    """Exercises ``double`` (2 points) and ``third`` (3 points, partial credit), and an explanation (2 points)."""
    return new_notebook(
        cells=[
            nbgrader_cell("import sys\nimport warnings", "setup"),
            nbgrader_cell("def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "double", solution=True),
            nbgrader_cell(
                f"assert double(2) == 4\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS", "test_double", points=2
            ),
            nbgrader_cell("def third(x):\n    ### BEGIN SOLUTION\n    return x / 3\n    ### END SOLUTION", "third", solution=True),
            nbgrader_cell("warnings.warn('harmless')\nthird(3) == 1 and 3.0 or 1.5 * third(9) / 3", "test_third", points=3),
            nbgrader_cell("### BEGIN SOLUTION\nBecause.\n### END SOLUTION", "explain", points=2, solution=True, markdown=True),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    )


@pytest.fixture(scope="session", autouse=True)
def _quiet_jupyter(tmp_path_factory):
    """Keep nbgrader and its kernels away from the settings of whoever runs the tests."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MLCOURSE_HOME"):
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


def write_course(root: Path) -> Path:
    """A course with the settings of the real one and the tiny assignment ``a90_tiny``."""
    (root / "source" / "a90_tiny").mkdir(parents=True)
    shutil.copy(REPO / "assignments" / "nbgrader_config.py", root)
    nbformat.write(tiny_notebook(), root / "source" / "a90_tiny" / "a90_tiny.ipynb")
    return root


@pytest.fixture
def tiny_course(tmp_path):
    """Root of a fresh tiny course."""
    return write_course(tmp_path / "course")


def hand_in(root: Path, student: str, answers: dict[str, str], assignment: str = "a90_tiny") -> Path:
    """Hand in the released notebook with the given cells answered; return the submitted file."""
    released = nbformat.read(root / "release" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in released.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    path = root / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(released, path)
    return path
