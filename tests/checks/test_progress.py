"""A learner's progress survives restarts, damage, and several notebooks at once."""

import json
import subprocess
import sys

import pytest

from mlcourse.checks import progress as module
from mlcourse.checks.progress import attempts, folder, progress, record_attempt, record_hint, record_solution


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path / "home"))
    module._told.clear()
    return tmp_path / "home"


def test_nothing_yet():
    assert progress() == ()
    assert "No exercise" in repr(progress())
    assert "No exercise" in progress()._repr_html_()


def test_the_best_attempt_counts():
    record_attempt("a01_sensing", "windows", 0.5, 4)
    record_attempt("a01_sensing", "windows", 1.0, 4)
    record_attempt("a01_sensing", "windows", 0.0)
    record_hint("a01_sensing", "windows", 2)
    record_hint("a01_sensing", "windows", 1)
    (row,) = progress()
    assert (row.attempts, row.hints, row.points, row.of, row.state) == (3, 2, 4, 4, "solved")
    assert "4 of 4" in repr(progress())
    assert "<td" in progress()._repr_html_()


def test_states():
    record_hint("a01_sensing", "looked", 1)
    record_attempt("a01_sensing", "tried", 0)
    record_attempt("a01_sensing", "partly", 0.4, 5)
    record_solution("a01_sensing", "partly")
    assert [row.state for row in progress()] == ["not tried", "tried", "partly right"]
    assert "solution seen" in repr(progress())


def test_survives_a_restart(home):
    record_attempt("a01_sensing", "windows", 1.0, 4)
    code = "from mlcourse.checks.progress import attempts; print(attempts('a01_sensing', 'windows'))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "1"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'{"a": {"b": {"attempts": "many"}}}', b'{"a": 3}', b"null"]
)
def test_damaged_file_is_set_aside_with_one_line(home, damage, capsys):
    record_attempt("a01_sensing", "windows", 1.0, 4)
    (home / "progress.json").write_bytes(damage)
    record_attempt("a01_sensing", "features", 1.0, 4)
    assert [row.exercise for row in progress()] == ["features"]
    (aside,) = home.glob("progress-damaged-*.json")
    assert aside.read_bytes() == damage
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert str(aside) in said


def test_unknown_entries_of_a_newer_version_are_kept(home):
    home.mkdir()
    (home / "progress.json").write_text(json.dumps({"a01_sensing": {"windows": {"attempts": 2, "mood": "good"}}}))
    record_attempt("a01_sensing", "windows", 1.0, 4)
    assert attempts("a01_sensing", "windows") == 3
    assert json.loads((home / "progress.json").read_text())["a01_sensing"]["windows"]["mood"] == "good"


def test_several_notebooks_at_once_lose_nothing():
    code = (
        "import sys\nfrom mlcourse.checks.progress import record_attempt\n"
        "for n in range(25): record_attempt('a01_sensing', sys.argv[1], 0); record_attempt('a01_sensing', 'all', 0)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, f"own{n}"]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert {row.exercise: row.attempts for row in progress()} == {"all": 75, "own0": 25, "own1": 25, "own2": 25}


def test_default_place_is_the_users_own(monkeypatch):
    monkeypatch.delenv("MLCOURSE_HOME")
    assert "mlcourse" in str(folder())


def test_names_are_escaped_in_the_table():
    record_attempt("a01_sensing", "<b>", 0)
    assert "<b>" not in progress()._repr_html_()
