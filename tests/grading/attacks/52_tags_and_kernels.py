"""Have the tests left out, or executed by another program, by tags, metadata and the kernel's name."""

CODE = r"""
def third(x): return None
"""

DESERVES = 2


def notebook(released):
    released.metadata["kernelspec"] = {"name": "bash", "display_name": "x", "language": "bash"}
    released.metadata["language_info"] = {"name": "../../x", "file_extension": "/../x.py"}
    released.metadata["nbgrader"] = {"x": 1}
    released.metadata["name"] = released.metadata["path"] = "../../../x"
    for cell in released.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell"]
        cell.metadata["execution"] = {"timeout": 0}
        cell.metadata["nbgrader"]["execute"] = False
