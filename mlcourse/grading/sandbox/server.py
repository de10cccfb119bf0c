"""The warm server: imports everything once, then forks a keeper for each kernel that is asked for.

It must not do anything but import: a process that has run torch or scikit-learn with several threads makes its forks
hang. It is started with an empty environment, which could be read in ``/proc``, and ends with the grader.
"""

import array
import contextlib
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import traceback
import warnings

from .keeper import keep


def main() -> None:
    """Serve a socket, and remove a folder at the end; arguments: the socket's number, the folder, modules to import."""
    channel, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    os.environ.update(
        {
            "HOME": "/nonexistent",
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "KERAS_BACKEND": "torch",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": "/nonexistent",
        }
    )
    _keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader decides what Ctrl-C means
    sys.modules["debugpy"] = None  # nobody debugs in here: ipykernel does without, and a kernel starts sooner
    missing = _import(sys.argv[3:])
    del sys.modules["debugpy"]
    gc.collect()
    gc.freeze()  # no collection in a fork touches, and so copies, what was imported
    ready = {"ready": os.getpid(), "missing": missing, "threads": threading.active_count()}
    with contextlib.suppress(BrokenPipeError):  # everybody has gone meanwhile, which is seen below
        channel.send(json.dumps(ready).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers report to the grader, nobody waits for them here
    while True:
        request, received = _receive(channel)
        if request is None:
            shutil.rmtree(folder, ignore_errors=True)  # a grader that was killed cannot
            if os.path.basename(around := os.path.dirname(folder)).startswith("mlcourse-grading-"):
                with contextlib.suppress(OSError):  # others are still there
                    os.rmdir(around)
            return
        if os.fork() == 0:
            try:
                channel.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                keep(socket.socket(fileno=received), request)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(received)


def _keep_freed_memory() -> None:
    """Have this process and its forks keep what they free for the next array, instead of giving it back to the system.

    Getting it anew costs a fault a page, in a virtual machine a dear one: of a training loop's time a fourth or more.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    with contextlib.suppress(AttributeError):  # not the GNU C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(trim_threshold, 2**30)
        mallopt(mmap_threshold, 2**25)  # the most that older versions take


def _import(modules) -> list[str]:
    """Import what can be imported; return the rest."""
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            try:
                importlib.import_module(module)
            except Exception:
                missing.append(module)
    return missing


def _receive(channel) -> tuple[dict | None, int]:
    """A request and the socket that comes with it; None when the grader is gone."""
    while True:
        try:
            data, ancillary, _, _ = channel.recvmsg(256 * 1024, socket.CMSG_SPACE(array.array("i").itemsize))
        except InterruptedError:
            continue
        except ConnectionResetError:  # gone, and never asked whether this was ready
            return None, -1
        if not data:
            return None, -1
        numbers = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
        return json.loads(data), numbers[0]


if __name__ == "__main__":
    main()
