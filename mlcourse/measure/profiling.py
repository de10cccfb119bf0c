"""Where a network's time and memory go, layer by layer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch.utils._pytree import tree_leaves

from mlcourse.measure.clock import fixed_threads, now, synchronizer, whole
from mlcourse.measure.counting import table_of
from mlcourse.measure.layers import require_net
from mlcourse.measure.observing import arguments, observe, ready, run, timed

_WARM_UP = 2  # runs


@dataclass(frozen=True, repr=False)
class Profile:
    """What each layer of a network costs: counted, and measured.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a layer: the columns of `count`, then ``ms`` (median over the runs; calls of a layer that runs several
        times are added up) and ``share`` (of the sum of all ``ms``).
    forward_ms : float
        Median time of whole runs without clocks inside: more than the sum of ``ms`` where a network computes between
        its layers, as a residual addition does.
    """

    table: pd.DataFrame
    forward_ms: float

    @property
    def totals(self) -> pd.Series:
        """Sums over the layers; ``intensity`` is that of all layers with multiply-accumulates together."""
        table = self.table
        names = ("parameters", "weight_bytes", "activation_bytes", "macs")
        sums = {name: int(table[name].sum()) for name in names}
        moved = (2 * table.macs / table.intensity.where(table.intensity > 0)).sum()
        sums["intensity"] = float(2 * sums["macs"] / moved) if moved else 0.0
        sums["ms"] = float(table.ms.sum())
        sums["forward_ms"] = self.forward_ms
        return pd.Series(sums, dtype=object, name="total")

    def plot(self):
        """Draw each layer's share of parameters, activations, multiply-accumulates and time as stacked bars.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.profile import plot_profile

        table = self.table
        amounts = {
            "parameters": table.parameters,
            "activations": table.activation_bytes,
            "multiply-accumulates": table.macs,
            "time": table.ms,
        }
        totals = self.totals
        units = {
            "parameters": _with_prefix(totals.parameters, ""),
            "activations": _with_prefix(totals.activation_bytes, "B"),
            "multiply-accumulates": _with_prefix(totals.macs, ""),
            "time": _with_prefix(totals.ms / 1e3, "s"),
        }
        return plot_profile(list(table.index), list(table.kind), amounts, units)

    def __repr__(self) -> str:
        totals = self.totals
        return (
            f"Profile({len(self.table)} layers: {totals.parameters:,} parameters, {totals.weight_bytes / 1e6:.4g} MB, "
            f"{totals.macs:,} multiply-accumulates, {totals.ms:.3g} ms)"
        )


def profile(net, example, *, repeats=10, threads=1) -> Profile:
    """Count and measure what each layer of a network costs for one input.

    The network answers in eval mode without gradients, once to be counted, then `repeats` times to be timed, on a fixed
    number of threads. Whatever happens, it is left as it was: mode, hooks, weights, gradients.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
    example : tensor, array, or tuple of positional arguments
        With its batch: ``torch.zeros(1, 3, 224, 224)``.
    repeats : int
    threads : int

    Returns
    -------
    Profile

    Raises
    ------
    TypeError, ValueError
        If `net` is no network or is on the meta device, or `example` holds no tensor. Errors of the network itself pass
        through.

    Notes
    -----
    Looking at the clock takes some microseconds a layer: of layers as short as that only the order of magnitude counts.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(400, 300), torch.nn.ReLU(), torch.nn.Linear(300, 10))
    >>> found = profile(net, torch.zeros(1, 400))
    >>> found.table[["kind", "parameters", "macs"]]
             kind  parameters    macs
    layer
    0      Linear      120300  120000
    1        ReLU           0       0
    2      Linear        3010    3000
    >>> int(found.totals.macs)
    123000
    """
    net = require_net(net)
    whole("repeats", repeats)
    given = arguments(net, example)
    synchronize = synchronizer([*net.parameters(), *(t for t in tree_leaves(given) if isinstance(t, torch.Tensor))])
    with fixed_threads(threads):
        layers = observe(net, example)
        with ready(net):
            for _ in range(_WARM_UP):
                timed(net, given, layers, synchronize)
            runs, forwards = [], []
            for _ in range(repeats):
                runs.append(timed(net, given, layers, synchronize))
                begin = now()
                run(net, given)
                synchronize()
                forwards.append(now() - begin)
    table = table_of(layers)
    table["ms"] = [1e3 * float(np.median([seconds[layer.name] for seconds in runs])) for layer in layers]
    table["share"] = table.ms / table.ms.sum()
    return Profile(table, 1e3 * float(np.median(forwards)))


def _with_prefix(value: float, unit: str) -> str:
    """A figure with three digits and a prefix of the SI."""
    if value == 0:
        return f"0 {unit}".strip()
    power = min(max(int(np.floor(np.log10(value) / 3)), -2), 3)
    return f"{value / 1000**power:.3g} {'µm kMG'[power + 2].strip()}{unit}".strip()
