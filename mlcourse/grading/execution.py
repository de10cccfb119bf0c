"""Execute one notebook in one kernel: a job in, a result out, both plain JSON.

A job goes through any executor (:mod:`mlcourse.grading.executors`), on this machine or another one. Nothing that comes
from the kernel is unpickled, and whatever the notebook does ends up in its result: a kernel that dies, a cell that
takes too long and a flood of output become errors of the cell, and what came before keeps its points.
"""

import asyncio
import base64
import hashlib
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from queue import Empty

import nbformat
import psutil
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from traitlets.config import Config

import mlcourse

from .sandbox.client import SandboxError
from .sandbox.output import OUTPUTS
from .sandbox.tidying import tidy

SANDBOX, PLAIN = "mlcourse-sandbox", "python3"
KERNELS = Path(__file__).parent / "sandbox" / "jupyter" / "kernels"

#: What a job may use unless it says otherwise; MB and seconds.
LIMITS = {"memory": 2048, "processes": 128, "disk": 256, "cpu": 1800.0, "wall": 3600.0, "export": 10}
TIMEOUT = 180

_MOST_OUTPUT = 1_000_000  # bytes of a cell
_FLOOD = 50_000_000  # bytes of a cell after which the kernel is ended
_TRIES = 3  # of a job whose sandbox was lost, as when the system ran out of memory and killed its server
_GRACE = 5  # seconds that an interrupted cell has to stop
_MOST_IN_ALL = 10_000_000  # bytes of all cells
_BIGGEST_MESSAGE = 32 * 1024**2  # bytes; a kernel that sends a bigger one is cut off
_MOST_MEMORY = 500 * 1024**2  # bytes by which the messages of a kernel may make this process grow
_CUT = "... (the rest of this cell's output was left out: it is more than 1 MB)\n"


def new_job(
    notebook, files: dict[str, bytes], *, timeout: int = TIMEOUT, limits: dict | None = None, kernel: str = SANDBOX,
    hidden: Sequence[str] = (),
) -> dict:  # fmt: skip
    """Describe what is to be executed.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Sanitised. Only the code cells matter, and nbgrader's metadata do not.
    files : dict of str to bytes
        What lies beside the notebook, by relative path.
    timeout : int
        Seconds of one cell.
    limits : dict, optional
        Of the kernel, see `LIMITS`.
    kernel : str
        Name of the kernelspec.
    hidden : sequence of str
        Folders that the kernel must not see, even where they lie in one that it does, such as one with data.

    Returns
    -------
    dict
        Plain JSON. ``key`` is a hash of everything that the result depends on: equal keys, equal work.
    """
    job = {
        "cells": [cell.source if cell.cell_type == "code" else None for cell in notebook.cells],
        "files": {name: base64.b64encode(files[name]).decode() for name in sorted(files)},
        "timeout": timeout,
        "limits": {**LIMITS, **(limits or {})},
        "kernel": kernel,
        "engine": engine(),
    }
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
    return {"key": key, "hidden": list(hidden), **job}


