"""Checks of the graded lab ``a04_cnn``: shapes, parameters, the Keras network, shared weights, confusion matrices."""

import functools
import math
from itertools import product

import numpy as np

from .core import Check, Part


def _conv(filters, size, stride=1, padding=0):
    return {"kind": "conv", "filters": filters, "size": size, "stride": stride, "padding": padding}


def _pool(size):
    return {"kind": "pool", "size": size}


def _dense(units):
    return {"kind": "dense", "units": units}


_FLATTEN = {"kind": "flatten"}
_LECTURE = (28, 28, 1), [_conv(25, 3), _pool(2), _conv(50, 3), _pool(2), _FLATTEN, _dense(10)]


# -- 1. shapes --------------------------------------------------------------------------------------------------------


def _output_shapes(input_shape, layers):
    shapes, shape = [], tuple(input_shape)
    for layer in layers:
        if layer["kind"] == "conv":
            edge = 2 * layer["padding"] - layer["size"]
            height, width = ((n + edge) // layer["stride"] + 1 for n in shape[:2])
            shape = height, width, layer["filters"]
        elif layer["kind"] == "pool":
            height, width, channels = shape
            shape = height // layer["size"], width // layer["size"], channels
        elif layer["kind"] == "flatten":
            shape = (math.prod(shape),)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


def _stack_cases(rng):
    yield (6, 6, 1), [_conv(2, 3)]
    yield (4, 4, 2), [_pool(2)]
    yield (9, 7, 3), [_conv(4, 3)]
    yield (2, 3, 4), [_FLATTEN, _dense(5)]
    yield (14, 10, 1), [_conv(8, 3), _pool(2), _conv(6, 3), _pool(2), _FLATTEN, _dense(3)]
    for _ in range(3):
        yield _fitting_stack(rng)


def _fitting_stack(rng):
    """Convolutions without padding and poolings without a rest, as deep as the image allows."""
    height, width = (int(n) for n in rng.choice(np.arange(12, 40), size=2, replace=False))
    shape = height, width, int(rng.choice([1, 3]))
    layers = []
    for _ in range(2):
        sizes = [k for k in (3, 5, 2) if all((n - k + 1) % 2 == 0 and n - k > 2 for n in _last(shape, layers)[:2])]
        if not sizes:
            break
        layers += [_conv(int(rng.integers(2, 30)), int(rng.choice(sizes))), _pool(2)]
    layers.append(_conv(int(rng.integers(31, 40)), 2))
    return shape, [*layers, _FLATTEN, _dense(int(rng.integers(2, 11)))]


def _last(shape, layers):
    return [shape, *_output_shapes(shape, layers)][-1]


def _stride_cases(rng):
    yield (7, 7, 1), [_conv(2, 3, stride=2)]
    yield (6, 6, 1), [_conv(2, 3, padding=1)]
    yield (9, 11, 3), [_conv(4, 5, stride=2, padding=2)]
    for _ in range(3):
        stride, padding, size = int(rng.integers(2, 4)), int(rng.integers(1, 3)), int(rng.integers(4, 6))
        steps = rng.choice(np.arange(3, 12), size=2, replace=False)
        height, width = (int(n) * stride + size - 2 * padding for n in steps)
        yield (height, width, 3), [_conv(int(rng.integers(4, 20)), size, stride, padding)]


def _edge_cases(rng):
    yield (5, 5, 2), [_pool(2)]
    yield (6, 6, 1), [_conv(2, 3, stride=2)]
    yield _LECTURE
    for _ in range(2):
        height, width = (int(n) for n in rng.choice(np.arange(4, 20), size=2, replace=False) * 2 + 1)
        yield (height, width, 3), [_pool(2), _conv(int(rng.integers(4, 20)), 3), _pool(3)]


def _places(n, size, stride, padding):
    return (n + 2 * padding - size) // stride + 1


def _shapes_as(
    conv=_places,
    pool=lambda n, size: n // size,
    channels=lambda before, filters: filters,
    pooled=lambda c, size: c,
    flat=math.prod,
    finish=lambda shapes: shapes,
):
    """A variant: each piece of the arithmetic can be replaced by a wrong one."""

    def compute(input_shape, layers):
        shapes, shape = [], tuple(input_shape)
        for layer in layers:
            if layer["kind"] == "conv":
                settings = layer["size"], layer["stride"], layer["padding"]
                height, width = (conv(n, *settings) for n in shape[:2])
                shape = height, width, channels(shape[2], layer["filters"])
            elif layer["kind"] == "pool":
                shape = *(pool(n, layer["size"]) for n in shape[:2]), pooled(shape[2], layer["size"])
            elif layer["kind"] == "flatten":
                shape = (flat(shape),)
            else:
                shape = (layer["units"],)
            shapes.append(shape)
        return finish(shapes)

    return compute


output_shapes = Check(
    "output_shapes",
    reference=_output_shapes,
    cases=_stack_cases,
    misconceptions=[
        (
            _shapes_as(conv=lambda n, size, stride, padding: (n + 2 * padding) // stride),
            "the image keeps its size in a convolution. Without padding the filter must stay inside, so there are "
            "fewer places for it than pixels",
        ),
        (
            _shapes_as(conv=lambda n, size, stride, padding: (n + 2 * padding - size) // stride),
            "one place too few in each direction: a filter as large as the image has one place, not none",
        ),
        (
            _shapes_as(conv=lambda n, size, stride, padding: (n + 2 * padding - size // 2) // stride),
            "half a filter is lost on one side only: it is half a filter at each of the two edges",
        ),
        (
            _shapes_as(channels=lambda before, filters: before),
            "a convolution keeps the channels that came in: each filter makes one map, so the filters are counted",
        ),
        (
            _shapes_as(channels=lambda before, filters: before * filters),
            "channels times filters: a filter looks at all channels at once and makes a single map of them",
        ),
        (
            _shapes_as(channels=lambda before, filters: before + filters),
            "the maps are added to the channels that came in: they take their place",
        ),
        (
            _shapes_as(pool=lambda n, size: n - size + 1),
            "the pooling window moves by one pixel: it moves by its own size, so that windows do not overlap",
        ),
        (
            _shapes_as(pooled=lambda c, size: c // size),
            "pooling takes channels away: it looks at each channel by itself",
        ),
        (
            _shapes_as(flat=lambda shape: shape[0] * shape[1]),
            "flatten counts the pixels of one channel: all channels are laid in the one row",
        ),
        (
            _shapes_as(finish=lambda shapes: [(s[2], s[0], s[1]) if len(s) == 3 else s for s in shapes]),
            "channels first, as torch has it: Keras and this lab have height, width, channels",
        ),
        (
            _shapes_as(finish=lambda shapes: [(s[1], s[0], *s[2:]) if len(s) == 3 else s for s in shapes]),
            "height and width have changed places",
        ),
        (
            _shapes_as(finish=lambda shapes: shapes[-1]),
            "only the last shape: one shape for each layer is asked for",
        ),
        (
            lambda input_shape, layers: [tuple(input_shape), *_output_shapes(input_shape, layers)],
            "the shape of the input is in the list, too: only what comes out of the layers is asked for",
        ),
        (
            lambda input_shape, layers: [_output_shapes(input_shape, [layer])[0] for layer in layers[:1]],
            "only the first layer: does the `return` stand inside of the loop?",
        ),
        (
            _shapes_as(pool=lambda n, size: n / size, conv=lambda n, k, s, p: (n + 2 * p - k) / s + 1),
            "numbers with a decimal point: shapes are whole numbers, so divide with `//`",
        ),
    ],
    parts=[
        Part(
            "a stride above 1 and padding",
            cases=_stride_cases,
            misconceptions=[
                (
                    _shapes_as(conv=lambda n, size, stride, padding: n - size + 1),
                    "stride and padding have no effect",
                ),
                (
                    _shapes_as(conv=lambda n, size, stride, padding: n + 2 * padding - size + 1),
                    "the stride has no effect",
                ),
                (
                    _shapes_as(conv=lambda n, size, stride, padding: (n - size) // stride + 1),
                    "the padding has no effect",
                ),
                (
                    _shapes_as(conv=lambda n, size, stride, padding: (n + padding - size) // stride + 1),
                    "padding on one side only: it is put before the first pixel and behind the last",
                ),
                (
                    _shapes_as(conv=lambda n, size, stride, padding: (n + 2 * padding - size + 1) // stride),
                    "the first place is divided by the stride, too: the filter takes (n - k) / stride steps, and stood "
                    "somewhere before the first one",
                ),
            ],
        ),
        Part(
            "what does not fit at the edge is left out",
            cases=_edge_cases,
            misconceptions=[
                (
                    _shapes_as(pool=lambda n, size: -(-n // size)),
                    "pooling rounds up, but a window that is not complete gives no value: 11 becomes 5",
                ),
                (
                    _shapes_as(
                        pool=lambda n, size: -(-n // size), conv=lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1
                    ),
                    "rounded up, but a window that is not complete gives no value: 11 becomes 5",
                ),
            ],
        ),
    ],
    hints=[
        "A row of 6 pixels, a filter of 3: where can its first weight stand? At 0, 1, 2, 3, and then it sticks out. "
        "What is 4, in terms of 6 and 3?",
        "Go through the layers with a variable `shape` that begins as the input's shape and is replaced at each layer. "
        "What comes out of one layer goes into the next.",
        "With padding p the row is n + 2p long. With stride s the filter takes only every s-th place: count the whole "
        "steps of s that fit behind the first place, and add that first one. `//` divides and rounds down.",
        "Pooling is the same with a stride of its own size, and leaves the channels alone. Flatten multiplies all "
        "numbers of the shape (`math.prod`); write a shape of one number as `(number,)`.",
    ],
)


# -- 2. parameters and multiply-accumulates ---------------------------------------------------------------------------


def _layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    shape = tuple(input_shape)
    for layer, after in zip(layers, _output_shapes(input_shape, layers), strict=True):
        weights, outputs = 0, 0  # of one filter or neuron; how many there are
        if layer["kind"] == "conv":
            weights, outputs = layer["size"] ** 2 * shape[2], layer["filters"]
        elif layer["kind"] == "dense":
            weights, outputs = shape[0], layer["units"]
        places = math.prod(after) // outputs if outputs else 0  # at which the same weights are used
        parameters.append((weights + bias) * outputs)
        macs.append(weights * outputs * places)
        shape = after
    return parameters, macs


def _cost_cases(rng):
    yield (5, 5, 1), [_conv(2, 3)]
    yield (4, 6, 3), [_conv(2, 2)]
    yield (7,), [_dense(3)]
    yield _LECTURE
    yield (13, 16, 3), [_conv(4, 3), _pool(2), _conv(6, 2), _FLATTEN, _dense(5)]
    for _ in range(3):
        yield _fitting_stack(rng)


def _no_bias_cases(rng):
    for args in _cost_cases(rng):
        yield *args, False


def _costs_as(conv=None, dense=None, other=None, conv_macs=None, dense_macs=None):
    """A variant: what conv and dense layers cost can be replaced by something wrong.

    ``conv(k, channels, filters, bias, before, after)`` and ``dense(inputs, units, bias)`` count parameters,
    ``conv_macs`` and ``dense_macs`` multiply-accumulates, ``other(before)`` the parameters of other layers.
    """

    def compute(input_shape, layers, bias=True):
        parameters, macs = _layer_costs(input_shape, layers, bias)
        shapes = [tuple(input_shape), *_output_shapes(input_shape, layers)]
        for number, layer in enumerate(layers):
            before, after = shapes[number : number + 2]
            if layer["kind"] == "conv":
                settings = layer["size"], before[2], layer["filters"], bias, before, after
                parameters[number] = conv(*settings) if conv else parameters[number]
                macs[number] = conv_macs(*settings) if conv_macs else macs[number]
            elif layer["kind"] == "dense":
                settings = before[0], layer["units"], bias
                parameters[number] = dense(*settings) if dense else parameters[number]
                macs[number] = dense_macs(*settings) if dense_macs else macs[number]
            elif other:
                parameters[number] = other(before)
        return parameters, macs

    return compute


def _two_lists(result, input_shape, layers, bias=True):
    if not isinstance(result, list | tuple) or len(result) != 2:
        return "the result is not a pair of lists: `return parameters, macs`"
    for name, numbers in zip(("parameters", "macs"), result, strict=True):
        if not isinstance(numbers, list | tuple | np.ndarray):
            return f"{name} is one number: a list with one number for each layer is asked for"
        if len(numbers) != len(layers):
            return f"{name} has {len(numbers)} numbers for {len(layers)} layers: layers that cost nothing get a 0"
    return None


def _use_layer_costs(answer, input_shape, layers, bias=True):
    """Leave the third argument out where nothing else is asked, as the learner would; arrays are as good as lists."""
    result = answer(input_shape, layers) if bias else answer(input_shape, layers, bias=False)
    if isinstance(result, tuple | list) and all(isinstance(part, np.ndarray) for part in result):
        result = tuple(part.tolist() for part in result)
    return result


layer_costs = Check(
    "layer_costs",
    reference=_layer_costs,
    cases=_cost_cases,
    call=_use_layer_costs,
    uses=[output_shapes],
    weight=0,
    parts=[
        Part("two lists, the parameters and the multiply-accumulates", accept=_two_lists, weight=0, essential=True),
        Part(
            "the parameters of each layer, biases included",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _costs_as(
                        conv=lambda k, c, n, b, before, after: k * k * c * n,
                        dense=lambda n, units, b: n * units,
                    ),
                    "the biases are missing: each filter and each neuron has one",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: k * k * c * n),
                    "the biases of the filters are missing",
                ),
                (
                    _costs_as(dense=lambda n, units, b: n * units),
                    "the biases of the dense layer are missing",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: (k * k + 1) * n),
                    "a filter is as thick as the image has channels, but only one channel of it is counted: in the "
                    "second convolution of the lecture it has 225 weights, not 9",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: k * k * c * n + 1),
                    "one bias for the whole layer: each filter has a bias of its own",
                ),
                (
                    _costs_as(
                        conv=lambda k, c, n, b, before, after: k * k * c * n + 1,
                        dense=lambda n, units, b: n * units + 1,
                    ),
                    "one bias for a whole layer: each filter and each neuron has a bias of its own",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: (k * k + 1) * c * n),
                    "a bias for each channel of a filter: the channels are added up first, and one bias is added then",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: k * k * c + 1),
                    "one filter only: the layer has several, each with weights of its own",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: (k * c + 1) * n),
                    "the filter is a square: its size counts twice, once for its height and once for its width",
                ),
                (
                    _costs_as(conv=lambda k, c, n, b, before, after: (k * k * c + 1) * math.prod(after)),
                    "weights of its own for each place of the filter: the point of a convolution is that all places "
                    "share them",
                ),
                (
                    _costs_as(
                        conv=lambda k, c, n, b, before, after: math.prod(before) * math.prod(after) + math.prod(after)
                    ),
                    "each output with each input, as in a dense layer: a filter sees only its window, and all places "
                    "share its weights",
                ),
                (
                    _costs_as(dense=lambda n, units, b: n + units),
                    "a dense layer joins each input with each neuron: their numbers are multiplied, not added",
                ),
                (
                    _costs_as(other=lambda before: math.prod(before)),
                    "pooling and flatten have no parameters: nothing in them is learned",
                ),
            ],
        ),
        Part("no biases where bias=False", cases=_no_bias_cases, view=lambda result: result[0]),
        Part(
            "the multiply-accumulates of each layer",
            view=lambda result: result[1],
            misconceptions=[
                (
                    _costs_as(conv_macs=lambda k, c, n, b, before, after: k * k * c * n),
                    "the weights of the convolution, each used once: they are used again at each place of the filter",
                ),
                (
                    _costs_as(
                        conv_macs=lambda k, c, n, b, before, after: (k * k * c + 1) * n,
                        dense_macs=lambda n, units, b: (n + 1) * units,
                    ),
                    "the parameters once more: in a convolution they are used again at each place of the filter",
                ),
                (
                    _costs_as(conv_macs=lambda k, c, n, b, before, after: k * k * c * n * math.prod(before[:2])),
                    "as many places as the image has pixels: count the places where the filter fits, which are the "
                    "pixels of what comes out",
                ),
                (
                    _costs_as(conv_macs=lambda k, c, n, b, before, after: k * k * math.prod(after)),
                    "one channel only: at each place all channels of the window are multiplied",
                ),
                (
                    _costs_as(conv_macs=lambda k, c, n, b, before, after: k * k * c * math.prod(after[:2])),
                    "one filter only: each of them goes over the whole image",
                ),
                (
                    _costs_as(
                        conv_macs=lambda k, c, n, b, before, after: (k * k * c + 1) * math.prod(after),
                        dense_macs=lambda n, units, b: (n + 1) * units,
                    ),
                    "the biases are counted, too: a bias is added, but nothing is multiplied",
                ),
                (
                    _costs_as(conv_macs=lambda k, c, n, b, before, after: (k * k * c + 1) * math.prod(after)),
                    "the biases of the filters are counted, too: a bias is added, but nothing is multiplied",
                ),
                (
                    _costs_as(
                        conv_macs=lambda k, c, n, b, before, after: 2 * k * k * c * math.prod(after),
                        dense_macs=lambda n, units, b: 2 * n * units,
                    ),
                    "twice as many: a multiplication with the addition that follows it is one multiply-accumulate",
                ),
            ],
        ),
    ],
    hints=[
        "Begin with one filter. It is as high and as wide as `size` says; how thick is it? Look at how many channels "
        "come in, not at how many go out.",
        "Your `output_shapes` says what comes out of each layer, and so what comes into the next one. `zip` it with "
        "the layers, and remember the shape before.",
        "Parameters of a convolution: weights of one filter, plus one if it has a bias, times the number of filters. A "
        "dense layer is the same with neurons, each of which has a weight for each input. In Python, True counts as 1.",
        "Multiply-accumulates of a convolution: the weights of one filter, times the number of filters, times the "
        "places, and there are as many places as pixels in one map that comes out. A dense layer uses each weight "
        "once.",
    ],
)


# -- 3. the network in Keras ------------------------------------------------------------------------------------------


def _build_cnn(input_shape, filters, n_classes):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(input_shape)])
    for number in filters:
        model.add(layers.Conv2D(number, kernel_size=3, activation="relu"))
        model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


def _network_cases(rng):
    import keras  # noqa: F401  (here, where no time limit runs: the first import takes seconds)

    yield (28, 28, 1), (25, 50), 10
    yield (28, 28, 1), (4, 8), 10
    yield (28, 28, 1), tuple(int(n) for n in rng.choice(np.arange(3, 24), size=2, replace=False)), 10


def _depth_cases(rng):
    yield (28, 28, 1), (6,), 10
    yield (46, 46, 1), (4, 8, 16), 10
    yield (46, 46, 1), tuple(int(n) for n in rng.choice(np.arange(3, 24), size=3, replace=False)), 10


def _other_image_cases(rng):
    yield (20, 26, 3), (4, 8), 10
    yield (28, 28, 1), (4, 8), 3
    height, width = rng.choice(np.arange(12, 30), size=2, replace=False)
    yield (int(height), int(width), 3), (5, 7), int(rng.integers(2, 9))


_PROBE = np.array([[-2.0, -0.5, 0.0, 1.0, 3.0]])
_ACTIVATIONS = {
    "linear": _PROBE,
    "relu": np.maximum(_PROBE, 0),
    "softmax": np.exp(_PROBE) / np.exp(_PROBE).sum(),
    "sigmoid": 1 / (1 + np.exp(-_PROBE)),
    "tanh": np.tanh(_PROBE),
}


def _activation(function):
    """Name an activation by what it does to a few numbers, however it was written."""
    import keras

    try:
        does = np.array(function(keras.ops.convert_to_tensor(_PROBE)).tolist())
    except Exception:
        does = None
    for name, values in _ACTIVATIONS.items():
        if does is not None and does.shape == values.shape and np.allclose(does, values, atol=1e-5):
            return name
    return getattr(function, "__name__", type(function).__name__)


def _operations(model):
    """List the operations of a network from input to output, each with the shapes before and after it.

    None where they do not follow one after the other.
    """
    import keras

    chain, tensor, seen = [], model.outputs[0], 0
    while True:
        operation, node, _ = tensor._keras_history
        if isinstance(operation, keras.layers.InputLayer):
            break
        inputs = operation._inbound_nodes[node].input_tensors
        seen += 1
        if len(inputs) != 1 or seen > 100:
            return None
        if isinstance(operation, keras.Model):
            inner = _operations(operation)
            if inner is None:
                return None
            chain = inner + chain
        else:
            chain.insert(0, (operation, inputs[0].shape[1:], tensor.shape[1:]))
        tensor = inputs[0]
    return chain if len(model.outputs) == 1 and any(tensor is each for each in model.inputs) else None


def _by(numbers):
    """Write ``(3, 3)`` as ``3x3``."""
    return "x".join(map(str, numbers))


def _describe(model):
    """Write a network as lines like ``"Conv2D 25 3x3 relu -> 26x26x25"``; what is unusual stands before the arrow."""
    from keras import layers

    chain = _operations(model)
    if chain is None:
        return ["Input " + _by(model.inputs[0].shape[1:]), "branches"]
    lines = [["Input", _by(model.inputs[0].shape[1:])]]
    for layer, before, after in chain:
        kind = type(layer).__name__
        if isinstance(layer, layers.Conv2D):
            line = [kind, str(layer.filters), _by(layer.kernel_size), _activation(layer.activation)]
            line += ["stride", _by(layer.strides)] if layer.strides != (1, 1) else []
            line += ["dilation"] if tuple(layer.dilation_rate) != (1, 1) else []
            line += [layer.padding] if layer.padding != "valid" else []
            line += ["unbiased"] if not layer.use_bias else []
        elif isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
            line = [kind, _by(layer.pool_size)]
            line += ["stride", _by(layer.strides)] if tuple(layer.strides) != tuple(layer.pool_size) else []
            line += [layer.padding] if layer.padding != "valid" else []
        elif isinstance(layer, layers.Dense):
            line = [kind, str(layer.units), _activation(layer.activation)]
            line += ["unbiased"] if not layer.use_bias else []
        elif isinstance(layer, layers.Flatten) or (kind == "Reshape" and len(after) == 1):
            line = ["Flatten"]
        elif before == after and not getattr(layer, "weights", None):
            _add_activation(lines, _activation(getattr(layer, "activation", layer)))
            continue
        else:
            line = [kind]
        lines.append([*line, "->", _by(after)])
    return [" ".join(line) for line in lines]


def _add_activation(lines, name):
    """Put an activation that is a layer of its own where it belongs; a pooling between makes no difference to relu."""
    if name == "linear":  # dropout, for one, changes nothing in use
        return
    back = len(lines) - 1
    while name == "relu" and lines[back][0] == "MaxPooling2D":
        back -= 1
    if "linear" in lines[back]:
        lines[back][lines[back].index("linear")] = name
    else:
        lines.append(["Activation", name, "->", lines[-1][-1]])


def _use_build_cnn(answer, input_shape, filters, n_classes):
    import keras

    try:
        model = answer(input_shape, filters, n_classes)
    except ValueError as error:
        if "ndim" in str(error) and "conv" in str(error).lower():
            return ["Conv2D refuses an input without channels"]
        raise
    if model is None:
        return None
    if not isinstance(model, keras.Model):
        return [f"not a model: {type(model).__name__}"]
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        return ["Input unknown"]
    return _describe(model)


@functools.cache
def _wanted(input_shape, filters, n_classes):
    return _describe(_build_cnn(input_shape, filters, n_classes))


def _is_the_network(lines, input_shape, filters, n_classes):
    """Say what is wrong with a network, from the coarse to the fine."""
    if lines == _wanted(input_shape, filters, n_classes):
        return None
    if lines[0].startswith("not a model"):
        return f"what comes back is a {lines[0].split()[-1]}, not a Keras model"
    if lines[0].startswith("Conv2D refuses"):
        return "the input has no channel: an image is height x width x channels, and a grey one has 1 channel"
    if lines[0] == "Input unknown":
        return "the network does not know the shape of its input: the first thing in it must be a `keras.Input`"
    if "branches" in lines[1:2]:
        return "the layers do not stand in one row, one after the other"
    tokens = [line.split() for line in lines]
    return (
        _wrong_input(tokens, input_shape)
        or _wrong_order([token[0] for token in tokens], filters)
        or _wrong_convolutions([token for token in tokens if token[0] == "Conv2D"], filters)
        or _wrong_poolings([token for token in tokens if token[0] == "MaxPooling2D"])
        or _wrong_output([token for token in tokens if token[0] == "Dense"], n_classes)
        or "the layers are not the ones asked for"
    )


def _wrong_input(tokens, input_shape):
    shape, (height, width, channels) = tokens[0][1], input_shape
    if shape == _by(input_shape):
        return None
    if shape == _by((channels, height, width)):
        return "channels first, as torch has it: in Keras they come last"
    if shape == _by((width, height, channels)):
        return "height and width of the input have changed places"
    return f"the input is {shape}, whatever is asked for: the argument `input_shape` says what comes in"


def _wrong_order(kinds, filters):
    """Look at the kinds of layers and their order, before any of their settings."""
    blocks = kinds.count("Conv2D")
    if not blocks:
        return "there is no convolution in it, so no weights are shared"
    if "AveragePooling2D" in kinds:
        return "average pooling: max pooling is asked for, which passes on the strongest answer of a filter"
    if any(kind.startswith("Global") for kind in kinds):
        return "global pooling keeps one number of each map: flatten keeps them all, 1250 in the lecture's network"
    if "Dense" not in kinds:
        return "no dense layer at the end: something must weigh the features for each class"
    if "Flatten" not in kinds:
        return "the maps are never flattened: the dense layer is applied to each pixel's channels by themselves"
    strange = [kind for kind in kinds if kind not in ("Input", "Conv2D", "MaxPooling2D", "Flatten", "Dense")]
    if "Activation" in strange:
        return "an activation too many: one after each convolution, and softmax at the end"
    if strange:
        return f"a layer that is not asked for: {strange[0]}"
    if "MaxPooling2D" not in kinds:
        return "there is no pooling: after each convolution the maps are made smaller"
    if kinds.index("MaxPooling2D") < kinds.index("Conv2D"):
        return "the pooling stands before its convolution, so fine detail is thrown away before a filter has seen it"
    if blocks != len(filters):
        if blocks == 2:
            return f"always two convolutions: here `filters` asks for {len(filters)}"
        return f"convolutions: {blocks}, where `filters` asks for {len(filters)}"
    if kinds.count("MaxPooling2D") < blocks:
        return "a pooling is missing: each convolution is followed by one"
    if kinds.count("MaxPooling2D") > blocks:
        return "a pooling too many: one after each convolution"
    if kinds.index("Flatten") < max(index for index, kind in enumerate(kinds) if kind == "MaxPooling2D"):
        return "flattened too early: it comes after the last pooling"
    if kinds.count("Dense") > 1:
        return "a dense layer too many: from the flattened numbers it goes to the classes at once"
    if kinds[1:-2] != ["Conv2D", "MaxPooling2D"] * blocks:
        return "convolutions and poolings take turns: each convolution is followed by one pooling"
    return None


def _wrong_convolutions(convolutions, filters):
    numbers = [int(tokens[1]) for tokens in convolutions]
    if numbers != list(filters):
        if numbers == list(filters)[::-1]:
            return f"{numbers[0]} filters before {numbers[1]}: `filters` begins with the layer next to the image"
        if numbers == [25, 50]:
            return "always 25 and 50 filters: the argument `filters` says how many"
        return f"filters: {numbers}, where {list(filters)} are asked for"
    for tokens in convolutions:
        if "same" in tokens:
            return "padding='same' keeps the size of the image: without padding 28 x 28 becomes 26 x 26"
        if tokens[2] != "3x3":
            return f"filters of {tokens[2]}: they are to be 3x3"
        if "stride" in tokens:
            return "the convolution takes larger strides: making the image smaller is the pooling's business"
        if "dilation" in tokens:
            return "the convolution is dilated: its 3 x 3 pixels are to lie side by side"
        if tokens[3] == "linear":
            return (
                "a convolution without activation: relu is missing. Two linear layers, one after the other, are no "
                "more than one"
            )
        if tokens[3] != "relu":
            return f"{tokens[3]} after a convolution: relu is asked for"
        if "unbiased" in tokens:
            return "the filters have no biases: 25 filters of 9 weights have 250 parameters"
    return None


def _wrong_poolings(poolings):
    for tokens in poolings:
        if tokens[1] != "2x2":
            return f"pooling windows of {tokens[1]}: they are to be 2x2"
        if "stride" in tokens:
            return (
                "the pooling windows overlap or leave gaps: leave `strides` out, and each begins where the last ended"
            )
        if "same" in tokens:
            return "padding in the pooling: a window that does not fit is left out, 11 x 11 becomes 5 x 5"
    return None


def _wrong_output(dense, n_classes):
    _, units, activation, *rest = dense[0]
    if int(units) != n_classes:
        if units == "10":
            return "always 10 classes: the argument `n_classes` says how many"
        return f"{units} outputs for {n_classes} classes: one output each"
    if activation == "sigmoid":
        return "sigmoid at the end: each output is squeezed by itself, and the probabilities do not add up to 1"
    if activation == "linear":
        return "no softmax at the end: what comes out are scores, which may be negative, and no probabilities"
    if activation != "softmax":
        return f"{activation} at the end, which makes no probabilities: softmax does"
    if "unbiased" in rest:
        return "the dense layer has no biases"
    return None


build_cnn = Check(
    "build_cnn",
    reference=_build_cnn,
    cases=_network_cases,
    call=_use_build_cnn,
    accept=_is_the_network,
    weight=2,
    seconds=30,
    parts=[
        Part("any number of blocks", cases=_depth_cases, accept=_is_the_network),
        Part("other images and other classes", cases=_other_image_cases, accept=_is_the_network),
    ],
    hints=[
        "Draw the network as a column of boxes first, with the shape that comes out of each. Which Keras layer is each "
        "box? They all are in `keras.layers`, and the setting of padding that you need is the one you get by itself.",
        "`keras.Sequential([...])` takes a list of layers, and `model.add(...)` puts one more at the end. The first "
        "is a `keras.Input` with the shape of one image.",
        "A block is one `Conv2D` and one `MaxPooling2D`; a loop over `filters` makes as many blocks as there are "
        "numbers. `activation=` of `Conv2D` sets what comes after it.",
        "Behind the loop: flatten, then one dense layer with a neuron for each class and the activation that makes "
        "probabilities of scores. Return the model; it need not be compiled.",
    ],
)


# -- 4. a convolution as a dense layer --------------------------------------------------------------------------------


def _dense_weights(kernel, image_shape, stride=1):
    (height, width), (kernel_height, kernel_width) = image_shape, kernel.shape
    tops = range(0, height - kernel_height + 1, stride)
    lefts = range(0, width - kernel_width + 1, stride)
    weights = np.zeros((height * width, len(tops) * len(lefts)))
    for output, (top, left) in enumerate(product(tops, lefts)):
        for (row, column), weight in np.ndenumerate(kernel):
            weights[(top + row) * width + left + column, output] = weight
    return weights


_FILTER_1 = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])


