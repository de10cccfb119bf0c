"""Read what others handed in, and their pages."""

CODE = r"""
import glob
for step in ("submitted", "autograded", "feedback"):
    attempt(step, lambda: [open(name).read() for name in glob.glob(f"@COURSE@/{step}/@VICTIM@/*/*.*")])
    attempt("up", lambda: [open(name).read() for name in glob.glob("../../@VICTIM@/*/*.*")])
"""
