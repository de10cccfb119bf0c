"""Checks of the graded lab ``a06_profiling``: counting by hand, Amdahl's law, the roofline, reading a profile."""

import math
import statistics

import numpy as np

from .core import Check, Part


def _whole(result):
    """Counts, whole numbers, though somebody may have divided on the way."""
    if isinstance(result, tuple | list):
        return tuple(int(n) if isinstance(n, float) and n.is_integer() else n for n in result)
    return result


# -- 1. a convolution -------------------------------------------------------------------------------------------------


def _conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * (channels // groups) * kernel**2
    return weights + (filters if bias else 0), rows * columns * weights


def _plain_cases(rng):
    yield 6, 9, 3, 4, 3, 1, 0, 1, True
    yield 6, 9, 3, 4, 3, 1, 1, 1, True
    yield 11, 8, 5, 2, 3, 2, 1, 1, True
    yield 32, 32, 3, 16, 5, 4, 2, 1, True
    for _ in range(4):
        height, width = (int(n) for n in rng.integers(12, 60, size=2))
        channels, filters = (int(n) for n in rng.integers(2, 40, size=2))
        kernel, stride = int(rng.choice([1, 3, 5, 7])), int(rng.integers(1, 4))
        yield height, width, channels, filters, kernel, stride, int(rng.integers(0, 4)), 1, True


def _group_cases(rng):
    yield 6, 9, 4, 8, 3, 1, 1, 2, True
    yield 6, 9, 8, 8, 3, 1, 1, 8, True
    for _ in range(3):
        groups, each = (int(n) for n in rng.integers(2, 9, size=2))
        yield 14, 20, groups * each, groups * int(rng.integers(1, 5)), 3, 2, 1, groups, True


def _no_bias_cases(rng):
    yield 6, 9, 3, 4, 3, 1, 0, 1, False
    yield 20, 15, 8, 16, 5, 2, 2, 1, False


def _conv_as(out=None, biases=None, depth=None, kernel_to=2, once=False, per_mac=1, extra=False):
    """A variant: each piece of the arithmetic can be replaced by a wrong one."""

    def compute(height, width, channels, filters, kernel, stride, padding, groups, bias):
        side = out or (lambda n, k, s, p: (n + 2 * p - k) // s + 1)
        places = side(height, kernel, stride, padding) * side(width, kernel, stride, padding)
        weights = filters * (depth or (lambda c, g: c // g))(channels, groups) * kernel**kernel_to
        added = biases(filters, places) if biases else filters if bias else 0
        macs = weights if once else places * weights + (places * filters if extra else 0)
        return weights + added, per_mac * macs

    return compute


conv_cost = Check(
    "conv_cost",
    reference=_conv_cost,
    cases=_plain_cases,
    call=lambda answer, height, width, channels, filters, kernel, stride, padding, groups, bias: _whole(
        answer(height, width, channels, filters, kernel, stride, padding, groups, bias)
    ),
    weight=2,
    misconceptions=[
        (_conv_as(biases=lambda filters, places: 0), "the biases are forgotten: one for each filter"),
        (_conv_as(per_mac=2), "FLOPs, not MACs: a multiplication and its addition are one multiply-accumulate"),
        (
            _conv_as(out=lambda n, k, s, p: n),
            "the size of the input: products are formed once for each place of the output",
        ),
        (
            _conv_as(out=lambda n, k, s, p: (n + p - k) // s + 1),
            "the padding counts once: it is there on both sides",
        ),
        (_conv_as(out=lambda n, k, s, p: (n - k) // s + 1), "the padding is forgotten: it makes the output larger"),
        (_conv_as(out=lambda n, k, s, p: n + 2 * p - k + 1), "the stride is forgotten: a filter skips places"),
        (
            _conv_as(out=lambda n, k, s, p: (n + 2 * p - k) // s),
            "one place too few in each direction: the first one counts too",
        ),
        (_conv_as(depth=lambda c, g: 1), "the channels are forgotten: a filter has a kernel for each of them"),
        (_conv_as(kernel_to=1), "the kernel is a square: kernel times kernel weights"),
        (_conv_as(once=True), "each weight once: it is used again at every place of the output"),
        (_conv_as(extra=True), "the biases are among the multiply-accumulates: adding one is no product"),
        (
            lambda *args: _conv_cost(*args)[::-1],
            "the two numbers are turned round: first parameters, then multiply-accumulates",
        ),
        (
            lambda height, width, *rest: _conv_cost(height, height, *rest),
            "the width is taken for as large as the height: an image need not be square",
        ),
    ],
    parts=[
        Part(
            "groups: each filter reads the channels of its own group",
            cases=_group_cases,
            misconceptions=[
                (
                    _conv_as(depth=lambda c, g: c),
                    "the groups are forgotten: a filter reads only the channels of its own group",
                ),
                (
                    _conv_as(depth=lambda c, g: c / g / g),
                    "divided by the groups twice: all filters together read each channel once a group",
                ),
                (
                    lambda *args: (_conv_as(depth=lambda c, g: c)(*args)[0], _conv_cost(*args)[1]),
                    "the groups are forgotten among the parameters: what is not read has no weight",
                ),
                (
                    lambda *args: (_conv_cost(*args)[0], _conv_as(depth=lambda c, g: c)(*args)[1]),
                    "the groups are forgotten among the multiply-accumulates: what is not read is not multiplied",
                ),
            ],
        ),
        Part(
            "without biases",
            cases=_no_bias_cases,
            misconceptions=[
                (
                    _conv_as(biases=lambda filters, places: filters),
                    "biases are counted that the layer does not have: `bias` is False",
                ),
            ],
        ),
    ],
    hints=[
        "How many weights has one filter? How many numbers of the output does it make?",
        "A filter fits (n + 2 * padding - kernel) // stride + 1 times along a side of n.",
        "In g groups a filter reads channels / g. Parameters: weights of all filters, and a bias a filter. "
        "Multiply-accumulates: the weights times the places of the output.",
    ],
)


# -- 2. linear and recurrent layers -----------------------------------------------------------------------------------

_GATES = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}


def _dense_cost(layers, bits):
    gates = {"rnn": 1, "gru": 3, "lstm": 4}
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        if kind == "linear":
            weights, biases = inputs * outputs, outputs
        else:
            weights = gates[kind] * outputs * (inputs + outputs)
            biases = 2 * gates[kind] * outputs
        parameters += weights + biases
        macs += times * weights
    return parameters, parameters * bits // 8, macs


def _linear_cases(rng):
    yield [("linear", 4, 3, 1)], 32
    yield [("linear", 4, 3, 5)], 16
    yield [("linear", 25088, 4096, 1), ("linear", 4096, 4096, 1), ("linear", 4096, 1000, 1)], 32
    for bits in (8, 16, 32):
        sizes = [int(n) for n in rng.integers(2, 300, size=4)]
        times = [int(n) for n in rng.integers(2, 50, size=3)]
        yield [("linear", *layer) for layer in zip(sizes[:-1], sizes[1:], times, strict=True)], bits


def _recurrent_cases(rng):
    yield [("rnn", 3, 2, 10)], 32
    yield [("gru", 3, 2, 10)], 32
    yield [("lstm", 6, 32, 50), ("linear", 32, 4, 1)], 16
    for kind in ("rnn", "gru", "lstm"):
        inputs, states, steps = (int(n) for n in rng.integers(2, 60, size=3))
        yield [(kind, inputs, states, steps), ("linear", states, 5, 1)], 8


def _dense_as(size=lambda bits: bits / 8, biases=1, twice=2, gates=None, own=True, repeat=True, per_mac=1, again=False):
    def compute(layers, bits):
        parameters = macs = 0
        for kind, inputs, outputs, times in layers:
            gated = (gates or _GATES)[kind]
            weights = gated * outputs * (inputs + (outputs if own and kind != "linear" else 0))
            added = biases * outputs * (1 if kind == "linear" else twice * gated)
            parameters += (weights + added) * (times if again else 1)
            macs += per_mac * weights * (times if repeat else 1)
        return parameters, parameters * size(bits), macs

    return compute


dense_cost = Check(
    "dense_cost",
    reference=_dense_cost,
    cases=_linear_cases,
    call=lambda answer, layers, bits: _whole(answer(list(layers), bits)),
    weight=2,
    misconceptions=[
        (_dense_as(biases=0), "the biases are forgotten: one for each output"),
        (_dense_as(size=lambda bits: bits), "bits, not bytes: 8 bits are a byte"),
        (_dense_as(size=lambda bits: 4), "always 4 bytes: a number of `bits` bits has bits / 8"),
        (_dense_as(size=lambda bits: 1), "as many bytes as parameters: a number of `bits` bits has bits / 8"),
        (_dense_as(size=lambda bits: bits / 8e6), "megabytes, where bytes are asked for"),
        (_dense_as(per_mac=2), "FLOPs, not MACs: a multiplication and its addition are one multiply-accumulate"),
        (_dense_as(repeat=False), "each layer once: one that runs several times multiplies anew each time"),
        (
            _dense_as(again=True),
            "the parameters are counted anew for each time: the same weights are used again",
        ),
    ],
    parts=[
        Part(
            "recurrent layers",
            cases=_recurrent_cases,
            misconceptions=[
                (
                    _dense_as(gates=dict.fromkeys(_GATES, 1)),
                    "the gates are forgotten: a GRU has three sets of weights, an LSTM four",
                ),
                (
                    _dense_as(own=False),
                    "the state is forgotten: a recurrent layer reads its own last outputs as well as its inputs",
                ),
                (
                    _dense_as(twice=1),
                    "one bias a gate and output: in the layers meant here there are two, for inputs and for states",
                ),
                (
                    lambda layers, bits: _dense_cost(
                        [(*layer[:3], layer[3] if layer[0] == "linear" else 1) for layer in layers], bits
                    ),
                    "one step only: a recurrent layer multiplies anew in each",
                ),
                (_dense_as(gates=_GATES | {"gru": 4, "lstm": 3}), "three gates for a GRU, four for an LSTM"),
            ],
        )
    ],
    hints=[
        "How many numbers does one output of a linear layer read? How many weights does it have for these?",
        "A recurrent layer is a linear one that reads inputs and states together, once for each gate.",
        "Weights are stored once, and multiplied `times` times; biases are stored, and not multiplied.",
    ],
)


# -- 3. Amdahl --------------------------------------------------------------------------------------------------------


def _whole_speedup(milliseconds, speedups):
    before = sum(milliseconds.values())
    after = sum(ms / speedups.get(layer, 1) for layer, ms in milliseconds.items())
    return before / after


def _speedup_cases(rng):
    yield {"conv": 60.0, "fc": 30.0, "rest": 10.0}, {"conv": 3.0}
    yield {"conv": 60.0, "fc": 30.0, "rest": 10.0}, {"conv": 3.0, "fc": 5.0}
    yield {"conv": 2.0, "fc": 7.0}, {"conv": 4.0, "fc": 0.5}
    yield {"conv1": 5.0, "conv2": 25.0, "pool": 3.0, "fc": 1.0}, {"fc": 100.0, "conv1": 2.0}
    for _ in range(3):
        layers = [f"layer{n}" for n in range(int(rng.integers(3, 7)))]
        times = {layer: round(float(rng.uniform(1, 50)), 1) for layer in layers}
        chosen = [str(layer) for layer in rng.permutation(layers)[: int(rng.integers(2, len(layers)))]]
        yield times, {layer: round(float(rng.uniform(1.2, 8)), 1) for layer in chosen}


def _cap_cases(rng):
    yield {"conv": 60.0, "fc": 30.0, "rest": 10.0}, {"conv": math.inf}
    yield {"heavy": 88.16, "rest": 11.84}, {"heavy": math.inf}
    yield {"conv": 4.0, "fc": float(rng.integers(2, 9)), "rest": 1.0}, {"fc": math.inf, "conv": 2.0}


def _share_of(milliseconds, layers):
    return sum(milliseconds[layer] for layer in layers) / sum(milliseconds.values())


def _mean_by_share(milliseconds, speedups):
    whole = sum(milliseconds.values())
    return sum(ms / whole * speedups.get(layer, 1) for layer, ms in milliseconds.items())


def _rest_gone(milliseconds, speedups):
    return sum(milliseconds.values()) / sum(milliseconds[layer] / speedup for layer, speedup in speedups.items())


def _rest_never_there(milliseconds, speedups):
    before = sum(milliseconds[layer] for layer in speedups)
    return before / sum(milliseconds[layer] / speedup for layer, speedup in speedups.items())


def _steps_multiplied(milliseconds, speedups):
    return math.prod(_whole_speedup(milliseconds, {layer: speedup}) for layer, speedup in speedups.items())


def _saved_too_much(milliseconds, speedups):
    whole = sum(milliseconds.values())
    left = 1 - sum(milliseconds[layer] / whole * (1 / speedup) for layer, speedup in speedups.items())
    return 1 / left


whole_speedup = Check(
    "whole_speedup",
    reference=_whole_speedup,
    cases=_speedup_cases,
    weight=2,
    misconceptions=[
        (
            lambda milliseconds, speedups: statistics.fmean(speedups.values()),
            "the mean of the speed-ups: how much time each layer takes does not come into it",
        ),
        (
            lambda milliseconds, speedups: statistics.fmean(speedups.get(layer, 1) for layer in milliseconds),
            "the mean over all layers: how much time each layer takes does not come into it",
        ),
        (
            _mean_by_share,
            "the mean of the speed-ups, weighted by share: it is times that add up, not speed-ups",
        ),
        (
            lambda milliseconds, speedups: 1 / _whole_speedup(milliseconds, speedups),
            "turned round: 2 says that the whole takes half the time",
        ),
        (
            lambda milliseconds, speedups: math.prod(speedups.values()),
            "the product of the speed-ups: each is of one layer, not of the whole",
        ),
        (_rest_gone, "the layers that stay as they are have vanished: their time is still needed afterwards"),
        (_rest_never_there, "only the layers that become faster: the others are part of the whole as well"),
        (_steps_multiplied, "one layer after the other, and multiplied: after the first the shares are others"),
        (
            lambda milliseconds, speedups: sum(milliseconds.values()) / _whole_speedup(milliseconds, speedups),
            "the new time: how many times as fast is asked for",
        ),
        (
            lambda milliseconds, speedups: 1 - 1 / _whole_speedup(milliseconds, speedups),
            "the share of the time that is saved: how many times as fast is asked for",
        ),
        (_saved_too_much, "what is left of a layer was taken away, and what it saves kept"),
    ],
    parts=[
        Part("a layer that vanishes has the speed-up infinity, and leaves the cap", cases=_cap_cases),
    ],
    hints=[
        "How many milliseconds does the whole take before? And each layer afterwards?",
        "A layer that is not named in `speedups` takes as long as before.",
        "Add up the times before, add up the times after, divide. `speedups.get(layer, 1)` helps; and a number divided "
        "by infinity is 0 in Python.",
    ],
)


# -- 4. a point under the roof ----------------------------------------------------------------------------------------


def _roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 2 * macs / (numbers_moved * bits / 8)
    attainable = min(peak, intensity * bandwidth)
    return intensity, attainable, "memory" if intensity < peak / bandwidth else "arithmetic"


def _point_cases(rng):
    yield 1000, 500, 32, 100.0, 10.0
    yield 16_000, 500, 32, 100.0, 10.0
    yield 1000, 500, 16, 100.0, 10.0
    yield 102_760_448, 102_789_632, 32, 512.0, 25.6
    yield 1_849_688_064, 6_459_392, 32, 512.0, 25.6
    for _ in range(5):
        moved, bits = int(rng.integers(1000, 100_000)), int(rng.choice([8, 16, 32]))
        peak, bandwidth = round(float(rng.uniform(20, 500)), 1), round(float(rng.uniform(5, 60)), 1)
        ridge = peak / bandwidth
        factor = float(rng.uniform(0.05, 0.4)) if rng.random() < 0.5 else float(rng.uniform(2.2, 20))
        yield max(1, round(ridge * factor * moved * bits / 16)), moved, bits, peak, bandwidth


def _point_as(per_mac=2, size=lambda bits: bits / 8, lower=min, limit=None):
    def compute(macs, numbers_moved, bits, peak, bandwidth):
        intensity = per_mac * macs / (numbers_moved * size(bits))
        return intensity, lower(peak, intensity * bandwidth), (limit or _limit)(intensity, peak, bandwidth)

    return compute


def _limit(intensity, peak, bandwidth):
    return "memory" if intensity < peak / bandwidth else "arithmetic"


def _other(limit):
    return {"memory": "arithmetic", "arithmetic": "memory"}[limit]


def _use_point(answer, macs, numbers_moved, bits, peak, bandwidth):
    result = answer(macs, numbers_moved, bits, peak, bandwidth)
    if isinstance(result, tuple | list) and len(result) == 3 and isinstance(result[2], str):
        return *result[:2], result[2].strip().lower()
    return result


roofline_point = Check(
    "roofline_point",
    reference=_roofline_point,
    cases=_point_cases,
    call=_use_point,
    weight=0,
    parts=[
        Part(
            "three results",
            accept=lambda result, *_: (
                None
                if isinstance(result, tuple | list) and len(result) == 3
                else "three results are asked for: `return intensity, attainable, limit`"
            ),
            weight=0,
            essential=True,
        ),
        Part(
            "intensity, and what the machine allows at it",
            view=lambda result: list(result[:2]),
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _point_as(per_mac=1),
                    "MACs, not operations: each multiply-accumulate is two, as FLOP/s are counted",
                ),
                (_point_as(size=lambda bits: 1), "operations a number: bandwidth is in bytes, so divide by bytes"),
                (_point_as(size=lambda bits: bits), "bits, not bytes: 8 bits are a byte"),
                (_point_as(size=lambda bits: 4), "always 4 bytes: a number of `bits` bits has bits / 8"),
                (
                    _point_as(per_mac=1, size=lambda bits: 1),
                    "MACs a number: two operations a MAC, and bits / 8 bytes a number",
                ),
                (
                    _point_as(lower=lambda peak, slope: slope),
                    "the slanted roof alone: no machine is faster than its peak",
                ),
                (_point_as(lower=lambda peak, slope: peak), "the flat roof alone: numbers have to arrive first"),
                (_point_as(lower=max), "the higher of the two roofs: what is slower decides"),
                (
                    lambda *args: (1 / _roofline_point(*args)[0], *_roofline_point(*args)[1:]),
                    "bytes an operation: the intensity is operations a byte",
                ),
                (
                    lambda macs, moved, bits, peak, bandwidth: (
                        16 * macs / (moved * bits),
                        16 * macs / (moved * bits) / (peak / bandwidth),
                        "",
                    ),
                    "how far from the ridge: what the machine attains is asked for, in its own unit",
                ),
            ],
        ),
        Part(
            "which of the two is the limit",
            view=lambda result: result[2],
            misconceptions=[
                (
                    _point_as(limit=lambda intensity, *_: "memory" if intensity < 1 else "arithmetic"),
                    "the ridge is not at 1: it is where both roofs meet, peak / bandwidth",
                ),
                (_point_as(limit=lambda *args: "memory"), "memory is not always the limit: compare with the ridge"),
                (_point_as(limit=lambda *args: "arithmetic"), "arithmetic is not always the limit"),
                (
                    _point_as(limit=lambda *args: _other(_limit(*args))),
                    "the limits are the wrong way round: with few operations a byte memory is the limit",
                ),
            ],
        ),
    ],
    hints=[
        "How many operations are the multiply-accumulates, and how many bytes the numbers?",
        "The intensity is one divided by the other. Times bytes a second it gives operations a second.",
        "The lower roof is the one that holds: the smaller of `peak` and intensity times `bandwidth`. If that is the "
        "second, memory is the limit.",
    ],
)


# -- 5. reading a profile ---------------------------------------------------------------------------------------------


def _attack_plan(runs, speedups):
    milliseconds = {layer: statistics.median(times) for layer, times in runs.items()}
    whole = sum(milliseconds.values())
    plan = []
    for layer, speedup in speedups.items():
        ms = milliseconds[layer]
        plan.append((layer, whole / (whole - ms + ms / speedup)))
    return sorted(plan, key=lambda pair: pair[1], reverse=True)


def _profile_cases(rng):
    # What decides between median and mean, or shortest: a long first run, and a rare disturbance.
    yield {"conv": [90.0, 6.0, 6.1], "fc": [3.0, 3.0, 3.2], "pool": [1.0, 1.2, 1.1]}, {"fc": 3.0, "conv": 2.0}
    yield (
        {"a": [1.0, 8.0, 8.2, 8.1, 8.3], "b": [6.1, 6.0, 6.3, 70.0, 6.2], "c": [2.0, 2.2, 2.1, 2.1, 9.0]},
        {"a": 1.3, "b": 2.0, "c": 50.0},
    )
    yield (
        {"conv1": [20.0, 9.0, 9.2], "conv2": [31.0, 30.0, 30.5], "fc": [16.0, 15.0, 15.1], "rest": [4.0, 4.0, 4.1]},
        {"conv1": 3.0, "conv2": 1.2, "fc": 5.0, "rest": 100.0},
    )
    yield {"x": [5.0, 4.0, 4.1], "y": [4.0, 5.5, 5.4], "z": [1.0, 1.0, 1.1]}, {"z": math.inf, "y": math.inf, "x": 1.5}
    for _ in range(3):
        layers = [f"layer{n}" for n in range(5)]
        runs, base = {}, rng.permutation([1.0, 3.0, 7.0, 12.0, 20.0])
        for layer, ms in zip(layers, base, strict=True):
            times = ms * rng.uniform(0.98, 1.03, size=7)
            times[0] *= 6
            times[int(rng.integers(1, 7))] *= 9
            runs[layer] = [round(float(t), 2) for t in times]
        factors = rng.permutation([1.3, 2.0, 4.0, 10.0])
        chosen = [str(layer) for layer in rng.permutation(layers)[:4]]
        yield runs, {layer: float(factor) for layer, factor in zip(chosen, factors, strict=True)}


def _plan_as(middle=statistics.median, key=None, gain=None, all_layers=False):
    def compute(runs, speedups):
        ms = {layer: middle(times) for layer, times in runs.items()}
        whole = sum(ms.values())
        factors = {layer: speedups.get(layer, 1.0) for layer in runs} if all_layers else speedups

        def by_amdahl(whole, part, factor):
            return whole / (whole - part + part / factor)

        found = [(layer, (gain or by_amdahl)(whole, ms[layer], factor)) for layer, factor in factors.items()]
        return sorted(found, key=(lambda pair: key(pair, ms, factors)) if key else lambda pair: -pair[1])

    return compute


def _use_plan(answer, runs, speedups):
    result = answer({layer: list(times) for layer, times in runs.items()}, dict(speedups))
    if isinstance(result, dict):
        result = list(result.items())
    if isinstance(result, tuple | list) and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in result):
        return [[str(layer), float(gain) if isinstance(gain, np.number) else gain] for layer, gain in result]
    return result


attack_plan = Check(
    "attack_plan",
    reference=_attack_plan,
    cases=_profile_cases,
    call=_use_plan,
    uses=[whole_speedup],
    misconceptions=[
        (
            _plan_as(middle=statistics.fmean),
            "the mean of the runs: the long first run, or one that was disturbed, pulls it away. Take the median",
        ),
        (_plan_as(middle=min), "the shortest run: one lucky run decides. Take the median"),
        (_plan_as(middle=max), "the longest run: that is the one that was disturbed. Take the median"),
        (_plan_as(middle=lambda times: times[0]), "the first run alone: it sets things up, and takes longer"),
        (
            _plan_as(key=lambda pair, ms, factors: pair[1]),
            "the least gain first: what helps most comes first",
        ),
        (
            _plan_as(key=lambda pair, ms, factors: -ms[pair[0]]),
            "the slowest layer first: what counts is what the whole gains, and a slow layer may gain little",
        ),
        (
            _plan_as(key=lambda pair, ms, factors: -factors[pair[0]]),
            "the largest factor first: what counts is what the whole gains, and a short layer has little to give",
        ),
        (
            _plan_as(gain=lambda whole, part, factor: factor),
            "the speed-up of the layer: that of the whole network is asked for",
        ),
        (
            _plan_as(gain=lambda whole, part, factor: whole / (whole - part) if part < whole else math.inf),
            "the cap, as if the layer vanished: it becomes only so many times as fast",
        ),
        (
            _plan_as(gain=lambda whole, part, factor: part - part / factor),
            "milliseconds saved: the speed-up of the whole is asked for",
        ),
        (
            _plan_as(gain=lambda whole, part, factor: 1 - part / whole + factor * part / whole),
            "the mean of the speed-ups, weighted by share: it is times that add up, not speed-ups",
        ),
        (_plan_as(all_layers=True), "layers that nobody offers to make faster: only those in `speedups` are asked for"),
    ],
    hints=[
        "First make one number of the runs of each layer. Which one is not fooled by a long first run?",
        "For each layer of `speedups`: what becomes of the whole if this one alone gets faster? You wrote that before.",
        "Collect pairs of name and speed-up of the whole, and sort them by the second, the largest first.",
    ],
)
