"""Pruning: outputs of layers are removed, with all that reads them, and the network gets smaller and faster.

`remove_neurons` and `remove_channels` really remove: the weights are smaller matrices afterwards. `mask_weights` only
sets single weights to zero, which no library for dense matrices is faster with.

A removed output is one that nothing reads any more: the answer is the one that the whole network would give if the
layers that read it had zeros for weights there.
"""

from collections.abc import Mapping
from numbers import Integral, Real

from torch import nn

from mlcourse.optimize.criteria import CRITERIA
from mlcourse.optimize.opened import opened_network
from mlcourse.optimize.selection import removed_by_plan, removed_by_share, require_removable, require_understood


def remove_neurons(
    net, keep=0.2, criterion="l1", *, layers=None, example=None, X=None, y=None, loss=None, round_to=1, random_state=0
):
    """Remove neurons of fully connected hidden layers, and the next layers' inputs with them.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        Is not changed.
    keep : float or dict
        Share of each layer's neurons to keep, above 0 and at most 1; or a plan, {layer: neurons that stay}.
    criterion : str
        Which neurons go first: those with the smallest sum of absolute weights (``"l1"``); whose outputs are the
        smallest where the next layers read them (``"activation"``, needs `X`); that change the loss least
        (``"taylor"``: output times gradient, needs `X` and `y`); or any (``"random"``).
    layers : sequence of str, optional
        Layers to prune. Default: all fully connected ones but those that give the network's answer.
    example : tensor or tuple, optional
        An input with its batch, or all positional arguments of the network. Default: `X`, or zeros of a shape that the
        network takes, if one is found.
    X, y : tensors or arrays, optional
        Data for the criterion.
    loss : callable, optional
        ``loss(answer, y)`` for ``"taylor"``. Default: cross entropy.
    round_to : int
        Layers keep multiples of it.
    random_state : int
        For ``"random"``.

    Returns
    -------
    torch.nn.Module or keras.Model
        A new, smaller network of the same class, with the same names of layers.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a layer named cannot lose outputs: the message says why, and where.

    Notes
    -----
    The network runs on the example, and each function of torch that it calls is seen. Where its course depends on
    values (detection), that is one course of many; layers whose outputs decide on it cannot be pruned.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    >>> remove_neurons(net, keep=0.2)
    Sequential(
      (0): Linear(in_features=784, out_features=20, bias=True)
      (1): ReLU()
      (2): Linear(in_features=20, out_features=10, bias=True)
    )
    """
    data = (X, y, loss, random_state)
    return removed(net, keep, "linear", criterion, layers, example, data, round_to)


def remove_channels(
    net,
    keep=0.5,
    example=None,
    *,
    criterion="l1",
    layers=None,
    X=None,
    y=None,
    loss=None,
    round_to=1,
    random_state=0,
):
    """Remove output channels of convolutions, and all that depends on them.

    Normalisations and depthwise convolutions lose the same channels, the next layers the inputs; behind a flattening
    that is a block of inputs. Layers whose outputs are added lose the same channels; each group of a grouped
    convolution keeps as many.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        Is not changed.
    keep : float or dict
        Share of each layer's channels to keep, above 0 and at most 1; or a plan, {layer: outputs that stay}. A plan may
        name fully connected layers and embeddings too. Layers whose outputs are added to a named one's follow it.
    example, criterion, layers, X, y, loss, round_to, random_state
        As for `remove_neurons`.

    Returns
    -------
    torch.nn.Module or keras.Model
        A new, smaller network of the same class, with the same names of layers.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a layer to be pruned cannot lose outputs: the message names the operation
        that is not supported, and the layer it was met in.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    >>> remove_channels(net, {"0": [0, 1, 5]}, torch.zeros(1, 1, 28, 28))[3]
    Linear(in_features=2028, out_features=10, bias=True)
    """
    data = (X, y, loss, random_state)
    return removed(net, keep, "convolution", criterion, layers, example, data, round_to)


def prunable_layers(net, example=None) -> dict[str, int]:
    """Return the layers of which any output may go, and how many outputs they have.

    Of layers whose outputs are added to each other, and only go together, the first one is named.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
    example : tensor or tuple, optional
        As for `remove_neurons`.

    Returns
    -------
    dict of str to int
        In order of execution: convolutions and fully connected layers.

    Examples
    --------
    >>> import torch
    >>> from mlcourse.models import ActivityCNN
    >>> prunable_layers(ActivityCNN(), torch.zeros(1, 6, 128))
    {'features.0': 32, 'features.4': 64, 'features.8': 64}
    """
    graph = opened_network(net, example).graph
    grouped = {root for key in graph.groups for axis in (0, 1) for root in graph.channels.roots(graph.axes[key, axis])}
    found = {}
    for names in graph.linked():
        free = not any(graph.reasons(name) for name in names)
        free = free and not any(grouped & set(graph.roots(name)) for name in names)
        if free and not any(graph.kinds[name] == "embedding" for name in names):
            found[names[0]] = len(graph.layers[names[0]])
    return found


def removed(net, keep, kind, criterion, layers, example, data, round_to, full=None):
    """Return a network without some outputs of layers of one kind; shares are of those in the graph `full`."""
    check_arguments(net, keep, criterion, round_to)
    opened = opened_network(net, example, data[0])
    graph = opened.graph
    if isinstance(keep, Mapping):
        if layers is not None:
            raise ValueError("layers= has no meaning beside a plan, which names the layers itself.")
        for layer in keep:
            if kind == "linear" and graph.kinds.get(layer, kind) != kind:
                raise ValueError(f"keep names {layer!r}, which is no fully connected layer: remove_channels prunes it.")
        return opened.cut(removed_by_plan(graph, keep))
    if layers is None:
        layers = [name for name in graph.layers if graph.kinds[name] == kind]
        require_understood(graph, layers)
    else:
        layers = [layers] if isinstance(layers, str) else list(layers)
        require_removable(graph, layers, kind)
    scores = opened.scores(criterion, *data)
    return opened.cut(removed_by_share(graph, keep, layers, scores, round_to, full))


def check_arguments(net, keep, criterion, round_to, plan=True):
    """Raise where an argument cannot be right; whether `keep` may be a plan is told."""
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    is_share = isinstance(keep, Real) and not isinstance(keep, bool) and 0 < keep <= 1
    if not is_share and not (plan and isinstance(keep, Mapping)):
        or_plan = ", or a plan {layer: outputs that stay}" if plan else ""
        raise ValueError(f"keep must be a share above 0 and at most 1{or_plan}, not {keep!r}.")
    if criterion not in CRITERIA:
        raise ValueError(f"criterion must be one of {', '.join(CRITERIA)}, not {criterion!r}.")
    if isinstance(round_to, bool) or not isinstance(round_to, Integral) or round_to < 1:
        raise ValueError(f"round_to must be a whole number, at least 1, not {round_to!r}.")
