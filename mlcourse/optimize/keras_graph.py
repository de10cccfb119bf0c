"""Find the dependency graph of a Keras model from its layers; see `mlcourse.optimize.recording` for the idea.

A model knows its layers and their connections, so that nothing has to run. Axes of unknown length count as 1.
"""

import torch

from mlcourse.optimize.channels import Reason, compact
from mlcourse.optimize.graph import Graph

_SAME = (
    "Activation ReLU LeakyReLU ELU Softmax Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise "
    "GaussianDropout AlphaDropout ActivityRegularization Identity"
)
_PLACES = "MaxPooling AveragePooling UpSampling ZeroPadding Cropping AdaptiveAveragePooling AdaptiveMaxPooling"
_MERGES = "Add Subtract Multiply Average Maximum Minimum"
_PER_CHANNEL = ("gamma", "beta", "moving_mean", "moving_variance")


def keras_graph(net, expected: Graph | None = None) -> Graph:
    """Return the dependency graph of a sequential or functional model.

    Parameters
    ----------
    net : keras.Model
    expected : Graph, optional
        What must be found.

    Returns
    -------
    Graph
        Weights are named ``"layer.weight"``. It has besides ``read``: {layer: (its input, axis of the channels, their
        numbers)}, for the layers that read channels.

    Raises
    ------
    TypeError, ValueError
        If the model does not know its connections, uses a layer twice, or reads other channels than expected.
    """
    import keras

    if not getattr(net, "inputs", None):
        raise TypeError(
            "net must be a sequential or functional Keras model that knows its input: the connections of a subclassed "
            "one are not known. Give a Sequential model an Input layer."
        )
    walk = _Walk(expected)
    for layer in getattr(net, "operations", None) or net.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        try:
            given, made = keras.tree.flatten(layer.input), keras.tree.flatten(layer.output)
        except AttributeError:
            raise ValueError(f"{layer.name} is used in several places, which is not supported.") from None
        walk.visit(layer, given, made)
    walk.finish(keras.tree.flatten(net.outputs))
    walk.graph.require_all()
    return walk.graph


