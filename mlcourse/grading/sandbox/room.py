"""What a kernel in the sandbox sees of the file system: the system read-only, and one small room of its own.

::

    /usr, /lib, ...        the host's, read-only
    Python, its packages   the host's, read-only, at the same paths
    data sets              the host's, read-only, at the same paths
    /etc                   fonts, time zone, library cache; made-up users
    /proc                  of the sandbox's own processes
    /dev                   null, zero, full, random, urandom; shm
    /home/student          private; `work` in it is the working directory, with the files of the assignment
    /tmp                   private
    /run/kernel            the sockets through which the grader speaks with the kernel

What can be written (home, /tmp, /dev/shm) is one file system in memory of limited size, gone with the kernel.
"""

import errno
import os
import shutil
import stat
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import system

HOME = "/home/student"
WORK = f"{HOME}/work"
SOCKETS = "/run/kernel"
USER = 1000  # inside

SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "fonts",
    "localtime",
    "timezone",
    "mime.types",
    "alternatives",
    "magic",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True)
class Room:
    """What is put into the sandbox of one kernel.

    Parameters
    ----------
    sockets : str
        Folder of the host that both sides reach; the kernel makes its sockets there.
    files : str
        Folder of the host whose regular files are copied into the working directory, or an empty string.
    visible : tuple of str
        Folders and files of the host that may be read, such as data sets.
    hidden : tuple of str
        Folders of the host that must not be seen even where they lie within a visible one.
    size : int
        Bytes that may be written in all.
    """

    sockets: str
    files: str = ""
    visible: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    size: int = 256 * 1024**2


def python_paths() -> list[str]:
    """Folders and files that this Python and the packages it has imported, or may import, live in."""
    import mlcourse

    found = {sys.prefix, sys.base_prefix, os.path.realpath(sys.executable), *sysconfig.get_paths().values()}
    # Not folders that merely happen to be on the path, such as a project with its solutions.
    found |= {path for path in sys.path if "site-packages" in path or "dist-packages" in path}
    found |= set(mlcourse.__path__)
    return [path for path in found if os.path.exists(path)]


def outermost(paths) -> list[str]:
    """Absolute paths without those that lie in another one of them.

    Examples
    --------
    >>> outermost(["/a/b", "/a", "/ab"])
    ['/a', '/ab']
    """
    kept: list[str] = []
    for path in sorted({os.path.abspath(path) for path in paths}):
        if not any(os.path.commonpath([path, one]) == one for one in kept):
            kept.append(path)
    return kept


