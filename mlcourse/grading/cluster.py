"""Execute jobs on a Dask cluster, for a class that outgrows one machine.

Only text travels: a job goes to a worker as JSON and its result comes back as JSON, so that nothing that a submitted
notebook made is ever unpickled. Each worker keeps one warm server (:mod:`mlcourse.grading.sandbox.server`). Submitted
code runs in the sandbox of that server, which has no network: it reaches neither the worker nor the scheduler.

A job is tried again on another worker when its own is lost; Dask does that.
"""

import contextlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from . import execution
from .course import CourseError
from .sandbox import provisioner
from .sandbox.client import MODULES, SandboxError, why_not

try:
    import dask
    import distributed
except ModuleNotFoundError as error:
    raise CourseError(
        f"Grading on a cluster needs the package {error.name}. In the folder of the course kit: "
        'pip install -c constraints.txt -e ".[cluster]"'
    ) from None

_TRIES = 3  # of a job whose worker is lost
_LOOK = 5  # seconds between two looks at whether anybody works
_PATIENCE = 300  # seconds to wait for a worker when there is none
_PLUGIN = "mlcourse-grading"


class DaskCluster:
    """Workers of a Dask cluster, each with a warm server of its own.

    Parameters
    ----------
    scheduler : str, optional
        Address of a running scheduler, such as ``tcp://10.0.0.5:8786``, or ``tls://...`` for an encrypted connection in
        which each side shows a certificate.
    workers : int, optional
        Start a cluster on this machine instead, with this many processes. Where the program ``openssl`` is installed,
        its connections are encrypted, so that other people on this machine cannot reach it.
    tls_ca, tls_cert, tls_key : path, optional
        Files in PEM format: the authority that signed everybody's certificates, this side's certificate, and its key.
        Those of Dask's own settings (``distributed.comm.tls``) where left out.
    modules : sequence of str
        What the servers import before the first kernel, so that no notebook waits for it.
    unsafe : bool
        Do not demand that the workers can isolate kernels.

    Raises
    ------
    ValueError
        If not exactly one of `scheduler` and `workers` is given, or `workers` is not positive.
    mlcourse.grading.course.CourseError
        When there is no scheduler, no worker, or one with another version of this package or of what it needs; the
        message says what to do.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        workers: int | None = None,
        *,
        tls_ca: str | Path | None = None,
        tls_cert: str | Path | None = None,
        tls_key: str | Path | None = None,
        modules: Sequence[str] = MODULES,
        unsafe: bool = False,
    ):
        if (scheduler is None) == (workers is None):
            raise ValueError("give the address of a scheduler or a number of workers, one of the two.")
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}.")
        self._isolated = not unsafe
        self._cluster = self._client = None
        try:
            if workers is not None:
                self._cluster = _local_cluster(workers)
            self._client = _connect(scheduler, self._cluster, _security(scheduler, tls_ca, tls_cert, tls_key))
            self._need_equal_workers()
            if self._isolated:
                self._client.register_plugin(_KernelServer(modules))
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return self._client.scheduler.address

    def run(self, jobs: Iterable[dict]) -> Iterator[tuple[dict, dict | Exception]]:
        """Execute jobs; yield each with its result or with what went wrong.

        Raises
        ------
        mlcourse.grading.course.CourseError
            When the scheduler is lost, or there is no worker for minutes.
        """
        waiting = iter(jobs)
        running: dict[distributed.Future, dict] = {}
        last_seen = time.monotonic()
        room = 2
        while True:
            if threads := self._threads():
                room, last_seen = 2 * threads, time.monotonic()
            elif time.monotonic() - last_seen > _PATIENCE:
                raise CourseError(
                    f"The scheduler at {self.address} has had no worker for {_PATIENCE // 60} minutes. Start workers, "
                    "and grade again: what was executed is kept."
                )
            while len(running) < room and (job := next(waiting, None)) is not None:
                running[self._submit(job)] = job
            if not running:
                return
            for future in self._wait(list(running)):
                yield running.pop(future), _outcome(future)
                future.release()

    def _submit(self, job: dict) -> "distributed.Future":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # as many as there are workers, no more
            return self._client.submit(
                _execute, json.dumps(job), _about(), self._isolated, pure=False, retries=_TRIES - 1
            )

    def _wait(self, futures: list) -> list:
        """Futures that are done, after at most some seconds."""
        try:
            with self._client.as_current():
                done = distributed.wait(futures, timeout=_LOOK, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return []
        except (distributed.CancelledError, distributed.client.ClosedClientError):
            raise self._lost() from None
        if any(future.cancelled() for future in done):
            raise self._lost()
        return list(done)

    def _threads(self) -> int:
        if self._client.scheduler is None:  # the client was closed together with a cluster of its own
            raise self._lost()
        try:
            return sum(self._client.nthreads().values())
        except (OSError, distributed.client.ClosedClientError):
            raise self._lost() from None

    def _lost(self) -> CourseError:
        return CourseError("The scheduler of the cluster is gone. Grade again: what was executed is kept.")

    def _need_equal_workers(self) -> None:
        """Refuse a cluster in which somebody would get another grade than here, or none."""
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise CourseError(f"The scheduler at {self.address} has no workers: start some.") from None
        for address, answer in self._client.run(_differs, _about(), self._isolated, on_error="return").items():
            if isinstance(answer, ModuleNotFoundError):
                answer = f"it lacks the package {answer.name}"
            elif isinstance(answer, Exception):
                answer = f"{type(answer).__name__}: {answer}"
            if answer:
                raise CourseError(f"The worker at {address} cannot take part: {answer}.")

    def close(self) -> None:
        """Let go of the cluster; end it if it was started here."""
        if self._client is not None:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _local_cluster(workers: int) -> "distributed.LocalCluster":
    """A scheduler in this process, and worker processes; nothing but the encrypted port of each is served."""
    settings = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.worker.profile.enabled": False,  # it looks at the worker every 10 ms
    }
    with dask.config.set(settings):
        return distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", security=_own_certificate(),
            memory_limit=0, silence_logs=logging.CRITICAL, worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={
                "dashboard": False, "dashboard_address": "127.0.0.1:0", "allowed_failures": _TRIES - 1
            },
        )  # fmt: skip


def _own_certificate() -> "distributed.Security | None":
    """Encryption with a certificate that exists in this process only, or None where nothing makes one."""
    if (openssl := shutil.which("openssl")) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key", Path(folder) / "certificate"
        subprocess.run(
            [
                openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "30", "-subj", "/CN=mlcourse", "-keyout", key, "-out", certificate,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        both = {"cert": certificate.read_text(), "key": key.read_text()}
    sides = {f"tls_{side}_{what}": text for side in ("client", "scheduler", "worker") for what, text in both.items()}
    return distributed.Security(require_encryption=True, tls_ca_file=both["cert"], **sides)


def _security(scheduler, ca, certificate, key) -> "distributed.Security | None":
    """Encryption of the connection to a scheduler, or None where it is not encrypted."""
    given = {"tls_ca": ca, "tls_cert": certificate, "tls_key": key}
    given = {name: Path(path) for name, path in given.items() if path is not None}
    if scheduler is None or not scheduler.startswith("tls://"):
        if given:
            raise CourseError(f"{', '.join(given)}: only a scheduler whose address begins with tls:// is shown them.")
        return None
    for name, path in given.items():
        if not path.is_file():
            raise CourseError(f"{name}: there is no file {path}.")
    names = {"tls_ca": "tls_ca_file", "tls_cert": "tls_client_cert", "tls_key": "tls_client_key"}
    security = distributed.Security(require_encryption=True, **{names[name]: str(path) for name, path in given.items()})
    if not security.tls_ca_file or not security.tls_client_cert:
        raise CourseError(
            f"To speak with {scheduler} a certificate is needed: give --tls-ca, --tls-cert and --tls-key, or name the "
            "files in Dask's settings under distributed.comm.tls."
        )
    return security


def _connect(scheduler, cluster, security) -> "distributed.Client":
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are told once, here
    if cluster is not None:
        return distributed.Client(cluster, set_as_default=False)
    try:
        return distributed.Client(scheduler, security=security, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"No scheduler answers at {scheduler}: {error}") from None


def _outcome(future) -> dict | Exception:
    error = future.exception()
    if isinstance(error, distributed.KilledWorker):
        return RuntimeError(f"every worker that executed this was lost, last the one at {error.last_worker.address}")
    if error is not None:
        return error
    answer = json.loads(future.result())
    return answer["result"] if "result" in answer else RuntimeError(answer["error"])


class _KernelServer(distributed.WorkerPlugin):
    """Keeps the warm server of a worker."""

    name = _PLUGIN
    idempotent = True  # several people may grade on one cluster at once

    def __init__(self, modules: Sequence[str]):
        self.modules = tuple(modules)

    async def setup(self, worker):
        """Start the server before the first job asks for it."""
        provisioner.preload(self.modules)
        with contextlib.suppress(SandboxError):  # the job that meets it says so
            await worker.loop.run_in_executor(None, provisioner.server)

    def teardown(self, worker):
        """End the server with its kernels."""
        provisioner.close_server()


def _execute(text: str, about: str, isolated: bool) -> str:
    """On a worker: execute a job; return its result or what went wrong, as JSON."""
    try:
        if why := _differs(about, isolated):
            raise RuntimeError(f"a worker cannot take part: {why}")
        return json.dumps({"result": execution.execute(json.loads(text))})
    except Exception as error:
        return json.dumps({"error": str(error) or type(error).__name__})


@cache
def _about() -> str:
    """What grades may depend on, as JSON: versions of Python and of what the package needs, and the package itself."""
    versions = {"python": ".".join(map(str, sys.version_info[:2]))}
    for requirement in map(Requirement, metadata.requires("mlcourse") or ()):
        if requirement.marker is None:
            versions[requirement.name] = Version(metadata.version(requirement.name)).public  # 2.13.0, not 2.13.0+cpu
    return json.dumps({"versions": versions, "engine": execution.engine()})


@cache
def _differs(about: str, isolated: bool) -> str:
    """On a worker: why it would not get the same results as whoever asks, or an empty string."""
    theirs, ours = json.loads(about), json.loads(_about())
    other = [
        f"{name} {ours['versions'].get(name, 'missing')} instead of {version}"
        for name, version in theirs["versions"].items()
        if ours["versions"].get(name) != version
    ]
    if other:
        return f"it has {', '.join(other)}; install the same versions there, from constraints.txt"
    if theirs["engine"] != ours["engine"]:
        return "it has another version of mlcourse; install the same one there"
    return why_not() if isolated else ""
