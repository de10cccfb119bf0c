"""What ``mlcourse doctor`` finds: how things are, what that means for the course, and what to do about it.

Each function looks at one topic and takes the facts as arguments, so that it can be tried with any machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .machine import Machine
from .pins import Comparison, compare_with_installed, read_pins
from .terminal import size

GB = 1e9
NOTEBOOK_MEMORY = 1.5 * GB  # what a lecture or an assignment may take
SLOW_GFLOPS = 15  # one core of a laptop of the last ten years does 50 to 100

SET_UP_AGAIN = "Run `make lab` (or `python bootstrap.py lab`) in the course's folder: it installs what is pinned."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    topic : str
    state : str
        "ok"; "note", which is good to know; "slow", which will cost time; "broken", which stops something.
    found : str
        How it is.
    advice : str
        What to do about it; never empty for "slow" and "broken".
    """

    topic: str
    state: str
    found: str
    advice: str = ""


def examine(machine: Machine, root: Path | None) -> list[Finding]:
    """Everything there is to say about this machine and the course in `root` (None where no course was found)."""
    from mlcourse.datasets.registry import DATASETS, status

    findings = [python_found(), *packages_found(root), torch_found(), keras_found(os.environ.get("KERAS_BACKEND", ""))]
    findings += [memory_found(machine), cores_found(machine), instruction_sets_found(machine)]
    findings += course_found(root)
    findings += data_found(map(status, DATASETS), os.environ.get("MLCOURSE_DATA"))
    return findings


def python_found() -> Finding:
    """Which Python runs, and in which environment."""
    version = sys.version.split()[0]
    if sys.prefix == sys.base_prefix and not os.environ.get("CONDA_PREFIX"):
        return Finding(
            "Python",
            "note",
            f"{version} in {sys.prefix}, which is not an environment of the course's own",
            "Installing other things into it may change what the course needs. `make lab` keeps its own in .venv.",
        )
    return Finding("Python", "ok", f"{version} in {sys.prefix}")


def packages_found(root: Path | None) -> list[Finding]:
    """What is installed, against the pinned versions."""
    constraints = root / "constraints.txt" if root else None
    if constraints is None or not constraints.is_file():
        text = "no constraints.txt found, so the versions were not compared"
        return [Finding("Packages", "note", text, "Run this command in the course's folder.")]
    return compared(compare_with_installed(read_pins(constraints.read_text(encoding="utf-8"))))


def compared(comparison: Comparison) -> list[Finding]:
    """Findings on packages: the missing, those of another version, the others."""
    findings = []
    if comparison.missing:
        names = ", ".join(comparison.missing)
        findings.append(Finding("Packages", "broken", f"not installed: {names}", SET_UP_AGAIN))
    if comparison.differing:
        names = ", ".join(f"{name} {has} (pinned: {pinned})" for name, has, pinned in comparison.differing)
        findings.append(Finding("Packages", "note", f"other versions than the pinned ones: {names}", SET_UP_AGAIN))
    state = "ok" if comparison.agreeing else "broken"
    count = f"{len(comparison.agreeing)} packages installed in the pinned versions"
    findings.append(Finding("Packages", state, count, "" if comparison.agreeing else SET_UP_AGAIN))
    return findings


# Best of five products of two matrices, in billions of operations a second.
_TRY_TORCH = """
import time, torch
matrix, times = torch.rand(768, 768), []
for _ in range(6):
    begin = time.perf_counter()
    matrix @ matrix
    times.append(time.perf_counter() - begin)
print(torch.__version__, torch.backends.cpu.get_cpu_capability(), 2 * 768**3 / min(times[1:]) / 1e9)
"""


