"""Which channels an index takes, where values of the network are the index."""

import torch
from torch.utils._pytree import tree_leaves


def chosen_by_values(recording, name, tensor, rest, options) -> bool:
    """Whether values of the network choose which channels are taken: another input would take others."""
    given = [value for value in tree_leaves((rest, options)) if isinstance(value, torch.Tensor)]
    numbered = [t for t in given if recording.numbers(t) is not None]
    chosen = numbered + [t for t in given if recording.flowing(t)]
    if not chosen:
        return False
    if name == "getitem":
        if numbered:
            return True
        axes = _axes_indexed(tensor, rest[0], chosen)
    else:  # index_select, gather, take_along_dim
        dim = options.get("dim", next((value for value in rest if isinstance(value, int)), None))
        axes = range(tensor.ndim) if dim is None else [dim]
    return any(recording.numbers(tensor).shape[axis] > 1 for axis in axes)


def _axes_indexed(tensor, index, chosen) -> list[int]:
    """Axes of a tensor that some tensors of an index stand for."""
    entries = index if isinstance(index, tuple) else (index,)
    mask = (torch.bool, torch.uint8)
    widths = [
        0 if entry is None or entry is Ellipsis or isinstance(entry, bool)
        else entry.ndim if isinstance(entry, torch.Tensor) and entry.dtype in mask
        else 1
        for entry in entries
    ]  # fmt: skip
    axes, axis = [], 0
    for i, (entry, width) in enumerate(zip(entries, widths, strict=True)):
        if entry is Ellipsis:
            axis = tensor.ndim - sum(widths[i:])
        if any(t is entry for t in chosen):
            axes += range(axis, axis + width)
        axis += width
    return axes
