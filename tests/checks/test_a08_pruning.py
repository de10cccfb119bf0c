"""Lab 08: references are those of the package and of torch, other ways to the budget are right, the text is true."""

import doctest
import itertools
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.checks import a08_pruning as check
from mlcourse.checks.core import CheckFailed
from mlcourse.optimize import ZeroPaddedAdd, remove_channels, remove_neurons

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a08_pruning" / "a08_pruning.ipynb"
HIDDEN = 9173  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


def arrays(net, **places):
    state = {name: array.detach().numpy() for name, array in net.state_dict().items()}
    return {
        f"{role}.{name.split('.', 1)[1]}": array
        for role, place in places.items()
        for name, array in state.items()
        if name.startswith(f"{place}.") and "tracked" not in name
    }


# -- references -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["l1", "activation", "taylor"])
def test_the_choice_is_that_of_the_package(criterion):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.Flatten(), nn.Linear(6 * 16, 3))
    X, y = torch.randn(20, 1, 6, 6), torch.randint(3, (20,))
    outputs = net[0](X)
    outputs.retain_grad()
    nn.functional.cross_entropy(net[1:](outputs), y, reduction="sum").backward()
    weights = net[0].weight.detach().numpy()
    kept = check._choose(criterion, weights, outputs.detach().numpy(), outputs.grad.numpy(), 3)
    smaller = remove_channels(net, 0.5, X[:1], criterion=criterion, X=X, y=y)
    torch.testing.assert_close(smaller[0].weight, net[0].weight[kept])


@pytest.mark.parametrize("middle", ["linear", "norm", "flatten"])
def test_removal_is_that_of_the_package(middle):
    torch.manual_seed(0)
    kept, example = [0, 2, 3], torch.zeros(2, 1, 6, 6)
    if middle == "linear":
        net, second, example = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)), "2", torch.zeros(2, 4)
        roles = {"first": "0", "second": second}
    elif middle == "norm":
        net = nn.Sequential(nn.Conv2d(1, 5, 3, bias=False), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 2, 3))
        net[1].running_mean.normal_()
        roles = {"first": "0", "norm": "1", "second": "3"}
    else:
        net = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 16, 2))
        roles = {"first": "0", "second": "3"}
    cut = remove_neurons if middle == "linear" else remove_channels
    wanted = arrays(cut(net.eval(), {"0": kept}, example=example), **roles)
    found = check._remove(arrays(net, **roles), kept)
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])


def test_the_narrow_block_is_that_of_torch():
    torch.manual_seed(0)
    expand, project = nn.Conv1d(4, 7, 1, bias=False), nn.Conv1d(7, 4, 1, bias=False)
    x = torch.randn(1, 4, 5)
    with torch.no_grad():
        branch = project(torch.relu(expand(x)))[:, :2]
        wanted = ZeroPaddedAdd()(x, branch)[0].numpy()
        matrices = expand.weight[..., 0].numpy(), project.weight[..., 0].numpy()
    total, macs = check._narrow_block(x[0].numpy(), *matrices, [0, 1])
    np.testing.assert_allclose(total, wanted, rtol=1e-5, atol=1e-6)
    assert macs == 5 * (7 * 4 + 2 * 7)


# -- other right answers ----------------------------------------------------------------------------------------------


def try_everything(widths, evaluate, cost, budget, floor):
    plans = [
        dict(zip(widths, kept, strict=True))
        for kept in itertools.product(*(range(8, n + 1, 8) for n in widths.values()))
    ]
    plans = [plan for plan in plans if cost(plan) <= budget * cost(widths)]
    best = max(plans, key=evaluate, default=None)
    if best is None or evaluate(best) < floor:
        raise ValueError("there is no such plan")
    return best


def at_random(widths, evaluate, cost, budget, floor):
    rng = np.random.default_rng(0)
    for _ in range(3000):
        plan = {layer: np.int64(8 * rng.integers(1, n // 8 + 1)) for layer, n in widths.items()}
        if cost(plan) <= budget * cost(widths) and evaluate(plan) >= floor:
            return plan
    raise ValueError("none was found")


@pytest.mark.parametrize("answer", [try_everything, at_random])
def test_how_a_plan_was_found_does_not_matter(answer):
    for seed in (HIDDEN, 1):
        assert check.autoprune(answer, points=4, seed=seed) == 4


def test_a_plan_without_numbers_is_refused():
    with pytest.raises(CheckFailed, match="names each layer"):
        check.autoprune(lambda *_: {"a": 8}, points=4)
    with pytest.raises(CheckFailed, match="multiple of 8"):
        check.autoprune(lambda widths, *_: dict.fromkeys(widths, 8.0), points=4)


def test_indices_as_array_and_losses_as_array():
    assert check.choose(lambda *case: np.array(check._choose(*case)), points=4, seed=HIDDEN) == 4

    def with_arrays(*case):
        return {layer: np.array(lost) for layer, lost in check._sensitivity(*case).items()}

    assert check.sensitivity(with_arrays, points=3, seed=HIDDEN) == 3


# -- the text tells the truth -----------------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    z, g = np.array([[[1.0, 2.0]], [[1.0, 2.0]]]), np.array([[[3.0, -1.0]], [[-2.0, 0.0]]])
    assert np.abs((z * g).sum(axis=2)).mean(axis=0) == 1.5
    assert check._narrow_block(np.ones((3, 2)), np.ones((4, 3)), np.ones((3, 4)), [0, 2])[1] == 40
    state = {"first.weight": np.ones((3, 1)), "first.bias": np.array([5, 6, 7])}
    state |= {"second.weight": np.array([[10, 11, 20, 21, 30, 31]]), "second.bias": np.zeros(1)}
    smaller = check._remove(state, [0, 2])
    assert smaller["second.weight"].tolist() == [[10, 11, 30, 31]]
    assert smaller["first.bias"].tolist() == [5, 7]


def test_docstrings_of_the_solutions_are_true():
    names = {"np": np}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("choose", "remove", "narrow_block", "sensitivity", "autoprune"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_what_is_to_be_seen_can_be_seen():
    """Removal answers as the mask does, and the pruned network reaches its budget above its floor."""
    names = {}
    source = cells()
    for cell in ("setup", "choose", "network", "remove", "cut", "sensitivity"):
        exec(source[cell], names)
    names["show"] = lambda figure, alt: None
    for cell in ("sensitivity-figure", "autoprune", "your-network"):
        exec(source[cell], names)
    assert names["difference"] < 1e-4
    assert names["macs"](names["plan"]) <= names["budget"] * names["macs"](names["whole_widths"])
    assert names["evaluate"](names["plan"]) >= names["floor"]
