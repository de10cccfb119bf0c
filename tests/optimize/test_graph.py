"""The dependency graph: networks of every shape, and what is said of those that cannot be followed.

Where a removed channel has to be zero in the whole network, these networks have an ``nn.Identity``, and the tests zero
what it hands on.
"""

import copy
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from mlcourse.models import ActivityCNN
from mlcourse.optimize import prunable_layers, remove_channels, remove_neurons


class Net(nn.Module):
    """Layers by name, and ``forward`` as a function of them."""

    def __init__(self, run, **layers):
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.run(self, x)


def conv(before, after, kernel=3, **options):
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, **options)


def mark():
    return nn.Identity()


def residual():
    def run(n, x):
        a = n.mark(F.relu(n.norm(n.stem(x))))
        b = n.mark(a + n.two(F.relu(n.hidden(n.one(a)))))
        c = b.clone()
        c += n.short(a)
        return n.last(n.mark(c).mean((2, 3)))

    return Net(
        run, stem=conv(3, 8), norm=nn.BatchNorm2d(8), one=conv(8, 6), hidden=mark(), two=conv(6, 8),
        short=conv(8, 8, 1), mark=mark(), last=nn.Linear(8, 4),
    )  # fmt: skip


def dense_block():
    def run(n, x):
        a = n.mark_a(n.one(x))
        b = n.mark_b(n.two(a))
        both = n.both(n.norm(torch.cat([a, b, x], dim=1)))
        return n.last(F.adaptive_avg_pool2d(n.after(n.three(both)), 1).flatten(1))

    return Net(
        run, one=conv(3, 5), two=conv(5, 4), norm=nn.BatchNorm2d(12), three=conv(12, 6), both=mark(), after=mark(),
        mark_a=mark(), mark_b=mark(), last=nn.Linear(6, 4),
    )  # fmt: skip


def squeeze_and_excite():
    def run(n, x):
        maps = n.maps(F.silu(n.one(x)))
        scale = torch.sigmoid(n.up(n.hidden(F.relu(n.down(maps.mean((2, 3), keepdim=True))))))
        return n.last(n.maps(maps * scale).amax((2, 3)))

    return Net(
        run, one=conv(3, 8), down=conv(8, 4, 1), hidden=mark(), up=conv(4, 8, 1), maps=mark(), last=nn.Linear(8, 4)
    )


def multiplied():
    def run(n, x):
        a = n.a(n.one(x))
        b = n.depthwise(a).view(len(x), -1, 2, 8, 8)  # two maps of each of the channels
        b = n.b(b.transpose(1, 2)).transpose(1, 2).flatten(1, 2)
        return n.last(F.max_pool2d(F.hardswish(b), 2).flatten(1))

    depthwise = nn.Conv2d(6, 12, 3, padding=1, groups=6)
    return Net(run, one=conv(3, 6), a=mark(), depthwise=depthwise, b=Channel(2), last=nn.Linear(12 * 16, 4))


