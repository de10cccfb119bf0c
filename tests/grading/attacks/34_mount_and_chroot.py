"""Mount, change the root, make device files, or leave by an old working directory."""

CODE = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: libc.mount(b"none", b"/", None, 32, None),
    "unmount": lambda: libc.umount2(b"/proc", 2),
    "pivot_root": lambda: libc.syscall(155, b".", b"."),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "fsopen": lambda: libc.syscall(430, b"tmpfs", 0),
    "open_tree": lambda: libc.syscall(428, -100, b"/", 1),
    "by handle": lambda: libc.syscall(304, -100, b"/", 0),
    "mknod": lambda: libc.mknod(b"disk", 0o60666, 8 << 8),
}
for name, call in calls.items():
    if call() >= 0:
        print(name, "@REACHED@")
here = os.open("/", os.O_RDONLY)
attempt("up", lambda: os.listdir("/proc/self/root/../../../@COURSE@"))
attempt("old root", lambda: os.listdir("/host"))
attempt("sysrq", lambda: open("/proc/sysrq-trigger", "w"))
attempt("core pattern", lambda: open("/proc/sys/kernel/core_pattern", "w").write("|/tmp/@MARK@"))
attempt("disk", lambda: [open(f"/dev/{name}", "rb").read(10) for name in ("sda", "vda", "mem", "kmsg")])
"""
