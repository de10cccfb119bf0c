"""A kernel in the sandbox: what it can do, what it cannot, and that nothing is left of it."""

import os
import queue
import re
import struct
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient

from mlcourse.grading.sandbox import seccomp, system
from mlcourse.grading.sandbox.client import SandboxError, Server
from mlcourse.grading.sandbox.limits import Limits, exceeded
from mlcourse.grading.sandbox.room import outermost

WHY_NOT = system.namespaces_work() if sys.platform.startswith("linux") else "kernels are isolated on Linux only"
pytestmark = [
    pytest.mark.skipif(bool(WHY_NOT), reason=f"no namespaces here: {WHY_NOT}"),
    pytest.mark.xdist_group("sandbox"),
]
PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
CONNECTION = {
    **{port: number for number, port in enumerate(PORTS, 1)},
    "key": "secret",
    "signature_scheme": "hmac-sha256",
}


@pytest.fixture(scope="module")
def server():
    started = Server(["ipykernel.kernelapp", "ipykernel.ipkernel", "numpy"])
    yield started
    started.close()


@pytest.fixture
def run(server):
    """Run code in a new kernel; return what it printed (also of its error), and the kernel after its end."""
    kernels = []

    def run(code, *, end=True, timeout=30, **options):
        kernel = server.launch(CONNECTION, **options)
        kernels.append(kernel)
        assert kernel.started(), kernel.reason
        client = BlockingKernelClient()
        client.load_connection_info({**CONNECTION, "transport": "ipc", "ip": kernel.address})
        client.start_channels()
        said = []
        try:
            client.wait_for_ready(timeout=timeout)
            client.execute(code)
            for content in _messages(client, kernel, timeout):
                said.append(content.get("text") or "".join(content.get(key, "") for key in ("ename", "evalue")))
        finally:
            client.stop_channels()
        if end:
            kernel.kill()
            kernel.wait(20)
        return "".join(said), kernel

    yield run
    for kernel in kernels:
        kernel.kill()
        kernel.wait(20)


def _messages(client, kernel, timeout):
    """Contents of what a kernel sends until it is idle again, has ended, or the time is over."""
    until = time.monotonic() + timeout
    busy = False
    while time.monotonic() < until:
        try:
            message = client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            if kernel.poll() is not None:
                return
            continue
        state = message["content"].get("execution_state")
        busy = busy or message["msg_type"] == "execute_input"
        if state == "idle" and busy:
            return
        yield message["content"]


class TestWork:
    def test_honest_code_runs(self, run):
        said, kernel = run(
            "import numpy, subprocess, tempfile, threading, multiprocessing.pool\n"
            "with multiprocessing.get_context('fork').Pool(2) as pool: squares = pool.map(abs, [-1, -2])\n"
            "tempfile.TemporaryFile().write(b'x')\n"
            "print(numpy.arange(3).sum(), squares, subprocess.run('echo hi', shell=True, capture_output=True).stdout)"
        )
        assert said == "3 [1, 2] b'hi\\n'\n"
        assert kernel.returncode == -9
        assert kernel.reason == ""

    def test_files_come_in_and_go_out(self, run, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "x.csv").write_text("1,2")
        (tmp_path / "lab.ipynb").write_text("hidden tests")
        (tmp_path / "secret").symlink_to("/etc/shadow")
        said, kernel = run(
            "import os\n"
            "print(sorted(os.listdir()), open('data/x.csv').read())\n"
            "os.mkdir('out'); open('out/y.txt', 'w').write('three'); os.symlink('/etc/shadow', 'out/link')\n"
            "open('big', 'wb').write(bytes(3_000_000))",
            files=tmp_path,
            export=1_000_000,
        )
        assert said.startswith("['data'] 1,2\n")
        assert kernel.files == {"out/y.txt": b"three"}
        assert kernel.left_out == 1

    def test_state_is_not_shared_and_chance_differs(self, run):
        code = "import builtins, numpy; print(hasattr(builtins, 'x'), numpy.random.rand()); builtins.x = 1"
        first, second = run(code)[0].split(), run(code)[0].split()
        assert first[0] == second[0] == "False"
        assert first[1] != second[1]


