"""Automatic pruning: the floor holds whatever evaluate does, budgets are reached or said to be out of reach."""

import contextlib
import copy
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mlcourse.models import MobileNetV2, pretrained_mobilenet
from mlcourse.optimize import (
    BudgetNotReachedError,
    TrainingCost,
    autoprune,
    pruning_table,
    sensitivity,
    width_multiplier,
)
from mlcourse.optimize.layer_cost import LayerCost
from mlcourse.optimize.narrowing import estimate_statistics

QUIET = {"unit": "macs", "progress": False}
EXAMPLE = torch.zeros(1, 6)


@pytest.fixture(scope="module")
def chain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 40), nn.ReLU(), nn.Linear(40, 3)).eval()


@pytest.fixture(scope="module")
def mobile():
    torch.manual_seed(0)
    stages = [(1, 16, 1, 1), (2, 16, 3, 2)]
    return MobileNetV2(3, in_channels=1, stages=stages, stem=24, head=32, stem_stride=2).eval()


def widths(net):
    return [m.out_features for m in net if isinstance(m, nn.Linear)]


def macs(net):
    return sum(m.in_features * m.out_features for m in net if isinstance(m, nn.Linear))


def by_width(weights):
    """Make an accuracy that falls with the outputs that each layer has lost, so much for each."""

    def evaluate(net):
        net(EXAMPLE)
        first, second, _ = widths(net)
        return max(0.0, 1 - weights[0] * (32 - first) - weights[1] * (40 - second))

    return evaluate


def frozen(net):
    return copy.deepcopy(net.state_dict()), [m.training for m in net.modules()]


def same(net, before):
    state, modes = before
    return (
        all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
        and [m.training for m in net.modules()] == modes
        and not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
        and all(weight.grad is None for weight in net.parameters())
    )


class TestSensitivity:
    def test_what_is_measured(self, chain):
        table = sensitivity(chain, by_width((0.01, 0.001)), ratios=(0.25, 0.5), **QUIET)
        assert table["layer"].tolist() == ["0", "0", "2", "2"]
        assert table["kept"].tolist() == [24, 16, 32, 24]  # 30 and 20 of 40, to multiples of 8
        np.testing.assert_allclose(table["lost"], [0.08, 0.16, 0.008, 0.016])
        whole = macs(chain)
        saved = [8 * (6 + 40), 16 * (6 + 40), 8 * (32 + 3), 16 * (32 + 3)]
        np.testing.assert_allclose(table["saved"], np.array(saved) / whole)
        np.testing.assert_allclose(table["lost per saved"], table["lost"] / table["saved"])
        assert table.attrs == {"accuracy": 1.0, "cost": whole, "unit": "macs"}

    def test_each_layer_alone(self, chain):
        seen = []

        def evaluate(net):
            net(EXAMPLE)
            seen.append(widths(net)[:2])
            return 1.0

        sensitivity(chain, evaluate, **QUIET)
        assert all(first == 32 or second == 40 for first, second in seen)

    def test_goes_on_where_it_was_interrupted(self, chain, tmp_path):
        file, calls = tmp_path / "deep" / "table.json", []
        honest = by_width((0.01, 0.001))

        def interrupted(net):
            if len(calls) == 4:
                raise KeyboardInterrupt
            calls.append(1)
            return honest(net)

        with pytest.raises(KeyboardInterrupt):
            sensitivity(chain, interrupted, file=file, **QUIET)
        assert len(json.loads(file.read_text())["measurements"]) == 3
        assert [path.name for path in file.parent.iterdir()] == ["table.json"]

        again = []
        table = sensitivity(chain, lambda net: again.append(1) or honest(net), file=file, **QUIET)
        assert len(again) == 1 + 3  # the whole network, and what was missing
        expected = sensitivity(chain, honest, **QUIET)
        np.testing.assert_allclose(table[["accuracy", "saved"]], expected[["accuracy", "saved"]])

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda net, settings: nn.init.ones_(net[0].bias), "measured with network"),
            (lambda net, settings: settings.update(round_to=4), "round_to 8 instead of 4"),
            (lambda net, settings: settings.update(images=torch.ones(3, 6)), "images"),
        ],
    )
    def test_never_mixes_measurements(self, chain, tmp_path, change, says):
        file, net, options = tmp_path / "table.json", copy.deepcopy(chain), dict(QUIET)
        sensitivity(net, by_width((0.01, 0.001)), file=file, **options)
        with torch.no_grad():
            change(net, options)
        with pytest.raises(ValueError, match=says):
            sensitivity(net, by_width((0.01, 0.001)), file=file, **options)

    def test_never_mixes_evaluations(self, chain, tmp_path):
        sensitivity(chain, lambda net: 0.9 + 0 * len(net(EXAMPLE)), file=tmp_path / "t.json", **QUIET)
        with pytest.raises(ValueError, match=r"accuracy 0\.9 instead of 0\.8"):
            sensitivity(chain, lambda net: 0.8 + 0 * len(net(EXAMPLE)), file=tmp_path / "t.json", **QUIET)

    def test_damaged_file(self, chain, tmp_path):
        for content in ("", "[1, 2]", '{"settings": {}}'):
            (tmp_path / "t.json").write_text(content)
            with pytest.raises(ValueError, match="holds no measurements"):
                sensitivity(chain, by_width((0, 0)), file=tmp_path / "t.json", **QUIET)

    def test_branches_with_zero_padding(self, mobile):
        evaluate = lambda net: 1.0 + 0 * len(net(torch.zeros(1, 1, 16, 16)))  # noqa: E731
        plain = sensitivity(mobile, evaluate, ratios=0.5, **QUIET)
        padded = sensitivity(mobile, evaluate, ratios=0.5, zero_padding=True, **QUIET)
        branches = {f"blocks.{i}.project.0" for i in (1, 2, 3)}
        # Without zeros they only go together, under the first one's name.
        assert branches & set(plain["layer"]) == {"blocks.1.project.0"}
        assert branches <= set(padded["layer"])
        assert (padded["saved"] > 0).all()


