"""A class with every kind of mishap gets the same grades through ``mlcourse`` and through plain nbgrader."""

import json
import os
import shutil
import subprocess
import sys

import nbcourse
import nbformat
import pytest
import tiny

from mlcourse.grading.autograding import grade
from mlcourse.grading.course import CourseError
from mlcourse.grading.exporting import export
from mlcourse.grading.pages import feedback
from mlcourse.grading.releasing import release


def write_class(root):
    """Hand in ten submissions, half of them odd, and one of them a spy's."""

    def edit(student, change, answers=tiny.RIGHT):
        path = nbcourse.hand_in(root, student, tiny.NAME, answers)
        change(path)

    def nothing(path):
        pass

    def without(*names):
        def change(path):
            notebook = nbformat.read(path, as_version=4)
            notebook.cells = [cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id not in names]
            nbformat.write(notebook, path)

        return change

    def remark(**marks):
        def change(path):
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                cell.metadata.nbgrader.update(marks)
            nbformat.write(notebook, path)

        return change

    edit("right", nothing)
    edit("untouched", nothing, {})
    edit("partly", nothing, tiny.RIGHT | {"third": "def third(x):\n    return 1"})
    edit("cut", lambda path: path.write_bytes(path.read_bytes()[:700]))
    edit("zero", lambda path: path.write_bytes(b""))
    edit("nothing", lambda path: path.unlink())
    edit("misnamed", lambda path: path.rename(path.with_name("a90_tiny(1).ipynb")))
    edit("deleted", without("test_double", "setup"), tiny.RIGHT | {"double": "def double(x):\n    return 4"})
    edit("old-marks", remark(schema_version=1, points="many"))
    edit("spy", nothing, tiny.RIGHT | {"third": "def third(x):\n    print(In)\n    raise ValueError(In[-2:])"})


