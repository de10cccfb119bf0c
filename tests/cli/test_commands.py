"""The ``mlcourse`` command as people and programs meet it."""

import csv
import dataclasses
import functools
import http.server
import shutil
import subprocess
import sys
import threading
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from mlcourse.checks.progress import record_attempt
from mlcourse.cli import app
from mlcourse.datasets import registry

COMMANDS = ["lab", "data", "release", "grade", "feedback", "export", "progress", "doctor"]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


class TestHelp:
    def test_names_every_command(self):
        done = subprocess.run([sys.executable, "-m", "mlcourse", "--help"], capture_output=True, text=True, check=True)
        for command in COMMANDS:
            assert f" {command} " in done.stdout

    def test_imports_nothing_heavy(self):
        script = (
            "import sys\nfrom mlcourse.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
            "heavy = {'numpy', 'torch', 'pandas', 'nbgrader', 'nbformat', 'requests', 'sklearn'} & sys.modules.keys()\n"
            "assert not heavy, heavy"
        )
        subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)

    @pytest.mark.parametrize("command", [*COMMANDS, "data list", "data fetch", "data verify", "data path"])
    def test_every_command_explains_itself(self, command):
        result = call(*command.split(), "--help")
        assert result.exit_code == 0
        assert "Usage: " in result.stdout

    def test_version(self):
        from mlcourse import __version__

        assert call("--version").stdout == f"mlcourse {__version__}\n"


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (["grad"], 2, "Did you mean 'grade'?"),
            (["release"], 2, "name one or more assignments, or say --all"),
            (["release", "a99_nothing"], 1, "There is no assignment a99_nothing"),
            (["grade", "a99_nothing"], 1, "There is no assignment 'a99_nothing'"),
            (["grade", "a99_nothing", "--course", "/nowhere"], 1, "/nowhere is no course"),
            (["data", "fetch"], 2, "name one or more data sets, or say --all"),
            (["data", "fetch", "cifar"], 2, "There is: wisdm, wisdm_51, uci_har, hapt"),
            (["data", "path", "cifar"], 2, "there is no data set cifar"),
        ],
    )
    def test_one_sentence_and_an_exit_status(self, arguments, code, says):
        done = subprocess.run([sys.executable, "-m", "mlcourse", *arguments], capture_output=True, text=True)
        assert done.returncode == code
        assert says in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""

    def test_a_package_that_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "mlcourse.datasets.registry", None)
        result = call("data", "list")
        assert result.exit_code == 1
        assert "not installed" in result.stderr
        assert "make lab" in result.stderr

    def test_ctrl_c(self, monkeypatch):
        def interrupt(*args, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(registry, "status", interrupt)
        result = call("data", "list")
        assert result.exit_code == 130
        assert "stopped" in result.stderr

    def test_a_reader_that_leaves_early(self):
        done = subprocess.run(f"{sys.executable} -m mlcourse data list | head -n 1", shell=True, capture_output=True)
        assert done.stderr == b""


class TestData:
    @pytest.fixture
    def publisher(self, tmp_path, monkeypatch):
        """A small archive on a server of this machine in place of HAPT's, and no data anywhere else."""
        served = tmp_path / "served"
        served.mkdir()
        with zipfile.ZipFile(served / "hapt.zip", "w") as archive:
            archive.writestr("RawData/labels.txt", "1 1 5 250 1232\n")

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=served))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = dataclasses.replace(
            registry.DATASETS["hapt"],
            address=f"http://127.0.0.1:{server.server_address[1]}/hapt.zip",
            sha256=registry.pooch.file_hash(served / "hapt.zip"),
            size=(served / "hapt.zip").stat().st_size,
        )
        monkeypatch.setitem(registry.DATASETS, "hapt", source)
        monkeypatch.delenv("MLCOURSE_DATA", raising=False)
        monkeypatch.setattr(registry, "cache", lambda: tmp_path / "cache")
        monkeypatch.setattr(
            registry, "homes", lambda data_home=None: [*([data_home] if data_home else []), tmp_path / "cache"]
        )
        yield served
        server.shutdown()
        server.server_close()

    def test_list_fetch_path_verify(self, publisher, tmp_path):
        kept = tmp_path / "cache" / "hapt" / registry.DATASETS["hapt"].archive
        assert call("data", "list").stdout.count("not here") == len(registry.DATASETS)
        assert call("data", "path", "hapt").exit_code == 1
        assert call("data", "verify", "hapt").exit_code == 1
        assert call("data", "verify").exit_code == 0

        fetched = call("data", "fetch", "hapt")
        assert fetched.exit_code == 0
        assert str(kept) in fetched.stdout
        assert call("data", "path", "hapt").stdout == f"{kept}\n"
        assert "here already" in call("data", "fetch", "hapt").stdout
        shown = call("data", "list").stdout
        assert shown.count("not here") == len(registry.DATASETS) - 1
        assert "…" not in shown  # no path is cut off
        assert "publisher's archive" in call("data", "verify").stdout

        kept.write_bytes(kept.read_bytes()[:-30])
        damaged = call("data", "verify")
        assert damaged.exit_code == 1
        assert "damaged" in damaged.stdout

    def test_a_folder_of_ones_own(self, publisher, tmp_path):
        home = tmp_path / "mine"
        assert call("data", "fetch", "hapt", "--home", home).exit_code == 0
        assert call("data", "path", "hapt", "--home", home).stdout.startswith(str(home))
        assert call("data", "path", "hapt").exit_code == 1

    def test_without_a_name_the_searched_folders_are_told(self, publisher, tmp_path):
        assert call("data", "path").stdout == f"{tmp_path / 'cache'}\n"

    def test_a_name_may_be_written_with_a_hyphen(self, publisher):
        assert "'wisdm_51' is not on this machine" in call("data", "path", "wisdm-51").stderr

    def test_what_cannot_be_fetched_does_not_keep_the_rest_from_coming(self, publisher, monkeypatch, tmp_path):
        gone = dataclasses.replace(registry.DATASETS["wisdm"], address="http://127.0.0.1:9/wisdm.tar.gz")
        monkeypatch.setitem(registry.DATASETS, "wisdm", gone)
        result = call("data", "fetch", "wisdm", "hapt")
        assert result.exit_code == 1
        assert "wisdm could not be fetched" in result.stderr
        assert "hapt is now here" in result.stdout
        assert not list((tmp_path / "cache").rglob("*wisdm*.gz"))


