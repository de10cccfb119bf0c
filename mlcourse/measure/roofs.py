"""The roofline of this machine, and where each layer of a network stands beneath it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from mlcourse.measure.clock import fixed_threads, now
from mlcourse.measure.profiling import profile

_MATRIX = 768  # rows and columns
_CHANNELS, _SIDE = 512, 32  # of the convolution
_STREAM = 1 << 25  # numbers in an array, 128 MB: more than a processor's caches hold
_SECONDS = 0.25  # of trying for each figure


class Ceilings(NamedTuple):
    """What a machine reached at best.

    Attributes
    ----------
    peak_flops : float
        Operations a second of large products: two for each multiply-accumulate.
    bandwidth : float
        Bytes a second between processor and memory.
    """

    peak_flops: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """Arithmetic intensity, in operations a byte, from which on arithmetic is the limit."""
        return self.peak_flops / self.bandwidth


class Roofline:
    """Layers of a network against the ceilings of the machine that they ran on.

    Attributes
    ----------
    ceilings : Ceilings
    table : pandas.DataFrame
        One row for each layer with multiply-accumulates: ``kind``, ``intensity`` (operations a byte), ``gflops``
        (reached, 10^9 operations a second), ``roof`` (what the machine allows at this intensity), ``limit`` ("memory"
        or "arithmetic"), ``efficiency`` (reached / roof). More than 1 is no error where memory is the limit: the layer
        found its numbers in a cache, which is faster than memory.
    """

    def __init__(self, table: pd.DataFrame, ceilings: Ceilings):
        self.ceilings = ceilings
        layers = table[table.macs > 0]
        roof = np.minimum(ceilings.peak_flops, layers.intensity * ceilings.bandwidth) / 1e9
        gflops = 2 * layers.macs / layers.ms / 1e6
        self.table = pd.DataFrame(
            {
                "kind": layers.kind,
                "intensity": layers.intensity,
                "gflops": gflops,
                "roof": roof,
                "limit": np.where(layers.intensity < ceilings.ridge, "memory", "arithmetic"),
                "efficiency": gflops / roof,
            }
        )

    def plot(self):
        """Draw the roofs and the layers.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.roofline import plot_roofline

        t = self.table
        return plot_roofline(list(t.index), list(t.kind), t.intensity, t.gflops * 1e9, *self.ceilings)

    def __repr__(self) -> str:
        return (
            f"Roofline({self.ceilings.peak_flops / 1e9:.3g} GFLOP/s, {self.ceilings.bandwidth / 1e9:.3g} GB/s, ridge "
            f"at {self.ceilings.ridge:.3g} FLOP/byte; {len(self.table)} layers)"
        )


def ceilings(*, threads=1) -> Ceilings:
    """Measure this machine's peak of arithmetic and of memory, in float32.

    Arithmetic: a product of square matrices, or a convolution with 3x3 kernels, whichever is faster; torch has them
    from different libraries, and one may know a processor better than the other. Memory: adding two arrays of 128 MB
    into a third, as in J. McCalpin's STREAM (1995), with 12 bytes an element as there, or summing one up, whichever is
    faster. Takes about two seconds and 400 MB.

    Parameters
    ----------
    threads : int

    Returns
    -------
    Ceilings
        The best of all tries: a ceiling is not a mean.

    Examples
    --------
    >>> found = ceilings()
    >>> found.peak_flops > found.bandwidth > 0
    True
    """
    with fixed_threads(threads), torch.no_grad():
        a, b, out = (torch.full((_MATRIX, _MATRIX), 0.5) for _ in range(3))
        peak = 2 * _MATRIX**3 / _fastest(lambda: torch.mm(a, b, out=out))
        x, weight = torch.full((1, _CHANNELS, _SIDE, _SIDE), 0.5), torch.full((_CHANNELS, _CHANNELS, 3, 3), 0.5)
        operations = 2 * weight.numel() * _SIDE**2
        peak = max(peak, operations / _fastest(lambda: torch.conv2d(x, weight, padding=1)))
        a, b, out = (torch.full((_STREAM,), 0.5) for _ in range(3))
        bandwidth = max(3 * a.nbytes / _fastest(lambda: torch.add(a, b, out=out)), a.nbytes / _fastest(a.sum))
    return Ceilings(peak, bandwidth)


def roofline(net, example, *, repeats=10, threads=1) -> Roofline:
    """Measure this machine's ceilings, and each layer of a network beneath them.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        In float32, on the processor: the ceilings are of these.
    example : tensor, array, or tuple of positional arguments
    repeats, threads : int
        As in `profile`.

    Returns
    -------
    Roofline

    Raises
    ------
    ValueError
        If no layer of the network multiplies and accumulates, or it is on a GPU.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson: Roofline: An Insightful Visual Performance Model for Multicore
    Architectures, Communications of the ACM 52 (4), 2009.

    Examples
    --------
    >>> found = roofline(torch.nn.Sequential(torch.nn.Linear(2000, 2000), torch.nn.ReLU()), torch.zeros(1, 2000))
    >>> found.table[["kind", "limit"]]
             kind   limit
    layer
    0      Linear  memory
    """
    devices = {weight.device.type for weight in getattr(net, "parameters", list)()} - {"cpu", "meta"}
    if devices:
        raise ValueError(f"net is on {devices.pop()}: the ceilings are the processor's, so give net.to('cpu').")
    found = profile(net, example, repeats=repeats, threads=threads)
    if not found.table.macs.any():
        raise ValueError("net has no layer that multiplies and accumulates: there is nothing to put beneath the roof.")
    return Roofline(found.table, ceilings(threads=threads))


def _fastest(call) -> float:
    """Seconds of the fastest call, of as many as fit into a while."""
    call()
    best, start = float("inf"), now()
    while now() < start + _SECONDS:
        begin = now()
        call()
        best = min(best, now() - begin)
    return best
