"""Find the dependency graph of a torch network by watching it answer.

Every function of torch that the network calls on its way is seen (by a `torch.overrides.TorchFunctionMode`). Beside
each tensor goes another of the same shape that holds, for each element, the number of the channel it comes from. What
moves elements moves these numbers; what adds two tensors makes their channels one; a layer with weights tells which
axis of its weights reads which channels, and numbers its own outputs. So it does not matter how a network is written:
as modules or as functions, with `if` and loops or without. What a function is not known to do with channels is not
guessed: they stay, and the reason is kept.
"""

from contextlib import ExitStack

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from mlcourse.models.training import in_eval_mode
from mlcourse.optimize.channels import Reason, compact
from mlcourse.optimize.function_rules import QUERIES, rule_for
from mlcourse.optimize.graph import Graph


def record(net: nn.Module, example, expected: Graph | None = None) -> Graph:
    """Let a network answer an example in eval mode, and return its graph; it is not changed.

    Parameters
    ----------
    net : torch.nn.Module
    example : tensor or tuple
        Input of the network with its batch, or all of its positional arguments. Where weights are on the meta device,
        zeros stand for what they would give.
    expected : Graph, optional
        What must be found.

    Raises
    ------
    ValueError
        If other channels are read than expected.
    RuntimeError
        Of torch, if the network does not take the example.
    """
    graph = Graph(expected)
    recording = _Recording(graph, net)
    arguments = example if isinstance(example, tuple) else (example,)
    with in_eval_mode(net), recording.layers_named(net), recording:
        output = net(*arguments)
    recording.finish(output)
    graph.require_all()
    return graph


