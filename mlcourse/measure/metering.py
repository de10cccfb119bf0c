"""Energy that is really measured, where a machine has a meter: processor, NVIDIA GPU, Jetson board."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Reading:
    """What a meter measured.

    Attributes
    ----------
    joules : float
        Of one call, of all that the meter sees: the other programs on the machine, and its idling, are in it.
    watts : float
        Mean power meanwhile.
    calls : int
        How often the function was called.
    rails : dict of str to float
        Joules of one call, for each part that is metered apart. Not all of them need to be in `joules`.
    """

    joules: float
    watts: float
    calls: int
    rails: dict[str, float]


@dataclass
class Meter:
    """A meter of energy.

    Attributes
    ----------
    name : str
    why_not : str or None
        Why it cannot be read here; None if it can.
    rails : dict of str to callable
        What it sees, each with a function that gives the joules since the last time that it was asked.
    total : tuple of str
        The rails that make up the whole; others are parts of these.
    interval : float
        Seconds from one look to the next.
    """

    name: str
    why_not: str | None = None
    rails: dict = field(default_factory=dict, repr=False)
    total: tuple[str, ...] = ()
    interval: float = 0.01

    @property
    def available(self) -> bool:
        """Whether it can be read."""
        return self.why_not is None

    def measure(self, function, *, seconds=1.0) -> Reading:
        """Measure the energy of calling a function.

        Parameters
        ----------
        function : callable
            Takes nothing. It is called again and again until `seconds` are over, as meters are slow.
        seconds : float

        Returns
        -------
        Reading

        Raises
        ------
        RuntimeError
            If the meter cannot be read here; the message says why.
        """
        if not self.available:
            raise RuntimeError(f"{self.name} cannot be read here: {self.why_not}")
        if not callable(function):
            raise TypeError(f"function must be callable without arguments, lambda: net(x), not {function!r}.")
        sums = dict.fromkeys(self.rails, 0.0)
        done, failed = threading.Event(), []

        def look():
            try:
                for name, joules in self.rails.items():
                    sums[name] += joules()
            except (OSError, ValueError, RuntimeError) as error:
                failed.append(error)
                done.set()

        def watch():
            while not done.wait(self.interval):
                look()

        look()  # counting starts now
        sums.update(dict.fromkeys(sums, 0.0))
        watcher = threading.Thread(target=watch, daemon=True)
        calls, begin = 0, time.perf_counter()
        watcher.start()
        try:
            while not failed and (not calls or time.perf_counter() - begin < seconds):
                function()
                calls += 1
        finally:
            done.set()
            watcher.join()
        look()
        took = time.perf_counter() - begin
        if failed:
            raise RuntimeError(f"{self.name} could not be read to the end: {failed[0]}")
        joules = sum(sums[name] for name in self.total)
        return Reading(joules / calls, joules / took, calls, {name: value / calls for name, value in sums.items()})

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self.rails) if self.available else 'absent - ' + self.why_not}"


def meters(sys="/sys") -> dict[str, Meter]:
    """Look for meters of energy on this machine.

    Parameters
    ----------
    sys : path
        Where Linux shows its devices.

    Returns
    -------
    dict of str to Meter
        "rapl" (processors of Intel and AMD), "nvml" (NVIDIA's GPUs), "ina3221" (boards of NVIDIA's Jetson family), in
        any case: one that is absent says so, and why. None of them is ever guessed from a model.

    Examples
    --------
    >>> found = meters("/nowhere")
    >>> found["ina3221"].available
    False
    >>> print(found["rapl"])
    processor (RAPL): absent - there is no /nowhere/class/powercap/intel-rapl:*: ...
    """
    from mlcourse.measure.ina3221 import ina3221_meter
    from mlcourse.measure.nvml import nvml_meter
    from mlcourse.measure.rapl import rapl_meter

    return {"rapl": rapl_meter(Path(sys)), "nvml": nvml_meter(), "ina3221": ina3221_meter(Path(sys))}


def integrated(watts):
    """Make joules since the last time out of a function that gives watts: the mean of both ends times the time."""
    last = None

    def joules() -> float:
        nonlocal last
        power, now = watts(), time.perf_counter()
        added = 0.0 if last is None else (now - last[1]) * (power + last[0]) / 2
        last = power, now
        return added

    return joules


def counted(units, joules_per_unit: float, wraps_at: int | None = None):
    """Make joules since the last time out of a counter that only grows, and starts again at 0 after `wraps_at`."""
    last = None

    def joules() -> float:
        nonlocal last
        value = units()
        grown = 0 if last is None else value - last
        if grown < 0:
            grown = grown + wraps_at + 1 if wraps_at else value
        last = value
        return grown * joules_per_unit

    return joules