class TestAutoprune:
    def test_reaches_the_budget(self, chain):
        record = []
        net = autoprune(chain, by_width((0.01, 0.0001)), budget=0.6, floor=0.9, record=record, **QUIET)
        assert macs(net) <= 0.6 * macs(chain)
        assert all(width % 8 == 0 for width in widths(net)[:2])
        assert record[-1]["cost"] == pytest.approx(macs(net) / macs(chain))
        # A hundred times more is lost in the first layer, for a little more than is saved in the second.
        assert widths(net)[0] == 32

    def test_prefers_what_loses_least_for_what_it_saves(self, chain):
        """Outputs of the second layer cost a third less accuracy, but save a third of the work: the first one goes."""
        record = []
        autoprune(chain, by_width((0.003, 0.002 * 46 / 35 * 1.2)), budget=0.8, floor=0.0, record=record, **QUIET)
        assert record[0]["layer"] == "0"

    def test_measures_again_as_it_goes(self, chain):
        """Each layer is safe alone; together they are not."""

        def evaluate(net):
            net(EXAMPLE)
            first, second, _ = widths(net)
            return 1.0 if first == 32 or second == 40 else 0.2

        with pytest.raises(BudgetNotReachedError) as caught:
            autoprune(chain, evaluate, budget=0.1, floor=0.9, **QUIET)
        assert caught.value.accuracy == 1.0
        assert evaluate(caught.value.net) == 1.0
        assert sorted(np.array(widths(caught.value.net)[:2]) / (32, 40))[1] == 1

    def test_says_what_was_reached(self, chain):
        with pytest.raises(BudgetNotReachedError, match=r"% of the cost is left at an accuracy of .* 30.0%") as caught:
            autoprune(chain, by_width((0.01, 0.01)), budget=0.3, floor=0.8, **QUIET)
        assert caught.value.cost == pytest.approx(macs(caught.value.net) / macs(chain))
        assert by_width((0.01, 0.01))(caught.value.net) >= 0.8
        assert caught.value.cost < 1

    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 10_000), floor=st.floats(0.1, 0.9), budget=st.floats(0.1, 0.95), tune=st.booleans())
    def test_floor_holds_whatever_is_measured(self, chain, seed, floor, budget, tune):
        """An accuracy that jumps with every width, and training that makes better or worse."""
        known = {}

        def evaluate(net):
            net(EXAMPLE)
            key = (*widths(net), round(float(net[4].bias.detach().sum()), 3))
            if not known:
                known[key] = 1.0
            return known.setdefault(key, float(np.random.default_rng([seed, len(known)]).random()))

        def fine_tune(net):
            with torch.no_grad():
                net[4].bias += 0.1

        try:
            net = autoprune(chain, evaluate, budget=budget, floor=floor, fine_tune=fine_tune if tune else None, **QUIET)
            assert macs(net) <= budget * macs(chain)
        except BudgetNotReachedError as error:
            net = error.net
            assert macs(net) > budget * macs(chain)
        assert evaluate(net) >= floor

    def test_every_step_holds_the_floor(self, mobile):
        generator = np.random.default_rng(3)
        record = []

        def noisy(net):
            net(torch.zeros(1, 1, 16, 16))
            return float(generator.uniform(0.6, 1))

        generator = np.random.default_rng(3)
        with contextlib.suppress(BudgetNotReachedError):
            autoprune(mobile, noisy, budget=0.3, floor=0.6, zero_padding=True, record=record, **QUIET)
        assert record
        assert min(step["accuracy"] for step in record) >= 0.6

    @pytest.mark.parametrize("returns", ["nothing", "the network", "another network", "a history"])
    def test_fine_tuning(self, mobile, returns):
        """Training brings back what pruning lost; zeros of branches stay zeros while it does."""
        x = torch.randn(8, 1, 16, 16)
        tuned = []

        def evaluate(net):
            net(x)
            n = sum(weight.numel() for weight in net.parameters())
            return min(
                1.0, 0.5 + 0.5 * n / first + 0.3 * float(net.get_submodule("classifier").bias.detach().abs().sum())
            )

        def fine_tune(net):
            target = copy.deepcopy(net) if returns == "another network" else net
            optimizer = torch.optim.AdamW(target.parameters(), lr=0.01)
            target.train()
            for _ in range(2):
                optimizer.zero_grad()
                nn.functional.cross_entropy(target(x), torch.zeros(8, dtype=torch.long)).backward()
                optimizer.step()
            tuned.append(1)
            return {"nothing": None, "a history": [0.1]}.get(returns, target)

        first = sum(weight.numel() for weight in mobile.parameters())
        before = frozen(mobile)
        net = autoprune(
            mobile, evaluate, budget=0.5, floor=0.85, zero_padding=True, fine_tune=fine_tune, images=x, **QUIET
        )
        assert tuned
        assert evaluate(net) >= 0.85
        assert not net.training
        assert LayerCost(x[:1], "macs").of(net) <= 0.5 * LayerCost(x[:1], "macs").of(mobile)
        assert same(mobile, before)
        assert not any(m._forward_hooks for m in net.modules())

    def test_zero_padding_goes_further(self, mobile):
        """Where all that is not a branch is needed, zeros let branches go, one by one."""

        def evaluate(net):
            net(torch.zeros(1, 1, 16, 16))
            names = ["stem.0", *(f"blocks.{i}.expand.0" for i in (1, 2)), "head.0", "blocks.1.project.0"]
            sizes = dict((name, m.out_channels) for name, m in net.named_modules() if name in names)
            return float(all(sizes.get(name) == mobile.get_submodule(name).out_channels for name in names))

        costs = LayerCost(torch.zeros(1, 1, 16, 16), "macs")
        reached = {}
        for zero_padding in (False, True):
            with pytest.raises(BudgetNotReachedError) as caught:
                autoprune(mobile, evaluate, budget=0.05, floor=1.0, zero_padding=zero_padding, **QUIET)
            reached[zero_padding] = costs.of(caught.value.net)
            assert evaluate(caught.value.net) == 1
        assert reached[True] < reached[False]

    def test_argument_is_untouched(self, chain):
        def vandal(net):
            accuracy = 0.9
            net(EXAMPLE)
            net.train()
            with torch.no_grad():
                for weight in net.parameters():
                    weight.zero_()
            return accuracy

        before = frozen(chain)
        net = autoprune(chain, vandal, budget=0.7, floor=0.5, **QUIET)
        assert same(chain, before)
        # What evaluate does to its copies is not what comes back.
        assert all(weight.abs().sum() > 0 for weight in net.parameters())
        assert not net.training

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"budget": 1.0}, "budget must be a share between 0 and 1"),
            ({"budget": 0}, "budget"),
            ({"floor": 97}, "floor must be a share from 0 to 1"),
            ({"floor": math.nan}, "floor"),
            ({"floor": 0.99}, r"net itself reaches an accuracy of 0\.9, below the floor of 0\.99"),
            ({"step": 0}, "step must be a share"),
            ({"unit": "flops"}, "unit must be 'ms'"),
            ({"round_to": 0}, "round_to must be a whole number"),
            ({"round_to": 64}, "no layer that can lose outputs in multiples of round_to=64"),
            ({"layers": ["4"]}, "layers names '4'; outputs can be lost by 0, 2"),
            ({"images": torch.zeros(0, 6)}, "images"),
        ],
    )
    def test_wrong_values(self, chain, arguments, says):
        with pytest.raises(ValueError, match=says):
            autoprune(
                chain, lambda net: 0.9 + 0 * len(net(EXAMPLE)), **({"budget": 0.5, "floor": 0.5} | QUIET | arguments)
            )

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"net": None}, "net must be a torch"),
            ({"evaluate": 0.9}, "evaluate must be callable"),
            ({"fine_tune": 2}, "fine_tune must be callable"),
            ({"example": [1.0]}, "example must be a tensor"),
        ],
    )
    def test_wrong_types(self, chain, arguments, says):
        given = {"net": chain, "evaluate": by_width((0, 0)), "budget": 0.5, "floor": 0.5}
        with pytest.raises(TypeError, match=says):
            autoprune(**(given | QUIET | arguments))

    @pytest.mark.parametrize("found", [math.nan, -0.1, "0.9", None, 97.5])
    def test_what_evaluate_must_give(self, chain, found):
        with pytest.raises(ValueError, match="must give an accuracy from 0 to 1") as caught:
            autoprune(chain, lambda net: found, budget=0.5, floor=0.5, **QUIET)
        assert ("per cent" in str(caught.value)) == (found == 97.5)

    def test_an_example_is_needed_where_evaluate_shows_none(self, chain):
        with pytest.raises(ValueError, match="example must be given"):
            autoprune(chain, lambda net: 0.9, budget=0.5, floor=0.5, **QUIET)
        assert macs(autoprune(chain, lambda net: 0.9, budget=0.5, floor=0.5, example=EXAMPLE, **QUIET))


