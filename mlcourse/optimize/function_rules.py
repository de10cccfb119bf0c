"""What functions of torch do with channels: one rule for each kind of function.

A rule is called as ``rule(recording, name, args, kwargs, result)`` after the function was. It notes the numbers of the
channels in the result, or returns why it cannot (what `recording.refuse` gives).
"""

import re

import torch
from torch.utils._pytree import tree_leaves

from mlcourse.optimize.channels import Reason
from mlcourse.optimize.indexing import chosen_by_values
from mlcourse.optimize.layer_rules import LAYER_RULES


def _words(text):
    return frozenset(text.split())


#: Nothing of a tensor's values: its shape, its type.
QUERIES = _words(
    """
    shape size dim ndim numel nelement len device dtype layout is_floating_point is_complex is_cuda is_sparse
    is_quantized requires_grad requires_grad_ is_leaf grad grad_fn stride storage_offset is_contiguous element_size
    nbytes itemsize get_device data_ptr hash repr format zeros_like ones_like empty_like full_like rand_like
    randn_like new_zeros new_ones new_empty new_full new_tensor result_type is_same_size names is_meta is_cpu
    retain_grad register_hook
    """
)
# Each element by itself, or with the one in the same place of another tensor.
_ELEMENTWISE = _words(
    """
    relu relu6 leaky_relu prelu_scalar elu selu celu gelu silu mish hardswish hardsigmoid hardtanh softplus softsign
    tanhshrink hardshrink softshrink threshold sigmoid logsigmoid tanh dropout dropout1d dropout2d dropout3d
    alpha_dropout feature_dropout feature_alpha_dropout rrelu add sub mul div truediv true_divide floordiv
    floor_divide rsub neg pow square sqrt rsqrt exp expm1 log log1p log2 log10 abs absolute sin cos tan asin acos
    atan atan2 sinh cosh erf erfc sign floor ceil round trunc frac reciprocal clamp clamp_min clamp_max clip maximum
    minimum fmax fmin where lerp addcmul addcdiv masked_fill nan_to_num multiply subtract divide negative remainder
    fmod mod gt lt ge le eq ne greater less isnan isinf isfinite logical_and logical_or logical_not and or xor
    invert to float double half bfloat16 int long bool type type_as cpu cuda contiguous clone detach data alias
    requires_grad_
    """
)
# The same elements in the same order, in another shape.
_RESHAPES = _words(
    """
    view reshape flatten unflatten squeeze unsqueeze view_as reshape_as ravel unsafe_view
    """
)
# Elements elsewhere, or some of them; the first argument holds them.
_MOVES = _words(
    """
    transpose permute T mT H mH t swapaxes swapdims movedim moveaxis getitem narrow select chunk split tensor_split
    unsafe_chunk unsafe_split split_with_sizes unbind cat concat concatenate stack hstack vstack expand expand_as
    broadcast_to repeat tile repeat_interleave flip roll index_select pixel_shuffle pixel_unshuffle channel_shuffle
    diagonal gather take_along_dim
    """
)
_REDUCTIONS = _words(
    """
    mean sum amax amin max min std var prod norm logsumexp all any argmax argmin median
    """
)
_ALONG = _words(
    """
    softmax log_softmax cumsum cumprod sort topk softmin
    """
)
_POOLS = re.compile(r"(adaptive_)?(max|avg|lp)_pool(\d)d(_with_indices)?")


def rule_for(name: str):
    """Return the rule of a function."""
    if (pool := _POOLS.fullmatch(name)) is not None:
        dimensions = int(pool[3])
        return lambda recording, name, args, kwargs, result: _over_places(recording, name, args, result, dimensions)
    return _RULES.get(name, _unknown)


def _tensors(*values):
    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]


def _unknown(recording, name, args, kwargs, result):
    given = _tensors(args, kwargs)
    if any(recording.numbers(t) is not None or recording.view(t) is not None for t in given):
        return recording.refuse(name, given)
    return None


