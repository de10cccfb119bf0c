"""What plain nbgrader, with the settings that it comes with, does with each attack: measured, in a throw-away machine.

Each attack gets namespaces of its own (users, mounts, processes, network, ...), in which everything is read-only but
file systems in memory of limited size. In there is an instructor's machine, a `World`: course, home folder, servers.
nbgrader grades the attack and an honest submission after it. When the first process ends, all is gone.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path

from mlcourse.grading.sandbox import system

from .harness import NAME, STUDENTS, Attack, World, make_template

MEMORY = 2_500_000_000  # bytes of one process
DISK = "400m"
PROCESSES = 300
SECONDS = 75  # of one attack

_SOMEBODY = 54321  # when started as root


def measure(attacks: list[Attack], seconds: float = SECONDS):
    """Yield each attack with what it achieved against stock nbgrader, as a list of sentences."""
    with tempfile.TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "course")
        files = {str(path.relative_to(template)): path.read_bytes() for path in template.rglob("*") if path.is_file()}
    _warm_up()
    for attack in attacks:
        if why := attack.get("NOT_RUN"):
            yield attack, [f"not run: {why}"]
            continue
        yield attack, _in_container(lambda attack=attack: _attacked(attack, files, seconds - 15), seconds)


def _warm_up() -> None:
    import nbgrader.apps  # noqa: F401  what takes seconds is done once, before the fork
    from nbconvert.exporters import HTMLExporter  # noqa: F401
    from nbgrader.apps import AutogradeApp, GenerateFeedbackApp  # noqa: F401


def _attacked(attack: Attack, files: dict[str, bytes], seconds: float) -> list[str]:
    """In the container: build a world, have nbgrader grade in it, and see what became of it."""
    template = Path("/tmp/template")
    for name, content in files.items():
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        (template / name).write_bytes(content)
    root = Path("/tmp/world")
    root.mkdir()
    world = World(root, stock=True, template=template)
    world.hand_in(attack)
    world.watch()
    achieved = []
    status = _limited(lambda: _nbgrader(world, "autograde"), seconds)
    if status is None:
        achieved.append(f"hung: stopped after {seconds:.0f} s")
    elif status:
        achieved.append("nbgrader failed" if status > 0 else f"nbgrader was ended by signal {-status}")
    _limited(lambda: _nbgrader(world, "generate_feedback"), 20)
    time.sleep(0.5)
    achieved += world.done(attack)
    heaviest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    if heaviest > 1200:
        achieved.append(f"made nbgrader take {heaviest:,.0f} MB of memory")
    if world.scores(attack.student) is None:
        achieved.append("no grade")
    for student in STUDENTS:
        if world.scores(student) != world.full:
            achieved.append(f"{student}, who is honest, lost her grade")
            break
    return achieved


def _nbgrader(world: World, command: str) -> None:
    """nbgrader's own command, for the attack and one honest submission."""
    from nbgrader.apps import AutogradeApp, GenerateFeedbackApp

    log = os.open(world.root / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.chdir(world.course)
    os.environ.update(
        HOME=str(world.home), SECRET=world.secrets["environment"], PATH=f"{sys.prefix}/bin:{os.environ.get('PATH', '')}"
    )
    app = {"autograde": AutogradeApp, "generate_feedback": GenerateFeedbackApp}[command]()
    app.initialize([NAME])
    app.start()


def _limited(action, seconds: float) -> int | None:
    """Do something in a child process; its status, or None if it had to be stopped."""
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setsid()
            action()
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(bool(error.code))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    handle = os.pidfd_open(child)
    ended, _, _ = select.select([handle], [], [], seconds)
    os.close(handle)
    if not ended:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if ended else None


def _in_container(action, seconds: float) -> list[str]:
    """Do something in namespaces of its own, and return what it returns."""
    reading, writing = os.pipe()
    outer = os.fork()
    if not outer:
        try:
            os.close(reading)
            os.setsid()
            _enter(writing, action)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(writing, json.dumps([f"could not be measured: {error}"]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    data, until = b"", time.monotonic() + seconds + 15
    while time.monotonic() < until:
        if select.select([reading], [], [], 0.5)[0]:
            part = os.read(reading, 65536)
            if not part:
                break
            data += part
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.kill(outer, signal.SIGKILL)  # and the first process of the container with it
    os.waitpid(outer, 0)
    return json.loads(data) if data else ["hung, and took the machine with it: stopped"]


def _enter(writing: int, action) -> None:
    """Leave the machine behind; the rest happens in the first process of a new one."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_SOMEBODY, _SOMEBODY, _SOMEBODY)
        os.setresuid(_SOMEBODY, _SOMEBODY, _SOMEBODY)
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # so that its files in /proc are its own again
    user, group = os.geteuid(), os.getegid()
    system.unshare(
        system.CLONE_NEWUSER | system.CLONE_NEWNS | system.CLONE_NEWPID | system.CLONE_NEWNET | system.CLONE_NEWIPC
        | system.CLONE_NEWUTS | system.CLONE_NEWCGROUP
    )  # fmt: skip
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {user} 1"), ("gid_map", f"1000 {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return
    system.die_with_parent()
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    system.restrict("/", writable=False, devices=True)
    for place in ("/tmp", "/dev/shm", "/var/tmp", "/run"):
        system.mount("room", place, "tmpfs", system.MS_NOSUID | system.MS_NODEV, f"mode=1777,size={DISK}")
    system.mount("proc", "/proc", "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # the loopback is up
    for what, value in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (value, value))
    tempfile.tempdir = "/tmp"
    os.chdir("/tmp")
    try:
        achieved = action()
    except BaseException as error:
        achieved = [
            f"could not be measured: {type(error).__name__}: {error}",
            *traceback.format_exc().splitlines()[-3:],
        ]
    os.write(writing, json.dumps(achieved).encode())
    os._exit(0)
