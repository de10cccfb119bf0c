"""Use up the memory."""

CODE = r"""
hoard = []
for _ in range(40):
    hoard.append(b"x" * 50_000_000)
print("got", 50 * len(hoard), "MB")
"""

GREED = "got 2000 MB"
