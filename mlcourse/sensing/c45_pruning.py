"""Pessimistic pruning: a tree is only as good as its leaves can be trusted.

A leaf that gets E of N training cases wrong would do worse on new cases, the more so the smaller N is. C4.5 takes
the E errors for a sample and asks how high the true error rate could reasonably be: the upper limit ``U_CF(E, N)`` that
would be exceeded with probability CF only. ``N U_CF(E, N)`` is then the *estimated* number of errors, and a
subtree stays only where it is estimated to make fewer errors than what could stand in its place.

Source: J. R. Quinlan, *C4.5: Programs for Machine Learning*, Morgan Kaufmann, 1993, section 4.2.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from mlcourse.sensing.c45_split import TIE

# C4.5 gives the smaller tree this advantage, in cases: with equal estimates, simple wins. A difference of exactly that
# much must not hang on the order in which fractions of cases were added up.
_PREFER_SMALLER = 0.1 + TIE


def added_errors(n: float, errors: float, confidence: float = 0.25) -> float:
    """Errors to expect beyond those seen: ``n U_CF(errors, n) - errors``.

    Without an error the binomial limit is exact, ``U_CF(0, n) = 1 - CF^(1/n)``. From one error on it is the upper end
    of the interval for a proportion by the normal approximation with continuity correction (the root of a quadratic),
    and between none and one error, which fractions of cases make possible, it is interpolated: as in C4.5's own
    program.

    Parameters
    ----------
    n : float
        Weight of the cases, more than 0.
    errors : float
        Weight of the wrong ones, from 0 to `n`.
    confidence : float
        CF, more than 0 and at most 0.5. The smaller, the more pessimistic.

    Examples
    --------
    The three leaves of Quinlan's example (section 4.2), as rates:

    >>> [round(added_errors(n, 0) / n, 3) for n in (6, 9, 1)]
    [0.206, 0.143, 0.75]
    """
    if errors < 1:
        without = n * (1 - confidence ** (1 / n))
        if errors == 0:
            return without
        # A leaf has fewer than one case in error and may hold less than one case: U is at most 1.
        return min(without + errors * (added_errors(n, 1, confidence) - without), max(n - errors, 0.0))
    if errors + 0.5 >= n:
        return max(n - errors, 0.0)
    z = NormalDist().inv_cdf(1 - confidence)
    f = (errors + 0.5) / n
    limit = (f + z**2 / (2 * n) + z * math.sqrt(f / n - f**2 / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
    return n * limit - errors


def estimated_errors(node, confidence: float = 0.25) -> float:
    """Errors that a tree is estimated to make on as many new cases as it was trained on: the sum over its leaves."""
    return sum(_leaf_estimate(leaf.counts, confidence) for leaf in node.leaves())


def _leaf_estimate(counts, confidence):
    n = counts.sum()
    if n <= 0:  # a branch that no training case took
        return 0.0
    errors = max(n - counts.max(), 0.0)
    return errors + added_errors(n, errors, confidence)


def prune(node, grower, rows, weights, confidence, subtree_raising):
    """Prune a tree from the leaves up; returns the tree that is left.

    At every test, three candidates: the subtree as it stands, a single leaf, and (`subtree_raising`) its largest branch
    in its place, into which the cases of the other branches are then sorted.

    Parameters
    ----------
    node : Node
        Changed in place.
    grower : Grower
        Knows the training data.
    rows, weights : arrays
        The training cases that reach `node`.
    """
    if node.is_leaf:
        return node
    parts = node.send(grower.X, rows, weights)
    node.children = [
        prune(child, grower, *part, confidence, subtree_raising)
        for child, part in zip(node.children, parts, strict=True)
    ]
    as_it_stands = estimated_errors(node, confidence)
    as_leaf = _leaf_estimate(node.counts, confidence)
    raised, as_raised = None, math.inf
    if subtree_raising:
        largest = np.argmax(node.shares >= node.shares.max() - TIE)  # the first of equals
        raised = grower.recount(node.children[largest], rows, weights)
        as_raised = estimated_errors(raised, confidence)

    if as_leaf <= min(as_it_stands, as_raised) + _PREFER_SMALLER:
        node.make_leaf()
    elif as_raised <= as_it_stands + _PREFER_SMALLER:
        # With the new cases, tests inside the raised branch may no longer pay: look at all of them again.
        return prune(raised, grower, rows, weights, confidence, subtree_raising)
    return node
