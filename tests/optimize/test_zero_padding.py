"""Zero padding: exactly what zeroing the same channels gives, with nothing overwritten that somebody still reads."""

import copy
import io
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from mlcourse.models import MobileNetV2
from mlcourse.optimize import ZeroPaddedAdd, residual_streams, zero_pad

WIDTHS = {  # of the three streams' branches below
    "blocks.1.project.0": 8, "blocks.2.project.0": 8, "blocks.3.project.0": 16, "blocks.4.project.0": 16,
    "blocks.5.project.0": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def mobile():
    """Small, with normalisations that have seen something: their shift makes removed channels differ from zero."""
    torch.manual_seed(0)
    net = MobileNetV2(4, in_channels=1, stages=[(1, 12, 1, 1), (3, 8, 2, 2), (3, 16, 3, 1)], stem=8, head=16)
    return seasoned(net, torch.randn(16, 1, 16, 16))


def seasoned(net, x):
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -1, 1)
    with torch.no_grad():
        net.train()(x)
    return net.eval()


def zeroed(net, plan, last):
    """The reference: the whole network, whose branches' ends are set to 0 by hooks."""
    net = copy.deepcopy(net)
    for name, kept in plan.items():
        layer = net.get_submodule(last(name))
        gone = [i for i in range(net.get_submodule(name).out_channels) if i not in set(kept)]

        def zero(layer, inputs, output, gone=gone):
            output = output.clone()
            output[:, gone] = 0
            return output

        layer.register_forward_hook(zero)
    return net


def normalisation(name):
    return name.removesuffix("0") + "1"


def plans(nested):
    """Plans of hypothesis: any outputs of any branches, the first of each stream keeping at least one."""
    streams = [("blocks.1.project.0", "blocks.2.project.0"), tuple(f"blocks.{i}.project.0" for i in (3, 4, 5))]

    def stream(names):
        n = WIDTHS[names[0]]

        def cut(order, sizes):
            if nested:
                sets = [order[:size] for size in sizes]
            else:
                sets = [[(i * 5 + 3 * j) % n for i in order[:size]] for j, size in enumerate(sizes)]
            return dict(zip(names, sets, strict=True))

        sizes = st.tuples(st.integers(1, n), *[st.integers(0, n)] * (len(names) - 1))
        return st.builds(cut, st.permutations(range(n)), sizes)

    return st.builds(lambda a, b: a | b, *(stream(names) for names in streams))


class Around(nn.Module):
    """A residual network of the classic kind: activation after the addition, functions instead of modules."""

    def __init__(self, forward):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.normalise = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.third = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.last = nn.Conv2d(8, 5, 1)
        self.way = forward

    def forward(self, x):
        return self.way(self, x)


def classic(net, x):
    x = functional.relu(net.normalise(net.first(x)))
    x = functional.relu(x + net.second(x))
    return net.last(torch.relu(net.third(x) + x))


def assigned(net, x):
    x = net.normalise(net.first(x))
    x += net.second(x)
    return net.last(torch.add(x, net.third(x)))


def read_twice(net, x):
    """The stream is read by another convolution after the addition: the addition must not overwrite it."""
    x = net.normalise(net.first(x))
    y = x + net.second(x)
    return net.last(y + net.third(x))


def skipped_far(net, x):
    """The first map is added twice, once after its sum with another."""
    x = net.normalise(net.first(x))
    y = x + net.second(x)
    return net.last(x + net.third(y))


def overwritten_alias(net, x):
    """The activation overwrites its input, and both names are used."""
    x = net.normalise(net.first(x))
    r = functional.relu(x, inplace=True)
    return net.last(r + net.second(r) + net.third(r))


