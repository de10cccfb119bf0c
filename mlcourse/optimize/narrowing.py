"""A network whose layers can be given widths, and the order in which their outputs go."""

import copy

import torch
from torch import nn

from mlcourse.models.training import in_eval_mode
from mlcourse.optimize.opened import opened_network
from mlcourse.optimize.pruning import prunable_layers, remove_channels
from mlcourse.optimize.streams import NORMALISATIONS, residual_streams
from mlcourse.optimize.zero_padding import zero_pad


class Narrowing:
    """The layers of a network that can lose outputs, how many they have, and which go first.

    Parameters
    ----------
    net : torch.nn.Module
        Is copied.
    example : tensor
        An input, with its batch.
    images : tensor or None
        Inputs on which normalisations measure mean and variance anew in whatever has been narrowed.
    round_to : int
        Widths are multiples of it.
    zero_padding : bool
        Whether the branches of residual additions may lose outputs too, each by itself, down to none, or all branches
        of a stream together.

    Attributes
    ----------
    widths : dict of str to int
        How many outputs of each layer are left.
    outputs : dict of str to int
        How many there were at first, of streams too.
    """

    def __init__(self, net, example, images, round_to, zero_padding):
        self.net, self.example, self.round_to = copy.deepcopy(net), example, round_to
        self.images = images
        self.modes = {name: module.training for name, module in net.named_modules()}
        self.normalisation = _normalisations(net, example)
        self.branches = {}  # name -> order of its stream: one for all of its branches, so that what they keep is nested
        self.streams = {}  # name -> branches that are narrowed together
        if zero_padding:
            graph, strength = self._graph()
            for stream in residual_streams(net):
                order = _order(graph, strength, stream.branches[0])
                self.branches |= dict.fromkeys(stream.branches, order)
                self.streams[f"{stream.branches[0]} + ..."] = stream.branches
        self.widths = {}
        self._rank()
        self.outputs = self.widths | {name: self.widths[members[0]] for name, members in self.streams.items()}

    def _rank(self):
        """Rank the outputs of what is left."""
        graph, strength = self._graph()
        outputs = prunable_layers(self.net, self.example)
        hidden = [name for name, n in outputs.items() if n > self.round_to and name not in self.branches]
        self.order = {name: _order(graph, strength, name) for name in hidden} | self.branches
        self.full = {name: len(order) for name, order in self.order.items()}
        self.widths = self.full | {name: width for name, width in self.widths.items() if name in self.branches}

    def narrower(self, name: str, share: float) -> int | None:
        """Return the next width of a layer when about this share of all its outputs goes; None if there is none."""
        if name not in self.widths and name not in self.streams:  # narrowed so far that it is no candidate any more
            return None
        now, unit = max(self.widths[member] for member in self.streams.get(name, [name])), self.round_to
        step = max(1, round(share * self.outputs[name] / unit))
        width = (-(-now // unit) - step) * unit
        if width >= unit or now > unit:
            return max(width, unit)
        return 0 if name in self.branches and now else None

    def build(self, changed: dict) -> nn.Module:
        """Return a new network of the present widths but those changed.

        Raises
        ------
        EmptyStreamError
            If nothing would be left of a stream that is read.
        """
        widths = self._widths(changed)
        plan = {name: self.order[name][:width] for name, width in widths.items() if width < self.full[name]}
        net = self._without_hidden(plan)
        branches = {name: kept for name, kept in plan.items() if name in self.branches}
        return self._measured_anew(zero_pad(net, branches) if branches else net)

    def set(self, changed: dict) -> None:
        """Change widths for good."""
        self.widths = self._widths(changed)

    def _widths(self, changed):
        found = dict(self.widths)
        for name, width in changed.items():
            if name in self.streams:
                found |= {member: min(width, found[member]) for member in self.streams[name]}
            else:
                found[name] = width
        return found

    def trainable(self) -> nn.Module:
        """Return a network of the present widths in which outputs that branches have lost are computed, and zeroed.

        What is learned in it can be narrowed further, which what `zero_pad` returns cannot.
        """
        plan = {name: self.order[name][:width] for name, width in self.widths.items() if width < self.full[name]}
        net = self._without_hidden(plan)
        for name in self.branches:
            last = net.get_submodule(self.normalisation.get(name, name))
            last.register_forward_hook(_Zeroed(self.order[name][self.widths[name] :]))
        return self._measured_anew(net)

    def replace(self, trained: nn.Module) -> None:
        """Go on with what `trainable` returned, after training."""
        trained = copy.deepcopy(trained)
        for name, module in trained.named_modules():
            module.training = self.modes.get(name, self.modes[""])
        for module in trained.modules():
            for key, hook in list(module._forward_hooks.items()):
                if isinstance(hook, _Zeroed):
                    del module._forward_hooks[key]
        self.net = trained
        self._rank()

    def _graph(self):
        """What depends on what, and what each output counts for."""
        opened = opened_network(self.net, self.example)
        criterion = "l1" if self.images is None else "activation"
        return opened.graph, opened.scores(criterion, self.images, None, None, 0)

    def _measured_anew(self, net):
        if self.images is not None:
            estimate_statistics(net, self.images)
        return net

    def _without_hidden(self, plan):
        hidden = {name: sorted(kept) for name, kept in plan.items() if name not in self.branches}
        return remove_channels(self.net, hidden, self.example) if hidden else copy.deepcopy(self.net)


def estimate_statistics(net: nn.Module, images: torch.Tensor) -> None:
    """Let a network's normalisations measure mean and variance anew, in place.

    What follows a layer that lost outputs sees another mean than it was trained for. That alone costs most of the
    accuracy, and is put right without training and without labels.

    Parameters
    ----------
    net : torch.nn.Module
    images : tensor
        One batch of inputs. More than a hundred are enough for a small network.

    References
    ----------
    B. Li, B. Wu, J. Su, G. Wang: EagleEye: Fast Sub-net Evaluation for Efficient Neural Network Pruning, ECCV 2020
    (adaptive batch normalisation).
    """
    layers = [m for m in net.modules() if isinstance(m, NORMALISATIONS) and m.track_running_stats]
    momenta = [layer.momentum for layer in layers]
    with in_eval_mode(net) as device:
        for layer in layers:
            layer.momentum = None  # the mean over all batches since the reset
            layer.reset_running_stats()
            layer.train()
        net(images.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


class _Zeroed:
    """Forward hook that sets channels of an output to zero."""

    def __init__(self, channels):
        self.channels = channels

    def __call__(self, layer, inputs, output):
        mask = torch.ones(output.shape[1], dtype=output.dtype, device=output.device)
        mask[self.channels] = 0
        return output * mask.view(1, -1, *[1] * (output.ndim - 2))


def _order(graph, strength, layer) -> list[int]:
    """Outputs of a layer, strongest first."""
    roots = graph.roots(layer)
    return sorted(range(len(roots)), key=lambda i: -strength[roots[i]])


def _normalisations(net, example) -> dict[str, str]:
    """{layer: the normalisation that reads its output}."""
    names = {layer: name for name, layer in net.named_modules()}
    found, outputs = {}, []  # outputs are held, so that no other tensor takes their place

    def called(layer, inputs, output):
        if isinstance(layer, NORMALISATIONS):
            found.update((names[before], names[layer]) for before, made in outputs if made is inputs[0])
        else:
            outputs.append((layer, output))

    layers = [m for m in net.modules() if isinstance(m, (*NORMALISATIONS, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear))]
    handles = [layer.register_forward_hook(called) for layer in layers]
    try:
        with in_eval_mode(net) as device:
            net(example.to(device))
    finally:
        for handle in handles:
            handle.remove()
    return found
