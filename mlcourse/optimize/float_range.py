"""Which layers leave the range of a 16-bit float: overflow and underflow, measured layer by layer."""

import math
from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import nn

from mlcourse.models.training import in_eval_mode
from mlcourse.optimize.half_units import arguments, half_type, is_keras, own_tensors, require_finite, tensors_in, units
from mlcourse.optimize.watching import watched

#: A layer is kept in float32 where more than this share of what it reads, holds or hands on is lost to underflow.
LOST = 0.01

# What is added in the end, or divided by with an epsilon: small numbers among these do no harm.
_ADDED = ("bias", "bias_ih", "bias_hh", "running_mean", "running_var", "in_proj_bias")


def range_report(net, example, dtype: str = "float16") -> pd.DataFrame:
    """Tell for every layer what would become infinite or zero in a format of 16 bits.

    The network runs on the example as it is, in float32; every number that a layer holds, reads or hands on is rounded
    to the format, and looked at. Rounding errors of numbers in the format's normal range are not counted: every layer
    has them.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
    example : tensor or tuple
        Input of the network, or all its positional arguments; as typical of what will come as possible. What does not
        occur in the example is not seen.
    dtype : str
        ``"float16"`` or ``"bfloat16"``.

    Returns
    -------
    pandas.DataFrame
        A row a layer, in the order of the network, with the columns

        - ``kind``: the class of the layer;
        - ``largest weight``, ``largest activation``: absolute value of what it holds, and of what it reads or hands on;
        - ``smallest activation``: the smallest that is not 0;
        - ``overflow``: how many numbers would become infinite;
        - ``underflow``: the largest share of nonzero numbers that would become 0, of weights, inputs or outputs;
        - ``lost``: the largest relative error, root of the summed squares, that comes from numbers below the smallest
          normal one: of weights, inputs or outputs;
        - ``keep``: whether that is a reason to keep the layer in float32: any overflow, or more than 1 % lost;
        - ``why``: the reason in words.

    Raises
    ------
    TypeError, ValueError
        If `net` is no network, does not take the example, or gives missing or infinite numbers in float32 already.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    >>> _ = net[0].weight.data.fill_(1000.0)
    >>> report = range_report(net, torch.full((1, 1), 100.0))
    >>> report["keep"].to_dict(), report.loc["0", "why"]
    ({'0': True, '1': True}, 'output: up to 1e+05')
    """
    half = half_type(dtype)
    tallies = _keras_tallies(net, example, half) if is_keras(net) else _torch_tallies(net, example, half)
    rows = {name: tally.row() for name, tally in tallies.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")


def weights_out_of_range(net: nn.Module, half: torch.dtype) -> list[str]:
    """Names of the layers whose weights alone do not fit into a format."""
    tallies = {name: _Tally(type(unit).__name__, half) for name, unit in units(net).items()}
    for name, unit in units(net).items():
        tallies[name].add_weights(unit)
    return [name for name, tally in tallies.items() if tally.row()["keep"]]


# -- counting ---------------------------------------------------------------------------------------------------------


@dataclass
class _Count:
    """What became of the numbers of one role: weights, input or output."""

    largest: float = 0.0
    smallest: float = math.inf
    overflow: int = 0
    nonzero: int = 0
    flushed: int = 0
    lost: float = 0.0

    def add(self, values: torch.Tensor, half: torch.dtype, *, underflow: bool = True):
        values = values.detach()
        if not values.is_floating_point() or not values.numel():
            return
        finite = values[torch.isfinite(values)]
        sizes = finite.abs()
        sizes = sizes[sizes > 0]
        if not sizes.numel():
            return
        rounded = sizes.to(half)
        self.largest = max(self.largest, float(sizes.max()))
        self.smallest = min(self.smallest, float(sizes.min()))
        self.overflow += int(torch.isinf(rounded).sum())
        if underflow:
            self.nonzero += sizes.numel()
            self.flushed += int((rounded == 0).sum())
            small = sizes < torch.finfo(half).smallest_normal
            if small.any():
                error = (sizes[small].double() - rounded[small].double()).norm()
                self.lost = max(self.lost, float(error / sizes.double().norm()))


@dataclass
class _Tally:
    kind: str
    half: torch.dtype
    counts: dict[str, _Count] = field(default_factory=lambda: {k: _Count() for k in ("weights", "input", "output")})

    def add(self, role: str, value):
        for tensor in tensors_in(value):
            self.counts[role].add(tensor, self.half)

    def add_weights(self, unit: nn.Module):
        for name, tensor in own_tensors(unit).items():
            added = name.rpartition(".")[2].startswith(_ADDED) and tensor.ndim < 2
            self.counts["weights"].add(tensor, self.half, underflow=not added)

    def row(self) -> dict:
        weights, activations = self.counts["weights"], [self.counts["input"], self.counts["output"]]
        why = []
        for role, count in self.counts.items():
            if count.overflow:
                why.append(f"{role}: up to {count.largest:.2g}")
            if count.lost > LOST:
                why.append(f"{role}: {count.lost:.0%} lost below {torch.finfo(self.half).smallest_normal:.2g}")
        counts = self.counts.values()
        smallest = min(count.smallest for count in activations)
        return {
            "kind": self.kind,
            "largest weight": weights.largest,
            "largest activation": max(count.largest for count in activations),
            "smallest activation": smallest if math.isfinite(smallest) else 0.0,
            "overflow": sum(count.overflow for count in counts),
            "underflow": max(count.flushed / count.nonzero if count.nonzero else 0.0 for count in counts),
            "lost": max(count.lost for count in counts),
            "keep": bool(why),
            "why": "; ".join(why),
        }


# -- torch ------------------------------------------------------------------------------------------------------------


def _torch_tallies(net, example, half):
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    if not list(tensors_in(arguments(example))):
        raise TypeError(f"example must be a tensor or a tuple of them, not {type(example).__name__}.")
    tallies = {}
    for name, unit in units(net).items():
        tallies[name] = _Tally(type(unit).__name__, half)
        tallies[name].add_weights(unit)
    with in_eval_mode(net), watched(net, lambda name, role, value: tallies[name].add(role, value)):
        try:
            answer = net(*arguments(example))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(f"net does not take the example: {reason}") from error
    require_finite(tensors_in(answer))
    return tallies


# -- Keras ------------------------------------------------------------------------------------------------------------


def _keras_tallies(net, example, half):
    from mlcourse.optimize.half_keras import layer_tensors

    tallies = {}
    for layer, inputs, outputs in layer_tensors(net, example):
        tally = tallies[layer.name] = _Tally(type(layer).__name__, half)
        tally.add("input", inputs)
        tally.add("output", outputs)
        for weight in layer.weights:
            added = weight.name in ("bias", "beta", "moving_mean", "moving_variance")
            tally.counts["weights"].add(torch.as_tensor(weight.value), half, underflow=not added)
    return tallies