def _elementwise(recording, name, args, kwargs, result):
    given = _tensors(args, kwargs)
    numbered = [t for t in given if recording.numbers(t) is not None]
    if not numbered:
        return _unknown(recording, name, args, kwargs, result)
    if not isinstance(result, torch.Tensor):
        return recording.refuse(name, given)
    numbers = _aligned(recording.numbers(numbered[0]), result.ndim)
    for other in numbered[1:]:
        numbers = _merged(recording, name, numbers, _aligned(recording.numbers(other), result.ndim))
    recording.note(result, numbers.expand(result.shape))
    refused = [
        _meets(recording, name, numbers, other, result.ndim) for other in given if recording.numbers(other) is None
    ]
    return next((reason for reason in refused if reason is not None), None)


def _aligned(numbers, ndim):
    return numbers.reshape((1,) * (ndim - numbers.ndim) + numbers.shape)


def _merged(recording, name, one, other):
    """Channels of two tensors that meet are one; a single channel that meets many has to stay."""
    reason = Reason(f"{name} in {recording.where()} brings them together with the network's input")
    narrow = [any(a < b for a, b in zip(x.shape, y.shape, strict=True)) for x, y in ((one, other), (other, one))]
    if not any(narrow):
        recording.channels.merge(one, other, reason)
        # Where one side has no number, the other's is still needed.
        return torch.where(one == 0, other, one)
    for numbers, is_narrow in ((one, narrow[0]), (other, narrow[1])):
        if is_narrow:
            recording.channels.fix(numbers, Reason(f"{name} in {recording.where()} spreads them over many channels"))
    if all(narrow):
        return torch.zeros((1,) * one.ndim, dtype=torch.long)
    return other if narrow[0] else one


def _meets(recording, name, numbers, other, ndim):
    """Channels meet a tensor without numbers: a weight of which each has its own, or something that is fixed."""
    shape = (1,) * (ndim - other.ndim) + tuple(other.shape)
    axes = [axis for axis in range(ndim) if shape[axis] > 1 and numbers.shape[axis] > 1]
    if not axes:
        return None
    shown = recording.view(other)
    if shown is not None and len(axes) == 1 and numbers.numel() == numbers.shape[axes[0]]:
        name_of_weight, positions = shown
        for axis, along in positions.items():
            place = axes[0] - (ndim - other.ndim)
            if along.numel() == along.shape[place] and bool((along.flatten().sort().values.diff() == 1).all()):
                in_order = torch.empty_like(numbers.flatten())
                in_order[along.flatten()] = numbers.flatten()
                recording.graph.axis(name_of_weight, axis, in_order, recording.where())
                return None
    reason = recording.refuse(name, [], "brings them together with a tensor of a fixed size")
    recording.channels.fix(numbers, reason)
    return reason


def _reshape(recording, name, args, kwargs, result):
    numbers = recording.numbers(args[0])
    if numbers is None:
        return _show(recording, name, args, kwargs, result, lambda positions: positions.reshape(result.shape))
    if not result.numel():
        return recording.refuse(name, [args[0]], "gets no element at all: try a larger example")
    recording.note(result, numbers.expand(args[0].shape).reshape(result.shape))
    return None


def _move(recording, name, args, kwargs, result):
    first, *rest = args if args else (kwargs.get("tensors", kwargs.get("input")),)
    options = {key: value for key, value in kwargs.items() if key not in ("tensors", "input")}
    several = isinstance(first, list | tuple)
    tensors = list(first) if several else [first]
    moved = _moving_function(name)
    if all(recording.numbers(t) is None for t in tensors):
        return _show(recording, name, args, kwargs, result, lambda positions: moved(positions, *rest, **options))
    if not several and chosen_by_values(recording, name, first, rest, options):
        return recording.refuse(name, _tensors(args, kwargs), "takes channels by what the network computes")
    moving = [_full(recording, t) for t in tensors]
    found = moved(moving if several else moving[0], *rest, **options)
    for part, numbers in zip(_tensors(result), _tensors(found), strict=True):
        recording.note(part, numbers)
    return None


def _moving_function(name):
    if name in ("T", "mT", "H", "mH"):
        return lambda tensor: getattr(tensor, name)
    if name == "getitem":
        return torch.Tensor.__getitem__
    return getattr(torch.Tensor, name, None) or getattr(torch, name, None) or getattr(torch.nn.functional, name)