class TestBorders:
    @pytest.mark.parametrize(
        "code",
        [
            f"print(open({os.path.abspath(__file__)!r}).read())",
            f"import os; print(os.listdir({str(Path(__file__).parent)!r}))",
            "print(open('/etc/shadow').read())",
            "open('/new', 'w')",
            "open('/usr/bin/new', 'w')",
            "import mlcourse, os; open(os.path.join(mlcourse.__path__[0], 'new.py'), 'w')",
            "open('/run/kernel/new', 'w')",
            "import os; os.remove('/run/kernel/k-1')",
            "import socket; socket.create_connection(('127.0.0.1', 22), 2)",
            "import socket; socket.create_connection(('192.0.2.1', 80), 2)",
            "import socket; socket.socket(40, socket.SOCK_STREAM)",  # AF_VSOCK reaches the host
            "import os; os.setuid(0)",
            "import os; os.chroot('/tmp')",
            "import os; os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))",
        ],
    )
    def test_refused(self, run, code):
        assert "Error" in run(code)[0]

    @pytest.mark.parametrize(
        "call",
        [
            "unshare(0x10000000)",  # a user namespace
            "mount(b'none', b'/tmp', b'tmpfs', 0, None)",
            "ptrace(16, 1, 0, 0)",
            "syscall(435, 0, 0)",  # clone3
            "syscall(425, 1, 0)",  # io_uring_setup
            "syscall(321, 0, 0, 0)",  # bpf
            "syscall(248, 0, 0, 0, 0, 0)",  # add_key
        ],
    )
    @pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64")
    def test_system_calls_are_refused(self, run, call):
        said, _ = run(
            "import ctypes, errno; libc = ctypes.CDLL(None, use_errno=True)\n"
            f"print(libc.{call}, errno.errorcode[ctypes.get_errno()])"
        )
        assert said in ("-1 EPERM\n", "-1 ENOSYS\n")

    def test_nothing_of_the_grader_shows(self, run, monkeypatch):
        monkeypatch.setenv("SECRET_TOKEN", "xyzzy")
        said, _ = run(
            "import os, glob\n"
            "print(sorted(os.environ), open('/proc/self/environ').read())\n"
            "print([open(name).read() for name in glob.glob('/proc/[0-9]*/cmdline')].__len__())\n"
            "print(os.listdir('/proc/self/fd'), [os.readlink(f'/proc/self/fd/{n}') for n in range(3)])"
        )
        assert "SECRET" not in said
        assert "xyzzy" not in said
        assert "\n1\n" in said  # it sees itself alone
        assert re.search(r"\['/dev/null', 'pipe:\[\d+\]', 'pipe:\[\d+\]'\]", said)  # pipes to itself: its own output

    def test_it_has_no_rights(self, run):
        said, _ = run("print(open('/proc/self/status').read())")
        status = dict(line.split(":\t") for line in said.splitlines() if ":\t" in line)
        assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        assert set(status["Uid"].split()) != {"0"}


