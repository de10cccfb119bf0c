"""Every command of README.md is run, in a copy of the project whose environment is the one that runs the tests."""

import functools
import hashlib
import http.server
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="runs the commands for Linux and macOS")

README = Path(__file__).resolve().parent.parent / "README.md"
OPENS_THE_COURSE = {"make lab", "python bootstrap.py lab"}
# What would take minutes, or a network, and what stands for it.
SHORTER = {
    "python tests/grading/attacks --stock": "python tests/grading/attacks 1 25",
    "python benchmarks/grading.py": "python benchmarks/grading.py --submissions 1 --assignment a01_sensing --no-stock",
    'pip install -c constraints.txt -e ".[cluster]"': "python -c 'import dask, distributed'",
}
NOT_COPIED = ".git", ".venv", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", ".ipynb_checkpoints"


def commands(text: str) -> list[str]:
    """Lines of the shell blocks, without comments."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


COMMANDS = commands(README.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def clone(root, tmp_path_factory):
    """The project as a clone has it, set up with the environment that is here already."""
    folder = tmp_path_factory.mktemp("readme") / "course"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for made in folder.glob("assignments/*"):
        if made.name not in ("source", "nbgrader_config.py"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    for made in folder.glob("datasets/*"):
        if made.suffix != ".md":
            shutil.rmtree(made) if made.is_dir() else made.unlink()

    scripts = folder / ".venv" / "bin"
    scripts.mkdir(parents=True)
    for name in ("python", "python3"):
        (scripts / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        (scripts / name).chmod(0o755)
    (scripts / "activate").write_text(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n")
    spec = importlib.util.spec_from_file_location("bootstrap_of_clone", folder / "bootstrap.py")
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    bootstrap.STAMP.write_text(bootstrap.fingerprint())
    return folder


@pytest.fixture(scope="module")
def publisher(clone):
    """In place of HAPT's publisher, a server on this machine with an archive of one file."""
    served = clone.parent / "served"
    served.mkdir()
    with zipfile.ZipFile(served / "hapt.zip", "w") as archive:
        archive.writestr("RawData/labels.txt", "1 1 5 250 1232\n")
    content = (served / "hapt.zip").read_bytes()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with (clone / "mlcourse/datasets/registry.py").open("a") as registry:
        registry.write(
            "\nimport dataclasses\n\nDATASETS['hapt'] = dataclasses.replace(\n    DATASETS['hapt'],\n"
            f"    address='http://127.0.0.1:{server.server_address[1]}/hapt.zip',\n"
            f"    sha256='{hashlib.sha256(content).hexdigest()}',\n    size={len(content)},\n)\n"
        )
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def environment(clone):
    """Home, data and path of a newcomer."""
    home = clone.parent / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{clone / '.venv/bin'}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(clone),  # the environment's own mlcourse is the original
        "OMP_NUM_THREADS": "1",
    }


