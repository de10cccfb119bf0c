"""The layers of a network that are converted to half precision one by one, and what passes through them."""

import torch
from torch import nn

#: The two formats of 16 bits, by name.
HALF_TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def half_type(dtype) -> torch.dtype:
    """The torch type of that name."""
    name = str(dtype).removeprefix("torch.")
    if name not in HALF_TYPES:
        raise ValueError(f'dtype must be "float16" or "bfloat16", not {dtype!r}.')
    return HALF_TYPES[name]


def is_keras(net) -> bool:
    """Whether a network is a Keras model; Keras is not loaded to find out."""
    return any(cls.__module__.startswith("keras.") and cls.__name__ == "Model" for cls in type(net).__mro__)


def units(net: nn.Module) -> dict[str, nn.Module]:
    """The layers that are of one type each, by name, in the order of the network.

    A layer of torch is one, whatever it is made of, and so is every module without parts. A module that has parts and
    weights of its own is one besides its parts, with the weights that are its own.
    """
    found, inside = {}, []
    for name, module in net.named_modules():
        if any(name.startswith(above) for above in inside):
            continue
        if of_torch(module):
            inside.append(f"{name}." if name else "")
            found[name] = module
        elif isinstance(module, _CONTAINERS):
            continue
        elif next(module.children(), None) is None or next(module.parameters(recurse=False), None) is not None:
            found[name] = module
    return found


def of_torch(module: nn.Module) -> bool:
    """Whether a module is one of torch's own layers, and not only a row of others."""
    if isinstance(module, _CONTAINERS):
        return False
    return any(cls.__module__.startswith("torch.nn.modules") and cls is not nn.Module for cls in type(module).__mro__)


def own_tensors(unit: nn.Module) -> dict[str, torch.Tensor]:
    """The floating-point numbers that a layer holds and that are converted with it.

    Buffers are converted only in torch's own layers (the statistics of batch normalisation): elsewhere they may be
    coordinates or masks, which range or exactness matters to.
    """
    whole = of_torch(unit)
    tensors = dict(unit.named_parameters(recurse=whole))
    if whole:
        tensors |= dict(unit.named_buffers())
    return {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}


def tensors_in(value):
    """All tensors of nested lists, tuples and dicts."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)


def arguments(example) -> tuple:
    """The positional arguments that an example stands for."""
    return tuple(example) if isinstance(example, tuple) else (example,)


def require_finite(tensors):
    """Refuse answers that are not numbers in float32 already."""
    wrong = sum(int((~torch.isfinite(t)).sum()) for t in tensors if t.is_floating_point())
    if wrong:
        raise ValueError(
            f"net gives {wrong} missing or infinite numbers for the example in float32 already: mend its weights or "
            "the example first."
        )
