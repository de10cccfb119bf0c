"""Decision boundaries: what a classifier answers everywhere, not only where there are cases."""

import numpy as np

from mlcourse.plots.style import colors

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def plot_boundaries(model, X, y, feature_names=("feature 1", "feature 2"), ax=None, title="", resolution=250):
    """Plot the regions in which a classifier gives each answer, over two features, and the cases by their true class.

    Parameters
    ----------
    model : object with ``predict``
        Fitted on two features.
    X : array-like of shape (cases, 2)
        The cases to draw, in the units that the model was fitted on.
    y : array-like of shape (cases,)
        Their true classes.
    feature_names : sequence of two str
        Labels of the axes, with units.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure where left out.
    title : str
        Default: the share of the drawn cases that are answered rightly.
    resolution : int
        Answers are asked for on a grid of this many points each way.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the cases do not have two features each, or do not fit the labels.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = [[0.1, 9], [0.2, 1], [3, 9], [4, 2]], ["standing", "sitting", "walking", "walking"]
    >>> ax = plot_boundaries(DecisionTreeClassifier(random_state=0).fit(X, y), X, y, ["std (m/s^2)", "mean (m/s^2)"])
    >>> ax.get_title(), ax.get_xlabel()
    ('100.0 % of these cases are right', 'std (m/s^2)')
    >>> import matplotlib.pyplot as plt
    >>> plt.close(ax.figure)
    """
    cases, y = np.asarray(X, dtype=float), np.asarray(y).astype(str)
    if cases.ndim != 2 or cases.shape[1] != 2 or not len(cases):
        raise ValueError(
            f"X must have two features, shape (cases, 2), not {cases.shape}. Choose two columns, and fit the "
            "model on them."
        )
    if y.shape != (len(cases),):
        raise ValueError(f"y must hold one class for each of the {len(cases)} cases, not {y.shape}.")
    if not np.isfinite(cases).all():
        raise ValueError("X holds missing or infinite values: leave those cases out of the picture.")
    if len(feature_names) != 2:
        raise ValueError(f"feature_names must be two names, not {list(feature_names)!r}.")
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(5.4, 4.4), layout="constrained")

    low, high = cases.min(axis=0), cases.max(axis=0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5)
    grid = [np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True)]
    points = np.stack(np.meshgrid(*grid), axis=-1).reshape(-1, 2)
    answers = _ask(model, points)
    classes = sorted(set(y) | set(answers))
    palette = colors(classes)

    from matplotlib.colors import ListedColormap

    codes = np.searchsorted(classes, answers).reshape(resolution, resolution)
    regions = ax.pcolormesh(
        *grid, codes, cmap=ListedColormap([palette[c] for c in classes]), vmin=-0.5, vmax=len(classes) - 0.5,
        alpha=0.25, shading="nearest", rasterized=True, linewidth=0,
    )  # fmt: skip
    regions.set_edgecolor("none")
    # Lines between the regions: they are seen without any colour.
    for code in range(len(classes)):
        if 0 < (codes == code).mean() < 1:
            ax.contour(*grid, codes == code, levels=[0.5], colors="0.35", linewidths=0.7)
    for i, name in enumerate(classes):
        these = y == name
        if these.any():
            ax.plot(
                *cases[these].T, _MARKERS[i % len(_MARKERS)], color=palette[name], markersize=4.5, label=name,
                alpha=0.8, markeredgecolor="white", markeredgewidth=0.4,
            )  # fmt: skip
    ax.set_xlim(grid[0][0], grid[0][-1])
    ax.set_ylim(grid[1][0], grid[1][-1])
    ax.set_xlabel(feature_names[0])
    ax.set_ylabel(feature_names[1])
    ax.grid(False)
    right = 100 * np.mean(_ask(model, cases) == y)
    ax.set_title(title or f"{right:.1f} % of these cases are right")
    ax.legend(loc="best", fontsize=8, framealpha=0.85, frameon=True)
    return ax


def _ask(model, points):
    """Return the answers as text; columns get the names that the model was fitted with, if any."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        import pandas as pd

        points = pd.DataFrame(points, columns=names)
    return np.asarray(model.predict(points)).astype(str)
