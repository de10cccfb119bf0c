"""Checks of the graded lab ``a07_half_precision``: rounding, range, layers to keep, loss scaling, measuring."""

import math
import statistics

import numpy as np

from .core import Check, Part

_FORMATS = {"float16": (5, 10), "bfloat16": (8, 7), "8 bits": (4, 3), "6 bits": (3, 2)}


# -- 1. rounding ------------------------------------------------------------------------------------------------------


def _round_to(number, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    if number == 0 or not math.isfinite(number):
        return number
    power = max(math.frexp(number)[1] - 1, 1 - bias)
    step = 2.0 ** (power - mantissa_bits)
    rounded = round(number / step) * step
    if abs(rounded) > (2 - 2.0**-mantissa_bits) * 2.0**bias:
        return math.copysign(math.inf, number)
    return math.copysign(rounded, number)


def _normal_cases(rng):
    yield 1.1, 5, 10
    yield 1 + 2**-11, 5, 10
    yield 1 + 3 * 2**-11, 5, 10
    yield 0.1, 8, 7
    yield -10.7, 4, 3
    yield 2049.0, 5, 10
    yield 21.0, 4, 3
    yield 1.999, 3, 2
    for _ in range(6):
        exponent_bits, mantissa_bits = _a_format(rng)
        bias = 2 ** (exponent_bits - 1) - 1
        power = int(rng.integers(max(1 - bias, -30), min(bias, 30)))
        yield float(rng.uniform(1, 1.9) * rng.choice([-1, 1]) * 2.0**power), exponent_bits, mantissa_bits
        tie = 1 + (2 * int(rng.integers(0, 2**mantissa_bits - 1)) + 1) * 2.0 ** -(mantissa_bits + 1)
        yield tie * 2.0**power, exponent_bits, mantissa_bits


def _a_format(rng):
    formats = list(_FORMATS.values())
    return formats[int(rng.integers(len(formats)))]


def _small_cases(rng):
    yield 3.3 * 2**-24, 5, 10
    yield 2.5 * 2**-24, 5, 10
    yield 2.0**-25, 5, 10
    yield -1e-12, 5, 10
    yield 0.004, 4, 3
    for _ in range(4):
        exponent_bits, mantissa_bits = (5, 10) if rng.random() < 0.5 else (4, 3)
        least = 2.0 ** (2 - 2 ** (exponent_bits - 1) - mantissa_bits)
        yield float(rng.uniform(0.1, 5)) * least, exponent_bits, mantissa_bits


def _large_cases(rng):
    yield 65519.0, 5, 10
    yield 65520.0, 5, 10
    yield -1e6, 5, 10
    yield 1e6, 8, 7
    yield 247.9, 4, 3
    yield math.inf, 5, 10
    for _ in range(3):
        exponent_bits, mantissa_bits = (5, 10) if rng.random() < 0.5 else (4, 3)
        top = 2.0 ** (2 ** (exponent_bits - 1))
        yield float(rng.uniform(0.9, 1.2)) * top, exponent_bits, mantissa_bits


def _round_as(nearest=round, digits=0, least=True, largest=True, bits=None, bias_by=0):
    """A variant: each piece of the arithmetic can be replaced by a wrong one."""

    def compute(number, exponent_bits, mantissa_bits):
        exponent_bits, mantissa_bits = bits or (exponent_bits, mantissa_bits)
        bias = 2 ** (exponent_bits - 1) - 1 + bias_by
        if number == 0 or not math.isfinite(number):
            return number
        power = math.frexp(number)[1] - 1
        power = max(power, 1 - bias) if least else power
        step = 2.0 ** (power - mantissa_bits + digits)
        rounded = nearest(number / step) * step
        top = (2 - 2.0**-mantissa_bits) * 2.0**bias
        if abs(rounded) > top:
            return math.copysign(math.inf if largest is True else top if largest == "top" else abs(rounded), number)
        return float(rounded)

    return compute


def _away(x):
    return math.copysign(math.floor(abs(x) + 0.5), x)


round_to = Check(
    "round_to",
    reference=_round_to,
    cases=_normal_cases,
    weight=2,
    misconceptions=[
        (_round_as(nearest=math.trunc), "cut off, not rounded: what is left over may be more than half a step"),
        (_round_as(nearest=math.floor), "always down: what is left over may be more than half a step"),
        (
            _round_as(nearest=_away),
            "ties go up: exactly in the middle the even count of steps is taken, up or down",
        ),
        (_round_as(nearest=math.ceil), "always up: what is left over may be less than half a step"),
        (
            _round_as(digits=1),
            "one digit too few: the leading 1 is not among the stored mantissa bits, so steps are half as large",
        ),
        (
            _round_as(digits=-1),
            "one digit too many: between two powers of 2 there are 2**mantissa_bits steps",
        ),
        (_round_as(bits=(5, 10)), "always float16: the format is given by exponent_bits and mantissa_bits"),
        (
            lambda number, exponent_bits, mantissa_bits: round(number * 2.0**mantissa_bits) / 2.0**mantissa_bits,
            "steps of the same size everywhere: that is a fixed-point number. The steps grow with the power of 2 below "
            "the number",
        ),
    ],
    parts=[
        Part(
            "below the smallest normal number the steps stay as they are",
            cases=_small_cases,
            misconceptions=[
                (
                    _round_as(least=False),
                    "the steps go on shrinking: the smallest exponent is 1 - bias, below it the numbers are subnormal",
                ),
                (
                    _round_as(bias_by=1),
                    "subnormal numbers of the wrong step: exponent 0 stands for the same power as exponent 1",
                ),
            ],
        ),
        Part(
            "beyond the largest number is infinity",
            cases=_large_cases,
            misconceptions=[
                (_round_as(largest=False), "no overflow: the exponent has only so many bits"),
                (_round_as(largest="top"), "the largest number, where infinity is asked for"),
                (
                    lambda number, e, m: (
                        math.copysign(math.inf, number)
                        if abs(number) > (2 - 2.0**-m) * 2.0 ** (2 ** (e - 1) - 1)
                        else _round_to(number, e, m)
                    ),
                    "infinity too early: what is less than half a step above the largest number is rounded down to it",
                ),
            ],
        ),
    ],
    hints=[
        "How large are the steps between 1 and 2 with 10 mantissa bits? And between 2 and 4?",
        "`math.frexp(number)` gives a fraction from 0.5 to 1 and a power: the power of 2 below the number is one less.",
        "Count how many steps the number is, round that count, and multiply by the step again. Python's own `round` "
        "takes the even count at a tie.",
        "For subnormal numbers let the power not fall below 1 - bias. Test for overflow after rounding, not before.",
    ],
    rtol=0,
    atol=0,
)


# -- 2. range ---------------------------------------------------------------------------------------------------------


def _range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    overflow = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    smallest = 2.0 ** (1 - bias - mantissa_bits)
    sizes = np.abs(values)
    return int(np.sum(sizes >= overflow)), int(np.sum((sizes > 0) & (sizes <= smallest / 2)))


def _losses_as(size=np.abs, least=None, top=None, zeros=False):
    def compute(values, exponent_bits, mantissa_bits):
        bias = 2 ** (exponent_bits - 1) - 1
        high = top(bias, mantissa_bits) if top else 2.0**bias * (2 - 2.0 ** -(mantissa_bits + 1))
        low = least(bias, mantissa_bits) if least else 2.0 ** (-bias - mantissa_bits)
        sizes = size(values)
        return int(np.sum(sizes >= high)), int(np.sum((sizes <= low) & ((sizes > 0) | zeros)))

    return compute


def _values_cases(rng):
    yield [1.0, -70000.0, 1e5, 0.0, 1e-9, 2e-8, -1e-8], 5, 10
    yield [1e6, -300.0, 100.0, 0.0, 0.01, -0.0005, 0.0003], 4, 3
    yield [1e5, 1e30, 1e-9, -1e-30, 0.0, -1e-41], 8, 7
    yield [1e-6, 5e-7, 1.0, -9e4, 0.0, 0.0, -4e-6], 5, 10
    for _ in range(3):
        exponent_bits, mantissa_bits = (5, 10) if rng.random() < 0.5 else (4, 3)
        bias = 2 ** (exponent_bits - 1) - 1
        powers = rng.uniform(-bias - mantissa_bits - 8, bias + 6, size=30)
        # Away from the limits, which are a part of their own.
        powers = powers[(np.abs(powers + bias + mantissa_bits) > 1.1) & (np.abs(powers - bias - 1) > 0.2)]
        values = rng.choice([-1, 1], size=len(powers)) * 2.0**powers
        yield [0.0, *(float(f"{value:.3g}") for value in values)], exponent_bits, mantissa_bits


def _edge_cases(rng):
    yield [65504.0, 65519.99, 65520.0, -65520.0, 65536.0], 5, 10
    yield [2.0**-24, 2.0**-25, -(2.0**-25), 1.001 * 2.0**-25], 5, 10
    yield [240.0, 247.9, 248.0, 2.0**-10, 1.001 * 2.0**-10], 4, 3


range_losses = Check(
    "range_losses",
    reference=_range_losses,
    cases=_values_cases,
    call=lambda answer, values, exponent_bits, mantissa_bits: _pair(
        answer(np.array(values), exponent_bits, mantissa_bits)
    ),
    weight=2,
    misconceptions=[
        (
            _losses_as(size=lambda values: values),
            "negative numbers are forgotten: what counts is the size, without the sign",
        ),
        (_losses_as(zeros=True), "zeros are counted as underflow: they were zero before"),
        (
            _losses_as(least=lambda bias, bits: 2.0 ** (1 - bias)),
            "subnormal numbers are counted as lost: below the smallest normal number there are some, with fewer digits",
        ),
        (
            _losses_as(top=lambda bias, bits: 2.0 ** (bias + 1) * 2),
            "overflow seen too late: exponent all ones is infinity, so the largest exponent is 2**exponent_bits - 2",
        ),
        (
            lambda values, e, m: _range_losses(values, e, m)[::-1],
            "the two numbers are turned round: first overflow, then underflow",
        ),
        (
            lambda values, e, m: tuple(n / len(values) for n in _range_losses(values, e, m)),
            "shares: how many they are is asked for",
        ),
        (
            lambda values, e, m: _range_losses(values, 5, 10),
            "always float16: the format is given by exponent_bits and mantissa_bits",
        ),
    ],
    parts=[
        Part(
            "right at the limits it is rounding that decides",
            cases=_edge_cases,
            misconceptions=[
                (
                    _losses_as(top=lambda bias, bits: np.nextafter((2 - 2.0**-bits) * 2.0**bias, np.inf)),
                    "everything above the largest number is counted: less than half a step above it is rounded down",
                ),
                (
                    _losses_as(top=lambda bias, bits: 2.0 ** (bias + 1)),
                    "overflow begins half a step above the largest number, where rounding up begins",
                ),
                (
                    _losses_as(least=lambda bias, bits: np.nextafter(2.0 ** (1 - bias - bits), 0)),
                    "everything below the smallest number is counted: more than half of it is rounded up to it",
                ),
                (
                    _losses_as(least=lambda bias, bits: np.nextafter(2.0 ** (-bias - bits), 0)),
                    "exactly half the smallest number is a tie, and zero is even",
                ),
            ],
        )
    ],
    hints=[
        "What is the largest number: which exponent, which mantissa? And the smallest one above 0, a subnormal one?",
        "The largest is (2 - 2**-mantissa_bits) * 2**bias, the smallest 2**(1 - bias - mantissa_bits).",
        "A number becomes infinite if rounding takes it beyond the largest: from half a step above it on. It becomes 0 "
        "up to half of the smallest.",
    ],
)


def _pair(result):
    """Two whole numbers, whatever they came in."""
    if isinstance(result, tuple | list | np.ndarray) and len(result) == 2:
        return tuple(int(n) if isinstance(n, np.integer) else n for n in result)
    return result


# -- 3. layers to keep ------------------------------------------------------------------------------------------------


def _layers_to_keep(layers, largest, smallest_normal, tolerance):
    kept = []
    for name, values in layers.items():
        sizes = np.abs(values)
        lost = sizes[sizes < smallest_normal].sum()
        if (sizes > largest).any() or lost > tolerance * sizes.sum():
            kept.append(name)
    return kept


def _layer_cases(rng):
    limits = 65504.0, 2.0**-14
    yield {"one": [1.0, 200.0, -3.0], "two": [0.01, -0.012, 0.005], "three": [-500.0, 1.0]}, 240.0, 2.0**-6, 0.01
    yield {"one": [1.0, -1.0, 2.0, 1e-9], "two": [1e5]}, *limits, 0.5
    yield {"loud": [1.0, 2e5], "soft": [1e-6, -2e-6], "plain": [0.5, -3.0]}, *limits, 0.01
    yield {"a": [-1e5, 3.0], "b": [1.0, 0.0, 1e-9], "c": [0.0, 0.0]}, *limits, 0.01
    yield {"many small": [1.0, *[1e-6] * 9], "few large": [-2e-5, 3e-5, 0.0, -1e-4]}, *limits, 0.01
    for _ in range(3):
        scales = {"conv1": 1.0, "conv2": 3e5, "fc1": 1e-6, "fc2": 20.0, "fc3": 1e-2}
        layers = {}
        for name in map(str, rng.permutation(list(scales))):
            values = rng.normal(size=20) * scales[name]
            if name == "fc2":
                values[: int(rng.integers(11, 17))] *= 1e-8
            layers[name] = [float(f"{value:.3g}") for value in values]
        yield layers, *limits, 0.01


def _tolerance_cases(rng):
    yield {"a": [1.0, 0.02], "b": [1.0, 0.3]}, 100.0, 0.5, 0.1
    yield {"a": [1.0, 0.02], "b": [1.0, 0.3]}, 100.0, 0.5, 0.001
    yield {"a": [1.0, 120.0], "b": [1.0, -90.0], "c": [100.0, 0.0]}, 100.0, 0.5, 0.3


def _keep_as(size=np.abs, lost=None, over=True, under=True, turned=False):
    def compute(layers, largest, smallest_normal, tolerance):
        kept = []
        for name, values in layers.items():
            sizes = size(values)
            small = (
                lost(sizes, smallest_normal) if lost else sizes[sizes < smallest_normal].sum() / max(sizes.sum(), 1e-99)
            )
            keep = (over and bool((sizes > largest).any())) or (under and bool(small > tolerance))
            kept += [name] if keep != turned else []
        return kept

    return compute


layers_to_keep = Check(
    "layers_to_keep",
    reference=_layers_to_keep,
    cases=_layer_cases,
    weight=2,
    call=lambda answer, layers, largest, smallest_normal, tolerance: _names(
        answer({name: np.array(values) for name, values in layers.items()}, largest, smallest_normal, tolerance)
    ),
    misconceptions=[
        (
            _keep_as(lost=lambda sizes, low: float(sizes[sizes < low].sum())),
            "the sum of the small numbers, not its share of the sum of all",
        ),
        (
            _keep_as(lost=lambda sizes, low: float(np.mean((sizes < low) & (sizes > 0)))),
            "the share of how many numbers are small: add up their sizes instead",
        ),
        (
            _keep_as(under=False),
            "only overflow is looked for: a layer that loses its small numbers answers wrongly as well",
        ),
        (_keep_as(over=False), "only underflow is looked for: one infinite number spoils everything behind it"),
        (_keep_as(turned=True), "the other layers: those that must stay in float32 are asked for"),
        (
            _keep_as(lost=lambda sizes, low: float(((sizes < low) & (sizes > 0)).any())),
            "kept because of any small number: beside large ones it does not matter; its share of the sum counts",
        ),
        (
            _keep_as(lost=lambda sizes, low: float(np.mean(sizes < low))),
            "zeros are counted among the small numbers: they lose nothing, and add nothing to the sum",
        ),
        (_keep_as(size=lambda values: values), "negative numbers are forgotten: take sizes, without the sign"),
    ],
    parts=[Part("another tolerance", cases=_tolerance_cases)],
    hints=[
        "Write down for one layer, with pencil and paper, both sums: of all sizes, and of those below the smallest "
        "normal number.",
        "`np.abs(values)` are the sizes; `sizes[sizes < smallest_normal]` are the small ones.",
        "A layer of zeros only has the sum 0: compare with tolerance times the sum instead of dividing by it.",
    ],
)


def _names(result):
    """Any sequence of names will do."""
    return [str(name) for name in result] if isinstance(result, list | tuple | np.ndarray) else result


# -- 4. loss scaling --------------------------------------------------------------------------------------------------


def _scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights.copy(), scale / 2
    unscaled = gradient.astype(np.float32) / np.float32(scale)
    return weights - np.float32(rate) * unscaled, scale


def _gradient_cases(rng):
    yield np.array([1.0, -2.0], np.float32), np.array([4.0, 8.0], np.float16), 4.0, 0.5
    yield np.array([1.0, 1.0], np.float32), np.array([0.25, 100.0], np.float16), 2.0**15, 50.0
    yield np.array([1.0, -1.0], np.float32), np.array([0.001, -0.0003], np.float16), 2.0**15, 1e7
    for _ in range(3):
        scale = float(2 ** rng.integers(12, 16))
        gradient = (rng.normal(size=6) * 2.0 ** rng.uniform(-12, -6, size=6)).astype(np.float16)
        yield rng.normal(size=6).astype(np.float32), gradient, scale, float(rng.uniform(10, 50) * scale)


def _overflow_cases(rng):
    yield np.array([1.0, -2.0], np.float32), np.array([4.0, np.inf], np.float16), 8.0, 0.5
    yield np.array([1.0, -2.0], np.float32), np.array([np.nan, 1.0], np.float16), 1024.0, 0.5
    yield np.array([1.0, -2.0], np.float32), np.array([-np.inf, 1.0], np.float16), 64.0, 0.5
    gradient = rng.normal(size=5).astype(np.float16)
    gradient[int(rng.integers(5))] = np.inf
    yield rng.normal(size=5).astype(np.float32), gradient, float(2 ** rng.integers(5, 16)), 0.1


def _step_as(unscale=None, update=None, skip=True, then=lambda scale: scale / 2, still=lambda scale: scale):
    def compute(weights, gradient, scale, rate):
        if skip and not np.isfinite(gradient).all():
            return weights.copy(), then(scale)
        with np.errstate(all="ignore"):
            small = unscale(gradient, scale) if unscale else gradient.astype(np.float32) / np.float32(scale)
            new = update(weights, small, rate) if update else weights - np.float32(rate) * small
        return np.asarray(new, dtype=np.float32), still(scale)

    return compute


def _use_step(answer, weights, gradient, scale, rate):
    result = answer(weights, gradient, scale, rate)
    if isinstance(result, tuple | list) and len(result) == 2:
        new, scale = result
        if isinstance(new, np.ndarray) and new.dtype.kind == "f":
            new = new.astype(np.float64)
        return new, float(scale) if isinstance(scale, int | float | np.number) else scale
    return result


scaled_step = Check(
    "scaled_step",
    reference=_scaled_step,
    cases=_gradient_cases,
    call=_use_step,
    weight=3,
    misconceptions=[
        (
            _step_as(unscale=lambda g, scale: (g / np.float16(scale)).astype(np.float32)),
            "divided in float16: small numbers underflow there, which the scaling was to prevent. Go to float32 first",
        ),
        (
            _step_as(unscale=lambda g, scale: g.astype(np.float32)),
            "the scale is still in the gradient: divide it out again",
        ),
        (
            _step_as(unscale=lambda g, scale: g.astype(np.float32) * np.float32(scale)),
            "multiplied by the scale once more: the gradient that comes in has it already, divide",
        ),
        (
            _step_as(update=lambda w, g, rate: w + np.float32(rate) * g),
            "uphill: the loss falls against the gradient, so subtract",
        ),
        (
            _step_as(update=lambda w, g, rate: w.astype(np.float16) - (np.float32(rate) * g).astype(np.float16)),
            "weights in float16: what is less than half a step of the format changes nothing. They stay in float32",
        ),
        (_step_as(update=lambda w, g, rate: w - g), "the rate is missing"),
        (
            _step_as(still=lambda scale: scale * 2),
            "another scale, though nothing overflowed: it stays as it is",
        ),
    ],
    parts=[
        Part(
            "a gradient with infinity or NaN is left out, and the scale halved",
            cases=_overflow_cases,
            misconceptions=[
                (_step_as(skip=False), "infinity or NaN went into the weights: such a step is left out"),
                (
                    _step_as(then=lambda scale: scale),
                    "the scale stays: the next gradient would overflow again. Halve it",
                ),
                (_step_as(then=lambda scale: scale * 2), "the scale is doubled, where it was too large: halve it"),
            ],
        )
    ],
    hints=[
        "In which of the three types involved, float16 or float32, can 1e-7 times 2**-10 be held?",
        "`gradient.astype(np.float32)` comes first, then the division by the scale, then the step.",
        "`np.isfinite(gradient).all()` tells whether the step can be made. If not, return the weights as they are.",
    ],
    rtol=1e-5,
    atol=1e-7,
)


# -- 5. measuring -----------------------------------------------------------------------------------------------------

#: Instructions that compute with a format, as Linux names them; the others only convert, or compute with other types.
_COMPUTES = {
    "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
}


def _measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    computes = {"float16": {"avx512_fp16", "amx_fp16", "asimdhp"}, "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"}}
    expected_faster = bool(computes[dtype] & set(instructions))
    run_float32()
    run_half()
    ratios = []
    for _ in range(repeats):
        begin = clock()
        run_float32()
        middle = clock()
        run_half()
        ratios.append((middle - begin) / (clock() - middle))
    return expected_faster, statistics.median(ratios)


