"""Where the system gives this process no namespaces of its own, bubblewrap isolates kernels instead."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
    pytest.mark.xdist_group("sandbox"),
]

# Executes the notebooks of its argument as a user without rights, whom the system refuses namespaces.
SCRIPT = """
import json, sys
from mlcourse.grading.sandbox import bubblewrap, client, system
system.namespaces_work = lambda: "not today"
if why := bubblewrap.why_not():
    print(json.dumps({"why": why}))
    sys.exit()
from nbformat.v4 import new_code_cell, new_notebook
from mlcourse.grading.execution import execute, new_job
found = []
for cells, files, options in json.loads(sys.argv[1]):
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    result = execute(new_job(notebook, {name: text.encode() for name, text in files.items()}, **options))
    outputs = [[out.get("text", out.get("evalue")) for out in cell["outputs"]] for cell in result["cells"]]
    found.append({"outputs": outputs, "flags": result["flags"]})
import psutil
left = [process.name() for process in psutil.Process().children(recursive=True)]
print(json.dumps({"why": client.why_not(), "found": found, "left": left}))
"""


@pytest.fixture(scope="module")
def run():
    home = Path(tempfile.mkdtemp(prefix="mlcourse-home-"))  # one that another user reaches
    user = {"user": 54321, "group": 54321, "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        os.chown(home, 54321, 54321)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "OMP_NUM_THREADS": "1"}

    def run(*notebooks):
        command = [sys.executable, "-c", SCRIPT, json.dumps(notebooks)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", timeout=200, **user)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        if said["why"]:
            pytest.skip(said["why"])
        return said

    try:
        subprocess.run([sys.executable, "-c", "import mlcourse"], check=True, env=environment, cwd="/", **user)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("another user may not execute this Python")
    yield run
    shutil.rmtree(home)


def test_a_notebook_is_executed(run):
    said = run(
        [["print(open('given.csv').read())", "import numpy; print(numpy.arange(3).sum())"], {"given.csv": "1,2"}, {}]
    )
    assert said["found"] == [{"outputs": [["1,2\n"], ["3\n"]], "flags": []}]
    assert said["left"] == []


def test_it_is_alone(run):
    reach = "import os, socket\ntry:\n    {}\n    print('done')\nexcept OSError as error:\n    print('refused')"
    tried = [
        "socket.create_connection(('127.0.0.1', 22), 1)",
        "open('/etc/planted', 'w')",
        f"open({os.path.dirname(os.__file__)!r} + '/planted.py', 'w')",
        f"open({__file__!r})",
        "os.kill(1, 0) or os.mkdir('/planted')",
        "os.unshare(os.CLONE_NEWUSER) if hasattr(os, 'unshare') else open('/planted', 'w')",
        "open('/tmp/big', 'wb').write(bytes(10**8)) or open('/tmp/big2', 'wb').write(bytes(10**8))",
    ]
    [found] = run([[reach.format(one) for one in tried], {}, {}])["found"]
    assert found["outputs"] == [["refused\n"]] * len(tried)
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0o644)
        marker = file.name
        rights = "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])"
        [found] = run([[rights, f"import os; print(os.listdir('/home'), os.path.exists({marker!r}))"], {}, {}])["found"]
    assert found["outputs"] == [["0000000000000000\n"], ["['student'] False\n"]]


def test_limits_hold_and_earlier_cells_keep_their_points(run):
    fork = "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        {}time.sleep(60)\ntime.sleep(60)"
    grab, many = fork.format("held = bytearray(10**8); "), fork.format("")
    said = run(
        [["print(1)", "import os; os._exit(3)", "print(2)"], {}, {}],
        [["print(1)", "while True: pass", "print(2)"], {}, {"timeout": 1}],
        [["print(1)", grab], {}, {"limits": {"memory": 400}}],
        [["print(1)", many], {}, {"limits": {"processes": 20}}],
        [["print(1)", "open('/run/kernel/big', 'wb').write(bytes(5 * 10**6)); import time; time.sleep(60)"], {}, {}],
    )
    assert all(found["outputs"][0] == ["1\n"] for found in said["found"])
    died, late, memory, processes, sockets = (" ".join(found["flags"]) for found in said["found"])
    assert "the kernel ended with status 3" in died
    assert "stopped after 1 s" in late
    assert "memory: " in memory
    refused = " ".join(said["found"][3]["outputs"][1])  # the system counts as well, and may be first
    assert "processes: " in processes or "Resource temporarily unavailable" in refused
    assert "beside the kernel's sockets" in sockets
    assert said["left"] == []
