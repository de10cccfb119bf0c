"""Let Jupyter start kernels in the sandbox: the kernel ``mlcourse-sandbox``.

Its kernelspec names this provisioner, so whoever starts that kernel (nbclient, ``nbgrader autograde``, ``mlcourse
grade``) gets an isolated one. The folder it is started in is copied into the sandbox without its notebooks.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Float, Integer, List, Unicode

from . import system
from .bubblewrap import Bubblewrap, BubblewrapKernel
from .client import MODULES, Door, SandboxedKernel, SandboxError, Server, environment_of_data, why_not
from .limits import Limits

_MB = 1024**2
_server: Door | Bubblewrap | None = None
_modules: Sequence[str] = MODULES
_scratch: str | None = None
SCRATCH = "mlcourse-grading-"  # how the folder is called that has those of several processes
_starting = threading.Lock()  # the threads of a process share its server
_PASSED_ON = ("NBGRADER_EXECUTION",)


def server() -> Door | Bubblewrap:
    """The warm server of this process: one that it was given, or its own, started when it is first asked for.

    If it was lost, another one is started. Bubblewrap where the system does not let this process have namespaces.

    Raises
    ------
    SandboxError
        Where kernels cannot be isolated.
    """
    global _server
    with _starting:
        if _server is None or not _server.alive:
            if why := why_not():
                raise SandboxError(why)
            if system.namespaces_work():
                _server = Bubblewrap()
            else:
                own = Server(_modules, _scratch)
                own.ready()
                _server = own
        return _server


def use(door: Door) -> None:
    """Have this process ask a server of another one for its kernels."""
    global _server
    _server = door


def preload(modules: Sequence[str], scratch: str | None = None) -> None:
    """Have the server of this process, if it was not started yet, import other modules than usual.

    If a folder `scratch` is given, it is used, and removed when this process is gone.
    """
    global _modules, _scratch
    _modules, _scratch = modules, scratch


def close_server() -> None:
    """End the warm server of this process, if there is one, and its kernels."""
    global _server
    with _starting:
        if _server is not None:
            _server.close()
        _server = None


class SandboxProvisioner(LocalProvisioner):
    """Starts, signals and ends a kernel in the sandbox."""

    memory = Integer(2048, min=1, help="Memory of a kernel and all its children together, in MB.").tag(config=True)
    processes = Integer(128, min=1, help="Processes and threads of a kernel at once.").tag(config=True)
    disk = Integer(256, min=1, help="What a kernel may write into its files in all, in MB.").tag(config=True)
    cpu = Float(1800, min=0, help="Processor time of a kernel and all its children, in seconds.").tag(config=True)
    wall = Float(3600, min=0, help="Time from a kernel's start to its end at the latest, in seconds.").tag(config=True)
    export = Integer(10, min=0, help="New and changed files to keep after the end, in MB.").tag(config=True)

    hidden = List(Unicode(), help="Folders that a kernel must not see, beside the course.").tag(config=True)

    #: The kernel, also after its end: why it ended, and the files it wrote.
    kernel: SandboxedKernel | BubblewrapKernel | None = None

    async def pre_launch(self, **kwargs):
        """Have the sockets in the file system, where they cross the border of the network namespace."""
        manager = self.parent
        folder = server().new_folder()
        self._folder = folder
        manager.transport, manager.ip, manager.cache_ports = "ipc", str(folder / "s" / "k"), False
        ports = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
        for number, port in enumerate(ports, 1):
            setattr(manager, port, number)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        """Start the kernel; raise SandboxError if it does not come up."""
        environment, visible = environment_of_data()
        given = kwargs.get("env") or os.environ
        environment |= {name: given[name] for name in _PASSED_ON if name in given}
        folder = kwargs.get("cwd")
        file = self.connection_info.get("connection_file", self.parent.connection_file)
        arguments = cmd[cmd.index(file) + 1 :] if file in cmd else []
        self.process = self.kernel = server().launch(
            {**self.connection_info, "key": _text(self.connection_info["key"])},
            folder,
            folder=self._folder,
            limits=Limits(self.memory * _MB, self.processes, self.disk * _MB, self.cpu, self.wall),
            visible=visible,
            hidden=[*self.hidden, *_course(folder)],
            size=self.disk * _MB,
            export=self.export * _MB,
            environment=environment,
            arguments=arguments,
        )
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(None, self.kernel.started):
            self.kernel.kill()
            raise SandboxError(self.kernel.reason or "the kernel did not start within a minute.")
        self.pid, self.pgid, self.cwd = self.kernel.pid, None, folder
        return self.connection_info

    async def wait(self):
        """Wait for the end of the kernel and of everything it started."""
        status = 0
        if self.process:
            while (status := self.process.poll()) is None:
                await asyncio.sleep(0.005)
            self.process = None
        return status

    async def shutdown_requested(self, restart=False):
        """End the kernel at once: nothing in it is worth waiting for."""
        await self.send_signal(signal.SIGKILL)

    async def send_signal(self, signum):
        """Send a signal to the kernel; SIGKILL ends all that it started, too."""
        if self.process:
            if signum == signal.SIGKILL:
                self.process.kill()
            else:
                self.process.send_signal(signum)


def _text(key) -> str:
    return key.decode() if isinstance(key, bytes) else key


def _course(folder) -> list[Path]:
    """The course that a folder belongs to: its gradebook and solutions must not be seen."""
    parents = Path(folder).resolve().parents if folder else ()
    return [parent for parent in parents if (parent / "nbgrader_config.py").is_file()]
