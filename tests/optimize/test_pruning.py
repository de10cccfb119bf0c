"""Pruning: what is left computes what the whole network computes with the rest at zero."""

import copy
import itertools
import re

import numpy as np
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
    activity_cnn,
    lecture_cnn,
    lecture_dense,
    predict,
    pretrained_lecture_cnn,
    pretrained_mobilenet,
    small_mobilenet,
)
from mlcourse.optimize import fine_tune as tuned
from mlcourse.optimize import mask_weights, prunable_layers, prune_in_steps, remove_channels, remove_neurons


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


@pytest.mark.parametrize("name", [name for name in TORCH if name != "text"])  # another way with embeddings
def test_torch_pruning_removes_as_much(name):
    import torch_pruning as tp

    net, x = made(name)
    plan = {layers[0]: range(0, outputs(net, layers[0]), 2) for layers in TORCH[name][2]}
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


# -- Keras -------------------------------------------------------------------------------------------------------------

# A filter is zero where all of its weights are, those of the normalisation behind it if there is one.
KERAS = {
    "lecture": (
        lecture_cnn,
        (28, 28, 1),
        {n: (n, "kernel", "bias") for n in ("convolution_1", "convolution_2", "dense")},
    ),
    "dense": (lecture_dense, (28, 28, 1), {"dense": ("dense", "kernel", "bias")}),
    "activity": (
        activity_cnn,
        (64, 6),
        {f"convolution_{i}": (f"normalisation_{i}", "gamma", "beta") for i in (1, 2, 3)},
    ),
}


def keras_made(name):
    import keras

    if ("keras", name) not in _MADE:
        make, shape, _ = KERAS[name]
        keras.utils.set_random_seed(0)
        net, rng = make(), np.random.default_rng(0)
        for layer in net.layers:
            for weight in layer.weights:
                low = 0.5 if weight.name in ("gamma", "moving_variance") else -0.5
                if "kernel" not in weight.name:
                    weight.assign(rng.uniform(low, low + 1, weight.shape))
        _MADE["keras", name] = net, rng.standard_normal((2, *shape), dtype=np.float32)
    return _MADE["keras", name]


@pytest.mark.parametrize("name", KERAS)
def test_keras_agrees_with_zeroed_filters(name):
    import keras

    net, x = keras_made(name)
    layers = KERAS[name][2]
    sizes = {layer: net.get_layer(layer).kernel.shape[-1] for layer in layers}
    some = st.fixed_dictionaries(
        {}, optional={name: st.sets(st.integers(0, n - 1), min_size=1) for name, n in sizes.items()}
    )

    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(some)
    def check(plan):
        whole = keras.models.clone_model(net)
        whole.set_weights(net.get_weights())
        for layer, kept in plan.items():
            zeroed, *weights = layers[layer]
            for weight in whole.get_layer(zeroed).weights:
                if weight.name in weights:
                    value = weight.value.detach().numpy().copy()
                    value[..., sorted(set(range(sizes[layer])) - kept)] = 0
                    weight.assign(value)
        small = remove_channels(net, plan)
        assert np.abs(small.predict(x, verbose=0) - whole.predict(x, verbose=0)).max() <= 1e-5
        for layer, kept in plan.items():
            assert small.get_layer(layer).kernel.shape[-1] == len(kept)

    check()


def test_keras_counts():
    """160 parameters of 20 filters 3x3 and so on: by hand."""
    net, _ = keras_made("lecture")
    before = [np.array(w) for w in net.get_weights()]
    small = remove_neurons(remove_channels(net, 0.4), 0.2)
    assert [layer.count_params() for layer in small.layers] == [100, 0, 20 * 91, 0, 0, 20 * (20 * 25 + 1), 10 * 21]
    assert small.compiled
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_keras_networks_keep_learning():
    from mlcourse.datasets import load_digits28

    X, y, X_test, y_test = load_digits28().split()
    X, X_test = X[..., None], X_test[..., None]
    net = pretrained_lecture_cnn()
    small = remove_neurons(net, 0.2, "activation", X=X[:200])
    better = tuned(small, X, y, epochs=2, learning_rate=1e-3, progress=False)
    before, after = ((m.predict(X_test, verbose=0).argmax(1) == y_test).mean() for m in (net, better))
    assert after > before - 0.03


def test_keras_models_that_cannot_be_followed():
    import keras
    from keras import layers

    x = keras.Input((8, 8, 3))
    y = layers.LayerNormalization()(layers.Conv2D(8, 3, name="first")(x))
    net = keras.Model(x, layers.Dense(2, name="last")(layers.GlobalAveragePooling2D()(y)))
    with pytest.raises(ValueError, match="first cannot lose outputs: LayerNormalization in layer layer_normalization"):
        remove_channels(net, 0.5)
    with pytest.raises(ValueError, match="output 0 of last cannot be removed: they are the network's output"):
        remove_channels(net, {"last": [1]})

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match="sequential or functional"):
        remove_neurons(Own())


