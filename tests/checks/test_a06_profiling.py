"""Lab 06: references agree with torch and `mlcourse.measure`, other right answers are right, the text is true."""

import doctest
import itertools
import math
import statistics
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.checks import a06_profiling as check
from mlcourse.measure import amdahl, count

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a06_profiling" / "a06_profiling.ipynb"
HIDDEN = 9413  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


# -- references -------------------------------------------------------------------------------------------------------


def test_convolutions_are_counted_as_torch_has_them():
    rng = np.random.default_rng(0)
    cases = [case for cases in (check._plain_cases, check._group_cases, check._no_bias_cases) for case in cases(rng)]
    for case in cases:
        height, width, channels, filters, kernel, stride, padding, groups, bias = case
        layer = nn.Conv2d(channels, filters, kernel, stride, padding, groups=groups, bias=bias)
        table = count(layer, torch.zeros(1, channels, height, width))
        assert check._conv_cost(*case) == (int(table.parameters.sum()), int(table.macs.sum())), case


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_recurrent_layers_are_counted_as_torch_has_them(kind):
    inputs, states, steps = 7, 5, 11
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](inputs, states, batch_first=True)
    table = count(layer, torch.zeros(1, steps, inputs))
    parameters, size, macs = check._dense_cost([(kind, inputs, states, steps)], 32)
    assert (parameters, size, macs) == tuple(int(table[name].sum()) for name in ("parameters", "weight_bytes", "macs"))


def test_the_whole_is_that_of_amdahl():
    rng = np.random.default_rng(0)
    for milliseconds, speedups in [*check._speedup_cases(rng), *check._cap_cases(rng)]:
        whole = sum(milliseconds.values())
        shares = {layer: ms / whole for layer, ms in milliseconds.items()}
        assert check._whole_speedup(milliseconds, speedups) == pytest.approx(amdahl(shares, speedups))


def test_gains_of_a_plan_differ_enough_to_have_an_order():
    for seed in range(20):
        for runs, speedups in check._profile_cases(np.random.default_rng(seed)):
            gains = [gain for _, gain in check._attack_plan(runs, speedups)]
            assert all(a - b > 1e-6 for a, b in itertools.pairwise(gains)), (seed, runs, speedups)


def test_no_point_lies_on_the_ridge():
    for seed in range(20):
        for macs, moved, bits, peak, bandwidth in check._point_cases(np.random.default_rng(seed)):
            intensity, _, _ = check._roofline_point(macs, moved, bits, peak, bandwidth)
            assert abs(math.log(intensity * bandwidth / peak)) > 0.1


# -- other right answers ----------------------------------------------------------------------------------------------


def test_counts_that_were_divided_are_right():
    def with_floats(height, width, channels, filters, kernel, stride, padding, groups, bias):
        rows, columns = (math.floor((side + 2 * padding - kernel) / stride) + 1 for side in (height, width))
        weights = filters * channels * kernel**2 / groups
        return [weights + filters * bias, rows * columns * weights]

    assert check.conv_cost(with_floats, points=4, seed=HIDDEN) == 4

    def with_bytes(layers, bits):
        parameters, _, macs = check._dense_cost(layers, bits)
        return np.int64(parameters), parameters * bits / 8, macs

    assert check.dense_cost(with_bytes, points=3, seed=HIDDEN) == 3


def test_by_shares_is_right():
    def by_shares(milliseconds, speedups):
        whole = sum(milliseconds.values())
        shares = {layer: ms / whole for layer, ms in milliseconds.items()}
        gained = sum(shares[layer] * (1 - 1 / factor) for layer, factor in speedups.items())
        return np.float64(1 / (1 - gained))

    assert check.whole_speedup(by_shares, points=3, seed=HIDDEN) == 3


def test_limits_in_capitals_are_right():
    def point(*args):
        intensity, attainable, limit = check._roofline_point(*args)
        return [intensity, attainable, limit.upper()]

    assert check.roofline_point(point, points=3, seed=HIDDEN) == 3


