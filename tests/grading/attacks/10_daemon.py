"""Leave a process behind that no longer belongs to the kernel."""

CODE = r"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 30):
            try:
                import signal; signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        os.execvp("sh", ["sh", "-c", "sleep 120; : @MARK@"])
    os._exit(0)
os.wait()
time.sleep(0.3)
"""
