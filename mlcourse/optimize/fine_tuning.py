"""Train again after pruning, and prune in steps: what is left learns to do without what is gone."""

import copy
import sys
from numbers import Integral

from mlcourse.models.training import fit
from mlcourse.optimize.opened import opened_network
from mlcourse.optimize.pruning import check_arguments, removed


def fine_tune(net, X, y, validation=None, *, epochs=3, learning_rate=3e-4, **options):
    """Return a network trained further; its argument stays as it is.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        A Keras model must be compiled.
    X, y : arrays or tensors
        As for `mlcourse.models.fit`.
    validation : tuple of (X, y), optional
    epochs : int
    learning_rate : float
        At the start. Lower than for a training from scratch: most has been learned.
    **options
        More of `mlcourse.models.fit`, or of a Keras model's ``fit``.

    Returns
    -------
    torch.nn.Module or keras.Model
        In eval mode.

    Raises
    ------
    TypeError, ValueError
        As `mlcourse.models.fit`.

    Examples
    --------
    >>> import torch
    >>> from mlcourse.models import predict
    >>> from mlcourse.optimize import remove_neurons
    >>> X = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    >>> y = (X[:, 0] > X[:, 1]).long()
    >>> _ = torch.manual_seed(0)
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 20), torch.nn.ReLU(), torch.nn.Linear(20, 2))
    >>> small = fine_tune(remove_neurons(net), X, y, epochs=20, learning_rate=0.02, progress=False)
    >>> bool((predict(small, X) == y.numpy()).mean() > 0.95)
    True
    """
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(net, keras.Model):
        new = copy.deepcopy(net)
        fit(new, X, y, validation, epochs=epochs, learning_rate=learning_rate, **options)
        return new
    if not net.compiled:
        raise ValueError("net must be compiled: net.compile(optimizer=..., loss=...).")
    new = keras.models.clone_model(net)
    new.set_weights(net.get_weights())
    new.compile_from_config(net.get_compile_config())
    new.optimizer.learning_rate = learning_rate
    progress = options.pop("progress", True)
    options.setdefault("verbose", "auto" if progress else 0)
    new.fit(X, y, validation_data=validation, epochs=epochs, **options)
    return new


def prune_in_steps(
    net, keep, fine_tune, *, steps=3, kind="channels", criterion="l1", layers=None, example=None, X=None, y=None,
    loss=None, round_to=1, random_state=0,
):  # fmt: skip
    """Prune a bit, train, prune again: each step removes the same share of what is left.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        Is not changed.
    keep : float
        Share of each layer's outputs that is left in the end.
    fine_tune : callable
        ``fine_tune(net)`` -> a trained network, after each step; for example ``lambda net: fine_tune(net, X, y)`` with
        the function of this name.
    steps : int
    kind : str
        ``"channels"`` of convolutions or ``"neurons"`` of fully connected layers.
    criterion, layers, example, X, y, loss, round_to, random_state
        As for `mlcourse.optimize.remove_neurons`.

    Returns
    -------
    torch.nn.Module or keras.Model
        With exactly as many outputs as pruning at once would leave.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a layer cannot lose outputs.

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally: Learning both Weights and Connections for Efficient Neural Networks, NIPS 2015,
    section 3.4 (iterative pruning).

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
    >>> prune_in_steps(net, 0.25, lambda net: print(net[0]) or net, steps=2, kind="neurons")[0].out_features
    Linear(in_features=2, out_features=32, bias=True)
    Linear(in_features=2, out_features=16, bias=True)
    16
    """
    kinds = {"channels": "convolution", "neurons": "linear"}
    if kind not in kinds:
        raise ValueError(f"kind must be 'channels' or 'neurons', not {kind!r}.")
    if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 1:
        raise ValueError(f"steps must be a whole number, at least 1, not {steps!r}.")
    if not callable(fine_tune):
        raise TypeError(f"fine_tune must be callable: fine_tune(net) -> net, not {type(fine_tune).__name__}.")
    check_arguments(net, keep, criterion, round_to, plan=False)
    full = opened_network(net, example, X).graph
    for step in range(1, steps + 1):
        share = keep ** (step / steps)
        net = removed(net, share, kinds[kind], criterion, layers, example, (X, y, loss, random_state), round_to, full)
        net = fine_tune(net)
        if net is None:
            raise TypeError("fine_tune must return the trained network, not None.")
    return net
