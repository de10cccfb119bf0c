"""What automatic pruning is compared with: a narrower network trained from scratch, and what training costs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from numbers import Real

import pandas as pd
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from mlcourse.measure import count, latency
from mlcourse.optimize.layer_cost import LayerCost
from mlcourse.optimize.onnx_speed import onnx_session


class TrainingCost:
    """Count what networks compute and how long it takes, while a ``with`` block runs.

    Attributes
    ----------
    macs : int
        Multiply-accumulates of convolution, linear and recurrent layers, of all networks that run: where gradients are
        wanted three times those of the answer, for the way back multiplies twice as much.
    seconds : float
        Of the processor, all threads together.

    Examples
    --------
    >>> with TrainingCost() as cost:
    ...     _ = nn.Linear(10, 5)(torch.zeros(4, 10))
    >>> cost.macs
    600
    """

    def __init__(self):
        self.macs, self.seconds = 0, 0.0

    def __enter__(self):
        self._begin = time.process_time()
        self._handle = register_module_forward_hook(self._called)
        return self

    def __exit__(self, *error):
        self._handle.remove()
        self.seconds += time.process_time() - self._begin

    def _called(self, layer, inputs, output):
        self.macs += (3 if torch.is_grad_enabled() else 1) * _multiply_accumulates(layer, inputs, output)

    def __repr__(self) -> str:
        return f"TrainingCost({self.macs / 1e9:.1f} G multiply-accumulates, {self.seconds:.1f} s)"


def _multiply_accumulates(layer, inputs, output):
    """Return what one call of a layer multiplies and adds: convolutions, linear and recurrent layers; others 0."""
    # By shapes alone: whoever follows what a network does with its weights sees no more than without.
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return prod(output.shape) * prod(layer.weight.shape[1:])
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        return prod(inputs[0].shape) * prod(layer.weight.shape[1:])
    if isinstance(layer, nn.Linear):
        return prod(output.shape) * layer.in_features
    if isinstance(layer, nn.RNNBase):
        matrices = [w for name, w in layer.named_parameters() if name.startswith("weight")]
        return prod(inputs[0].shape[:-1]) * sum(prod(w.shape) for w in matrices)
    return 0


@dataclass(frozen=True)
class Multiplied:
    """A narrower network, trained from scratch.

    Parameters
    ----------
    net : torch.nn.Module
    width : float
        Its width multiplier.
    cost : TrainingCost
    """

    net: nn.Module
    width: float
    cost: TrainingCost


def width_multiplier(build, train, *, budget: float, example: torch.Tensor) -> Multiplied:
    """Train the widest network of a family that keeps a budget of multiply-accumulates: the baseline of pruning.

    Parameters
    ----------
    build : callable
        ``build(width)`` -> untrained network; ``build(1.0)`` is the whole one.
    train : callable
        ``train(net)`` trains it in place, or returns the trained one.
    budget : float
        Multiply-accumulates that may be left, as a share of the whole network's: above 0 and below 1.
    example : tensor
        An input with its batch.

    Returns
    -------
    Multiplied

    Raises
    ------
    ValueError
        If the budget is no such share, or even a width of 0.05 takes more.

    References
    ----------
    A. G. Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017,
    section 3.3.

    Examples
    --------
    >>> from mlcourse.models import small_mobilenet
    >>> width_multiplier(lambda w: small_mobilenet(width=w), lambda net: None, budget=0.6,
    ...                  example=torch.zeros(1, 1, 28, 28)).width
    0.7
    """
    if isinstance(budget, bool) or not isinstance(budget, Real) or not 0 < budget < 1:
        raise ValueError(f"budget must be a share between 0 and 1, not {budget!r}.")
    costs = LayerCost(example, "macs")
    whole = costs.of(build(1.0))
    for hundredths in range(95, 0, -5):
        width = hundredths / 100
        net = build(width)
        if costs.of(net) <= budget * whole:
            with TrainingCost() as cost:
                trained = train(net)
            return Multiplied(trained if isinstance(trained, nn.Module) else net, width, cost)
    raise ValueError(f"a network of width 0.05 still takes more than budget={budget:g} of the multiply-accumulates.")


def pruning_table(
    nets: Mapping, evaluate, example: torch.Tensor, training: Mapping | None = None, repeats: int = 30
) -> pd.DataFrame:
    """Set networks beside each other: size, speed in torch and in ONNX Runtime on one thread, accuracy, training cost.

    Parameters
    ----------
    nets : dict of str to torch.nn.Module
        The first one is what the others are compared with.
    evaluate : callable
        ``evaluate(net)`` -> accuracy.
    example : tensor
        An input with its batch; 1 is what a phone sees.
    training : dict of str to TrainingCost, optional
        What each of them cost; those left out have none.
    repeats : int
        Rounds in which all take turns; see `mlcourse.measure.latency`.

    Returns
    -------
    pandas.DataFrame
        A row a network.
    """
    training = training or {}
    macs = {name: int(count(net, example)["macs"].sum()) for name, net in nets.items()}
    first = next(iter(nets))
    in_torch = latency(nets, example, repeats=repeats).table
    sessions = {name: onnx_session(net, example) for name, net in nets.items()}
    in_onnx = latency(sessions, example, repeats=repeats).table
    columns = {
        "parameters": {name: sum(weight.numel() for weight in net.parameters()) for name, net in nets.items()},
        "MACs": macs,
        "fewer MACs": {name: 1 - macs[name] / macs[first] for name in nets},
        "torch ms": in_torch["median_ms"],
        "faster in torch": in_torch["ratio"],
        "ONNX Runtime ms": in_onnx["median_ms"],
        "faster in ONNX Runtime": in_onnx["ratio"],
        "accuracy": {name: evaluate(net) for name, net in nets.items()},
        "training MACs": {name: training[name].macs if name in training else 0 for name in nets},
        "training s": {name: training[name].seconds if name in training else 0.0 for name in nets},
    }
    return pd.DataFrame(columns, index=list(nets))
