"""How long the explorer of a convolution takes to redraw a step, beside drawing the whole picture anew.

    python benchmarks/step_explorer.py

Prints medians over the steps of each example, and their ratio; the goal is a step in under 100 ms.
"""

import io
import statistics
import time

import numpy as np

from mlcourse.convolution import Steps
from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE

MOST_STEPS = 32


def main():
    """Measure and print."""
    rng = np.random.default_rng(0)
    examples = {
        "6x6, one filter": Steps.convolution(IMAGE, FILTER_1),
        "6x6, two filters": Steps.convolution(IMAGE, [FILTER_1, FILTER_2]),
        "6x6, three channels, two filters": Steps.convolution([IMAGE] * 3, [[FILTER_1] * 3, [FILTER_2] * 3]),
        "max pooling of two maps": Steps.pooling(Steps.convolution(IMAGE, [FILTER_1, FILTER_2]).output),
        "12x12, the largest with numbers": Steps.convolution(rng.normal(size=(12, 12)), FILTER_1),
        "photograph of 427x640": Steps.convolution(rng.random((427, 640)), FILTER_1),
    }
    print(f"{'example':34}{'step (ms)':>10}{'slowest':>10}{'all (ms)':>10}{'ratio':>8}")
    for name, steps in examples.items():
        step, slowest, whole = measure(steps)
        print(f"{name:34}{1e3 * step:10.0f}{1e3 * slowest:10.0f}{1e3 * whole:10.0f}{whole / step:8.1f}")


def measure(steps):
    """Time the steps at both ends, as the output is full of numbers at the end; return median, largest and all anew."""
    explorer = steps.explore(interactive=True)
    some = MOST_STEPS // 2
    ends = [*range(1, min(len(steps) // 2, some)), *range(max(len(steps) // 2, len(steps) - some), len(steps))]
    one = [seconds(lambda to=index: setattr(explorer.slider, "value", to)) for index in ends]
    whole = [seconds(lambda: steps.plot(ends[-1]).savefig(io.BytesIO())) for _ in range(5)]
    return statistics.median(one), max(one), statistics.median(whole)


def seconds(function):
    """Time one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
