"""Read the solutions in the instructor's version."""

CODE = r"""
import glob
attempt("folder", lambda: [open(name).read() for name in glob.glob("@COURSE@/source/*/*")])
attempt("up", lambda: [open(name).read() for name in glob.glob("../../../source/*/*.ipynb")])
"""