# -- which ones go -----------------------------------------------------------------------------------------------------


def chain(*sizes):
    layers = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


def test_l1_keeps_the_largest_filters():
    net, _ = made("go")
    sums = net.features[2].weight.detach().abs().sum((1, 2, 3))
    small = remove_channels(net, 0.5, torch.zeros(1, 9, 9, 9), layers="features.2")
    kept = sums.argsort(descending=True)[:4].sort().values
    assert torch.equal(small.features[2].weight, net.features[2].weight[kept])
    assert torch.equal(small.features[4].weight, net.features[4].weight[:, kept])


def test_activation_keeps_what_is_active():
    """A neuron that a negative bias silences goes first, though its weights are the largest."""
    torch.manual_seed(0)
    net = chain(4, 6, 3)
    with torch.no_grad():
        net[0].weight[2] *= 10
        net[0].bias[2] = -1000
    small = remove_neurons(net, 5 / 6, "activation", X=numbers(100, 4))
    assert torch.equal(small[0].weight, net[0].weight[[0, 1, 3, 4, 5]])
    assert remove_neurons(net, 5 / 6, "l1")[0].bias.min() == -1000


@pytest.mark.parametrize("make", [lambda: chain(5, 7, 4), lambda: made("go")[0]], ids=["dense", "convolutions"])
def test_data_criteria_by_hand(make):
    """Against the same sums, from hooks and autograd."""
    torch.manual_seed(0)
    net = copy.deepcopy(make())
    dense = isinstance(net, nn.Sequential)
    X = numbers(70, 5) if dense else numbers(70, 9, 9, 9)
    y = torch.arange(70) % 4
    reader, layer = (net[2], "0") if dense else (net.features[4], "features.2")
    read = []

    def look(_, inputs):
        inputs[0].retain_grad()
        read.append(inputs[0])

    hook = reader.register_forward_pre_hook(look)
    nn.functional.cross_entropy(net(X), y, reduction="sum").backward()
    hook.remove()
    x = read[0]
    places = (2, 3) if not dense else ()
    activation = x.detach().abs().mean((0, *places))
    product = x.detach() * x.grad
    taylor = (product.sum(places) if places else product).abs().sum(0)
    for criterion, scores in (("activation", activation), ("taylor", taylor)):
        n = len(scores) // 2
        small = remove_channels(net, n / len(scores), X[:1], criterion=criterion, layers=layer, X=X, y=y)
        kept = scores.argsort(descending=True)[:n].sort().values
        assert torch.equal(small.get_submodule(layer).weight, net.get_submodule(layer).weight[kept])
        assert net.get_submodule(layer).weight.grad is not None  # what was there before


