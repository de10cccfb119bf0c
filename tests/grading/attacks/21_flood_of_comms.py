"""Flood the grader with messages that are no output: widgets' states."""

CODE = r"""
from comm import create_comm
import os
for number in range(60):
    widget = create_comm(target_name="jupyter.widget")
    widget.send({"state": {"x": "y" * 20_000_000}})
"""
