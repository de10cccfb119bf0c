"""Kill what grades at random moments, and grade on: nothing is lost, nothing is done twice, nothing is left."""

import contextlib
import random
import shutil
import signal
import time
from pathlib import Path

import nbcourse
import nbformat
import psutil
import pytest
import tiny
from faults.grader import Grader, finished, halves

from mlcourse.grading.releasing import release
from mlcourse.grading.sandbox.client import why_not

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

SEED = 20251
SLOW = "import time\ntime.sleep(0.2)\n"
CLASS = {
    "ann": tiny.RIGHT,
    "bob": tiny.RIGHT | {"double": "def double(x):\n    return 4"},
    "cleo": {"third": tiny.RIGHT["third"]},
    "dan": tiny.RIGHT | {"third": "raise ValueError"},
    "eve": tiny.RIGHT | {"double": tiny.RIGHT["double"] + "\nimport os; os._exit(3)"},
    "fay": tiny.RIGHT | {"explain": "Because of that."},
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A course in which six people handed in, its grades when nobody kills anything, and how long grading took."""
    fresh = tiny.write(tmp_path_factory.mktemp("kills") / "fresh")
    release(course=fresh)
    for student, answers in CLASS.items():
        own = {name: SLOW + text if text.startswith("def") else text for name, text in answers.items()}
        nbcourse.hand_in(fresh, student, tiny.NAME, own)
    graded = fresh.with_name("graded")
    shutil.copytree(fresh, graded)
    grader = Grader(graded)
    try:
        began = time.monotonic()
        grader.start()
        report = grader.finish()
        took = time.monotonic() - began
        assert report["counts"] == {"graded": 5, "flagged": 1}, str(report)
        assert grader.vanish() == []
    finally:
        grader.close()
    scores = nbcourse.all_scores(graded)
    assert len(scores) == len(CLASS)
    return fresh, scores, took


@pytest.fixture
def grader(undisturbed, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(undisturbed[0], course)
    made = Grader(course)
    yield made
    made.close()


def check_whole(grader: Grader, scores: dict) -> None:
    """After the last run: the grades of the undisturbed one, whole files, and nothing left."""
    assert nbcourse.all_scores(grader.course) == scores
    assert halves(grader.course) == []
    notebooks = sorted(grader.course.glob("autograded/*/*/*.ipynb"))
    assert len(notebooks) == len(CLASS)
    for path in notebooks:
        nbformat.validate(nbformat.read(path, as_version=4))
    known = {"results": ".json", "graded": ".json"}
    strays = [
        path
        for folder, ending in known.items()
        for path in Path(grader.course, ".mlcourse", folder).rglob("*")
        if path.is_file() and path.suffix != ending
    ]
    assert strays == []
    assert grader.vanish() == []


@pytest.mark.xdist_group("kills of the grader")
def test_the_grader(grader, undisturbed):
    """Five times, and after each the next run takes up what the one before had finished."""
    fresh, scores, took = undisturbed
    moments = random.Random(SEED)
    done: dict[str, tuple] = {}
    killed = 0
    while killed < 5:
        grader.start()
        time.sleep(moments.uniform(0.2, 0.9) * took)
        killed += grader.running
        grader.kill()
        assert halves(grader.course) == []
        now = finished(grader.course)
        assert {name: now.get(name) for name in done} == done  # made once, and still there
        done = now
        assert grader.vanish() == []
        if nbcourse.all_scores(grader.course) == scores and killed < 5:  # start again from nothing
            shutil.rmtree(grader.course)
            shutil.copytree(fresh, grader.course)
            done = {}
    grader.start()
    grader.finish()
    now = finished(grader.course)
    assert {name: now.get(name) for name in done} == done
    check_whole(grader, scores)


@pytest.mark.xdist_group("kills")
@pytest.mark.parametrize("round_", range(4))
def test_its_helpers(grader, undisturbed, round_):
    """One of each kind in a run, twelve in all; grading goes on by itself."""
    moments = random.Random(f"{SEED} {round_}")
    kinds = ["worker", "server", "keeper"]
    moments.shuffle(kinds)
    grader.start()
    killed = [kind for kind in kinds if kill_one(grader, kind, moments)]
    report = grader.finish()
    assert report["counts"] == {"graded": 5, "flagged": 1}, str(report)
    assert len(killed) >= 2
    check_whole(grader, undisturbed[1])


def kill_one(grader, kind, moments) -> bool:
    """Kill a process of a kind at a random moment; False if grading ended before."""
    at_work = moments.random() < 0.7
    while grader.running and not grader.members("kernel" if at_work else kind):
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 0.6))
    while grader.running:
        for victim in grader.members(kind):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
                return True
        time.sleep(0.01)
    return False


@pytest.mark.xdist_group("kills")
@pytest.mark.parametrize("how", ["SIGINT", "SIGINT to all", "SIGTERM", "SIGKILL to all"])
def test_asked_to_stop(grader, undisturbed, how):
    _, scores, _ = undisturbed
    grader.start()
    while grader.running and not grader.members("kernel"):
        time.sleep(0.01)
    time.sleep(random.Random(f"{SEED} {how}").uniform(0, 0.6))
    began = time.monotonic()
    said = grader.kill(signal.Signals[how.split()[0]], group="all" in how)
    assert time.monotonic() - began < 10
    assert said == ("" if "KILL" in how else "Error: stopped.\n")
    done = finished(grader.course)
    assert grader.vanish() == []
    if how == "SIGINT":
        grader.start()
        grader.finish()
        now = finished(grader.course)
        assert {name: now.get(name) for name in done} == done
        check_whole(grader, scores)


@pytest.mark.xdist_group("kills")
def test_a_long_cell_does_not_keep_it_from_stopping(grader):
    path = grader.course / "submitted" / "ann" / tiny.NAME / f"{tiny.NAME}.ipynb"
    path.write_text(path.read_text().replace("time.sleep(0.2)", "time.sleep(150)"))
    grader.start()
    while grader.running and len(finished(grader.course)) < 2:
        time.sleep(0.02)
    began = time.monotonic()
    assert grader.kill(signal.SIGINT) == "Error: stopped.\n"
    assert time.monotonic() - began < 10
    assert grader.vanish() == []
