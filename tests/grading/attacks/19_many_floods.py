"""Print as much as is allowed, in very many cells."""

CODE = r"""
print("x" * 900_000)
"""


def notebook(released):
    from nbformat.v4 import new_code_cell

    released.cells += [new_code_cell("print('x' * 900_000)") for _ in range(150)]
