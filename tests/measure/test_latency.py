"""Latency: turns taken, threads restored, ratios with intervals, and no ranking where nothing is known."""

import math
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mlcourse.measure import Interval, Latency, latency
from mlcourse.measure.bootstrap import median_interval
from mlcourse.measure.clock import now


def around(ms, spread=0.01, n=30, seed=0):
    return ms * np.random.default_rng(seed).normal(1, spread, n)


def test_clearly_different_networks_are_ranked_and_equal_ones_share_a_place():
    times = Latency({"a": around(5, seed=1), "b": around(2, seed=2), "c": around(5, seed=3), "d": around(1, seed=4)})
    assert times.ranking() == [("d",), ("b",), ("a", "c")]
    assert times.faster("a", "b") == times.faster("b", "a") == "b"
    with pytest.raises(ValueError, match=r"overlap.*more repeats"):
        times.faster("a", "c")


def test_the_ratio_is_taken_within_each_round():
    drift = np.linspace(1, 3, 30)  # the machine becomes three times slower
    times = Latency({"a": around(4, 0.001, seed=1) * drift, "b": around(2, 0.001, seed=2) * drift})
    low, median, high = times.ratio("a", "b")
    assert 1.99 < low <= median <= high < 2.01
    assert times.ratio("b", "a").median == pytest.approx(0.5, rel=0.01)


def test_intervals_hold_what_they_promise():
    """Of many experiments about 95 % enclose the true median."""
    rng = np.random.default_rng(0)
    held = [
        found.low <= 1 <= found.high
        for found in (median_interval(rng.lognormal(0, 0.3, 25), random_state=i) for i in range(300))
    ]
    assert 0.89 < np.mean(held) < 0.99


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.1, 100), min_size=6, max_size=40))
def test_the_median_is_inside_its_interval_and_that_inside_the_data(values):
    found = median_interval(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.median == pytest.approx(float(np.median(values)))


def test_five_rounds_rank_nothing():
    times = Latency({"a": [1.0] * 5, "b": [9.0] * 5})
    assert times.ranking() == [("a", "b")]
    assert times.ratio("b", "a") == Interval(0.0, 9.0, math.inf)


def test_networks_and_functions_take_turns_in_changing_order():
    calls = []

    def named(name):
        return lambda x: (calls.append(name), time.sleep(0.003))

    times = latency({"a": named("a"), "b": named("b"), "c": named("c")}, torch.zeros(1), repeats=12)
    calls = calls[9:]  # after 3 calls of each to warm up
    rounds = [tuple(calls[i : i + 3]) for i in range(0, 36, 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 2
    assert all(len(of) == 12 for of in times.milliseconds.values())


def test_who_sleeps_longer_is_slower():
    times = latency(
        {"slow": lambda x: time.sleep(0.02), "fast": lambda x: time.sleep(0.002)}, torch.zeros(1), repeats=8
    )
    assert times.ranking() == [("fast",), ("slow",)]
    assert times.ratio("slow", "fast").low > 2
    assert list(times.table.columns) == ["median_ms", "spread", "low_ms", "high_ms", "ratio"]
    assert times.table.median_ms["slow"] >= 20
    assert times.table.ratio["slow"] == 1
    assert times.table.ratio["fast"] == times.ratio("slow", "fast").median
    assert "fast, then slow" in repr(times)


def test_threads_and_mode_are_fixed_meanwhile_and_restored_whatever_happens():
    before = torch.get_num_threads()
    seen = []

    class Net(nn.Module):
        def __init__(self, fails=False):
            super().__init__()
            self.fails, self.layer = fails, nn.Linear(2, 2)

        def forward(self, x):
            seen.append((torch.get_num_threads(), self.training, torch.is_grad_enabled()))
            if self.fails:
                raise ZeroDivisionError
            return self.layer(x)

    net, broken = Net(), Net(fails=True)
    latency({"net": net}, torch.zeros(1, 2), repeats=2, threads=before + 1)
    assert set(seen) == {(before + 1, False, False)}
    with pytest.raises(ZeroDivisionError):
        latency({"net": net, "broken": broken}, torch.zeros(1, 2), repeats=2, threads=before + 1)
    assert torch.get_num_threads() == before
    assert net.training
    assert broken.training
    assert torch.is_grad_enabled()


def test_the_clock_counts_sleeping_and_this_thread_alone():
    def busy(seconds):
        begin = time.thread_time()
        while time.thread_time() < begin + seconds:
            pass

    begin, wall = now(), time.perf_counter()
    time.sleep(0.05)
    busy(0.05)
    took = now() - begin
    assert 0.09 < took <= time.perf_counter() - wall
    inside = []
    thread = threading.Thread(target=lambda: inside.append(now()))
    thread.start()
    thread.join()
    assert inside[0] <= time.perf_counter()


@pytest.mark.parametrize(
    ("nets", "settings", "error", "words"),
    [
        ({}, {}, TypeError, "nets must be a dict"),
        ({"a": 3}, {}, TypeError, "nets must be a dict"),
        ({"a": nn.ReLU()}, {"repeats": 0}, ValueError, "repeats"),
        ({"a": nn.ReLU()}, {"threads": 1.5}, ValueError, "threads"),
        ({"a": nn.Linear(1, 1, device="meta")}, {}, ValueError, "meta device"),
    ],
)
def test_what_cannot_be_measured_is_refused(nets, settings, error, words):
    with pytest.raises(error, match=words):
        latency(nets, torch.zeros(1, 1), **settings)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'c' was not measured, only 'a', 'b'"):
        Latency({"a": [1.0] * 6, "b": [1.0] * 6}).ratio("a", "c")
