"""Signals over time.

Figures are handed back closed: a notebook shows them once, as the last line of a cell or through
:func:`mlcourse.plots.style.show`, and many of them do not pile up in memory.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

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
    sensors = _by_sensor(channels)
    fig, axes = plt.subplots(
        len(sensors), 1, figsize=(9, 0.8 + 2.3 * len(sensors)), sharex=True, squeeze=False, layout="constrained"
    )
    for ax, (sensor, columns) in zip(axes[:, 0], sensors.items(), strict=True):
        for place, column in enumerate(columns):
            x, y = _thinned(seconds, signals[:, column], breaks)
            ax.plot(x, y, linewidth=1, label=channels[column], **_line(place))
        ax.set_ylabel(_axis_label(sensor))
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=len(columns))
    axes[-1, 0].set_xlabel("time (s)")
    if labels is not None:
        _shade(fig, axes[:, 0], seconds, np.asarray(labels), breaks)
    if title:
        axes[0, 0].set_title(title, loc="left")
    plt.close(fig)
    return fig


def plot_windows(X, y, rate, channels):
    """Plot windows side by side: a column for each window, a row for each sensor.

    Parameters
    ----------
    X : array of shape (windows, time, channels)
        Acceleration in m/s^2, rotation rate in rad/s.
    y : array of shape (windows,), str
        Activity of each window, the title of its column.
    rate : float
        Samples per second, in Hz.
    channels : sequence of str
        Names such as ``"acc_x"``; those with the same beginning share a row and a scale.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sensors = _by_sensor(channels)
    wide = min(_MOST_COLUMNS, len(X))
    rows = -(-len(X) // wide) * len(sensors)
    fig, axes = plt.subplots(
        rows, wide, figsize=(max(5, 1.9 * wide), 0.7 + 1.7 * rows), sharex=True, squeeze=False, layout="constrained"
    )
    seconds = np.arange(X.shape[1]) / rate
    for ax in axes.flat:
        ax.set_visible(False)
    for index, (window, activity) in enumerate(zip(X, y, strict=True)):
        for row, (sensor, columns) in enumerate(sensors.items()):
            ax = axes[index // wide * len(sensors) + row, index % wide]
            ax.set_visible(True)
            for place, column in enumerate(columns):
                ax.plot(seconds, window[:, column], linewidth=1, label=channels[column], **_line(place))
            ax.sharey(axes[row, 0])
            if row == 0:
                ax.set_title(str(activity), fontsize="medium")
            if index % wide == 0:
                ax.set_ylabel(_axis_label(sensor))
            else:
                ax.tick_params(labelleft=False)
    fig.supxlabel("time (s)")
    handles = [handle for row in range(len(sensors)) for handle in axes[row, 0].get_lines()]
    fig.legend(handles, [handle.get_label() for handle in handles], loc="outside upper center", ncols=6)
    plt.close(fig)
    return fig


_MOST_COLUMNS = 6
_SENSORS = {
    "acc": "acceleration",
    "gyro": "rotation",
    "body_acc": "body acceleration",
    "total_acc": "total acceleration",
}


def _by_sensor(channels) -> dict[str, list[int]]:
    """Columns of each sensor: ``acc_x`` and ``acc_y`` are of one."""
    sensors = {}
    for column, channel in enumerate(channels):
        sensors.setdefault(channel.rsplit("_", 1)[0], []).append(column)
    return sensors


def _axis_label(sensor):
    return f"{_SENSORS.get(sensor, sensor)} ({unit_of(sensor)})"


def _line(place):
    return {"color": PALETTE[place % len(PALETTE)], "linestyle": LINES[place % len(LINES)]}


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
    names = sorted({str(label) for label in np.unique(labels) if label})
    looks, used = {}, {}
    for name, color in colors(names).items():
        # Where there are more activities than colours, a pattern tells apart those of one colour.
        hatch = _HATCHES[used.setdefault(color, 0) % len(_HATCHES)]
        used[color] += 1
        looks[name] = {"facecolor": to_rgba(color, 0.15), "edgecolor": to_rgba(color, 0.6), "hatch": hatch}
    changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    for first, last in _pieces(len(labels), np.union1d(changes, np.asarray(breaks, dtype=int))):
        if labels[first]:
            for ax in axes:
                ax.axvspan(seconds[first], seconds[last - 1], linewidth=0, zorder=0, **looks[str(labels[first])])
    if looks:
        patches = [plt.Rectangle((0, 0), 1, 1, linewidth=0, **look) for look in looks.values()]
        fig.legend(patches, looks, loc="outside lower center", ncols=min(len(looks), 6), title="activity")


_HATCHES = ("", "////", "....", "xxxx")
