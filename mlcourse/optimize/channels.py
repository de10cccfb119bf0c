"""Channels that can only go together: a union-find over the outputs of all layers.

Each output of each layer has a number, from 1 on; 0 stands for what no layer of the network makes, such as its input.
Outputs that are added to each other, or that pass the same weights, are one.
"""

from dataclasses import dataclass

import torch


@dataclass(eq=False)
class Reason:
    """Why channels have to stay.

    Parameters
    ----------
    text : str
        What goes on after "cannot lose outputs: ".
    blocks : bool
        A layer reads what an unknown operation makes of them: they are not just the network's answer.
    """

    text: str
    blocks: bool = False


class Channels:
    """Numbers of channels, which of them are one, and which have to stay."""

    def __init__(self):
        self._parent = [0]
        self._reasons: dict[int, list[Reason]] = {}

    def closed(self) -> "Channels":
        """Return the same channels for looking on: what is not one yet does not become so any more."""
        channels = _Closed()
        channels._parent, channels._reasons = self._parent, self._reasons
        return channels

    def new(self, n: int) -> torch.Tensor:
        """Return numbers for `n` outputs."""
        start = len(self._parent)
        self._parent.extend(range(start, start + n))
        return torch.arange(start, start + n)

    def root(self, number: int) -> int:
        """Return the number that stands for all that are one with this."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    def roots(self, numbers) -> list[int]:
        """Return `root` of each."""
        return [self.root(number) for number in numbers.flatten().tolist()]

    def merge(self, one: torch.Tensor, other: torch.Tensor, reason: Reason) -> None:
        """Make channels one, pair by pair; those paired with 0 have to stay for `reason`."""
        for a, b in set(zip(self.roots(one), self.roots(other), strict=True)):
            a, b = self.root(a), self.root(b)  # an earlier pair may have changed them
            if 0 in (a, b):
                self._fix(a or b, reason)
            elif a != b:
                self._parent[b] = a
                for known in self._reasons.pop(b, ()):
                    self._fix(a, known)

    def fix(self, numbers: torch.Tensor, reason: Reason) -> None:
        """Let channels stay."""
        for root in set(self.roots(numbers)):
            self._fix(root, reason)

    def reasons(self, number: int) -> list[Reason]:
        """Why a channel has to stay; empty if it can go."""
        root = self.root(number)
        return [Reason("they come from the network's input")] if root == 0 else self._reasons.get(root, [])

    def _fix(self, root, reason):
        if root:
            known = self._reasons.setdefault(root, [])
            if reason not in known:
                known.append(reason)


class _Closed(Channels):
    def merge(self, one, other, reason):
        a, b = self.roots(one), self.roots(other)
        if len(a) > 1 and a != b:
            raise ValueError("channels meet that do not belong together once some are gone")

    def _fix(self, root, reason):
        pass


def compact(numbers: torch.Tensor) -> torch.Tensor:
    """Return the numbers with each axis along which they do not change cut to length 1.

    Examples
    --------
    >>> compact(torch.tensor([[1, 2], [1, 2]])).shape
    torch.Size([1, 2])
    """
    # Expanded axes have stride 0: nothing has to be compared. Empty ones hold their numbers in the storage.
    size = [1 if step == 0 else n for n, step in zip(numbers.shape, numbers.stride(), strict=True)]
    numbers = numbers.as_strided(size, numbers.stride(), numbers.storage_offset())
    for axis, n in enumerate(numbers.shape):
        first = numbers.narrow(axis, 0, min(n, 1))
        if n > 1 and bool((numbers == first).all()):
            numbers = first
    return numbers
