"""Use up the memory."""

CODE = r"""
hoard = []
for _ in range(60):
    hoard.append(b"x" * 50_000_000)
print("got", 50 * len(hoard), "MB")
"""

MEMORY = 2900
