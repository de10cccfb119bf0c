"""Kill the grader and every process that can be reached."""

CODE = r"""
import os, signal
attempt("parent", lambda: os.kill(os.getppid(), 0))
if sum(name.isdigit() for name in os.listdir("/proc")) < 40:  # never on a whole machine
    attempt("parent", lambda: os.kill(os.getppid(), signal.SIGKILL) if os.getppid() > 1 else "no parent")
    attempt("all", lambda: os.kill(-1, signal.SIGKILL))
else:
    print("the processes of the machine can be reached: @REACHED@")
"""
