"""What all tests share: a machine that is not disturbed, and real data where they are."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Set before numpy, torch or matplotlib are imported, and inherited by the worker processes and by notebooks. The
# workers already keep every core busy: more threads would only make them wait for each other.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ["MPLBACKEND"] = "Agg"
os.environ["KERAS_BACKEND"] = "torch"

GIGABYTES_PER_WORKER = 2.5  # a notebook may take 1.5, and the worker that runs it the rest


def pytest_xdist_auto_num_workers(config):
    """One worker a core, unless memory is short: a laptop of 8 GB may have 16 cores."""
    wanted = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    if wanted:
        return int(wanted)
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gigabytes = psutil.virtual_memory().available / 1e9
    return max(1, min(cores, int(gigabytes / GIGABYTES_PER_WORKER)))


def pytest_configure(config):
    # The learner's own progress must not see what tests try; workers inherit the folder from who starts them.
    if not hasattr(config, "workerinput"):
        config.stash[HOME] = os.environ["MLCOURSE_HOME"] = tempfile.mkdtemp(prefix="mlcourse-home-")


def pytest_unconfigure(config):
    if HOME in config.stash:
        shutil.rmtree(config.stash[HOME], ignore_errors=True)


HOME = pytest.StashKey[str]()


@pytest.fixture(autouse=True)
def _no_figures_left():
    """One test's open figure is not the failure of another that counts them."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the publishers' recordings; the test is skipped where ``MLCOURSE_DATA`` does not name one."""
    named = os.environ.get("MLCOURSE_DATA")
    if not named:
        pytest.skip("needs real recordings: MLCOURSE_DATA is not set")
    folder = Path(named).expanduser()
    if not folder.is_dir():
        pytest.skip(f"needs real recordings: MLCOURSE_DATA={named} is not a folder")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent
