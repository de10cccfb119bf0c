"""Hand in hard links to the gradebook and to the solutions."""

import os

CODE = r"""
import os
for folder, folders, names in os.walk("."):
    for name in names:
        attempt(name, lambda: open(os.path.join(folder, name), errors="replace").read())
"""


def prepare(folder, world):
    os.link(world.course / "gradebook.db", folder / "data.csv")
    os.link(world.course / "nbgrader_config.py", folder / "helper.py")
    os.link(next((world.course / "source").glob("*/*.ipynb")), folder / "notes.txt")
