"""Cut channels out of a torch network: its weights get smaller, and its layers know it."""

import copy

import torch
from torch import nn

from mlcourse.optimize.graph import Graph
from mlcourse.optimize.recording import record


def cut_channels(net: nn.Module, graph: Graph, removed: set[int], example) -> nn.Module:
    """Return a copy of a network without some channels.

    Parameters
    ----------
    net : torch.nn.Module
    graph : Graph
        Of `net` and `example`.
    removed : set of int
        Roots of the channels that go.
    example : tensor or tuple
        The copy is asked for it, and must read the channels that are left and no others.

    Raises
    ------
    ValueError
        If a layer would be left without channels, the groups of a convolution would become unequal, or the network
        picks channels by fixed positions.
    """
    kept = graph.without(removed)
    new = copy.deepcopy(net)
    tensors = dict(new.named_buffers()) | dict(new.named_parameters())
    groups = {name: _GroupedCut(graph, name, kept) for name in graph.groups}
    smaller = {}
    for name in {name for name, _ in kept}:
        tensor = tensors[name].detach()
        for axis in range(tensor.ndim):
            if axis == 1 and name in groups:
                tensor = groups[name].inputs(tensor)
            elif (stay := kept.get((name, axis))) is not None:
                tensor = tensor.index_select(axis, torch.tensor(stay, device=tensor.device))
        smaller[id(tensors[name])] = tensor.clone()
    of_weight = {id(tensors[name]): cut.n_groups for name, cut in groups.items()}
    for module in new.modules():
        _replace(module, smaller, of_weight)
    for weight in new.parameters():
        weight.grad = None  # of the network that it was
    try:
        record(new, example, expected=graph.cut(kept))
    except (ValueError, RuntimeError, IndexError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{type(net).__name__} does not work with fewer channels there ({reason}): somewhere it counts on fixed "
            "sizes or positions. Leave the layers ahead of it out, or let it compute them from the shape."
        ) from error
    return new


class _GroupedCut:
    """What is left of a convolution in groups."""

    def __init__(self, graph, name, kept):
        n = graph.groups[name]
        inputs, outputs = graph.axes[name, 1], graph.axes[name, 0]
        self.kept_inputs = _by_group(kept.get((name, 1), range(len(inputs))), len(inputs) // n, n)
        self.kept_outputs = _by_group(kept.get((name, 0), range(len(outputs))), len(outputs) // n, n)
        sizes = {(len(i), len(o)) for i, o in zip(self.kept_inputs, self.kept_outputs, strict=True) if len(i) or len(o)}
        if len(sizes) > 1 or (0 in next(iter(sizes))):
            raise ValueError(
                f"{name} is of a convolution in {n} groups, of which each must keep as many inputs, and as many "
                f"outputs, as the others (or none of both); they would keep {[len(i) for i in self.kept_inputs]} "
                f"inputs and {[len(o) for o in self.kept_outputs]} outputs."
            )
        self.n_groups = sum(len(i) > 0 for i in self.kept_inputs)

    def inputs(self, weight):
        """Cut axis 1 of a weight whose axis 0 is cut already; each group has inputs of its own."""
        left = [
            (inputs, len(outputs))
            for inputs, outputs in zip(self.kept_inputs, self.kept_outputs, strict=True)
            if inputs
        ]
        blocks = weight.split([n for _, n in left])
        cut = [
            block.index_select(1, torch.tensor(inputs, device=weight.device))
            for block, (inputs, _) in zip(blocks, left, strict=True)
        ]
        return torch.cat(cut)


def _by_group(kept, size, n):
    return [[i - group * size for i in kept if i // size == group] for group in range(n)]


def _replace(module, smaller, n_groups):
    """Give a layer its smaller weights, and let it know its sizes."""
    changed = False
    groups = None
    for name, weight in list(module._parameters.items()):
        if weight is not None and id(weight) in smaller:
            changed = True
            groups = n_groups.get(id(weight), groups)
            new = smaller[id(weight)]
            if not isinstance(new, nn.Parameter):  # shared weights stay shared
                new = smaller[id(weight)] = nn.Parameter(new, weight.requires_grad)
            module._parameters[name] = new
    for name, buffer in list(module._buffers.items()):
        if buffer is not None and id(buffer) in smaller:
            changed = True
            module._buffers[name] = smaller[id(buffer)]
    if changed:
        _note_sizes(module, groups)


def _note_sizes(module, groups):
    weight = getattr(module, "weight", None)
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = weight.shape
    elif isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        module.in_channels, module.out_channels = weight.shape[:2]
    elif isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        if groups is not None:
            module.groups = groups
        elif module.groups > 1:  # depthwise
            module.groups = weight.shape[0] * module.in_channels // module.out_channels
        module.out_channels, module.in_channels = weight.shape[0], weight.shape[1] * module.groups
    elif isinstance(module, nn.Embedding):
        module.embedding_dim = weight.shape[1]
    elif isinstance(module, nn.PReLU):
        module.num_parameters = len(weight)
    elif hasattr(module, "num_features"):  # normalisations
        module.num_features = len(weight if weight is not None else module.running_mean)
