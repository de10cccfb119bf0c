"""Grade one class through every door, and compare the points: all are to be equal.

Generated work as in `grading.py` is graded with ``mlcourse grade``, through a Dask cluster with two worker processes of
which one is killed when half of the class is done, and, for some people, with plain ``nbgrader autograde``, one by one.
Exits with status 1 if anybody's points differ.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grading
import nbcourse

from mlcourse.grading.releasing import release


def command(course: Path, *words: str, **more) -> subprocess.Popen:
    """Start a command in a course; what it says goes to a file there."""
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}
    with open(course / "log.txt", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *words], cwd=course, env=environment, stdout=log, stderr=subprocess.STDOUT, **more
        )


def finish(course: Path, process: subprocess.Popen) -> None:
    """Wait for a command, and stop if it failed."""
    if process.wait():
        sys.exit(f"It failed:\n{(course / 'log.txt').read_text()[-3000:]}")


def through_dask(course: Path, name: str, size: int) -> int:
    """Grade with a scheduler and two workers; return how many people had been graded when one worker was killed."""
    file = course / "scheduler.json"
    with contextlib.ExitStack() as ends:
        words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        helpers = [command(course, "distributed.cli.dask_scheduler", *words)]
        ends.callback(lambda: [helper.terminate() or helper.wait() for helper in helpers])
        while not file.exists():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        for _ in range(2):
            words = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            helpers.append(command(course, "distributed.cli.dask_worker", *words))
        running = command(course, "mlcourse", "grade", name, "--scheduler", address)
        while running.poll() is None and (done := graded(course)) < size // 2:
            time.sleep(0.1)
        if running.poll() is not None:
            sys.exit(f"It ended too early:\n{(course / 'log.txt').read_text()[-3000:]}")
        helpers[-1].send_signal(signal.SIGKILL)
        finish(course, running)
    return done


def graded(course: Path) -> int:
    """How many people have been graded."""
    return len(list((course / "autograded").glob("*")))


def main():
    """Print how many cells were compared for each door, and what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--sample", type=int, default=10, help="people graded with nbgrader autograde; default: 10")
    parser.add_argument("--assignment", default=grading.DEFAULT, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="who makes which mistake; default: 0")
    options = parser.parse_args()
    name, size = options.assignment, options.submissions
    if name not in grading.gates.ASSIGNMENTS:
        parser.error(f"no such assignment: {name}. There is: {', '.join(grading.gates.ASSIGNMENTS)}")
    if size < 2 or not 1 <= options.sample <= size:
        parser.error("--submissions must be at least 2, and --sample from 1 to as many")

    with tempfile.TemporaryDirectory(prefix="doors-") as folder:
        courses = {door: Path(folder) / door for door in ("pool", "dask", "plain")}
        nbcourse.write_course(courses["pool"], name)
        release([name], course=courses["pool"])
        kinds = grading.hand_in_class(courses["pool"], name, size, options.seed)
        print(f"{name}, {size} submissions: {dict(kinds)}")
        for door in ("dask", "plain"):
            shutil.copytree(courses["pool"], courses[door])

        finish(courses["pool"], command(courses["pool"], "mlcourse", "grade", name))
        done = through_dask(courses["dask"], name, size)
        sample = sorted(random.Random(options.seed).sample(range(size), options.sample))
        for number in sample:
            words = ["nbgrader", "autograde", name, f"--student=student{number:03}"]
            finish(courses["plain"], command(courses["plain"], *words))

        scores = {door: nbcourse.all_scores(course) for door, course in courses.items()}
    people = {"dask": size, "plain": len(sample)}
    told = {
        "dask": f"Dask, two workers, one killed when {done} of {size} were graded",
        "plain": "nbgrader autograde, one by one",
    }
    different = 0
    for door, other in ((door, scores[door]) for door in people):
        cells = [(who, cell) for who in other for cell in other[who]]
        wrong = [one for one in cells if other[one[0]][one[1]] != scores["pool"][one[0]].get(one[1])]
        missing = people[door] - len(other)
        different += len(wrong) + missing
        print(f"{told[door]}: {len(other)} people, {len(cells)} cells, {len(wrong)} differ, {missing} people missing")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
