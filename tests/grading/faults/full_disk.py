"""Grade on a disk that is full: ``python full_disk.py COURSE PLACE KILOBYTES...``, PLACE being a small disk.

A copy of the course is put there. For each number, all but so many kilobytes are filled,
and the course is graded; then the disk is freed and it is graded again. Prints what was said and done, as JSON.
"""

import json
import os
import shutil
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import nbcourse  # noqa: E402
from faults.grader import Grader, halves  # noqa: E402


def fill(disk: Path, kilobytes: int) -> None:
    with open(disk / "filler", "wb") as file:
        state = os.statvfs(disk)
        file.write(b"\0" * (state.f_bavail * state.f_frsize - kilobytes * 1024))


def main(course: str, place: str, *kilobytes: str) -> None:
    disk = Path(place)
    told = []
    for left in kilobytes:
        here = disk / "course"
        shutil.copytree(course, here)
        fill(disk, int(left))
        grader = Grader(here)
        grader.report = Path(os.devnull)
        try:
            grader.start()
            said, status = grader.wait()
            (disk / "filler").unlink()
            broken = halves(here)
            grader.start()
            again, status_again = grader.wait()
            scores = [[*place, score] for place, score in nbcourse.all_scores(here).items()]
            told.append(
                {
                    "left": left, "said": said, "status": status, "broken": broken, "again": again,
                    "status_again": status_again, "scores": scores, "vanished": grader.vanish() == [],
                }
            )  # fmt: skip
        finally:
            grader.close()
        shutil.rmtree(here)
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