class _Machine:
    """A machine whose time passes only when it works, and as it is told."""

    def __init__(self, float32_ms, half_ms, first_call_ms, disturbed):
        self.cost = {"float32": float32_ms, "half": half_ms}
        self.first, self.disturbed, self.now, self.calls = first_call_ms, disturbed, 0.0, {"float32": 0, "half": 0}

    def run(self, name):
        cost, total = self.cost[name], sum(self.calls.values())
        if not self.calls[name] and name == "half":
            cost += self.first
        if self.disturbed == "now and then" and total % 7 == 4:
            cost *= 25
        if self.disturbed == "from the 24th call on" and total >= 23:
            cost *= 3
        self.calls[name] += 1
        self.now += cost / 1000


def _use_measure(answer, instructions, dtype, float32_ms, half_ms, first_call_ms, disturbed, repeats):
    machine = _Machine(float32_ms, half_ms, first_call_ms, disturbed)
    result = answer(
        set(instructions),
        dtype,
        lambda: machine.run("float32"),
        lambda: machine.run("half"),
        lambda: machine.now,
        repeats,
    )
    if isinstance(result, tuple | list) and len(result) == 2:
        expected, ratio = result
        return bool(expected) if isinstance(expected, bool | np.bool_) else expected, ratio
    return result


