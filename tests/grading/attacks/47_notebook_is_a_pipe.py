"""Hand in a pipe in place of the notebook, and a date that never ends."""

import os

STATES = ("damaged", "missing")
DESERVES = 0


def prepare(folder, world):
    (notebook,) = folder.glob("*.ipynb")
    notebook.unlink()
    os.mkfifo(notebook)
    (folder / "timestamp.txt").symlink_to("/dev/zero")
