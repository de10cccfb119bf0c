"""JupyterLab, started in the project's folder, finds the course: formgrader, Validate button and assignment list."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbcourse
import pytest
import tiny

_PLANTED = "from IPython.display import HTML\nHTML('<b>seen</b><script>planted()</script>')"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Root of a project with a tiny course, and a function that asks its Jupyter server."""
    root = tmp_path_factory.mktemp("served") / "project"
    tiny.write(root / "assignments")
    shutil.copy(nbcourse.REPO / "nbgrader_config.py", root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [f"--port={port}", "--IdentityProvider.token=t", "--ServerApp.disable_check_xsrf=True", "--allow-root"]
    own = {name: str(root / ".jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    with open(root / "server.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", *settings],
            cwd=root,
            env={**os.environ, **own, "PATH": os.defpath},
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def ask(path, data=None):
        headers = {"Authorization": "token t", "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" or text[:1] in "[{" else text

    try:
        until = time.monotonic() + 60
        while True:
            try:
                ask("/api/status")
                break
            except urllib.error.URLError:
                assert time.monotonic() < until, (root / "server.log").read_text()
                assert server.poll() is None, (root / "server.log").read_text()
                time.sleep(0.1)
        yield root, ask
    finally:
        server.terminate()
        server.wait(30)


def test_formgrader_releases_grades_and_writes_pages(served):
    root, ask = served
    (draft,) = ask("/formgrader/api/assignments")
    assert (draft["name"], draft["status"]) == (tiny.NAME, "draft")
    assert ask(f"/formgrader/api/assignment/{tiny.NAME}/assign", {})["success"]
    nbcourse.hand_in(root / "assignments", "ann", tiny.NAME, tiny.RIGHT)
    assert ask(f"/formgrader/api/submission/{tiny.NAME}/ann/autograde", {})["success"]
    (submission,) = ask(f"/formgrader/api/submissions/{tiny.NAME}")
    assert (submission["student"], submission["score"], submission["needs_manual_grade"]) == ("ann", 5, True)
    assert ask(f"/formgrader/api/assignment/{tiny.NAME}/generate_feedback", {})["success"]
    page = root / "assignments" / "feedback" / "ann" / tiny.NAME / f"{tiny.NAME}.html"
    assert "8231" not in page.read_text()
    assert "Manage Assignments" in ask("/formgrader/manage_assignments")


def test_formgrader_shows_work_in_which_nothing_runs(served):
    """What an instructor opens in order to read an answer would run with all of her rights."""
    root, ask = served
    if not (root / "assignments" / "release").exists():
        assert ask(f"/formgrader/api/assignment/{tiny.NAME}/assign", {})["success"]
    hostile = {
        "double": f"{tiny.RIGHT['double']}\n{_PLANTED}",
        "third": tiny.RIGHT["third"],
        "explain": "My <i>reason</i> <img src='x' onerror='planted()'> [click](javascript:planted())",
    }
    nbcourse.hand_in(root / "assignments", "eve", tiny.NAME, hostile)
    assert ask(f"/formgrader/api/submission/{tiny.NAME}/eve/autograde", {})["success"]
    found = ask(f"/formgrader/api/submitted_notebooks/{tiny.NAME}/{tiny.NAME}")
    (submission,) = [one for one in found if one["student"] == "eve"]
    page = ask(f"/formgrader/submissions/{submission['id']}/")
    assert "<b>seen</b>" in page
    assert "<i>reason</i>" in page
    elements = re.findall(r"<[^>]*planted[^>]*>|<script>\s*planted", page)
    assert not elements


def test_validate_button(served):
    _, ask = served
    path = f"assignments/source/{tiny.NAME}/{tiny.NAME}.ipynb"
    told = ask("/assignments/validate", {"path": path})
    assert told["success"]
    # Its first test warns on standard error before any check is imported, which nbgrader alone takes for a failure.
    assert [failed["source"].splitlines()[0] for failed in told["value"]["failed"]] == ["import warnings"]


def test_assignment_list_finds_its_folder(served):
    _, ask = served
    assert ask("/assignments?course_id=mlcourse") == {"success": True, "value": []}
