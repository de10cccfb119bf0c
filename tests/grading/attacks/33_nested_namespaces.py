"""Become root in a new user namespace, and mount from there."""

CODE = r"""
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x10020000, 0x40000000, 0x20000000, 0x02000000):
    if os.fork() == 0:
        os._exit(0 if libc.unshare(flags) == 0 else 1)
    if os.wait()[1] == 0:
        print("new namespace: @REACHED@")
if libc.syscall(56, 0x10000011, 0, 0, 0, 0) == 0:
    os._exit(0)
attempt("command", lambda: subprocess.run(["unshare", "-Ur", "id"], capture_output=True, text=True, check=True).stdout)
for kind in ("user", "mnt", "net", "pid"):
    attempt(kind, lambda: libc.setns(os.open(f"/proc/1/ns/{kind}", os.O_RDONLY), 0))
"""
