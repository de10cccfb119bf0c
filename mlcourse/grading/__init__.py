"""Release assignments, grade what is handed in, give feedback, export the grades.

Thin over nbgrader: the same folders, the same gradebook, the same grades. ``assignments/nbgrader_config.py`` makes
plain nbgrader use the parts that are defined here, so that both ways of grading agree.

- :func:`mlcourse.grading.releasing.release`
- :func:`mlcourse.grading.autograding.grade`
- :func:`mlcourse.grading.pages.feedback`
- :func:`mlcourse.grading.exporting.export`
- ``python -m mlcourse.grading.canonical`` puts notebooks into the form in which they are kept

Importing this package loads nothing: nbgrader takes half a second.
"""

import sys

# jsonschema would build a grammar of international addresses: a second in every process, and no notebook holds any.
sys.modules.setdefault("rfc3987_syntax", None)
