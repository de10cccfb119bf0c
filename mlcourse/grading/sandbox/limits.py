"""How much a kernel and all its children may use together, and how much they do use.

The system bounds single processes (rlimits); sums over all of them are taken by a watchdog from outside, several times
a second. So a burst may exceed the memory limit for a moment, unless a control group prevents it
(:mod:`.control_group`).
"""

import os
import resource
from dataclasses import asdict, dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Limits:
    """Limits of one kernel with all its children.

    Parameters
    ----------
    memory : int
        Bytes, what is shared counted once.
    processes : int
        Processes and threads.
    file_size : int
        Bytes of a single file; all files together are bounded by the room.
    cpu : float
        Seconds of processor time.
    wall : float
        Seconds from the start.
    """

    memory: int = 2 * 1024**3
    processes: int = 128
    file_size: int = 256 * 1024**2
    cpu: float = 1800
    wall: float = 3600

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not value > 0:
                raise ValueError(f"{name} must be above 0, got {value!r}.")

    def apply(self) -> None:
        """Bound this process, and each one that it starts."""
        for what, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, self.file_size),
            (resource.RLIMIT_CPU, int(self.cpu) + 1),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_NOFILE, 1024),
            (resource.RLIMIT_MEMLOCK, 64 * 1024),
            (resource.RLIMIT_MSGQUEUE, 0),
            # Of one process, and of address space that is filled: a fast single allocation meets it at once.
            (resource.RLIMIT_DATA, self.memory + own_data()),
        ):
            hard = resource.getrlimit(what)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(what, (value, value))


def own_data() -> int:
    """Bytes of data that this process has mapped already: what was imported before the fork is no one's fault."""
    with open("/proc/self/status", encoding="ascii") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData"))


class Meter:
    """Adds up what the processes of one sandbox use.

    Parameters
    ----------
    pids : callable, optional
        Which processes these are; all that ``/proc`` shows, if that is the sandbox's own, where left out.
    """

    def __init__(self, pids=None):
        self.pids = pids or (lambda: [int(name) for name in os.listdir("/proc") if name.isdigit()])
        self._seconds: dict[int, float] = {}  # of the processes that were seen, dead ones included
        self.peak = 0

    def read(self) -> tuple[int, int, float]:
        """Take the sums now.

        Returns
        -------
        memory : int
            Bytes; a page that several processes share counts in parts that add up to one.
        threads : int
        cpu : float
            Seconds since the start, of processes that lived long enough to be seen.
        """
        memory = threads = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:
                    memory += sum(
                        1024 * int(line.split()[1]) for line in rollup if line.startswith((b"Pss:", b"SwapPss:"))
                    )
                with open(f"/proc/{pid}/stat", "rb") as stat:
                    fields = stat.read().rpartition(b")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            threads += int(fields[17])
            self._seconds[pid] = (int(fields[11]) + int(fields[12])) / TICKS
        self.peak = max(self.peak, memory)
        return memory, threads, sum(self._seconds.values())


def exceeded(limits: Limits, memory: int, threads: int, cpu: float, wall: float) -> str:
    """Say which limit is exceeded, or return an empty string.

    Examples
    --------
    >>> exceeded(Limits(memory=10**9), memory=2 * 10**9, threads=3, cpu=1, wall=1)
    'memory: 2,000 MB used, 1,000 MB allowed'
    """
    if memory > limits.memory:
        return f"memory: {memory / 1e6:,.0f} MB used, {limits.memory / 1e6:,.0f} MB allowed"
    if threads > limits.processes:
        return f"processes: {threads} at once, {limits.processes} allowed"
    if cpu > limits.cpu:
        return f"processor time: {cpu:.0f} s used, {limits.cpu:.0f} s allowed"
    if wall > limits.wall:
        return f"time: {wall:.0f} s passed, {limits.wall:.0f} s allowed"
    return ""
