"""Print without end, so that the grader's memory or disk is full."""

CODE = r"""
for _ in range(40_000):
    print("x" * 10_000)
"""
