"""Hand in a hard link to somebody else's notebook."""

import os

STATES = ("damaged", "missing")
DESERVES = 0


def prepare(folder, world):
    (notebook,) = folder.glob("*.ipynb")
    notebook.unlink()
    os.link(world.course / "submitted" / world.victim / folder.name / notebook.name, notebook)
