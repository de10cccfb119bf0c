"""What each layer of a network costs, counted: parameters, bytes, multiply-accumulates."""

import re

import pandas as pd

from mlcourse.measure.layers import nbytes
from mlcourse.measure.observing import observe

COLUMNS = ["kind", "output_shape", "parameters", "weight_bytes", "activation_bytes", "macs", "intensity"]


def count(net, example) -> pd.DataFrame:
    """Count what each layer of a network costs for one input. Nothing is timed: see `profile`.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        It answers once, in eval mode without gradients, and is left as it was: mode, hooks, weights, gradients. On
        torch's meta device (``net.to("meta")``) nothing is computed, so that networks of any size can be counted.
    example : tensor, array, or tuple of positional arguments
        With its batch: ``torch.zeros(1, 3, 224, 224)``.

    Returns
    -------
    pandas.DataFrame
        One row a layer, in the order in which the network holds them; the index ``layer`` is its dotted name. A module
        with parts has a row only if it has weights or products of its own.

        - ``kind``: class of the layer;
        - ``output_shape``: with the batch; of several outputs the first; None if the layer never ran;
        - ``parameters``: numbers that training may change; those that two layers share count with the first;
        - ``weight_bytes``: bytes of these;
        - ``activation_bytes``: bytes of all outputs, of all calls;
        - ``macs``: multiply-accumulates of convolution, linear and recurrent layers, and of nothing else: biases,
          activation functions, normalisation and products of two activations are not counted. Zeros of a padding are,
          as the definition multiplies them too;
        - ``intensity``: arithmetic intensity in operations a byte, two for each multiply-accumulate, over the bytes of
          weights, inputs and outputs, each moved once a call (Williams et al. 2009).

    Raises
    ------
    TypeError, ValueError
        If `net` is no network, or `example` holds no tensor. Errors of the network itself pass through.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson: Roofline, Communications of the ACM 52 (4), 2009.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(32, 5))
    >>> count(net, torch.zeros(1, 3, 4, 4))[["kind", "output_shape", "parameters", "macs"]]
              kind  output_shape  parameters  macs
    layer
    0       Conv2d  (1, 8, 2, 2)         224   864
    1         ReLU  (1, 8, 2, 2)           0     0
    2      Flatten       (1, 32)           0     0
    3       Linear        (1, 5)         165   160
    """
    return table_of(observe(net, example))


def table_of(layers) -> pd.DataFrame:
    """Make the table of `count` from layers that were observed."""
    rows, counted = [], set()
    for layer in layers:
        weights = {id(w): w for w in layer.weights()}  # the same one may be registered twice in a layer
        moved = layer.calls * sum(map(nbytes, layer.read())) + layer.input_bytes + layer.output_bytes
        new = [w for key, w in weights.items() if key not in counted]
        counted.update(weights)
        rows.append(
            (
                _kind(layer.module),
                layer.output_shape,
                sum(w.numel() for w in new),
                sum(map(nbytes, new)),
                layer.output_bytes,
                layer.macs,
                2 * layer.macs / moved if moved else 0.0,
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS, index=pd.Index([layer.name for layer in layers], name="layer"))


def _kind(module) -> str:
    """Class of a layer, as its library calls it; a weight with a parametrization makes a class of its own in torch."""
    return re.sub(r"^Parametrized(?=[A-Z])", "", type(module).__name__)