EXPECTED = {
    "right": ("graded", 5),
    "untouched": ("graded", 0),
    "partly": ("graded", 3.5),
    "cut": ("repaired", 0),
    "zero": ("damaged", 0),
    "nothing": ("missing", 0),
    "misnamed": ("missing", 0),
    "deleted": ("restored", 3),
    "old-marks": ("graded", 5),
    "spy": ("graded", 2),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same class, graded through mlcourse and through plain nbgrader; with the reports of the first."""
    ours, plain = tmp_path_factory.mktemp("ours") / "course", tmp_path_factory.mktemp("plain") / "course"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.defpath)  # as when the environment is not activated
        tiny.write(ours)
        release(course=ours)
        write_class(ours)
        shutil.copytree(ours / "submitted", plain / "submitted")
        shutil.copytree(ours / "source", plain / "source")
        shutil.copy(ours / "nbgrader_config.py", plain)
        report = grade(tiny.NAME, course=ours)
        assert feedback(tiny.NAME, course=ours).counts == {"written": 10}
        export(ours / "grades.csv", course=ours)
        for step in ("generate_assignment", "autograde", "generate_feedback"):
            nbgrader(plain, step, tiny.NAME)
        nbgrader(plain, "export")
    return ours, plain, report


def nbgrader(root, *command):
    done = subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.xdist_group("both doors")
class TestBothDoors:
    def test_everybody_has_a_definite_grade(self, both):
        _, _, report = both
        assert {line.name: (line.state, line.score) for line in report.lines} == EXPECTED
        assert report.exit_code == 0
        assert "1 damaged" in report.summary

    def test_what_is_odd_is_said(self, both):
        said = {line.name: line.says for line in both[2].lines}
        assert "cut off" in said["cut"]
        assert "empty" in said["zero"]
        assert "a90_tiny(1).ipynb" in said["misnamed"]
        assert "test_double" in said["deleted"]
        assert "read by a person" in said["right"]

    def test_grades_are_equal_cell_by_cell(self, both):
        ours, plain, _ = both
        found = nbcourse.all_scores(ours)
        assert len(found) == 10
        assert found == nbcourse.all_scores(plain)

    def test_exports_are_equal(self, both):
        ours, plain, _ = both
        assert (ours / "grades.csv").read_text() == (plain / "grades.csv").read_text()

    def test_submissions_are_not_touched(self, both, tmp_path):
        ours, plain, _ = both
        fresh = tiny.write(tmp_path / "fresh")
        shutil.copytree(ours / "release", fresh / "release")
        write_class(fresh)
        for path in (path for path in fresh.glob("submitted/**/*") if path.is_file()):
            for root in (ours, plain):
                assert (root / path.relative_to(fresh)).stat().st_size == path.stat().st_size

    @pytest.mark.parametrize("door", [0, 1])
    def test_pages_hide_the_hidden_tests(self, both, door):
        pages = sorted((both[door] / "feedback").glob("*/*/*.html"))
        assert len(pages) == 10
        for page in pages:
            text = page.read_text()
            assert "8231" not in text, page
            assert "2 * x" not in text, page
        spied = next(page for page in pages if "spy" in page.parts).read_text()
        assert "(hidden)" in spied

    def test_pages_say_why_nothing_could_be_graded(self, both):
        page = (both[0] / "feedback" / "zero" / tiny.NAME / f"{tiny.NAME}.html").read_text()
        assert "the file is empty" in page

    def test_error_messages_of_hidden_tests_are_kept(self, both):
        page = (both[0] / "feedback" / "deleted" / tiny.NAME / f"{tiny.NAME}.html").read_text()
        assert "the double of a large number is wrong" in page

    def test_graded_work_is_graded_again_only_when_it_is_newer(self, both):
        ours = both[0]
        assert grade(tiny.NAME, course=ours).counts == {"skipped": 10}
        path = ours / "submitted" / "cut" / tiny.NAME / f"{tiny.NAME}.ipynb"
        shutil.copyfile(ours / "submitted" / "right" / tiny.NAME / f"{tiny.NAME}.ipynb", path)
        again = grade(tiny.NAME, ["cut", "right"], course=ours)
        assert {line.name: (line.state, line.score) for line in again.lines} == {
            "cut": ("graded", 5),
            "right": ("skipped", 5),
        }


def test_nothing_but_an_empty_folder(tiny_course):
    release(course=tiny_course)
    (tiny_course / "submitted" / "ann" / tiny.NAME).mkdir(parents=True)
    (line,) = grade(tiny.NAME, course=tiny_course).lines
    assert (line.state, line.score, line.max_score) == ("missing", 0, 7)


def test_what_fails_is_reported_and_the_others_are_graded(tiny_course):
    release(course=tiny_course)
    nbcourse.hand_in(tiny_course, "ann", tiny.NAME, tiny.RIGHT)
    nbcourse.hand_in(tiny_course, "bob", tiny.NAME, tiny.RIGHT | {"third": "import os\nos._exit(1)"})
    path = nbcourse.hand_in(tiny_course, "cleo", tiny.NAME, tiny.RIGHT)
    (path.parent / "timestamp.txt").write_text("yesterday")
    nbcourse.hand_in(tiny_course, "dan", tiny.NAME, tiny.RIGHT)
    report = grade(tiny.NAME, course=tiny_course)
    assert [line.state for line in report.lines] == ["graded", "flagged", "failed", "graded"]
    assert "cell 4: the kernel ended with status 1" in report.lines[1].says
    assert report.lines[1].score == 2  # what came before keeps its points
    assert "timestamp.txt" in report.lines[2].says
    assert report.exit_code == 1


def test_errors_say_what_to_do(tiny_course, tmp_path):
    with pytest.raises(CourseError, match="mlcourse release a90_tiny"):
        grade(tiny.NAME, course=tiny_course)
    with pytest.raises(CourseError, match="There is: a90_tiny"):
        grade("a09_nothing", course=tiny_course)
    release(course=tiny_course)
    with pytest.raises(CourseError, match="submitted/STUDENT/a90_tiny"):
        grade(tiny.NAME, course=tiny_course)
    with pytest.raises(CourseError, match="is no course"):
        grade(tiny.NAME, course=tmp_path)
    nbcourse.hand_in(tiny_course, "ann", tiny.NAME, {})
    with pytest.raises(CourseError, match="bob"):
        grade(tiny.NAME, ["ann", "bob"], course=tiny_course)


def test_what_was_done_can_be_read_by_programs(tiny_course):
    release(course=tiny_course)
    nbcourse.hand_in(tiny_course, "ann", tiny.NAME, tiny.RIGHT)
    report = json.loads(grade(tiny.NAME, course=tiny_course, jobs=1, timeout=60, memory=1000).to_json())
    assert report["counts"] == {"graded": 1}
    assert report["lines"][0] == {
        "name": "ann", "state": "graded", "score": 5.0, "max_score": 7.0, "says": "to be read by a person"
    }  # fmt: skip