class TestRoundTrip:
    @pytest.fixture
    def course(self, root, tmp_path):
        """A course with one exercise."""
        course = tmp_path / "assignments"
        lab = course / "source" / "a01_tiny"
        lab.mkdir(parents=True)
        shutil.copy(root / "assignments" / "nbgrader_config.py", course)
        nbformat.write(notebook("### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION"), lab / "a01_tiny.ipynb")
        return course

    def test_release_grade_feedback_export(self, course, monkeypatch, tmp_path):
        monkeypatch.chdir(course.parent)
        early = call("grade", "a01_tiny")
        assert early.exit_code == 1
        assert "mlcourse release a01_tiny" in early.stderr

        released = call("release", "--all")
        assert released.exit_code == 0
        assert "1 released" in released.stdout
        assert "1 up to date" in call("release", "a01_tiny").stdout
        assert "Nobody's work" in call("grade", "a01_tiny").stderr

        for name, answer in {"ada": "answer = 42", "bob": "answer = 41"}.items():
            folder = course / "submitted" / name / "a01_tiny"
            folder.mkdir(parents=True)
            nbformat.write(notebook(answer), folder / "a01_tiny.ipynb")
        (course / "submitted" / "eve" / "a01_tiny").mkdir(parents=True)
        (course / "submitted" / "eve" / "a01_tiny" / "a01_tiny.ipynb").write_text("{")

        graded = call("grade", "a01_tiny", "-s", "ada", "-s", "eve")
        assert graded.exit_code == 0
        assert "1 graded, 1 damaged" in graded.stdout
        again = call("grade", "a01_tiny", "--course", course)
        assert "2 skipped" in again.stdout
        assert "1 graded" in again.stdout
        assert "3 written" in call("feedback", "a01_tiny").stdout
        assert (course / "feedback" / "bob" / "a01_tiny" / "a01_tiny.html").is_file()

        assert call("export", "--to", tmp_path / "marks.csv").exit_code == 0
        with open(tmp_path / "marks.csv", newline="") as file:
            marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        assert marks == {"ada": 2, "bob": 0, "eve": 0}


def notebook(answer):
    def marks(grade_id, **values):
        return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, "task": False, **values}}

    return new_notebook(
        cells=[
            new_code_cell(answer, metadata=marks("answer", grade=False, solution=True, locked=False)),
            new_code_cell(
                "assert answer == 42", metadata=marks("test", grade=True, solution=False, locked=True, points=2)
            ),
        ]
    )


def test_progress_shows_what_was_tried(monkeypatch, tmp_path):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))
    assert "No exercise was tried yet" in call("progress").stdout
    record_attempt("a01_sensing", "windows", 0.5, points=4)
    shown = call("progress").stdout
    assert "windows" in shown
    assert "2 of 4" in shown
