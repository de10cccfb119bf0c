"""Which outputs of a layer matter least: one number for each, by its weights or by what it does to data.

References
----------
H. Li, A. Kadav, I. Durdanovic, H. Samet, H. P. Graf: Pruning Filters for Efficient ConvNets, ICLR 2017, section 3.1
("l1").
P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz: Pruning Convolutional Neural Networks for Resource Efficient
Inference, ICLR 2017, section 2.2 ("activation": mean activation; "taylor": equations 7 and 8).
"""

import copy

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from mlcourse.models.training import in_eval_mode
from mlcourse.optimize.graph import Graph
from mlcourse.optimize.recording import operation_name

CRITERIA = ("l1", "activation", "taylor", "random")
_BATCH = 64


def scores(net: nn.Module, graph: Graph, criterion: str, X=None, y=None, loss=None, random_state=0) -> dict:
    """Return what each channel counts for: {root: float}.

    Parameters
    ----------
    net : torch.nn.Module
    graph : Graph
    criterion : str
        One of `CRITERIA`.
    X : tensor
        Inputs, for ``"activation"`` and ``"taylor"``.
    y : tensor
        What is wanted of the network, for ``"taylor"``.
    loss : callable, optional
        ``loss(answer, y)``, the mean over the cases. Default: cross entropy.
    random_state : int
    """
    if criterion == "random":
        generator = torch.Generator().manual_seed(random_state)
        roots = sorted({root for numbers in graph.layers.values() for root in graph.channels.roots(numbers)})
        return dict(zip(roots, torch.rand(len(roots), generator=generator).tolist(), strict=True))
    if criterion == "l1":
        return _l1(net, graph)
    found = _Reading(graph, criterion)
    net = copy.deepcopy(net).requires_grad_(criterion == "taylor")
    found.names = {id(weight): name for name, weight in net.named_parameters()}
    with in_eval_mode(net) as device:
        for start in range(0, len(X), _BATCH):
            batch = X[start : start + _BATCH].to(device)
            with torch.set_grad_enabled(criterion == "taylor"), found:
                answer = net(batch)
            truth = None
            if criterion == "taylor":
                truth = y[start : start + _BATCH].to(device)
                value = (nn.functional.cross_entropy if loss is None else loss)(answer, truth) * len(batch)
                found.differentiate(value)
    return found.scores


def _l1(net, graph):
    tensors = dict(net.named_parameters())
    found: dict[int, float] = {}
    for layer, numbers in graph.layers.items():
        name, axis = graph.sources[layer]
        weight = tensors[name].detach()
        others = [other for other in range(weight.ndim) if other != axis]
        # On the meta device there are no values: all count the same.
        sums = [0.0] * len(numbers) if weight.is_meta else weight.abs().double().sum(others).tolist()
        for root, value in zip(graph.channels.roots(numbers), sums, strict=True):
            found[root] = found.get(root, 0.0) + value
    return found


class _Reading(TorchFunctionMode):
    """See what layers with weights read: of each channel, the sum over all cases."""

    def __init__(self, graph, criterion):
        super().__init__()
        self.graph, self.criterion = graph, criterion
        self.names: dict[int, str] = {}
        self.scores = {root: 0.0 for n in graph.layers.values() for root in graph.channels.roots(n)}
        self.read = []  # (tensor, axis of its channels, their numbers)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = operation_name(function)
        if name in _READERS:
            x = args[0] if args else kwargs["input"]
            weight = args[1] if len(args) > 1 else kwargs["weight"]
            key = (self.names.get(id(weight)), 0 if "transpose" in name else 1)
            numbers = self.graph.axes.get(key)
            if numbers is not None and bool(numbers.any()):
                axis = x.ndim - 1 if name == "linear" else x.ndim - weight.ndim + 1
                self._read(x, axis, numbers)
        return function(*args, **kwargs)

    def _read(self, x, axis, numbers):
        if self.criterion == "activation":
            # Mean of the absolutes over places, summed over cases.
            self._add(numbers, x.abs().double().movedim(axis, 0).flatten(1).mean(1) * len(x))
        elif x.requires_grad and not any(x is known for known, *_ in self.read):
            self.read.append((x, axis, numbers))

    def differentiate(self, value):
        """Add the absolutes of activation x gradient, each summed over the places of a case."""
        gradients = torch.autograd.grad(value, [x for x, *_ in self.read], allow_unused=True)
        for (x, axis, numbers), gradient in zip(self.read, gradients, strict=True):
            if gradient is not None:
                product = (x * gradient).detach().double().movedim(axis, 1)
                self._add(numbers, product.flatten(2).sum(2).abs().sum(0) if product.ndim > 2 else product.abs().sum(0))
        self.read.clear()

    def _add(self, numbers, values):
        for root, value in zip(self.graph.channels.roots(numbers), values.tolist(), strict=True):
            if root:
                self.scores[root] += value


_READERS = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
