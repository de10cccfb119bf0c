"""Chains of residual additions in a network: what is added, and what reads the sums."""

import operator
from dataclasses import dataclass

import torch
from torch import fx, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
# What makes zero of zero, channel by channel.
_ZERO_STAYS = (nn.Identity, nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Tanh, nn.LeakyReLU, nn.Dropout)
_ZERO_STAYS += (nn.Dropout2d, nn.MaxPool2d, nn.AvgPool2d)
_ZERO_STAYS_FUNCTIONS = (torch.relu, nn.functional.relu, nn.functional.relu6, "relu")
_OVERWRITING = (operator.iadd, "add_")
ADDITIONS = (operator.add, torch.add, "add", *_OVERWRITING)


@dataclass(frozen=True)
class Stream:
    """Branches that are added to each other, directly or one after the other.

    Parameters
    ----------
    branches : tuple of str
        The convolutions whose outputs are added, in order of execution.
    channels : int
        How many outputs each of them has.
    """

    branches: tuple[str, ...]
    channels: int


def residual_streams(net) -> list[Stream]:
    """Find the streams of a network whose branches `zero_pad` can narrow.

    A stream is left out where something reads it that needs to know all of its channels (a depthwise convolution, a
    pooling and a classifier, the caller), or where something else than a convolution (and its normalisation) writes it.

    Parameters
    ----------
    net : torch.nn.Module

    Returns
    -------
    list of Stream

    Raises
    ------
    TypeError, ValueError
        If torch cannot follow the network's ``forward``.

    Examples
    --------
    >>> from mlcourse.models import small_mobilenet
    >>> for stream in residual_streams(small_mobilenet()):
    ...     print(stream.channels, *stream.branches)
    24 blocks.1.project.0 blocks.2.project.0
    48 blocks.3.project.0 blocks.4.project.0 blocks.5.project.0
    80 blocks.6.project.0 blocks.7.project.0
    """
    found, _ = find_streams(traced_network(net))
    return [Stream(tuple(s.convolutions.values()), s.channels) for s in found]


@dataclass(eq=False)
class _Stream:
    nodes: list  # additions and what lies between them, in order of execution
    sources: list  # nodes that are added: a convolution's, or its normalisation's
    convolutions: dict  # source -> name of the convolution
    readers: list  # (node of a convolution, node of the stream that it reads)
    channels: int


def traced_network(net) -> fx.GraphModule:
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a torch.nn.Module, not {type(net).__name__}.")
    try:
        return fx.GraphModule(net, fx.Tracer().trace(net), type(net).__name__)
    except Exception as error:  # whatever the network's own code makes of a stand-in for a tensor
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"torch.fx cannot follow {type(net).__name__}.forward ({reason}), so that its residual additions are not "
            "known: write it without `if` and loops that depend on a tensor's shape or values."
        ) from None


def find_streams(traced):
    """Streams that can be narrowed, and {name of a layer: why its stream cannot be}."""
    modules = dict(traced.named_modules())
    nodes = list(traced.graph.nodes)
    called = [node.target for node in nodes if node.op == "call_module"]

    def module(node):
        return modules[node.target] if node.op == "call_module" else None

    def is_addition(node):
        ours = node.op in ("call_function", "call_method") and node.target in ADDITIONS
        return ours and len(node.args) == 2 and not node.kwargs and all(isinstance(a, fx.Node) for a in node.args)

    def keeps_zeros(node):
        if node.op == "call_module":
            return isinstance(module(node), _ZERO_STAYS)
        return node.op in ("call_function", "call_method") and node.target in _ZERO_STAYS_FUNCTIONS

    place = {node: i for i, node in enumerate(nodes)}
    stream_of = {}
    for node in nodes:  # each addition joins the streams of its operands
        if is_addition(node):
            _join(stream_of, [node, *node.args])
        elif keeps_zeros(node) and node.args[0] in stream_of:
            _join(stream_of, [node, node.args[0]])

    found, closed = [], {}
    for members in {id(group): group for group in stream_of.values()}.values():
        inside = [n for n in nodes if n in members and (is_addition(n) or keeps_zeros(n))]
        # An activation ahead of the first addition belongs to the stream, and what it reads is the source.
        sources = [n for n in nodes if n in members and n not in inside]
        sources += dict.fromkeys(a for n in inside for a in n.args if isinstance(a, fx.Node) and a not in members)
        sources.sort(key=place.get)
        convolutions, why = {}, ""
        for source in sources:
            convolution = source
            if isinstance(module(source), NORMALISATIONS):
                convolution = source.args[0]
            if not isinstance(module(convolution), CONVOLUTIONS) or module(convolution).groups > 1:
                why = f"{source} is added, which is no convolution's output"
            elif convolution is not source and len(convolution.users) > 1:
                why = f"{convolution.target} is read ahead of its normalisation too"
            else:
                convolutions[source] = convolution.target
        readers = []
        for node in inside:
            if node.target in _OVERWRITING and any(place[user] > place[node] for user in node.args[0].users):
                why = why or f"{node.args[0]} is read again after {node} has overwritten it"
        for node in (*inside, *sources):
            for user in node.users:
                if user in inside:
                    continue
                if isinstance(module(user), CONVOLUTIONS) and module(user).groups == 1:
                    readers.append((user, node))
                else:
                    why = why or f"{user} reads all of its channels"
        touched = [n.target for n in (*sources, *(r for r, _ in readers)) if n.op == "call_module"]
        twice = [name for name in (*touched, *convolutions.values()) if called.count(name) > 1]
        why = f"{twice[0]} is used twice" if twice else why
        channels = {modules[name].out_channels for name in convolutions.values()}
        if not why and len(channels) > 1:
            why = f"its branches have {sorted(channels)} channels"
        if why:
            closed |= dict.fromkeys(convolutions.values(), why)
        else:
            found.append(_Stream(inside, sources, convolutions, readers, channels.pop()))
    return found, closed


def _join(stream_of, nodes):
    together = set(nodes).union(*(stream_of[node] for node in nodes if node in stream_of))
    stream_of |= dict.fromkeys(together, together)
