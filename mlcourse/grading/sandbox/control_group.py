"""Let the system itself bound a kernel and all its children, where a control group (cgroups v2) can be written.

That is so in the session of a desktop's user and for root on a system with systemd; elsewhere the watchdog of
:mod:`.limits` is alone. The kernel's documentation: Documentation/admin-guide/cgroup-v2.rst.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from .limits import Limits

MOUNT, MEMBERSHIP = "/sys/fs/cgroup", "/proc/self/cgroup"
_NEEDED = {"memory", "pids"}


def writable(mount: str = MOUNT, membership: str = MEMBERSHIP) -> Path | None:
    """The innermost group around this process in which groups with limits can be made, or None.

    Parameters
    ----------
    mount, membership : str
        Where the system shows groups, and the one of this process.
    """
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(membership).read_text().splitlines()
        own = Path(mount) / next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
        for group in (own, *own.parents):
            if not group.is_relative_to(mount):
                break
            passed_on = (group / "cgroup.subtree_control").read_text().split()
            if set(passed_on) >= _NEEDED and os.access(group, os.W_OK) and os.access(group / "cgroup.procs", os.W_OK):
                return group
    return None


class ControlGroup:
    """A group for one kernel.

    It is held by an open folder, since a process that has entered its room no longer sees the system's.

    Parameters
    ----------
    inside : pathlib.Path
        From `writable`.
    limits : Limits

    Raises
    ------
    OSError
        If it cannot be made.
    """

    def __init__(self, inside: Path, limits: Limits):
        path = Path(tempfile.mkdtemp(prefix="mlcourse-", dir=inside))
        self._parent, self._name = os.open(inside, os.O_RDONLY | os.O_DIRECTORY), path.name
        self._group = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._write("memory.max", limits.memory)
            self._write("memory.oom.group", 1)
            self._write("pids.max", limits.processes)
            with contextlib.suppress(OSError):  # a system without swap has no such file
                self._write("memory.swap.max", 0)
        except OSError:
            self.close()
            raise

    def add(self, pid: int) -> None:
        """Move a process into the group; what it starts will be in there as well."""
        self._write("cgroup.procs", pid)

    def out_of_memory(self) -> bool:
        """Whether the system has ended the group because of its memory."""
        with contextlib.suppress(OSError):
            return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in self._read("memory.events"))
        return False

    def close(self) -> None:
        """Remove the group, which is empty once its processes have ended."""
        with contextlib.suppress(OSError):
            self._write("cgroup.kill", 1)
        with contextlib.suppress(OSError):
            os.rmdir(self._name, dir_fd=self._parent)
        os.close(self._group)
        os.close(self._parent)

    def _write(self, name: str, value: int) -> None:
        with open(os.open(name, os.O_WRONLY, dir_fd=self._group), "w", encoding="ascii") as file:
            file.write(str(value))

    def _read(self, name: str) -> list[str]:
        with open(os.open(name, os.O_RDONLY, dir_fd=self._group), encoding="ascii") as file:
            return file.read().splitlines()


def enclose(limits: Limits) -> ControlGroup | None:
    """Make a group for a kernel to come, or None where the system lets nobody."""
    inside = writable()
    if inside is None:
        return None
    try:
        return ControlGroup(inside, limits)
    except OSError:
        return None
