"""Show one thing a thousand times, then make it big."""

CODE = r"""
from IPython.display import display
handle = display("x", display_id="d")
for _ in range(999):
    display("x", display_id="d")
handle.update("x" * 800_000)
"""
