"""Curves of learning: what a network was worth after each epoch, and what more data are worth."""

import numpy as np

from mlcourse.plots.style import PALETTE, colors

_MARKERS = ("o", "s", "^", "D", "v", "P")


def plot_learning_curves(loss, accuracy, validation_loss=None, validation_accuracy=None, best_epoch=None):
    """Plot loss and accuracy over the epochs of a training.

    Parameters
    ----------
    loss, accuracy : sequence of float
        One value an epoch; the accuracy from 0 to 1.
    validation_loss, validation_accuracy : sequence of float, optional
        The same on data that were not trained on.
    best_epoch : int, optional
        Counted from 1; marked with a line.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the curves are empty or of different lengths.

    Examples
    --------
    >>> figure = plot_learning_curves([1.2, 0.7], [0.5, 0.8], [1.3, 0.9], [0.4, 0.7], best_epoch=2)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'accuracy (%)']
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    curves = {"loss": loss, "accuracy": accuracy}
    curves |= {"validation_loss": validation_loss, "validation_accuracy": validation_accuracy}
    arrays = {name: np.asarray(values, dtype=float) for name, values in curves.items() if values is not None}
    lengths = {name: array.shape for name, array in arrays.items()}
    if len(set(lengths.values())) != 1 or len(arrays["loss"].shape) != 1 or not len(arrays["loss"]):
        raise ValueError(f"the curves must hold one number an epoch and at least one, got shapes {lengths}.")

    epochs = np.arange(1, len(arrays["loss"]) + 1)
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for panel, name, label, factor in ((panels[0], "loss", "loss", 1), (panels[1], "accuracy", "accuracy (%)", 100)):
        panel.plot(epochs, factor * arrays[name], "o-", color=PALETTE[0], markersize=3, label="training")
        if f"validation_{name}" in arrays:
            panel.plot(
                epochs, factor * arrays[f"validation_{name}"], "s--", color=PALETTE[3], markersize=3, label="validation"
            )
        if best_epoch is not None:
            panel.axvline(best_epoch, color="black", linewidth=1, linestyle=":", label=f"best epoch: {best_epoch}")
        panel.set_xlabel("epoch")
        panel.set_ylabel(label)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    plt.close(figure)  # a notebook would show it twice
    return figure


def plot_data_size(sizes, accuracies, xlabel="training people", ax=None):
    """Plot how the accuracy of learners grows with the data they learned from.

    Parameters
    ----------
    sizes : array of shape (sizes,)
        How much data, such as people.
    accuracies : dict of str to array of shape (sizes, draws)
        For each learner the accuracies (0 to 1) of several draws of each size; NaN where a size was drawn less often.
        Each draw is a small mark, their mean a line.
    xlabel : str
        What is counted.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure where left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the arrays do not fit together.

    Examples
    --------
    >>> figure = plot_data_size([1, 8], {"CNN": [[0.5, 0.6], [0.9, 0.9]], "random forest": [[0.6, 0.7], [0.8, 0.9]]})
    >>> figure.axes[0].get_xlabel()
    'training people'
    """
    sizes = np.asarray(sizes, dtype=float)
    if sizes.ndim != 1 or not sizes.size or not (sizes > 0).all():
        raise ValueError(f"sizes must be a list of numbers above 0, got {sizes!r}.")
    if not accuracies:
        raise ValueError("accuracies must hold the figures of at least one learner.")
    arrays = {}
    for name, values in accuracies.items():
        values = np.asarray(values, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or len(values) != len(sizes):
            raise ValueError(
                f"accuracies of {name!r} must have shape (sizes, draws) = ({len(sizes)}, ...), not {values.shape}."
            )
        if np.isnan(values).all(axis=1).any() or np.nanmin(values) < 0 or np.nanmax(values) > 1:
            raise ValueError(f"accuracies of {name!r} must lie between 0 and 1, with at least one draw a size.")
        arrays[name] = values

    import matplotlib.pyplot as plt

    own = ax is None
    if own:
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    palette = colors(arrays)
    for i, (name, values) in enumerate(arrays.items()):
        shift = 1.02 ** (i - (len(arrays) - 1) / 2)  # marks of two learners side by side
        places = np.broadcast_to(sizes[:, None] * shift, values.shape)
        marker = _MARKERS[i % len(_MARKERS)]
        ax.plot(places.ravel(), 100 * values.ravel(), marker, color=palette[name], markersize=4, alpha=0.4, mew=0)
        ax.plot(
            sizes * shift, 100 * np.nanmean(values, axis=1), marker=marker, linestyle=("-", "--", "-.", ":")[i % 4],
            color=palette[name], label=f"{name} (mean of {values.shape[1]} draws)" if values.shape[1] > 1 else name,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes], minor=False)
    ax.minorticks_off()
    ax.set_xlabel(xlabel)
    ax.set_ylabel("accuracy on the test people (%)")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, loc="lower right")
    if own:
        plt.close(ax.figure)
    return ax.figure
