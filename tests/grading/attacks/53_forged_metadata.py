"""Hand in tests of one's own: unlocked, worth more, of another kind, or twice."""

CODE = r"""
def third(x): return None
"""

DESERVES = 2


def notebook(released):
    from copy import deepcopy

    tests = [cell for cell in released.cells if cell.metadata.nbgrader.grade_id.startswith("test_")]
    for cell in tests:
        cell.source = "100"
        cell.metadata.nbgrader.update(points=100, locked=False, grade=True, solution=True, checksum="x")
    tests[1].cell_type = "raw"
    tests[1].pop("outputs"), tests[1].pop("execution_count")
    again = deepcopy(tests[0])
    again.id = "other"
    again.metadata.nbgrader.grade_id = "test_third"
    released.cells.insert(0, again)
    forged = deepcopy(again)
    forged.id, forged.metadata.nbgrader.grade_id = "another", "bonus"
    released.cells.append(forged)
