"""The second choice: a kernel in bubblewrap, where the system lets ``bwrap`` have namespaces, but not this process.

The room looks as the one of the warm server (:mod:`.room`), with these differences: nothing is imported ahead, so that
a kernel takes seconds to start; the files that a notebook writes are gone with it; and home, ``/tmp`` and ``/dev/shm``
have a part each of what may be written.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import psutil

from . import room as rooms
from . import seccomp, system
from .limits import Limits, Meter, exceeded

_FILES = "/run/files"
_WATCH = 0.2  # seconds between two looks at what the kernel uses
_MOST_SOCKETS = 1024**2  # bytes in the folder of the sockets, the only one of the host that a kernel can write to
_ALONE = ("--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
          "--hostname", "sandbox", "--clearenv")  # fmt: skip


@cache
def why_not() -> str:
    """Why bubblewrap cannot isolate kernels here, or an empty string."""
    program = shutil.which("bwrap")
    if program is None:
        return "there is no bubblewrap"
    if os.geteuid() == 0:
        return "bubblewrap is not used by root, whose files a kernel could read"
    tried = subprocess.run([program, *_ALONE, "--ro-bind", "/", "/", "/bin/true"], capture_output=True, text=True)
    return f"bubblewrap does not work: {tried.stderr.strip() or tried.returncode}" if tried.returncode else ""


class Bubblewrap:
    """Starts kernels in bubblewrap; has the methods of `mlcourse.grading.sandbox.client.Server`."""

    alive = True

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="mlcourse-", ignore_cleanup_errors=True)

    def new_folder(self) -> Path:
        """Make a folder for the sockets of one kernel; it goes with the kernel."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        (folder / "s").mkdir()
        return folder

    def launch(
        self, connection: dict, files: str | Path | None = None, *, folder: Path | None = None,
        limits: Limits | None = None, visible=(), hidden=(), size: int = 256 * 1024**2, export: int = 0,
        environment: dict | None = None, arguments=(),
    ) -> "BubblewrapKernel":  # fmt: skip
        """Start a kernel; the parameters are those of the warm server, and `export` does nothing."""
        folder, limits = folder or self.new_folder(), limits or Limits()
        given = folder / "files"
        if files:
            rooms.copy_files(str(files), str(given), size, os.geteuid())
        else:
            given.mkdir()
        described = {**connection, "transport": "ipc", "ip": f"{rooms.SOCKETS}/k"}
        (folder / "s" / "connection.json").write_text(json.dumps(described))
        told, tell = os.pipe()
        request = {
            "tell": tell,
            "limits": asdict(limits),
            "environment": environment or {},
            "arguments": list(arguments),
            "size": size,
        }
        command = ["bwrap", *_ALONE, *_room(folder, visible, hidden, size)]
        command += [sys.executable, "-I", "-m", __name__, json.dumps(request)]
        process = subprocess.Popen(
            command, pass_fds=[tell], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(tell)
        return BubblewrapKernel(process, folder, told, limits)

    def close(self) -> None:
        """Remove what is left; kernels end with this process."""
        self._folder.cleanup()


def _room(folder: Path, visible, hidden, size: int) -> list[str]:
    """What bubblewrap is asked to put where, in this order."""
    asked = ["--size", str(size // 2), "--tmpfs", rooms.HOME, "--size", str(size // 4), "--tmpfs", "/tmp"]
    asked += ["--dir", rooms.WORK, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    asked += ["--size", str(size // 4), "--tmpfs", "/dev/shm"]
    for name in rooms.SYSTEM:
        path = f"/{name}"
        if os.path.islink(path):
            asked += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            asked += ["--ro-bind", path, path]
    needed = [os.path.abspath(path) for path in (*rooms.python_paths(), *visible)]
    needed += [os.path.realpath(path) for path in needed]
    shown = rooms.outermost(needed)
    for path in shown:
        if not path.startswith(tuple(f"/{name}/" for name in rooms.SYSTEM)):
            asked += ["--ro-bind", os.path.realpath(path), path]
    for name in rooms.ETC:
        asked += ["--ro-bind-try", os.path.realpath(f"/etc/{name}"), f"/etc/{name}"]
    for path in map(os.path.realpath, hidden):
        if any(os.path.commonpath([path, one]) == one for one in shown):
            asked += ["--tmpfs", path]
            for inner in rooms.outermost(one for one in needed if one.startswith(path + os.sep)):
                asked += ["--ro-bind", os.path.realpath(inner), inner]
            asked += ["--remount-ro", path]
    asked += ["--ro-bind", str(folder / "files"), _FILES, "--bind", str(folder / "s"), rooms.SOCKETS]
    return [*asked, "--remount-ro", "/"]


class BubblewrapKernel:
    """One kernel, with the methods of `mlcourse.grading.sandbox.client.SandboxedKernel`."""

    stdin = stdout = stderr = None
    left_out = 0
    lost = False

    def __init__(self, process: subprocess.Popen, folder: Path, told: int, limits: Limits):
        self._process, self._folder, self._told, self._limits = process, folder, told, limits
        self.address = str(folder / "s" / "k")
        self.pid = process.pid
        self.reason = ""
        self.files: dict[str, bytes] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def started(self, timeout: float = 60) -> bool:
        """Wait until the kernel listens; False if it ended instead."""
        late = threading.Timer(timeout, self.kill)
        late.start()
        with os.fdopen(self._told, "rb") as pipe:
            said = pipe.readline().decode(errors="replace").strip()
        late.cancel()
        if said != "bound":
            self.reason = self.reason or f"the kernel could not be started: {said or 'it ended'}"
        return said == "bound"

    @property
    def returncode(self) -> int | None:
        """Status after the end; what a signal ended has its number, negative."""
        status = self._process.returncode
        return status if status is None or status <= 128 else 128 - status

    def poll(self) -> int | None:
        """Status of the kernel once it and all its children have ended, else None."""
        self._process.poll()
        if self.returncode is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end."""
        self._process.wait(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel."""
        with contextlib.suppress(psutil.Error, IndexError):
            self._inside()[0].send_signal(number)

    def kill(self) -> None:
        """End the kernel and all its children: they are in one namespace, whose first process this ends."""
        self._process.kill()

    terminate = kill

    def _inside(self) -> list[psutil.Process]:
        """Processes of the sandbox, the kernel first: bubblewrap has one child, the first process inside."""
        return psutil.Process(self._process.pid).children(recursive=True)[1:]

    def _pids(self) -> list[int]:
        with contextlib.suppress(psutil.Error):
            return [process.pid for process in self._inside()]
        return []

    def _watch(self) -> None:
        began, meter = time.monotonic(), Meter(self._pids)
        while self._process.poll() is None:
            why = exceeded(self._limits, *meter.read(), time.monotonic() - began)
            if not why and _bytes(self._folder / "s") > _MOST_SOCKETS:
                why = "files beside the kernel's sockets"
            if why:
                self.reason = why
                self.kill()
                return
            time.sleep(_WATCH)


def _bytes(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder))
    return 0


def main(arguments: Sequence[str]) -> None:
    """Inside: bound what this process may use, then be a kernel."""
    request = json.loads(arguments[0])
    tell = request["tell"]
    try:
        os.environ.clear()
        from . import kernel

        os.environ.update(kernel.ENVIRONMENT | request["environment"])
        os.rmdir(rooms.WORK)
        rooms.copy_files(_FILES, rooms.WORK, request["size"], os.geteuid())
        Limits(**request["limits"]).apply()
        system.install_filter(seccomp.program())

        def bound():
            os.write(tell, b"bound\n")
            os.close(tell)

        kernel.run(request["arguments"], bound)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(tell, f"{type(error).__name__}: {error}\n".encode())
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
