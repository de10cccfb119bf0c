"""nbgrader calls a program by name when it makes a gradebook; it is found where the environment is not on the path.

For plain nbgrader see ``test_both_doors.py``, whose second course begins without a gradebook and without a path.
"""

import os
import shutil
import subprocess
import sys

import nbcourse
import pytest
import tiny
from faults.grader import Grader

from mlcourse.grading.sandbox.client import why_not

PATH = "/usr/bin:/bin"
WHY_NOT = why_not()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_a_fresh_gradebook(tmp_path):
    assert shutil.which("alembic", path=PATH) is None
    course = tiny.write(tmp_path / "course")
    (course / "gradebook.db").unlink()
    command = [sys.executable, "-m", "mlcourse", "release", tiny.NAME]
    done = subprocess.run(command, cwd=course, env=os.environ | {"PATH": PATH}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    nbcourse.hand_in(course, "ann", tiny.NAME, tiny.RIGHT)
    grader = Grader(course, 1, PATH=PATH)
    try:
        grader.start()
        assert grader.finish()["counts"] == {"graded": 1}
    finally:
        grader.close()
    assert nbcourse.scores(course, tiny.NAME, "ann")["test_third"][0] == 3
