"""The doctor, on machines that lack something."""

import dataclasses
import json
import shutil
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mlcourse.cli import app, findings
from mlcourse.cli.machine import Machine

GB = 10**9
LAPTOP = Machine("Linux 6.1, x86_64", 8 * GB, 6 * GB, 8, 8, ("SSE4.2", "AVX", "AVX2", "FMA"))


def changed(**values):
    return dataclasses.replace(LAPTOP, **values)


@pytest.fixture
def examined(monkeypatch, tmp_path):
    """Run the doctor on a made-up machine without data; returns the exit code and the findings by topic."""
    monkeypatch.setenv("MLCOURSE_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr("mlcourse.datasets.registry.homes", lambda data_home=None: [tmp_path])
    monkeypatch.setattr(findings, "torch_found", lambda: findings.Finding("torch", "ok", "not tried"))

    def run(machine=LAPTOP):
        monkeypatch.setattr("mlcourse.cli.machine.inspect_machine", lambda: machine)
        result = CliRunner().invoke(app, ["doctor", "--json"])
        report = json.loads(result.stdout)
        assert report["machine"]["memory"] == machine.memory
        topics = {}
        for finding in report["findings"]:
            assert finding["state"] in ("ok", "note", "slow", "broken")
            assert finding["advice"] or finding["state"] in ("ok", "note"), finding
            if finding["state"] != "ok" or finding["topic"] not in topics:
                topics[finding["topic"]] = finding
        return result.exit_code, topics

    return run


class TestMachines:
    def test_an_ordinary_laptop_without_data(self, examined):
        exit_code, topics = examined()
        assert exit_code == 0
        assert {topics[name]["state"] for name in ("Packages", "Keras", "Memory", "Cores", "Instruction sets")} == {
            "ok"
        }
        hapt = topics["Data: hapt"]
        assert hapt["state"] == "note"
        assert "79.6 MB" in hapt["found"]
        assert "mlcourse data fetch hapt" in hapt["advice"]

    @pytest.mark.parametrize(
        ("machine", "topic", "state", "found", "advice"),
        [
            (changed(memory=GB, memory_free=GB // 2), "Memory", "broken", "500.0 MB free of 1.0 GB", "2 GB, or Binder"),
            (changed(memory_free=GB), "Memory", "slow", "1.0 GB free", "Close other programs"),
            (changed(memory_free=2 * GB), "Memory", "note", "2.0 GB free", "one notebook"),
            (changed(cores=2, cores_visible=64), "Cores", "slow", "2 usable of 64", "OMP_NUM_THREADS=2"),
            (changed(cores=0.5, cores_visible=8), "Cores", "slow", "0.5 usable of 8", "OMP_NUM_THREADS=1"),
            (changed(cores=1, cores_visible=1), "Cores", "slow", "twice as long", "n_splits=3"),
            (changed(instruction_sets=("SSE4.2",)), "Instruction sets", "slow", "no AVX2", "virtual machine"),
            (changed(instruction_sets=("NEON",)), "Instruction sets", "ok", "NEON", ""),
            (changed(instruction_sets=()), "Instruction sets", "note", "does not say", ""),
        ],
    )
    def test_what_is_short_is_told_with_advice(self, examined, machine, topic, state, found, advice):
        exit_code, topics = examined(machine)
        assert exit_code == (1 if state == "broken" else 0)
        assert topics[topic]["state"] == state
        assert found in topics[topic]["found"]
        assert advice in topics[topic]["advice"]


class TestPackages:
    def test_a_missing_package_is_broken(self, examined, monkeypatch):
        others = [found for found in metadata.distributions() if found.metadata["Name"].lower() != "scikit-learn"]
        monkeypatch.setattr(metadata, "distributions", lambda: others)
        exit_code, topics = examined()
        assert exit_code == 1
        assert topics["Packages"]["found"] == "not installed: scikit-learn"
        assert "make lab" in topics["Packages"]["advice"]

    def test_another_version_is_noted(self, examined, monkeypatch):
        older = SimpleNamespace(metadata={"Name": "numpy"}, version="1.26.4")
        others = [found for found in metadata.distributions() if found.metadata["Name"] != "numpy"]
        monkeypatch.setattr(metadata, "distributions", lambda: [*others, older])
        exit_code, topics = examined()
        assert exit_code == 0
        assert topics["Packages"]["state"] == "note"
        assert "numpy 1.26.4 (pinned: " in topics["Packages"]["found"]

    def test_keras_on_another_backend_is_broken(self, examined, monkeypatch):
        monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
        exit_code, topics = examined()
        assert exit_code == 1
        assert "KERAS_BACKEND=tensorflow" in topics["Keras"]["found"]


class TestTorch:
    def test_the_one_installed_here(self):
        finding = findings.torch_found()
        assert metadata.version("torch") in finding.found
        assert "GFLOP/s" in finding.found
        assert finding.state in ("ok", "note", "slow")

    def answers(self, monkeypatch, **values):
        done = SimpleNamespace(**{"returncode": 0, "stdout": "", "stderr": "", **values})
        monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
        return findings.torch_found()

    def test_one_that_crashes(self, monkeypatch):
        finding = self.answers(monkeypatch, returncode=1, stderr="Traceback\nOSError: libtorch_cpu.so: no such file\n")
        assert finding.state == "broken"
        assert "libtorch_cpu.so" in finding.found

    def test_one_that_is_killed(self, monkeypatch):
        assert "status -4" in self.answers(monkeypatch, returncode=-4).found  # an illegal instruction

    def test_a_build_for_cuda(self, monkeypatch):
        finding = self.answers(monkeypatch, stdout="2.13.0+cu130 AVX2 80.5\n")
        assert (finding.state, "CUDA" in finding.found, ".venv" in finding.advice) == ("note", True, True)

    def test_a_slow_one(self, monkeypatch):
        finding = self.answers(monkeypatch, stdout="2.13.0+cpu DEFAULT 3.2\n")
        assert (finding.state, "3 GFLOP/s" in finding.found) == ("slow", True)

    def test_one_that_hangs(self, monkeypatch):
        def hang(*args, **options):
            raise subprocess.TimeoutExpired("python", 120)

        monkeypatch.setattr(subprocess, "run", hang)
        assert findings.torch_found().state == "slow"


class TestDataAndCourse:
    def test_a_variable_that_points_nowhere_is_broken(self, examined, monkeypatch, tmp_path):
        monkeypatch.setenv("MLCOURSE_DATA", str(tmp_path / "gone"))
        exit_code, topics = examined()
        assert exit_code == 1
        assert str(tmp_path / "gone") in topics["Data"]["found"]

    def test_data_that_are_there(self, examined, tmp_path):
        labels = tmp_path / "hapt" / "RawData" / "labels.txt"
        labels.parent.mkdir(parents=True)
        labels.write_text("1 1 5 250 1232\n")
        _, topics = examined()
        assert topics["Data: hapt"]["state"] == "ok"
        assert topics["Data: hapt"]["found"] == str(tmp_path / "hapt")

    def test_outside_of_a_course(self, examined, monkeypatch, tmp_path):
        def nowhere(root=None):
            raise CourseError("none")

        from mlcourse.grading.course import CourseError

        monkeypatch.setattr("mlcourse.grading.course.find_course", nowhere)
        exit_code, topics = examined()
        assert exit_code == 0
        assert topics["Packages"]["state"] == "note"
        assert "course's folder" in topics["Course"]["advice"]

    def test_a_course_without_releases_on_a_full_disk(self, tmp_path, monkeypatch):
        lab = tmp_path / "assignments" / "source" / "a01_sensing"
        lab.mkdir(parents=True)
        (lab / "a01_sensing.ipynb").write_text("{}")
        usage = SimpleNamespace(free=50_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        course, disk = findings.course_found(tmp_path)
        assert (course.state, "a01_sensing" in course.found) == ("note", True)
        assert "mlcourse release --all" in course.advice
        assert (disk.state, disk.found) == ("broken", "50.0 MB free")
        usage.free = 500_000_000
        assert findings.course_found(tmp_path)[1].state == "slow"
        (tmp_path / "assignments/release/a01_sensing").mkdir(parents=True)
        shutil.copy(lab / "a01_sensing.ipynb", tmp_path / "assignments/release/a01_sensing")
        assert findings.course_found(tmp_path)[0].state == "ok"


def test_the_table_names_every_topic(examined, monkeypatch):
    _, topics = examined(changed(memory=GB, memory_free=GB // 2))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    for topic in topics:
        assert topic in result.stdout
    assert "1 broken: see the last column." in result.stdout


def test_it_answers_for_real():
    done = subprocess.run(
        [sys.executable, "-m", "mlcourse", "doctor", "--json"], capture_output=True, text=True, timeout=90
    )
    assert done.returncode in (0, 1)
    assert len(json.loads(done.stdout)["findings"]) > 8
