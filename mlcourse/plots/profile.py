"""Stacked bars of what each layer of a network takes of the whole."""

import numpy as np

from mlcourse.plots.style import PALETTE

_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo")
_NAMED = 0.05  # of a bar: a narrower part has no room for a name


def plot_profile(names, kinds, amounts, totals=None):
    """Plot how the layers of a network share parameters, work and time.

    Parameters
    ----------
    names : sequence of str
        Of the layers.
    kinds : sequence of str
        Class of each layer: layers of a kind have one colour and hatching.
    amounts : dict of str to sequence of float
        For each bar, such as "parameters" or "time", how much each layer has; none below 0.
    totals : dict of str to str, optional
        What each bar is the whole of, with its unit: "138 M", "12.3 ms".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no layer, or an amount is missing, infinite or below 0.

    Examples
    --------
    >>> figure = plot_profile(["0", "1"], ["Conv2d", "Linear"], {"parameters": [224, 165]}, {"parameters": "389"})
    >>> figure.axes[0].get_xlabel()
    'share of the whole network (%)'
    """
    import matplotlib.pyplot as plt

    names, kinds = list(names), list(kinds)
    shares = {bar: _shares(bar, values, len(names)) for bar, values in amounts.items()}
    if not names or len(kinds) != len(names) or not shares:
        raise ValueError(f"names and kinds must be of one layer at least, got {len(names)} and {len(kinds)}.")
    # The kinds that take most of anything have the colours that are easiest to tell apart.
    weight = {kind: max(s[[k == kind for k in kinds]].sum() for s in shares.values()) for kind in kinds}
    looks = {}
    for i, kind in enumerate(sorted(weight, key=weight.get, reverse=True)):
        color = PALETTE[i % (len(PALETTE) - 1)]
        looks[kind] = {"facecolor": color, "hatch": _HATCHES[i // (len(PALETTE) - 1) % len(_HATCHES)]}

    figure, ax = plt.subplots(figsize=(9, 1.3 + 0.62 * len(shares)), layout="constrained")
    for row, share in enumerate(shares.values()):
        begin = 0.0
        for name, kind, part in zip(names, kinds, share, strict=True):
            if part <= 0:
                continue
            ax.barh(row, part, left=begin, height=0.7, edgecolor="white", linewidth=0.8, **looks[kind])
            if part >= 100 * _NAMED:
                _write(ax, begin + part / 2, row, name, part)
            begin += part
    labels = [f"{bar}\n({totals[bar]})" if totals and bar in totals else bar for bar in shares]
    ax.set_yticks(range(len(shares)), labels)
    ax.invert_yaxis()
    ax.grid(False)
    ax.set(xlim=(0, 100), xlabel="share of the whole network (%)")
    seen = [kind for kind in looks if weight[kind] >= 0.5]
    handles = [plt.Rectangle((0, 0), 1, 1, **looks[kind]) for kind in seen]
    figure.legend(handles, seen, loc="outside upper center", ncols=min(len(seen), 6), frameon=False)
    plt.close(figure)  # a notebook would show it twice
    return figure


def _shares(bar, values, n):
    values = np.asarray(values, dtype=float)
    if values.shape != (n,) or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"amounts[{bar!r}] must be a number of at least 0 for each of the {n} layers.")
    whole = values.sum()
    return 100 * values / whole if whole else values


def _write(ax, x, row, name, part):
    """Write a layer's name into its part of a bar, along it where it is narrow; leave it out where it is too long."""
    short = part < 1.1 * len(name)
    if short and len(name) > 9:
        return
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    ax.text(x, row, name, ha="center", va="center", fontsize=7, rotation=90 if short else 0, bbox=box)
