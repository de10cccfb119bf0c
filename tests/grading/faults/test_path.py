"""nbgrader calls a program by name when it makes a gradebook; it is found where the environment is not on the path."""

import os
import shutil
import subprocess
import sys

import nbcourse
import pytest
import tiny

PATH = "/usr/bin:/bin"


@pytest.mark.skipif(os.name != "posix", reason="the path is one of Unix")
@pytest.mark.parametrize("command", [["mlcourse", "release"], ["nbgrader", "generate_assignment"]])
def test_a_fresh_gradebook(tmp_path, command):
    assert shutil.which("alembic", path=PATH) is None
    course = tiny.write(tmp_path / "course")
    (course / "gradebook.db").unlink()
    for step in (command, [command[0], "grade" if command[0] == "mlcourse" else "autograde"]):
        done = subprocess.run(
            [sys.executable, "-m", *step, tiny.NAME],
            cwd=course,
            env=os.environ | {"PATH": PATH},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        if step is command:
            nbcourse.hand_in(course, "ann", tiny.NAME, tiny.RIGHT)
    assert nbcourse.scores(course, tiny.NAME, "ann")["test_third"][0] == 3
