"""Settings of the course for nbgrader: its commands, the formgrader, the Validate button and ``mlcourse grade``.

This folder is the root of the course: ``source/`` is written by hand, everything else is made by nbgrader.
"""

import os
import sysconfig

here = os.path.dirname(os.path.abspath(__file__))

c = get_config()  # noqa: F821
c.CourseDirectory.root = here
c.CourseDirectory.course_id = "mlcourse"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", ".*"]

# A test cell may train a small model; a loop that never ends is stopped by the check itself, long before.
c.Execute.timeout = 180
c.Execute.iopub_timeout = 60  # a busy machine needs longer than 4 s to hand over much output
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]

# Every notebook that was handed in gets a definite grade: damaged and missing ones too, and ones with deleted or
# changed test cells.
c.Autograde.exporter_class = "mlcourse.grading.submissions.SubmissionExporter"

# Text on standard error costs nothing; an error does.
c.Autograde.autograde_preprocessors = [
    "mlcourse.grading.preprocessors.Execute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Hidden tests stay hidden on the pages that learners get back.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "mlcourse.grading.preprocessors.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Nothing that a learner wrote runs in the browser of whoever opens a graded notebook.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "clean_html": "mlcourse.grading.taming.clean_html",
    "markdown2html": "mlcourse.grading.taming.markdown2html",
}

# A hub has one folder through which assignments are handed out and in; elsewhere the course has its own.
if not os.access("/usr/local/share/nbgrader/exchange", os.W_OK):
    c.Exchange.root = os.path.join(here, "exchange")
    os.makedirs(c.Exchange.root, exist_ok=True)

# nbgrader calls `alembic` by name when it makes a gradebook; the environment may not be activated.
scripts = sysconfig.get_path("scripts")
if scripts not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join(filter(None, [scripts, os.environ.get("PATH", "")]))
