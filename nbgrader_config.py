"""Lets nbgrader and JupyterLab's formgrader find the course when they are started here."""

import os

load_subconfig(os.path.join("assignments", "nbgrader_config.py"), path=os.path.dirname(__file__))  # noqa: F821
