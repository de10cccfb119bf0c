"""The layers of a network, of torch or of Keras."""

import sys
from dataclasses import dataclass, field

import torch
from torch import nn

# What Keras counts among a layer's weights, though no training changes it.
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance", "count", "seed_generator_state")
#: The name of a network that is a single layer.
WHOLE = "(net)"


@dataclass
class Layer:
    """One layer, and what was seen of it in one run.

    Attributes
    ----------
    name : str
        Dotted, from the network down.
    module : torch.nn.Module
        A layer of Keras is one too.
    parent : str or None
        Name of the module that it is part of.
    leaf : bool
        Whether it has no parts.
    calls : int
        How often it ran.
    output_shape : tuple of int or None
        Of the (first) tensor that it handed on last.
    input_bytes, output_bytes : int
        Of all calls together.
    macs : int
        Multiply-accumulates done while it, and none of its parts, was running.
    folded : list of torch.nn.Module
        Parts that it uses without running them.
    used : dict of int to tensor
        What the multiply-accumulates were done with.
    own : list of tensor or None
        What `weights` gives; None before it was asked for.
    """

    name: str
    module: nn.Module
    parent: str | None
    leaf: bool
    calls: int = 0
    output_shape: tuple | None = None
    input_bytes: int = 0
    output_bytes: int = 0
    macs: int = 0
    folded: list = field(default_factory=list)
    used: dict = field(default_factory=dict)
    own: list | None = None

    def weights(self) -> list[torch.Tensor]:
        """Its own parameters, and those of parts that it uses without running them."""
        if self.own is None:  # kept: packed ones are unpacked anew each time that they are asked for
            self.own = [w for module in (self.module, *self.folded) for w in own_weights(module)]
        return self.own

    def read(self) -> list[torch.Tensor]:
        """The weights that a call reads: its own, each once, or those of another layer that it computes with."""
        return list({id(w): w for w in self.weights()}.values()) or list(self.used.values())


def is_keras(module) -> bool:
    """Whether something is a layer or model of Keras; Keras is not loaded to find out."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(module, keras.layers.Layer)


def require_net(net):
    """Refuse what is no network, and unwrap a compiled one."""
    net = getattr(net, "_orig_mod", net)  # torch.compile
    if isinstance(net, torch.jit.ScriptModule):
        raise TypeError("net is compiled by torch.jit, which hides its layers: give the network that it was made from.")
    if not isinstance(net, nn.Module):
        raise TypeError(
            f"net must be a torch.nn.Module or a Keras model, not {type(net).__name__}; of any other function only the "
            "time can be measured: latency."
        )
    if any(nn.parameter.is_lazy(weight) for weight in net.parameters()):
        raise ValueError("net has lazy layers, which have no size yet: let it answer an example once, net(example).")
    return net


def walk(module, name="", parent=None, met=None):
    """All modules, each once, a module before its parts."""
    met = set() if met is None else met
    if id(module) in met:
        return
    met.add(id(module))
    parts = list(_parts(module))
    yield Layer(name or (module.name if is_keras(module) else WHOLE), module, parent, leaf=not parts)
    for part_name, part in parts:
        yield from walk(part, f"{name}.{part_name}" if name else part_name, name or WHOLE, met)


def _parts(module):
    if not is_keras(module):
        return module.named_children()
    keras = sys.modules["keras"]
    if isinstance(module, keras.layers.RNN):
        return []  # its cell runs once a step: one layer
    inner = module.layers if isinstance(module, keras.Model) else _keras_parts(module)
    return [(layer.name, layer) for layer in inner if not isinstance(layer, keras.layers.InputLayer)]


def _keras_parts(layer):
    return layer._flatten_layers(include_self=False, recursive=False)


def own_weights(module) -> list[torch.Tensor]:
    if not is_keras(module):
        weights = list(module.parameters(recurse=False))
        if type(module).__module__.startswith("torch.ao.nn.quantized"):  # weights of whole numbers are packed away
            read = (getattr(module, name)() for name in ("weight", "bias") if hasattr(module, name))
            weights += [w for w in read if isinstance(w, torch.Tensor)]
        return weights
    inside = {id(w) for _, part in _parts(module) for w in part.weights}
    return [w.value for w in module.weights if id(w) not in inside and w.name not in _STATISTICS]


def nbytes(tensor) -> int:
    """Bytes of a tensor's numbers; of a sparse one, with their places."""
    if tensor.layout is torch.strided:
        return tensor.numel() * tensor.element_size()
    if tensor.layout in (torch.sparse_csr, torch.sparse_csc):
        indices = (
            (tensor.crow_indices(), tensor.col_indices())
            if tensor.layout is torch.sparse_csr
            else (tensor.ccol_indices(), tensor.row_indices())
        )
        return sum(t.numel() * t.element_size() for t in (tensor.values(), *indices))
    return tensor._nnz() * (tensor.element_size() + 8 * tensor.ndim)
