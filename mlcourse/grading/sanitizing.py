"""Sanitise submissions ahead of nbgrader, with nbgrader's own preprocessors, to know what will be executed."""

import os
from pathlib import Path

import nbformat

from .course import Course
from .jobs import make_job


class Sanitizer:
    """Makes jobs of the submissions of an assignment; only reads from the gradebook.

    Parameters
    ----------
    course : Course
    assignment : str

    Attributes
    ----------
    notebooks : list of str
        Names of the assignment's notebooks.
    """

    def __init__(self, course: Course, assignment: str):
        from nbgrader.converters import Autograde

        from .preprocessors import Execute

        self.assignment = assignment
        self.coursedir = course.api.coursedir
        with course.gradebook() as gradebook:
            self.notebooks = sorted(notebook.name for notebook in gradebook.find_assignment(assignment).notebooks)
        self._app = Autograde(coursedir=self.coursedir, parent=course.api)
        self._app.exporter = self._app.exporter_class(parent=self._app, config=self._app.config)
        self._app._init_preprocessors()  # those that sanitise: it starts with them
        self._settings = Execute(parent=self._app.exporter).settings()

    def job(self, student: str, notebook: str) -> dict:
        """Describe the execution of one person's notebook, whatever state it is in."""
        folder = self._app._format_source(self.assignment, student)
        path = os.path.join(folder, f"{notebook}.ipynb")
        resources = self._app.init_single_notebook_resources(path)
        before = Path.cwd()
        os.chdir(self.coursedir.root)
        try:
            text, _ = self._app.exporter.from_filename(path, resources)
        finally:
            os.chdir(before)
        sanitized = nbformat.reads(text, as_version=4)
        return make_job(sanitized, self.coursedir, self.assignment, student, **self._settings)