@cache
def engine() -> str:
    """Hash of the package: its checks and its grading decide on a result as much as the notebook does."""
    digest = hashlib.sha256()
    for file in sorted(Path(mlcourse.__path__[0]).rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def execute(job: dict) -> dict:
    """Execute a job; again, if what watches its kernel is killed from outside.

    Parameters
    ----------
    job : dict
        From `new_job`.

    Returns
    -------
    dict
        Plain JSON: ``key`` of the job, ``cells`` (``outputs`` and ``execution_count`` of each code cell, None for the
        others), ``files`` that were written (base64), ``left_out`` (how many did not fit), ``flags`` (what is odd
        about it, in words), ``language_info``, ``seconds``.

    Raises
    ------
    mlcourse.grading.sandbox.client.SandboxError
        Where kernels cannot be isolated, or one does not start.
    """
    for tries in range(1, _TRIES + 1):
        runner = _Runner(job)
        try:
            # In a thread of its own, since the formgrader calls this from within a running event loop.
            with ThreadPoolExecutor(1) as thread:
                result = thread.submit(lambda runner=runner: asyncio.run(runner.run())).result()
        except SandboxError:
            if tries == _TRIES:
                raise
        else:
            if not runner.lost:
                break
    return result


class _Manager(AsyncKernelManager):
    """Has its clients use its own context, whose options are those of the sockets."""

    def client(self, **options):
        return super().client(context=self.context, **options)


class _Runner(NotebookClient):
    """One notebook, one kernel, no surprises."""

    def __init__(self, job: dict):
        self.job = job
        cells = [_cell(source, f"cell-{number}") for number, source in enumerate(job["cells"], 1)]
        config = Config({"SandboxProvisioner": {**job["limits"], "hidden": job.get("hidden", [])}})
        context = zmq.asyncio.Context()  # its options are those of the sockets to come
        context.setsockopt(zmq.MAXMSGSIZE, _BIGGEST_MESSAGE)
        context.setsockopt(zmq.SNDTIMEO, 1000 * _GRACE)  # a kernel may close its ends: sending would wait for ever
        specs = KernelSpecManager()
        specs.kernel_dirs.insert(0, str(KERNELS))
        super().__init__(
            nbformat.v4.new_notebook(cells=cells),
            km=_Manager(kernel_name=job["kernel"], kernel_spec_manager=specs, config=config, context=context),
            timeout=job["timeout"],
            allow_errors=True,
            interrupt_on_timeout=True,
            raise_on_iopub_timeout=True,
            iopub_timeout=60,  # a busy machine needs its time to hand over much output
            startup_timeout=60,
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR", "--HistoryManager.hist_file=:memory:"],
            error_on_timeout={
                "ename": "CellTimeoutError",
                "evalue": f"the cell was stopped after {job['timeout']} s",
                "traceback": [],
            },
        )
        self.flags: list[str] = []
        self.lost = False
        self._bytes: dict[int, int] = {}
        self._late = False
        self._flood = ""

    async def run(self) -> dict:
        """Execute all cells; return the result."""
        began = time.monotonic()
        context = self.km.context
        self.reset_execution_trackers()
        with _folder(self.job["files"]) as folder:
            await self._start(folder)
            guard = asyncio.ensure_future(self._guard())
            try:
                await self._execute_all()
            finally:
                guard.cancel()
                kernel = getattr(self.km.provisioner, "kernel", None)
                if kernel is not None:  # its files come after its end
                    kernel.kill()
                    await asyncio.get_running_loop().run_in_executor(None, kernel.wait, 60)
                    self.lost = kernel.lost
                await self._async_cleanup_kernel()
                context.destroy(linger=0)
        files = kernel.files if kernel else {}
        outputs, cut = tidy([cell.get("outputs", []) for cell in self.nb.cells], _MOST_IN_ALL)
        if cut:
            self.flags.append(f"more than {_MOST_IN_ALL // 10**6} MB of output in all")
        return {
            "key": self.job["key"],
            "cells": [
                {"outputs": said, "execution_count": _count(cell)} if cell.cell_type == "code" else None
                for cell, said in zip(self.nb.cells, outputs, strict=True)
            ],
            "language_info": self.nb.metadata.get("language_info"),
            "files": {name: base64.b64encode(content).decode() for name, content in sorted(files.items())},
            "left_out": kernel.left_out if kernel else 0,
            "flags": self.flags,
            "seconds": round(time.monotonic() - began, 3),
        }

    async def _start(self, folder: str) -> None:
        manager = self.km  # forgotten on errors
        try:
            await self.async_start_new_kernel(cwd=folder, env={**os.environ, "NBGRADER_EXECUTION": "autograde"})
            info = await asyncio.wait_for(self._connect(), self.startup_timeout)
        except (DeadKernelError, RuntimeError, TimeoutError) as error:  # nothing of the notebook was executed yet
            if kernel := getattr(manager.provisioner, "kernel", None):
                kernel.kill()
            manager.context.destroy(linger=0)
            says = str(error) or f"it did not answer within {self.startup_timeout} s"
            raise SandboxError(f"the kernel could not be started: {says}") from error
        self.nb.metadata["language_info"] = info["content"].get("language_info", {})

    async def _connect(self) -> dict:
        """Wait until the kernel answers, and what it publishes arrives; Jupyter's own way takes 0.2 s longer."""
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.allow_stdin = False
        while True:
            self.kc.kernel_info()
            try:
                info = await self.kc.get_shell_msg(timeout=1)
                await self.kc.get_iopub_msg(timeout=0.2)
            except Empty:
                if not await self.km.is_alive():
                    raise DeadKernelError("it ended before it answered") from None
            else:
                return info

    async def _guard(self) -> None:
        """End the kernel when its messages fill the memory of this process, by whatever socket they come.

        The library of the sockets takes messages in by itself, also those that nobody asks for, and parts without end.
        """
        process = psutil.Process()
        before = process.memory_info().rss
        while process.memory_info().rss - before < _MOST_MEMORY:
            await asyncio.sleep(0.05)
        self._flood = f"a flood of messages: more than {_MOST_MEMORY // 1024**2} MB"
        await self.km.provisioner.kill()

    async def _execute_all(self) -> None:
        """Execute the cells; once the kernel has ended, say so in the others."""
        ended = ""
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type != "code":
                continue
            if ended:
                _fail(cell, "NotExecuted", f"the kernel had ended before this cell: {ended}")
            elif ended := await self._execute(cell, index):
                self.flags.append(f"cell {index + 1}: {ended}")

    async def _execute(self, cell, index: int) -> str:
        """Execute one cell; say why the kernel has ended, or nothing."""
        self._late = False
        try:
            await self.async_execute_cell(cell, index)
        except DeadKernelError:
            ended = self._why()
            cell.execution_count = None  # whether the kernel still told it is chance
            _fail(cell, "DeadKernelError", ended)
            return ended
        except CellTimeoutError:
            _fail(cell, "CellTimeoutError", "the output of the cell did not end")
            return await self._end("the output of a cell did not end")
        except Exception as error:  # forged messages make Jupyter stumble in many ways
            _fail(cell, "BadMessageError", f"the kernel sent what is no message ({type(error).__name__})")
            return await self._end("a cell made the kernel send what is no message")
        if cell.metadata.get("error"):
            error = cell.metadata.pop("error")
            if not any(output.output_type == "error" and output.ename == error["ename"] for output in cell.outputs):
                _fail(cell, error["ename"], error["evalue"], error.get("traceback") or ())
        if self._late:
            self.flags.append(f"cell {index + 1}: stopped after {self.job['timeout']} s")
            if not await self._answers():
                return await self._end(f"a cell could not be interrupted after {self.job['timeout']} s")
        return ""

    async def _async_handle_timeout(self, timeout, cell=None):
        self._late = True
        self.iopub_timeout, usual = _GRACE, self.iopub_timeout
        self.raise_on_iopub_timeout = False
        asyncio.get_running_loop().call_later(2 * _GRACE, lambda: setattr(self, "iopub_timeout", usual))
        return await super()._async_handle_timeout(timeout, cell)

    async def _answers(self) -> bool:
        """Whether the kernel can be asked again."""
        try:
            await asyncio.wait_for(self.async_wait_for_reply(self.kc.kernel_info()), _GRACE)
        except Exception:  # no answer in time, a dead kernel, or what is no message
            return False
        return True

    async def _end(self, why: str) -> str:
        await self.km.shutdown_kernel(now=True)
        return why

    def _why(self) -> str:
        """Why the kernel has ended."""
        if self._flood:
            return self._flood
        kernel = getattr(self.km.provisioner, "kernel", None)
        if kernel is not None and kernel.reason:
            return kernel.reason
        status = getattr(kernel, "returncode", None)
        if status is None:
            return "the kernel ended"
        return f"the kernel was ended by signal {-status}" if status < 0 else f"the kernel ended with status {status}"

    def on_cell_error(self, cell, cell_index, execute_reply):
        """Keep the error of the reply; a timeout leaves no other trace."""
        cell.metadata["error"] = execute_reply["content"]

    def handle_comm_msg(self, outs, msg, cell_index):
        """Leave the state of widgets alone: nothing of it is kept, and it would grow without bound."""

    def process_message(self, msg, cell, cell_index):
        """Take a message of the kernel in, as long as its cell has not said too much."""
        kind = msg["msg_type"]
        if kind in OUTPUTS:
            content = msg["content"]
            before = self._bytes.get(cell_index, 0)
            total = before + len(json.dumps(content)) + sum(len(part) for part in msg.get("buffers") or ())
            self._bytes[cell_index] = total
            if total > _FLOOD and not self._flood:
                self._flood = f"a flood of output: more than {_FLOOD // 10**6} MB"
                self._ending = asyncio.ensure_future(self.km.provisioner.kill())
            if total > _MOST_OUTPUT:
                if before <= _MOST_OUTPUT:
                    self.flags.append(f"cell {cell_index + 1}: more than 1 MB of output")
                    if kind == "stream":
                        text = content["text"][: _MOST_OUTPUT - before]
                        super().process_message({**msg, "content": {**content, "text": text}}, cell, cell_index)
                    cell.outputs.append(new_output("stream", name="stdout", text=_CUT))
                if kind != "error":
                    return None
        return super().process_message(msg, cell, cell_index)


def _cell(source: str | None, name: str) -> nbformat.NotebookNode:
    """A cell to execute, or one to pass over; nbformat's own functions validate each, which takes a millisecond."""
    code = {"outputs": [], "execution_count": None} if source is not None else {}
    kind = "raw" if source is None else "code"
    return nbformat.from_dict({"cell_type": kind, "id": name, "metadata": {}, "source": source or "", **code})


def _count(cell) -> int | None:
    return cell.execution_count if isinstance(cell.execution_count, int) else None


def _fail(cell, name: str, says: str, traceback=()) -> None:
    lines = list(traceback) or [f"{name}: {says}"]
    cell.outputs.append(new_output("error", ename=name, evalue=says, traceback=lines))


class _folder:
    """A folder with the files of a job, for as long as the kernel needs it."""

    def __init__(self, files: dict[str, str]):
        self.files = files

    def __enter__(self) -> str:
        import tempfile

        self._made = tempfile.TemporaryDirectory(prefix="mlcourse-job-")
        root = Path(self._made.name).resolve()
        for name, content in self.files.items():
            path = (root / name).resolve()
            if not path.is_relative_to(root):
                raise ValueError(f"files: {name!r} leads out of the folder of the job.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))
        return str(root)

    def __exit__(self, *_):
        self._made.cleanup()
