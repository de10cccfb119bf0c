"""Hand in a link to somebody else's folder."""

import shutil

STATES = ("damaged", "missing")
DESERVES = 0


def prepare(folder, world):
    shutil.rmtree(folder)
    folder.symlink_to(world.course / "submitted" / world.victim / folder.name)
