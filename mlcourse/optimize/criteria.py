"""Which outputs of a layer matter least: one number for each, by its weights or by what it does to data.

References
----------
H. Li, A. Kadav, I. Durdanovic, H. Samet, H. P. Graf: Pruning Filters for Efficient ConvNets, ICLR 2017, section 3.1
("l1").
P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz: Pruning Convolutional Neural Networks for Resource Efficient
Inference, ICLR 2017, section 2.2 ("activation": mean activation; "taylor": equations 7 and 8).
"""

import copy
from collections.abc import Mapping

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from mlcourse.models.training import in_eval_mode
from mlcourse.optimize.graph import Graph
from mlcourse.optimize.recording import operation_name

CRITERIA = ("l1", "activation", "taylor", "random")
BATCH = 64


def random_scores(graph: Graph, random_state: int) -> dict[int, float]:
    """Return a random number for each channel: {root: float}."""
    generator = torch.Generator().manual_seed(random_state)
    roots = sorted({root for layer in graph.layers for root in graph.roots(layer)})
    return dict(zip(roots, torch.rand(len(roots), generator=generator).tolist(), strict=True))


def weight_scores(graph: Graph, weights: Mapping) -> dict[int, float]:
    """Return the sum of absolute weights of each channel, over all layers that make it: {root: float}."""
    found: dict[int, float] = {}
    for layer in graph.layers:
        name, axis = graph.sources[layer]
        weight = weights[name].detach()
        others = [other for other in range(weight.ndim) if other != axis]
        # On the meta device there are no values: all count the same.
        sums = [0.0] * weight.shape[axis] if weight.is_meta else weight.abs().double().sum(others).tolist()
        for root, value in zip(graph.roots(layer), sums, strict=True):
            found[root] = found.get(root, 0.0) + value
    return found


class DataScores:
    """What channels do to data, added up over cases where layers read them.

    Parameters
    ----------
    graph : Graph

    Attributes
    ----------
    of : dict of int to float
        {root: score}.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.of = {root: 0.0 for layer in graph.layers for root in graph.roots(layer)}

    def add(self, x, axis: int, numbers, gradient=None) -> None:
        """Add a batch that a layer reads.

        Parameters
        ----------
        x : tensor
            Channels along `axis`, cases along the first.
        numbers : tensor
            Of the channels.
        gradient : tensor, optional
            Of the loss, summed over cases. With it a case counts with the absolute sum of x times gradient over all
            places, without with the mean of the absolutes.
        """
        values = x.detach().double()
        values = values.abs() if gradient is None else values * gradient.double()
        if values.ndim > 2:
            places = values.movedim(axis, 1).flatten(2)
            values = places.mean(2) if gradient is None else places.sum(2)
        sums = values.abs().reshape(-1, values.shape[-1]).sum(0).tolist()
        for root, value in zip(self.graph.channels.roots(numbers), sums, strict=True):
            if root:
                self.of[root] += value


def data_scores(net: nn.Module, graph: Graph, criterion: str, X, y=None, loss=None) -> dict[int, float]:
    """Return what each channel does to data: {root: float}.

    Parameters
    ----------
    net : torch.nn.Module
        Is not changed.
    graph : Graph
    criterion : str
        ``"activation"`` or ``"taylor"``.
    X : tensor
    y : tensor, optional
        What is wanted of the network, for ``"taylor"``.
    loss : callable, optional
        ``loss(answer, y)``, the mean over the cases. Default: cross entropy.
    """
    by_gradient = criterion == "taylor"
    net = copy.deepcopy(net).requires_grad_(by_gradient)
    found, reading = DataScores(graph), _Reading(net, graph)
    loss = nn.functional.cross_entropy if loss is None else loss
    with in_eval_mode(net) as device:
        for start in range(0, len(X), BATCH):
            batch = X[start : start + BATCH].to(device)
            with torch.set_grad_enabled(by_gradient), reading:
                answer = net(batch)
            read = list(reading.read.values())
            gradients = [None] * len(read)
            if by_gradient:
                read = [one for one in read if one[0].requires_grad]
                with torch.enable_grad():
                    value = loss(answer, y[start : start + BATCH].to(device)) * len(batch)
                gradients = torch.autograd.grad(value, [x for x, *_ in read], allow_unused=True)
            for one, gradient in zip(read, gradients, strict=True):
                if not by_gradient or gradient is not None:
                    found.add(*one, gradient)
            reading.read.clear()
    return found.of


class _Reading(TorchFunctionMode):
    """See what layers with weights read."""

    def __init__(self, net, graph):
        super().__init__()
        self.graph = graph
        self.names = {id(weight): name for name, weight in net.named_parameters()}
        self.read = {}  # id of a tensor -> (the tensor, axis of its channels, their numbers)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = operation_name(function)
        if name in _READERS:
            x = args[0] if args else kwargs["input"]
            weight = args[1] if len(args) > 1 else kwargs["weight"]
            numbers = self.graph.axes.get((self.names.get(id(weight)), 0 if "transpose" in name else 1))
            if numbers is not None and bool(numbers.any()):
                axis = x.ndim - 1 if name == "linear" else x.ndim - weight.ndim + 1
                self.read.setdefault(id(x), (x, axis, numbers))
        return function(*args, **kwargs)


_READERS = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
