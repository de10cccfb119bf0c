"""Where jobs are executed: in processes of this machine, or on a Dask cluster.

An executor has one method, ``run(jobs)``. It takes jobs as it has room for them, so that memory does not grow with the
class, and yields each with its result, or with the exception that kept it from one, in the order in which they finish.
"""

import atexit
import contextlib
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from . import execution
from .sandbox import provisioner, system
from .sandbox.client import MODULES, Door, Server

_TRIES = 3  # of a job whose worker is lost


class Executor(Protocol):
    """What grading needs of an executor."""

    def run(self, jobs: Iterable[dict]) -> Iterator[tuple[dict, dict | Exception]]:
        """Execute jobs; yield each with its result or with what went wrong."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


class LocalPool:
    """Worker processes on this machine, with one warm server for all.

    A worker that is lost (killed, out of memory) is replaced, and its job is tried again. If the server is lost, each
    worker starts its own one.

    Parameters
    ----------
    workers : int, optional
        As many as there are usable cores if left out.
    modules : sequence of str
        What the server imports before the first kernel, so that no notebook waits for it.

    Raises
    ------
    ValueError
        If `workers` is not positive.
    """

    def __init__(self, workers: int | None = None, modules: Sequence[str] = MODULES):
        workers = usable_cores() if workers is None else workers
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}.")
        self.workers, self.modules = workers, tuple(modules)
        # Made by the first worker: a grader that is killed before leaves nothing.
        self._scratch = os.path.join(tempfile.gettempdir(), provisioner.SCRATCH + secrets.token_hex(8))
        self._server: Server | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._running: dict[Future, tuple[dict, int]] = {}

    def _submit(self, job: dict) -> Future:
        """Have a job executed; the first one that needs the server starts it, and does not wait for it."""
        if self._pool is None:
            if job["kernel"] == execution.SANDBOX and not system.namespaces_work():
                self._server = self._server or Server(self.modules, self._scratch)
            channel = self._server.channel if self._server and self._server.alive else None
            initargs = (self.modules, self._scratch, channel)
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=spawn, initializer=_begin, initargs=initargs)
        return self._pool.submit(execution.execute, job)

    def run(self, jobs):
        """Execute jobs; yield each with its result or with what went wrong."""
        waiting = iter(jobs)
        running = self._running = {}
        again: list[tuple[dict, int]] = []
        while True:
            while len(running) < 2 * self.workers:
                job, tries = again.pop() if again else (next(waiting, None), 1)
                if job is None:
                    break
                try:
                    running[self._submit(job)] = job, tries
                except BrokenProcessPool:
                    again.append((job, tries))
                    self._drop_pool()
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job, tries = running.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool) and tries < _TRIES:
                    again.append((job, tries + 1))
                    self._drop_pool()
                else:
                    yield job, error if error is not None else future.result()

    def _drop_pool(self) -> None:
        if self._pool is not None and getattr(self._pool, "_broken", True):
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def close(self) -> None:
        """End the workers and their kernels; what is still executed is given up."""
        if self._pool is not None:
            if self._running:  # the grader was interrupted: it would wait for cells of minutes
                for process in list((self._pool._processes or {}).values()):
                    process.kill()  # what keeps its kernels sees it, and ends them
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._server is not None:
            self._server.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _begin(modules: Sequence[str], scratch: str, channel: socket.socket | None) -> None:
    """In a new worker: prepare, and see to it that nothing is left when the grader is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader decides what Ctrl-C means
    os.makedirs(scratch, mode=0o700, exist_ok=True)
    tempfile.tempdir = tempfile.mkdtemp(prefix="w-", dir=scratch)
    provisioner.preload(modules, tempfile.tempdir)
    if channel is not None:
        provisioner.use(Door(channel, tempfile.tempdir))

    def clear():
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
        with contextlib.suppress(OSError):  # others are still there
            os.rmdir(scratch)

    def end_with_grader():
        multiprocessing.parent_process().join()
        clear()
        os._exit(1)  # the server sees it, and ends as well

    threading.Thread(target=end_with_grader, daemon=True).start()
    atexit.register(clear)  # it may also end because it hears no more of the grader


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
