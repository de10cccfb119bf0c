"""How long networks take, measured so that a comparison means something."""

import random
from contextlib import ExitStack

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils._pytree import tree_leaves
from tqdm.auto import tqdm

from mlcourse.measure.bootstrap import Interval, median_interval
from mlcourse.measure.clock import fixed_threads, now, synchronizer, whole
from mlcourse.measure.observing import arguments, positional, run
from mlcourse.models.training import in_eval_mode

_SHORTEST = 2e-3  # seconds; what is shorter is called several times in a row, and the clock read once
_WARM_UP = 3  # calls


class Latency:
    """Times of several networks, measured in turns.

    Attributes
    ----------
    milliseconds : dict of str to array
        For each network its time in each round, in the order of the rounds.
    """

    def __init__(self, milliseconds: dict):
        self.milliseconds = {name: np.asarray(times, dtype=float) for name, times in milliseconds.items()}

    @property
    def table(self) -> pd.DataFrame:
        """One row a network: ``median_ms``; ``spread`` (interquartile range, ms); ``low_ms`` and ``high_ms``, between
        which the median lies with 95 % confidence; ``ratio``, how many times as fast as the first network it is."""
        first = next(iter(self.milliseconds))
        rows = {}
        for name, times in self.milliseconds.items():
            low, median, high = median_interval(times)
            quarter, three_quarters = np.quantile(times, [0.25, 0.75])
            ratio = 1.0 if name == first else self.ratio(first, name).median
            rows[name] = (median, three_quarters - quarter, low, high, ratio)
        columns = ["median_ms", "spread", "low_ms", "high_ms", "ratio"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("net")

    def ratio(self, a: str, b: str) -> Interval:
        """How many times as long as `b` network `a` takes: how much faster `b` is, if above 1.

        The ratio is taken within each round, so that what disturbs the machine disturbs both sides of it; then the
        median over the rounds, with a bootstrap interval of 95 %.
        """
        return median_interval(self._times(a) / self._times(b))

    def faster(self, a: str, b: str) -> str:
        """Return the name of the faster of two networks.

        Raises
        ------
        ValueError
            If the intervals of their medians overlap: nobody knows, then.
        """
        one, other = median_interval(self._times(a)), median_interval(self._times(b))
        if one.overlaps(other):
            raise ValueError(
                f"{a!r} takes {one.low:.3g} to {one.high:.3g} ms and {b!r} {other.low:.3g} to {other.high:.3g} ms: "
                "these overlap, so the measurement does not say which is faster. Measure with more repeats or on a "
                "quieter machine, or call them equal."
            )
        return a if one.median < other.median else b

    def ranking(self) -> list[tuple[str, ...]]:
        """Return the networks from fastest to slowest; those that cannot be told apart share a place.

        Two are ranked only if the intervals of their medians do not overlap, nor are bridged by a third's.

        Examples
        --------
        >>> b, c = [3.0, 3.2, 3.1, 3.1, 3.3, 3.2], [3.1, 3.0, 3.3, 3.2, 3.1, 3.1]
        >>> Latency({"a": [9.0, 9.1, 9.2, 9.0, 9.1, 9.2], "b": b, "c": c}).ranking()
        [('b', 'c'), ('a',)]
        """
        intervals = {name: median_interval(times) for name, times in self.milliseconds.items()}
        places, reached = [], -np.inf
        for name in sorted(intervals, key=lambda name: intervals[name].low):
            if intervals[name].low > reached:
                places.append([])
            places[-1].append(name)
            reached = max(reached, intervals[name].high)
        return [tuple(name for name in intervals if name in place) for place in places]

    def _times(self, name):
        if name not in self.milliseconds:
            raise ValueError(f"{name!r} was not measured, only {', '.join(map(repr, self.milliseconds))}.")
        return self.milliseconds[name]

    def __repr__(self) -> str:
        places = ", then ".join(" or ".join(place) for place in self.ranking())
        return f"Latency({len(next(iter(self.milliseconds.values())))} rounds; fastest first: {places})"


def latency(nets, example, *, repeats=30, threads=1, progress=False) -> Latency:
    """Measure how long networks take for one input, side by side.

    All are warmed up, then take turns in another order each round; a network too fast for the clock is called several
    times in a row. Torch computes on a fixed number of threads, and afterwards on as many as before.

    Parameters
    ----------
    nets : dict of str to network or callable
        Networks of torch or Keras answer in eval mode without gradients; any other function is called as it is, with
        the example. A single one may come without a name.
    example : tensor, or tuple of positional arguments
        With its batch.
    repeats : int
        Rounds. Of fewer than 6 nothing can be said with 95 % confidence, and nothing is ranked.
    threads : int
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Latency
        Of wall-clock times, less what the thread waited for a processor that other programs had (on Linux, which tells
        that).

    Raises
    ------
    TypeError, ValueError
        If there is nothing to measure, or a network is on the meta device.

    Examples
    --------
    >>> times = latency({"wide": nn.Linear(500, 900), "narrow": nn.Linear(500, 9)}, torch.zeros(50, 500), repeats=15)
    >>> times.ranking()
    [('narrow',), ('wide',)]
    """
    if not isinstance(nets, dict):
        nets = {getattr(nets, "__name__", type(nets).__name__): nets}
    if not nets or not all(callable(net) for net in nets.values()):
        raise TypeError("nets must be a dict of at least one name and network: {'float32': net, 'float16': half}.")
    whole("repeats", repeats)
    milliseconds = {name: [] for name in nets}
    order = random.Random(0)
    with ExitStack() as stack:
        stack.enter_context(fixed_threads(threads))
        stack.enter_context(torch.no_grad())
        calls = {name: _call(net, example, stack) for name, net in nets.items()}
        times = {name: _warm_up(call) for name, call in calls.items()}
        for _ in tqdm(range(repeats), unit="round", leave=False, disable=not progress):
            for name in order.sample(list(calls), len(calls)):
                milliseconds[name].append(1e3 * _seconds(calls[name], times[name]))
    return Latency(milliseconds)


def _call(net, example, stack):
    """A function without arguments that does the work and waits for its end."""
    if not isinstance(net, nn.Module):
        given = positional(example)
        synchronize = synchronizer(t for t in tree_leaves(given) if isinstance(t, torch.Tensor))

        def call():
            net(*given)
            synchronize()

        return call
    given = arguments(net, example)
    stack.enter_context(in_eval_mode(net))
    synchronize = synchronizer([*net.parameters(), *(t for t in tree_leaves(given) if isinstance(t, torch.Tensor))])

    def call():
        run(net, given)
        synchronize()

    return call


def _warm_up(call) -> int:
    """Call until all that is made only once is made; return how often to call in a row."""
    return max(1, round(_SHORTEST / max(min(_seconds(call, 1) for _ in range(_WARM_UP)), 1e-7)))


def _seconds(call, times) -> float:
    begin = now()
    for _ in range(times):
        call()
    return (now() - begin) / times
