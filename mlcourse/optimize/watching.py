"""Watch what passes through the layers of a running network, and what it computes between them."""

import weakref
from contextlib import ExitStack, contextmanager

from torch import nn
from torch.overrides import TorchFunctionMode

from mlcourse.optimize.half_units import of_torch, tensors_in, units


@contextmanager
def watched(net: nn.Module, note):
    """While this lasts, call ``note(name of a layer, "input" or "output", value)`` for all that passes.

    What the network computes between its layers from their outputs alone is noted as an output of these layers too: in
    half precision it would be of 16 bits, as they are.
    """
    between = _BetweenLayers(note)

    def before(name):
        def hook(unit, args, kwargs):
            between.depth += 1  # first, so that the counting itself is not taken for the network's
            note(name, "input", (args, kwargs))

        return hook

    def after(name):
        def hook(unit, args, kwargs, output):
            note(name, "output", output)
            between.made_by(output, {name})
            between.depth -= 1

        return hook

    with ExitStack() as hooks:
        for name, unit in units(net).items():
            if of_torch(unit) or next(unit.children(), None) is None:
                hooks.callback(unit.register_forward_pre_hook(before(name), with_kwargs=True).remove)
                hooks.callback(unit.register_forward_hook(after(name), with_kwargs=True).remove)
        hooks.enter_context(between)
        yield


class _BetweenLayers(TorchFunctionMode):
    """See every call of torch, and remember of which layers' outputs alone a tensor is made."""

    def __init__(self, note):
        super().__init__()
        self.note, self.depth, self.makers = note, 0, {}

    def made_by(self, value, names: set):
        """Remember that a tensor comes from these layers, for as long as it lives."""
        for tensor in tensors_in(value):
            key = id(tensor)
            self.makers[key] = (weakref.ref(tensor, lambda _, key=key: self.makers.pop(key, None)), names)

    def _makers(self, tensors) -> set:
        """Layers whose outputs alone go in; none where something of float32 does, as the result is of float32 then."""
        found = set()
        for tensor in tensors:
            if not tensor.is_floating_point() or isinstance(tensor, nn.Parameter):
                continue
            reference, names = self.makers.get(id(tensor), (None, set()))
            if reference is not None and reference() is tensor:
                found |= names
            elif tensor.ndim:
                return set()
        return found

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.depth:
            return function(*args, **kwargs)
        makers = self._makers(tensors_in((args, kwargs)))
        result = function(*args, **kwargs)
        for tensor in tensors_in(result) if makers else ():
            if tensor.is_floating_point():
                self.made_by(tensor, makers)
                for name in makers:
                    self.note(name, "output", tensor)
        return result
