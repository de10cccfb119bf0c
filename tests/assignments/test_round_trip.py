"""An instructor's round trip with two assignments and five people, through ``mlcourse`` and through plain nbgrader."""

import csv
import os
import shutil
import subprocess
import sys

import assignment_gates as gates
import nbcourse
import pytest

pytestmark = [
    pytest.mark.skipif(len(gates.ASSIGNMENTS) < 2, reason="needs two assignments"),
    pytest.mark.xdist_group("round trip"),
    pytest.mark.timeout(900),  # twenty notebooks are graded
]
TWO = gates.ASSIGNMENTS[:2]
PEOPLE = ["damaged", "empty", "partly", "right", "wrong"]


def call(root, *command):
    """Run a command in the course, as where the environment is not activated; return what it printed."""
    environment = {**os.environ, "PATH": os.defpath, "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def hand_in_everything(root):
    """Five people's work on each assignment: right, partly right, wrong, cut off midway, and an empty folder."""
    for name in TWO:
        right = gates.right_answers(gates.Assignment.read(name))
        planted = gates.plants_of(name)
        wrong = {exercise: plants[-1 if plants[-1].earned == 0 else 0].code for exercise, plants in planted.items()}
        partly = {exercise: plant.code for exercise, plants in planted.items() for plant in plants if plant.earned}
        nbcourse.hand_in(root, "right", name, right)
        nbcourse.hand_in(root, "partly", name, right | partly)
        nbcourse.hand_in(root, "wrong", name, right | wrong)
        path = nbcourse.hand_in(root, "damaged", name, right)
        path.write_bytes(path.read_bytes()[:-1000])
        nbcourse.hand_in(root, "empty", name, {}).unlink()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Roots of two courses with the same submissions, graded through the two doors, and what mlcourse printed."""
    ours = nbcourse.write_course(tmp_path_factory.mktemp("ours") / "course", *TWO)
    plain = nbcourse.write_course(tmp_path_factory.mktemp("plain") / "course", *TWO)
    said = call(ours, "mlcourse", "release", "--all")
    hand_in_everything(ours)
    shutil.copytree(ours / "submitted", plain / "submitted")
    shutil.copytree(ours / "submitted", ours.parent / "handed in")
    for name in TWO:
        said += call(ours, "mlcourse", "grade", name)
        said += call(ours, "mlcourse", "feedback", name)
    said += call(ours, "mlcourse", "export")
    for name in TWO:
        for step in ("generate_assignment", "autograde", "generate_feedback"):
            call(plain, "nbgrader", step, name)
    call(plain, "nbgrader", "export")
    return ours, plain, said


def test_grades_are_equal_cell_by_cell(both):
    ours, plain, _ = both
    found = nbcourse.all_scores(ours)
    assert sorted(found) == [(name, person) for name in TWO for person in PEOPLE]
    assert found == nbcourse.all_scores(plain)
    for (name, person), cells in found.items():
        tests = {key: score for key, (score, _, _) in cells.items() if key.startswith("test_")}
        points = {key: worth for key, (_, _, worth) in cells.items() if key.startswith("test_")}
        if person == "right":
            assert tests == points
        elif person in ("partly", "damaged"):  # of a notebook that was cut off, what was read counts
            assert 0 < sum(tests.values()) <= sum(points.values())
        else:
            assert set(tests.values()) == {0}, (name, person)


def test_exports_are_equal(both):
    ours, plain, _ = both
    assert (ours / "grades.csv").read_text() == (plain / "grades.csv").read_text()
    rows = list(csv.DictReader((ours / "grades.csv").open()))
    assert len(rows) == len(TWO) * len(PEOPLE)
    assert {row["student_id"] for row in rows} == set(PEOPLE)


def test_releases_are_equal(both):
    ours, plain, _ = both
    for name in TWO:
        assert (ours / "release" / name / f"{name}.ipynb").read_text() == (
            plain / "release" / name / f"{name}.ipynb"
        ).read_text()


def test_everybody_gets_a_page(both):
    ours, plain, _ = both
    for root in (ours, plain):
        pages = sorted(str(page.relative_to(root / "feedback")) for page in root.glob("feedback/*/*/*.html"))
        assert pages == sorted(f"{person}/{name}/{name}.html" for person in PEOPLE for name in TWO)
        damaged = (root / "feedback" / "damaged" / TWO[0] / f"{TWO[0]}.html").read_text()
        assert "damaged or cut off" in damaged


def test_mishaps_are_reported_and_counted(both):
    said = " ".join(both[2].split())
    assert said.count("1 repaired") == said.count("1 missing") == said.count("3 graded") == len(TWO)


def test_submissions_are_not_touched(both):
    ours, plain, _ = both
    before = ours.parent / "handed in"
    files = sorted(path.relative_to(before) for path in before.rglob("*"))
    for submitted in (ours / "submitted", plain / "submitted"):
        assert sorted(path.relative_to(submitted) for path in submitted.rglob("*")) == files
        for file in files:
            if (before / file).is_file():
                assert (submitted / file).read_bytes() == (before / file).read_bytes()
