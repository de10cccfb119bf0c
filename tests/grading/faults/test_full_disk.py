"""The disk of the course fills up while it is graded: that is said, and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbcourse
import pytest
import tiny

from mlcourse.grading.releasing import release
from mlcourse.grading.sandbox.client import why_not

SCRIPT = Path(__file__).with_name("full_disk.py")
#: Mounting takes rights, which anybody has in a namespace for it; the second one gives them up again for what follows.
ALONE = ["unshare", "-m"] if os.name == "posix" and os.geteuid() == 0 else [
    "unshare", "-rm", "unshare", "-U", "--map-user=1000", "--map-group=1000",
]  # fmt: skip
MOUNT = ["unshare", "-m"] if len(ALONE) == 2 else ["unshare", "-rm"]


def cannot_mount() -> str:
    if why := why_not():
        return why
    probe = [*MOUNT, "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec ${1+"$@"} true', "/mnt", *ALONE[2:]]
    try:
        done = subprocess.run(probe, capture_output=True, text=True)
    except OSError as error:
        return f"no small disk can be mounted here: {error}"
    return f"no small disk can be mounted here: {done.stderr.strip()}" if done.returncode else ""


WHY_NOT = cannot_mount()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


def test_a_full_disk(tmp_path):
    course = tiny.write(tmp_path / "course")
    release(course=course)
    for student in ("ann", "bob", "cleo", "dan"):
        nbcourse.hand_in(course, student, tiny.NAME, tiny.RIGHT | {"explain": student * 2000})
    (tmp_path / "disk").mkdir()
    # Full when the first result is to be kept, and when nbgrader writes.
    command = [sys.executable, str(SCRIPT), str(course), str(tmp_path / "disk"), "1", "60"]
    mount = f'mount -t tmpfs -o size=6m tmpfs "{tmp_path}/disk" && exec "$@"'
    done = subprocess.run(
        [*MOUNT, "sh", "-c", mount, "sh", *ALONE[2:], *command], capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    for run in json.loads(done.stdout):
        assert run["said"].startswith("Error: There is no room left on the disk of "), run["left"]
        assert run["said"].count("\n") == 1, run["left"]
        assert run["status"] == 1
        assert run["broken"] == []
        assert run["status_again"] == 0, run["again"]
        assert len(run["scores"]) == 4
        for _, _, scores in run["scores"]:
            assert (scores["test_double"][0], scores["test_third"][0]) == (2, 3)
        assert run["vanished"]
