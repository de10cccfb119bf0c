"""Answer right while the tests run and go on working in the background."""

CODE = r"""
import threading, time
def later():
    while True:
        try:
            open("/tmp/@MARK@", "w").write("x")
            time.sleep(0.05)
        except BaseException:
            pass
for _ in range(5):
    threading.Thread(target=later, daemon=False).start()
"""