def _show(recording, name, args, kwargs, result, moved):
    """A parameter in another shape is still known by its positions."""
    shown = recording.view(args[0]) if args and isinstance(args[0], torch.Tensor) else None
    if shown is None or not isinstance(result, torch.Tensor) or args[0].numel() > _LARGEST_VIEW:
        return _unknown(recording, name, args, kwargs, result)
    weight, positions = shown
    recording.note_view(result, weight, {a: moved(p.expand(args[0].shape)) for a, p in positions.items()})
    return None


_LARGEST_VIEW = 1_000_000  # elements; no matrix of a fully connected layer


def _full(recording, tensor):
    """Numbers in the shape of the tensor; zeros where it has none."""
    numbers = recording.numbers(tensor)
    numbers = torch.zeros((1,) * tensor.ndim, dtype=torch.long) if numbers is None else numbers
    return numbers.expand(tensor.shape)


def _pad(recording, name, args, kwargs, result):
    tensor = args[0]
    numbers = recording.numbers(tensor)
    if numbers is None:
        return _unknown(recording, name, args, kwargs, result)
    if any(n > 1 and a != b for n, a, b in zip(numbers.shape, tensor.shape, result.shape, strict=True)):
        return recording.refuse(name, [tensor], "adds channels of its own")
    recording.note(result, numbers.expand(result.shape))
    return None


def _reduce(recording, name, args, kwargs, result):
    tensor, *rest = args
    numbers = recording.numbers(tensor)
    if numbers is None:
        return _unknown(recording, name, args, kwargs, result)
    if name in ("max", "min") and rest and isinstance(rest[0], torch.Tensor):
        return _elementwise(recording, name, args, kwargs, result)
    position = 1 if name == "norm" else 0
    dim = kwargs.get("dim", kwargs.get("axis", rest[position] if len(rest) > position else None))
    if isinstance(dim, bool):  # var(unbiased)
        dim = None
    axes = range(tensor.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = sorted({axis % tensor.ndim for axis in axes})
    varying = [axis for axis in range(tensor.ndim) if numbers.shape[axis] > 1]
    if set(varying) & set(axes):
        if name == "sum" and set(varying) <= set(axes):
            recording.uses(tensor)  # it lacks what is gone, as if that were zero
            return None
        return recording.refuse(name, [tensor], "goes across the channels")
    for part in _tensors(result):
        kept = numbers if part.ndim == tensor.ndim else numbers.squeeze(axes)
        recording.note(part, kept.expand(part.shape))
    return None


def _along(recording, name, args, kwargs, result):
    tensor, *rest = args
    numbers = recording.numbers(tensor)
    if numbers is None:
        return _unknown(recording, name, args, kwargs, result)
    dim = kwargs.get("dim", rest[-1 if name == "topk" and len(rest) > 1 else 0] if rest else -1)
    if not isinstance(dim, int) or isinstance(dim, bool) or (name == "topk" and "dim" not in kwargs and len(rest) < 2):
        dim = -1
    if numbers.shape[dim] > 1:
        return recording.refuse(name, [tensor], "goes across the channels")
    for part in _tensors(result):
        recording.note(part, numbers.expand(part.shape))
    return None


def _over_places(recording, name, args, result, dimensions):
    """Pooling: within each channel."""
    tensor = args[0]
    numbers = recording.numbers(tensor)
    if numbers is None:
        return None
    if any(n > 1 for n in numbers.shape[tensor.ndim - dimensions :]):
        return recording.refuse(name, [tensor], "goes across the channels")
    for part in _tensors(result):
        recording.note(part, numbers.expand(part.shape))
    return None


def _interpolate(recording, name, args, kwargs, result):
    return _over_places(recording, name, args, result, args[0].ndim - 2)


_RULES = (
    dict.fromkeys(_ELEMENTWISE, _elementwise)
    | dict.fromkeys(_RESHAPES, _reshape)
    | dict.fromkeys(_MOVES, _move)
    | dict.fromkeys(_REDUCTIONS, _reduce)
    | dict.fromkeys(_ALONG, _along)
    | {"interpolate": _interpolate, "upsample": _interpolate, "pad": _pad}
    | LAYER_RULES
)
