"""Hand in links to the gradebook, the solutions, the password file and the home folder."""

CODE = r"""
import os
for folder, folders, names in os.walk("."):
    for name in [*folders, *names]:
        attempt(name, lambda: open(os.path.join(folder, name)).read())
"""


def prepare(folder, world):
    for number, target in enumerate(
        (
            world.course / "gradebook.db",
            world.course / "nbgrader_config.py",
            world.home / "secret.txt",
            world.course / "source",
            world.course / "submitted" / world.victim,
            "/etc/passwd",
            "/proc/self/environ",
            "/",
        )
    ):
        (folder / f"link{number}.csv").symlink_to(target)
    (folder / "data").mkdir()
    (folder / "data" / "relative.csv").symlink_to("../../../../gradebook.db")
    (folder / "loop").symlink_to(".")
