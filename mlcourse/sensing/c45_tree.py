"""The tree that C4.5 grows: its nodes, how cases travel through them, and how it is grown.

A case with a missing value does not stop at a test: it goes down *every* branch at once, in fractions (Quinlan 1993,
section 3.2). So wherever cases travel here, they travel as two arrays: `rows`, which cases, and `weights`, how much
of each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlcourse.sensing.c45_split import find_split, match_category

# No way from the root to a leaf is longer. Trees of real signals stay far below it; on noise that the gain ratio
# peels off sliver by sliver, it keeps a tree within what Python can walk, copy and pickle recursively.
DEEPEST = 60


@dataclass(eq=False)
class Node:
    """A leaf, or a test with one child for each of its branches.

    Attributes
    ----------
    counts : array of shape (classes,)
        Weight of the training cases of each class that reached this node, fractions included.
    feature : int or None
        Column that the test looks at; None in a leaf.
    threshold : float or None
        Branch 0 holds ``x <= threshold``, branch 1 ``x > threshold``.
    values : array or None
        For a categorical feature instead: branch `i` holds ``x == values[i]``.
    shares : array of shape (branches,)
        Which part of a case with a missing value goes down each branch: the branch's share of the known cases.
    children : list of Node
    """

    counts: np.ndarray
    feature: int | None = None
    threshold: float | None = None
    values: np.ndarray | None = None
    shares: np.ndarray | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def is_leaf(self) -> bool:
        return not self.children

    @property
    def errors(self) -> float:
        """Weight of the training cases here that are not of the most frequent class."""
        return float(self.counts.sum() - self.counts.max())

    def leaves(self):
        """All leaves below (or the node itself), from the first branch to the last."""
        if self.is_leaf:
            yield self
        for child in self.children:
            yield from child.leaves()

    def depth(self) -> int:
        """Number of tests on the longest way to a leaf."""
        return 0 if self.is_leaf else 1 + max(child.depth() for child in self.children)

    def make_leaf(self) -> None:
        self.feature = self.threshold = self.values = self.shares = None
        self.children = []

    def branch_of(self, column):
        """Branch that each value of the tested feature takes; -1 where the value is missing or an unseen category."""
        if self.threshold is None:
            return match_category(column, self.values)
        return np.where(np.isnan(column), -1, column > self.threshold)

    def send(self, X, rows, weights):
        """Part cases among the branches: a list of ``(rows, weights)``, one for each child."""
        branch = self.branch_of(X[rows, self.feature])
        missing = branch == -1
        parts = []
        for index, share in enumerate(self.shares):
            taken = (branch == index) | (missing & (share > 0))
            parts.append((rows[taken], np.where(missing[taken], share, 1.0) * weights[taken]))
        return parts

    def measure_shares(self, X, rows, weights) -> None:
        """Set `shares` from the cases whose value is known; keep the old ones where there is no such case."""
        branch = self.branch_of(X[rows, self.feature])
        known = branch >= 0
        n_branches = 2 if self.values is None else len(self.values)
        sizes = np.bincount(branch[known], weights[known], n_branches)
        if sizes.sum() > 0:
            self.shares = sizes / sizes.sum()


class Grower:
    """Grows a tree by divide and conquer (Quinlan 1993, section 2.1), and counts cases anew for a grown one.

    Parameters
    ----------
    X : array of shape (cases, features)
        NaN where a value is missing.
    codes : array of shape (cases,)
        Class of each case: 0, 1, ...
    weights : array of shape (cases,)
        How many cases each row stands for.
    n_classes : int
    min_samples_leaf : float
    categories : dict of int to array
        The values of each categorical feature.
    """

    def __init__(self, X, codes, weights, n_classes, min_samples_leaf, categories):
        self.X, self.codes, self.n_classes = X, codes, n_classes
        self.min_samples_leaf, self.categories = min_samples_leaf, categories
        self.cases = np.arange(len(X)), weights  # all of them, whole
        self.many = 0.3 * weights.sum()  # C4.5's limit for "a category nearly per case"
        self.sorted_columns: dict[int, np.ndarray] = {}

    def count(self, rows, weights):
        return np.bincount(self.codes[rows], weights, self.n_classes)

    def grow(self, rows, weights, depth=0) -> Node:
        """A tree for these cases, not yet pruned; its root has `depth` tests above it."""
        node = Node(self.count(rows, weights))
        if depth == DEEPEST:
            return node
        split = find_split(
            self.X[rows], self.codes[rows], weights, self.n_classes, self.min_samples_leaf, self.categories, self.many
        )
        if split is None:
            return node
        node.feature, node.values = split.feature, split.values
        if split.threshold is not None:
            node.threshold = self.occurring(split.feature, split.threshold)
        node.measure_shares(self.X, rows, weights)
        node.children = [self.grow(*part, depth + 1) for part in node.send(self.X, rows, weights)]
        # Tests that get no further training case right are noise, whatever they gained.
        if sum(leaf.errors for leaf in node.leaves()) >= node.errors - 1e-3:
            node.make_leaf()
        return node

    def occurring(self, feature, middle):
        """The largest value in all of the training data that is not above `middle`.

        So every threshold in a tree is a value that occurs in the data (Quinlan 1993, section 2.4).
        """
        if feature not in self.sorted_columns:
            column = self.X[:, feature]
            self.sorted_columns[feature] = np.sort(column[~np.isnan(column)])
        column = self.sorted_columns[feature]
        return float(column[np.searchsorted(column, middle, side="right") - 1])

    def recount(self, node, rows, weights) -> Node:
        """The same tests, as a new tree, with the counts that these other cases give."""
        new = Node(self.count(rows, weights), node.feature, node.threshold, node.values, node.shares)
        if not node.is_leaf:
            new.measure_shares(self.X, rows, weights)
            parts = new.send(self.X, rows, weights)
            new.children = [self.recount(child, *part) for child, part in zip(node.children, parts, strict=True)]
        return new
