"""The most memory that a function holds at a time, as the operating system counts it."""

import ctypes
import gc
import sys
import threading
from pathlib import Path

_PROC = Path("/proc/self")
_INTERVAL = 1e-3  # seconds between looks, where the system keeps no maximum


def peak_memory(function, *, warm_up=True) -> int:
    """Measure by how much this process grows at most while a function runs.

    This is real memory, whoever asks for it: torch, numpy, and the buffers that their libraries make for themselves,
    which no tensor shows. On Linux the kernel itself keeps the maximum (``VmHWM`` in ``/proc/self/status``, started
    anew through ``/proc/self/clear_refs``), so none is missed; elsewhere, or where the kernel does not allow it, the
    process is looked at each millisecond, and a peak shorter than that may be missed. What is freed, but kept by the
    memory manager, is given back first where that is possible, so that it cannot be used again unseen.

    Parameters
    ----------
    function : callable
        Takes nothing: ``lambda: net(x)``.
    warm_up : bool
        Whether to call it once before, unmeasured: what the first call alone makes (code loaded, plans of libraries,
        threads) does not count then.

    Returns
    -------
    int
        Bytes above what the process held before; exact to about 1 MB. What lives already (the weights, an input made
        outside) does not count; what is asked for and never written does not either, as it takes no memory. What the
        function gives back does.

    Raises
    ------
    TypeError
        If `function` cannot be called. Its own errors pass through.

    Examples
    --------
    >>> import numpy as np
    >>> 40e6 < peak_memory(lambda: np.ones(5_500_000) + 1) < 120e6
    True
    """
    if not callable(function):
        raise TypeError(f"function must be callable without arguments, lambda: net(x), not {type(function).__name__}.")
    if warm_up:
        function()
    gc.collect()
    _give_back()
    if not _started_anew():
        return _looked_at(function)
    before = _status("VmRSS")
    result = function()
    peak = _status("VmHWM")
    del result
    return max(0, peak - before)


def _started_anew() -> bool:
    """Let the kernel's maximum start anew; False where it keeps none, or does not let us."""
    try:
        (_PROC / "clear_refs").write_text("5")  # Documentation/filesystems/proc.rst, section 3
        return _status("VmHWM") > 0
    except (OSError, KeyError):
        return False


def _status(field: str) -> int:
    for line in (_PROC / "status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    raise KeyError(field)


def _looked_at(function) -> int:
    """Look at the process again and again from another thread."""
    import psutil

    process = psutil.Process()
    before = peak = process.memory_info().rss
    done = threading.Event()

    def look():
        nonlocal peak
        while not done.wait(_INTERVAL):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        result = function()
        peak = max(peak, process.memory_info().rss)
        del result
    finally:
        done.set()
        watcher.join()
    return peak - before


def _give_back():
    """Let the C library give back what it keeps; only GNU's can be asked."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
