"""Courses for tests: write one, hand work in, read the gradebook. Not a test itself."""

import functools
import os
import shutil
import sysconfig
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook, SubmittedAssignment

REPO = Path(__file__).resolve().parents[1]
SOURCE = REPO / "assignments" / "source"


def write_course(root: Path, *assignments: str) -> Path:
    """A course of its own, with the settings of the real one and some of its assignments."""
    (root / "source").mkdir(parents=True)
    shutil.copy(REPO / "assignments" / "nbgrader_config.py", root)
    (root / "gradebook.db").write_bytes(_empty_gradebook())
    for name in assignments:
        shutil.copytree(SOURCE / name, root / "source" / name)
    return root


@functools.cache
def _empty_gradebook() -> bytes:
    """A fresh gradebook, which nbgrader takes seconds to make."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
        Gradebook(f"sqlite:///{folder}/gradebook.db", "mlcourse").close()
        return (Path(folder) / "gradebook.db").read_bytes()


def hand_in(root: Path, student: str, assignment: str, answers: dict[str, str]) -> Path:
    """Hand in the released notebook with the given cells answered, as a learner would; return the file."""
    released = nbformat.read(root / "release" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in released.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    path = root / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(released, path)
    return path


def scores(root: Path, assignment: str, student: str) -> dict[str, tuple]:
    """From the gradebook: score by the machine, whether a person must read it, and points, by cell."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "mlcourse") as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {
            grade.name: (grade.auto_score, grade.needs_manual_grade, grade.max_score)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def all_scores(root: Path) -> dict[tuple, dict]:
    """Scores of every cell of everybody's every submission."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "mlcourse") as gradebook:
        found = [(sub.assignment.name, sub.student.id) for sub in gradebook.db.query(SubmittedAssignment).all()]
    return {place: scores(root, *place) for place in sorted(found)}
