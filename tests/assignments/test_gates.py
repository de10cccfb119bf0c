"""Gates that every assignment must pass; see README.md beside this file. A new assignment is picked up by its name."""

import importlib
import re
from pathlib import Path

import assignment_gates as gates
import nbcourse
import numpy as np
import pytest

from mlcourse.checks.core import Check, CheckFailed
from mlcourse.grading.autograding import grade
from mlcourse.grading.pages import feedback
from mlcourse.grading.releasing import release

# What is made once for an assignment is shared by its tests: they run in one worker.
pytestmark = pytest.mark.timeout(600)
EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in gates.ASSIGNMENTS]
)


def checks_of(name: str) -> dict[str, Check]:
    module = importlib.import_module(f"mlcourse.checks.{name}")
    return {key: value for key, value in vars(module).items() if isinstance(value, Check)}


# -- the notebook, its metadata and its checks agree -----------------------------------------------------------------


@EACH
def test_cells_are_set_up_for_grading(name):
    assignment = gates.Assignment.read(name)
    ids = [cell.metadata.nbgrader.grade_id for cell in assignment.notebook.cells if "nbgrader" in cell.metadata]
    assert len(ids) == len(set(ids))
    assert assignment.tests
    for cell in assignment.notebook.cells:
        settings = cell.metadata.get("nbgrader")
        if settings is None:
            assert "BEGIN SOLUTION" not in cell.source
            assert "BEGIN HIDDEN TESTS" not in cell.source
            continue
        assert settings.schema_version == 3
        assert settings.locked is not settings.solution, settings.grade_id
        assert bool(settings.solution) == ("BEGIN SOLUTION" in cell.source), settings.grade_id
        if settings.grade:
            assert settings.points > 0


@EACH
def test_test_cells_call_their_checks(name):
    assignment = gates.Assignment.read(name)
    checks = checks_of(name)
    exercises = assignment.exercises
    assert [exercise.test.metadata.nbgrader.grade_id for exercise in exercises] == [
        cell.metadata.nbgrader.grade_id for cell in assignment.tests
    ], "each test cell test_NAME needs a solution cell NAME"
    assert 1 <= len(exercises) <= 5, "at most five exercises"
    assert len(assignment.by_hand) <= 1, "at most one explanation to read"
    assert {exercise.name for exercise in exercises} == set(checks)
    for exercise in exercises:
        check = checks[exercise.name]
        assert check.name == exercise.name
        assert check.assignment == name
        assert len(check.hints) >= 2, exercise.name
        calls = re.findall(r"check\.(\w+)\((\w+), points=([\d.]+)(?:, seed=(\d+))?\)", exercise.test.source)
        assert [call[:2] for call in calls] == [(exercise.name, exercise.name)] * 2, exercise.name
        assert {float(call[2]) for call in calls} == {float(exercise.points)}, exercise.name
        hidden = "\n".join(assignment.hidden_lines())
        assert not calls[0][3]
        assert int(calls[1][3]) >= 1000, "a seed that no other number is mistaken for"
        assert f"seed={calls[1][3]}" in hidden
        assert exercise.test.source.rstrip().endswith("\nscore"), "the last expression is what nbgrader grades"
    assert len(set(assignment.seeds())) == len(exercises), "a seed of its own for each exercise"


@EACH
def test_checks_know_their_misconceptions(name):
    """Each misconception is refused in the visible cases already, and is told by its own message."""
    for check in checks_of(name).values():
        for part in (None, *check._parts):
            for compute, says in check._misconceptions if part is None else part.misconceptions:
                answer = compute() if check.is_value else compute
                with pytest.raises(CheckFailed) as caught:
                    check(answer)
                assert gates.squeeze(says).rstrip(".") in gates.squeeze(str(caught.value)), check.name