class TestEveryCommand:
    def test_there_are_commands(self):
        assert {*OPENS_THE_COURSE, "make test", "mlcourse doctor"} <= set(COMMANDS)

    def test_commands_in_the_prose_are_among_them(self):
        """What the text calls by name, in `backticks`, is run as well."""
        prose = re.sub(r"^```.*?^```", "", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        spans = re.findall(r"`([^`\n]+)`", prose)
        named = [span for span in spans if re.match(r"(make|python3?|mlcourse|nbgrader|jupyter|pip|git) ", span)]
        assert [span for span in named if not any(command.startswith(span) for command in COMMANDS)] == []

    @pytest.mark.parametrize("command", sorted(OPENS_THE_COURSE))
    def test_the_course_opens_in_the_browser(self, command, clone, environment, tmp_path):
        browser = tmp_path / "browser"
        browser.write_text(
            f'#!/bin/sh\necho "$1" > {tmp_path}/opened.part && mv {tmp_path}/opened.part {tmp_path}/opened\n'
        )
        browser.chmod(0o755)
        log = (tmp_path / "log").open("w+")
        jupyter = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
        server = subprocess.Popen(
            command.split(),
            cwd=clone,
            env={**environment, **jupyter, "BROWSER": str(browser)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 120
            while not (tmp_path / "opened").exists():
                assert server.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
            # The browser is sent to a page that leads on to the course, with the token that it needs.
            page = (tmp_path / "opened").read_text().strip().removeprefix("file://")
            address = re.search(r"http://[^\"'<> ]+", Path(page).read_text()).group().replace("&amp;", "&")
            place, _, token = address.partition("?")
            assert place.endswith("/lab/tree/notebooks/00_welcome.ipynb")
            assert "<title>JupyterLab</title>" in _get(address).decode()
            base = place.removesuffix("/lab/tree/notebooks/00_welcome.ipynb")
            for path in ("notebooks/00_welcome.ipynb", "assignments/release/a01_sensing/a01_sensing.ipynb"):
                notebook = json.loads(_get(f"{base}/api/contents/{path}?{token}"))
                assert notebook["type"] == "notebook"
                assert notebook["content"]["cells"]
            # nbgrader's extensions find the course, and nobody is asked about news from the network.
            assignments = json.loads(_get(f"{base}/formgrader/api/assignments?{token}"))
            assert "a01_sensing" in {one["name"] for one in assignments}
            settings = _get(f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification?{token}")
            assert json.loads(settings)["schema"]["properties"]["fetchNews"]["default"] == "false"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
            log.close()

    def test_all_the_others_succeed(self, clone, environment, publisher):
        """In one shell, one after the other, as a reader would type them."""
        others = [SHORTER.get(command, command) for command in COMMANDS if command not in OPENS_THE_COURSE]
        told = "\n".join(f"echo '$ '{shlex.quote(command)}\n{command}" for command in others)
        # The whole suite would run itself: a part of it stands for the rest.
        environment = {**environment, "PYTEST_ADDOPTS": "-n 0 -p no:cacheprovider tests/cli/test_machine.py"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", told],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        assert len(re.findall(r"^\d+ passed", done.stdout, re.MULTILINE)) == sum(
            command in ("make test", "python bootstrap.py test") for command in others
        )
        assert "hapt is now here" in done.stdout
        assert "a01_sensing" in (clone / "grades.csv").read_text()
        assert (clone / "assignments/feedback/ada/a01_sensing/a01_sensing.html").is_file()


class TestWhatItSays:
    def test_files_and_folders_exist(self, root):
        text = README.read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
        assert links
        assert [link for link in links if not (root / link).exists()] == []

    def test_the_units_are_those_that_exist(self, root):
        rows = re.findall(
            r"^\| (\d\d) \| (.*?) \| (.*?) \| (.*?) \|$", README.read_text(encoding="utf-8"), re.MULTILINE
        )
        lectures = {name for row in rows for name in re.findall(r"`(\d\d_\w+)`", row[1])}
        labs = {name for row in rows for name in re.findall(r"`(a\d\d_\w+)`", row[2])}
        assert lectures == {path.stem for path in (root / "notebooks").glob("*.ipynb")}
        assert labs == {path.parent.name for path in (root / "assignments/source").glob("*/*.ipynb")}
        for row in rows:
            assert [part for part in re.findall(r"`([^`]+)`", row[3]) if not (root / "mlcourse" / part).exists()] == []

    def test_the_picture_can_be_made_anew(self, root, clone, environment):
        kept, made = root / "docs/stream.png", clone / "docs/stream.png"
        made.unlink()
        command = [sys.executable, "docs/stream.py"]
        subprocess.run(command, cwd=clone, env={**environment, "MPLCONFIGDIR": str(clone.parent)}, check=True)
        assert made.read_bytes()[16:24] == kept.read_bytes()[16:24]  # width and height

    def test_the_picture_is_small_and_described(self, root):
        (alt, path) = re.search(r"!\[([^\]]*)\]\(([^)]+)\)", README.read_text(encoding="utf-8")).groups()
        content = (root / path).read_bytes()
        assert content.startswith(b"\x89PNG")
        width, _ = struct.unpack(">II", content[16:24])
        assert width >= 800
        assert len(content) < 200_000
        assert len(alt) > 80


def _get(address: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    with opener.open(address, timeout=30) as answer:
        return answer.read()
