"""Half precision for Keras models: the same layers under another dtype policy."""

import torch

from mlcourse.optimize.half_units import require_finite

_LAST = "float32"  # name of the layer that turns the answer back


def keras_to_half(net, dtype: str, keep, example):
    """Return a Keras model whose layers have the dtype policy `dtype`; see `to_half`."""
    import keras

    _require_graph(net)
    if any(weight.dtype in ("float16", "bfloat16") for weight in net.weights):
        raise ValueError("net is in half precision already: give the float32 network that it was made from.")
    names = [layer.name for layer in net.layers]
    if keep == "auto":
        from mlcourse.optimize.float_range import range_report

        report = range_report(net, _any_input(net) if example is None else example, dtype)
        kept = set(report.index[report["keep"]])
    else:
        kept = set(keep)
        if kept - set(names):
            raise ValueError(
                f"keep names {', '.join(map(repr, sorted(kept - set(names))))}, which net does not have; its layers "
                f"are {', '.join(map(repr, names))}."
            )

    def clone(layer):
        policy = "float32" if layer.name in kept else dtype
        return type(layer).from_config({**layer.get_config(), "dtype": policy})

    body = keras.models.clone_model(net, clone_function=clone)
    body.set_weights(net.get_weights())
    last = keras.layers.Activation("linear", dtype="float32", name=_LAST)
    if isinstance(net, keras.Sequential):
        new = keras.Sequential([keras.Input(batch_shape=net.inputs[0].shape), *body.layers, last], name=net.name)
    else:
        outputs = keras.tree.map_structure(
            lambda output: keras.layers.Activation("linear", dtype="float32")(output), body.output
        )
        if not isinstance(body.output, list | tuple | dict):
            outputs = last(body.output)
        new = keras.Model(body.input, outputs, name=net.name)
    if net.compiled:
        new.compile_from_config(net.get_compile_config())
    return new


def keras_kept_layers(net) -> list[str]:
    """Names of the layers with weights or a policy of their own that compute in float32."""
    policies = {layer.name: layer.dtype_policy.name for layer in net.layers if type(layer).__name__ != "InputLayer"}
    if not set(policies.values()) & {"float16", "bfloat16"}:
        raise ValueError("net was not made by to_half: it is of one type all over.")
    return [name for name, policy in policies.items() if policy == "float32" and not name.startswith(_LAST)]


def layer_tensors(net, example):
    """Yield (layer, what it reads, what it hands on) for an example."""
    import keras

    _require_graph(net)
    layers = [layer for layer in net.layers if not isinstance(layer, keras.layers.InputLayer)]
    try:
        tensors = [(keras.tree.flatten(layer.input), keras.tree.flatten(layer.output)) for layer in layers]
    except AttributeError:
        raise ValueError(
            "net uses one layer in several places, which is not supported: give each place its own."
        ) from None
    wanted = {id(tensor): tensor for pair in tensors for part in pair for tensor in part}
    try:
        with torch.no_grad():
            inputs = net.inputs if len(net.inputs) > 1 else net.inputs[0]
            values = keras.Model(inputs, list(wanted.values()))(example, training=False)
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"net does not take the example: {reason}") from error
    found = dict(zip(wanted, values, strict=True))
    require_finite(values)
    for layer, (inputs, outputs) in zip(layers, tensors, strict=True):
        yield layer, [found[id(tensor)] for tensor in inputs], [found[id(tensor)] for tensor in outputs]


def _any_input(net):
    """Zeros that fit; with them only the weights tell."""
    shapes = [tuple(1 if n is None else n for n in tensor.shape) for tensor in net.inputs]
    return [torch.zeros(shape) for shape in shapes] if len(shapes) > 1 else torch.zeros(shapes[0])


def _require_graph(net):
    if not getattr(net, "inputs", None):
        raise TypeError(
            "net must be a sequential or functional Keras model that knows its input: layers of a subclassed model "
            "cannot be told apart. Give a Sequential model an Input layer, or write the model in torch."
        )