def torch_found(python: str = sys.executable) -> Finding:
    """Whether torch can be imported, which build it is, and how fast it computes; in a process of its own."""
    try:
        done = subprocess.run([python, "-c", _TRY_TORCH], capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return Finding("torch", "slow", "took more than two minutes to import", "Is the disk slow, or a network drive?")
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"]
        return Finding("torch", "broken", f"cannot be imported: {lines[-1]}", SET_UP_AGAIN)
    version, capability, speed = done.stdout.split()[-3:]
    found = f"{version} multiplies matrices at {float(speed):.0f} GFLOP/s with {capability}"
    if float(speed) < SLOW_GFLOPS:
        advice = "Expect networks to take several times longer than the lectures say; close what else computes."
        return Finding("torch", "slow", found, advice)
    if "+cu" in version:
        advice = "The course needs the CPU build only: delete .venv and set it up anew to save several GB of disk."
        return Finding("torch", "note", f"{found}; it is a build for CUDA", advice)
    return Finding("torch", "ok", found)


def keras_found(backend: str) -> Finding:
    """Which backend Keras will take."""
    if backend == "torch":
        return Finding("Keras", "ok", "runs on torch")
    return Finding(
        "Keras",
        "broken",
        f"KERAS_BACKEND={backend} is set, and the course's networks run on torch",
        "Set KERAS_BACKEND to torch, or unset it, before JupyterLab is started.",
    )


def memory_found(machine: Machine) -> Finding:
    """Whether memory is enough for a notebook."""
    found = f"{size(machine.memory_free)} free of {size(machine.memory)}"
    need = f"a notebook takes up to {size(NOTEBOOK_MEMORY)}"
    if machine.memory < NOTEBOOK_MEMORY:
        return Finding("Memory", "broken", f"{found}; {need}", "Use a machine with at least 2 GB, or Binder.")
    if machine.memory_free < NOTEBOOK_MEMORY:
        advice = "Close other programs; in JupyterLab shut down notebooks that you are done with (Running tab)."
        return Finding("Memory", "slow", f"{found}; {need}", advice)
    if machine.memory_free < 2 * NOTEBOOK_MEMORY:
        return Finding("Memory", "note", f"{found}; {need}", "Keep one notebook open at a time.")
    return Finding("Memory", "ok", found)


def cores_found(machine: Machine) -> Finding:
    """How many cores there are, and whether programs will start more threads than those."""
    if machine.is_limited:
        whole = max(1, int(machine.cores))
        return Finding(
            "Cores",
            "slow",
            f"{machine.cores:g} usable of {machine.cores_visible} visible: numerical code starts too many threads, "
            "which then wait for each other",
            f"Set OMP_NUM_THREADS={whole} before JupyterLab is started.",
        )
    if machine.cores < 2:
        return Finding(
            "Cores",
            "slow",
            "1: cross-validation and the test suite take about twice as long as on two cores",
            "Ask for fewer folds while you try things out: evaluate(..., n_splits=3).",
        )
    return Finding("Cores", "ok", f"{machine.cores:g}")


def instruction_sets_found(machine: Machine) -> Finding:
    """Whether numerical code finds the vector instructions that it is built for."""
    sets = machine.instruction_sets
    if not sets:
        advice = "Nothing to do; timings on this machine tell less about others."
        return Finding("Instruction sets", "note", "this system does not say which it has", advice)
    found = ", ".join(sets)
    if "NEON" in sets or "AVX2" in sets:
        return Finding("Instruction sets", "ok", found)
    return Finding(
        "Instruction sets",
        "slow",
        f"{found}; no AVX2, so that torch and numpy compute several times slower than timings in the lectures",
        "Nothing to do on a processor from before 2013; in a virtual machine, hand the host's processor type through.",
    )


def course_found(root: Path | None) -> list[Finding]:
    """Whether the course's folder is there, its student releases are made, and its disk has room."""
    if root is None:
        advice = "Run this command in the course's folder."
        return [Finding("Course", "note", "no course around the working directory", advice)]
    from mlcourse.grading.course import sources

    assignments = sources(root / "assignments")
    missing = [name for name in assignments if not any((root / "assignments/release" / name).glob("*.ipynb"))]
    if missing:
        text = f"{root}; not released yet: {', '.join(missing)}"
        findings = [Finding("Course", "note", text, "Run `mlcourse release --all`; `make lab` does it, too.")]
    else:
        findings = [Finding("Course", "ok", f"{root}, with {len(assignments)} assignments released")]
    free = shutil.disk_usage(root).free
    if free < GB:
        advice = "Make room: data sets take up to 0.4 GB each, and grading writes copies of every notebook."
        findings.append(Finding("Disk", "broken" if free < GB / 10 else "slow", f"{size(free)} free", advice))
    else:
        findings.append(Finding("Disk", "ok", f"{size(free)} free"))
    return findings


def data_found(statuses: Iterable, named: str | None) -> list[Finding]:
    """Which data sets are present and where.

    Parameters
    ----------
    statuses : iterable of mlcourse.datasets.registry.Status
    named : str or None
        Value of ``MLCOURSE_DATA``.
    """
    findings = []
    if named and not Path(named).expanduser().is_dir():
        findings.append(
            Finding(
                "Data",
                "broken",
                f"MLCOURSE_DATA={named} is not a folder, so nothing is found there",
                "Correct the variable or unset it: data sets are then fetched into your own cache.",
            )
        )
    for status in statuses:
        if status.present:
            findings.append(Finding(f"Data: {status.name}", "ok", str(status.path)))
        else:
            advice = f"`mlcourse data fetch {status.name}` gets it. Lectures run without, on simulated data."
            download = f", a download of {size(status.size)}" if status.size else ""
            findings.append(Finding(f"Data: {status.name}", "note", f"not here{download}", advice))
    return findings
