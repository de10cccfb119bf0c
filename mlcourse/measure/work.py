"""Count multiply-accumulates while a network runs: every convolution and every product with weights, whoever calls it.

What is seen is not the layers but the operations of torch that they come down to (a `TorchDispatchMode`). So a network
written with `torch.nn.functional`, with ``x @ self.weight``, in Keras, or with convolutions as matrix products is
counted as exactly as one made of `torch.nn` layers. A product of two activations, as in attention, is no layer: it is
not counted, nor are sums, pooling, normalisation and activation functions.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_CONVOLUTIONS = {"convolution", "_convolution", "convolution_overrideable", "cudnn_convolution", "mkldnn_convolution"}
_CONVOLUTIONS |= {f"conv{n}d" for n in (1, 2, 3)}
_TRANSPOSED = {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
# Name: places of the two factors among the arguments.
_PRODUCTS = {"mm": (0, 1), "bmm": (0, 1), "mv": (0, 1), "dot": (0, 1), "matmul": (0, 1), "linear": (0, 1)}
_PRODUCTS |= {"addmm": (1, 2), "addmv": (1, 2), "baddbmm": (1, 2), "addbmm": (1, 2), "_addmm_activation": (1, 2)}
_RECURRENT = {"mkldnn_rnn_layer", "_cudnn_rnn", "_lstm_mps"}


class WorkCounter(TorchDispatchMode):
    """While entered, call ``note(macs, weights)`` for each operation that multiplies and accumulates with weights.

    Parameters
    ----------
    weights : iterable of tensor
        What the network has learnt. What is computed from these alone (transposed, unpacked, converted, masked) counts
        as weights too.
    note : callable
        Takes a whole number of multiply-accumulates, and the tensors that they were done with, by what they are stored
        in.
    """

    def __init__(self, weights, note):
        super().__init__()
        # Tensors are held: a freed storage's address would soon be another tensor's.
        self.note, self.held, self.weights = note, list(weights), set()
        self.weights.update(map(_storage, self.held))

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if given and all(map(self._is_weight, given)):
            made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
            self.held += made
            self.weights.update(map(_storage, made))
        packet = function.overloadpacket
        of = _of_quantized if function.namespace == "quantized" else self._macs
        macs, used = of(packet.__name__, args, result)
        if macs:
            self.note(macs, {_storage(weight): weight for weight in used})
        return result

    def _is_weight(self, tensor) -> bool:
        return _storage(tensor) in self.weights

    def _macs(self, name, args, result):
        if name in _CONVOLUTIONS or name in _TRANSPOSED:
            x, weight = args[:2]
            # aten::convolution(input, weight, bias, stride, padding, dilation, transposed, ...)
            transposed = name in _TRANSPOSED or (name.endswith("convolution") and len(args) > 6 and args[6] is True)
            # Each input of a transposed convolution, or output of any other, meets one weight of each filter's window.
            return (x if transposed else result).numel() * weight.shape[1:].numel(), [weight]
        if name in _PRODUCTS:
            a, b = (args[place] for place in _PRODUCTS[name])
            used = [factor for factor in (a, b) if self._is_weight(factor)]
            if not used:
                return 0, []
            if a.layout is not torch.strided:  # only what is stored is multiplied
                return _stored(a) * result.numel() // result.shape[0], used
            if b.layout is not torch.strided:
                return _stored(b) * result.numel() // result.shape[-1], used
            batches = a.shape[0] if name == "addbmm" else 1  # whose products are added up
            return result.numel() * a.shape[-1] * batches, used
        if name in _RECURRENT:
            x = args[0]  # (time, batch, channels), or (all steps, channels) of a packed sequence
            steps = x.numel() // x.shape[-1]
            used = self._matrices(name, args)
            return steps * sum(weight.numel() for weight in used), used
        return 0, []

    def _matrices(self, name, args):
        if name == "mkldnn_rnn_layer":
            return args[1:3]
        return [weight for weight in args[1 if name == "_cudnn_rnn" else 2] if weight.ndim == 2]


def _of_quantized(name, args, result):
    """As `_macs`, for torch's operations on whole numbers, which keep weights packed for the processor."""
    packed = next((arg for arg in args if hasattr(arg, "unpack")), None)
    if packed is None or not name.startswith(("linear", "conv")) or "transpose" in name:
        return 0, []
    weight = packed.unpack()[0]
    return result.numel() * weight.shape[1:].numel(), [weight]


def _storage(tensor):
    """What two views of the same numbers have in common."""
    try:
        if tensor.layout is torch.sparse_coo:
            tensor = tensor._values()
        elif tensor.layout is not torch.strided:
            tensor = tensor.values()
        return tensor.untyped_storage()._cdata
    except (RuntimeError, NotImplementedError):
        return id(tensor)


def _stored(tensor) -> int:
    return tensor._nnz()
