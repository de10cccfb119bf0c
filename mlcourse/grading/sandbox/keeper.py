"""Keep one kernel: build its room, start it as the first process of a new world, watch it, end it, bring its files out.

A keeper is forked from the warm server, so that everything the notebook imports is in memory already. It stays outside
of the new process namespace, where the kernel can neither see nor reach it::

    server (has imported everything)
      keeper (new mounts, network, users; rights only inside them)
        kernel (process 1 of a new process namespace; no rights; a filter on system calls)
          whatever it starts, which ends with it

The keeper and the grader exchange datagrams over a socket pair. To the keeper: ``{"signal": 2}``, ``{"end": true}``.
From it: ``{"pid": 7}`` once the kernel listens, ``{"exit": -9, "reason": "memory: ..."}``, after each a file
``{"file": "out/plot.png", "size": 9000}`` with its bytes in datagrams of up to 64 KiB, last ``{"done": true}``.
When its socket closes, the grader is gone, and the kernel is ended.
"""

import contextlib
import json
import os
import select
import signal
import socket
import stat
import time
import traceback

from . import control_group, seccomp, system
from . import kernel as kernels
from . import room as rooms
from .limits import Limits, Meter, exceeded

CHUNK = 64 * 1024
_WATCH = 0.1  # seconds between two looks at what the kernel uses
_MOST_FILES = 200


def keep(channel: socket.socket, request: dict) -> None:
    """Run one kernel from its start to its end, and return.

    Parameters
    ----------
    channel : socket.socket
        To the grader.
    request : dict
        ``room``, ``limits`` (fields of `Room` and `Limits`), ``root`` (an empty folder), ``connection`` (the content
        of the kernel's connection file), ``environment`` (more variables), ``arguments`` (of the kernel), ``export``
        (bytes of files to bring out).
    """
    room, limits = rooms.Room(**request["room"]), Limits(**request["limits"])
    group = control_group.enclose(limits)
    try:
        kernel, told, may_go = _start(room, limits, request, group)
    except OSError as error:
        if group is not None:
            group.close()
        _send(channel, {"exit": 1, "reason": f"the sandbox could not be built: {error}"})
        _send(channel, {"done": True})
        return
    before = _files(rooms.WORK)
    status, reason = _watch(channel, kernel, limits, told, may_go)
    if group is not None:
        if not reason and group.out_of_memory():
            reason = f"memory: more than the {limits.memory / 1e6:,.0f} MB allowed"
        group.close()
    _send(channel, {"exit": status, "reason": reason})
    with contextlib.suppress(OSError, RecursionError):  # folders within folders, thousands deep
        _export(channel, rooms.WORK, before, request.get("export", 0))
    _send(channel, {"done": True})


def _start(room, limits, request, group):
    """Build the sandbox and start the kernel in it."""
    server = os.getppid()
    as_root = os.geteuid() == 0
    # One user a kernel: whatever the host counts by user, or shares between processes of one, is the kernel's own.
    user = 2_000_000 + os.getpid() % 1_000_000 if as_root else rooms.USER
    if not as_root:
        _own_users()
    system.unshare(
        system.CLONE_NEWNS | system.CLONE_NEWPID | system.CLONE_NEWNET | system.CLONE_NEWIPC | system.CLONE_NEWUTS
        | system.CLONE_NEWCGROUP
    )  # fmt: skip
    system.die_with_parent()
    if os.getppid() != server:
        os._exit(1)
    socket.sethostname("sandbox")
    os.chown(room.sockets, user, user)
    connection = {**request["connection"], "transport": "ipc", "ip": f"{rooms.SOCKETS}/k"}
    file = os.path.join(room.sockets, "connection.json")
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writing:
        json.dump(connection, writing)
    os.chown(file, user, user)
    rooms.furnish(room, request["root"], user)

    told, tell = os.pipe()
    wait, may_go = os.pipe()
    kernel = os.fork()
    if not kernel:
        try:
            os.close(told)
            os.close(may_go)
            _become_kernel(limits, request, user if as_root else None, tell, wait)
        except BaseException:
            with contextlib.suppress(OSError):
                os.write(tell, traceback.format_exc().strip().encode()[-2000:])
        finally:
            os._exit(1)
    os.close(tell)
    os.close(wait)
    if group is not None:
        with contextlib.suppress(OSError):  # the watchdog looks after it in any case
            group.add(kernel)
    return kernel, told, may_go


