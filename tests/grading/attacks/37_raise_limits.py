"""Raise one's own limits, and those of others."""

CODE = r"""
import os, resource

def lift(what):
    resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return "@REACHED@"

for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_NOFILE"):
    attempt(name, lambda: lift(getattr(resource, name)))
attempt("other", lambda: resource.prlimit(os.getppid() or 1, resource.RLIMIT_NOFILE, (1, 1)))
attempt("priority", lambda: os.nice(-10))
attempt("out of memory score", lambda: open("/proc/self/oom_score_adj", "w").write("-1000"))
"""

STOCK_MAY = ("RLIMIT",)
