"""Use the corners of the system that have had holes."""

CODE = r"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(256)
calls = {  # numbers of x86_64
    "keyctl": (250, 0, -3, 1), "add_key": (248, b"user", b"x", b"y", 1, -3), "bpf": (321, 0, room, 72),
    "io_uring_setup": (425, 8, room), "userfaultfd": (323, 1), "perf_event_open": (298, room, 0, -1, -1, 0),
    "kexec_load": (246, 0, 0, 0, 0), "init_module": (175, room, 1, b""), "personality": (135, 0x0040000),
    "fanotify_init": (300, 0, 0), "quotactl": (179, 0x800007, 0, 0, 0), "pidfd_getfd": (438, 0, 0, 0),
    "process_vm_readv": (310, 1, room, 1, room, 1, 0), "x32 getpid": (0x40000000 + 39,), "memfd_secret": (447, 0),
}
for name, call in calls.items():
    ctypes.set_errno(0)
    if libc.syscall(*call) >= 0:
        print(name, "@REACHED@")
    else:
        print(name, ctypes.get_errno())
"""
