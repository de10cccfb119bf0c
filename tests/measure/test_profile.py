"""Profiles: counted as `count` does, timed layer by layer, and nothing left behind."""

import keras
import pandas as pd
import pytest
import torch
from torch import nn

from mlcourse.measure import count, profile, roofline
from mlcourse.models import activity_cnn, faster_rcnn_vgg16, small_mobilenet


@pytest.fixture(scope="module")
def found():
    net = nn.Sequential(nn.Conv2d(8, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 30 * 30, 10))
    return net, profile(net, torch.zeros(1, 8, 32, 32), repeats=5)


def test_the_counted_part_is_that_of_count(found):
    net, profiled = found
    counted = count(net, torch.zeros(1, 8, 32, 32))
    pd.testing.assert_frame_equal(profiled.table[counted.columns], counted)


def test_times_and_shares_go_together(found):
    table = found[1].table
    assert (table.ms > 0).all()
    assert table.share.sum() == pytest.approx(1)
    assert table.share.to_numpy() == pytest.approx((table.ms / table.ms.sum()).to_numpy())
    assert table.ms["0"] + table.ms["3"] > table.ms["2"]  # 2 M and 288 k multiply-accumulates against a view


def test_totals(found):
    totals = found[1].totals
    assert totals.parameters == 8 * 32 * 9 + 32 + 288_000 + 10
    assert totals.macs == 900 * 8 * 32 * 9 + 288_000
    assert totals.weight_bytes == 4 * totals.parameters
    inside = 4 * (totals.parameters + 8 * 1024 + 2 * 28_800 + 10)  # of the two layers that multiply
    assert totals.intensity == pytest.approx(2 * totals.macs / inside)
    assert totals.forward_ms > 0


def test_a_slow_layer_is_seen_where_it_is():
    class Slow(nn.Module):
        def forward(self, x):
            for _ in range(400):
                x = x * 1.0
            return x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fast, self.slow = nn.Linear(100, 100), Slow()

        def forward(self, x):
            return self.slow(self.fast(x))

    table = profile(Net(), torch.zeros(1, 100), repeats=3).table
    assert table.share["slow"] > 0.8


def test_keras_models_are_profiled():
    table = profile(activity_cnn(), torch.zeros(1, 128, 6), repeats=2).table
    assert table.macs.sum() > 0
    assert (table.ms > 0).all()
    assert "convolution_1" in table.index


def test_layers_inside_layers_are_not_counted_twice():
    class Outer(nn.Module):
        """Has weights of its own, and so a row, and a part with another one."""

        def __init__(self):
            super().__init__()
            self.weight, self.part = nn.Parameter(torch.zeros(300, 300)), nn.Linear(300, 300)

        def forward(self, x):
            return self.part(x) @ self.weight

    result = profile(nn.Sequential(Outer()), torch.zeros(64, 300), repeats=5)
    assert list(result.table.index) == ["0", "0.part"]
    assert list(result.table.macs) == [64 * 90_000] * 2
    assert result.table.share.max() < 0.9


@pytest.mark.parametrize("fails_at", [1, 2, 5])
def test_nothing_is_left_behind_when_forward_fails_at_any_time(fails_at):
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.runs = nn.Linear(3, 3), 0

        def forward(self, x):
            self.runs += 1
            if self.runs == fails_at:
                raise ZeroDivisionError("forward fails")
            return self.layer(x)

    net = Fails()
    threads = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        profile(net, torch.zeros(1, 3), threads=2)
    assert torch.get_num_threads() == threads
    assert net.training
    assert net.layer.training
    assert not any((*module._forward_hooks, *module._forward_pre_hooks) for module in net.modules())


def test_the_figure_names_what_it_shows(found):
    figure = found[1].plot()
    (ax,) = figure.axes
    assert [label.get_text().split("\n")[0] for label in ax.get_yticklabels()] == [
        "parameters", "activations", "multiply-accumulates", "time",
    ]  # fmt: skip
    assert "%" in ax.get_xlabel()
    widths = [bar.get_width() for bar in ax.patches]
    assert sum(widths) == pytest.approx(400)
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"Conv2d", "Linear"}


def test_roofline_puts_each_layer_beneath_its_roof():
    found = roofline(small_mobilenet(), torch.zeros(1, 1, 28, 28), repeats=2)
    counted = count(small_mobilenet(), torch.zeros(1, 1, 28, 28))
    table = found.table
    assert list(table.index) == list(counted.index[counted.macs > 0])
    peak, bandwidth = found.ceilings
    assert found.ceilings.ridge == pytest.approx(peak / bandwidth)
    for _, layer in table.iterrows():
        assert layer.limit == ("memory" if layer.intensity * bandwidth < peak else "arithmetic")
        assert layer.roof == pytest.approx(min(peak, layer.intensity * bandwidth) / 1e9)
        assert layer.efficiency == pytest.approx(layer.gflops / layer.roof)
    figure = found.plot()
    assert "FLOP/byte" in figure.axes[0].get_xlabel()
    assert "GFLOP/s" in figure.axes[0].get_ylabel()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: profile(nn.Linear(2, 2), torch.zeros(1, 2), repeats=0), ValueError, "repeats"),
        (lambda: profile(nn.Linear(2, 2), torch.zeros(1, 2), threads=0), ValueError, "threads"),
        (lambda: profile(nn.Linear(2, 2, device="meta"), torch.zeros(1, 2)), ValueError, "count"),
        (lambda: profile("net", torch.zeros(1, 2)), TypeError, "net must be"),
        (lambda: roofline(nn.ReLU(), torch.zeros(1, 2)), ValueError, "no layer that multiplies"),
    ],
)
def test_what_cannot_be_profiled_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_keras_layers_keep_their_names_in_a_nested_model():
    inside = keras.Sequential([keras.layers.Dense(3, name="deep")], name="inside")
    net = keras.Sequential([keras.Input((4,)), inside])
    assert list(profile(net, torch.zeros(1, 4), repeats=1).table.index) == ["inside.deep"]


def test_faster_rcnn_of_full_size():
    """548.3 MB, of which 87.2 % are fc6 and fc7: a board's memory goes there."""
    with torch.device("meta"):
        net = faster_rcnn_vgg16()
    net.to_empty(device="cpu")  # random weights would take seconds
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
    profiled = profile(net, torch.zeros(1, 3, 64, 64), repeats=1)
    assert round(profiled.totals.weight_bytes / 1e6, 1) == 548.3
    share = profiled.table.weight_bytes[["fc6", "fc7"]].sum() / profiled.totals.weight_bytes
    assert round(100 * share, 1) == 87.2
    assert (profiled.table.ms > 0).all()
