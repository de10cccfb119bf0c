"""Set the course up and run it: ``python bootstrap.py lab`` or ``python bootstrap.py test``.

``lab`` opens the course in JupyterLab, ``test`` runs the test suite. What follows the word is handed on, as in
``python bootstrap.py lab --no-browser`` or ``python bootstrap.py test tests/cli``. The first call creates
``.venv`` and installs the pinned packages into it, with the CPU build of torch first; later calls find the stamp
that it left behind and start at once.

Standard library only, because nothing is installed yet; and readable by old Pythons, which are told to step aside.
"""

import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "setup-complete"  # written last: a set-up that was cut short leaves none,
BEGUN = VENV / "setup-begun"  # but leaves this, and is then made anew

OLDEST = (3, 11)
NEWEST = (3, 14)  # the newest with a build of every pinned package: for a hint when the set-up fails, not a limit
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 8

USAGE = """usage: python bootstrap.py lab [options of JupyterLab]
       python bootstrap.py test [options of pytest]"""


def main(arguments):
    if not arguments or arguments[0] not in ("lab", "test"):
        sys.exit(USAGE)
    check_machine()
    python = set_up()
    module = {"lab": ["mlcourse", "lab"], "test": ["pytest"]}[arguments[0]]
    become([python, "-m", *module, *arguments[1:]])


def check_machine():
    """Exit with one clear message where this Python or this processor cannot run the course."""
    if sys.version_info < OLDEST:
        names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
        newer = next((name for name in names if runs(name)), None)
        advice = "Install a newer one from python.org or from your system's packages, then name it: make lab PYTHON=..."
        if newer:
            advice = f"This machine has a newer one: make lab PYTHON={newer}, or without make: {newer} bootstrap.py lab"
        found = f"Python {platform.python_version()} ({sys.executable})"
        sys.exit(f"The course needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {found}.\n{advice}")
    if sys.maxsize < 2**32:
        sys.exit(f"torch has no builds for 32-bit Pythons, and {sys.executable} is one: install a 64-bit Python.")
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        sys.exit("torch has no builds for Macs with Intel processors any more: use Binder (see README.md).")


def runs(name):
    # Asking for the name alone is not enough: version managers put stand-ins for Pythons on the path that do not run.
    return shutil.which(name) and subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0