def _machine_cases(rng):
    old, new = ("avx2", "f16c"), ("avx512f", "avx512_bf16")
    yield new, "bfloat16", 8.0, 4.0, 0.0, "never", 5
    yield old, "bfloat16", 8.0, 20.0, 0.0, "never", 5
    yield new, "bfloat16", 8.0, 4.0, 500.0, "never", 1
    yield old, "float16", 6.0, 60.0, 100.0, "now and then", 15
    yield new, "bfloat16", 8.0, 3.2, 100.0, "from the 24th call on", 15
    for _ in range(3):
        float32, ratio = float(rng.uniform(2, 20)), float(rng.uniform(0.2, 4))
        flags = (old, new)[int(rng.integers(2))]
        disturbed = ("never", "now and then", "from the 24th call on")[int(rng.integers(3))]
        yield (
            flags,
            "bfloat16",
            float32,
            float32 / ratio,
            float(rng.uniform(50, 500)),
            disturbed,
            15,
        )


def _flag_cases(rng):
    for flags, dtype in (
        (("avx2", "f16c", "fma"), "float16"),
        (("avx512f", "avx512_vnni", "avx512_bf16"), "float16"),
        (("avx512f", "avx512_vnni", "f16c"), "bfloat16"),
        (("avx512f", "amx_tile", "amx_int8", "amx_bf16"), "bfloat16"),
        (("avx512f", "avx512_fp16"), "float16"),
        (("asimd", "asimdhp"), "float16"),
        (("asimd", "asimdhp"), "bfloat16"),
        (("asimd", "bf16"), "bfloat16"),
    ):
        yield flags, dtype, 8.0, 4.0, 0.0, "never", 3


