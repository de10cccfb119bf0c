"""Sixty damaged notebooks beside honest ones: nobody loses another's grade, and who can be understood is graded."""

import shutil
import subprocess
import sys
from functools import partial

import nbcourse
import nbformat
import pytest
import tiny
from faults.damage import all_damages
from faults.grader import MODULES

from mlcourse.grading import execution
from mlcourse.grading.autograding import grade
from mlcourse.grading.executors import LocalPool
from mlcourse.grading.releasing import release
from mlcourse.grading.sandbox.client import why_not

WHY_NOT = why_not()
pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("damaged")]

HONEST = ("aaron", "middle", "zoe")
EXECUTED = ("cut-03", "quote-lost", "swapped", "zoe")
COPIED = ("cut-08", "flipped-4", "in-utf-16", "nested", "a-folder", "gone", "as-raw", "enormous-number")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, its damages by name, and the report."""
    course = tiny.write(tmp_path_factory.mktemp("damaged") / "course")
    release(course=course)
    answers = tiny.RIGHT | {"explain": "It is so. " * 5}
    honest = nbcourse.hand_in(course, "zoe", tiny.NAME, answers)
    damages = {damage.name: damage for damage in all_damages(honest.read_bytes(), seed=7)}
    for name in ("aaron", "middle", *damages):
        nbcourse.hand_in(course, name, tiny.NAME, answers)
    for name, damage in damages.items():
        damage.do(course / "submitted" / name / tiny.NAME / f"{tiny.NAME}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "engine", lambda: "the same")
        report = grade(tiny.NAME, course=course, executor=partial(LocalPool, 2, MODULES))
    return course, damages, report


def test_there_are_sixty(graded):
    assert len(graded[1]) >= 60


def test_nobody_fails_and_nobody_is_forgotten(graded):
    course, damages, report = graded
    assert [line for line in report.lines if line.state == "failed"] == []
    assert {line.name for line in report.lines} == {*damages, *HONEST}
    assert {student for _, student in nbcourse.all_scores(course)} == {*damages, *HONEST}


def test_honest_work_is_not_touched(graded):
    lines = {line.name: line for line in graded[2].lines}
    assert {(lines[name].state, lines[name].score) for name in HONEST} == {("graded", 5)}


def test_what_can_be_understood_gets_its_points(graded):
    course, damages, _ = graded
    wrong = {}
    for name, damage in damages.items():
        scores = nbcourse.scores(course, tiny.NAME, name)
        points = scores["test_double"][0], scores["test_third"][0]
        if damage.points is not None and points != damage.points:
            wrong[name] = (points, damage.points)
    assert wrong == {}


def test_what_is_damaged_is_said(graded):
    lines = {line.name: line for line in graded[2].lines}
    assert {lines[name].state for name in ("empty", "no-json", "nested", "a-folder")} == {"damaged"}
    assert lines["gone"].state == "missing"
    assert lines["quote-lost"].state == "repaired"
    assert "could be read" in lines["quote-lost"].says
    assert lines["tests-gone"].state == lines["locked-changed"].state == "restored"


def test_what_was_written_is_kept(graded):
    course = graded[0]

    def text(name):
        return (course / "autograded" / name / tiny.NAME / f"{tiny.NAME}.ipynb").read_text()

    assert "I wrote this" in text("locked-changed")
    assert "Größe, Höhe" in text("in-cp1252")
    for name in ("swapped", "twice", "as-text", "no-metadata"):
        assert "return x + x" in text(name), name


def test_all_that_was_written_are_notebooks(graded):
    paths = list(graded[0].glob("autograded/*/*/*.ipynb"))
    assert len(paths) == len(graded[1]) + len(HONEST)
    for path in paths:
        nbformat.validate(nbformat.read(path, as_version=4))


def test_plain_nbgrader_gives_the_same(graded, tmp_path):
    """A sample, one by one, in a course of its own; what it does not execute itself it takes from before."""
    course, _, _ = graded
    plain = tmp_path / "plain"
    shutil.copytree(course, plain, ignore=shutil.ignore_patterns("autograded", "graded", "release", "gradebook.db"))
    for folder in (plain / "submitted").iterdir():
        if folder.name not in EXECUTED + COPIED:
            shutil.rmtree(folder)
    shutil.copy(nbcourse.write_course(tmp_path / "empty") / "gradebook.db", plain)
    for name in EXECUTED:
        shutil.rmtree(plain / ".mlcourse" / "results" / tiny.NAME / name)
    nbgrader = (
        "import sys; from mlcourse.grading import execution; execution.engine = lambda: 'the same'\n"
        "from nbgrader.apps import NbGraderApp; sys.exit(NbGraderApp.launch_instance())"
    )
    for step in ("generate_assignment", "autograde"):
        done = subprocess.run(
            [sys.executable, "-c", nbgrader, step, tiny.NAME], cwd=plain, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[:3000]
    expected = nbcourse.all_scores(course)
    found = nbcourse.all_scores(plain)
    assert len(found) == len(EXECUTED + COPIED)
    assert found == {place: expected[place] for place in found}
