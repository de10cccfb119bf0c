"""Change what the next person's kernel starts with."""

CODE = r"""
import builtins, os, sys, mlcourse.checks, numpy
builtins.print_before = print
def double_points(*arguments, **options):
    raise SystemExit("@MARK@")
builtins.isinstance_before, mlcourse.checks.planted = isinstance, "@MARK@"
numpy.array = double_points
for module in (numpy, mlcourse.checks):
    attempt("compiled", lambda: open(f"{os.path.dirname(module.__file__)}/__pycache__/@MARK@.pyc", "w"))
for number in range(3, 200):
    try:
        os.write(number, b'{"ready": "@MARK@"}')
    except OSError:
        pass
"""

STATES = ("flagged", "graded")
DESERVES = 5
