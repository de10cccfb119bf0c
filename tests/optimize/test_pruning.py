"""Pruning: what is left computes what the whole network computes with the rest at zero."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mlcourse.models import (
    ActivityCNN,
    GoPolicyCNN,
    GoPolicyDense,
    MobileNetV2,
    SpectrogramCNN,
    TextCNN,
    small_mobilenet,
)
from mlcourse.optimize import prunable_layers, remove_channels


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def words(*shape):
    return torch.randint(0, 300, shape, generator=torch.Generator().manual_seed(1))


def mobilenet_units(net):
    """{layers that lose outputs together: modules after which these are zero}, from the architecture."""
    units, stream = {}, None
    for i, block in enumerate(net.blocks):
        depthwise = f"blocks.{i}.depthwise.1"
        if isinstance(block.expand, nn.Identity):
            units["stem.0",] = ["stem.1", depthwise]
        else:
            units[f"blocks.{i}.expand.0",] = [f"blocks.{i}.expand.1", depthwise]
        after = units.pop(stream) if block.is_residual else []
        stream = (*stream, f"blocks.{i}.project.0") if block.is_residual else (f"blocks.{i}.project.0",)
        units[stream] = [*after, f"blocks.{i}.project.1"]
    units["head.0",] = ["head.1"]
    return units


# Each network with an input, and {layers: modules after which their removed outputs are set to zero}, written by hand.
TORCH = {
    "activity": (
        ActivityCNN,
        lambda: numbers(3, 6, 64),
        {("features.0",): ["features.2"], ("features.4",): ["features.6"], ("features.8",): ["features.10"]},
    ),
    "text": (
        lambda: TextCNN(300, dimensions=8, filters=8),
        lambda: words(3, 20),
        {("embedding",): ["embedding"]} | {(f"convolutions.{i}",): [f"convolutions.{i}"] for i in range(3)},
    ),
    "go": (
        lambda: GoPolicyCNN(channels=8, layers=3, size=9),
        lambda: numbers(2, 9, 9, 9),
        {(f"features.{i}",): [f"features.{i}"] for i in (0, 2, 4)},
    ),
    "go dense": (
        lambda: GoPolicyDense(hidden=16, size=9),
        lambda: numbers(2, 9, 9, 9),
        {("layers.1",): ["layers.2"], ("layers.3",): ["layers.4"]},
    ),
    "small mobilenet": (small_mobilenet, lambda: numbers(2, 1, 28, 28), mobilenet_units(small_mobilenet())),
    "mobilenet": (
        lambda: MobileNetV2(n_classes=10, width=0.35),
        lambda: numbers(1, 3, 64, 64),
        mobilenet_units(MobileNetV2()),
    ),
} | {
    f"spectrogram {along}": (
        lambda along=along: SpectrogramCNN(filters_along=along),
        lambda: numbers(2, 1, 40, 80),
        {("features.0",): ["features.1"], ("features.3",): ["features.4"], ("classifier.1",): ["classifier.2"]},
    )
    for along in ("frequency", "time", "both")
}

_MADE = {}


def made(name):
    """A network with lively normalisations, so that a removed channel would not have been zero anyway."""
    if name not in _MADE:
        torch.manual_seed(0)
        make, example, _ = TORCH[name]
        net = make().eval()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(module.running_mean, -0.5, 0.5)
                nn.init.uniform_(module.running_var, 0.5, 2)
                if module.affine:
                    nn.init.uniform_(module.weight, 0.5, 1.5)
                    nn.init.uniform_(module.bias, -0.5, 0.5)
        _MADE[name] = net, example()
    return _MADE[name]


def answer(net, x):
    with torch.no_grad():
        return net(x)


def with_zeros(net, x, zeros):
    """Answer of the whole network with channels set to zero after some modules: {module: channels}."""
    net = copy.deepcopy(net)
    for name, gone in zeros.items():
        module = net.get_submodule(name)

        def zero(_, inputs, output, module=module, gone=gone):
            axis = output.ndim - 1 if isinstance(module, nn.Embedding) or output.ndim == 2 else 1
            return output.index_fill(axis, torch.tensor(gone, dtype=torch.long), 0.0)

        module.register_forward_hook(zero)
    return answer(net, x)


def close(got, wanted):
    return (got - wanted).abs().max() <= 1e-5 * max(1.0, wanted.abs().max())


def size(net):
    return sum(weight.numel() for weight in net.parameters())


def outputs(net, layer):
    weight = net.get_submodule(layer).weight
    return weight.shape[1] if isinstance(net.get_submodule(layer), nn.Embedding) else weight.shape[0]


@st.composite
def plans(draw, name):
    """{layers: outputs that stay} for some of a network's layers."""
    net, _ = made(name)
    units = TORCH[name][2]
    chosen = draw(st.lists(st.sampled_from(list(units)), min_size=1, unique=True))
    plan = {}
    for layers in chosen:
        everything = range(outputs(net, layers[0]))
        plan[layers] = sorted(draw(st.sets(st.sampled_from(everything), min_size=1)))
    return plan


