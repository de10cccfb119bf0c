"""Change the assignment, and what others handed in."""

CODE = r"""
import glob, os
for name in glob.glob("@COURSE@/*/**/*.ipynb", recursive=True) + ["@COURSE@/nbgrader_config.py"]:
    attempt(name, lambda: open(name, "a").write("\n# @MARK@"))
for place in ("@COURSE@", "@COURSE@/source", "@COURSE@/submitted/@VICTIM@", "@COURSE@/.mlcourse/results"):
    attempt(place, lambda: open(f"{place}/@MARK@.py", "w").write("@MARK@"))
"""
