"""Networks in half precision: 16 bits for every weight and activation, half the memory of float32.

Two formats share the 16 bits out differently. float16 has 10 bits of mantissa (three decimal digits) and a small
range, 6e-8 to 65504; bfloat16 has the range of float32 and 7 bits of mantissa (two digits). Inside a layer sums are
formed in float32 with both; what is rounded is what a layer holds and hands on.

References
----------
P. Micikevicius et al., Mixed Precision Training, ICLR 2018.
D. Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, arXiv:1905.12322, 2019.
"""

import copy

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from mlcourse.optimize.float_range import range_report, weights_out_of_range
from mlcourse.optimize.half_units import half_type, is_keras, of_torch, own_tensors, units

__all__ = ["kept_layers", "range_report", "to_half"]


def to_half(net, dtype: str = "float16", keep="auto", example=None):
    """Return a network that computes in half precision; it takes float32 and answers in float32, as `net` does.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        In float32; stays as it is. A Keras model must be sequential or functional.
    dtype : str
        ``"float16"`` or ``"bfloat16"``.
    keep : "auto" or sequence of str
        Layers that stay in float32. ``"auto"``: those of which `range_report` says so, from their weights, and from
        their activations where an example is given. Names otherwise, of layers or of whole parts (``"classifier"``);
        ``()`` keeps none.
    example : tensor or tuple, optional
        Input of the network, or all its positional arguments. For ``keep="auto"``.

    Returns
    -------
    torch.nn.Module or keras.Model
        Of the same class, with the same names of layers and weights. `kept_layers` tells what stayed in float32. It is
        for inference: training in half precision needs float32 weights and loss scaling besides.

        A Keras model gets the dtype policy of each layer set, and one layer more, named ``float32``, which turns the
        answer back; if `net` is compiled, so is the new one.

    Raises
    ------
    TypeError, ValueError
        If `net` is no network or is in half precision already, or `keep` names what it does not have.

    Notes
    -----
    A layer casts what it reads to its own type. What a network computes between its layers is of the type of the
    layers it comes from, float32 where one of them is. Buffers of modules that are not torch's own (coordinates, masks)
    stay in float32. On a processor without instructions for the format the result is right, and slow:
    `mlcourse.measure.capabilities` tells.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> half = to_half(net, "bfloat16")
    >>> half[0].weight.dtype, half(torch.ones(1, 4)).dtype, net[0].weight.dtype
    (torch.bfloat16, torch.float32, torch.float32)
    >>> kept_layers(to_half(net, keep=["2"]))
    ['2']
    """
    half = half_type(dtype)
    automatic = isinstance(keep, str) and keep == "auto"
    if isinstance(keep, str) and not automatic:
        raise ValueError(f'keep must be "auto" or a list of names, such as [{keep!r}], not the text {keep!r}.')
    if example is not None and not automatic:
        raise ValueError('example is used with keep="auto" only: leave one of them out.')
    if is_keras(net):
        from mlcourse.optimize.half_keras import keras_to_half

        return keras_to_half(net, str(half).removeprefix("torch."), "auto" if automatic else keep, example)
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    _require_float32(net)
    if not automatic:
        kept = _named(net, keep)
    elif example is None:
        kept = set(weights_out_of_range(net, half))
    else:
        report = range_report(net, example, dtype)
        kept = set(report.index[report["keep"]])

    new = copy.deepcopy(net)
    found = units(new)
    kept |= _sharing_weights(found, kept)
    for name, unit in found.items():
        unit.computes_in = torch.float32 if name in kept else half
        for tensor in own_tensors(unit).values():
            tensor.data = tensor.data.to(unit.computes_in)
        whole = of_torch(unit) or next(unit.children(), None) is None
        if whole and (name in kept or own_tensors(unit)):
            unit.register_forward_pre_hook(_cast_inputs, with_kwargs=True)
    new.register_forward_hook(_answer_in_float32)
    return new


def kept_layers(net) -> list[str]:
    """Names of the layers of a network made by `to_half` that compute in float32.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If `net` was not made by `to_half`.
    """
    if is_keras(net):
        from mlcourse.optimize.half_keras import keras_kept_layers

        return keras_kept_layers(net)
    marked = {name: unit.computes_in for name, unit in units(net).items() if hasattr(unit, "computes_in")}
    if not marked:
        raise ValueError("net was not made by to_half: it is of one type all over.")
    return [name for name, dtype in marked.items() if dtype == torch.float32]


def _cast_inputs(unit, args, kwargs):
    """Before a layer: what it reads becomes of its own type."""
    return _cast(args, unit.computes_in), _cast(kwargs, unit.computes_in)


def _answer_in_float32(net, args, output):
    """After the network: its answer becomes float32."""
    return _cast(output, torch.float32)


def _cast(value, dtype):
    """Cast all floating-point tensors of nested lists, tuples and dicts; leave everything else."""
    if isinstance(value, torch.Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    if isinstance(value, PackedSequence):
        return value.to(dtype)
    if isinstance(value, dict):
        return type(value)((key, _cast(part, dtype)) for key, part in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_cast(part, dtype) for part in value))
    if isinstance(value, list | tuple):
        return type(value)(_cast(part, dtype) for part in value)
    return value


def _require_float32(net):
    types = {weight.dtype for weight in net.parameters() if weight.is_floating_point()}
    if types & {torch.float16, torch.bfloat16}:
        raise ValueError("net is in half precision already: give the float32 network that it was made from.")


def _named(net, keep) -> set[str]:
    """The layers of the names given, and those below them."""
    keep, found, parts = list(keep), units(net), {name for name, _ in net.named_modules()}
    unknown = [name for name in keep if name not in parts]
    if unknown:
        raise ValueError(
            f"keep names {', '.join(map(repr, unknown))}, which net does not have; its layers are "
            f"{', '.join(map(repr, found))}."
        )
    return {unit for unit in found for name in keep if name in ("", unit) or unit.startswith(f"{name}.")}


def _sharing_weights(found, kept) -> set[str]:
    """Layers that share weights with one that is kept: the same numbers cannot be of two types."""
    while True:
        held = {id(weight) for name in kept for weight in own_tensors(found[name]).values()}
        more = {
            name
            for name, unit in found.items()
            if name not in kept and any(id(weight) in held for weight in own_tensors(unit).values())
        }
        if not more:
            return kept
        kept = kept | more
