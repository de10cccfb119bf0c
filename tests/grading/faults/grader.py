"""A grader to be killed: ``python grader.py COURSE WORKERS REPORT``. Also what a test needs to watch one."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import psutil  # noqa: E402
import tiny  # noqa: E402

#: Enough for the tiny course; what labs import would take the better part of each run.
MODULES = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell")


class Grader:
    """A grader in a process of its own, with a folder for temporary files of its own, and all that it starts."""

    def __init__(self, course: Path, workers: int = 2, **environment: str):
        self.course, self.workers, self.environment = course, workers, environment
        self.scratch = Path(tempfile.mkdtemp(prefix="f-"))  # short: paths of sockets must be
        self.report = course.with_suffix(".json")
        self._process = None

    def start(self) -> None:
        command = [sys.executable, __file__, str(self.course), str(self.workers), str(self.report)]
        self._process = subprocess.Popen(
            command,
            cwd=self.course,
            env=os.environ | self.environment | {"TMPDIR": str(self.scratch)},
            start_new_session=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> dict:
        """Wait for the end; return the report."""
        said, status = self.wait()
        assert status == 0, said
        return json.loads(self.report.read_text())

    def wait(self) -> tuple[str, int]:
        """Wait for the end; return what it said, and its status."""
        said, _ = self._process.communicate(timeout=120)
        return said, self._process.returncode

    def kill(self, number: int = signal.SIGKILL, *, group: bool = False) -> str:
        """Send a signal to the grader, or to it and its workers, as Ctrl-C does; return what it said."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self._process.pid, number)
        said, _ = self._process.communicate(timeout=60)
        return said

    def members(self, kind: str) -> list[psutil.Process]:
        """Processes of a kind: "worker", "server", "keeper" or "kernel"."""
        try:
            everybody = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        found, servers, keepers = [], set(), set()
        for process in everybody:  # parents come before their children
            with contextlib.suppress(psutil.Error):
                command, parent = " ".join(process.cmdline()), process.ppid()
                if parent in keepers:
                    it = "kernel"
                elif parent in servers:
                    it = "keeper"
                    keepers.add(process.pid)
                elif "sandbox.server" in command:
                    it = "server"
                    servers.add(process.pid)
                else:
                    it = "worker" if "spawn_main" in command else ""
                if it == kind:
                    found.append(process)
        return found

    def left(self) -> list[str]:
        """What is left of it: processes and temporary files."""
        found = [str(path) for path in self.scratch.rglob("*")]
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                command = process.cmdline()
                if str(self.scratch) in " ".join(command) or process.environ().get("TMPDIR") == str(self.scratch):
                    found.append(f"{process.pid} {command}")
        return found

    def vanish(self, seconds: float = 20) -> list[str]:
        """Wait until nothing is left; return what is left nevertheless."""
        end = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def close(self) -> None:
        """Leave nothing behind, whatever a test has found."""
        if self._process is not None and self.running:
            self.kill(group=True)
        shutil.rmtree(self.scratch, ignore_errors=True)


def halves(course: Path) -> list[str]:
    """Files of the grader that are not whole."""
    broken = []
    for path in (course / ".mlcourse").rglob("*.json"):
        try:
            json.loads(path.read_bytes())
        except ValueError:
            broken.append(str(path))
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
        broken += [said for (said,) in database.execute("pragma integrity_check") if said != "ok"]
    return broken


def finished(course: Path) -> dict[str, tuple]:
    """Which result and which graded notebook is there, so that one made anew would be told from it."""
    marks = {path.stem for path in (course / ".mlcourse" / "graded").rglob("*.json")}
    paths = [*(course / ".mlcourse").rglob("*.json")]
    paths += [path for path in course.glob("autograded/*/*/*.ipynb") if path.parts[-3] in marks]
    states = {str(path.relative_to(course)): path.stat() for path in paths}
    return {name: (state.st_ino, state.st_mtime_ns) for name, state in states.items()}


def main(course: str, workers: str, report: str) -> None:
    """``mlcourse grade``, with little to import."""
    from mlcourse.cli import app
    from mlcourse.grading import autograding, execution, executors

    execution.engine = lambda: "the same"  # also while somebody works on the package
    autograding.LocalPool = partial(executors.LocalPool, modules=MODULES)
    app(["grade", tiny.NAME, "--course", course, "--jobs", workers, "--report", report])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background hands on that it is ignored
    main(*sys.argv[1:])
