"""The benchmark runs, and says what it measured."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def run(root):
    def script(*arguments):
        command = [sys.executable, root / "benchmarks" / "convolution.py", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200)

    return script


def test_quick_run_prints_tables_and_saves_a_plot(run, tmp_path):
    done = run("--quick", "--repeats", "1", "--plot", str(tmp_path / "ladder.svg"))
    assert done.returncode == 0, done.stderr
    for expected in ("64x64 image", "loops", "winograd", "64>64 @28", "intensity", "im2col takes at most"):
        assert expected in done.stdout
    assert (tmp_path / "ladder.svg").read_text().startswith("<?xml")


def test_wrong_options_are_refused(run, tmp_path):
    nowhere = str(tmp_path / "nowhere" / "ladder.png")
    for option, value, message in [("--repeats", "0", "must be at least 1"), ("--plot", nowhere, "there is no folder")]:
        done = run(option, value)
        assert done.returncode == 2
        assert message in done.stderr
