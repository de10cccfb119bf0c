"""Read the memory, the files and the command lines of other processes."""

CODE = r"""
import ctypes, os, re
libc = ctypes.CDLL(None, use_errno=True)
attempt("seen", lambda: [open(f"/proc/{name}/cmdline").read() for name in os.listdir("/proc") if name.isdigit()])
for process in {1, os.getppid(), os.getpid() - 1} - {0, os.getpid()}:
    attempt("memory", lambda: open(f"/proc/{process}/mem", "rb").read(10))
    attempt("root", lambda: os.listdir(f"/proc/{process}/root@COURSE@"))
    attempt("ptrace", lambda: libc.ptrace(16, process, 0, 0) or "@REACHED@")
attempt("own memory", lambda: __import__("gc").get_count())


def search():
    word = re.compile(b"@TOKEN@[0-9][0-9]" + b"secret")
    found = set()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            if "rw-p" in line and "/" not in line:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                memory.seek(start)
                try:
                    data = memory.read(min(end - start, 200_000_000))
                except OSError:
                    continue
                found |= {match.group() for match in word.finditer(data)}
    return found


attempt("left over from the server", search)
"""
