"""The linter and the formatter have nothing to say."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", [["check"], ["format", "--check", "--diff"]], ids=["lint", "format"])
def test_ruff_has_nothing_to_say(root, command):
    files = ["bootstrap.py", "mlcourse", "tests", "docs", "notebooks", "assignments/source"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", *files], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