# -- the answers are those of the whole network with zeros -------------------------------------------------------------


@pytest.mark.parametrize("name", TORCH)
def test_agrees_with_zeroed_channels(name):
    net, x = made(name)
    units = TORCH[name][2]

    @settings(max_examples=10 if "mobilenet" in name else 25, deadline=None, derandomize=True, database=None)
    @given(plans(name))
    def check(plan):
        zeros, first = {}, {}
        for layers, kept in plan.items():
            gone = sorted(set(range(outputs(net, layers[0]))) - set(kept))
            zeros |= dict.fromkeys(units[layers], gone)
            first[layers[len(kept) % len(layers)]] = kept  # any layer of those that belong together
        small = remove_channels(net, first, x)
        assert close(answer(small, x), with_zeros(net, x, zeros))
        for layers, kept in plan.items():
            assert {outputs(small, layer) for layer in layers} == {len(kept)}

    check()


@pytest.mark.parametrize("name", TORCH)
def test_layers_that_can_be_pruned(name):
    net, x = made(name)
    expected = {layers[0]: outputs(net, layers[0]) for layers in TORCH[name][2] if layers[0] != "embedding"}
    assert prunable_layers(net, x) == expected


@pytest.mark.parametrize("name", TORCH)
def test_layers_know_their_sizes(name):
    """What a layer says of itself fits its weights, so that files, tables and exporters are not misled."""
    net, x = made(name)
    small = remove_channels(net, {layers[0]: range(3) for layers in TORCH[name][2]}, x)
    for module in small.modules():
        if isinstance(module, nn.Linear):
            assert (module.out_features, module.in_features) == tuple(module.weight.shape)
        elif isinstance(module, nn.Conv1d | nn.Conv2d):
            assert (module.out_channels, module.in_channels // module.groups) == tuple(module.weight.shape[:2])
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.num_features == len(module.running_mean)
    assert type(small) is type(net)
    assert [n for n, _ in small.named_parameters()] == [n for n, _ in net.named_parameters()]


@pytest.mark.parametrize("name", TORCH)
def test_argument_stays_as_it_is(name):
    net, x = made(name)
    net = copy.deepcopy(net).train()
    net(x).sum().backward()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    gradients = [weight.grad.clone() for weight in net.parameters()]
    modes = [module.training for module in net.modules()]
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    small = remove_channels(net, {layers[0]: range(3) for layers in TORCH[name][2]}, x)
    with torch.no_grad():
        for weight in small.parameters():
            weight.fill_(7)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert all(torch.equal(g, weight.grad) for g, weight in zip(gradients, net.parameters(), strict=True))
    assert modes == [module.training for module in net.modules()]
    assert hooks == [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    assert modes == [module.training for module in small.modules()]
    assert hooks == [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in small.modules()]
    assert all(weight.grad is None for weight in small.parameters())


@pytest.mark.parametrize("name", TORCH)
def test_torch_pruning_removes_as_much(name):
    import torch_pruning as tp

    net, x = made(name)
    layers = [layers[0] for layers in TORCH[name][2] if layers[0] != "embedding"]
    plan = {layer: range(0, outputs(net, layer), 2) for layer in layers}
    theirs = copy.deepcopy(net)
    graph = tp.DependencyGraph().build_dependency(theirs, example_inputs=x)
    for layer, kept in plan.items():
        module = theirs.get_submodule(layer)
        prune = tp.prune_linear_out_channels if isinstance(module, nn.Linear) else tp.prune_conv_out_channels
        gone = sorted(set(range(module.weight.shape[0])) - set(kept))
        graph.get_pruning_group(module, prune, idxs=gone).prune()
    ours = remove_channels(net, plan, x)
    assert size(ours) == size(theirs) < size(net)
    assert close(answer(ours, x), answer(theirs, x))