class TestCosts:
    def test_milliseconds_are_measured_once_for_each_shape(self, chain):
        costs = LayerCost(torch.zeros(1, 6), "ms")
        first = costs.of(chain)
        assert first > 0
        assert costs.of(copy.deepcopy(chain)) == first

    def test_training_counts_three_times(self):
        net = nn.Linear(10, 5)
        with TrainingCost() as cost:
            net(torch.zeros(4, 10)).sum().backward()
            with torch.no_grad():
                net(torch.zeros(4, 10))
        assert cost.macs == 3 * 200 + 200
        net(torch.zeros(4, 10))  # not counted any more
        assert cost.macs == 800
        assert cost.seconds >= 0

    def test_counting_does_not_disturb_pruning(self, chain):
        with TrainingCost() as cost:
            net = autoprune(chain, by_width((0.01, 0.001)), budget=0.6, floor=0.5, **QUIET)
        assert macs(net) <= 0.6 * macs(chain)
        assert cost.macs > macs(chain)

    def test_recurrent_layers(self):
        """Of one LSTM cell: four gates, each input x hidden and hidden x hidden."""
        assert LayerCost(torch.zeros(2, 7, 3), "macs").of(nn.LSTM(3, 5, batch_first=True)) == 14 * 4 * (3 * 5 + 5 * 5)

    def test_width_multiplier_keeps_the_budget(self):
        def build(width):
            return nn.Sequential(nn.Linear(10, round(100 * width)), nn.Linear(round(100 * width), 10))

        trained = []
        found = width_multiplier(build, trained.append, budget=0.5, example=torch.zeros(1, 10))
        assert (found.width, found.net[0].out_features, len(trained)) == (0.5, 50, 1)
        with pytest.raises(ValueError, match="budget"):
            width_multiplier(build, trained.append, budget=1.5, example=torch.zeros(1, 10))
        with pytest.raises(ValueError, match="still takes more"):
            width_multiplier(build, trained.append, budget=0.01, example=torch.zeros(1, 10))

    def test_statistics_are_those_of_the_images(self):
        torch.manual_seed(0)
        net = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5))
        images = torch.randn(50, 3, 4, 4) * torch.tensor([1.0, 2, 3]).view(1, 3, 1, 1) + 5
        estimate_statistics(net, images)
        torch.testing.assert_close(net[0].running_mean, images.mean(dim=(0, 2, 3)))
        torch.testing.assert_close(net[0].running_var, images.transpose(0, 1).flatten(1).var(1))
        assert net.training
        assert net[0].momentum == 0.1


def test_shipped_network_loses_45_per_cent_without_training():
    """It goes on answering as the whole one does, once its normalisations have measured anew."""
    pytest.importorskip("onnxruntime")
    from mlcourse.datasets import load_digits28

    X, *_ = load_digits28().split()
    X = torch.from_numpy(X[:, None]).contiguous(memory_format=torch.channels_last)
    whole = pretrained_mobilenet()
    with torch.no_grad():
        answers = whole(X[-60:]).argmax(1)

    def agreement(net):
        with torch.no_grad():
            return float((net(X[-60:]).argmax(1) == answers).float().mean())

    layers = [f"blocks.{i}.expand.0" for i in range(2, 8)]
    net = autoprune(whole, agreement, budget=0.55, floor=0.9, images=X[:40], step=0.5, layers=layers, **QUIET)
    assert agreement(net) >= 0.9
    table = pruning_table({"whole": whole, "pruned": net}, agreement, X[:1].contiguous(), repeats=2)
    assert table.loc["pruned", "fewer MACs"] >= 0.45
    assert (table[["faster in torch", "faster in ONNX Runtime"]] > 0).all(axis=None)
