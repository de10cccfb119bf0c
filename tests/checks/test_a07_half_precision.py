"""Lab 07: right answers of every style are right, fast and slow machines are graded alike, the text is true."""

import doctest
import math
import statistics
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from mlcourse.checks import a07_half_precision as check
from mlcourse.checks.core import CheckFailed
from mlcourse.measure.processor import COMPUTES, predict
from mlcourse.optimize import float_limits, quantize_float

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a07_half_precision" / "a07_half_precision.ipynb"
HIDDEN = 9173  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


# -- references -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [(5, 10), (8, 7), (4, 3), (3, 2)])
def test_rounding_is_that_of_the_package(bits):
    rng = np.random.default_rng(0)
    limits = float_limits(*bits)
    numbers = np.concatenate(
        [
            rng.normal(size=500) * 2.0 ** rng.uniform(-30, 20, 500),
            limits.largest * rng.uniform(0.9, 1.1, 100),
            limits.smallest * np.arange(0, 20, 0.25),
        ]
    )
    for number in [*numbers.tolist(), 0.0, math.inf, -math.inf]:
        assert check._round_to(number, *bits) == quantize_float(number, *bits)


@pytest.mark.parametrize("bits", [(5, 10), (8, 7), (4, 3)])
def test_losses_are_those_of_rounding(bits):
    rng = np.random.default_rng(0)
    limits = float_limits(*bits)
    values = np.concatenate([2.0 ** rng.uniform(-50, 20, 300), [limits.overflow, limits.smallest / 2, 0.0]])
    values = np.concatenate([values, -values])
    rounded = quantize_float(values, *bits)
    wanted = int(np.isinf(rounded).sum()), int(((rounded == 0) & (values != 0)).sum())
    assert check._range_losses(values, *bits) == wanted


def test_scaled_step_is_that_of_torch():
    """Without overflow loss scaling changes nothing but what 16 bits can hold."""
    weights = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    (torch.sin(weights) * 1e-5).sum().backward()
    scaled = (weights.grad * 2.0**15).half().numpy()
    new, scale = check._scaled_step(weights.detach().numpy(), scaled, 2.0**15, 1e4)
    optimizer = torch.optim.SGD([weights], lr=1e4)
    optimizer.step()
    np.testing.assert_allclose(new, weights.detach().numpy(), rtol=1e-3)
    assert scale == 2.0**15


# -- other right answers ----------------------------------------------------------------------------------------------


def medians_of_each(instructions, dtype, run_float32, run_half, clock, repeats):
    times = {run_float32: [], run_half: []}
    for turn in range(repeats + 2):
        for run, found in times.items():
            begin = clock()
            run()
            if turn > 1:
                found.append(clock() - begin)
    full, half = (statistics.median(found) for found in times.values())
    return len(check._COMPUTES[dtype] & instructions) > 0, np.float64(full / half)


def shortest_of_each(instructions, dtype, run_float32, run_half, clock, repeats):
    found = [[], []]
    run_half(), run_float32()
    for _ in range(repeats):
        for times, run in zip(found, (run_float32, run_half), strict=True):
            begin = clock()
            run()
            times.append(clock() - begin)
    return np.bool_(bool(check._COMPUTES[dtype] & instructions)), min(found[0]) / min(found[1])


@pytest.mark.parametrize("answer", [medians_of_each, shortest_of_each])
def test_other_good_measurements(answer):
    for seed in (HIDDEN, 1, 2, 3):
        assert check.measure_half(answer, points=3, seed=seed) == 3


def test_slow_and_fast_machines_are_judged_alike():
    for half_ms in (0.5, 4.0, 8.0, 200.0):
        machine = [("avx2",), "bfloat16", 8.0, half_ms, 300.0, "now and then", 15]
        _, ratio = check._use_measure(check._measure_half, *machine)
        assert check._as_it_was(float(ratio), *machine) is None
        assert check._as_it_was(1.2 * float(ratio), *machine) is not None


def test_make_believe_results_are_refused():
    with pytest.raises(CheckFailed):
        check.measure_half(lambda instructions, dtype, *_: (True, 2.0), points=3)


def test_losses_as_arrays_or_numpy_numbers():
    def with_numpy(values, exponent_bits, mantissa_bits):
        rounded = quantize_float(values, exponent_bits, mantissa_bits)
        return np.array([np.isinf(rounded).sum(), ((rounded == 0) & (values != 0)).sum()])

    assert check.range_losses(with_numpy, points=3, seed=HIDDEN) == 3


def test_steps_in_float64_are_right():
    def step(weights, gradient, scale, rate):
        if not np.isfinite(gradient).all():
            return weights, 0.5 * scale
        return weights - rate * gradient.astype(float) / scale, scale

    assert check.scaled_step(step, points=4, seed=HIDDEN) == 4


def test_names_as_tuple():
    def keep(*args):
        return tuple(check._layers_to_keep(*args))

    assert check.layers_to_keep(keep, points=3, seed=HIDDEN) == 3


# -- the text tells the truth -----------------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    for number, wanted in ((1.3, 1.25), (1.375, 1.5), (1.125, 1.0), (-5.1, -5), (0.1, 0.125), (15.5, math.inf)):
        assert check._round_to(number, 3, 2) == wanted
    for values, wanted in (
        ([14, 14.9], (0, 0)),
        ([15, 15.1, -16], (3, 0)),
        ([0.04, 0.05], (0, 0)),
        ([0.02, -0.03, 0], (0, 2)),
    ):
        assert check._range_losses(np.array(values), 3, 2) == wanted
    assert check._scaled_step(np.array([1.0], np.float32), np.array([np.inf], np.float16), 8.0, 0.5) == (1.0, 4.0)


def test_docstrings_of_the_solutions_are_true():
    names = {"np": np, "math": math, "statistics": statistics}
    names["COMPUTES"] = check._COMPUTES
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("round_to", "range_losses", "layers_to_keep", "scaled_step"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_the_notebook_and_the_check_name_the_same_instructions():
    names = {}
    exec(cells()["computes"], names)
    assert names["COMPUTES"] == check._COMPUTES


def test_the_machine_predicts_what_the_reference_does():
    for dtype, known in check._COMPUTES.items():
        assert known == set(COMPUTES[dtype])
        for instructions in (("avx2", "f16c"), ("avx512_bf16", "avx512_vnni"), ("amx_fp16",), ("asimdhp", "bf16")):
            machine = [instructions, dtype, 8.0, 4.0, 0.0, "never", 3]
            expected, _ = check._use_measure(check._measure_half, *machine)
            assert expected == predict(dtype, instructions, library=True).faster


def test_what_is_to_be_seen_can_be_seen():
    """The counts of a sensor overflow in float16, one layer kept mends it, and no scale means no learning."""
    shown = {}
    names = {"np": np, "math": math, "statistics": statistics, "torch": torch, "nn": torch.nn}
    exec(
        "import matplotlib.pyplot as plt\n"
        "from mlcourse.datasets import BASIC_ACTIVITIES, make_activities\n"
        "from mlcourse.models import pretrained_activity_cnn\n"
        "from mlcourse.optimize import range_report, to_half\n",
        names,
    )
    names["show"] = lambda figure, alt: shown.update(alt=alt)
    for cell in (
        "round-to",
        "range-losses",
        "losses-of-a-network",
        "layers-to-keep",
        "counts",
        "scaled-step",
        "training",
    ):
        exec(cells()[cell], names)
    assert names["keep"] == ["to_si"]
    assert names["last"][0] > 1 > 0.1 > max(names["last"][power] for power in (8, 16, 48))
    assert "square metres" in shown["alt"]
