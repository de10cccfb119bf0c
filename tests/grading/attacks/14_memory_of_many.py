"""Use up the memory in many processes, each of which takes little."""

CODE = r"""
import os, time
for child in range(20):
    if os.fork() == 0:
        x = bytes([child + 1]) * 120_000_000
        time.sleep(3)
        os._exit(0)
for _ in range(20):
    os.wait()
print("got 2400 MB")
"""

GREED = "got 2400 MB"
