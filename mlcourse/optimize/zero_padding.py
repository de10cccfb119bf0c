"""Residual projections lose channels, and the additions keep their shapes: what was removed counts as zeros.

A chain of residual additions carries one and the same set of channels from block to block (a *stream* here). A branch
that ends in such an addition cannot give up channels unless all branches of the stream give up the same ones; or unless
zeros stand in for them. Written out, the zeros would have to be made and added; so they are not written out:

- The channels of a stream are put into one order, in which every branch keeps the first ones. Adding a narrow branch is
  then adding to the first channels of the stream, ``x[:, :n].add_(y)``, and the rest is not touched.
- Channels that no branch has brought yet are zeros all over. They are not there at all, and the convolutions that read
  the stream do without them.
- A branch that keeps nothing falls away with all of its layers.
"""

import copy
import operator
from collections.abc import Mapping

import torch
from torch import fx, nn

from mlcourse.optimize.streams import CONVOLUTIONS, NORMALISATIONS, find_streams, traced_network


class EmptyStreamError(ValueError):
    """A plan leaves nothing of what somebody reads."""


class ZeroPaddedAdd(nn.Module):
    """Add two maps of which one has fewer channels: its missing last channels count as zeros.

    Parameters
    ----------
    in_place : bool
        Whether the wider one may be overwritten, which is fastest. It is not where gradients are wanted.

    Examples
    --------
    >>> ZeroPaddedAdd()(torch.ones(1, 3, 1), torch.ones(1, 2, 1)).flatten()
    tensor([2., 2., 1.])
    """

    def __init__(self, in_place: bool = False):
        super().__init__()
        self.in_place = in_place

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the sum, as wide as the wider of both: (images, channels, ...)."""
        wide, narrow = (x, y) if x.shape[1] >= y.shape[1] else (y, x)
        n = narrow.shape[1]
        alike = wide.shape[2:] == narrow.shape[2:] and wide.dtype == narrow.dtype
        if self.in_place and alike and not torch.is_grad_enabled() and not torch.onnx.is_in_onnx_export():
            wide[:, :n].add_(narrow)
            return wide
        # Zeros written out; for ONNX too, which has no "add to a part".
        return wide + nn.functional.pad(narrow, (0, 0) * (narrow.ndim - 2) + (0, wide.shape[1] - n))

    def extra_repr(self) -> str:
        return f"in_place={self.in_place}"


def zero_pad(net, plan: Mapping) -> nn.Module:
    """Remove outputs of branches that end in residual additions; the additions see zeros instead.

    Parameters
    ----------
    net : torch.nn.Module
        That ``torch.fx`` can trace (no ``if`` on the shape or the values of a tensor).
    plan : dict of str to sequence of int
        {layer: outputs that stay}, layers as `residual_streams` names them. Those not named keep all. A branch that
        keeps none falls away, with the layers that lead to it alone. Sets of branches that are added to each other
        should be nested (each holds the next smaller one): where they are not, some zeros have to be computed.

    Returns
    -------
    torch.fx.GraphModule
        A new network with the same names of layers. It answers as `net` does with these outputs set to 0 (after the
        normalisation); the argument is as it was.

    Raises
    ------
    TypeError, ValueError
        If torch cannot follow the network's ``forward``, or the plan does not fit.

    Examples
    --------
    >>> from mlcourse.models import small_mobilenet
    >>> net = small_mobilenet().eval()
    >>> narrow = zero_pad(net, {"blocks.2.project.0": range(8), "blocks.4.project.0": range(16)})
    >>> narrow(torch.zeros(1, 1, 28, 28)).shape, narrow.get_submodule("blocks.2.project.0")
    (torch.Size([1, 10]), Conv2d(144, 8, kernel_size=(1, 1), stride=(1, 1), bias=False))
    """
    traced = traced_network(copy.deepcopy(net))
    streams, closed = find_streams(traced)
    kept = _checked_plan(plan, streams, closed, traced)
    widths = {}
    for stream in streams:
        if any(name in kept for name in stream.convolutions.values()):
            _narrow(traced, stream, kept, widths)
    traced.graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    _add_in_place(traced)
    traced.graph.lint()
    traced.recompile()
    traced.training = net.training
    return traced


def _checked_plan(plan, streams, closed, traced):
    if not isinstance(plan, Mapping):
        raise TypeError(f"plan must be a dict of {{layer: outputs that stay}}, not {type(plan).__name__}.")
    channels = {name: stream.channels for stream in streams for name in stream.convolutions.values()}
    kept = {}
    for name, indices in plan.items():
        if name not in channels:
            why = f"its stream must keep its channels, for {closed[name]}" if name in closed else "it is no such layer"
            raise ValueError(f"plan names {name!r}, but {why}. Layers to name: {', '.join(channels) or 'none'}.")
        chosen = torch.as_tensor(list(indices) if not isinstance(indices, torch.Tensor) else indices).flatten()
        whole = not len(chosen) or not (chosen.dtype.is_floating_point or chosen.dtype == torch.bool)
        chosen = chosen.long()
        n = channels[name]
        if (
            not whole
            or len(chosen.unique()) < len(chosen)
            or (len(chosen) and not 0 <= chosen.min() <= chosen.max() < n)
        ):
            raise ValueError(f"plan[{name!r}] must hold different outputs from 0 to {n - 1}, not {list(indices)}.")
        kept[name] = set(chosen.tolist())
    return kept


# -- what becomes of it ------------------------------------------------------------------------------------------------


def _narrow(traced, stream, kept, widths):
    everything = set(range(stream.channels))
    sets = {source: kept.get(name, everything) for source, name in stream.convolutions.items()}
    # Kept by most comes first: nested sets are the first so many each.
    often = [sum(i in chosen for chosen in sets.values()) for i in range(stream.channels)]
    order = sorted(everything, key=lambda i: -often[i])
    position = {channel: i for i, channel in enumerate(order)}

    for source, name in stream.convolutions.items():
        widths[source] = n = 1 + max((position[i] for i in sets[source]), default=-1)
        zeros = [i for i in range(n) if order[i] not in sets[source]]
        layers = [traced.get_submodule(name)]
        layers += [traced.get_submodule(source.target)] if source.target != name else []
        for layer in layers if n else []:
            _choose_outputs(layer, torch.tensor(order[:n]), torch.tensor(zeros, dtype=torch.long))
    for node in stream.nodes:
        operands = [a for a in node.args if isinstance(a, fx.Node)]
        widths[node] = max(widths[a] for a in operands)
    if not all(widths[read] for _, read in stream.readers):
        names = ", ".join(stream.convolutions.values())
        raise EmptyStreamError(
            f"plan leaves nothing of a stream where it is read: one of {names} must keep more outputs."
        )
    for reader, read in stream.readers:
        _choose_inputs(traced.get_submodule(reader.target), torch.tensor(order[: widths[read]]))
    for node in stream.nodes:
        if len(node.all_input_nodes) == 1:  # an activation, or x + x
            continue
        x, y = node.args
        if not widths[x] or not widths[y]:
            node.replace_all_uses_with(x if widths[x] else y)
            traced.graph.erase_node(node)
        elif widths[x] != widths[y]:
            with traced.graph.inserting_before(node):
                name = f"{node.name}_zero_padded"
                traced.add_module(name, ZeroPaddedAdd())
                new = traced.graph.call_module(name, (x, y))
            widths[new] = widths[node]
            node.replace_all_uses_with(new)
            traced.graph.erase_node(node)


def _choose_outputs(layer, chosen, zeros):
    """Keep some outputs of a convolution or a normalisation, in this order; `zeros` of them give 0."""
    with torch.no_grad():
        for name in ("weight", "bias"):
            if (old := getattr(layer, name)) is not None:
                new = old.detach()[chosen].clone()
                new[zeros] = 0
                setattr(layer, name, nn.Parameter(new, old.requires_grad))
    if isinstance(layer, NORMALISATIONS):
        for name in ("running_mean", "running_var"):
            if getattr(layer, name) is not None:
                setattr(layer, name, getattr(layer, name)[chosen].clone())
        layer.num_features = len(chosen)
    else:
        layer.out_channels = len(chosen)


def _choose_inputs(layer, chosen):
    layer.weight = nn.Parameter(layer.weight.detach()[:, chosen].clone(), layer.weight.requires_grad)
    layer.in_channels = len(chosen)


def _add_in_place(traced):
    """Let an addition overwrite its wider operand, where that is fresh memory which nobody reads any more."""
    modules = dict(traced.named_modules())
    place = {node: i for i, node in enumerate(traced.graph.nodes)}
    layers = (*CONVOLUTIONS, *NORMALISATIONS, ZeroPaddedAdd)

    def is_layer(node):  # gives memory of its own, and keeps nothing of what it reads
        return node.op == "call_module" and isinstance(modules[node.target], layers)

    def is_free(operand, node):
        mine = is_layer(operand) or operand.target in (operator.add, torch.add, "add")
        return mine and all(user is node or (is_layer(user) and place[user] < place[node]) for user in operand.users)

    for node in traced.graph.nodes:
        if node.op == "call_module" and isinstance(modules[node.target], ZeroPaddedAdd):
            modules[node.target].in_place = all(is_free(operand, node) for operand in node.args)
