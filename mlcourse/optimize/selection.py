"""From a share to keep, or a plan, to the channels that go."""

import math
from collections.abc import Mapping
from numbers import Integral


def removed_by_plan(graph, plan: Mapping) -> set[int]:
    """Return the roots of the channels that a plan leaves out.

    Parameters
    ----------
    graph : Graph
    plan : dict of str to sequence of int
        {layer: outputs that stay}.

    Raises
    ------
    TypeError, ValueError
        If the plan names what is not there, or removes what has to stay.
    """
    removed, kept = set(), {}
    for layer, outputs in plan.items():
        if layer not in graph.layers:
            raise ValueError(f"keep names {layer!r}; the layers with outputs are {', '.join(graph.layers) or 'none'}.")
        numbers = graph.layers[layer]
        kept[layer] = _indices(layer, outputs, len(numbers))
        gone = [i for i in range(len(numbers)) if i not in kept[layer]]
        for i in gone:
            if reasons := graph.channels.reasons(int(numbers[i])):
                raise ValueError(f"output {i} of {layer} cannot be removed: {reasons[0].text}.")
        removed |= set(graph.channels.roots(numbers[gone]))
    for layer, stay in kept.items():
        left = {i for i, root in enumerate(graph.roots(layer)) if root not in removed}
        if left != stay:
            raise ValueError(
                f"outputs {sorted(stay - left)} of {layer} are to stay, but are added to (or pass the same weights as) "
                f"outputs that go. Layers that belong together here: {', '.join(_companions(graph, layer))}."
            )
    return removed


def removed_by_share(graph, share: float, layers, scores: Mapping, round_to: int, full=None) -> set[int]:
    """Return the roots of the channels with the lowest scores, layer by layer; those that belong together as one.

    Parameters
    ----------
    graph : Graph
    share : float
        Of the channels, to keep.
    layers : sequence of str
    scores : dict of int to float
        {root: score}.
    round_to : int
        So many are kept, or a multiple.
    full : Graph, optional
        Whose channels `share` is of, if not of those of `graph`.

    Raises
    ------
    ValueError
        If outputs of a layer cannot go.
    """
    removed = set()
    for names in graph.linked():
        if not set(names) & set(layers):
            continue
        roots = dict.fromkeys(root for name in names for root in graph.roots(name))
        free = [root for root in roots if not graph.channels.reasons(root)]
        whole = len(roots) if full is None else len({root for name in names for root in full.roots(name)})
        keep = max(round_to, math.floor(share * whole / round_to + 0.5) * round_to)
        if not free or keep >= len(roots):
            continue
        block = _blocks(graph, free, names[0])
        n_blocks = len(set(block.values()))
        n = len(roots) // n_blocks - max(1, keep // n_blocks)  # go from each
        for one in set(block.values()):
            removed |= set(sorted((root for root in free if block[root] == one), key=lambda root: scores[root])[:n])
    return removed


def require_understood(graph, layers) -> None:
    """Raise where something that is not understood stands between a layer and those that read it."""
    for layer in layers:
        for reason in graph.reasons(layer):
            if reason.blocks:
                raise ValueError(
                    f"{layer} cannot lose outputs: {reason.text}. layers= names those to prune, without this one."
                )


def require_removable(graph, layers, kind) -> None:
    """Raise where layers named cannot lose outputs, or are not fully connected where `kind` is ``"linear"``."""
    for layer in layers:
        if layer not in graph.layers:
            raise ValueError(f"layers names {layer!r}, but what has outputs is {', '.join(graph.layers) or 'nothing'}.")
        if kind == "linear" and graph.kinds[layer] != kind:
            raise ValueError(f"layers names {layer!r}, not a fully connected layer: remove_channels prunes it.")
        if all(graph.channels.reasons(root) for root in graph.roots(layer)):
            raise ValueError(f"{layer} cannot lose outputs: {graph.reasons(layer)[0].text}.")


def _blocks(graph, free, layer) -> dict:
    """{root: block}: convolutions in groups need as many channels in each; otherwise all are in one block."""
    wanted = set(free)
    found = []
    for weight, n in graph.groups.items():
        for axis in (0, 1):
            roots = graph.channels.roots(graph.axes[weight, axis])
            if wanted & set(roots):
                found.append({root: i * n // len(roots) for i, root in enumerate(roots)})
    if not found:
        return dict.fromkeys(free, 0)
    if any(other != found[0] for other in found[1:]) or not wanted <= found[0].keys():
        raise ValueError(
            f"outputs of {layer} go into several convolutions in different groups: which ones can go together is not "
            "found automatically. Give a plan, {layer: outputs that stay}, or leave the layer out of layers=."
        )
    return found[0]


def _companions(graph, layer):
    return next(names for names in graph.linked() if layer in names)


def _indices(layer, outputs, n) -> set[int]:
    try:
        found = [i.item() if hasattr(i, "item") else i for i in outputs]
    except TypeError:
        raise TypeError(f"keep[{layer!r}] must be the outputs that stay, such as [0, 2, 3], not {outputs!r}.") from None
    if any(isinstance(i, bool) or not isinstance(i, Integral) for i in found):
        raise TypeError(
            f"keep[{layer!r}] must be whole numbers, the outputs that stay; of a mask, mask.nonzero()[0] makes them."
        )
    if not found or len(set(found)) < len(found) or min(found) < 0 or max(found) >= n:
        raise ValueError(
            f"keep[{layer!r}] must be one or more different outputs from 0 to {n - 1}, not {sorted(found)}."
        )
    return set(found)
