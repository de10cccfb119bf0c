"""The set-up behind both commands, tried with a small project of its own and package indexes on this machine."""

import ast
import contextlib
import functools
import http.server
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

PYTHON = "cp{}{}".format(*sys.version_info[:2])
only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux asks the PyTorch CPU index")

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "mlcourse"
version = "0.1"
"""

# The smallest build backend: an editable install is a wheel with a .pth file that names the project's folder.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "mlcourse-0.1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("mlcourse.pth", str(pathlib.Path.cwd()))
        wheel.writestr("mlcourse-0.1.dist-info/METADATA",
                       "Metadata-Version: 2.1\\nName: mlcourse\\nVersion: 0.1\\nProvides-Extra: test\\n"
                       "Requires-Dist: torch\\n")
        wheel.writestr("mlcourse-0.1.dist-info/WHEEL",
                       "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("mlcourse-0.1.dist-info/RECORD", "")
    return name
"""


class Index:
    """A package index on this machine: pages for names, files, and a list of what was asked."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.asked = []
        asked = self.asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                asked.append(self.path)

        handler = functools.partial(Handler, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, name, version, tag="py3-none-any", *, broken=False):
        """Offer a wheel; a broken one is on the page only."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        wheel = f"{name}-{version}-{tag}.whl"
        if not broken:
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(folder / wheel, "w") as file:
                file.writestr(f"{name}/__init__.py", "")
                file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
                file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
                file.writestr(f"{info}/RECORD", "")
        with (folder / "index.html").open("a") as page:
            page.write(f'<a href="{wheel.replace("+", "%2B")}">{wheel}</a><br>\n')


@contextlib.contextmanager
def index(folder):
    made = Index(folder)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def cpu_index(tmp_path):
    with index(tmp_path / "cpu") as made:
        yield made


