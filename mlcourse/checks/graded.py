"""A kernel that runs for a grade: nbgrader validates or autogrades the notebook.

nbgrader reads a grade from a cell's outputs, and two harmless things would spoil it:

- any text on standard error makes the cell earn nothing, also a warning that a library prints;
- a learner's ``ast_node_interactivity`` decides which expression counts as the cell's result.

Both are put right inside the kernel, as it is the one place that ``nbgrader validate``, JupyterLab's Validate button
and ``nbgrader autograde`` have in common. An error is still an error: it is recorded as such, not as text.
"""

import os
import sys


def is_graded() -> bool:
    """Whether nbgrader is running this kernel, to validate or to autograde."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def prepare() -> None:
    """Send standard error to standard output, and let the last expression of a cell be its result.

    Does nothing outside of graded execution, and nothing the second time.
    """
    if not is_graded():
        return
    # The kernel publishes a stream under its name, whoever writes to it: warnings, logging handlers that were
    # created earlier, file descriptor 2 and child processes all end in this one object.
    for stream in (sys.stderr, sys.__stderr__):
        if type(stream).__module__ == "ipykernel.iostream":
            stream.name = "stdout"
    shell = _shell()
    if shell is not None and _last_expression_counts not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _last_expression_counts)


def _last_expression_counts(info=None) -> None:
    shell = _shell()
    if shell is not None:
        shell.ast_node_interactivity = "last_expr"


def _shell():
    """IPython's shell where there is one; IPython is not imported for the question."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()
