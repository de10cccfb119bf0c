"""Use up memory that no process shows: files in memory, System V segments, full socket buffers."""

CODE = r"""
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
kept = []

def in_files():
    for number in range(15):
        kept.append(os.memfd_create(str(number)))
        os.write(kept[-1], bytes(100_000_000))
    return "got 1500 MB"

def in_segments():
    libc.shmat.restype = ctypes.c_void_p
    for number in range(15):
        segment = libc.shmget(0, ctypes.c_size_t(100_000_000), 0o1600)
        address = libc.shmat(segment, None, 0)
        if segment < 0 or address in (None, 2**64 - 1):
            raise OSError(ctypes.get_errno(), "shm")
        ctypes.memset(address, 1, 100_000_000)
        libc.shmdt(ctypes.c_void_p(address))
    return "got 1500 MB"

def in_buffers():
    size = 0
    while True:
        try:
            pair = socket.socketpair()
        except OSError:
            return f"buffers hold {size / 1e6:.0f} MB"
        kept.append(pair)
        for end in pair:
            end.setblocking(False)
            try:
                while True:
                    size += end.send(bytes(60_000))
            except BlockingIOError:
                pass

attempt("files", in_files)
attempt("segments", in_segments)
attempt("buffers", in_buffers)
libc.shmctl  # segments go with the sandbox
"""

GREED = "got 1500 MB"
