"""Run a network, and see what passes through its layers: shapes, bytes, multiply-accumulates, time."""

from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map

from mlcourse.measure.clock import now
from mlcourse.measure.layers import Layer, is_keras, nbytes, own_weights, require_net, walk
from mlcourse.measure.work import WorkCounter
from mlcourse.models.training import in_eval_mode, input_type


def positional(example) -> tuple:
    """The positional arguments that an example stands for; a named tuple, as a packed sequence is, is one."""
    return example if isinstance(example, tuple) and not hasattr(example, "_fields") else (example,)


def arguments(net, example) -> tuple:
    """The positional arguments that an example stands for, as tensors on the network's device."""
    weight = next(iter(net.parameters()), None)
    device = torch.device("cpu") if weight is None else weight.device

    def prepared(value):
        if isinstance(value, np.ndarray):
            value = torch.as_tensor(np.ascontiguousarray(value))
            if value.dtype == torch.float64:
                value = value.to(input_type(net))
        if not isinstance(value, torch.Tensor):
            return value
        if value.is_meta and device.type != "meta" and weight is not None:
            raise ValueError("example is on the meta device and net is not: give real numbers, or net.to('meta').")
        return value.to(device)

    given = positional(example)
    if not any(isinstance(leaf, torch.Tensor | np.ndarray) for leaf in tree_leaves(given)):
        raise TypeError(
            "example must be a tensor with its batch, or a tuple of positional arguments with one, not "
            f"{type(example).__name__}."
        )
    return tree_map(prepared, given)


@contextmanager
def ready(net):
    """Let a network answer as in use: eval mode, no gradients, each of its operations to be seen."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operation for all of a transformer's layer hides the layers
    try:
        with in_eval_mode(net):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def run(net, given: tuple):
    """Let the network answer; an error of its own says which example it was about."""
    try:
        return net(*given)
    except Exception as error:
        shapes = [tuple(t.shape) for t in tree_leaves(given) if isinstance(t, torch.Tensor)]
        error.add_note(f"net was measured with an example of shape {', '.join(map(str, shapes))}.")
        raise


def observe(net, example) -> list[Layer]:
    """Run a network once, and return its layers with what passed through them.

    Returns
    -------
    list of Layer
        Modules without parts, and those with parts that compute with weights of their own; in the order of `net`.
    """
    net = require_net(net)
    given = arguments(net, example)
    if is_keras(net) and not net.built:
        with ready(net):
            run(net, given)  # its layers exist only afterwards
    layers = {layer.name: layer for layer in walk(net)}
    running = []

    def before(layer, module, args, kwargs):
        running.append(layer)
        layer.input_bytes += _bytes((args, kwargs))

    def after(layer, module, args, kwargs, output):
        running.pop()
        tensors = [leaf for leaf in tree_leaves(output) if isinstance(leaf, torch.Tensor)]
        layer.calls += 1
        layer.output_bytes += _bytes(output)
        if tensors:
            layer.output_shape = tuple(tensors[0].shape)

    def note(macs, weights):
        running[-1].macs += macs
        running[-1].used |= weights

    with hooked(layers.values(), before, after), ready(net), WorkCounter(_tensors(net), note):
        run(net, given)
    return _rows(layers)


def timed(net, given: tuple, layers: list[Layer], synchronize) -> dict[str, float]:
    """Run a network once, and return the seconds that each layer took without its parts."""
    seconds = dict.fromkeys((layer.name for layer in layers), 0.0)
    running = []

    def before(layer, module, args, kwargs):
        synchronize()
        running.append([now(), 0.0])

    def after(layer, module, args, kwargs, output):
        synchronize()
        begin, inside = running.pop()
        took = now() - begin
        seconds[layer.name] += took - inside
        if running:
            running[-1][1] += took

    with hooked(layers, before, after):
        run(net, given)
    return seconds


@contextmanager
def hooked(layers, before, after):
    """Watch layers while this lasts; whatever happens, nothing is left on them."""
    with ExitStack() as hooks:
        for layer in layers:

            def enter(*given, layer=layer):
                before(layer, *given)

            def leave(*given, layer=layer):
                after(layer, *given)

            hooks.callback(layer.module.register_forward_pre_hook(enter, with_kwargs=True).remove)
            # always_call: a network may catch what one of its layers raises, and go on
            hooks.callback(layer.module.register_forward_hook(leave, with_kwargs=True, always_call=True).remove)
        yield


def _rows(layers: dict[str, Layer]) -> list[Layer]:
    rows = []
    for layer in layers.values():
        parent = layers.get(layer.parent)
        if layer.leaf and not layer.calls and parent is not None and parent.macs:
            # Never run, only a place for weights: multi-head attention reads its output projection's so.
            parent.folded.append(layer.module)
        elif layer.leaf or layer.macs or own_weights(layer.module):
            rows.append(layer)
    return rows


def _tensors(net):
    """Everything that a network holds: parameters, buffers, and tensors that are plain attributes."""
    for module in net.modules():
        yield from (t for t in vars(module).values() if isinstance(t, torch.Tensor))
    yield from net.parameters()
    yield from net.buffers()


def _bytes(value) -> int:
    """Bytes of all different tensors in something nested."""
    different = {id(leaf): leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)}
    return sum(nbytes(tensor) for tensor in different.values())
