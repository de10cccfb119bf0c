"""How long a class takes to grade: stock nbgrader beside ``mlcourse grade``, and whether the grades are the same.

Hands in the work of generated classes - right, wrong (planted solutions from ``tests/assignments``), raising and slow -
and grades each class twice in one run: with ``nbgrader autograde`` as it comes (no setting but the time limit of a
cell), and with ``mlcourse grade``. Then compares every cell's points in both gradebooks, and says what the cells
themselves take where everything is imported already: no way of grading with as many workers can be faster than that.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import nbformat
import psutil

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "tests"), str(REPO / "tests" / "assignments")]

import assignment_gates as gates  # noqa: E402
import nbcourse  # noqa: E402

from mlcourse.grading import execution  # noqa: E402
from mlcourse.grading.course import Course  # noqa: E402
from mlcourse.grading.releasing import release  # noqa: E402
from mlcourse.grading.sandbox import provisioner  # noqa: E402
from mlcourse.grading.sandbox.client import MODULES  # noqa: E402
from mlcourse.grading.sanitizing import Sanitizer  # noqa: E402

DEFAULT = "a06_profiling"  # imports torch, and asks for little but thought
KINDS = ("right", "right", "wrong", "wrong", "partly", "raising", "slow")
CLOCK = "import time; print(time.process_time())"
SLOW = 1.0  # seconds that a slow answer needs on top, on the processor
STOCK = """c = get_config()
c.CourseDirectory.course_id = "mlcourse"
c.ExecutePreprocessor.timeout = 180
"""


def answers(kind: str, assignment: gates.Assignment, plants: dict, rng: random.Random) -> dict[str, str]:
    """What somebody wrote into the solution cells."""
    found = gates.right_answers(assignment)
    exercises = sorted(plants)
    for exercise in rng.sample(exercises, rng.randint(1, len(exercises))):
        wrong = [plant for plant in plants[exercise] if plant.earned == 0]
        partly = [plant for plant in plants[exercise] if plant.earned]
        if kind == "wrong":
            found[exercise] = rng.choice(wrong).code
        elif kind == "partly" and partly:
            found[exercise] = rng.choice(partly).code
        elif kind == "raising":
            found[exercise] = f"raise RuntimeError('no idea how to do {exercise}')"
    if kind == "slow":
        exercise = rng.choice(exercises)
        found[exercise] += (
            "\nimport time as _time\n_until = _time.process_time() + "
            f"{SLOW}\nwhile _time.process_time() < _until:\n    pass"
        )
    return found


def hand_in_class(root: Path, name: str, size: int, seed: int) -> Counter:
    """Hand in the work of `size` people; return how many there are of each kind."""
    rng = random.Random(seed)
    assignment, plants = gates.Assignment.read(name), gates.plants_of(name)
    plants = {exercise: [one for one in some if _ends(one.code)] for exercise, some in plants.items()}
    kinds = Counter()
    for number in range(size):
        kind = KINDS[number % len(KINDS)]
        kinds[kind] += 1
        nbcourse.hand_in(root, f"student{number:03}", name, answers(kind, assignment, plants, rng))
    return kinds


def _ends(code: str) -> bool:
    """Whether a planted solution may be handed in here: not one that takes as long as it is allowed to."""
    return "while True" not in code


class PeakMemory(threading.Thread):
    """Looks at a process and all below it: proportional set size, so that shared pages count once.

    Not often, since looking takes the time of a core that grading in parallel would use.
    """

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()

    def run(self):
        """Sample until told to stop."""
        while not self.ended.wait(2):
            try:
                root = psutil.Process(self.pid)
                self.peak = max(self.peak, sum(map(_memory, [root, *root.children(recursive=True)])))
            except psutil.NoSuchProcess:
                return


def _memory(process: psutil.Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        try:
            return process.memory_info().rss
        except psutil.Error:
            return 0


def timed(root: Path, *command: str) -> dict:
    """Run a command in a course; return seconds and peak memory (bytes)."""
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}
    began = time.monotonic()
    with open(root / "log.txt", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        watch = PeakMemory(process.pid)
        watch.start()
        status = process.wait()
        seconds = time.monotonic() - began
        watch.ended.set()
        watch.join()
    if status:
        sys.exit(f"{' '.join(command)} ended with status {status}:\n{(root / 'log.txt').read_text()[-3000:]}")
    return {"seconds": seconds, "memory": watch.peak}


def seconds_of_cells(root: Path, name: str, students: int) -> float:
    """Mean processor time (s) of the cells of the first students, in a kernel that has imported everything."""
    sanitizer = Sanitizer(Course.open(root), name)
    clock = execution.new_job(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CLOCK)]), {})["cells"]
    provisioner.preload(MODULES)
    taken = []
    for number in range(students):
        job = sanitizer.job(f"student{number:03}", name)
        cells = execution.execute({**job, "cells": clock + job["cells"] + clock})["cells"]
        before, after = (float("".join(out["text"] for out in cell["outputs"])) for cell in (cells[0], cells[-1]))
        taken.append(after - before)
    provisioner.close_server()
    return statistics.mean(taken)


def measure(name: str, size: int, options, folder: Path) -> dict:
    """Grade one class in both ways."""
    ours, stock = folder / "ours", folder / "stock"
    nbcourse.write_course(ours, name)
    release([name], course=ours)
    kinds = hand_in_class(ours, name, size, options.seed)
    found = {"assignment": name, "submissions": size, "kinds": dict(kinds), "different": None}
    if not options.no_stock:
        shutil.copytree(ours, stock)
        (stock / "nbgrader_config.py").write_text(STOCK)
        found["stock"] = timed(stock, "nbgrader", "autograde", name)
    found["ours"] = timed(ours, "mlcourse", "grade", name, "--jobs", str(options.jobs))
    found["cells_s"] = seconds_of_cells(ours, name, min(size, len(KINDS)))
    if not options.no_stock:
        mine, theirs = nbcourse.all_scores(ours), nbcourse.all_scores(stock)
        assert len(mine) == size, f"{len(mine)} of {size} submissions are in the gradebook"
        found["cells"] = sum(map(len, mine.values()))
        found["different"] = sorted(
            f"{student}: {cell}, {cells[cell]} instead of {theirs.get((name, student), {}).get(cell)}"
            for (_, student), cells in mine.items()
            for cell in cells
            if cells[cell] != theirs.get((name, student), {}).get(cell)
        )
    return found


def row(found: dict, jobs: int) -> str:
    """One line of the table for each way."""
    lines, size = [], found["submissions"]
    for way in ("stock", "ours"):
        if way in found:
            one = found[way]
            ratio = f"{found['stock']['seconds'] / one['seconds']:6.1f}" if "stock" in found else "     -"
            lines.append(
                f"{found['assignment']:<20} {size:>5} {way:<6} {one['seconds']:>8.1f} {one['seconds'] / size:>8.2f}"
                f" {one['memory'] / 1e6:>8.0f} {ratio}"
            )
    least = found["cells_s"] * size / jobs
    bound = f": at most {found['stock']['seconds'] / least:.1f} times as fast" if "stock" in found else ""
    lines.append(f"{'':<20} cells alone {found['cells_s']:.2f} s each, {least:.1f} s in all with {jobs} workers{bound}")
    if found["different"] is not None:
        lines.append(f"{'':<20} {found['cells']} cells compared, {len(found['different'])} with different points")
        lines += [f"{'':<20}   {one}" for one in found["different"]]
    return "\n".join(lines)


def main():
    """Print the table as it grows; write the figures to a file if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, nargs="+", default=[20, 100, 300], help="default: 20 100 300")
    parser.add_argument("--assignment", nargs="+", default=[DEFAULT], help=f"default: {DEFAULT}; `all` for every one")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at once by mlcourse; default: 2")
    parser.add_argument("--no-stock", action="store_true", help="leave stock nbgrader out")
    parser.add_argument("--seed", type=int, default=0, help="who makes which mistake; default: 0")
    parser.add_argument("--to", type=Path, help="write the figures to this file, as JSON")
    options = parser.parse_args()
    names = gates.ASSIGNMENTS if options.assignment == ["all"] else options.assignment
    if unknown := set(names) - set(gates.ASSIGNMENTS):
        parser.error(f"no such assignment: {', '.join(unknown)}. There is: {', '.join(gates.ASSIGNMENTS)}")
    if min(options.submissions) < 1 or options.jobs < 1:
        parser.error("--submissions and --jobs must be at least 1")

    print(f"{'assignment':<20} {'class':>5} {'way':<6} {'s':>8} {'s each':>8} {'peak MB':>8}  ratio")
    results = []
    for name in names:
        for size in options.submissions:
            with tempfile.TemporaryDirectory(prefix="grading-") as folder:
                results.append(measure(name, size, options, Path(folder)))
            print(row(results[-1], options.jobs), flush=True)
            if options.to:
                options.to.write_text(json.dumps(results, indent=1) + "\n")
    if any(found["different"] for found in results):
        sys.exit("Some points differ.")


if __name__ == "__main__":
    main()
