"""Conditions for timing: a clock that others do not disturb, a fixed number of threads, a GPU that is waited for."""

import os
import threading
import time
from contextlib import contextmanager
from numbers import Integral

import torch


class _Queue:
    """How long the thread that made this was ready to run, and another program had the processor."""

    def __init__(self):
        self.process = os.getpid()
        try:
            self.file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:  # not on Linux, or not told
            self.file = None

    def seconds(self) -> float:
        # Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat: running, waiting (both ns), how often
        return 0.0 if self.file is None else 1e-9 * int(os.pread(self.file, 100, 0).split()[1])

    def __del__(self):
        if self.file is not None:
            os.close(self.file)


_of_thread = threading.local()


def now() -> float:
    """Seconds on a clock that stands still while this thread waits for a processor that another program has.

    Where the system does not tell (only Linux does), it goes on. Sleeping, reading, and waiting for own threads count.
    """
    queue = getattr(_of_thread, "queue", None)
    if queue is None or queue.process != os.getpid():  # a new thread, or a forked child
        queue = _of_thread.queue = _Queue()
    waited = queue.seconds()
    while True:
        found, before = time.perf_counter(), waited
        waited = queue.seconds()
        if waited == before:  # else the processor was taken away between the two readings
            return found - waited


def whole(name: str, value, least: int = 1) -> int:
    """Return a whole number, or say what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
    return int(value)


@contextmanager
def fixed_threads(threads: int):
    """Let torch compute on so many threads while this lasts; afterwards on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(whole("threads", threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def synchronizer(tensors):
    """Return what waits until the devices of these tensors have done all that was asked of them."""
    devices = {tensor.device for tensor in tensors}
    if any(device.type == "meta" for device in devices):
        raise ValueError("net is on the meta device, where nothing is computed: it can be counted (count), not timed.")
    waits = [
        lambda device=device: (
            getattr(torch, device.type).synchronize(device) if device.type != "mps" else torch.mps.synchronize()
        )
        for device in devices
        if device.type != "cpu"
    ]

    def synchronize():
        for wait in waits:
            wait()

    return synchronize
