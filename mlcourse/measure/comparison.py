"""The table that every lab ends with: what a technique saves, what it costs, what it gains."""

from numbers import Real

import pandas as pd
import torch
from torch import nn

from mlcourse.measure.counting import count
from mlcourse.measure.energy_model import UnknownFormat, energy, require_device
from mlcourse.measure.timing import latency

COLUMNS = [
    "parameters", "MB", "MACs", "ms", "ratio", "ratio_low", "ratio_high", "accuracy", "modelled_mJ", "energy_delay",
]  # fmt: skip


def compare(nets, example, evaluate=None, *, repeats=30, threads=1, device="45nm", progress=False) -> pd.DataFrame:
    """Set networks side by side.

    Parameters
    ----------
    nets : dict of str to network or callable
        The first one is what the others are compared with. Of a function that is no network of torch or Keras (a
        session of ONNX Runtime, say) only the time, and what `evaluate` says, is known.
    example : tensor, array, or tuple of positional arguments
        With its batch.
    evaluate : callable, optional
        ``evaluate(net)`` gives a network's accuracy, from 0 to 1 (or any other figure of merit).
    repeats, threads, progress
        As in `latency`.
    device : str
        As in `energy`.

    Returns
    -------
    pandas.DataFrame
        One row a network:

        - ``parameters``, ``MB`` (of parameters, 10^6 bytes), ``MACs`` (multiply-accumulates): counted, as in `count`;
        - ``ms``: median, measured; ``ratio``: how many times as fast as the first network, measured, and ``ratio_low``
          to ``ratio_high``, between which it lies with 95 % confidence: if 1 is among them, nothing is said;
        - ``accuracy``: what `evaluate` gave;
        - ``modelled_mJ``: energy of one run, a model (see `energy`), not measured; missing for formats of numbers that
          the model has no figures for;
        - ``energy_delay``: ``modelled_mJ`` times ``ms``; the less the better.

    Raises
    ------
    TypeError, ValueError
        If there is no network, or `evaluate` gives no number.

    Examples
    --------
    >>> nets = {"dense": nn.Linear(4000, 1000), "narrow": nn.Linear(4000, 100)}
    >>> compare(nets, torch.zeros(1, 4000), repeats=5)[["parameters", "MB", "MACs"]]
            parameters       MB     MACs
    net
    dense      4001000   16.004  4000000
    narrow      400100   1.6004   400000
    """
    if not isinstance(nets, dict) or not nets:
        raise TypeError("nets must be a dict of at least one name and network: {'original': net, 'pruned': pruned}.")
    if evaluate is not None and not callable(evaluate):
        raise TypeError(f"evaluate must be a function of a network, or None, not {type(evaluate).__name__}.")
    require_device(device)
    times = latency(nets, example, repeats=repeats, threads=threads, progress=progress)
    first = next(iter(nets))
    rows = {}
    for name, net in nets.items():
        ms = float(times.table.median_ms[name])
        low, ratio, high = (1.0, 1.0, 1.0) if name == first else times.ratio(first, name)
        row = {"ms": ms, "ratio": ratio, "ratio_low": low, "ratio_high": high}
        if isinstance(net, nn.Module) and not isinstance(net, torch.jit.ScriptModule):
            table = count(net, example)
            millijoules = _millijoules(net, example, device)
            row |= {
                "parameters": int(table.parameters.sum()),
                "MB": int(table.weight_bytes.sum()) / 1e6,
                "MACs": int(table.macs.sum()),
                "modelled_mJ": millijoules,
                "energy_delay": millijoules * ms,
            }
        if evaluate is not None:
            row["accuracy"] = _number(evaluate(net), name)
        rows[name] = row
    found = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis("net")
    whole = {"parameters": "Int64", "MACs": "Int64"}
    return found.astype({name: whole.get(name, "Float64") for name in COLUMNS})


def _millijoules(net, example, device) -> float:
    try:
        return 1e3 * energy(net, example, device).joules
    except UnknownFormat:  # nobody published what it takes: the other columns are known all the same
        return float("nan")


def _number(value, name) -> float:
    value = value.item() if hasattr(value, "item") and getattr(value, "size", 1) not in (0,) else value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"evaluate must give a number for each network, and gave {value!r} for {name!r}.")
    return float(value)
