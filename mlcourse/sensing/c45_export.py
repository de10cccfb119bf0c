"""A fitted C4.5 tree as text for people, and as plain data for pictures and other programs."""

from __future__ import annotations

from sklearn.utils.validation import check_is_fitted


def export_text(tree, feature_names=None) -> str:
    """The tree as indented text, in the manner of C4.5 and Weka's J48.

    Behind each leaf stand the training cases that reached it and, after a slash, how many of them are of another class;
    both may be fractions where values are missing.

    Parameters
    ----------
    tree : C45Classifier
        Fitted.
    feature_names : sequence of str, optional
        One for each column of `X`. Default: the names of the DataFrame that the tree was fitted on, or x0, x1, ...

    Returns
    -------
    str

    Examples
    --------
    >>> from mlcourse.sensing import C45Classifier, export_text
    >>> tree = C45Classifier().fit([[0.3], [0.4], [0.5], [2.8], [3.0], [3.4]], ["still"] * 3 + ["moving"] * 3)
    >>> print(export_text(tree, feature_names=["std_y"]))
    std_y <= 0.5: still (3.0)
    std_y > 0.5: moving (3.0)
    """
    names = _feature_names(tree, feature_names)
    lines = []

    def write(node, indent):
        for branch, child in zip(_branches(node), node.children, strict=True):
            line = f"{indent}{names[node.feature]} {branch}"
            if child.is_leaf:
                lines.append(line + _leaf(child, node, tree.classes_))
            else:
                lines.append(line)
                write(child, indent + "|   ")

    if tree.tree_.is_leaf:
        return _leaf(tree.tree_, None, tree.classes_)
    write(tree.tree_, "")
    return "\n".join(lines)


def to_dict(tree, feature_names=None) -> dict:
    """The tree as nested plain data (dict, list, str, float), for pictures or JSON.

    Parameters
    ----------
    tree : C45Classifier
        Fitted.
    feature_names : sequence of str, optional
        As in `export_text`.

    Returns
    -------
    dict
        Every node has ``label`` (its most frequent class), ``samples`` and ``errors`` (weights of training cases), and
        ``counts`` (one for each class, in the order of ``tree.classes_``). A test also has ``feature`` (its name),
        ``threshold`` (None for a categorical feature), ``branches`` (the text on each edge, such as ``"<= 1.25"``) and
        ``children`` (a list of such dicts, in the same order).
    """
    names = _feature_names(tree, feature_names)

    def convert(node, above):
        data = {
            "label": _label(node, above, tree.classes_),
            "samples": float(node.counts.sum()),
            "errors": node.errors,
            "counts": node.counts.tolist(),
        }
        if not node.is_leaf:
            data["feature"] = names[node.feature]
            data["threshold"] = node.threshold
            data["branches"] = _branches(node)
            data["children"] = [convert(child, node) for child in node.children]
        return data

    return convert(tree.tree_, None)


def _feature_names(tree, feature_names):
    check_is_fitted(tree)
    if feature_names is None:
        feature_names = getattr(tree, "feature_names_in_", [f"x{i}" for i in range(tree.n_features_in_)])
    names = [str(name) for name in feature_names]
    if len(names) != tree.n_features_in_:
        raise ValueError(
            f"feature_names must name all {tree.n_features_in_} columns that the tree was fitted on, "
            f"got {len(names)} names."
        )
    return names


def _branches(node):
    if node.threshold is not None:
        return [f"<= {node.threshold:.6g}", f"> {node.threshold:.6g}"]
    return [] if node.is_leaf else [f"= {value:.6g}" for value in node.values]


def _label(node, above, classes):
    counts = node.counts if node.counts.sum() > 0 else above.counts  # an empty branch answers as the node above it
    return str(classes[counts.argmax()])


def _leaf(node, above, classes):
    errors = round(node.errors, 2)
    cases = f"{round(float(node.counts.sum()), 2)}" + (f"/{errors}" if errors else "")
    return f": {_label(node, above, classes)} ({cases})"