def _square_cases(rng):
    yield np.array([[1.0, 2.0], [3.0, 4.0]]), (3, 3)
    yield _numbered(rng, 2, 2), (4, 4)
    yield _FILTER_1 + np.arange(9.0).reshape(3, 3) / 4, (6, 6)
    yield _numbered(rng, 3, 3), (5, 5)


def _oblong_cases(rng):
    yield np.array([[1.0, 2.0]]), (2, 3)
    yield _numbered(rng, 2, 3), (4, 5)
    yield _numbered(rng, 3, 2), (6, 4)


def _strided_cases(rng):
    yield np.array([[1.0, 2.0], [3.0, 4.0]]), (4, 4), 2
    yield _numbered(rng, 3, 3), (6, 6), 2
    yield _numbered(rng, 2, 3), (7, 9), 3


def _numbered(rng, height, width):
    """A filter without two equal weights and without symmetry."""
    return rng.permutation(np.arange(1.0, height * width + 1)).reshape(height, width) / 2


def _laid_as(place, starts=None, shape=lambda h, w, n: (h * w, n)):
    """A variant: ``place(top, left, row, column, width, kernel)`` says which input a weight belongs to."""

    def compute(kernel, image_shape, stride=1):
        (height, width), (kernel_height, kernel_width) = image_shape, kernel.shape
        places = (starts or _starts)(height - kernel_height + 1, width - kernel_width + 1, stride)
        weights = np.zeros((height * width, len(places)))
        for output, (top, left) in enumerate(places):
            for (row, column), weight in np.ndenumerate(kernel):
                index = place(top, left, row, column, width, kernel)
                if index < height * width:
                    weights[index, output] = weight
        return weights

    return compute