@EACH
def test_checks_accept_their_reference_for_any_seed(name):
    for check in checks_of(name).values():
        answer = check._reference() if check.is_value else check._reference
        for seed in np.random.default_rng(1).integers(1000, 10_000, size=5):
            assert check(answer, points=1, seed=int(seed)) == 1, check.name


# -- planted solutions -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def trials():
    """Trials of all planted solutions of an assignment, run once."""
    done = {}

    def get(name):
        if name not in done:
            done[name] = gates.try_solutions(gates.Assignment.read(name), gates.plants_of(name))
        return done[name]

    return get


@EACH
def test_planted_solutions_are_complete(name):
    planted = gates.plants_of(name)
    exercises = {exercise.name: exercise for exercise in gates.Assignment.read(name).exercises}
    assert set(planted) == set(exercises), "one file of planted solutions an exercise, of its name"
    for exercise, plants in planted.items():
        wrong = [gates.squeeze(plant.says) for plant in plants if not plant.earned]
        assert len(wrong) >= 3, exercise
        for one in wrong:
            assert sum(one in other for other in wrong) == 1, f"{exercise}: two plants share the message {one!r}"
        for plant in plants:
            if plant.earned:
                assert plant.points == exercises[exercise].points, (exercise, plant.says)
    assert any(plant.earned for plants in planted.values() for plant in plants), "no answer is ever partly right"


@EACH
def test_wrong_solutions_earn_nothing_and_are_told_why(name, trials):
    tried = [trial for trial in trials(name) if trial.plant and not trial.plant.earned]
    assert tried
    for trial in tried:
        own = [other.plant for other in tried if other.exercise == trial.exercise]
        place = f"{trial.exercise}: {trial.plant.says}\n{trial.said}"
        assert trial.earned == 0, place
        told = [plant for plant in own if gates.squeeze(plant.says) in gates.squeeze(trial.said)]
        assert told == [trial.plant], f"not its own message, or others too: {place}"


@EACH
def test_partly_right_solutions_earn_their_part_and_are_told_what_is_lost(name, trials):
    for trial in trials(name):
        if trial.plant and trial.plant.earned:
            place = f"{trial.exercise}: {trial.plant.says}\n{trial.said}"
            assert trial.earned == pytest.approx(trial.plant.earned, abs=0.005), place
            assert gates.squeeze(trial.plant.says) in gates.squeeze(trial.said), place
            assert "points lost" in trial.said


@EACH
def test_right_solutions_earn_everything_also_with_text_on_standard_error(name, trials):
    right = [trial for trial in trials(name) if trial.plant is None]
    assert {trial.exercise for trial in right} == {exercise.name for exercise in gates.Assignment.read(name).exercises}
    for trial in right:
        assert trial.earned == trial.points > 0, f"{trial.exercise}, noisy: {trial.noisy}\n{trial.said}"
    assert any("harmless" in trial.said for trial in right if trial.noisy)


# -- through nbgrader ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def graded(tmp_path_factory):
    """Courses in which the release, the reference and wrong answers were graded, one an assignment.

    The reference makes noise on standard error wherever it can.
    """
    done = {}

    def get(name) -> Path:
        if name in done:
            return done[name]
        root = nbcourse.write_course(tmp_path_factory.mktemp("gates") / "course", name)
        assert release([name], course=root).counts == {"released": 1}
        assignment = gates.Assignment.read(name)
        right = gates.right_answers(assignment)
        noisy = {exercise.name: gates.noisy(exercise.name, right[exercise.name]) for exercise in assignment.exercises}
        wrong = {exercise: plants[0].code for exercise, plants in gates.plants_of(name).items()}
        nbcourse.hand_in(root, "empty", name, {})
        nbcourse.hand_in(root, "reference", name, right | noisy)
        nbcourse.hand_in(root, "wrong", name, right | wrong)
        report = grade(name, course=root)
        assert report.counts == {"graded": 3}, report.lines
        assert feedback(name, course=root).counts == {"written": 3}
        done[name] = root
        return root

    return get


