"""Which outputs of which layers belong together: the dependency graph of a network.

`mlcourse.optimize.recording` finds it for torch, `mlcourse.optimize.keras_graph` for Keras; what is asked of it is the
same.
"""

from collections.abc import Mapping

import torch

from mlcourse.optimize.channels import Channels, Reason


class Graph:
    """What passes along the axes of all weights.

    Parameters
    ----------
    expected : Graph, optional
        What the network must be found to be: `axis` raises otherwise.

    Attributes
    ----------
    channels : Channels
    layers : dict of str to tensor
        {layer: number of each of its outputs}, in order of execution.
    sources : dict of str to (str, int)
        {layer: its weight, and the axis along which its outputs lie}.
    kinds : dict of str to str
        {layer: ``"linear"``, ``"convolution"`` or ``"embedding"``}.
    axes : dict of (str, int) to tensor
        {(parameter or buffer, axis): number of the channel along it}.
    groups : dict of str to int
        {weight of a grouped convolution: groups}. Along its axis 1 ``axes`` has all input channels of the layer.
    """

    def __init__(self, expected: "Graph | None" = None):
        self.channels = expected.channels.closed() if expected else Channels()
        self.layers: dict[str, torch.Tensor] = {}
        self.sources: dict[str, tuple[str, int]] = {}
        self.kinds: dict[str, str] = {}
        self.axes: dict[tuple[str, int], torch.Tensor] = {}
        self.groups: dict[str, int] = {}
        self._expected = expected.axes if expected else None
        self._expected_layers = expected.layers if expected else {}

    # -- how it is found -----------------------------------------------------------------------------------------------

    def axis(self, name: str, axis: int, numbers: torch.Tensor, where: str) -> None:
        """Note that the channels `numbers` pass along an axis of a parameter or buffer."""
        known = self.axes.get((name, axis))
        if self._expected is not None:
            wanted = self._expected.get((name, axis))
            if wanted is None or self.channels.roots(wanted) != self.channels.roots(numbers):
                raise ValueError(f"{name} would read other channels")
        if known is None:
            self.axes[name, axis] = numbers
        else:
            self.channels.merge(known, numbers, Reason(f"{where} reads the network's input in the same place"))

    def source(self, layer: str, weight: str, axis: int, n: int, kind: str) -> torch.Tensor:
        """Number the outputs of a layer, which lie along an axis of its weight."""
        key = (weight, axis)
        numbers = self.axes.get(key)
        if self._expected is not None:
            numbers = self._expected.get(key)
            if numbers is None:
                raise ValueError(f"{weight} is used, and was not before")
        elif numbers is None:
            numbers = self.channels.new(n)
        self.axes[key] = numbers
        self.layers.setdefault(layer, numbers)
        self.sources.setdefault(layer, key)
        self.kinds.setdefault(layer, kind)
        return numbers

    def is_depthwise(self, weight: str, groups: int, n: int) -> bool:
        """Whether a convolution filters each of its `n` inputs by itself."""
        if self._expected is not None:  # of which one group may be left, or one input in each group
            return (weight, 1) not in self._expected
        return groups > 1 and groups == n

    def require_all(self) -> None:
        """Raise if a layer that was expected was not found."""
        missing = [layer for layer in self._expected_layers if layer not in self.layers]
        if missing:
            raise ValueError(f"{missing[0]} is not used any more")

    # -- what is asked of it -------------------------------------------------------------------------------------------

    def roots(self, layer: str) -> list[int]:
        """Channels of a layer's outputs; the same number stands for outputs of others that can only go with them."""
        return self.channels.roots(self.layers[layer])

    def reasons(self, layer: str) -> list[Reason]:
        """Why outputs of a layer have to stay; empty if all can go."""
        found = {}
        for root in self.roots(layer):
            found |= dict.fromkeys(self.channels.reasons(root))
        return list(found)

    def linked(self) -> list[list[str]]:
        """Group the layers of which some outputs can only go together; all in order of execution."""
        groups: list[tuple[list, set]] = []
        for name in self.layers:
            names, roots, apart = [name], set(self.roots(name)), []
            for group in groups:
                if group[1] & roots:
                    names, roots = group[0] + names, group[1] | roots
                else:
                    apart.append(group)
            groups = [*apart, (names, roots)]
        order = {name: i for i, name in enumerate(self.layers)}
        return sorted((sorted(names, key=order.get) for names, _ in groups), key=lambda names: order[names[0]])

    def without(self, removed: set[int]) -> dict[tuple[str, int], list[int]]:
        """Return what is left when the channels with these roots go: {(name, axis): kept positions} where some go.

        Raises
        ------
        ValueError
            If nothing is left somewhere.
        """
        kept = {}
        for key, numbers in self.axes.items():
            stay = [i for i, root in enumerate(self.channels.roots(numbers)) if root not in removed]
            if not stay:
                raise ValueError(f"nothing would be left along axis {key[1]} of {key[0]}: keep at least one output.")
            if len(stay) < len(numbers):
                kept[key] = stay
        return kept

    def cut(self, kept: Mapping) -> "Graph":
        """Return the graph that a network must have of which only these positions are left."""
        left = Graph()
        left.channels, left.layers = self.channels, self.layers
        left.axes = {key: numbers[kept[key]] if key in kept else numbers for key, numbers in self.axes.items()}
        return left
