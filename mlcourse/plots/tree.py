"""A picture of a decision tree, from plain nested data."""

import numpy as np

from mlcourse.plots.style import colors

# Height of a row and mean width of a letter in inches, size of the letters in points.
_ROW, _LETTER, _FONT = 0.42, 0.072, 9


def plot_tree(tree, ax=None, max_depth=4, title=""):
    """Plot a decision tree from left to right: tests in white, answers in the colour of their class.

    Parameters
    ----------
    tree : dict
        The root. Every node has ``label`` (its most frequent class), ``samples`` and ``errors`` (how many training
        cases reached it, and how many of them are of another class). A test also has ``feature`` (the name of what it
        asks for), ``branches`` (the text on each edge, such as ``"<= 1.25"``) and ``children`` (a list of nodes).
        ``mlcourse.sensing.c45_export.to_dict`` gives such a tree.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, large enough for the tree, where left out.
    max_depth : int or None
        Tests below this depth are folded into one box that says how many there are. None draws them all.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a node lacks one of its parts.

    Examples
    --------
    >>> leaves = [{"label": name, "samples": 5.0, "errors": 0.0} for name in ("sitting", "walking")]
    >>> root = {"label": "sitting", "samples": 10.0, "errors": 5.0, "feature": "std_y (m/s^2)",
    ...         "branches": ["<= 1.2", "> 1.2"], "children": leaves}
    >>> ax = plot_tree(root)
    >>> [text.get_text() for text in ax.texts]
    ['std_y (m/s^2)', '<= 1.2', 'sitting  5', '> 1.2', 'walking  5']
    >>> import matplotlib.pyplot as plt
    >>> plt.close(ax.figure)
    """
    _check(tree)
    if max_depth is not None and max_depth < 0:
        raise ValueError(f"max_depth must be at least 0, or None for the whole tree, not {max_depth!r}.")
    places, rows, depth = _layout(tree, max_depth)
    folded = [bool(node.get("children")) and level == max_depth for node, level, *_ in places]
    texts = [_text(node, fold) for (node, *_), fold in zip(places, folded, strict=True)]
    # All lengths are inches, so that each column is as wide as the longest text in it needs.
    boxes, edges = np.zeros(depth + 1), np.zeros(depth + 1)
    for (_, level, _, parent), text in zip(places, texts, strict=True):
        boxes[level] = max(boxes[level], 0.25 + _LETTER * max(map(len, text.splitlines())))
        edges[level] = max(edges[level], 0.45 + 0.9 * _LETTER * len(parent[1]) if parent else 0)
    left = np.cumsum(edges) + np.concatenate([[0], np.cumsum(boxes)[:-1]])
    step = _ROW * (1.25 if any(folded) else 1)
    width, height = left[-1] + boxes[-1] + 0.2, max(rows, 2) * step + 0.3
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(width + 0.2, height + (0.3 if title else 0)), layout="constrained")
    ax.set_xlim(-0.1, width)
    ax.set_ylim(height - 0.15 - step / 2, -0.15 - step / 2)
    ax.axis("off")
    if title:
        ax.set_title(title, loc="left")
    palette = colors({node["label"] for node in _nodes(tree)})
    for (node, level, row, parent), text, fold in zip(places, texts, folded, strict=True):
        x, y = left[level], row * step
        if parent is not None:
            above, branch = parent
            # From behind the parent's box to the right, then level with the child, under the text of the branch.
            bend = x - edges[level]
            ax.plot(
                [left[level - 1] + 0.2, bend, bend + 0.2, x], [above * step, above * step, y, y], color="0.6", zorder=1
            )
            ax.text(x - 0.06, y - 0.03, branch, ha="right", va="bottom", fontsize=_FONT - 1, color="0.2", zorder=2)
        answer = fold or not node.get("children")
        color = palette[node["label"]] if answer else "0.3"
        ax.text(
            x + 0.08, y, text, ha="left", va="center", fontsize=_FONT, zorder=3,
            bbox={"boxstyle": "round,pad=0.35", "facecolor": _light(color) if answer else "white", "edgecolor": color,
                  "linestyle": ":" if fold else "-", "linewidth": 1.3},
        )  # fmt: skip
    return ax


def tree_in_words(tree):
    """Return what a tree looks like in a sentence or two: the alternative text of its picture.

    Parameters
    ----------
    tree : dict
        As for :func:`plot_tree`.

    Examples
    --------
    >>> tree_in_words({"label": "sitting", "samples": 10.0, "errors": 5.0})
    'Decision tree that always answers sitting.'
    """
    _check(tree)
    if not tree.get("children"):
        return f"Decision tree that always answers {tree['label']}."
    leaves = [node for node in _nodes(tree) if not node.get("children")]
    wrong = sum(node["errors"] for node in leaves) / max(tree["samples"], 1)
    first = "; ".join(
        f"if {branch}, {'ask ' + child['feature'] if child.get('children') else 'answer ' + child['label']}"
        for branch, child in zip(tree["branches"], tree["children"], strict=True)
    )
    return (
        f"Decision tree with {len(leaves)} leaves and up to {_depth(tree)} tests in a row. It asks first for "
        f"{tree['feature']}: {first}. {100 * wrong:.1f} % of the training cases end in a leaf of another class."
    )


def _check(node, where="tree"):
    if not isinstance(node, dict):
        raise ValueError(f"{where} must be a dict, not {type(node).__name__}; see to_dict of the tree that you fitted.")
    needed = ["label", "samples", "errors"]
    if node.get("children"):
        needed += ["feature", "branches"]
    missing = [name for name in needed if name not in node]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}; every node needs {', '.join(needed)}.")
    children = node.get("children") or []
    if children and len(node["branches"]) != len(children):
        raise ValueError(f"{where} has {len(children)} children but {len(node['branches'])} branches.")
    for i, child in enumerate(children):
        _check(child, f"{where}.children[{i}]")


def _nodes(node):
    yield node
    for child in node.get("children") or []:
        yield from _nodes(child)


def _depth(node):
    return 1 + max(map(_depth, node["children"])) if node.get("children") else 0


def _layout(tree, max_depth):
    """Return the drawn nodes as (node, level, row, (row of the parent, branch)), and how many rows and levels."""
    rows, deepest = 0, 0

    def place(node, level):
        nonlocal rows, deepest
        deepest = max(deepest, level)
        if not node.get("children") or level == max_depth:
            rows += 1
            return [(node, level, float(rows - 1), None)]
        below = [place(child, level + 1) for child in node["children"]]
        row = (below[0][0][2] + below[-1][0][2]) / 2
        placed = [(node, level, row, None)]
        for branch, (first, *others) in zip(node["branches"], below, strict=True):
            placed += [(*first[:3], (row, branch)), *others]
        return placed

    return place(tree, 0), rows, deepest


def _text(node, folded):
    if node.get("children") and not folded:
        return node["feature"]
    wrong = f" ({node['errors']:.0f} wrong)" if round(node["errors"]) else ""
    text = f"{node['label']}  {node['samples']:.0f}{wrong}"
    below = sum(bool(inner.get("children")) for inner in _nodes(node))
    return text + (f"\n... {below} more test{'s' * (below != 1)}" if folded else "")


def _light(color):
    from matplotlib.colors import to_rgb

    return tuple(0.25 * np.array(to_rgb(color)) + 0.75)
