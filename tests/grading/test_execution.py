"""Jobs: whatever a notebook does ends up in its result, and what came before keeps its points."""

import json
import os
import signal
import sys

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mlcourse.grading import execution
from mlcourse.grading.execution import execute, new_job
from mlcourse.grading.executors import LocalPool
from mlcourse.grading.jobs import regular_files
from mlcourse.grading.results import Results
from mlcourse.grading.sandbox.client import why_not

WHY_NOT = why_not()
pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("execution")]


def job(*cells, files=None, **options):
    return new_job(new_notebook(cells=[new_code_cell(source) for source in cells]), files or {}, **options)


def said(result):
    """Of each cell, its errors if there are any, else its text."""
    told = []
    for cell in result["cells"]:
        outputs = cell["outputs"]
        errors = [output["ename"] for output in outputs if output["output_type"] == "error"]
        told.append(errors or "".join(output.get("text", "") for output in outputs))
    return told


class TestJob:
    def test_it_is_plain_json(self):
        made = job("1", files={"x": b"\x00\xff"})
        assert json.loads(json.dumps(made)) == made

    def test_equal_work_has_equal_keys(self):
        assert job("1")["key"] == job("1")["key"]
        others = [job("2"), job("1", files={"x": b""}), job("1", timeout=5), job("1", limits={"memory": 99})]
        assert len({made["key"] for made in [job("1"), *others]}) == 5

    def test_text_between_the_code_does_not_matter(self):
        cells = [new_code_cell("1"), new_markdown_cell("some text")]
        others = [new_code_cell("1"), new_markdown_cell("other text")]
        assert new_job(new_notebook(cells=cells), {})["key"] == new_job(new_notebook(cells=others), {})["key"]

    def test_the_engine_matters(self, monkeypatch):
        before = job("1")["key"]
        monkeypatch.setattr(execution, "engine", lambda: "another version")
        assert job("1")["key"] != before


class TestExecute:
    def test_ordinary(self):
        result = execute(
            job(
                "print(open('d/x.csv').read())",
                "1 / 0",
                "open('y.txt', 'w').write('s'); print(2)",
                files={"d/x.csv": b"7"},
            )
        )
        assert said(result) == ["7\n", ["ZeroDivisionError"], "2\n"]
        assert result["flags"] == []
        assert list(result["files"]) == ["y.txt"]
        assert [cell["execution_count"] for cell in result["cells"]] == [1, 2, 3]
        assert json.loads(json.dumps(result)) == result

    def test_graded_code_knows_that_it_is_graded(self):
        assert said(execute(job("import os; print(os.environ['NBGRADER_EXECUTION'])"))) == ["autograde\n"]

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("import os; os._exit(3)", "ended with status 3"),
            ("import ctypes; ctypes.string_at(0)", "ended by signal 11"),
            (
                "import os\nfor _ in range(9):\n    if not os.fork():\n        x = b'x' * 10**8; os.read(0, 1); "
                "import time; time.sleep(60); os._exit(0)\nos.wait()",
                "memory: ",
            ),
        ],
    )
    def test_a_dead_kernel_costs_what_comes_after(self, code, why):
        result = execute(job("print(1)", code, "print(2)", limits={"memory": 700}))
        assert said(result) == ["1\n", ["DeadKernelError"], ["NotExecuted"]]
        assert why in result["flags"][0]

    def test_a_cell_that_takes_too_long_is_stopped(self):
        result = execute(job("print(1)", "import time; time.sleep(100)", "print(2)", timeout=2))
        told = said(result)
        assert told[0], told[2] == ("1\n", "2\n")
        assert "CellTimeoutError" in told[1]
        assert result["flags"] == ["cell 2: stopped after 2 s"]

    def test_a_cell_that_cannot_be_interrupted_is_ended(self):
        stubborn = (
            "import time\nwhile True:\n    try:\n        time.sleep(100)\n    except BaseException:\n        pass"
        )
        result = execute(job("print(1)", stubborn, "print(2)", timeout=2))
        assert said(result) == ["1\n", ["CellTimeoutError"], ["NotExecuted"]]

    def test_much_output_is_cut(self):
        result = execute(job("print('x' * 3_000_000)", "for i in range(2000): print('y' * 1000)", "print(2)"))
        assert said(result)[2] == "2\n"
        assert all(len(text) < 1_100_000 for text in said(result))
        assert all("left out" in text for text in said(result)[:2])
        assert len(result["flags"]) == 2

    def test_a_flood_of_output_is_ended(self):
        result = execute(job("while True: print('y' * 10_000)", "print(2)"))
        # By the grader, or, where that is slower to read than the kernel to write, by the kernel's limit of memory.
        assert said(result) in ([["DeadKernelError"], ["NotExecuted"]], [["MemoryError"], "2\n"])
        assert "output" in result["flags"][0]
        assert len(json.dumps(result)) < 3_000_000

    def test_a_forged_message_ends_the_kernel(self):
        result = execute(job("get_ipython().kernel.iopub_socket.send_multipart([b'x' * 1000])", "print(2)"))
        assert said(result) == [["BadMessageError"], ["NotExecuted"]]

    def test_sys_exit_does_not_end_it(self):
        assert said(execute(job("import sys; sys.exit()", "print(2)")))[1] == "2\n"

    def test_files_stay_in_their_folder(self):
        with pytest.raises(ValueError, match="leads out of the folder"):
            execute(job("1", files={"../x": b""}))