@pytest.mark.parametrize("made", [dict, tuple, list, lambda pairs: [list(pair) for pair in pairs]])
def test_plans_of_other_types_are_right(made):
    def plan(runs, speedups):
        whole = sum(np.median(times) for times in runs.values())
        gains = {}
        for layer, factor in speedups.items():
            saved = np.median(runs[layer]) * (1 - 1 / factor)
            gains[layer] = whole / (whole - saved)
        return made(sorted(gains.items(), key=lambda pair: pair[1], reverse=True))

    assert check.attack_plan(plan, points=3, seed=HIDDEN) == 3


def test_a_wrong_whole_is_not_counted_twice():
    """The plan may call the learner's own `whole_speedup`; while it is judged, a right one stands in for it."""
    names = {"statistics": statistics, "math": math, "whole_speedup": lambda milliseconds, speedups: 0.0}
    exec(cells()["attack-plan"], names)
    assert check.attack_plan(names["attack_plan"], points=3, seed=HIDDEN) == 3


# -- the text tells the truth -----------------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    for case, wanted in (
        ((4, 4, 2, 3, 3, 1, 0, 1, True), (57, 216)),
        ((4, 4, 2, 3, 3, 1, 1, 1, True), (57, 864)),
        ((4, 4, 2, 3, 3, 2, 1, 1, True), (57, 216)),
        ((4, 4, 2, 3, 3, 2, 1, 1, False), (54, 216)),
        ((4, 4, 2, 4, 3, 1, 0, 2, True), (40, 144)),
    ):
        assert check._conv_cost(*case) == wanted
    for layer, wanted in (
        (("linear", 4, 3, 1), (15, 60, 12)),
        (("linear", 4, 3, 5), (15, 60, 60)),
        (("rnn", 4, 3, 5), (27, 108, 105)),
        (("gru", 4, 3, 5), (81, 324, 315)),
    ):
        assert check._dense_cost([layer], 32) == wanted
    times = {"first": 60, "second": 30, "third": 10}
    for speedups, wanted in (
        ({"first": 3}, 1.667),
        ({"second": 3}, 1.25),
        ({"first": 3, "second": 3}, 2.5),
        ({"third": math.inf}, 1.111),
    ):
        assert check._whole_speedup(times, speedups) == pytest.approx(wanted, abs=5e-4)
    assert check._roofline_point(1000, 500, 32, 100, 10) == (1, 10, "memory")
    assert check._roofline_point(1000, 500, 16, 100, 10) == (2, 20, "memory")
    assert check._roofline_point(16_000, 500, 32, 100, 10) == (16, 100, "arithmetic")
    runs = {"conv": [90, 6, 6], "fc": [3, 3, 3], "pool": [1, 1, 8]}
    assert check._attack_plan(runs, {"conv": 2.0, "fc": 6.0}) == [("conv", 10 / 7), ("fc", 10 / 7.5)]


def test_docstrings_of_the_solutions_are_true():
    names = {"math": math, "statistics": statistics}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("conv_cost", "dense_cost", "whole_speedup", "roofline_point", "attack_plan"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_what_is_published_comes_out(capsys):
    """548.3 MB, 87.2 % of it in fc6 and fc7; 1.67 times as fast where 1.55 is of the whole; at most 8.45."""
    names = {"math": math, "amdahl": amdahl}
    for cell in ("dense-cost", "detector", "whole-speedup", "published"):
        exec(cells()[cell], names)
    printed = capsys.readouterr().out
    assert "32 bits: 548.3 MB, fc6 and fc7 87.2% of it" in printed
    assert "1.67 times as fast: the whole 1.55 (by `amdahl`: 1.55)" in printed
    assert "inf times as fast: the whole 8.45" in printed
    assert names["parameters"] + 17_102_198 == 137_078_239