def furnish(room: Room, root: str, user: int) -> None:
    """Build the room at `root` and make it the root of this process's mount namespace. `enter` completes it.

    Parameters
    ----------
    room : Room
    root : str
        An empty folder of the host to mount on; nothing is written to it.
    user : int
        Who owns what can be written.

    Raises
    ------
    OSError
        Where a mount is refused, or the files do not fit.
    """
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    system.mount("room", root, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=755,size=1m,nr_inodes=4096")
    # First what can be written: the host's Python may lie in /tmp or /home, and must not be covered up.
    private = f"{root}/private"
    os.mkdir(private)
    options = f"mode=711,size={room.size},nr_inodes=16384"
    system.mount("private", private, "tmpfs", system.MS_NOSUID | system.MS_NODEV, options)
    for name, target, mode in (("home", HOME, 0o700), ("tmp", "/tmp", 0o1777), ("shm", "/dev/shm", 0o1777)):
        os.mkdir(f"{private}/{name}")
        os.chown(f"{private}/{name}", user, user)
        os.chmod(f"{private}/{name}", mode)
        os.makedirs(root + target)
        system.mount(f"{private}/{name}", root + target, None, system.MS_BIND)
    for name in SYSTEM:
        _show(f"/{name}", root)
    needed = [os.path.abspath(path) for path in (*python_paths(), *room.visible)]
    for path in outermost(needed):
        _show(path, root)
    for name in ETC:
        _show(f"/etc/{name}", root)
    _write(f"{root}/etc/passwd", f"student:x:{user}:{user}:Student:{HOME}:/bin/sh\nroot:x:0:0:root:/:/bin/false\n")
    _write(f"{root}/etc/group", f"student:x:{user}:\nroot:x:0:\n")
    _write(f"{root}/etc/hosts", "127.0.0.1 localhost sandbox\n")
    _write(f"{root}/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    for path in map(os.path.realpath, room.hidden):
        # Hidden is what lies in something shown; a mere way to it, made above, has nothing to hide.
        if os.path.isdir(root + path) and os.stat(root + path).st_dev != os.stat(root).st_dev:
            system.mount("nothing", root + path, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=755,size=64k")
            for inner in outermost(one for one in needed if one.startswith(path + os.sep)):
                _show(inner, root)
            system.restrict(root + path, writable=False)

    for name in _DEVICES:
        _write(f"{root}/dev/{name}", "")
        system.mount(f"/dev/{name}", f"{root}/dev/{name}", None, system.MS_BIND)
        system.restrict(f"{root}/dev/{name}", writable=True, devices=True)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{root}/dev/{name}")

    if room.files:
        copy_files(room.files, root + WORK, room.size, user)
    else:
        os.makedirs(root + WORK)
        os.chown(root + WORK, user, user)

    system.unmount(private)  # what is shown elsewhere stays
    os.rmdir(private)
    os.makedirs(root + SOCKETS)
    system.bind(room.sockets, root + SOCKETS, writable=True)
    os.makedirs(f"{root}/proc")
    os.mkdir(f"{root}/host")
    os.chdir(root)
    system.pivot_root(".", "host")
    os.chdir("/")


def enter() -> None:
    """Leave the host behind; called by the first process of the sandbox, which is the one that /proc is to show.

    The system shows a new /proc only to those who still see the host's whole one: that must be there until now.
    """
    system.mount("proc", "/proc", "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    system.unmount("/host")
    os.rmdir("/host")


def close_doors() -> None:
    """Make everything but the private file system read-only, once the kernel has made its sockets."""
    system.restrict(SOCKETS, writable=False)
    system.mount("room", "/", None, system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID)


def copy_files(source: str, target: str, size: int, user: int) -> None:
    """Copy regular files of a folder: no links are followed, and notebooks, which may hold hidden tests, stay out.

    Raises
    ------
    OSError
        ENOSPC if they need more than half of `size`, so that room is left to write.
    """
    left = size // 2
    os.mkdir(target)
    os.chown(target, user, user)
    for folder, folders, names, handle in os.fwalk(source, follow_symlinks=False):
        inside = os.path.join(target, os.path.relpath(folder, source))
        for name in folders:
            if stat.S_ISDIR(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
                os.mkdir(os.path.join(inside, name))
                os.chown(os.path.join(inside, name), user, user)
        for name in names:
            is_file = stat.S_ISREG(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode)
            if not is_file or name.endswith(".ipynb"):
                continue
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
            with os.fdopen(opened, "rb") as reading:
                left -= os.fstat(opened).st_size
                if left < 0:
                    raise OSError(errno.ENOSPC, f"the files of the submission need more than {size // 2:,} bytes")
                with open(os.path.join(inside, name), "wb") as writing:
                    shutil.copyfileobj(reading, writing)
                os.chown(writing.name, user, user)


def _show(path: str, root: str) -> None:
    """Show a file or folder of the host at the same path, read-only. A link stays a link."""
    target = root + path
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        if Path(path).parent != Path("/"):  # what it leads to is shown as well; /bin leads to /usr/bin, for example
            _show(os.path.realpath(path), root)
    elif os.path.isdir(path):
        os.mkdir(target)
        system.bind(path, target)
    elif os.path.isfile(path):
        _write(target, "")
        system.bind(path, target)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