@EACH
def test_empty_release_earns_nothing_in_every_cell(name, graded):
    for cell, (score, by_hand, _) in nbcourse.scores(graded(name), name, "empty").items():
        assert score == 0, cell
        assert not by_hand, cell


@EACH
def test_reference_earns_everything_also_with_text_on_standard_error(name, graded):
    people = {cell.metadata.nbgrader.grade_id for cell in gates.Assignment.read(name).by_hand}
    for cell, (score, by_hand, points) in nbcourse.scores(graded(name), name, "reference").items():
        if cell in people:
            assert score is None, cell
            assert by_hand, cell
        else:
            assert score == points > 0, cell


@EACH
def test_wrong_solutions_earn_nothing_through_nbgrader(name, graded):
    found = nbcourse.scores(graded(name), name, "wrong")
    assert {found[f"test_{exercise}"][0] for exercise in gates.plants_of(name)} == {0}


@EACH
def test_release_gives_nothing_away(name, graded):
    assignment = gates.Assignment.read(name)
    secrets = gates.telling(assignment.solution_lines() + assignment.hidden_lines())
    assert secrets
    for path in (graded(name) / "release").rglob("*.ipynb"):
        assert not gates.leaks(gates.notebook_text(path), secrets, assignment.seeds())


@EACH
def test_docstrings_give_nothing_away(name):
    assignment = gates.Assignment.read(name)
    secrets = gates.telling(assignment.solution_lines() + assignment.hidden_lines())
    found = {
        module: told
        for module, text in gates.docstrings(nbcourse.REPO / "mlcourse").items()
        if (told := gates.leaks(text, secrets, assignment.seeds()))
    }
    assert not found


@EACH
def test_feedback_gives_nothing_away(name, graded):
    assignment = gates.Assignment.read(name)
    hidden = gates.telling(assignment.hidden_lines())
    solutions = gates.telling(assignment.solution_lines())
    own = gates.normal("\n".join(plant.code for plants in gates.plants_of(name).values() for plant in plants))
    pages = sorted((graded(name) / "feedback").glob("*/*/*.html"))
    assert len(pages) == 3
    for page in pages:
        student, text = page.parent.parent.name, gates.page_text(page)
        assert not gates.leaks(text, hidden, assignment.seeds()), student
        if student == "empty":
            assert not gates.leaks(text, solutions), student
        elif student == "wrong":  # their own code, and the answers that are read by a person
            by_hand = gates.normal("\n".join(cell.source for cell in assignment.by_hand))
            assert not [line for line in gates.leaks(text, solutions) if line not in own + by_hand], student


# -- the gates themselves can fail -----------------------------------------------------------------------------------


def test_leak_scan_finds_a_planted_leak():
    secrets = gates.telling(
        ["    energy = np.sum( signal**2 )", "    return energy", "x = 1", "# a comment, quite long"]
    )
    assert secrets == {"energy=np.sum(signal**2)"}
    assert gates.leaks("so energy=np.sum(signal ** 2) solves it", secrets)
    assert not gates.leaks("the energy is the sum of squares", secrets)
    assert gates.leaks("seed=8231", set(), ["8231"]) == ["8231"]
    assert not gates.leaks("18231 or 8231.5 or #8231a", set(), ["8231"])


def test_headlines_of_planted_solutions_are_read(tmp_path):
    path = tmp_path / "smooth.py"
    path.write_text("# %% wrong: too large\ndef f(): 1\n\n# %% partly right, 1.5 of 3: edges\ndef f(): 2\n")
    wrong, partly = gates.read_plants(path)
    assert (wrong.says, wrong.earned, wrong.code) == ("too large", 0, "def f(): 1")
    assert (partly.says, partly.earned, partly.points) == ("edges", 1.5, 3)
    path.write_text("# %% worng: too large\n")
    with pytest.raises(AssertionError, match="not understood"):
        gates.read_plants(path)