class Channel(nn.Identity):
    """Marks a tensor whose channels lie along another axis."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis


def upsampled():
    def run(n, x):
        maps = n.a(F.leaky_relu(n.one(x)))
        maps = F.interpolate(n.b(n.norm(n.up(maps))), scale_factor=0.5)
        return n.last(F.pad(maps, (1, 1, 1, 1), mode="reflect")[:, :, 2:]).sum((2, 3))

    return Net(
        run, one=conv(3, 6, 3, stride=2), a=mark(), up=nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1),
        norm=nn.InstanceNorm2d(5, affine=True), b=mark(), last=conv(5, 4, 1),
    )  # fmt: skip


def scaled():
    def run(n, x):
        maps = n.mark(n.slope(n.one(x)) * n.gamma + n.beta[:, None, None])
        return n.last(n.dropout(maps).permute(0, 2, 3, 1)).mean((1, 2))

    return Net(
        run, one=conv(3, 6), slope=nn.PReLU(6), gamma=nn.Parameter(torch.rand(6, 1, 1)),
        beta=nn.Parameter(torch.rand(6)), mark=mark(), dropout=nn.Dropout2d(), last=nn.Linear(6, 4),
    )  # fmt: skip


def functional():
    def run(n, x):
        x = n.a(F.relu(F.conv2d(x, n.one.weight, bias=n.one.bias, stride=2)))
        x = n.b(torch.tanh(F.linear(x.reshape(x.shape[0], -1), n.two.weight, n.two.bias)))
        return F.linear(bias=n.last.bias, weight=n.last.weight, input=x)

    layers = {"one": conv(3, 6), "two": nn.Linear(6 * 9, 7), "last": nn.Linear(7, 4)}
    return Net(run, **layers, a=mark(), b=mark())


def used_twice():
    def run(n, x):
        a = n.a(n.stem(x))
        for _ in range(2):
            a = n.a(F.relu(n.norm(n.again(a))))
        return n.last(a.mean((2, 3)))

    return Net(run, stem=conv(3, 6), again=conv(6, 6), norm=nn.BatchNorm2d(6), a=mark(), last=nn.Linear(6, 4))


def halves():
    def run(n, x):
        one, two = n.one(x).chunk(2, dim=1)
        return n.last(n.mark(one * torch.sigmoid(two)).mean((2, 3)))

    return Net(run, one=conv(3, 12), mark=mark(), last=nn.Linear(6, 4))


def attention_over_places():
    def run(n, x):
        maps = n.mark(n.one(x))
        return n.last(n.mark((maps * torch.sigmoid(n.weight(maps))).flatten(2).softmax(2).max(2).values))

    return Net(run, one=conv(3, 6), weight=conv(6, 1), mark=mark(), last=nn.Linear(6, 4))


def sentences():
    def run(n, x):
        vectors = n.mark(n.embedding(x[:, 0, 0].abs().long()) + n.places[: x.shape[3]])
        return n.last(n.b(torch.relu(n.one(vectors.transpose(1, 2)))).amax(2))

    return Net(
        run, embedding=nn.Embedding(10, 6), places=nn.Parameter(torch.rand(8, 6)), mark=Channel(2), b=mark(),
        one=nn.Conv1d(6, 5, 3), last=nn.Linear(5, 4),
    )  # fmt: skip


# {layers that lose outputs together: marks that are zeroed, with the place of the first output if that is not 0}
ZOO = {
    residual: {("stem", "two", "short"): ["mark"], ("one",): ["hidden"]},
    dense_block: {("one",): ["mark_a", ("both", 0)], ("two",): ["mark_b", ("both", 5)], ("three",): ["after"]},
    squeeze_and_excite: {("one", "up"): ["maps"], ("down",): ["hidden"]},
    multiplied: {("one",): ["a", "b"]},
    upsampled: {("one",): ["a"], ("up",): ["b"]},
    scaled: {("one",): ["mark"]},
    functional: {("one",): ["a"], ("two",): ["b"]},
    used_twice: {("stem", "again"): ["a"]},
    attention_over_places: {("one",): ["mark"]},
    sentences: {("embedding",): ["mark"], ("one",): ["b"]},
}
X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def lively(make):
    torch.manual_seed(0)
    net = make().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                if tensor is not None:
                    nn.init.uniform_(tensor, 0.5, 1.5)
    return net


def width(net, name):
    layer = net.get_submodule(name)
    return layer.weight.shape[1 if isinstance(layer, nn.Embedding | nn.ConvTranspose2d) else 0]


def zeroed(net, zeros):
    net = copy.deepcopy(net)
    for name, gone in zeros.items():

        def zero(module, _, output, gone=tuple(gone)):
            return output.index_fill(getattr(module, "axis", 1), torch.tensor(gone, dtype=torch.long), 0.0)

        net.get_submodule(name).register_forward_hook(zero)
    with torch.no_grad():
        return net(X)


@pytest.mark.parametrize("make", ZOO, ids=lambda make: make.__name__)
def test_agrees_with_zeroed_channels(make):
    net, units = lively(make), ZOO[make]
    sizes = {layers: width(net, layers[0]) for layers in units}
    some = st.fixed_dictionaries(
        {}, optional={layers: st.sets(st.integers(0, n - 1), min_size=1) for layers, n in sizes.items()}
    )

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(some, st.integers(0, 2))
    def check(plan, which):
        small = remove_channels(net, {layers[which % len(layers)]: kept for layers, kept in plan.items()}, X)
        zeros = {}
        for layers, kept in plan.items():
            for mark in units[layers]:
                name, first = mark if isinstance(mark, tuple) else (mark, 0)
                gone = {first + i for i in range(sizes[layers]) if i not in kept}
                zeros[name] = zeros.get(name, set()) | gone
        with torch.no_grad():
            got = small(X)
        assert (got - zeroed(net, zeros)).abs().max() < 1e-5
        for layers, kept in plan.items():
            assert {width(small, layer) for layer in layers} == {len(kept)}

    check()


# Not the dense block: with the network's input among what is concatenated, torch-pruning counts the places wrongly.
@pytest.mark.parametrize("make", [residual, squeeze_and_excite, upsampled], ids=lambda make: make.__name__)
def test_torch_pruning_removes_as_much(make):
    import torch_pruning as tp

    net = lively(make)
    plan = {layers[0]: range(1, width(net, layers[0]), 2) for layers in ZOO[make]}
    theirs = copy.deepcopy(net)
    graph = tp.DependencyGraph().build_dependency(theirs, example_inputs=X)
    for layer, kept in plan.items():
        gone = sorted(set(range(width(theirs, layer))) - set(kept))
        graph.get_pruning_group(theirs.get_submodule(layer), tp.prune_conv_out_channels, idxs=gone).prune()
    ours = remove_channels(net, plan, X)
    assert [w.shape for w in ours.parameters()] == [w.shape for w in theirs.parameters()]
    with torch.no_grad():
        assert (ours(X) - theirs(X)).abs().max() < 1e-5


def test_gated_halves_lose_pairs():
    net = lively(halves)
    small = remove_channels(net, {"one": [0, 2, 5, 6, 8, 11]}, X)
    with torch.no_grad():
        assert (small(X) - zeroed(net, {"mark": [1, 3, 4]})).abs().max() < 1e-5
    with pytest.raises(ValueError, match="are to stay, but are added to"):
        remove_channels(net, {"one": [0, 2, 5]}, X)
    assert remove_channels(net, 0.5, X).one.out_channels == 6


# -- convolutions in groups --------------------------------------------------------------------------------------------


def grouped():
    def run(n, x):
        return n.last(n.b(F.relu(n.two(n.a(F.relu(n.one(x)))))).flatten(1))

    return Net(run, one=conv(3, 12), a=mark(), two=conv(12, 18, groups=3), b=mark(), last=nn.Linear(18 * 64, 4))


@pytest.mark.parametrize(
    ("one", "two", "groups"),
    [
        ([0, 2, 5, 6, 8, 11], range(18), 3),
        ([3, 4, 9], range(0, 18, 3), 3),
        (range(12), [0, 7, 17], 3),
        ([0, 1, 2, 3, 8, 9, 10, 11], [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17], 2),  # the middle group goes
        ([5, 7], [6, 11], 1),
        ([0, 4, 8], [1, 7, 13], 3),  # one channel in each is still no depthwise convolution of another kind
    ],
)
def test_groups(one, two, groups):
    net = lively(grouped)
    small = remove_channels(net, {"one": one, "two": two}, X)
    with torch.no_grad():
        got = small(X)
    assert (got - zeroed(net, {"a": set(range(12)) - set(one), "b": set(range(18)) - set(two)})).abs().max() < 1e-5
    assert small.two.groups == groups
    assert small.two.weight.shape[:2] == (len(two), len(one) // groups)


def test_groups_stay_equal():
    net = lively(grouped)
    for plan in ({"one": range(11)}, {"two": range(17)}, {"one": range(8)}):
        with pytest.raises(ValueError, match=r"two\.weight is of a convolution in 3 groups, of which each must keep"):
            remove_channels(net, plan, X)
    small = remove_channels(net, 0.5, X)
    assert (small.one.out_channels, small.two.out_channels, small.two.groups) == (6, 9, 3)
    small(X)


def test_shuffled_groups():
    """Channels of ShuffleNet: the same place of each group goes together."""

    def run(n, x):
        x = n.one(x)
        return n.last(n.two(F.channel_shuffle(x, 2)).mean((2, 3)))

    net = Net(run, one=conv(4, 8, groups=2), two=conv(8, 8, groups=2), last=nn.Linear(8, 3)).eval()
    x = torch.randn(2, 4, 8, 8)
    plan = {"one": [0, 2, 4, 6]}  # as many in each group behind the shuffle, too
    wanted = Net(run, **{name: copy.deepcopy(m) for name, m in net.named_children()})
    with torch.no_grad():
        for weight in (wanted.one.weight, wanted.one.bias):
            weight[[1, 3, 5, 7]] = 0
        assert (remove_channels(net, plan, x)(x) - wanted(x)).abs().max() < 1e-5


# -- what cannot be followed -------------------------------------------------------------------------------------------


def sequence(*middle):
    return nn.Sequential(conv(3, 8), *middle, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)).eval()


class Fixed(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.GroupNorm(2, 8), "0 cannot lose outputs: group_norm in layer 1 is not known to keep channels apart"),
        (nn.LayerNorm((8, 8, 8)), "layer_norm in layer 1"),
        (nn.LocalResponseNorm(3), "in layer 1"),
        (nn.Softmax(dim=1), "softmax in layer 1 goes across the channels"),
        (Fixed(lambda x: x.cumsum(1)), "cumsum in layer 1 goes across the channels"),
        (Fixed(lambda x: x.sort(dim=1).values), "sort in layer 1 goes across the channels"),
        (Fixed(lambda x: torch.einsum("nchw,ndhw->nchw", x, x)), "einsum in layer 1"),
        (Fixed(lambda x: x @ x), "matmul in layer 1"),
        (Fixed(lambda x: torch.fft.fft(x).real), "fft_fft in layer 1"),
        (Fixed(lambda x: x + torch.arange(8.0)[:, None, None]), "add in layer 1 brings them together with a tensor"),
        (Fixed(lambda x: F.pad(x, (0, 0, 0, 0, 1, 1))[:, 1:-1]), "pad in layer 1 adds channels of its own"),
        (Fixed(lambda x: x if x.mean() > 99 else x * 2), "mean in layer 1 goes across the channels"),
        (Fixed(lambda x: x * x.max().item()), "max in layer 1 goes across the channels"),
    ],
)
def test_unknown_operations_are_named(layer, message):
    net = sequence(layer)
    with pytest.raises(ValueError, match=re.escape(message)):
        remove_channels(net, 0.5, X)
    with pytest.raises(ValueError, match="output 0 of 0 cannot be removed"):
        remove_channels(net, {"0": [1]}, X)
    assert prunable_layers(net, X) == {}


@pytest.mark.parametrize(
    "layer",
    [
        Fixed(lambda x: torch.cat([x[:, 4:], x[:, :4]], dim=1)),
        Fixed(lambda x: x.view(len(x), 2, 4, 8, 8).flatten(1, 2)),
        Fixed(lambda x: x.reshape(len(x), 8, 8, 8)),
        Fixed(lambda x: x[:, [7, 6, 5, 4, 3, 2, 1, 0]]),
    ],
)
def test_fixed_sizes_and_positions_are_noticed(layer):
    """Code that counts on eight channels either breaks or picks others: in both cases it is said."""
    with pytest.raises(ValueError, match="does not work with fewer channels there"):
        remove_channels(sequence(layer), {"0": [0, 1, 2, 5, 6]}, X)


def test_copies_that_run_the_original_are_noticed():
    net = sequence(nn.ReLU())
    net.forward = lambda x, forward=net.forward: forward(x)  # goes on with the layers of this network when copied
    with pytest.raises(ValueError, match=r"does not work with fewer channels there \(.* is not used any more\)"):
        remove_channels(net, 0.5, X)


def test_positions_that_happen_to_fit():
    net = sequence(Fixed(lambda x: x.flip(1)))
    with torch.no_grad():
        wanted = copy.deepcopy(net)
        wanted[0].weight[3] = wanted[0].bias[3] = 0
        small = remove_channels(net, {"0": [0, 1, 2, 4, 5, 6, 7]}, X)
        assert (small(X) - wanted(X)).abs().max() < 1e-6


def test_an_unknown_layer_in_the_midst_leaves_the_others():
    net = nn.Sequential(conv(3, 8), nn.GroupNorm(2, 8), conv(8, 6), nn.ReLU(), nn.Flatten(), nn.Linear(384, 4)).eval()
    assert prunable_layers(net, X) == {"2": 6}
    assert remove_channels(net, 0.5, X, layers=["2"])[2].out_channels == 3


def test_last_layers_that_are_unknown_are_layers():
    """What reads the channels last, with weights of its own, is no part of the network's answer."""
    from torch.nn.utils.parametrizations import weight_norm

    for last in (nn.GRU(6, 2), nn.LayerNorm(6), weight_norm(nn.Linear(6, 2))):
        net = nn.Sequential(nn.Linear(5, 6), last)
        with pytest.raises(ValueError, match=r"0 cannot lose outputs: (gru|layer_norm|linear) in layer 1"):
            remove_neurons(net, example=torch.zeros(2, 5))