class _Walk:
    """Goes through the layers in order of execution, with the numbers of the channels."""

    def __init__(self, expected):
        self.graph = Graph(expected)
        self.graph.read = {}
        self.channels = self.graph.channels
        self.known = {}  # id of a tensor -> (compact numbers or None, reasons that flow on)

    def visit(self, layer, given, made):
        """Note what a layer makes of the channels it is given."""
        flowing = {reason for tensor in given for reason in self._reasons(tensor)}
        weights = getattr(layer, "weights", None)
        if weights or any(self._numbers(tensor) is not None for tensor in given):
            rule = _rule(type(layer).__name__)
            try:
                if rule is None or len(made) != 1:
                    raise _RefusedError("is not known to keep channels apart")
                self.known[id(made[0])] = (compact(rule(self, layer, given, made[0])), ())
            except _RefusedError as error:
                reason = self._refuse(type(layer).__name__, layer, given, str(error))
                reason.blocks = bool(weights)  # it reads them
                flowing.add(reason)
            activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
            if activation in ("softmax", "log_softmax"):
                flowing.add(self._refuse(activation, layer, made, "goes across the channels"))
        for tensor in made:
            self.known[id(tensor)] = (self._numbers(tensor), tuple(flowing))

    def finish(self, outputs):
        reason = Reason("they are the network's output")
        for tensor in outputs:
            if self._numbers(tensor) is not None:
                self.channels.fix(self._numbers(tensor), reason)

    def _numbers(self, tensor):
        return self.known.get(id(tensor), (None, ()))[0]

    def _reasons(self, tensor):
        return self.known.get(id(tensor), (None, ()))[1]

    def _refuse(self, operation, layer, tensors, why):
        reason = Reason(f"{operation} in layer {layer.name} {why}")
        for tensor in tensors:
            if self._numbers(tensor) is not None:
                self.channels.fix(self._numbers(tensor), reason)
        return reason

    # -- rules: numbers of the channels in the output ------------------------------------------------------------------

    def full(self, tensor):
        """Numbers in the shape of a tensor."""
        numbers, shape = self._numbers(tensor), _shape(tensor)
        return torch.zeros(shape, dtype=torch.long) if numbers is None else numbers.expand(shape)

    def same(self, layer, given, made):
        numbers = self._numbers(given[0])
        if type(layer).__name__ == "Softmax" and numbers is not None and numbers.shape[layer.axis] > 1:
            raise _RefusedError("goes across the channels")
        return self.full(given[0])

    def places(self, layer, given, made):
        channel = _channel_axis(layer, given[0])
        self._along(given[0], channel)
        return self._spread(self.full(given[0]), channel, made)

    def pooled(self, layer, given, made):
        channel = _channel_axis(layer, given[0])
        numbers = self._along(given[0], channel)
        to = channel if layer.keepdims else 1
        return numbers.reshape([-1 if axis == to else 1 for axis in range(len(made.shape))]).expand(_shape(made))

    def flattened(self, layer, given, made):
        if getattr(layer, "data_format", "channels_last") == "channels_first" and len(given[0].shape) > 2:
            raise _RefusedError("of channels_first is not supported")  # Keras moves the channels last ahead of it
        return self.full(given[0]).reshape(_shape(made))

    def permuted(self, layer, given, made):
        return self.full(given[0]).permute(0, *layer.dims)

    def concatenated(self, layer, given, made):
        return torch.cat([self.full(tensor) for tensor in given], dim=layer.axis)

    def merged(self, layer, given, made):
        numbers = [self.full(tensor) for tensor in given]
        if any(_shape(tensor) != _shape(made) for tensor in given):
            raise _RefusedError("of tensors of different shapes is not supported")
        reason = Reason(f"{layer.name} brings them together with the network's input")
        first, *others = torch.broadcast_tensors(*map(compact, numbers))
        for other in others:
            self.channels.merge(first, other, reason)
            first = torch.where(first == 0, other, first)
        return first.expand(_shape(made))

    def normalised(self, layer, given, made):
        axis = layer.axis % len(given[0].shape)
        numbers = self._along(given[0], axis)
        for weight in layer.weights:
            if weight.name in _PER_CHANNEL:
                self.graph.axis(f"{layer.name}.{weight.name}", 0, numbers, f"layer {layer.name}")
        return self.full(given[0])

    def dense(self, layer, given, made):
        last = len(given[0].shape) - 1
        self._read(layer, given[0], last, layer.kernel.shape[0], ("kernel", 0))
        return self._written(layer, "linear", "kernel", 1, last, made)

    def convolution(self, layer, given, made):
        if layer.groups > 1:
            raise _RefusedError("in groups is not supported")
        channel, n = _channel_axis(layer, given[0]), len(layer.kernel.shape)
        self._read(layer, given[0], channel, layer.kernel.shape[n - 2], ("kernel", n - 2))
        return self._written(layer, "convolution", "kernel", n - 1, channel, made)

    def transposed(self, layer, given, made):
        channel, n = _channel_axis(layer, given[0]), len(layer.kernel.shape)
        self._read(layer, given[0], channel, layer.kernel.shape[n - 1], ("kernel", n - 1))
        return self._written(layer, "convolution", "kernel", n - 2, channel, made)

    def depthwise(self, layer, given, made):
        channel, n = _channel_axis(layer, given[0]), len(layer.kernel.shape)
        numbers = self._read(layer, given[0], channel, layer.kernel.shape[n - 2], ("kernel", n - 2))
        numbers = numbers.repeat_interleave(layer.depth_multiplier)
        if layer.use_bias:
            self.graph.axis(f"{layer.name}.bias", 0, numbers, f"layer {layer.name}")
        return numbers.reshape([-1 if axis == channel else 1 for axis in range(len(made.shape))]).expand(_shape(made))

    def separable(self, layer, given, made):
        channel, n = _channel_axis(layer, given[0]), len(layer.depthwise_kernel.shape)
        size = layer.depthwise_kernel.shape[n - 2]
        numbers = self._read(layer, given[0], channel, size, ("depthwise_kernel", n - 2))
        numbers = numbers.repeat_interleave(layer.depth_multiplier)
        self.graph.axis(f"{layer.name}.pointwise_kernel", n - 2, numbers, f"layer {layer.name}")
        return self._written(layer, "convolution", "pointwise_kernel", n - 1, channel, made)

    def embedded(self, layer, given, made):
        return self._written(layer, "embedding", "embeddings", 1, len(made.shape) - 1, made)

    # -- what the rules share ------------------------------------------------------------------------------------------

    def _along(self, tensor, axis):
        """Numbers of the channels, which must lie along an axis."""
        numbers = self._numbers(tensor)
        n = _shape(tensor)[axis]
        if numbers is None:
            return torch.zeros(n, dtype=torch.long)
        if numbers.numel() != numbers.shape[axis]:
            raise _RefusedError("reads channels that do not lie along its channel axis")
        return numbers.flatten().expand(n)

    def _spread(self, numbers, channel, made):
        shape = [numbers.shape[channel] if axis == channel else 1 for axis in range(numbers.ndim)]
        index = tuple(slice(None) if axis == channel else slice(0, 1) for axis in range(numbers.ndim))
        return numbers[index].reshape(shape).expand(_shape(made))

    def _read(self, layer, tensor, axis, n, key):
        for reason in self._reasons(tensor):
            reason.blocks = True
        numbers = self._along(tensor, axis)
        weight, weight_axis = key
        self.graph.axis(f"{layer.name}.{weight}", weight_axis, numbers, f"layer {layer.name}")
        if bool(numbers.any()):
            self.graph.read[layer.name] = (tensor, axis, numbers)
        return numbers

    def _written(self, layer, kind, weight, axis, to, made):
        n = getattr(layer, weight).shape[axis]
        numbers = self.graph.source(layer.name, f"{layer.name}.{weight}", axis, n, kind)
        if kind != "embedding" and layer.use_bias:
            self.graph.axis(f"{layer.name}.bias", 0, numbers, f"layer {layer.name}")
        return numbers.reshape([-1 if i == to else 1 for i in range(len(made.shape))]).expand(_shape(made))


