"""The grader's side: start the warm server, ask it for kernels, hear how they ended."""

import array
import atexit
import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import mlcourse

from . import bubblewrap, system
from .keeper import CHUNK
from .limits import Limits
from .room import Room

_PACKAGE = Path(mlcourse.__path__[0])
_OWN = sorted(
    ".".join(file.relative_to(_PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in _PACKAGE.rglob("*.py")
    if file.relative_to(_PACKAGE).parts[0] not in ("cli", "grading", "__main__.py")
)

#: Imported once, before the first kernel: what any notebook needs, and what labs import.
MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.display",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "PIL.BmpImagePlugin",  # the first picture would import these formats
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib_inline.backend_inline",
    "numpy",
    "pandas",
    "scipy.io",
    "scipy.signal",
    "scipy.ndimage",
    "sklearn.base",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.svm",
    "sklearn.tree",
    "torch",
    "torch._dynamo",  # the first optimiser would import it, and it takes seconds
    "torch.optim",
    "torch.nn.functional",
    "torch.utils.data",
    "keras",
    "tqdm.auto",
    "ipywidgets",
    *_OWN,
)


class SandboxError(RuntimeError):
    """The sandbox does not work on this machine; the message says why, and what to do."""


def why_not() -> str:
    """Why kernels cannot be isolated on this machine, as a sentence, or an empty string."""
    if not sys.platform.startswith("linux"):
        return f"Kernels cannot be isolated on {sys.platform}: that takes Linux."
    why = system.namespaces_work()
    if not why or not (also := bubblewrap.why_not()):
        return ""
    return f"Kernels cannot be isolated here: the system does not let a process have namespaces ({why}), and {also}."


class Door:
    """The way to a warm server, from this process or another one.

    Parameters
    ----------
    channel : socket.socket
        To the server.
    folder : path
        For the sockets of kernels.
    """

    def __init__(self, channel: socket.socket, folder: str | Path):
        self.channel, self._folder = channel, Path(folder)

    def launch(
        self, connection: dict, files: str | Path | None = None, *, folder: Path | None = None,
        limits: Limits | None = None, visible=(), hidden=(), size: int = 256 * 1024**2, export: int = 0,
        environment: dict | None = None, arguments=(),
    ) -> "SandboxedKernel":  # fmt: skip
        """Start a kernel.

        Parameters
        ----------
        connection : dict
            Content of the connection file; transport and address are set by the sandbox, ports count its sockets.
        files : path, optional
            Folder whose files are copied into the kernel's working directory.
        folder : pathlib.Path, optional
            From `new_folder`; the kernel's sockets will be in its ``s``.
        limits : Limits, optional
        visible, hidden : sequences of paths
            See `Room`.
        size : int
            Bytes that may be written.
        export : int
            Bytes of new and changed files to bring out at the end.
        environment : dict, optional
            More variables.
        arguments : sequence of str
            Of the kernel's command line.
        """
        folder = folder or self.new_folder()
        room = Room(
            str(folder / "s"), str(files) if files else "", tuple(map(str, visible)), tuple(map(str, hidden)), size
        )
        request = {
            "room": asdict(room),
            "limits": asdict(limits or Limits()),
            "root": str(folder / "root"),
            "connection": connection,
            "environment": environment or {},
            "arguments": list(arguments),
            "export": export,
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self.channel.sendmsg(
                    [json.dumps(request).encode()],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))],
                )
            except OSError as error:
                ours.close()
                shutil.rmtree(folder, ignore_errors=True)
                raise SandboxError(f"the server of the sandbox is gone ({error.strerror}).") from None
        return SandboxedKernel(ours, folder)

    def new_folder(self) -> Path:
        """Make a folder for the sockets of one kernel; it goes with the kernel, at the latest with the server."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        for name in ("s", "root"):
            (folder / name).mkdir()
        return folder

    @property
    def alive(self) -> bool:
        """Whether kernels can be asked for."""
        poller = select.poll()
        poller.register(self.channel, 0)  # that nobody is at the other end is always told
        return not poller.poll(0)

    def close(self) -> None:
        """Ask for no more kernels."""
        self.channel.close()


class Server(Door):
    """A warm server of this process; it ends with it, and with all that have a door to it.

    Parameters
    ----------
    modules : sequence of str
        To import before the first kernel. One that is asked for meanwhile waits.
    scratch : path, optional
        A folder for the sockets of kernels, removed when this process is gone, however it ended. A new one if left out.

    Raises
    ------
    OSError
        If no process can be started.
    """

    def __init__(self, modules=MODULES, scratch: str | Path | None = None):
        own = None if scratch else tempfile.TemporaryDirectory(prefix="mlcourse-", ignore_cleanup_errors=True)
        channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(channel, own.name if own else scratch)
        self._own = own
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "mlcourse.grading.sandbox.server", str(theirs.fileno()),
             str(self._folder), *modules],
            env={}, pass_fds=[theirs.fileno()], start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
        )  # fmt: skip
        theirs.close()
        self.pid = self._process.pid
        atexit.register(self.close)

    def ready(self) -> list[str]:
        """Wait until all is imported; return the modules that could not be.

        Raises
        ------
        SandboxError
            If the server ended instead.
        """
        data = self.channel.recv(CHUNK)
        if not data:
            said = self._process.stderr.read().decode(errors="replace").strip()
            self.close()
            raise SandboxError(
                f"the server of the sandbox did not start: {said.splitlines()[-1] if said else 'no reason'}"
            )
        return json.loads(data)["missing"]

    def close(self) -> None:
        """End the server and every kernel of it."""
        atexit.unregister(self.close)
        self._process.kill()  # before the channel: it takes the end of that for the end of this process
        self._process.wait()
        self.channel.close()
        self._process.stderr.close()
        if self._own:
            self._own.cleanup()


class SandboxedKernel:
    """One kernel, with the methods of `subprocess.Popen` that Jupyter uses.

    Attributes
    ----------
    address : str
        Of the kernel's sockets, as seen from here.
    reason : str
        Why the sandbox ended the kernel; empty while it runs, and when it ended by itself.
    files : dict of str to bytes
        What it wrote into its working directory, after its end.
    left_out : int
        Files that it wrote and that did not fit.
    lost : bool
        Whether what watched it was ended, and the kernel with it.
    """

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket, folder: Path):
        self._channel, self._folder = channel, folder
        self.address = str(folder / "s" / "k")
        self.pid = None
        self.returncode = None
        self.reason = ""
        self.files: dict[str, bytes] = {}
        self.left_out = 0
        self.lost = False
        self._exit = None

    def started(self, timeout: float = 60) -> bool:
        """Wait until the kernel listens; False if it ended instead."""
        self._listen(timeout, lambda: self.pid is not None)
        return self.pid is not None and self._exit is None

    def poll(self) -> int | None:
        """Status of the kernel once it and all its children have ended, else None."""
        self._listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end."""
        self._listen(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("kernel", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel."""
        self._send({"signal": int(number)})

    def kill(self) -> None:
        """End the kernel and all its children."""
        self._send({"end": True})

    terminate = kill

    def _send(self, message) -> None:
        if self.returncode is None:
            with contextlib.suppress(OSError):  # it ended by itself
                self._channel.send(json.dumps(message).encode())

    def _listen(self, timeout, enough=lambda: False) -> None:
        """Take in what the keeper says until the end, or until it was `enough`, or nothing came for `timeout` s."""
        poller = select.poll()
        if self.returncode is None:
            poller.register(self._channel, select.POLLIN)
        while self.returncode is None and not enough():
            if not poller.poll(None if timeout is None else 1000 * timeout):
                return
            self._take(self._receive())

    def _receive(self) -> bytes:
        try:
            return self._channel.recv(CHUNK)
        except OSError:
            return b""

    def _take(self, data: bytes) -> None:
        message = json.loads(data) if data else {"done": True}
        if "pid" in message:
            self.pid = message["pid"]
        elif "exit" in message:
            self._exit, self.reason = message["exit"], message["reason"]
        elif "file" in message:
            content = bytearray()
            while len(content) < message["size"]:
                part = self._receive()
                if not part:
                    return self._take(b"")
                content += part
            self.files[message["file"]] = bytes(content)
        elif "left out" in message:
            self.left_out = message["left out"]
        elif "done" in message:
            self.lost = not data
            if self._exit is None:
                self._exit, self.reason = -9, self.reason or "the sandbox was ended from outside"
            self.returncode = self._exit
            self._channel.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        return None


def environment_of_data() -> tuple[dict, list[Path]]:
    """Variables that lead to data sets, and the folders that must be visible for it."""
    from mlcourse.datasets.registry import homes

    found = {name: os.environ[name] for name in ("MLCOURSE_DATA",) if os.environ.get(name)}
    return found, [home for home in homes() if home.is_dir()]