def test_attention_is_named():
    layers = {"one": nn.Linear(5, 6), "attention": nn.MultiheadAttention(6, 2), "last": nn.Linear(6, 2)}
    net = Net(lambda n, x: n.last(n.attention(*[n.one(x)] * 3)[0]), **layers)
    with pytest.raises(ValueError, match="one cannot lose outputs: multi_head_attention_forward in layer attention"):
        remove_neurons(net, example=torch.zeros(2, 3, 5))


def test_recurrent_layers_are_named():
    net = Net(
        lambda n, x: n.last(n.cell(n.one(x))[0][:, -1]), one=nn.Linear(5, 6), cell=nn.LSTM(6, 7), last=nn.Linear(7, 2)
    )
    with pytest.raises(ValueError, match="one cannot lose outputs: lstm in layer cell"):
        remove_neurons(net, example=torch.zeros(2, 3, 5))


def test_computed_weights_are_named():
    from torch.nn.utils import prune

    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    prune.l1_unstructured(net[2], "weight", amount=0.5)
    with pytest.raises(ValueError, match="linear in layer 2 computes its weights"):
        remove_neurons(net)
    prune.remove(net[2], "weight")
    assert remove_neurons(net, 0.5)[2].weight.shape == (4, 4)


def test_input_meets_channels():
    """x + f(x): the outputs of f are as fixed as the input."""
    net = Net(
        lambda n, x: n.last((x + n.two(n.one(x))).flatten(1)), one=conv(3, 8), two=conv(8, 3), last=nn.Linear(192, 2)
    )
    assert prunable_layers(net, X) == {"one": 8}
    with pytest.raises(ValueError, match="output 0 of two cannot be removed: add in the network's forward brings"):
        remove_channels(net, {"two": [1, 2]}, X)