class _Recording(TorchFunctionMode):
    """See every call of torch, and carry the channels' numbers along."""

    def __init__(self, graph: Graph, net: nn.Module):
        super().__init__()
        self.graph, self.channels = graph, graph.channels
        self.names = {id(p): name for name, p in [*net.named_buffers(), *net.named_parameters()]}
        self.entered: list[str] = []
        # id -> (tensor, compact numbers or None, reasons that flow on). Tensors are held, so that no id comes twice.
        self.tensors = {}
        # Parameters in another shape: id -> (tensor, parameter, {axis of it: compact positions along that}).
        self.views = {}
        self.touched: dict[str, Reason] = {}  # parameters used in unknown ways
        self.decided: set[Reason] = set()  # values that may have decided on what comes next
        self.used: list[torch.Tensor] = []  # numbers of channels that something further on in the network needs

    # -- what the rules ask and say ------------------------------------------------------------------------------------

    def numbers(self, tensor) -> torch.Tensor | None:
        """Compact numbers of a tensor's channels, or None if it has none."""
        return self.tensors.get(id(tensor), (None, None))[1]

    def flowing(self, tensor) -> frozenset[Reason]:
        """Refusals that a tensor has come through."""
        return self.tensors.get(id(tensor), (None, None, frozenset()))[2]

    def name(self, tensor) -> str | None:
        """Name of a parameter or buffer."""
        return self.names.get(id(tensor))

    def view(self, tensor) -> tuple[str, dict] | None:
        """Parameter or buffer that a tensor shows, and for each of its axes the position that each element has."""
        if (name := self.name(tensor)) is not None:
            axes = [axis for axis in range(tensor.ndim) if tensor.shape[axis] > 1]
            return name, {a: _positions(tensor.shape, a) for a in axes}
        return self.views[id(tensor)][1:] if id(tensor) in self.views else None

    def note_view(self, result, name, positions) -> None:
        """Remember that a function has given a parameter in another shape."""
        self.views[id(result)] = (result, name, {axis: compact(p) for axis, p in positions.items()})

    def where(self) -> str:
        return f"layer {self.entered[-1]}" if self.entered and self.entered[-1] else "the network's forward"

    def note(self, result, numbers) -> None:
        """Remember the numbers of what a function has given."""
        self._remember(result, compact(numbers))

    def refuse(self, operation: str, tensors, why: str = "") -> Reason:
        """Let all channels of some tensors stay, as an operation needs them."""
        text = f"{operation} in {self.where()} {why or 'is not known to keep channels apart'}"
        reason = Reason(text)
        for tensor in tensors:
            if self.numbers(tensor) is not None:
                self.channels.fix(self.numbers(tensor), reason)
        return reason

    def touch(self, tensor, reason: Reason) -> None:
        """Remember that a parameter is used in another way than by a layer."""
        if (shown := self.view(tensor)) is not None:
            self.touched[shown[0]] = reason

    def reads(self, tensor) -> None:
        """A layer reads this tensor: refusals ahead of it are in the midst of the network."""
        for reason in {*self.flowing(tensor), *self.decided}:
            reason.blocks = True
        self.uses(tensor)

    def uses(self, tensor) -> None:
        """Channels of this tensor are of use within the network."""
        if self.numbers(tensor) is not None:
            self.used.append(self.numbers(tensor))

    # -- the run -------------------------------------------------------------------------------------------------------

    def layers_named(self, net) -> ExitStack:
        """Know which layer is running."""
        stack = ExitStack()
        for name, module in net.named_modules():
            enter = module.register_forward_pre_hook(lambda *_, name=name: self.entered.append(name), prepend=True)
            leave = module.register_forward_hook(lambda *_: self._left(), always_call=True)
            stack.callback(enter.remove)
            stack.callback(leave.remove)
        return stack

    def _left(self):
        self.entered.pop()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = _computed(function, args, kwargs)
        name = operation_name(function)
        if name in QUERIES or name.startswith("is_"):
            return result
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        flowing = {reason for t in given for reason in self.flowing(t)}
        refused = rule_for(name)(self, name, args, kwargs, result)
        if refused is not None:
            flowing.add(refused)
            for tensor in given:
                if self.view(tensor) is not None:
                    refused.blocks = True  # a layer of its own
                self.touch(tensor, refused)
        if flowing and not any(isinstance(value, torch.Tensor) for value in tree_leaves(result)):
            self.decided |= flowing  # numbers and truth values: from here on anything may depend on them
        if flowing:
            for tensor in tree_leaves(result):
                if isinstance(tensor, torch.Tensor):
                    self.tensors[id(tensor)] = (tensor, self.numbers(tensor), frozenset(flowing))
        return result

    def _remember(self, tensor, numbers):
        self.tensors[id(tensor)] = (tensor, numbers, self.flowing(tensor))

    def finish(self, output) -> None:
        """Channels that the network answers with have to stay."""
        reason = Reason("they are the network's output")
        for tensor in tree_leaves(output):
            if isinstance(tensor, torch.Tensor) and self.numbers(tensor) is not None:
                self.channels.fix(self.numbers(tensor), reason)
        # Detections may be so few that not all outputs are among them: what no layer reads is an output too.
        used = {root for numbers in self.used for root in self.channels.roots(numbers)}
        reason = Reason("no layer reads them, which makes them the network's output")
        for numbers in self.graph.layers.values():
            unused = [number for number in numbers.tolist() if self.channels.root(number) not in used]
            self.channels.fix(torch.tensor(unused), reason)
        for (name, _), numbers in self.graph.axes.items():
            if name in self.touched:
                self.channels.fix(numbers, self.touched[name])


def _positions(shape, axis):
    return torch.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(len(shape))])


def operation_name(function) -> str:
    """Name of a function of torch, the same for all of its forms: ``add`` for ``+``, ``+=``, `Tensor.add_`.

    Examples
    --------
    >>> operation_name(torch.Tensor.add_), operation_name(torch.Tensor.__radd__), operation_name(torch.Tensor.T.__get__)
    ('add', 'add', 'T')
    """
    name = getattr(function, "__name__", str(function))
    if name == "__get__":
        return function.__self__.__name__
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        for prefix in ("r", "i"):
            if name[1:] in _ARITHMETIC and name[0] == prefix:
                name = name[1:]
        return name
    return name.strip("_") if not name.endswith("__") else name


_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "pow", "mod", "and", "or", "xor")


def _computed(function, args, kwargs):
    """Call a function; zeros stand for what weights on the meta device would give to a real tensor."""
    devices = {t.device for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
    real = [device for device in devices if device.type != "meta"]
    if not real or len(real) == len(devices):
        return function(*args, **kwargs)

    def to(value, device):
        return torch.zeros_like(value, device=device) if isinstance(value, torch.Tensor) else value

    args, kwargs = tree_map(lambda value: to(value, "meta"), (args, kwargs))
    return tree_map(lambda value: to(value, real[0]), function(*args, **kwargs))
