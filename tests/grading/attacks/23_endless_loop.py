"""Never end, and ignore all signals."""

CODE = r"""
import signal, time
for number in range(1, 30):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 30))
began = time.monotonic()
while time.monotonic() < began + 100:
    try:
        while time.monotonic() < began + 100:
            pass
    except BaseException:
        pass
"""

STATES = ("flagged",)