def _starts(rows, columns, stride):
    return list(product(range(0, rows, stride), range(0, columns, stride)))


def _right_place(top, left, row, column, width, kernel):
    return (top + row) * width + left + column


def _padded(kernel, image_shape, stride=1):
    height, width = image_shape
    weights = np.zeros((height * width, height * width))
    reach = [size // 2 for size in kernel.shape]
    for output, (y, x) in enumerate(product(range(height), range(width))):
        for (row, column), weight in np.ndenumerate(kernel):
            to_y, to_x = y + row - reach[0], x + column - reach[1]
            if 0 <= to_y < height and 0 <= to_x < width:
                weights[to_y * width + to_x, output] = weight
    return weights


def _along_the_row(kernel, image_shape, stride=1):
    (height, width), size = image_shape, kernel.shape
    n_outputs = ((height - size[0]) // stride + 1) * ((width - size[1]) // stride + 1)
    weights = np.zeros((height * width, n_outputs))
    for output in range(n_outputs):
        for (row, column), weight in np.ndenumerate(kernel):
            index = output * stride + row * width + column
            if index < height * width:
                weights[index, output] = weight
    return weights


dense_weights = Check(
    "dense_weights",
    reference=_dense_weights,
    cases=_square_cases,
    weight=2,
    misconceptions=[
        (
            lambda kernel, image_shape, stride=1: _dense_weights(kernel[::-1, ::-1], image_shape, stride),
            "the kernel was flipped, as in a true convolution: networks lay it on the image as it is",
        ),
        (
            lambda kernel, image_shape, stride=1: _dense_weights(kernel, image_shape, stride).T,
            "outputs in the rows and inputs in the columns: a dense layer computes `image.ravel() @ weights`, so each "
            "row belongs to an input and each column to an output",
        ),
        (
            lambda kernel, image_shape, stride=1: _dense_weights(kernel.T, image_shape, stride),
            "rows and columns of the kernel have changed places",
        ),
        (
            _laid_as(lambda top, left, row, column, width, kernel: top * width + left + row * kernel.shape[1] + column),
            "the weights of a column stand one below the other without a gap: from one row of the window to the next "
            "it is a whole row of the image, not a row of the kernel",
        ),
        (
            _along_the_row,
            "each column is the one before, moved down by one input: at the end of a row of the image the filter would "
            "stand half in the next row. It skips those places",
        ),
        (
            _laid_as(_right_place, starts=lambda rows, columns, stride: [(0, 0)] * len(_starts(rows, columns, stride))),
            "all outputs look at the same window, in the upper left corner: each has a place of its own",
        ),
        (
            _laid_as(
                _right_place,
                starts=lambda rows, columns, stride: [(t, s) for s, t in _starts(columns, rows, stride)],
            ),
            "the outputs are numbered down the columns: as in `ravel`, they are numbered along the rows",
        ),
        (
            _padded,
            "as many outputs as inputs, as if the image were padded: the filter has fewer places",
        ),
        (
            lambda kernel, image_shape, stride=1: (_dense_weights(kernel, image_shape, stride) != 0).astype(float),
            "it says which inputs feed an output, but all weights are 1: the weights of the kernel belong there",
        ),
        (
            lambda kernel, image_shape, stride=1: np.stack(
                [column.reshape(image_shape) for column in _dense_weights(kernel, image_shape, stride).T],
                axis=-1,
            ),
            "each column is still an image: a matrix has one row for each pixel, in the order of `ravel`",
        ),
    ],
    parts=[
        Part(
            "images and filters that are not square",
            cases=_oblong_cases,
            misconceptions=[
                (
                    _laid_as(
                        lambda top, left, row, column, width, kernel: (top + row) * width + left + column,
                        starts=lambda rows, columns, stride: _starts(columns, rows, stride),
                    ),
                    "height and width have changed places",
                ),
            ],
        ),
        Part(
            "a stride above 1",
            cases=_strided_cases,
            misconceptions=[
                (
                    lambda kernel, image_shape, stride=1: _dense_weights(kernel, image_shape),
                    "the stride has no effect",
                ),
                (
                    _laid_as(
                        _right_place,
                        starts=lambda rows, columns, stride: list(product(range(rows), range(0, columns, stride))),
                    ),
                    "the stride has an effect from left to right only: it holds from top to bottom, too",
                ),
                (
                    _laid_as(
                        _right_place,
                        starts=lambda rows, columns, stride: list(product(range(0, rows, stride), range(columns))),
                    ),
                    "the stride has an effect from top to bottom only: it holds from left to right, too",
                ),
            ],
        ),
    ],
    hints=[
        "Take a 3 x 3 image and number its pixels 0 to 8, row by row. A 2 x 2 filter lies in the upper left corner: "
        "which four numbers does it cover? And one place further to the right?",
        "Think of one output at a time. Lay the kernel on an image full of zeros, at the place of this output: "
        "what does `ravel` make of that image?",
        "Two loops over the places, first down, then along, fill one column after the other. Slices of an array of "
        "zeros take a whole kernel at once.",
        "Pixel (y, x) of an image that is `width` wide is input number `y * width + x`. The places run from 0 to "
        "height - kernel height, that one included, in steps of the stride: `range` takes all three.",
    ],
)


# -- 5. reading a confusion matrix ------------------------------------------------------------------------------------


def _read_confusion(matrix):
    right, cases = np.diag(matrix), matrix.sum(axis=1)
    recalls = np.array([hit / n if n else np.nan for hit, n in zip(right, cases, strict=True)])
    mistakes = matrix - np.diag(right)
    true, taken_for = np.unravel_index(mistakes.argmax(), matrix.shape)  # the first among equals
    return float(right.sum() / matrix.sum()), recalls, (int(true), int(taken_for))


def _confusion_cases(rng):
    yield (np.array([[6, 1, 1], [0, 2, 2], [3, 0, 5]]),)
    yield (np.array([[9, 0, 4], [3, 3, 1], [1, 2, 7]]),)
    for n_classes in (3, 5, 10):
        yield (_confusion(rng, n_classes),)


def _confusion(rng, n_classes):
    """A matrix of which no two readings of the most frequent mistake agree by chance."""
    while True:
        matrix = rng.permutation(np.arange(n_classes**2)).reshape(n_classes, n_classes)  # so there are no ties
        matrix = matrix + np.diag(rng.integers(n_classes**2, 4 * n_classes**2, size=n_classes))
        readings = {compute(matrix)[2] for compute in (_read_confusion, _by_share, _both_ways, _rare_mistake)}
        if len(readings) == 4:
            return matrix


def _absent_cases(rng):
    yield (np.array([[4, 1, 0], [0, 0, 0], [2, 1, 5]]),)
    matrix = _confusion(rng, 4)
    matrix[int(rng.integers(0, 4))] = 0
    yield (matrix,)


def _reading_as(accuracy=None, recalls=None, pair=None):
    def compute(matrix):
        right = _read_confusion(matrix)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (
                float(accuracy(matrix)) if accuracy else right[0],
                recalls(matrix) if recalls else right[1],
                pair(matrix) if pair else right[2],
            )

    return compute


def _mistakes(matrix):
    return matrix - np.diag(np.diag(matrix))


def _largest(matrix):
    return tuple(int(index) for index in np.unravel_index(np.argmax(matrix), matrix.shape))


def _per_class(matrix):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.diag(matrix) / matrix.sum(axis=1)


_by_share = _reading_as(pair=lambda m: _largest(_mistakes(m) / np.maximum(m.sum(axis=1, keepdims=True), 1)))
_both_ways = _reading_as(pair=lambda m: _largest(np.triu(_mistakes(m) + _mistakes(m).T)))
_rare_mistake = _reading_as(pair=lambda m: _largest(-(m + m.max() * np.eye(len(m), dtype=int))))


def _three_results(result, matrix):
    if not isinstance(result, tuple | list) or len(result) != 3:
        return "three results are asked for: `return accuracy, recalls, pair`"
    if not isinstance(result[0], int | float):
        return "the accuracy, which comes first, is one number"
    return None


def _use_reading(answer, matrix):
    """A list of recalls is as good as an array of them, and any kind of pair will do."""
    result = answer(matrix)
    if isinstance(result, tuple | list) and len(result) == 3:
        accuracy, recalls, pair = result
        recalls = np.array(recalls, dtype=float) if isinstance(recalls, list | tuple) else recalls
        return accuracy, recalls, tuple(pair.tolist()) if isinstance(pair, np.ndarray) else pair
    return result


read_confusion = Check(
    "read_confusion",
    reference=_read_confusion,
    cases=_confusion_cases,
    call=_use_reading,
    weight=0,
    parts=[
        Part("three results", accept=_three_results, weight=0, essential=True),
        Part(
            "the accuracy",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _reading_as(accuracy=lambda m: _per_class(m).mean()),
                    "the mean of the recalls: it counts each class the same, but the accuracy counts each case the "
                    "same",
                ),
                (
                    _reading_as(accuracy=lambda m: 1 - np.trace(m) / m.sum()),
                    "the share of mistakes: the accuracy is the share of right answers",
                ),
                (
                    _reading_as(accuracy=lambda m: np.trace(m) / len(m)),
                    "divided by the number of classes: divide by the number of cases",
                ),
                (
                    _reading_as(accuracy=lambda m: np.trace(m) / m.size),
                    "divided by the number of cells of the matrix: divide by the number of cases, which are in the "
                    "cells",
                ),
                (_reading_as(accuracy=np.trace), "the number of right answers, not their share"),
                (
                    _reading_as(accuracy=lambda m: 100 * np.trace(m) / m.sum()),
                    "percent: a share between 0 and 1 is asked for",
                ),
                (
                    _reading_as(accuracy=lambda m: np.trace(m) / _mistakes(m).sum()),
                    "right answers by wrong ones: divide by all cases",
                ),
            ],
        ),
        Part(
            "the recall of each class",
            view=lambda result: result[1],
            weight=2,
            misconceptions=[
                (
                    _reading_as(recalls=lambda m: np.diag(m) / m.sum(axis=0)),
                    "that is the precision, how many of those taken for a 3 are one. The recall divides by the row: "
                    "how many of those that are a 3 were found",
                ),
                (
                    _reading_as(recalls=lambda m: np.diag(m) / m.sum()),
                    "divided by all cases: of each class, divide by the cases of that class",
                ),
                (
                    _reading_as(recalls=lambda m: 1 - _per_class(m)),
                    "the share of each class that was not found: the recall is the share that was",
                ),
                (_reading_as(recalls=np.diag), "the right answers of each class, not their share"),
                (
                    _reading_as(recalls=lambda m: _per_class(m).mean()),
                    "one number, where each class has its own recall",
                ),
            ],
        ),
        Part(
            "the most frequent mistake",
            view=lambda result: tuple(result[2]),
            misconceptions=[
                (
                    _reading_as(pair=_largest),
                    "the largest cell of all, which are right answers: leave the diagonal out",
                ),
                (
                    _reading_as(pair=lambda m: tuple(sorted(_largest(_mistakes(m))))),
                    "the smaller class always comes first: first comes what it is, then what it was taken for",
                ),
                (
                    _reading_as(pair=lambda m: _largest(_mistakes(m))[::-1]),
                    "the pair is turned round: first what it is, then what it was taken for",
                ),
                (
                    _by_share,
                    "the mistake with the largest share of its class: the most frequent one is asked for, by count",
                ),
                (
                    _both_ways,
                    "the mistakes of both directions are added up: 3 taken for 8 and 8 taken for 3 are different",
                ),
                (_rare_mistake, "the rarest mistake"),
            ],
        ),
        Part(
            "a class that never occurs has a recall of NaN, and the others keep theirs",
            cases=_absent_cases,
            view=lambda result: result[1],
            misconceptions=[
                (
                    _reading_as(recalls=lambda m: np.nan_to_num(_per_class(m))),
                    "a recall of 0 for a class that never occurs: nothing was missed, so there is nothing to tell",
                ),
            ],
        ),
    ],
    hints=[
        "Row 3 of the matrix is what became of all the threes. Which cell of it holds those that were read as 3? In "
        "which cells of the whole matrix are the right answers?",
        "`np.diag(matrix)` is the diagonal, `matrix.sum()` all cases. `matrix.sum(axis=...)` adds up rows or "
        "columns: try both on the example, and see which gives the number of cases of each class.",
        "0 divided by 0 gives NaN and a warning in NumPy, which does no harm here.",
        "For the mistake, put zeros on the diagonal of a copy (`np.fill_diagonal`). `argmax` counts through the "
        "whole matrix; `np.unravel_index` makes a row and a column of that.",
    ],
)