class TestExact:
    @settings(max_examples=40, deadline=None)
    @given(plan=plans(nested=True))
    def test_nested_sets(self, mobile, plan):
        x = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected = zeroed(mobile, plan, normalisation)(x)
            torch.testing.assert_close(zero_pad(mobile, plan)(x), expected, rtol=1e-5, atol=1e-5)

    @settings(max_examples=40, deadline=None)
    @given(plan=plans(nested=False))
    def test_any_sets(self, mobile, plan):
        x = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected = zeroed(mobile, plan, normalisation)(x)
            torch.testing.assert_close(zero_pad(mobile, plan)(x), expected, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("way", [classic, assigned, read_twice, skipped_far, overwritten_alias])
    @pytest.mark.parametrize("sizes", [(8, 3, 5), (2, 8, 4), (4, 4, 8), (3, 0, 6), (6, 2, 0), (3, 5, 1)])
    def test_other_residual_networks(self, way, sizes):
        torch.manual_seed(2)
        net = seasoned(Around(way), torch.randn(8, 3, 9, 9))
        plan = dict(zip(("first", "second", "third"), (range(n) for n in sizes), strict=True))
        narrow = zero_pad(net, plan)
        last = {"first": "normalise", "second": "second", "third": "third"}
        for x in torch.randn(2, 4, 3, 9, 9):
            with torch.no_grad():
                expected = zeroed(net, plan, last.get)(x)
                torch.testing.assert_close(narrow(x), expected, rtol=1e-5, atol=1e-5)
                torch.testing.assert_close(narrow(x), expected, rtol=1e-5, atol=1e-5)  # and once more

    def test_gradients(self, mobile):
        """Where gradients are wanted nothing is overwritten, and they are those of the zeroed network."""
        plan = {"blocks.2.project.0": range(3), "blocks.4.project.0": range(5), "blocks.5.project.0": range(9)}
        narrow, whole = zero_pad(mobile, plan), zeroed(mobile, plan, normalisation)
        x = torch.randn(3, 1, 16, 16)
        for net in (narrow, whole):
            net(x).square().sum().backward()
        torch.testing.assert_close(narrow.stem.get_submodule("0").weight.grad, whole.stem[0].weight.grad)
        name = "blocks.4.project.0"
        found, expected = narrow.get_submodule(name).weight.grad, whole.get_submodule(name).weight.grad
        torch.testing.assert_close(found, expected[:5], rtol=1e-4, atol=1e-5)


class TestSmaller:
    def test_what_is_removed_is_gone(self, mobile):
        plan = {"blocks.3.project.0": range(4), "blocks.4.project.0": range(4), "blocks.5.project.0": range(12)}
        net = zero_pad(mobile, plan)
        assert net.get_submodule("blocks.3.project.0").out_channels == 4
        assert net.get_submodule("blocks.3.project.1").num_features == 4
        # Zeros that nobody has written yet are not read either.
        assert net.get_submodule("blocks.4.expand.0").in_channels == 4
        assert net.get_submodule("blocks.5.expand.0").in_channels == 4
        assert net.get_submodule("head.0").in_channels == 12

    def test_a_branch_of_nothing_falls_away(self, mobile):
        net = zero_pad(mobile, {"blocks.4.project.0": []})
        assert not any(name.startswith("blocks.4") for name, _ in net.named_parameters())

    def test_adds_in_place_without_gradients(self, mobile):
        net = zero_pad(mobile, {"blocks.5.project.0": range(4)})
        additions = [m for m in net.modules() if isinstance(m, ZeroPaddedAdd)]
        assert [m.in_place for m in additions] == [True]
        wide, narrow = torch.ones(1, 4, 2, 2), torch.ones(1, 2, 2, 2)
        with torch.no_grad():
            assert additions[0](wide, narrow) is wide
            assert wide[0, :, 0, 0].tolist() == [2, 2, 1, 1]
            assert narrow.eq(1).all()

    def test_does_not_overwrite_what_is_read_later(self):
        net = Around(skipped_far).eval()
        narrow = zero_pad(net, {"second": range(2)})
        assert [m.in_place for m in narrow.modules() if isinstance(m, ZeroPaddedAdd)] == [False]

    def test_exports_to_onnx(self, mobile):
        onnxruntime = pytest.importorskip("onnxruntime")
        plan = {"blocks.2.project.0": range(3), "blocks.4.project.0": [], "blocks.5.project.0": range(9)}
        net, x = zero_pad(mobile, plan), torch.randn(2, 1, 16, 16)
        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (x,), file, dynamo=False)
        session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        with torch.no_grad():
            torch.testing.assert_close(torch.from_numpy(found), net(x), rtol=1e-4, atol=1e-4)