def _measure_as(expect=None, warm=True, turns=True, middle=statistics.median, invert=False):
    def compute(instructions, dtype, run_float32, run_half, clock, repeats):
        def timed(run):
            begin = clock()
            run()
            return clock() - begin

        faster = expect(instructions, dtype) if expect else bool(_COMPUTES[dtype] & set(instructions))
        if warm:
            run_float32()
            run_half()
        if turns:
            pairs = [(timed(run_float32), timed(run_half)) for _ in range(repeats)]
        else:
            first = [timed(run_float32) for _ in range(repeats)]
            pairs = list(zip(first, [timed(run_half) for _ in range(repeats)], strict=True))
        full, half = (middle(times) for times in zip(*pairs, strict=True))
        return faster, half / full if invert else full / half

    return compute


_mean = statistics.fmean


def _as_it_was(got, *args):
    """The ratio of the undisturbed machine, within 5 %: how it is measured is what counts."""
    if not isinstance(got, int | float) or isinstance(got, bool):
        return "the second result is one number, how many times as fast half precision is"
    right = args[2] / args[3]
    if abs(got / right - 1) <= 0.05:
        return None
    return "the ratio is not that of the two runs on a quiet machine"


measure_half = Check(
    "measure_half",
    reference=_measure_half,
    cases=_machine_cases,
    call=_use_measure,
    weight=0,
    parts=[
        Part(
            "two results",
            accept=lambda result, *_: (
                None
                if isinstance(result, tuple | list) and len(result) == 2
                else "two results are asked for: `return expected_faster, ratio`"
            ),
            weight=0,
            essential=True,
        ),
        Part(
            "the ratio, measured so that nothing else gets into it",
            view=lambda result: result[1],
            accept=_as_it_was,
            weight=2,
            essential=True,
            misconceptions=[
                (_measure_as(invert=True), "turned round: 2 says that half precision takes half the time of float32"),
                (
                    _measure_as(warm=False),
                    "the first call is in it: it sets things up and takes longer. Call each once before you measure",
                ),
                (
                    _measure_as(middle=_mean),
                    "the mean: a few calls during which another program worked pull it away. Take the median",
                ),
                (
                    _measure_as(turns=False),
                    "one after the other: when the machine slows down in between, the second is blamed. Take turns",
                ),
                (
                    _measure_as(warm=False, turns=False, middle=_mean),
                    "no call ahead, no turns, a mean: whatever else the machine does gets into the ratio",
                ),
            ],
        ),
        Part(
            "what the instructions let expect",
            cases=_flag_cases,
            view=lambda result: result[0],
            misconceptions=[
                (
                    _measure_as(expect=lambda flags, dtype: bool({"f16c", *_COMPUTES[dtype]} & flags)),
                    "f16c only converts between float16 and float32: it does not compute",
                ),
                (
                    _measure_as(expect=lambda flags, dtype: bool(set().union(*_COMPUTES.values()) & flags)),
                    "instructions of the other format do not help: bfloat16 and float16 have their own",
                ),
                (
                    _measure_as(expect=lambda flags, dtype: any(flag.startswith("avx512") for flag in flags)),
                    "avx512f has no half precision, and avx512_vnni computes with whole numbers",
                ),
                (
                    _measure_as(expect=lambda flags, dtype: True),
                    "always faster: not without instructions for the format",
                ),
                (
                    _measure_as(expect=lambda flags, dtype: False),
                    "never faster: with instructions for the format it is",
                ),
            ],
        ),
    ],
    hints=[
        "How would you compare two runners on a track on which now and then a crowd walks by?",
        "Before anything is timed, call both once. Then take turns: float32, half, float32, half, ...",
        "Read the clock before and after each call. Divide the two times of one round by each other, and take "
        "`statistics.median` of all rounds.",
        "For the expectation look the format up in `COMPUTES`: is one of its instructions among those given?",
    ],
)
