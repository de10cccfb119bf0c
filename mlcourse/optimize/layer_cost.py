"""What a network costs, as the sum over its layers: multiply-accumulates, or milliseconds from a table of measurements.

Timing a whole network again for every few channels that it loses drowns the difference in noise. Each layer is timed by
itself instead, once for each shape that it takes, and the times are added up.
"""

import time
from statistics import median

import torch
from torch import nn

from mlcourse.measure import count
from mlcourse.models.training import in_eval_mode

UNITS = ("ms", "macs")
_BURSTS, _CALLS = 9, 4


class LayerCost:
    """Cost of networks for one input.

    Parameters
    ----------
    example : tensor
        The input, with its batch: ``(1, 1, 28, 28)``, say.
    unit : str
        ``"ms"``: milliseconds on this machine with torch's present number of threads, each layer measured when a layer
        like it is first met. ``"macs"``: multiply-accumulates of convolution and linear layers, counted.

    References
    ----------
    T.-J. Yang et al.: NetAdapt: Platform-Aware Neural Network Adaptation for Mobile Applications, ECCV 2018, section
    3.3 (look-up tables of measured layers).

    Examples
    --------
    >>> LayerCost(torch.zeros(1, 3), "macs").of(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)))
    25.0
    """

    def __init__(self, example: torch.Tensor, unit: str = "ms"):
        if unit not in UNITS:
            raise ValueError(f"unit must be 'ms' (measured here) or 'macs' (counted), not {unit!r}.")
        self.example, self.unit = example, unit
        self._measured = {}

    def of(self, net: nn.Module) -> float:
        """Return the cost of a network; it is not changed."""
        if self.unit == "macs":
            return float(count(net, self.example)["macs"].sum())
        calls, handles = [], []

        def called(layer, inputs, output):
            calls.append((layer, [i for i in inputs if isinstance(i, torch.Tensor)]))

        try:
            for layer in net.modules():
                if not any(True for _ in layer.children()):
                    handles.append(layer.register_forward_hook(called))
            with in_eval_mode(net) as device:
                net(self.example.to(device))
        finally:
            for handle in handles:
                handle.remove()
        with in_eval_mode(net):
            return sum(self._milliseconds(layer, inputs) for layer, inputs in calls)

    def _milliseconds(self, layer, inputs):
        key = (repr(layer), *(tuple(i.shape) for i in inputs))
        if key not in self._measured:
            # Copies: a layer may overwrite what it is given.
            inputs = [torch.zeros_like(i) for i in inputs]
            for _ in range(3):
                layer(*inputs)
            bursts = []
            for _ in range(_BURSTS):
                begin = time.perf_counter()
                for _ in range(_CALLS):
                    layer(*inputs)
                bursts.append((time.perf_counter() - begin) / _CALLS)
            self._measured[key] = 1e3 * median(bursts)
        return self._measured[key]
