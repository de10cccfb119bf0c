"""Hand in pipes, sockets and devices, so that whoever reads them waits for ever."""

import contextlib
import os
import socket

CODE = r"""
import os
attempt("here", lambda: os.listdir())
"""


def prepare(folder, world):
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "timestamp.txt")
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path must be short
        made.bind("socket.csv")
        os.chdir(here)
    (folder / "zero.csv").symlink_to("/dev/zero")
    with contextlib.suppress(OSError):
        os.mknod(folder / "device.csv", 0o20666, os.makedev(1, 5))
