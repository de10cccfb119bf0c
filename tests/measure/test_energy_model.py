"""The energy model by hand, Amdahl's law against published figures, and the table that sets networks side by side."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mlcourse.measure import amdahl, compare, count, energy
from mlcourse.models import activity_cnn, small_mobilenet

# M. Horowitz, ISSCC 2014, figure 1.1.9, 45 nm: picojoules.
ADD = {"float32": 0.9, "float16": 0.4, "int8": 0.1}  # sums of int8 products are of 32 bits
MULTIPLY = {"float32": 3.7, "float16": 1.1, "int8": 0.2}
BYTES = {"float32": 4, "float16": 2, "int8": 1}
CACHE, DRAM = 100 / 8, 1300 / 8  # 1 MB, and the lower end of 1.3 to 2.6 nJ, for 64 bits


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_a_layer_by_hand(dtype):
    found = energy(nn.Sequential(nn.Linear(300, 200), nn.ReLU()), torch.zeros(2, 300), dtype=dtype)
    macs, weights, passed = 2 * 300 * 200, BYTES[dtype] * (300 * 200 + 200), BYTES[dtype] * 2 * (300 + 200)
    (layer,) = found.table.itertuples()
    assert layer.dram_bytes == weights  # 1000 numbers between layers stay in the cache
    assert layer.cache_bytes == weights + passed
    assert layer.mac_uj == pytest.approx(macs * (ADD[dtype] + MULTIPLY[dtype]) / 1e6)
    expected = macs * (ADD[dtype] + MULTIPLY[dtype]) + (weights + passed) * CACHE + weights * DRAM
    assert found.joules == pytest.approx(expected / 1e12)


def test_what_does_not_fit_into_the_cache_comes_from_memory():
    net, x = nn.Conv2d(3, 8, 1, bias=False), torch.zeros(1, 3, 256, 256)
    (layer,) = energy(net, x).table.itertuples()
    assert layer.dram_bytes == layer.cache_bytes == 4 * (24 + 11 * 256 * 256)
    (layer,) = energy(net, x, dtype="int8").table.itertuples()  # 0.7 MB does
    assert layer.dram_bytes == 24


def test_the_networks_own_format_is_taken_unless_another_is_given():
    half = nn.Linear(64, 64).bfloat16()
    x = torch.zeros(1, 64)
    assert energy(half, x.bfloat16()).joules == pytest.approx(energy(nn.Linear(64, 64), x, dtype="float16").joules)
    assert energy(half, x.bfloat16(), dtype="float32").joules == pytest.approx(energy(nn.Linear(64, 64), x).joules)
    with pytest.raises(ValueError, match=r"float64.*give dtype"):
        energy(half.double(), x.double())


def test_everything_says_that_it_is_modelled_and_where_from():
    found = energy(nn.Linear(4, 4), torch.zeros(1, 4))
    assert found.label == "modelled"
    assert "modelled" in repr(found)
    assert "Horowitz" in found.source
    assert "ISSCC 2014" in found.source
    assert found.shares.sum() == pytest.approx(1)


def test_networks_of_keras_and_on_the_meta_device():
    assert energy(activity_cnn(), torch.zeros(1, 128, 6)).joules > 0
    net = small_mobilenet()
    here = energy(net, torch.zeros(1, 1, 28, 28)).joules
    assert energy(net.to("meta"), torch.zeros(1, 1, 28, 28)).joules == here


@pytest.mark.parametrize(("given", "words"), [({"device": "5nm"}, "45nm"), ({"dtype": "int4"}, "int8")])
def test_what_nobody_published_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        energy(nn.Linear(2, 2), torch.zeros(1, 2), **given)


def test_amdahls_cap_for_faster_r_cnn():
    assert round(amdahl(0.8816, math.inf), 2) == 8.45
    assert round(amdahl([0.8816], [math.inf]), 2) == 8.45
    assert amdahl({"all": 1.0}, {"all": math.inf}) == math.inf


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.1, 100)), min_size=1, max_size=6))
def test_amdahls_law_is_the_ratio_of_two_times(parts):
    whole = sum(time for time, _ in parts) + 0.5
    shares, speedups = [time / whole for time, _ in parts], [speedup for _, speedup in parts]
    after = sum(time / speedup for time, speedup in parts) + 0.5
    assert amdahl(shares, speedups) == pytest.approx(whole / after)
    named = dict(enumerate(shares))
    assert amdahl(named, dict(enumerate(speedups))) == pytest.approx(whole / after)
    assert amdahl(named, {}) == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "speedups", "error", "words"),
    [
        (88, 2, ValueError, "88 % is 0.88"),
        (-0.1, 2, ValueError, "from 0 to 1"),
        ([0.6, 0.6], [2, 2], ValueError, "more than the whole"),
        (0.5, 0, ValueError, "above 0"),
        (0.5, float("nan"), ValueError, "above 0"),
        ([0.5], [2, 2], ValueError, "of one length"),
        ({"conv": 0.5}, {"dense": 2}, ValueError, "'dense'"),
        ({"conv": 0.5}, [2], TypeError, "dict"),
        ([0.5], {"conv": 2}, TypeError, "dict"),
    ],
)
def test_impossible_shares_and_speedups_are_refused(shares, speedups, error, words):
    with pytest.raises(error, match=words):
        amdahl(shares, speedups)


def test_the_table_of_a_lab():
    nets = {"large": nn.Linear(2000, 2000), "small": nn.Linear(2000, 20), "function": lambda x: x[:, :20]}
    x = torch.zeros(1, 2000)
    table = compare(nets, x, evaluate=lambda net: 0.5 if net is nets["small"] else torch.tensor(0.9), repeats=8)
    assert list(table.index) == ["large", "small", "function"]
    assert list(table.columns) == [
        "parameters", "MB", "MACs", "ms", "ratio", "ratio_low", "ratio_high", "accuracy", "modelled_mJ", "energy_delay",
    ]  # fmt: skip
    for name in ("large", "small"):
        counted = count(nets[name], x)
        assert table.parameters[name] == counted.parameters.sum()
        assert table.MACs[name] == counted.macs.sum()
        assert table.MB[name] == counted.weight_bytes.sum() / 1e6
        assert table.modelled_mJ[name] == pytest.approx(1e3 * energy(nets[name], x).joules)
        assert table.energy_delay[name] == pytest.approx(table.modelled_mJ[name] * table.ms[name])
    assert list(table.accuracy) == pytest.approx([0.9, 0.5, 0.9])
    assert list(table.loc["large", ["ratio", "ratio_low", "ratio_high"]]) == [1, 1, 1]
    assert table.ratio_low["small"] <= table.ratio["small"] <= table.ratio_high["small"]
    assert table.ratio_low["small"] > 1  # a hundredth of the work
    assert table.loc["function", ["parameters", "MB", "MACs", "modelled_mJ", "energy_delay"]].isna().all()
    assert table.ms["function"] > 0


def test_formats_without_published_energy_leave_one_column_empty():
    table = compare({"double": nn.Linear(4, 4).double()}, torch.zeros(1, 4, dtype=torch.float64), repeats=2)
    assert table.modelled_mJ.isna().all()
    assert table.MB["double"] == 20 * 8 / 1e6
    assert table.accuracy.isna().all()


@pytest.mark.parametrize(
    ("nets", "given", "error", "words"),
    [
        ({}, {}, TypeError, "dict"),
        (nn.Linear(2, 2), {}, TypeError, "dict"),
        ({"a": nn.Linear(2, 2)}, {"evaluate": 0.9}, TypeError, "evaluate"),
        ({"a": nn.Linear(2, 2)}, {"evaluate": lambda net: "good"}, ValueError, "'good' for 'a'"),
        ({"a": nn.Linear(2, 2)}, {"device": "phone"}, ValueError, "45nm"),
    ],
)
def test_what_cannot_be_compared_is_refused(nets, given, error, words):
    with pytest.raises(error, match=words):
        compare(nets, torch.zeros(1, 2), repeats=1, **given)
