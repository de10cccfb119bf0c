"""Signals over time.

Figures are handed back closed: a notebook shows them once, as the last line of a cell or through
:func:`mlcourse.plots.style.show`, and many of them do not pile up in memory.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np

from mlcourse.plots.style import LINES, PALETTE, colors

# The most points that a line is drawn with; a longer one is thinned to the extremes of each pixel-wide piece.
_MOST_POINTS = 6000


def unit_of(channel: str) -> str:
    """Unit of a channel, from its name: acceleration in m/s^2, rotation rate in rad/s.

    Examples
    --------
    >>> unit_of("gyro_x"), unit_of("acc_y")
    ('rad/s', 'm/s$^2$')
    """
    return "rad/s" if "gyro" in channel else "m/s$^2$"


def plot_signals(seconds, signals, channels, labels=None, breaks=(), title=""):
    """Plot signals over time: a panel for each sensor, activities shaded, gaps left empty.

    Parameters
    ----------
    seconds : array of shape (time,)
    signals : array of shape (time, channels)
        Acceleration in m/s^2, rotation rate in rad/s.
    channels : sequence of str
        Names such as ``"acc_x"``; those with the same beginning share a panel.
    labels : array of shape (time,), str, optional
        Activity at each sample; ``""`` is not shaded.
    breaks : sequence of int, optional
        Samples before which time is missing: the line is interrupted there.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """
    seconds, signals = np.asarray(seconds, float), np.asarray(signals, float)
    if signals.shape != (len(seconds), len(channels)):
        raise ValueError(
            f"signals must have shape (time, channels) = ({len(seconds)}, {len(channels)}), got {signals.shape}."
        )
    sensors = list(dict.fromkeys(channel.rsplit("_", 1)[0] for channel in channels))
    fig, axes = plt.subplots(
        len(sensors), 1, figsize=(9, 0.6 + 2.2 * len(sensors)), sharex=True, squeeze=False, layout="constrained"
    )
    for ax, sensor in zip(axes[:, 0], sensors, strict=True):
        members = [index for index, channel in enumerate(channels) if channel.rsplit("_", 1)[0] == sensor]
        for place, index in enumerate(members):
            x, y = _thinned(seconds, signals[:, index], breaks)
            ax.plot(
                x, y, LINES[place % len(LINES)], color=PALETTE[place % len(PALETTE)], linewidth=1, label=channels[index]
            )
        ax.set_ylabel(f"{_SENSORS.get(sensor, sensor)} ({unit_of(sensor)})")
        ax.legend(loc="upper right", ncols=3)
    axes[-1, 0].set_xlabel("time (s)")
    if labels is not None:
        _shade(fig, axes[:, 0], seconds, np.asarray(labels), breaks)
    if title:
        axes[0, 0].set_title(title, loc="left")
    plt.close(fig)
    return fig


def plot_windows(X, y, rate, channels):
    """Plot windows side by side, one panel each.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
        Acceleration in m/s^2, rotation rate in rad/s.
    y : array of shape (windows,), str
        Activity of each window, the title of its panel.
    rate : float
        Samples per second, in Hz.
    channels : sequence of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(3, len(X))
    rows = -(-len(X) // columns)
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(3.4 * columns, 2.3 * rows),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    seconds = np.arange(X.shape[1]) / rate
    for ax, window, label in zip(axes.flat, X, y, strict=False):
        for place, channel in enumerate(channels):
            ax.plot(
                seconds,
                window[:, place],
                LINES[place // 3 % len(LINES)],
                color=PALETTE[place % len(PALETTE)],
                linewidth=1,
                label=channel,
            )
        ax.set_title(str(label))
    for ax in axes.flat[len(X) :]:
        ax.axis("off")
    fig.supxlabel("time (s)")
    fig.supylabel(" and ".join(dict.fromkeys(unit_of(channel) for channel in channels)))
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    plt.close(fig)
    return fig


_SENSORS = {
    "acc": "acceleration",
    "gyro": "rotation",
    "body_acc": "body acceleration",
    "total_acc": "total acceleration",
}


def _thinned(x, y, breaks):
    """Coordinates of a line with a hole at every break, and no more points than a screen can show."""
    xs, ys = [], []
    for start, stop in _pieces(len(x), breaks):
        index = np.arange(start, stop)
        per_point = -(-len(x) // (_MOST_POINTS // 2))
        if per_point > 2:
            blocks = np.array_split(index, -(-len(index) // per_point))
            extremes = [(block[y[block].argmin()], block[y[block].argmax()]) for block in blocks]
            index = np.unique(np.concatenate([np.ravel(extremes), [start, stop - 1]]).astype(int))
        xs += [x[index], [np.nan]]
        ys += [y[index], [np.nan]]
    return np.concatenate(xs), np.concatenate(ys)


def _pieces(n, breaks):
    edges = [0, *sorted(int(b) for b in breaks), n]
    return [(start, stop) for start, stop in itertools.pairwise(edges) if stop > start]


def _shade(fig, axes, seconds, labels, breaks):
    """Shade each stretch of one activity, and explain the shades once."""
    shades = colors(str(label) for label in np.unique(labels) if label)
    changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    for first, last in _pieces(len(labels), np.union1d(changes, np.asarray(breaks, dtype=int))):
        if labels[first]:
            for ax in axes:
                ax.axvspan(seconds[first], seconds[last - 1], color=shades[labels[first]], alpha=0.15, linewidth=0)
    if shades:
        patches = [plt.Rectangle((0, 0), 1, 1, color=color, alpha=0.3) for color in shades.values()]
        fig.legend(patches, shades, loc="outside lower center", ncols=min(len(shades), 6), title="activity")