def test_random_is_drawn_by_its_seed():
    net = chain(6, 40, 3)
    one, same, other = (remove_neurons(net, 0.5, "random", random_state=seed)[0].weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(("keep", "round_to", "left"), [(0.2, 1, 819), (0.2, 8, 816), (1.0, 8, 4096), (1e-9, 16, 16)])
def test_how_many_are_kept(keep, round_to, left):
    net = nn.Sequential(nn.Linear(9, 4096, device="meta"), nn.Linear(4096, 2, device="meta"))
    assert remove_neurons(net, keep, round_to=round_to)[0].out_features == left


def test_rounding_never_adds_channels():
    assert remove_neurons(chain(4, 6, 2), 0.5, round_to=8)[0].out_features == 6


def test_neurons_and_channels_leave_each_other_alone():
    net, x = made("spectrogram both")
    neurons, channels = remove_neurons(net, 0.25, example=x), remove_channels(net, 0.25, x)
    assert [m.weight.shape[0] for m in neurons.modules() if hasattr(m, "weight") and m.weight is not None] == [
        16, 32, 16, 10,
    ]  # fmt: skip
    assert [m.weight.shape[0] for m in channels.modules() if hasattr(m, "weight") and m.weight is not None] == [
        4, 8, 64, 10,
    ]  # fmt: skip


# -- steps, training, masks --------------------------------------------------------------------------------------------


def test_steps_end_where_one_step_does():
    net, x = made("small mobilenet")
    seen = []
    small = prune_in_steps(net, 0.3, lambda net: seen.append(size(net)) or net, steps=3, example=x, round_to=8)
    once = remove_channels(net, 0.3, x, round_to=8)
    assert [w.shape for w in small.parameters()] == [w.shape for w in once.parameters()]
    assert size(net) > seen[0] > seen[1] > seen[2] == size(once)


def test_fine_tuning_brings_the_accuracy_back():
    from mlcourse.datasets import load_digits28

    X, y, X_test, y_test = (torch.from_numpy(a) for a in load_digits28().split())
    X, X_test = X[:400, None], X_test[:200, None]
    y, y_test = y[:400], y_test[:200].numpy()
    net = pretrained_mobilenet()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    small = remove_channels(net, 0.75, X[:1], round_to=8)
    better = tuned(small, X, y, epochs=2, learning_rate=2e-3, batch_size=25, progress=False)
    accuracy = {n: (predict(m, X_test) == y_test).mean() for n, m in (("small", small), ("better", better))}
    assert accuracy["small"] < 0.5
    assert accuracy["better"] > 0.85
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert size(better) == size(small)


def test_masks_zero_the_smallest_and_keep_the_shapes():
    net, _ = made("go")
    masked = mask_weights(net, 0.25)
    for old, new in zip(net.modules(), masked.modules(), strict=True):
        if isinstance(old, nn.Conv2d):
            gone = new.weight == 0
            assert int((~gone).sum()) == round(0.25 * old.weight.numel())
            assert old.weight[gone].abs().max() <= old.weight[~gone].abs().min()
            assert torch.equal(old.weight[~gone], new.weight[~gone])
    assert size(masked) == size(net)
    one = mask_weights(net, 0.5, layers="head")
    assert torch.equal(one.features[0].weight, net.features[0].weight)
    keras_net, _ = keras_made("lecture")
    kernel = mask_weights(keras_net, 0.1).get_layer("dense").kernel.value.detach().numpy()
    assert (kernel != 0).sum() == round(0.1 * kernel.size)


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": 0}, "keep must be a share above 0 and at most 1"),
        ({"keep": 1.5}, "keep must be a share"),
        ({"keep": True}, "keep must be a share"),
        ({"keep": float("nan")}, "keep must be a share"),
        ({"criterion": "l2"}, "criterion must be one of l1, activation, taylor, random, not 'l2'"),
        ({"round_to": 0}, "round_to must be a whole number"),
        ({"criterion": "activation"}, "needs data: X="),
        ({"criterion": "taylor", "X": torch.zeros(3, 4)}, "y="),
        ({"criterion": "taylor", "X": torch.zeros(3, 4), "y": [0, 1]}, "one entry for each of the 3"),
        ({"layers": ["1"]}, "layers names '1', but what has outputs is 0, 2, 4"),
        ({"layers": ["4"]}, "4 cannot lose outputs: they are the network's output"),
        ({"keep": {"0": [0, 8]}}, "one or more different outputs from 0 to 7"),
        ({"keep": {"0": []}}, "one or more different outputs"),
        ({"keep": {"0": [1, 1]}}, "one or more different outputs"),
        ({"keep": {"0": [-1]}}, "one or more different outputs"),
        ({"keep": {"0": [True, False]}}, "whole numbers"),
        ({"keep": {"0": [0.5]}}, "whole numbers"),
        ({"keep": {"9": [0]}}, "keep names '9'"),
        ({"keep": {"4": [0]}}, "output 1 of 4 cannot be removed: they are the network's output"),
        ({"keep": {"0": [0]}, "layers": ["0"]}, "no meaning beside a plan"),
        ({"example": torch.zeros(1, 3)}, "net does not take the example"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        remove_neurons(chain(4, 8, 8, 2), **arguments)


def test_plans_as_arrays():
    net = chain(4, 8, 2)
    wanted = remove_neurons(net, {"0": [1, 5]})[0].weight
    for kept in (np.array([5, 1]), torch.tensor([1, 5]), {1, 5}, range(1, 6, 4)):
        assert torch.equal(remove_neurons(net, {"0": kept})[0].weight, wanted)


def test_other_errors():
    with pytest.raises(TypeError, match=r"net must be a torch\.nn\.Module or a keras\.Model, not list"):
        remove_neurons([1])
    net, x = made("go")
    with pytest.raises(ValueError, match="not a fully connected layer: remove_channels prunes it"):
        remove_neurons(net, layers=["features.0"], example=x)
    with pytest.raises(ValueError, match="no fully connected layer: remove_channels prunes it"):
        remove_neurons(net, {"features.0": [0]}, example=x)
    with pytest.raises(ValueError, match="example must be given"):
        remove_channels(SpectrogramCNN())
    with pytest.raises(ValueError, match="keep must be a share above 0 and at most 1, not 2"):
        prune_in_steps(net, 2, lambda net: net)
    with pytest.raises(TypeError, match="fine_tune must return"):
        prune_in_steps(net, 0.5, lambda net: None, example=x)
    with pytest.raises(ValueError, match="layers names 'nowhere'"):
        mask_weights(net, layers="nowhere")
