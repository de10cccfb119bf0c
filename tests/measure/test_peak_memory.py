"""Peak memory: arrays of torch and numpy, what libraries take for themselves, and the way without Linux."""

import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.measure import memory, peak_memory

MB = 1_000_000
ROOM = 12 * MB  # for what the process does besides


@pytest.mark.parametrize("make", [lambda n: torch.ones(n // 4), lambda n: np.ones(n // 8)])
def test_one_array(make):
    assert peak_memory(lambda: make(60 * MB)) == pytest.approx(60 * MB, abs=ROOM)


def test_the_peak_and_not_the_sum_nor_the_end():
    def steps():
        for _ in range(5):
            torch.ones(15 * MB)  # 60 MB, freed at once
        first, second = torch.ones(10 * MB), np.ones(5 * MB)  # 40 MB each, at the same time
        del first, second
        return torch.ones(MB)

    for _ in range(2):  # 120 and more if what is freed counted, 380 for the sum
        assert peak_memory(steps) == pytest.approx(80 * MB, abs=30 * MB)


def test_what_lives_already_does_not_count():
    held = torch.ones(25 * MB)
    assert peak_memory(lambda: held.add_(1)) < ROOM


def test_a_network_needs_the_activations_of_a_layer_at_a_time():
    layers = [nn.Conv2d(1, 16, 1)] + [layer for _ in range(4) for layer in (nn.Conv2d(16, 16, 1), nn.Identity())]
    net, x = nn.Sequential(*layers).eval(), torch.zeros(1, 1, 500, 500)
    with torch.no_grad():
        peak = peak_memory(lambda: net(x))
    maps = 4 * 16 * 500 * 500
    assert 2 * maps - ROOM < peak < 4 * maps + ROOM  # not all five


def test_errors_pass_through_and_the_function_runs_as_often_as_promised():
    calls = []

    def fails():
        calls.append(1)
        raise KeyError("own")

    with pytest.raises(KeyError, match="own"):
        peak_memory(fails)
    assert len(calls) == 1
    calls.clear()
    peak_memory(lambda: calls.append(1))
    assert len(calls) == 2
    calls.clear()
    peak_memory(lambda: calls.append(1), warm_up=False)
    assert len(calls) == 1
    with pytest.raises(TypeError, match="lambda: net"):
        peak_memory(torch.ones(3))


def test_where_the_kernel_keeps_no_maximum_the_process_is_looked_at(monkeypatch):
    monkeypatch.setattr(memory, "_started_anew", lambda: False)

    def slow():
        array = torch.ones(15 * MB)
        for _ in range(20):
            array.add_(1)

    assert peak_memory(slow) == pytest.approx(60 * MB, abs=ROOM)
