"""Read the instructor's environment, where tokens are."""

CODE = r"""
import glob, os
attempt("own", lambda: sorted(os.environ.items()))
for name in ("self", *[name for name in os.listdir("/proc") if name.isdigit()]):
    attempt(name, lambda: open(f"/proc/{name}/environ").read())
"""
