"""System calls that Python has no name for: namespaces, mounts, capabilities. Linux only."""

import contextlib
import ctypes
import errno
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
MNT_DETACH = 2

_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442  # one number on every architecture
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 1, 4, 22
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move this process (for process ids: its children) into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """Mount `source` on `target`."""
    arguments = [text.encode() if text is not None else None for text in (source, target, kind)]
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def unmount(target: str) -> None:
    """Take a mount away at once; what is open stays open."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def bind(source: str, target: str, *, writable: bool = False) -> None:
    """Show `source` at `target` as well, with all that is mounted below it; without devices and set-uid programs."""
    mount(source, target, None, MS_BIND | MS_REC)
    restrict(target, writable=writable)


def restrict(target: str, *, writable: bool, devices: bool = False) -> None:
    """Make a mount, and all below it, read-only unless `writable`."""
    add = _MOUNT_ATTR_NOSUID | (0 if devices else _MOUNT_ATTR_NODEV) | (0 if writable else _MOUNT_ATTR_RDONLY)
    # struct mount_attr: what to set, what to clear, propagation, user namespace
    attributes = (ctypes.c_uint64 * 4)(add, 0, 0, 0)
    _checked(
        _libc.syscall(
            _SYS_MOUNT_SETATTR, _AT_FDCWD, target.encode(), _AT_RECURSIVE, attributes, ctypes.sizeof(attributes)
        ),
        f"mount_setattr {target}",
    )


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root of the file system, and show the former one at `old`."""
    _checked(_libc.syscall(_SYS_PIVOT_ROOT[os.uname().machine], new.encode(), old.encode()), "pivot_root")


def die_with_parent() -> None:
    """Have the system kill this process as soon as its parent ends. Lost when the user changes."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")


def drop_privileges(user: int | None) -> None:
    """Give up every capability for good, and become `user` unless None."""
    last = int(open("/proc/sys/kernel/cap_last_cap").read())  # noqa: SIM115
    for capability in range(last + 1):
        _checked(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    with contextlib.suppress(OSError):  # unknown to old kernels
        _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")  # its own /proc/self stays readable


def install_filter(program: bytes) -> None:
    """Apply a seccomp filter to this process and all it will start."""
    instructions = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    argument = Program(len(program) // 8, ctypes.cast(instructions, ctypes.c_void_p))
    _checked(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(argument), 0, 0), "seccomp")


def namespaces_work() -> str:
    """Why this machine cannot isolate a process, or an empty string.

    Tried in a child process, which is gone afterwards.
    """
    if os.uname().machine not in _SYS_PIVOT_ROOT:
        return f"no list of system calls for {os.uname().machine}"
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            own = 0 if os.geteuid() == 0 else CLONE_NEWUSER
            unshare(own | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
            mount("none", "/", None, MS_REC | MS_PRIVATE)
        except OSError as error:
            os.write(writing, (error.strerror or errno.errorcode[error.errno]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        why = pipe.read().decode()
    os.waitpid(child, 0)
    return why
