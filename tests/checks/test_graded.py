"""Under nbgrader, text on standard error costs nothing and the last expression of a cell is its result."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade
from nbgrader.validator import Validator

MARK = {
    "schema_version": 3,
    "grade_id": "t",
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": 2,
}
NOISE = """
import logging, os, subprocess, sys, warnings
import tqdm
logging.basicConfig()
warnings.warn("harmless")
logging.warning("harmless")
print("harmless", file=sys.stderr)
os.write(2, b"harmless")
subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('harmless')"])
list(tqdm.tqdm(range(3)))
"""


@pytest.fixture(scope="module")
def validated():
    """A notebook as ``nbgrader validate`` and JupyterLab's Validate button execute it."""
    sources = [
        "import mlcourse.checks",
        NOISE,
        NOISE + "1.5",
        NOISE + "1 / 0",
        "get_ipython().ast_node_interactivity = 'all'",
        "0.5\n1.5",
        "get_ipython().ast_node_interactivity = 'none'",
        "1.5",
    ]
    cells = [
        new_code_cell(source, metadata={"nbgrader": MARK | {"grade_id": f"t{n}"}}) for n, source in enumerate(sources)
    ]
    return Validator()._preprocess(new_notebook(cells=cells)).cells


@pytest.mark.parametrize(("cell", "points"), [(0, 2), (1, 2), (2, 1.5), (3, 0), (5, 1.5), (7, 1.5)])
def test_points(validated, cell, points):
    assert determine_grade(validated[cell])[0] == points


def test_the_text_is_still_there(validated):
    said = "".join(output.get("text", "") for cell in validated for output in cell.outputs)
    assert said.count("harmless") >= 12
