"""Releases hold no solutions, are quick when nothing changed, and never overwrite somebody's work."""

import os
import shutil

import nbformat
import pytest
import tiny

from mlcourse.grading.course import CourseError, find_course
from mlcourse.grading.releasing import release


def state(root, **options):
    (line,) = release(course=root, **options).lines
    return line.state


def notebook_of(root):
    return root / "release" / tiny.NAME / f"{tiny.NAME}.ipynb"


def test_solutions_and_hidden_tests_are_left_out(tiny_course):
    assert state(tiny_course) == "released"
    text = notebook_of(tiny_course).read_text()
    assert "8231" not in text
    assert "2 * x" not in text
    assert "Because" not in text
    assert "raise NotImplementedError" in text


def test_released_again_only_when_something_changed(tiny_course):
    assert state(tiny_course) == "released"
    assert state(tiny_course) == "up to date"
    source = tiny_course / "source" / tiny.NAME / f"{tiny.NAME}.ipynb"
    source.write_text(source.read_text().replace("2 * x", "x * 2"))
    assert state(tiny_course) == "released"
    (source.parent / "picture.txt").write_text("a picture")
    assert state(tiny_course) == "released"
    assert (tiny_course / "release" / tiny.NAME / "picture.txt").exists()
    assert state(tiny_course) == "up to date"
    assert state(tiny_course, force=True) == "released"
    shutil.rmtree(tiny_course / "release")
    assert state(tiny_course) == "released"


def test_fresh_gradebook_is_made_where_the_environment_is_not_activated(tiny_course, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)
    assert state(tiny_course) == "released"
    (tiny_course / "gradebook.db").unlink()
    assert state(tiny_course) == "released"
    assert (tiny_course / "gradebook.db").exists()


def test_work_in_a_released_notebook_is_never_lost(tiny_course):
    release(course=tiny_course)
    path = notebook_of(tiny_course)
    mine = path.read_text().replace("raise NotImplementedError", "return 42")
    path.write_text(mine)
    assert state(tiny_course) == "up to date"
    source = tiny_course / "source" / tiny.NAME / f"{tiny.NAME}.ipynb"
    source.write_text(source.read_text().replace("2 * x", "x * 2"))
    assert state(tiny_course) == "kept"
    assert path.read_text() == mine
    assert state(tiny_course, force=True) == "released"
    assert path.read_text() != mine
    (kept,) = (tiny_course / "kept").glob("*/*.ipynb")
    assert kept.read_text() == mine


def test_damaged_stamp_is_no_obstacle(tiny_course):
    release(course=tiny_course)
    (tiny_course / ".released.json").write_text("{")
    assert state(tiny_course) == "released"


def test_source_that_nbgrader_refuses_is_reported(tiny_course):
    source = tiny_course / "source" / tiny.NAME / f"{tiny.NAME}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells[1].source = "### BEGIN SOLUTION\nx"
    nbformat.write(notebook, source)
    report = release(course=tiny_course)
    assert report.counts == {"failed": 1}
    assert report.exit_code == 1
    assert "solution" in report.lines[0].says.lower()


def test_unknown_assignment(tiny_course):
    with pytest.raises(CourseError, match=r"a02_nothing.*There is: a90_tiny"):
        release(["a02_nothing"], course=tiny_course)


def test_the_course_is_found_from_inside_and_from_above(tiny_course, monkeypatch, tmp_path):
    monkeypatch.chdir(tiny_course / "source" / tiny.NAME)
    assert find_course() == tiny_course
    (tmp_path / "repo").mkdir()
    tiny_course.rename(tmp_path / "repo" / "assignments")
    monkeypatch.chdir(tmp_path / "repo")
    assert find_course() == tmp_path / "repo" / "assignments"
