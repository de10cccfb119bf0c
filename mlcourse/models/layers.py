"""What each layer of a network hands on, and how many numbers it learns."""

import math
import re
import sys
from numbers import Integral

import pandas as pd
import torch
from torch import nn

from mlcourse.models.training import in_eval_mode, input_type

_COLUMNS = ("layer", "kind", "output shape", "weights per filter", "parameters")
# What Keras counts among a layer's weights, though no training changes it.
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance", "count")


def layer_table(net, input_shape=None) -> pd.DataFrame:
    """List a network's layers in the order in which data pass them.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        A Keras model must be sequential or functional.
    input_shape : tuple of int, optional
        Shape of one case without the batch, in the network's own layout: (channels, height, width) for torch, (height,
        width, channels) for Keras. A Keras model with an `Input` layer knows its own.

    Returns
    -------
    pandas.DataFrame
        A row a layer. ``output shape`` is a tuple of one case, the channels first for both libraries, as the lecture
        writes it. ``weights per filter`` (convolutions only) leaves the bias out, ``parameters`` has it in. A layer
        that is used twice has two rows, and its parameters in the first.

    Raises
    ------
    TypeError, ValueError
        If `net` is no network, or takes no input of that shape.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 25, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(25 * 13 * 13, 10))
    >>> layer_table(net, (1, 28, 28))
      layer             kind  output shape  weights per filter  parameters
    0     0  convolution 3x3  (25, 26, 26)                   9         250
    1     1  max pooling 2x2  (25, 13, 13)                <NA>           0
    2     2          flatten       (4225,)                <NA>           0
    3     3            dense         (10,)                <NA>       42260
    """
    if input_shape is not None:
        if isinstance(input_shape, Integral):
            input_shape = (input_shape,)
        input_shape = tuple(input_shape)
        if not input_shape or not all(isinstance(n, Integral) and n > 0 for n in input_shape):
            raise ValueError(f"input_shape must be sizes of at least 1 without the batch, not {input_shape}.")
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(net, keras.Model):
        rows = _keras_rows(net, input_shape)
    elif isinstance(net, nn.Module):
        rows = _torch_rows(net, input_shape)
    else:
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"weights per filter": "Int64", "parameters": int})


def _torch_rows(net, input_shape):
    if input_shape is None:
        raise ValueError("input_shape must be given for a torch network, such as (1, 28, 28): it does not know it.")
    rows, counted = [], set()

    def note(name, layer, output):
        while isinstance(output, tuple | list) and output:
            output = output[0]  # recurrent layers hand on their state besides
        parameters = [weight for weight in layer.parameters(recurse=False) if id(weight) not in counted]
        counted.update(map(id, parameters))
        shape = tuple(output.shape[1:]) if isinstance(output, torch.Tensor) else None
        kernel = tuple(layer.kernel_size) if _is(layer, "Conv") else ()
        per_filter = layer.in_channels // layer.groups * math.prod(kernel) if kernel else None
        rows.append((name or "(net)", _kind(layer), shape, per_filter, sum(weight.numel() for weight in parameters)))

    hooks = []
    try:
        for name, layer in net.named_modules():
            # Containers only hand on what their parts make, unless they have weights of their own.
            if next(layer.children(), None) is None or next(layer.parameters(recurse=False), None) is not None:
                hooks.append(layer.register_forward_hook(lambda layer, _, output, name=name: note(name, layer, output)))
        with in_eval_mode(net) as device:
            net(torch.zeros((1, *input_shape), dtype=input_type(net), device=device))
    except (RuntimeError, IndexError) as error:
        raise ValueError(
            f"net takes no input of input_shape {input_shape}: {str(error).strip().partition(chr(10))[0]} (torch "
            "wants channels before height, width and time.)"
        ) from None
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _keras_rows(net, input_shape):
    import keras

    if not net.built and input_shape is not None:
        net.build((None, *input_shape))
    if not net.built or not hasattr(net, "inputs") or not net.inputs:
        raise ValueError(
            "net must know its layers: a Sequential or functional model, with an Input layer or with input_shape given."
        )
    known = tuple(net.inputs[0].shape[1:])
    if input_shape is not None and (
        len(known) != len(input_shape) or any(a not in (None, b) for a, b in zip(known, input_shape, strict=True))
    ):
        raise ValueError(f"net takes inputs of shape {known}, not input_shape {input_shape}.")

    rows, counted = [], set()
    last = keras.config.image_data_format() == "channels_last"

    def visit(model):
        nonlocal last
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            if isinstance(layer, keras.Model):
                visit(layer)
                continue
            last = getattr(layer, "data_format", "channels_last" if last else "") == "channels_last"
            output = layer.output
            shape = tuple((output[0] if isinstance(output, list | tuple) else output).shape[1:])
            shape = (shape[-1], *shape[:-1]) if last else shape
            weights = [
                weight for weight in layer.weights if weight.name not in _STATISTICS and id(weight) not in counted
            ]
            counted.update(map(id, weights))
            per_filter = None
            if _is(layer, "Conv") or _is(layer, "DepthwiseConv"):
                kernel = next(weight for weight in layer.weights if "kernel" in weight.name)
                # (..., channels / groups, filters); depthwise kernels reach over one channel each
                per_filter = math.prod(kernel.shape[: -2 if "Depthwise" in type(layer).__name__ else -1])
            rows.append((layer.name, _kind(layer), shape, per_filter, sum(math.prod(w.shape) for w in weights)))

    visit(net)
    return rows


def _is(layer, kind):
    return re.fullmatch(rf"{kind}\d[dD]", type(layer).__name__) is not None


def _kind(layer) -> str:
    """A layer in the words of the lecture: the same for both libraries."""
    name = type(layer).__name__
    size = getattr(layer, "pool_size", None) or getattr(layer, "kernel_size", None)
    dimensions = int(found[0]) if (found := re.findall(r"(\d)[dD]$", name)) else 2
    size = (size,) * dimensions if isinstance(size, int) else size
    size = " " + "x".join(map(str, size)) if isinstance(size, tuple | list) else ""
    for pattern, words in (
        (r"DepthwiseConv\d[dD]", f"depthwise convolution{size}"),
        (r"Conv(Transpose)?\d[dD](Transpose)?", f"{'transposed ' * ('Transpose' in name)}convolution{size}"),
        (r"Adaptive\w+|Global\w+", f"{'max' if 'Max' in name else 'average'} pooling {_reach(layer)}"),
        (r"MaxPool(ing)?\d[dD]", f"max pooling{size}"),
        (r"(Avg|Average)Pool(ing)?\d[dD]", f"average pooling{size}"),
        (r"Linear|Dense", "dense"),
        (r"BatchNorm(alization|\d[dD])", "batch normalisation"),
        (r"Flatten", "flatten"),
        (r"Dropout\w*", "dropout"),
    ):
        if re.fullmatch(pattern, name):
            return words
    if name == "Activation":
        return getattr(layer.activation, "__name__", name)
    return name


def _reach(layer):
    size = getattr(layer, "output_size", 1)
    sizes = (size,) if isinstance(size, int) else size
    return "over everything" if set(sizes) == {1} else "to " + "x".join(map(str, sizes))
