"""Keep what was executed, so that it is never executed twice and never lost.

One file for each submitted notebook, ``.mlcourse/results/ASSIGNMENT/STUDENT/NOTEBOOK.json`` in the course, written as
a whole or not at all. It names the job that it answers: another one, after a new submission or a changed test, replaces
it.
"""

import glob
import json
import os
from pathlib import Path

import psutil

_FIELDS = {"key": str, "cells": list, "files": dict, "flags": list}


class Results:
    """Results of a course.

    Parameters
    ----------
    root : path
        Root of the course.
    """

    def __init__(self, root: str | Path):
        self.folder = Path(root) / ".mlcourse" / "results"

    def path(self, assignment: str, student: str, notebook: str) -> Path:
        """Where the result for a notebook is kept."""
        return self.folder / assignment / student / f"{notebook}.json"

    def get(self, job: dict, assignment: str, student: str, notebook: str) -> dict | None:
        """The result of a job, or None if it was not executed, or its file is not whole."""
        try:
            result = json.loads(self.path(assignment, student, notebook).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        whole = isinstance(result, dict) and all(isinstance(result.get(name), kind) for name, kind in _FIELDS.items())
        return result if whole and result["key"] == job["key"] else None

    def flags(self, assignment: str, student: str, notebook: str) -> list[str]:
        """What was odd when a notebook was executed, in words."""
        return json.loads(self.path(assignment, student, notebook).read_bytes())["flags"]

    def put(self, result: dict, assignment: str, student: str, notebook: str) -> None:
        """Keep a result.

        Raises
        ------
        OSError
            If it cannot be written; what was there before is then still there.
        """
        _write(self.path(assignment, student, notebook), result)

    def graded(self, assignment: str, student: str) -> dict[str, str] | None:
        """Keys of the jobs whose results are in the gradebook, by notebook, or None."""
        try:
            return json.loads(self._mark(assignment, student).read_bytes())
        except (OSError, ValueError):
            return None

    def mark_graded(self, assignment: str, student: str, keys: dict[str, str]) -> None:
        """Note that the gradebook has the results of these jobs."""
        _write(self._mark(assignment, student), keys)

    def _mark(self, assignment: str, student: str) -> Path:
        return self.folder.parent / "graded" / assignment / f"{student}.json"


def _write(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):  # by a process that was killed
        if not psutil.pid_exists(int(left.suffixes[-2][1:])):
            left.unlink(missing_ok=True)