class TestLocalPool:
    def test_results_come_with_their_jobs(self):
        jobs = [job(f"print({number})") for number in range(5)]
        pool = LocalPool(2)
        try:
            found = {made["key"]: said(result) for made, result in pool.run(jobs)}
        finally:
            pool.close()
        assert found == {made["key"]: [f"{number}\n"] for number, made in enumerate(jobs)}

    def test_jobs_are_taken_as_they_are_needed(self):
        taken = []

        def jobs():
            for number in range(8):
                taken.append(number)
                yield job(f"print({number})")

        pool = LocalPool(1)
        try:
            for done, _ in enumerate(pool.run(jobs()), 1):
                assert len(taken) <= done + 2
        finally:
            pool.close()

    def test_a_lost_worker_is_replaced(self):
        pool = LocalPool(1)
        killed = []

        def jobs():
            yield job("print(0)")
            yield job("import time; time.sleep(3); print(1)")
            for worker in psutil.Process().children():
                if "multiprocessing" in " ".join(worker.cmdline()) and "spawn_main" in " ".join(worker.cmdline()):
                    os.kill(worker.pid, signal.SIGKILL)
                    killed.append(worker.pid)
            yield job("print(2)")

        try:
            found = sorted(str(said(result)) for _, result in pool.run(jobs()))
        finally:
            pool.close()
        assert killed
        assert found == ["['0\\n']", "['1\\n']", "['2\\n']"]

    def test_a_job_that_cannot_be_executed_is_reported(self):
        pool = LocalPool(1)
        try:
            [(_, result)] = pool.run([job("1", kernel="no-such-kernel")])
        finally:
            pool.close()
        assert "no-such-kernel" in str(result)

    def test_it_needs_a_worker(self):
        with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
            LocalPool(0)


class TestResults:
    RESULT = {"key": "k", "cells": [], "files": {}, "flags": ["odd"]}  # noqa: RUF012

    def test_what_was_put_is_found(self, tmp_path):
        results = Results(tmp_path)
        results.put(self.RESULT, "a01", "ada", "n")
        assert results.get({"key": "k"}, "a01", "ada", "n") == self.RESULT
        assert results.flags("a01", "ada", "n") == ["odd"]
        assert results.get({"key": "other"}, "a01", "ada", "n") is None
        assert results.get({"key": "k"}, "a01", "bob", "n") is None

    @pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "k"}', "\x00" * 100])
    def test_a_damaged_file_is_no_result(self, tmp_path, damage):
        results = Results(tmp_path)
        results.put(self.RESULT, "a01", "ada", "n")
        results.path("a01", "ada", "n").write_text(damage)
        assert results.get({"key": "k"}, "a01", "ada", "n") is None

    def test_what_a_killed_process_was_writing_goes(self, tmp_path):
        results = Results(tmp_path)
        results.put(self.RESULT, "a01", "ada", "n")
        folder = results.path("a01", "ada", "n").parent
        (folder / f".n.json.{2**30}.part").write_text("{")
        (folder / f".n.json.{os.getppid()}.part").write_text("{")  # still at it
        results.put(self.RESULT, "a01", "ada", "n")
        assert {path.name for path in folder.iterdir()} == {"n.json", f".n.json.{os.getppid()}.part"}

    def test_a_full_disk_leaves_what_was_there(self, tmp_path, monkeypatch):
        results = Results(tmp_path)
        results.put(self.RESULT, "a01", "ada", "n")
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space left"):
            results.put({**self.RESULT, "key": "new"}, "a01", "ada", "n")
        assert results.get({"key": "k"}, "a01", "ada", "n") == self.RESULT
        assert [path.name for path in results.path("a01", "ada", "n").parent.iterdir()] == ["n.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_only_regular_files_are_taken_along(tmp_path):
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "data" / "x.csv").write_text("1")
    (tmp_path / "work" / "lab.ipynb").write_text("{}")
    (tmp_path / "work" / ".hidden").write_text("1")
    (tmp_path / "gradebook.db").write_text("secret")
    (tmp_path / "work" / "link").symlink_to(tmp_path / "gradebook.db")
    (tmp_path / "work" / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "work" / "pipe")
    assert regular_files(tmp_path / "work") == {"data/x.csv": b"1"}
    assert regular_files(tmp_path / "nothing") == {}
