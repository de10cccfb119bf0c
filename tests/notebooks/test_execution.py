"""Every notebook runs offline, within 3 minutes and 1.5 GB, on simulated and on real recordings."""

import os
import re
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

REPO = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((REPO / "notebooks").glob("*.ipynb")) + sorted((REPO / "assignments" / "source").glob("*/*.ipynb"))
MOST_SECONDS = 180
MOST_BYTES = 1.5e9

# Found by every Python process below the kernel, and run before anything else.
OFFLINE = """
import socket

def _refuse(*args, **options):
    raise OSError("no network in this test: a notebook must run offline")

def _local(address):
    return not isinstance(address, tuple) or address[0] in ("127.0.0.1", "localhost", "::1", "")

def _guard(method):
    def guarded(self, address, *args):
        return method(self, address, *args) if _local(address) else _refuse()
    return guarded

class _Socket(socket.socket):
    connect = _guard(socket.socket.connect)
    connect_ex = _guard(socket.socket.connect_ex)

_look_up = socket.getaddrinfo
socket.socket = _Socket
socket.getaddrinfo = lambda host, *args, **options: (_look_up if _local((host,)) else _refuse)(host, *args, **options)
"""


class Watch(threading.Thread):
    """Measure the memory of a process and its children, ten times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = None, 0, threading.Event()

    def run(self):
        while not self.done.wait(0.1):
            if self.pid:
                self.peak = max(self.peak, self._memory())

    def _memory(self):
        total = 0
        try:
            process = psutil.Process(self.pid)
            for one in (process, *process.children(recursive=True)):
                total += one.memory_info().rss
        except psutil.Error:
            pass
        return total


def execute(notebook, folder: Path, environment: dict) -> tuple[float, int]:
    """Execute a notebook; return seconds and peak bytes. An error in a cell fails the test."""
    client = NotebookClient(
        notebook, timeout=MOST_SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    watch = Watch()
    client.on_notebook_start = lambda **_: setattr(watch, "pid", client.km.provisioner.process.pid)
    watch.start()
    began = time.monotonic()
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        pytest.fail(re.sub(r"\x1b\[[0-9;]*m", "", str(error)), pytrace=False)
    finally:
        watch.done.set()
        watch.join()
    return time.monotonic() - began, watch.peak


@pytest.fixture
def offline(tmp_path):
    """An environment without network, without recordings, and with a home of its own."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(OFFLINE)
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MLCOURSE_DATA", "NBGRADER_EXECUTION")
    }
    own = {"HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "IPYTHONDIR", "MPLCONFIGDIR", "MLCOURSE_HOME", "LOCALAPPDATA"}
    environment |= {name: str(tmp_path / name.lower()) for name in own}
    # Freed memory is kept for the next array: where a virtual machine has to ask its host for each page anew, a lecture
    # that trains a network took three times as long.
    environment |= {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(tmp_path / "guard"), os.environ.get("PYTHONPATH")]))
    return environment


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in NOTEBOOKS])
@pytest.mark.parametrize("recordings", ["simulated", "real"])
def test_runs_offline_in_time_and_memory(path, recordings, offline, request, record_property):
    if recordings == "real":
        offline["MLCOURSE_DATA"] = str(request.getfixturevalue("real_data"))
    notebook = nbformat.read(path, as_version=4)
    seconds, peak = execute(notebook, path.parent, offline)
    record_property("seconds", round(seconds, 1))
    record_property("megabytes", round(peak / 1e6))
    print(f"{path.stem} ({recordings}): {seconds:.1f} s, {peak / 1e6:.0f} MB")
    assert seconds < MOST_SECONDS
    assert 10e6 < peak < MOST_BYTES
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert "image/png" not in output.get("data", {}), f"a figure without alternative text: {cell.source[:80]}"


def test_the_guards_hold(offline, tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "import urllib.request\n"
                "for address in ('http://example.org', 'http://192.0.2.1'):\n"
                "    try:\n"
                "        urllib.request.urlopen(address, timeout=2)\n"
                "    except OSError as error:\n"
                "        assert 'must run offline' in str(error), error\n"
                "    else:\n"
                "        raise AssertionError('the network was reached')"
            ),
            nbformat.v4.new_code_cell("import time\nheld = bytearray(300_000_000)\ntime.sleep(0.5)"),
        ]
    )
    seconds, peak = execute(notebook, tmp_path, offline)
    assert seconds > 0.5
    assert 300e6 < peak < 600e6
