"""Close the kernel's ends of the sockets, so that the grader waits for ever."""

CODE = r"""
import os, stat, time
for number in range(3, 300):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode) or "eventfd" in os.readlink(f"/proc/self/fd/{number}"):
            os.close(number)
    except OSError:
        pass
time.sleep(100)
"""

STATES = ("flagged",)
DESERVES = 2