class TestLimits:
    def test_memory(self, run):
        said, kernel = run("x = bytearray(10**9); print(len(x))", limits=Limits(memory=400 * 1024**2))
        assert "MemoryError" in said or kernel.reason.startswith("memory: ")
        assert "1000000000" not in said

    def test_memory_of_children_counts_together(self, run):
        _, kernel = run(
            "import os, time\n"
            "for child in range(6):\n"
            "    if os.fork() == 0:\n"
            "        x = bytearray(os.urandom(1)) * 10**8; time.sleep(60); os._exit(0)\n"
            "time.sleep(60)",
            limits=Limits(memory=400 * 1024**2),
        )
        assert kernel.reason.startswith("memory: ")

    def test_fork_bomb(self, run):
        said, kernel = run(
            "import os\nwhile True:\n    os.fork()", limits=Limits(processes=40, cpu=10), timeout=10, end=False
        )
        kernel.kill()
        kernel.wait(20)
        assert kernel.reason or "Error" in said

    def test_files(self, run):
        said, _ = run("open('/tmp/x', 'wb').write(bytes(40_000_000))", size=20_000_000)
        assert "No space left" in said

    def test_processor_time(self, run):
        _, kernel = run("while True: pass", limits=Limits(cpu=1.5))
        assert kernel.reason.startswith("processor time: ") or kernel.returncode in (-24, -9)

    def test_wall_time(self, run):
        _, kernel = run("import time; time.sleep(60)", limits=Limits(wall=2))
        assert kernel.reason.startswith("time: ")

    def test_a_limit_must_be_positive(self):
        with pytest.raises(ValueError, match="memory must be above 0, got 0"):
            Limits(memory=0)

    def test_every_limit_is_named(self):
        used = {"memory": 10**12, "threads": 10**6, "cpu": 10**6, "wall": 10**6}
        for name in used:
            said = exceeded(Limits(), **{other: value if other == name else 0 for other, value in used.items()})
            assert "allowed" in said
        assert exceeded(Limits(), 0, 0, 0, 0) == ""


class TestEnd:
    def test_a_kernel_that_ends_itself_is_noticed(self, run):
        _, kernel = run("import os; os._exit(3)", end=False)
        assert kernel.wait(20) == 3
        assert kernel.reason == ""

    def test_a_crash_is_noticed(self, run):
        _, kernel = run("import ctypes; ctypes.string_at(0)", end=False)
        assert kernel.wait(20) == -11

    def test_interrupt(self, server, run):
        _, kernel = run("x = 1", end=False)
        kernel.send_signal(2)
        assert kernel.poll() is None

    def test_what_it_started_ends_with_it(self, run):
        mark = f"sleeper-{os.getpid()}"
        _, kernel = run(
            f"import subprocess; subprocess.Popen(['sh', '-c', 'sleep 3000; : {mark}'], start_new_session=True)"
        )
        assert kernel.returncode is not None
        assert not _running(mark)

    def test_it_ends_with_the_grader(self, server, run):
        _, kernel = run("x = 1", end=False)
        pid = kernel_process(server)
        kernel._channel.close()  # as when the grader is killed
        _until(lambda: not Path(f"/proc/{pid}").exists())
        kernel.returncode = 0

    def test_it_ends_with_the_server(self):
        own = Server(["ipykernel.kernelapp"])
        kernel = own.launch(CONNECTION)
        assert kernel.started()
        pids = _descendants(own.pid)
        assert len(pids) == 2
        os.kill(own.pid, 9)
        _until(lambda: not any(_alive(pid) for pid in pids))
        assert kernel.wait(20) == -9
        assert "ended from outside" in kernel.reason
        assert not own.alive
        with pytest.raises(SandboxError, match="the server of the sandbox is gone"):
            own.launch(CONNECTION)
        own.close()

    def test_nothing_is_left_in_the_file_system(self, run):
        _, kernel = run("open('x', 'w').write('x')")
        assert not kernel._folder.exists()


class TestFilter:
    def test_it_is_well_formed(self):
        for machine in ("x86_64", "aarch64"):
            code = seccomp.program(machine)
            assert len(code) % 8 == 0
            instructions = [struct.unpack("<HBBI", code[at : at + 8]) for at in range(0, len(code), 8)]
            assert len(instructions) < 4096
            for at, (operation, true, false, _) in enumerate(instructions):
                assert operation == 0x06 or at + 1 + max(true, false) < len(instructions)
            assert instructions[-1][0] == 0x06  # it always ends in a verdict

    def test_other_machines_have_none(self):
        with pytest.raises(OSError, match="no list of system calls for riscv64"):
            seccomp.program("riscv64")


def test_outermost_keeps_no_folder_twice():
    assert outermost(["/a/b/c", "/a", "/ab", "/a"]) == ["/a", "/ab"]


def kernel_process(server):
    return _descendants(server.pid)[-1]


def _descendants(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in (child, *_descendants(child))]


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _running(mark):
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes())
        except OSError:
            continue
    return any(mark.encode() in line and b"sleep 3000" in line for line in found)


def _until(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
