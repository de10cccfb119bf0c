"""Be an ipykernel, in a sandbox that somebody else has built around this process."""

import os
import random
import signal
import sys
from collections.abc import Callable, Sequence

from .output import cap_output
from .room import HOME, SOCKETS, WORK

ENVIRONMENT = {
    "HOME": HOME,
    "USER": "student",
    "LOGNAME": "student",
    "SHELL": "/bin/sh",
    "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "KERAS_BACKEND": "torch",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
}
_MOST_OUTPUT = 4_000_000  # bytes of one output


def run(arguments: Sequence[str], bound: Callable[[], None]) -> None:
    """Serve the sockets of the connection file until the end.

    Parameters
    ----------
    arguments : sequence of str
        Of the kernel's command line.
    bound : callable
        Called once, when the kernel listens.
    """
    os.umask(0o022)
    os.chdir(WORK)
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    sys.argv[:] = ["ipykernel_launcher.py"]

    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(["-f", f"{SOCKETS}/connection.json", *arguments])
    cap_output(app.session, _MOST_OUTPUT)
    bound()
    app.start()