def _own_users() -> None:
    """Enter a user namespace in which this process may do everything, and nothing outside it."""
    user, group = os.geteuid(), os.getegid()
    system.unshare(system.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{rooms.USER} {user} 1"),
        ("gid_map", f"{rooms.USER} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _become_kernel(limits, request, user, tell, wait) -> None:
    """Give up every right, then be an ipykernel until the end."""
    os.setsid()
    rooms.enter()
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    kept = {tell, wait}
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))
    os.environ.clear()
    os.environ.update(kernels.ENVIRONMENT | request.get("environment", {}))
    limits.apply()
    system.drop_privileges(user)
    system.install_filter(seccomp.program())
    system.die_with_parent()

    def bound():
        os.write(tell, b"bound")
        os.close(tell)
        os.read(wait, 1)
        os.close(wait)

    kernels.run(request.get("arguments", []), bound)


def _watch(channel, kernel: int, limits: Limits, told: int, may_go: int) -> tuple[int, str]:
    """Pass signals on until the kernel ends, or must be ended; return its status, as subprocess has it, and why."""
    began = time.monotonic()
    meter, reason, status = Meter(), "", None
    waiting = {channel.fileno(): "channel", told: "told"}
    handle = os.pidfd_open(kernel)
    waiting[handle] = "kernel"
    poller = select.poll()
    for number in waiting:
        poller.register(number, select.POLLIN)
    looked = began
    while status is None:
        for number, _ in poller.poll(1000 * _WATCH):
            match waiting[number]:
                case "told":
                    said = os.read(told, 8192)
                    poller.unregister(told)
                    os.close(told)
                    if said == b"bound":
                        rooms.close_doors()
                        os.write(may_go, b"g")
                        os.close(may_go)
                        _send(channel, {"pid": kernel})
                    elif said:
                        reason = f"the kernel could not be started: {said.decode(errors='replace').splitlines()[-1]}"
                case "channel":
                    message = _receive(channel)
                    if message is None or "end" in message:
                        _signal(kernel, signal.SIGKILL)
                        poller.unregister(channel)
                        waiting.pop(number)
                    elif "signal" in message:
                        _signal(kernel, message["signal"])
                case "kernel":
                    status = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
        now = time.monotonic()
        if status is None and now - looked >= _WATCH:
            looked = now
            with contextlib.suppress(OSError):  # /proc is there as soon as the kernel has mounted it
                if not reason and (reason := exceeded(limits, *meter.read(), now - began)):
                    _signal(kernel, signal.SIGKILL)
    os.close(handle)
    return status, reason


def _signal(kernel: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(kernel, number)


def _files(folder: str) -> dict[str, tuple]:
    """Regular files below a folder, with what tells whether they were changed."""
    found = {}
    for where, _, names, handle in os.fwalk(folder, follow_symlinks=False):
        for name in names:
            with contextlib.suppress(OSError):
                state = os.stat(name, dir_fd=handle, follow_symlinks=False)
                if stat.S_ISREG(state.st_mode):
                    found[os.path.relpath(os.path.join(where, name), folder)] = (state.st_size, state.st_mtime_ns)
    return found


def _export(channel, folder: str, before: dict, most: int) -> None:
    """Send files that are new or changed, the smallest first, as long as they fit."""
    changed = [(size, name) for name, (size, when) in _files(folder).items() if before.get(name) != (size, when)]
    for sent, (size, name) in enumerate(sorted(changed)):
        most -= size
        if most < 0 or sent >= _MOST_FILES:
            _send(channel, {"left out": len(changed) - sent})
            return
        opened = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(opened, "rb") as file:
            content = file.read(size)
        _send(channel, {"file": name, "size": len(content)})
        for start in range(0, len(content), CHUNK):
            channel.send(content[start : start + CHUNK])


def _send(channel, message: dict) -> None:
    with contextlib.suppress(OSError):  # the grader is gone
        channel.send(json.dumps(message).encode())


def _receive(channel) -> dict | None:
    try:
        data = channel.recv(CHUNK)
    except OSError:
        return None
    return json.loads(data) if data else None
