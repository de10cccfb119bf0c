"""Have the grader write over its own files with those that the kernel leaves."""

CODE = r"""
import os
for name in ("@NAME@.ipynb", "timestamp.txt", "@NAME@.html", "nbgrader_config.py", "gradebook.db", "jupyter_config.py"):
    attempt(name, lambda: open(name, "w").write("@MARK@"))
for number, target in enumerate(("@COURSE@/gradebook.db", "/etc/passwd", "@HOME@/secret.txt", "../../../gradebook.db")):
    attempt(target, lambda: os.symlink(target, f"link{number}"))
    attempt(target, lambda: os.link(target, f"hard{number}"))
attempt("folder", lambda: os.symlink("@COURSE@", "data"))
attempt("pipe", lambda: os.mkfifo("pipe"))
os.makedirs("x.ipynb")
open("x.ipynb/y", "w").write("x")
"""
