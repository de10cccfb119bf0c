"""A network on its way to a smaller one, and how it is measured."""

import copy
import sys
from numbers import Integral, Real

import torch
from torch import nn

from mlcourse.optimize.layer_cost import LayerCost
from mlcourse.optimize.narrowing import Narrowing
from mlcourse.optimize.zero_padding import EmptyStreamError


class Search:
    """The network as far as it has come, and how it is measured."""

    def __init__(self, net, evaluate, images, example, unit, round_to, zero_padding):
        keras = sys.modules.get("keras")
        if keras is not None and isinstance(net, keras.Model):
            raise TypeError("net is a Keras model: remove_channels takes it, automatic pruning only a torch.nn.Module.")
        if not isinstance(net, nn.Module):
            raise TypeError(f"net must be a torch.nn.Module, not {type(net).__name__}.")
        if not callable(evaluate):
            raise TypeError(f"evaluate must be callable: evaluate(net) -> accuracy, not {type(evaluate).__name__}.")
        if isinstance(round_to, bool) or not isinstance(round_to, Integral) or round_to < 1:
            raise ValueError(f"round_to must be a whole number, at least 1, not {round_to!r}.")
        for name, value in (("images", images), ("example", example)):
            if value is not None and not isinstance(value, torch.Tensor):
                raise TypeError(f"{name} must be a tensor of inputs, with their batch, not {type(value).__name__}.")
            if value is not None and (value.ndim < 2 or not len(value)):
                raise ValueError(f"{name} must hold at least one input, shape (n, ...), not {tuple(value.shape)}.")
        self.evaluate = evaluate
        self.accuracy, seen = self._first(net)
        example = seen if example is None else example
        if example is None:
            raise ValueError("evaluate(net) did not call net with a tensor, so that example must be given.")
        self.costs = LayerCost(example, unit)
        self.widths = Narrowing(net, example, images, round_to, zero_padding)
        self.first_cost = self.costs.of(net)

    def names(self, layers):
        known = list(self.widths.outputs)
        if layers is None:
            names = known
        else:
            names = [layers] if isinstance(layers, str) else list(layers)
            for name in names:
                if name not in known:
                    raise ValueError(f"layers names {name!r}; outputs can be lost by {', '.join(known) or 'none'}.")
        if not names:
            raise ValueError(f"net has no layer that can lose outputs in multiples of round_to={self.widths.round_to}.")
        return names

    def measure(self, changed):
        """Accuracy, cost and network with some widths changed; None where that leaves nothing to compute with."""
        try:
            net = self.widths.build(changed)
        except EmptyStreamError:
            return None
        return self._accuracy(copy.deepcopy(net)), self.costs.of(net), net

    def _first(self, net):
        net, seen = copy.deepcopy(net), []

        def look(module, inputs):
            if not seen and inputs and isinstance(inputs[0], torch.Tensor):
                seen.append(inputs[0][:1].detach().clone())

        net.register_forward_pre_hook(look)
        return self._accuracy(net), seen[0] if seen else None

    def _accuracy(self, net):
        found = self.evaluate(net)
        if isinstance(found, torch.Tensor) and found.numel() == 1:
            found = found.item()
        if not isinstance(found, Real) or not 0 <= found <= 1:  # no missing value is between 0 and 1
            percent = " For per cent, divide by 100." if isinstance(found, Real) and 1 < found <= 100 else ""
            raise ValueError(f"evaluate(net) must give an accuracy from 0 to 1, not {found!r}.{percent}")
        return float(found)
