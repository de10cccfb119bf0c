"""What torch's layers with weights do with channels: rules as in `mlcourse.optimize.function_rules`."""

import torch


def _argument(args, kwargs, position, name, default=None):
    return args[position] if len(args) > position else kwargs.get(name, default)


def _read(recording, tensor, axis, n):
    """Numbers of the channels along an axis of what a layer reads; None if they do not lie along it."""
    recording.reads(tensor)
    numbers = recording.numbers(tensor)
    if numbers is None:
        return torch.zeros(n, dtype=torch.long)
    if numbers.numel() != numbers.shape[axis] or not n:
        return None
    return numbers.flatten().expand(n)


def _write(recording, kind, weight, axis, bias, result, result_axis):
    """Number the outputs of a layer."""
    name = recording.name(weight)
    numbers = recording.graph.source(name.rpartition(".")[0], name, axis, weight.shape[axis], kind)
    _bias(recording, bias, numbers)
    shape = [1] * result.ndim
    shape[result_axis] = -1
    recording.note(result, numbers.reshape(shape).expand(result.shape))


def _bias(recording, bias, numbers):
    if bias is None:
        return
    if recording.name(bias) is not None:
        recording.graph.axis(recording.name(bias), 0, numbers, recording.where())
    else:
        recording.channels.fix(numbers, recording.refuse("bias", [bias], "is computed"))


def _computed_weight(recording, name, tensor):
    recording.reads(tensor)
    why = "computes its weights (a mask or a norm on them: torch.nn.utils.prune.remove makes them plain)"
    reason = recording.refuse(name, [tensor], why)
    reason.blocks = True
    return reason


def _linear(recording, name, args, kwargs, result):
    x, weight, bias = (_argument(args, kwargs, i, key) for i, key in enumerate(("input", "weight", "bias")))
    if recording.name(weight) is None:
        return _computed_weight(recording, name, x)
    numbers = _read(recording, x, x.ndim - 1, weight.shape[1])
    if numbers is None:
        return recording.refuse(name, [x], "reads channels that do not lie along its last axis")
    recording.graph.axis(recording.name(weight), 1, numbers, recording.where())
    _write(recording, "linear", weight, 0, bias, result, result.ndim - 1)
    return None


def _convolution(recording, name, args, kwargs, result):
    x, weight, bias = (_argument(args, kwargs, i, key) for i, key in enumerate(("input", "weight", "bias")))
    groups = _argument(args, kwargs, 6, "groups", 1)
    parameter = recording.name(weight)
    if parameter is None:
        return _computed_weight(recording, name, x)
    channel = x.ndim - weight.ndim + 1
    n = x.shape[channel]
    numbers = _read(recording, x, channel, n)
    if numbers is None:
        return recording.refuse(name, [x], "reads channels that do not lie along its channel axis")
    if recording.graph.is_depthwise(parameter, groups, n):  # an output goes with the input that it is made of
        outputs = numbers.repeat_interleave(weight.shape[0] // groups)
        recording.graph.axis(parameter, 0, outputs, recording.where())
        _bias(recording, bias, outputs)
        shape = [1] * result.ndim
        shape[channel] = -1
        recording.note(result, outputs.reshape(shape).expand(result.shape))
        return None
    if groups > 1:
        recording.graph.groups[parameter] = groups
    recording.graph.axis(parameter, 1, numbers, recording.where())
    _write(recording, "convolution", weight, 0, bias, result, channel)
    return None


def _transposed(recording, name, args, kwargs, result):
    x, weight, bias = (_argument(args, kwargs, i, key) for i, key in enumerate(("input", "weight", "bias")))
    if recording.name(weight) is None:
        return _computed_weight(recording, name, x)
    if _argument(args, kwargs, 6, "groups", 1) > 1:
        recording.reads(x)
        return recording.refuse(f"{name} in groups", [x], "is not supported")
    channel = x.ndim - weight.ndim + 1
    numbers = _read(recording, x, channel, weight.shape[0])
    if numbers is None:
        return recording.refuse(name, [x], "reads channels that do not lie along its channel axis")
    recording.graph.axis(recording.name(weight), 0, numbers, recording.where())
    _write(recording, "convolution", weight, 1, bias, result, channel)
    return None


def _embedding(recording, name, args, kwargs, result):
    words, weight = _argument(args, kwargs, 0, "input"), _argument(args, kwargs, 1, "weight")
    if recording.name(weight) is None or recording.numbers(words) is not None:
        return recording.refuse(name, [words])
    _write(recording, "embedding", weight, 1, None, result, result.ndim - 1)
    return None


def _per_channel(keys):
    """Rule of a layer that scales each channel by weights of its own: ``(position, name)`` of each of them."""

    def rule(recording, name, args, kwargs, result):
        x = args[0]
        weights = [w for i, key in keys if (w := _argument(args, kwargs, i, key)) is not None]
        weights = [w for w in weights if w.numel() > 1 or x.shape[min(1, x.ndim - 1)] == 1]
        n = x.shape[1] if x.ndim > 1 else x.shape[0]
        numbers = _read_only(recording, x, n)
        if numbers is None:
            return recording.refuse(name, [x], "reads channels that do not lie along its channel axis")
        for weight in weights:
            if recording.name(weight) is None:
                return recording.refuse(name, [x, weight], "computes its weights")
            recording.graph.axis(recording.name(weight), 0, numbers, recording.where())
        if recording.numbers(x) is not None:
            recording.note(result, recording.numbers(x).expand(result.shape))
        return None

    return rule


def _read_only(recording, x, n):
    numbers = recording.numbers(x)
    if numbers is None:
        return torch.zeros(n, dtype=torch.long)
    return numbers.flatten().expand(n) if numbers.numel() == numbers.shape[min(1, x.ndim - 1)] else None


#: By the name of the function.
LAYER_RULES = (
    dict.fromkeys(["conv1d", "conv2d", "conv3d"], _convolution)
    | dict.fromkeys(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], _transposed)
    | {
        "linear": _linear,
        "embedding": _embedding,
        "batch_norm": _per_channel(((1, "running_mean"), (2, "running_var"), (3, "weight"), (4, "bias"))),
        "instance_norm": _per_channel(((1, "running_mean"), (2, "running_var"), (3, "weight"), (4, "bias"))),
        "prelu": _per_channel(((1, "weight"),)),
    }
)
