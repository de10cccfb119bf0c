"""Hand in, and write, files whose names are paths, commands, markup or no text at all."""

CODE = r"""
import os
os.makedirs("a/../b/..", exist_ok=True)
names = ("-rf", "*", "..\\..\\x", "[red]x.csv", "$(touch @MARK@)", "\x1b[2Jx", "C:x", "a&b", "%2e%2e")
for name in (*names, "timestamp.txt", "@NAME@.ipynb", "@NAME@.html"):
    attempt(name, lambda: open(name, "w").write("x"))
for name in (b"\xff\xfe.csv", b"x\ny.csv"):
    attempt(name, lambda: open(name, "w").write("x"))
attempt("folder", lambda: os.makedirs("@NAME@.ipynb/x"))
"""

NAMES = (
    "-rf",
    "*",
    "..\\..\\x.csv",
    "[red]x.ipynb",
    "$(touch @MARK@)",
    "\x1b[2Jx.ipynb",
    "'; drop table grade; --",
    "é\n.csv",
)


def prepare(folder, world):
    for name in NAMES:
        (folder / world.fill(name)).write_text("x")
    (folder / ("n" * 250)).write_text("x")
    with open(bytes(folder) + b"/\xff\xfe.csv", "w") as file:
        file.write("x")
    (folder / "given.csv").mkdir()  # the release has a file of that name
    (folder / "given.csv" / "x").write_text("x")
    (folder / f"{folder.name}.html").mkdir()
    (folder / f"{folder.name}.html" / "x").write_text("x")
