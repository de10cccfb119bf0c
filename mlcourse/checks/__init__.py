"""What a right answer looks like, and what to say about a wrong one.

Each assignment has one module of this package with its checks, one check an exercise:

    from mlcourse.checks import a01_sensing as check

    check.windows(windows)      # is my answer right?
    check.windows.hint()        # one step further each time
    check.windows.solution()    # after an attempt

How to write a check is told in :mod:`mlcourse.checks.core`. A learner's own progress is kept by
:mod:`mlcourse.checks.progress`.
"""

from . import graded

graded.prepare()
