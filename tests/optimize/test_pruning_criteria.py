"""Pruning: which outputs go, how many, in how many steps, and what is refused."""

import itertools
import re

import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.models import GoPolicyCNN, SpectrogramCNN, predict, pretrained_mobilenet, small_mobilenet
from mlcourse.optimize import fine_tune, mask_weights, prune_in_steps, remove_channels, remove_neurons

BOARD = torch.zeros(1, 9, 9, 9)


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def size(net):
    return sum(weight.numel() for weight in net.parameters())


def board_net():
    torch.manual_seed(0)
    return GoPolicyCNN(channels=8, layers=3, size=9).eval()


# -- which ones go -----------------------------------------------------------------------------------------------------


def chain(*sizes):
    layers = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


def test_l1_keeps_the_largest_filters():
    net = board_net()
    sums = net.features[2].weight.detach().abs().sum((1, 2, 3))
    small = remove_channels(net, 0.5, BOARD, layers="features.2")
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


@pytest.mark.parametrize("make", [lambda: chain(5, 7, 4), board_net], ids=["dense", "convolutions"])
def test_data_criteria_by_hand(make):
    """Against the same sums, from hooks and autograd."""
    torch.manual_seed(0)
    net = make()
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
    net, x = SpectrogramCNN(filters_along="both"), numbers(1, 1, 40, 80)
    neurons, channels = remove_neurons(net, 0.25, example=x), remove_channels(net, 0.25, x)
    assert [m.weight.shape[0] for m in neurons.modules() if hasattr(m, "weight") and m.weight is not None] == [
        16, 32, 16, 10,
    ]  # fmt: skip
    assert [m.weight.shape[0] for m in channels.modules() if hasattr(m, "weight") and m.weight is not None] == [
        4, 8, 64, 10,
    ]  # fmt: skip


# -- steps, training, masks --------------------------------------------------------------------------------------------


def test_steps_end_where_one_step_does():
    net, x = small_mobilenet(), numbers(1, 1, 28, 28)
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
    better = fine_tune(small, X, y, epochs=2, learning_rate=2e-3, batch_size=25, progress=False)
    accuracy = {n: (predict(m, X_test) == y_test).mean() for n, m in (("small", small), ("better", better))}
    assert accuracy["small"] < 0.5
    assert accuracy["better"] > 0.85
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert size(better) == size(small)


def test_masks_zero_the_smallest_and_keep_the_shapes():
    net = board_net()
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
    net = board_net()
    with pytest.raises(ValueError, match="not a fully connected layer: remove_channels prunes it"):
        remove_neurons(net, layers=["features.0"], example=BOARD)
    with pytest.raises(ValueError, match="no fully connected layer: remove_channels prunes it"):
        remove_neurons(net, {"features.0": [0]}, example=BOARD)
    with pytest.raises(ValueError, match="example must be given"):
        remove_channels(SpectrogramCNN())
    with pytest.raises(ValueError, match="keep must be a share above 0 and at most 1, not 2"):
        prune_in_steps(net, 2, lambda net: net)
    with pytest.raises(TypeError, match="fine_tune must return"):
        prune_in_steps(net, 0.5, lambda net: None, example=BOARD)
    with pytest.raises(ValueError, match="layers names 'nowhere'"):
        mask_weights(net, layers="nowhere")
