"""The roofline: what limits each layer, arithmetic or memory."""

import numpy as np

from mlcourse.plots.style import PALETTE

_MARKERS = "osD^vP*X"


def plot_roofline(names, kinds, intensities, flops, peak_flops, bandwidth):
    """Plot what layers reach against what a machine can.

    Parameters
    ----------
    names, kinds : sequence of str
        Of the layers, and their classes: one colour and marker a kind.
    intensities : sequence of float
        Arithmetic intensity of each layer, in operations a byte.
    flops : sequence of float
        What each layer reached, in operations a second.
    peak_flops : float
        The flat roof, in operations a second.
    bandwidth : float
        The slanted roof, in bytes a second.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no layer, or a figure is not above 0.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson: Roofline, Communications of the ACM 52 (4), 2009, figure 1.

    Examples
    --------
    >>> figure = plot_roofline(["fc"], ["Linear"], [0.5], [4e9], peak_flops=1e11, bandwidth=1e10)
    >>> figure.axes[0].get_ylabel()
    'reached (GFLOP/s)'
    """
    import matplotlib.pyplot as plt

    x, y = np.asarray(intensities, dtype=float), np.asarray(flops, dtype=float) / 1e9
    if not len(names) or not (len(names) == len(kinds) == len(x) == len(y)):
        raise ValueError(f"one layer at least, and one of everything each, got {len(names)} names and {len(x)} points.")
    figures = np.array([*x, *y, peak_flops, bandwidth], dtype=float)
    if not (np.isfinite(figures).all() and (figures > 0).all()):
        raise ValueError("intensities, flops, peak_flops and bandwidth must be numbers above 0.")
    peak, ridge = peak_flops / 1e9, peak_flops / bandwidth

    figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
    left, right = min(x.min(), ridge) / 3, max(x.max(), ridge) * 3
    roof = np.array([left, ridge, right])
    label = f"roof: {bandwidth / 1e9:.3g} GB/s, then {peak:.3g} GFLOP/s"
    ax.plot(roof, np.minimum(peak, roof * bandwidth / 1e9), color="black", linewidth=2, zorder=1, label=label)
    ax.axvline(ridge, color="black", linestyle=":", linewidth=1, zorder=1, label=f"ridge: {ridge:.3g} FLOP/byte")
    for text, side, across in (("memory is the limit", "right", -8), ("arithmetic is the limit", "left", 8)):
        ax.annotate(text, (ridge, 1), (across, -6), ("data", "axes fraction"), "offset points", ha=side, va="top")
    for i, kind in enumerate(dict.fromkeys(kinds)):
        here = [k == kind for k in kinds]
        look = {"color": PALETTE[i % (len(PALETTE) - 1)], "marker": _MARKERS[i % len(_MARKERS)]}
        ax.scatter(x[here], y[here], label=kind, edgecolor="black", linewidth=0.5, zorder=2, **look)
    lowest = min(y.min(), left * bandwidth / 1e9)
    ax.set(xscale="log", yscale="log", xlim=(left, right), ylim=(lowest / 2, max(peak, y.max()) * 3))
    ax.set(xlabel="arithmetic intensity (FLOP/byte)", ylabel="reached (GFLOP/s)")
    ax.legend(loc="lower right")
    figure.draw_without_rendering()  # the layout is known only then
    _name_points(ax, names, x, y)
    plt.close(figure)  # a notebook would show it twice
    return figure


def _name_points(ax, names, x, y):
    """Write names beside the points, the highest first, where no other name is in the way."""
    taken = []
    pixels = ax.transData.transform(np.column_stack([x, y]))
    for i in np.argsort(-pixels[:, 1], kind="stable"):
        (left, middle), width = pixels[i], 8 + 6 * len(names[i])
        clear = all(left + width < l or r < left or abs(middle - m) > 10 for l, r, m in taken)
        if clear and left + width < ax.bbox.x1:
            ax.annotate(names[i], (x[i], y[i]), (5, -3), textcoords="offset points", fontsize=7)
            taken.append((left, left + width, middle))
