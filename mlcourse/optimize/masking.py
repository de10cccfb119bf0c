"""Single weights set to zero: fewer weights that count, and not a microsecond less.

The matrices keep their shapes, and a library for dense matrices multiplies by zero as slowly as by anything else. What
is gained is what a compressed file saves. `remove_neurons` and `remove_channels` make the matrices themselves smaller.
"""

import copy
import sys
from numbers import Real

import torch
from torch import nn

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def mask_weights(net, keep=0.2, *, layers=None):
    """Set the weights of smallest magnitude to zero, layer by layer. The network does not get faster.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        Is not changed.
    keep : float
        Share of each layer's weights that stay, above 0 and at most 1. Biases and normalisations keep all.
    layers : sequence of str, optional
        Default: all convolutions and fully connected layers.

    Returns
    -------
    torch.nn.Module or keras.Model
        A new network of the same shapes. Training it fills the zeros again.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    S. Han, J. Pool, J. Tran, W. Dally: Learning both Weights and Connections for Efficient Neural Networks, NIPS 2015.

    Examples
    --------
    >>> net = nn.Linear(4, 1)
    >>> with torch.no_grad():
    ...     _ = net.weight.copy_(torch.tensor([[0.1, -0.4, 0.3, 0.2]]))
    >>> [round(weight, 1) for weight in mask_weights(net, keep=0.5).weight[0].tolist()]
    [0.0, -0.4, 0.3, 0.0]
    """
    if isinstance(keep, bool) or not isinstance(keep, Real) or not 0 < keep <= 1:
        raise ValueError(f"keep must be a share above 0 and at most 1, such as 0.2, not {keep!r}.")
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(net, keras.Model):
        new = keras.models.clone_model(net)
        new.set_weights(net.get_weights())
        if net.compiled:
            new.compile_from_config(net.get_compile_config())
        found = {layer.name: layer.kernel.value for layer in new.layers if hasattr(layer, "kernel")}
    elif isinstance(net, nn.Module):
        new = copy.deepcopy(net)
        found = {name: module.weight for name, module in new.named_modules() if isinstance(module, _LAYERS)}
    else:
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    for name in found if layers is None else [layers] if isinstance(layers, str) else layers:
        if name not in found:
            raise ValueError(f"layers names {name!r}; what has weights to mask is {', '.join(found) or 'nothing'}.")
        weight = found[name]
        n = weight.numel() - max(1, round(keep * weight.numel()))  # to zero
        mask = torch.ones(weight.numel(), dtype=torch.bool, device=weight.device)
        mask[weight.detach().abs().flatten().argsort()[:n]] = False
        with torch.no_grad():
            weight.masked_fill_(~mask.view(weight.shape), 0)
        weight.grad = None
    return new