class TestArgument:
    def test_untouched(self, mobile):
        before = copy.deepcopy(mobile.state_dict())
        modes = [m.training for m in mobile.modules()]
        narrow = zero_pad(mobile, {"blocks.2.project.0": range(3)})
        with torch.no_grad():
            for weight in narrow.parameters():
                weight.zero_()
        assert all(torch.equal(value, before[key]) for key, value in mobile.state_dict().items())
        assert [m.training for m in mobile.modules()] == modes
        assert type(mobile) is MobileNetV2
        assert not any(m._forward_hooks for m in mobile.modules())

    def test_keeps_the_modes(self, mobile):
        assert not zero_pad(mobile, {"blocks.2.project.0": range(3)}).training
        net = copy.deepcopy(mobile).train()
        net.stem.eval()  # frozen statistics
        narrow = zero_pad(net, {"blocks.2.project.0": range(3)})
        assert narrow.training
        assert not narrow.get_submodule("stem.1").training
        assert narrow.get_submodule("blocks.2.project.1").training

    @pytest.mark.parametrize(
        ("plan", "says"),
        [
            ({"blocks.2.expand.0": [0]}, "it is no such layer. Layers to name: blocks.1.project.0"),
            ({"blocks.2.project.0": [0, 0]}, "different outputs from 0 to 7"),
            ({"blocks.2.project.0": [8]}, "different outputs from 0 to 7"),
            ({"blocks.2.project.0": [0.5]}, "different outputs from 0 to 7"),
            ({"blocks.1.project.0": []}, "nothing of a stream where it is read"),
        ],
    )
    def test_wrong_plans(self, mobile, plan, says):
        with pytest.raises(ValueError, match=says):
            zero_pad(mobile, plan)

    def test_plan_must_be_a_dict(self, mobile):
        with pytest.raises(TypeError, match="plan must be a dict"):
            zero_pad(mobile, [("blocks.2.project.0", [0])])

    def test_network_that_cannot_be_followed(self):
        def looks(net, x):
            return classic(net, x) if x.sum() > 0 else x

        with pytest.raises(ValueError, match=r"torch\.fx cannot follow Around\.forward"):
            residual_streams(Around(looks))

    def test_no_network(self):
        with pytest.raises(TypeError, match="net must be a torch"):
            residual_streams(lambda x: x)


class TestStreams:
    def test_of_the_full_size_network(self):
        streams = residual_streams(MobileNetV2())
        assert [(stream.channels, len(stream.branches)) for stream in streams] == [
            (24, 2), (32, 3), (64, 4), (96, 3), (160, 3),
        ]  # fmt: skip

    def test_readers_that_need_all_channels_close_a_stream(self):
        def pooled(net, x):
            x = net.first(x)
            return (x + net.second(x)).mean(dim=(2, 3))

        assert residual_streams(Around(pooled)) == []
        with pytest.raises(ValueError, match="mean reads all of its channels"):
            zero_pad(Around(pooled), {"second": [0]})

    def test_added_input_closes_a_stream(self):
        def from_outside(net, x):
            return net.last(x + net.second(x))

        with pytest.raises(ValueError, match="x is added, which is no convolution's output"):
            zero_pad(Around(from_outside), {"second": [0]})

    def test_layer_used_twice_closes_a_stream(self):
        def twice(net, x):
            x = net.first(x)
            return net.last(net.second(net.second(x) + x) + x)

        with pytest.raises(ValueError, match="second is used twice"):
            zero_pad(Around(twice), {"second": [0]})
