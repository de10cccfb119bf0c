"""``python -m mlcourse`` is the ``mlcourse`` command."""

from mlcourse.cli import app

app(prog_name="mlcourse")