def test_several_inputs_and_outputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right, self.both, self.other = (nn.Linear(*s) for s in ((3, 6), (4, 6), (6, 2), (6, 5)))

        def forward(self, a, b):
            a = self.left(a)
            return {"both": self.both(torch.relu(a + self.right(b))), "other": [self.other(a)]}

    net, example = Two(), (torch.zeros(2, 3), torch.zeros(2, 4))
    assert prunable_layers(net, example) == {"left": 6}
    small = remove_neurons(net, 0.5, example=example)
    assert [m.weight.shape for m in small.children()] == [(3, 3), (3, 4), (2, 3), (5, 3)]


def test_shared_weights_stay_shared():
    layers = {"embedding": nn.Embedding(9, 6), "middle": nn.Linear(6, 6), "decoder": nn.Linear(6, 9)}
    net = Net(lambda n, x: n.decoder(n.middle(n.embedding(x)[:, 0])), **layers)
    net.decoder.weight = net.embedding.weight
    words = torch.zeros(1, 3, dtype=torch.long)
    small = remove_channels(net, {"embedding": [0, 1, 4]}, words)
    assert small.decoder.weight is small.embedding.weight
    assert small.middle.weight.shape == (3, 3)
    assert small(words).shape == (1, 9)


def test_meta_device():
    """Networks too large for the memory can be planned."""
    with torch.device("meta"):
        net = ActivityCNN()
    for example in (torch.zeros(1, 6, 64), torch.zeros(1, 6, 64, device="meta")):
        small = remove_channels(net, 0.25, example)
        assert small.features[4].weight.shape == (16, 8, 7)
        assert small.features[4].weight.is_meta


def test_example_found_by_trying():
    assert remove_neurons(nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Linear(8, 2)), 0.5)[1].out_features == 4
    assert remove_channels(nn.Sequential(conv(3, 8), conv(8, 4)), 0.5)[0].out_channels == 4


def test_two_prunings_in_a_row():
    net = lively(residual)
    once = remove_channels(net, {"stem": [0, 3, 5], "one": [1]}, X)
    steps = remove_channels(remove_channels(net, {"two": [0, 1, 3, 5]}, X), {"short": [0, 2, 3], "one": [1]}, X)
    with torch.no_grad():
        assert torch.equal(once(X), steps(X))
