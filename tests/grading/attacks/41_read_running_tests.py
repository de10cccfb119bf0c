"""Read the hidden tests while they run, out of the kernel's history and frames."""

CODE = r"""
import sys
def third(x):
    frame = sys._getframe(1)
    print(In[-1])
    print([cell for cell in In if "HIDDEN" in cell])
    print(frame.f_globals["In"])
    open("tests.txt", "w").write("\n".join(In)[::-1])
    return x / 3.0
"""

READS = ("hidden tests",)
NOT_PROMISED = "Tests that run in a kernel can be read there. Feedback hides them where they are quoted as they are."