class _RefusedError(Exception):
    """A rule does not hold here."""


def _shape(tensor):
    return tuple(1 if n is None else n for n in tensor.shape)


def _channel_axis(layer, tensor):
    return 1 if getattr(layer, "data_format", "channels_last") == "channels_first" else len(tensor.shape) - 1


def _rule(kind):
    dimensions = kind[-2:] in ("1D", "2D", "3D")
    return _RULES.get(kind[:-2] if dimensions and kind not in _RULES else kind)


_RULES = (
    dict.fromkeys(_SAME.split(), _Walk.same)
    | dict.fromkeys(_PLACES.split(), _Walk.places)
    | dict.fromkeys(_MERGES.split(), _Walk.merged)
    | dict.fromkeys(("GlobalAveragePooling", "GlobalMaxPooling"), _Walk.pooled)
    | dict.fromkeys(("Flatten", "Reshape"), _Walk.flattened)
    | {
        "Permute": _Walk.permuted,
        "Concatenate": _Walk.concatenated,
        "BatchNormalization": _Walk.normalised,
        "Dense": _Walk.dense,
        "Conv": _Walk.convolution,
        "ConvTranspose": _Walk.transposed,
        "Conv1DTranspose": _Walk.transposed,
        "Conv2DTranspose": _Walk.transposed,
        "Conv3DTranspose": _Walk.transposed,
        "DepthwiseConv": _Walk.depthwise,
        "SeparableConv": _Walk.separable,
        "Embedding": _Walk.embedded,
    }
)