@pytest.fixture
def default_index(tmp_path, monkeypatch):
    """pip's own index, with a build of torch for CUDA; what is configured on this machine is out of the way."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    with index(tmp_path / "default") as made:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_INDEX_URL", made.url)
        made.add("torch", "2.13.0")
        yield made


@pytest.fixture
def project(root, tmp_path):
    """A copy of bootstrap.py with a project of its own around it, in a folder with a blank in its name."""
    folder = tmp_path / "my course"
    (folder / "mlcourse").mkdir(parents=True)
    shutil.copy(root / "bootstrap.py", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "constraints.txt").write_text("absl-py==2.0\ntorch==2.13.0\ntorchvision==1.0\n")
    (folder / "mlcourse" / "__main__.py").write_text("import os, sys\nprint('RUNS', sys.argv[1:], os.getcwd())\n")
    (folder / "pytest.py").write_text("import sys\nprint('TESTS', sys.argv[1:])\nsys.exit(5)\n")
    return folder


@pytest.fixture
def bootstrap(project):
    spec = importlib.util.spec_from_file_location("bootstrap_of_project", project / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def empty_venv(tmp_path_factory):
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def venv_python(empty_venv):
    """Python of an environment with pip and nothing else."""
    yield str(empty_venv / "bin" / "python")
    for path in empty_venv.glob("lib/*/site-packages/torch*"):
        shutil.rmtree(path)


def installed_torch(python):
    found = [path.name for path in Path(python).parents[1].glob("lib/*/site-packages/torch-*.dist-info")]
    return found[0].removeprefix("torch-").removesuffix(".dist-info") if found else None


def lines_of_explanation(text):
    return [line for line in text.splitlines() if line.startswith("The PyTorch CPU index")]


@only_linux
class TestWhichTorch:
    def test_takes_the_cpu_build_where_the_index_has_it(
        self, bootstrap, cpu_index, default_index, venv_python, monkeypatch, capfd
    ):
        cpu_index.add("torch", "2.13.0+cpu", f"{PYTHON}-{PYTHON}-linux_{platform.machine()}")
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", cpu_index.url)
        bootstrap.install_torch(venv_python)
        assert installed_torch(venv_python) == "2.13.0+cpu"
        assert default_index.asked == []
        assert lines_of_explanation(capfd.readouterr().out) == []

    def test_installs_nothing_twice(self, bootstrap, cpu_index, default_index, venv_python, monkeypatch):
        cpu_index.add("torch", "2.13.0+cpu", f"{PYTHON}-{PYTHON}-linux_{platform.machine()}")
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", cpu_index.url)
        bootstrap.install_torch(venv_python)
        asked = len(cpu_index.asked)
        bootstrap.install_torch(venv_python)
        assert len(cpu_index.asked) == asked

    @pytest.mark.parametrize("case", ["unreachable", "not found", "other version", "other machine", "silent"])
    def test_falls_back_with_one_line_of_explanation(
        self, case, bootstrap, cpu_index, default_index, venv_python, monkeypatch, capfd
    ):
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", cpu_index.url)
        reason = "has no torch 2.13.0"
        if case == "unreachable":
            monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", "http://127.0.0.1:9")
            reason = "could not be reached"
        elif case == "not found":
            reason = "answered 404"
        elif case == "other version":
            cpu_index.add("torch", "2.12.0+cpu", f"{PYTHON}-{PYTHON}-linux_{platform.machine()}")
        elif case == "other machine":
            cpu_index.add("torch", "2.13.0+cpu", f"{PYTHON}-{PYTHON}-linux_s390x")
        elif case == "silent":
            monkeypatch.setattr(bootstrap, "PROBE_SECONDS", 0.5)
            cpu_index.server.RequestHandlerClass = lambda *args: time.sleep(3)
            reason = "gave no answer"
        bootstrap.install_torch(venv_python)
        assert installed_torch(venv_python) == "2.13.0"
        (line,) = lines_of_explanation(capfd.readouterr().out)
        assert reason in line
        assert "CUDA" in line

    def test_pips_message_is_shown_when_the_download_breaks(
        self, bootstrap, cpu_index, default_index, venv_python, monkeypatch, capfd
    ):
        cpu_index.add("torch", "2.13.0+cpu", f"{PYTHON}-{PYTHON}-linux_{platform.machine()}", broken=True)
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", cpu_index.url)
        bootstrap.install_torch(venv_python)
        assert installed_torch(venv_python) == "2.13.0"
        told = capfd.readouterr()
        assert "404" in told.err
        assert len(lines_of_explanation(told.out)) == 1

    def test_ends_with_advice_when_there_is_no_torch_anywhere(
        self, bootstrap, cpu_index, default_index, venv_python, monkeypatch, capfd
    ):
        shutil.rmtree(default_index.folder / "torch")
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", "http://127.0.0.1:9")
        with pytest.raises(SystemExit, match="what pip said is above"):
            bootstrap.install_torch(venv_python)
        assert "No matching distribution found for torch==2.13.0" in capfd.readouterr().err


def run(project, *arguments, **options):
    command = [sys.executable, "bootstrap.py", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, **options)


@pytest.mark.skipif(os.name == "nt", reason="kills the set-up the way Ctrl-C and a closed terminal do on POSIX")
def test_the_first_call_sets_up_and_the_next_starts_at_once(project, default_index, tmp_path):
    script = project / "bootstrap.py"
    script.write_text(script.read_text().replace("https://download.pytorch.org/whl/cpu", "http://127.0.0.1:9"))
    stamp = project / ".venv" / "setup-complete"

    # A first try is cut short while pip works: an index that does not answer holds it there.
    with index(tmp_path / "stuck") as stuck:
        stuck.server.RequestHandlerClass = lambda *args: time.sleep(60)
        environment = {**os.environ, "PIP_INDEX_URL": stuck.url}
        first = subprocess.Popen([sys.executable, "bootstrap.py", "lab"], cwd=project, env=environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        for line in first.stdout:
            if line.startswith("The PyTorch CPU index"):
                break
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        first.stdout.close()
    assert not stamp.exists()

    # The next one notices, and starts over.
    second = run(project, "lab", "--no-browser")
    assert second.returncode == 0, second.stderr
    assert "incomplete" in second.stdout
    assert "The course is set up." in second.stdout
    assert f"RUNS ['lab', '--no-browser'] {project}" in second.stdout
    assert stamp.exists()

    # From now on there is nothing to do, whatever folder the call comes from, and exit codes are handed on.
    asked = len(default_index.asked)
    third = subprocess.run(
        [sys.executable, str(script), "test", "-k", "this or that"], cwd=tmp_path, capture_output=True, text=True
    )
    assert third.returncode == 5
    assert third.stdout == "TESTS ['-k', 'this or that']\n"
    assert len(default_index.asked) == asked

    # A changed pin is installed, into the environment that is there.
    made = (project / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    default_index.add("torch", "2.14.0")
    constraints = project / "constraints.txt"
    constraints.write_text(constraints.read_text().replace("torch==2.13.0", "torch==2.14.0"))
    fourth = run(project, "lab")
    assert fourth.returncode == 0, fourth.stderr
    assert installed_torch(project / ".venv" / "bin" / "python") == "2.14.0"
    assert (project / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made

    # A moved folder is set up anew, because its environment points to the old place.
    moved = project.rename(tmp_path / "elsewhere")
    assert "The course is set up." in run(moved, "lab").stdout


class TestClearErrors:
    def test_usage(self, project):
        for arguments in ([], ["install"]):
            done = run(project, *arguments)
            assert done.returncode == 1
            assert done.stderr.startswith("usage: python bootstrap.py lab")
        assert not (project / ".venv").exists()

    def test_an_old_python_can_read_the_script(self, root):
        ast.parse((root / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 7))

    def test_an_old_python_is_told_what_is_needed(self, bootstrap, monkeypatch):
        monkeypatch.setattr(sys, "version_info", (3, 9, 6, "final", 0))
        monkeypatch.setattr(platform, "python_version", lambda: "3.9.6")
        with pytest.raises(SystemExit) as caught:
            bootstrap.main(["lab"])
        assert "needs Python 3.11 or newer, and this is Python 3.9.6" in str(caught.value)
        assert "make lab PYTHON=" in str(caught.value)

    def test_machines_without_a_build_of_torch(self, bootstrap, monkeypatch):
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(platform, "machine", lambda: "x86_64")
        with pytest.raises(SystemExit, match="Intel processors"):
            bootstrap.main(["lab"])
        monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
        with pytest.raises(SystemExit, match="64-bit Python"):
            bootstrap.main(["lab"])

    def test_debian_without_venv(self, bootstrap, monkeypatch):
        monkeypatch.setitem(sys.modules, "ensurepip", None)
        with pytest.raises(SystemExit, match=r"'ensurepip' is missing(.|\n)*apt install python3\.\d+-venv"):
            bootstrap.set_up()
        assert not bootstrap.VENV.exists()

    def test_a_python_that_is_too_new_for_a_pin(self, bootstrap, monkeypatch):
        monkeypatch.setattr(bootstrap, "pip_succeeds", lambda *args: False)
        monkeypatch.setattr(sys, "version_info", (3, 19, 0, "final", 0))
        with pytest.raises(SystemExit, match=r"Python 3\.19 may be too new"):
            bootstrap.install("python", "torch")
