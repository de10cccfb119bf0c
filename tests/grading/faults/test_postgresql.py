"""A class whose gradebook is kept by PostgreSQL: the same grades, and a server that is gone is told in one sentence.

Uses the PostgreSQL that is installed here, with a database of its own, or the one that ``MLCOURSE_POSTGRESQL`` names,
such as ``postgresql+psycopg://teacher@host/an_empty_database``.
"""

import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import nbcourse
import pytest
import tiny
from faults.grader import MODULES
from nbgrader.api import Gradebook

from mlcourse.grading.autograding import grade
from mlcourse.grading.course import CourseError
from mlcourse.grading.executors import LocalPool
from mlcourse.grading.exporting import export
from mlcourse.grading.releasing import release
from mlcourse.grading.sandbox.client import why_not

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


def find_initdb() -> str | None:
    places = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)]))


class Server:
    """A server with a database ``course``, reached through a socket in a folder; it does not run as root."""

    def __init__(self, initdb: str):
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.tools = Path(initdb).resolve().parent
        self.who = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if self.who:
            os.chown(self.folder, 65534, 65534)
        self.url = f"postgresql+psycopg://teacher@/course?host={self.folder}"
        self.call("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "teacher", "-N")
        self.call("pg_ctl", "-D", f"{self.folder}/data", "-o", f"-k {self.folder} -h ''", "-l", f"{self.folder}/log",
                  "-w", "start")  # fmt: skip
        self.call("createdb", "-h", self.folder, "-U", "teacher", "course")

    def call(self, tool, *arguments):
        command = [self.tools / tool, *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, text=True, capture_output=True, timeout=100, **self.who)
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self):
        if (self.folder / "data" / "postmaster.pid").exists():
            self.call("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture
def server():
    if os.environ.get("MLCOURSE_POSTGRESQL"):
        pytest.skip("the server of MLCOURSE_POSTGRESQL is not to be stopped")
    pytest.importorskip("psycopg")
    initdb = find_initdb()
    if initdb is None:
        pytest.skip("PostgreSQL is not installed, and MLCOURSE_POSTGRESQL names none")
    made = Server(initdb)
    yield made
    made.close()


@pytest.fixture
def url(request):
    pytest.importorskip("psycopg")
    return os.environ.get("MLCOURSE_POSTGRESQL") or request.getfixturevalue("server").url


def write_class(course: Path, settings: str = "") -> None:
    tiny.write(course)
    (course / "gradebook.db").unlink()
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(settings)
    assert release(course=course).counts == {"released": 1}
    for student in ("ann", "bob", "cleo"):
        nbcourse.hand_in(course, student, tiny.NAME, tiny.RIGHT)
    path = course / "submitted" / "bob" / tiny.NAME / f"{tiny.NAME}.ipynb"
    path.write_bytes(path.read_bytes()[:-500])


def scores(url: str) -> dict:
    with Gradebook(url, "mlcourse") as gradebook:
        return {
            (submission.student.id, cell.name): (cell.auto_score, cell.needs_manual_grade, cell.max_score)
            for submission in gradebook.assignment_submissions(tiny.NAME)
            for notebook in submission.notebooks
            for cell in notebook.grades
        }


def test_the_same_grades(url, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)  # a fresh gradebook is made without the environment's programs at hand
    executor = partial(LocalPool, 2, MODULES)
    ours, usual = tmp_path / "ours", tmp_path / "usual"
    write_class(ours, f"\nc.CourseDirectory.db_url = {url!r}\n")
    write_class(usual)
    reports = [grade(tiny.NAME, course=course, executor=executor) for course in (ours, usual)]
    assert reports[0].lines == reports[1].lines
    assert reports[0].counts == {"graded": 2, "repaired": 1}
    assert grade(tiny.NAME, course=ours, executor=executor).counts == {"skipped": 3}
    assert not (ours / "gradebook.db").exists()
    found = scores(url)
    assert len(found) == 9
    assert found == scores(f"sqlite:///{usual}/gradebook.db")
    tables = [export(course / "grades.csv", course=course).read_text() for course in (ours, usual)]
    assert tables[0] == tables[1]


def test_a_server_that_is_gone(server, tmp_path):
    course = tmp_path / "course"
    write_class(course, f"\nc.CourseDirectory.db_url = {server.url!r}\n")

    class Stopping(LocalPool):
        def run(self, jobs):
            for done in super().run(jobs):
                yield done
                server.stop()

    with pytest.raises(CourseError, match="The gradebook cannot be used any more"):
        grade(tiny.NAME, course=course, executor=partial(Stopping, 1, MODULES))
    with pytest.raises(CourseError, match="cannot be opened"):
        grade(tiny.NAME, course=course)
