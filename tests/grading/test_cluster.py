"""A Dask cluster grades as the local pool does, whatever becomes of its workers; submissions cannot reach it."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbcourse
import pytest
import tiny
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from mlcourse.cli import app
from mlcourse.grading import execution
from mlcourse.grading.course import CourseError
from mlcourse.grading.execution import new_job
from mlcourse.grading.executors import LocalPool
from mlcourse.grading.releasing import release
from mlcourse.grading.sandbox import provisioner
from mlcourse.grading.sandbox.client import why_not

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
from mlcourse.grading import cluster

WHY_NOT = why_not()
pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("cluster")]

LIGHT = ("ipykernel.kernelapp", "ipykernel.ipkernel")  # servers that are there at once

CONNECT = """
import socket
def call(host, port):
    try:
        socket.create_connection((host, port), 3)
    except OSError as error:
        return type(error).__name__
    return "connected"
print(*(call(host, port) for host, port in {addresses!r}))
"""


@pytest.fixture(scope="module")
def running():
    """A cluster of two worker processes."""
    started = cluster.DaskCluster(workers=2, modules=LIGHT)
    yield started
    started.close()


def job(*cells, files=None, **options):
    return new_job(new_notebook(cells=[new_code_cell(source) for source in cells]), files or {}, **options)


def run(executor, jobs):
    """Results by key, without what two runs cannot have in common."""
    found = {}
    for made, result in executor.run(iter(jobs)):
        assert not isinstance(result, Exception), result
        found[made["key"]] = {name: value for name, value in result.items() if name != "seconds"}
    return found


def worker_pids(running):
    return list(running._client.run(os.getpid).values())


class TestResults:
    def test_they_are_those_of_the_local_pool(self, running):
        jobs = [
            job("print(open('x.csv').read())", "1 / 0", "open('y', 'w').write('s')", files={"x.csv": b"\xe2\x82\xac"}),
            job("import os; os._exit(3)", "print(2)"),
            job("import numpy; print(numpy.arange(3).sum())", "'\\ud800'"),
            job("while True: pass", "print(3)", timeout=1),
        ]
        pool = LocalPool(1, LIGHT)
        try:
            expected = run(pool, jobs)
        finally:
            pool.close()
        assert run(running, jobs) == expected
        assert len(expected) == 4

    def test_a_job_that_cannot_be_executed_is_reported(self, running):
        [(_, result)] = running.run(iter([job("1", kernel="no-such-kernel")]))
        assert isinstance(result, Exception)
        assert "no-such-kernel" in str(result)

    def test_jobs_are_taken_as_they_are_needed(self, running):
        taken = []

        def jobs():
            for number in range(12):
                taken.append(number)
                yield job(f"print({number})")

        for done, _ in enumerate(running.run(jobs()), 1):
            assert len(taken) <= done + 4

    def test_no_jobs(self, running):
        assert list(running.run(iter([]))) == []


class TestLoss:
    def test_a_killed_worker_loses_nothing(self, running):
        before, found = worker_pids(running), {}
        for number, (made, result) in enumerate(running.run(job(f"print({n})") for n in range(14))):
            if number == 4:
                os.kill(before[0], signal.SIGKILL)
            found[made["key"]] = result["cells"][0]["outputs"][0]["text"]
        assert found == {job(f"print({n})")["key"]: f"{n}\n" for n in range(14)}
        until = time.monotonic() + 60
        while len(worker_pids(running)) < 2 and time.monotonic() < until:
            time.sleep(0.2)
        assert len(set(worker_pids(running)) - set(before)) == 1  # somebody new took its place

    def test_a_lost_server_is_started_again(self, running):
        running._client.run(lambda: os.kill(provisioner.server().pid, signal.SIGKILL))
        assert len(run(running, [job("print(1)"), job("print(2)")])) == 2

    def test_what_kills_every_worker_is_given_up_and_a_lost_scheduler_ends_the_run(self, monkeypatch):
        frail = cluster.DaskCluster(workers=1, unsafe=True)  # its workers are soon there again
        try:
            monkeypatch.setattr(cluster, "_execute", lambda *_: os.abort())
            [(_, result)] = frail.run(iter([job("print(1)", kernel=execution.PLAIN)]))
            assert "every worker that executed this was lost" in str(result)
            monkeypatch.undo()
            results = frail.run(job(f"print({n})", kernel=execution.PLAIN) for n in range(20))
            assert "cells" in next(results)[1]
            frail._cluster.close()
            with pytest.raises(CourseError, match="what was executed is kept"):
                list(results)
        finally:
            frail.close()


class TestSecrecy:
    def test_submitted_code_cannot_reach_the_cluster(self, running):
        addresses = [running.address, *running._client.run(lambda dask_worker: dask_worker.address).values()]
        places = [(host, int(port)) for host, port in (one.split("://")[1].split(":") for one in addresses)]
        assert len(places) == 3
        [result] = run(running, [job(CONNECT.format(addresses=places))]).values()
        [output] = result["cells"][0]["outputs"]
        assert "connected" not in output["text"]
        assert len(output["text"].split()) == 3

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
    def test_the_connections_within_a_machine_are_encrypted(self, running):
        assert running.address.startswith("tls://")
        with pytest.raises(CourseError, match="a certificate is needed"):
            cluster.DaskCluster(running.address)

    def test_only_text_travels(self, running):
        made = job("1")
        answer = running._client.submit(
            cluster._execute, cluster.json.dumps(made), cluster._about(), True, pure=False
        ).result()
        assert type(answer) is str
        assert cluster.json.loads(answer)["result"]["key"] == made["key"]


class TestEqualWorkers:
    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"engine": "another"}, "another version of mlcourse"),
            (
                {"versions": {"numpy": "1.0", "nothing-like-it": "2"}},
                "numpy .* instead of 1.0, nothing-like-it missing",
            ),
        ],
    )
    def test_another_version_is_refused(self, running, monkeypatch, changed, says):
        about = cluster.json.dumps(cluster.json.loads(cluster._about()) | changed)
        monkeypatch.setattr(cluster, "_about", lambda: about)
        with pytest.raises(CourseError, match=f"The worker at tls://.* cannot take part: .*{says}"):
            running._need_equal_workers()
        [(_, result)] = running.run(iter([job("1")]))  # as on a worker that comes later
        assert "a worker cannot take part" in str(result)


class TestErrors:
    @pytest.mark.parametrize("options", [{}, {"workers": 0}, {"workers": 1, "scheduler": "tcp://127.0.0.1:1"}])
    def test_what_to_use_must_be_clear(self, options):
        with pytest.raises(ValueError, match=r"one of the two|at least 1"):
            cluster.DaskCluster(**options)

    def test_nobody_answers(self, monkeypatch):
        monkeypatch.setitem(cluster.dask.config.config["distributed"]["comm"]["timeouts"], "connect", "1s")
        with pytest.raises(CourseError, match=r"No scheduler answers at tcp://127\.0\.0\.1:1"):
            cluster.DaskCluster("tcp://127.0.0.1:1")

    def test_certificates(self, tmp_path):
        with pytest.raises(CourseError, match="a certificate is needed"):
            cluster.DaskCluster("tls://127.0.0.1:1")
        with pytest.raises(CourseError, match=r"tls_ca: there is no file .*nothing.pem"):
            cluster.DaskCluster("tls://127.0.0.1:1", tls_ca=tmp_path / "nothing.pem")
        with pytest.raises(CourseError, match="begins with tls://"):
            cluster.DaskCluster("tcp://127.0.0.1:1", tls_ca=tmp_path / "nothing.pem")

    def test_without_the_package(self):
        script = (
            "import sys; sys.modules['distributed'] = None\n"
            "from mlcourse.cli import app\napp(['grade', 'a90_tiny', '--workers', '2'])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 1
        assert 'pip install -c constraints.txt -e ".[cluster]"' in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(
        "options",
        [["--workers", "2", "--jobs", "2"], ["--workers", "2", "--scheduler", "tcp://x:1"], ["--tls-ca", "x"]],
    )
    def test_options_that_exclude_each_other(self, options):
        assert CliRunner().invoke(app, ["grade", tiny.NAME, *options]).exit_code == 2


@pytest.fixture
def certificates(tmp_path):
    """An authority, and a certificate with its key that it signed, as an administrator makes them."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=member", "-keyout", "member.key", "-out", "member.csr")
    openssl("x509", "-req", "-in", "member.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "member.pem")  # fmt: skip
    return tmp_path


def test_a_class_through_an_encrypted_scheduler(certificates, tiny_course, tmp_path):
    """Scheduler and worker started as on other machines; one student's work tries to reach them."""
    release(course=tiny_course)
    places = [("127.0.0.1", 8786)]
    nbcourse.hand_in(tiny_course, "ann", tiny.NAME, tiny.RIGHT)
    nbcourse.hand_in(tiny_course, "bob", tiny.NAME, tiny.RIGHT | {"third": CONNECT.format(addresses=places)})
    authority, tls = (
        certificates / "ca.pem",
        ["--tls-cert", certificates / "member.pem", "--tls-key", certificates / "member.key"],
    )
    found = tmp_path / "scheduler.json"
    parts = []
    try:
        for part in (
            ["scheduler", "--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", found],
            ["worker", "--scheduler-file", found, "--nthreads", "2", "--no-dashboard", "--no-nanny"],
        ):
            parts.append(_start(*part, "--tls-ca-file", authority, *tls, log=tmp_path / f"{part[0]}.log"))
            until = time.monotonic() + 60
            while not found.exists() and time.monotonic() < until:
                time.sleep(0.1)
        address = cluster.json.loads(found.read_text())["address"]
        assert address.startswith("tls://")
        call = ["grade", tiny.NAME, "--course", tiny_course, "--scheduler", address]
        graded = CliRunner().invoke(app, [str(word) for word in [*call, "--tls-ca", authority, *tls]])
        assert graded.exit_code == 0, graded.output
        unknown = CliRunner().invoke(app, [str(word) for word in call])
        assert "a certificate is needed" in unknown.output
    finally:
        for part in reversed(parts):
            part.terminate()
            part.wait(30)
    exported = CliRunner().invoke(app, ["export", "--to", str(tmp_path / "g.csv"), "--course", str(tiny_course)])
    assert exported.exit_code == 0
    with open(tmp_path / "g.csv", newline="") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == {"ann": 5, "bob": 2}
    [page] = (tiny_course / "autograded" / "bob" / tiny.NAME).glob("*.ipynb")
    assert "connected" not in page.read_text().replace('connected\\"', "")


def _start(*command, log: Path):
    words = [sys.executable, "-m", "dask", *map(str, command)]
    with log.open("w") as file:
        return subprocess.Popen(words, stdout=file, stderr=file)


def test_a_class_with_two_workers_on_this_machine(tiny_course):
    release(course=tiny_course)
    for name in ("ann", "bob", "cleo"):
        nbcourse.hand_in(tiny_course, name, tiny.NAME, tiny.RIGHT)
    call = [sys.executable, "-m", "mlcourse", "grade", tiny.NAME, "--workers", "2", "--course", str(tiny_course)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "a90_tiny: 3 graded" in done.stdout
    assert done.stderr == ""
