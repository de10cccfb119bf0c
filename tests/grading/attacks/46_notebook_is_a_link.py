"""Hand in a link to the solutions in place of the notebook."""

STATES = ("damaged", "missing")
DESERVES = 0


def prepare(folder, world):
    (notebook,) = folder.glob("*.ipynb")
    notebook.unlink()
    notebook.symlink_to(next((world.course / "source").glob("*/*.ipynb")))