def set_up():
    """Make ``.venv`` what the project's files ask for, unless it is already; return the path of its Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = fingerprint()
    if python.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return str(python)

    if not usable(python):
        create_venv()
    STAMP.unlink(missing_ok=True)
    BEGUN.touch()
    say("Installing the pinned packages into .venv: the first time takes minutes and 2 GB of disk.")
    install_torch(str(python))
    install(str(python), "--constraint", "constraints.txt", "--editable", ".[test]")
    STAMP.write_text(wanted, encoding="utf-8")
    BEGUN.unlink()
    say("The course is set up.")
    return str(python)


def fingerprint():
    """Hash of everything that the set-up depends on: what is installed, by which Python, and where to."""
    parts = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "constraints.txt")]
    parts += [python_version(), str(ROOT)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def python_version():
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def usable(python):
    """Whether ``.venv`` can be installed into: not left half made, runs, is of this Python's version, has pip."""
    if BEGUN.exists() or not python.exists():
        return False
    probe = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([str(python), "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return answer.returncode == 0 and answer.stdout.decode().strip() == python_version()


def create_venv():
    if Path(sys.prefix).resolve() == VENV.resolve():
        sys.exit("The environment in .venv has to be made anew: leave it (deactivate), then run this again.")
    if VENV.exists():
        say("The environment in .venv is incomplete, or was made by another Python: making it anew.")
        shutil.rmtree(str(VENV))
    say(f"Creating .venv with Python {platform.python_version()} ({sys.executable}).")
    # Debian and its kin put ensurepip in a package of its own, and venv then fails halfway with a longer story.
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        sys.exit(
            f"This Python cannot make virtual environments: its module {error.name!r} is missing.\n"
            f"On Debian and Ubuntu: sudo apt install python{python_version()}-venv. Elsewhere: install Python from "
            "python.org. Then run this again."
        )
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit(f"Could not create {VENV}: see the message above. Is the disk full, or the folder read-only?")


def install_torch(python):
    """Install the pinned torch, in its CPU build wherever pip's default index may offer only builds for CUDA.

    That is on Linux: for macOS and Windows the default index has CPU builds.
    """
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    version = re.search(r"^torch==([^\s;+]+)", constraints, re.MULTILINE).group(1)
    if subprocess.call([python, "-c", HAS_TORCH, version]) == 0:
        return
    if sys.platform.startswith("linux"):
        problem = problem_of_cpu_index(version)
        if problem is None:
            # --no-deps: that index has what torch depends on as well, but not in the pinned versions.
            if pip_succeeds(python, "--no-deps", "--index-url", TORCH_CPU_INDEX, f"torch=={version}"):
                return
            problem = "failed, as pip says above"
        say(
            f"The PyTorch CPU index {TORCH_CPU_INDEX} {problem}: "
            f"taking torch {version} from pip's own indexes, where it may be a CUDA build of several GB."
        )
    install(python, "--no-deps", f"torch=={version}")


HAS_TORCH = """
import sys
from importlib.metadata import PackageNotFoundError, version
try:
    sys.exit(version("torch").split("+")[0] != sys.argv[1])
except PackageNotFoundError:
    sys.exit(1)
"""


def problem_of_cpu_index(version):
    """What keeps the PyTorch CPU index from serving this machine, in words; None if nothing does.

    pip finds out too, but only after minutes of retries where a firewall swallows the packets.
    """
    answers = []

    def ask():
        try:
            with urllib.request.urlopen(f"{TORCH_CPU_INDEX}/torch/", timeout=PROBE_SECONDS) as page:
                answers.append(page.read().decode("utf-8", "replace"))
        except Exception as error:
            answers.append(error)

    # In a thread, since urlopen's time limit covers neither the look-up of the name nor a page that trickles in.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    # Both time limits may strike at the same moment: whichever is first, it is the same silence.
    answer = answers[0] if answers else TimeoutError()
    if isinstance(getattr(answer, "reason", answer), TimeoutError):
        return f"gave no answer within {PROBE_SECONDS} s"
    if isinstance(answer, urllib.error.HTTPError):
        return f"answered {answer.code} {answer.reason}"
    if isinstance(answer, Exception):
        return f"could not be reached ({getattr(answer, 'reason', answer)})"
    python, machine = "cp{}{}".format(*sys.version_info[:2]), platform.machine()
    wheel = rf"torch-{re.escape(version)}(\+|%2B)cpu-{python}-{python}-[^\"'<>#]*linux[^\"'<>#]*_{machine}\.whl"
    if not re.search(wheel, answer, re.IGNORECASE):
        return f"has no torch {version} for Python {python_version()} on {machine}"
    return None


def pip_succeeds(python, *arguments):
    # Constraints of isolated builds come in through the environment, where pip splits at blanks: hence relative.
    environment = dict(os.environ, PIP_BUILD_CONSTRAINT="constraints.txt", PIP_DISABLE_PIP_VERSION_CHECK="1")
    return subprocess.call([python, "-m", "pip", "install", *arguments], cwd=str(ROOT), env=environment) == 0


def install(python, *arguments):
    if not pip_succeeds(python, *arguments):
        advice = "Look at the network and the disk, then run this again."
        if sys.version_info[:2] > NEWEST:
            advice = f"Python {python_version()} may be too new for a pinned package: try Python 3.{NEWEST[1]}."
        sys.exit(f"The set-up failed: what pip said is above. {advice}")


def say(text):
    print(text, flush=True)


def become(command):
    """Run the command in the project's folder in place of this script, so that Ctrl-C reaches it alone."""
    os.chdir(str(ROOT))
    if os.name == "nt":  # no real exec there
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
