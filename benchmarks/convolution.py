"""The ladder of convolutions on the layers of VGG-16, side by side in one run: time, memory, arithmetic intensity.

Every method is warmed up and checked against torch, then all take turns, in another order each round, on one thread. A
ratio is taken within a round, so that what disturbs the machine disturbs both sides of it. Times are of the processor:
waiting for other programs does not count. Loops in Python are measured on a grey 64x64 image and one 3x3 filter only: a
layer of VGG-16 would take them minutes.

"extra" is what a method writes on its way in full, "held" the most that is held of it at a time; "intensity" is
operations a byte if every array goes to memory once. These three are counted from the shapes, not measured.
"""

import argparse
import platform
import random
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm

from mlcourse.convolution import LADDER, cost

#: Channels, filters, size of the image, how often the layer occurs; kernels are 3x3 (Simonyan and Zisserman, 2015).
VGG_16 = [
    (3, 64, 224, 1),
    (64, 64, 224, 1),
    (64, 128, 112, 1),
    (128, 128, 112, 1),
    (128, 256, 56, 1),
    (256, 256, 56, 2),
    (256, 512, 28, 1),
    (512, 512, 28, 2),
    (512, 512, 14, 3),
]
QUICK = [(64, 64, 28, 1), (64, 128, 14, 1)]
SHORTEST = 0.01  # seconds; what is shorter is called several times in a row, and the clock read once


def measure(methods: list[str], x_shape: tuple, weight_shape: tuple, padding: int, repeats: int, advance) -> dict:
    """Time each method `repeats` times, taking turns; return its seconds, one a round."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(x_shape, dtype=np.float32)
    weight = rng.standard_normal(weight_shape, dtype=np.float32)

    def run(method: str, times: int = 1) -> float:
        begin = time.process_time()
        for _ in range(times):
            LADDER[method](x, weight, padding=padding)
        return (time.process_time() - begin) / times

    expected = LADDER["torch"](x, weight, padding=padding)
    times = {}
    for method in methods:
        error = abs(LADDER[method](x, weight, padding=padding) - expected).max()
        assert error <= 1e-4 * abs(expected).max(), f"{method} is off by {error}"
        times[method] = max(1, round(SHORTEST / run(method)))
        advance()
    seconds = {method: [] for method in methods}
    order = random.Random(0)
    for _ in range(repeats):
        for method in order.sample(methods, len(methods)):
            seconds[method].append(run(method, times[method]))
            advance()
    return seconds


def ratios(seconds: dict, method: str, to: str) -> list[float]:
    """How many times longer than `to` a method takes, in each round."""
    return [one / other for one, other in zip(seconds[method], seconds[to], strict=True)]


def report(title: str, layers: list[tuple[str, dict, dict]], to: str) -> Table:
    """Make a table of (name of the layer, seconds by method, cost by method)."""
    table = Table(title=title, title_justify="left")
    table.add_column("layer", no_wrap=True)
    table.add_column("method", no_wrap=True)
    for name in ("ms", "from - to", f"x {to}", "products, M", "extra, MB", "held, MB", "intensity"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, seconds, costs in layers:
        for i, (method, times) in enumerate(seconds.items()):
            found = costs[method]
            table.add_row(
                name if i == 0 else "",
                method,
                f"{1e3 * statistics.median(times):.3g}",
                f"{1e3 * min(times):.3g} - {1e3 * max(times):.3g}",
                f"{statistics.median(ratios(seconds, method, to)):.2f}",
                "?" if found.multiplications is None else f"{found.multiplications / 1e6:.3g}",
                "?" if found.extra_bytes is None else f"{found.extra_bytes / 1e6:.1f}",
                "?" if found.peak_bytes is None else f"{found.peak_bytes / 1e6:.1f}",
                f"{found.intensity:.1f}",
                end_section=i == len(seconds) - 1,
            )
    return table


def plot(path: Path, layers: list[tuple[str, dict, dict]]) -> None:
    """Save time against torch and extra memory, a line a method."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from mlcourse.plots.style import LINES, PALETTE, use_style

    use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    names = [name for name, _, _ in layers]
    for i, method in enumerate(layers[0][1]):
        look = {"color": PALETTE[i], "linestyle": LINES[i % len(LINES)], "marker": "osD^vP*"[i], "label": method}
        left.plot(names, [statistics.median(ratios(seconds, method, "torch")) for _, seconds, _ in layers], **look)
        if method != "torch":
            right.plot(names, [costs[method].extra_bytes / 1e6 for _, _, costs in layers], **look)
    left.set(yscale="log", ylabel="time / time of torch", title="Time (measured, one thread)")
    left.set_yticks([1, 2, 3, 5, 10, 20, 30])
    right.set(yscale="log", ylabel="extra arrays in MB", title="Memory (counted)")
    right.set_yticks([3, 10, 30, 100, 300])
    for ax in (left, right):
        ax.set_xlabel("channels > filters @ height of the image")
        ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
    left.legend(ncols=2)
    figure.savefig(path, dpi=120)


def machine() -> str:
    """Say on what was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    blas = [f"{info['internal_api']} for {info.get('architecture', '?')}" for info in threadpool_info()]
    return (
        f"{names[0] if names else platform.processor()}, one thread; numpy {np.__version__} ({', '.join(blas)}), "
        f"torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), float32, batch 1"
    )


def main():
    """Measure, print two tables and a summary, save the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, help="rounds, at least 1; default: 7, with --quick 3")
    parser.add_argument("--quick", action="store_true", help="two small layers only: seconds, and no figures to quote")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="save a figure, e.g. ladder.png or ladder.svg")
    options = parser.parse_args()
    repeats = (3 if options.quick else 7) if options.repeats is None else options.repeats
    if repeats < 1:
        parser.error("--repeats must be at least 1.")
    if options.plot and not options.plot.parent.is_dir():
        parser.error(f"--plot: there is no folder {options.plot.parent}.")

    shapes = QUICK if options.quick else VGG_16
    large = [method for method in LADDER if method != "loops"]
    torch.set_num_threads(1)
    total = (1 + repeats) * (len(LADDER) + len(large) * len(shapes) + len(large) - 1)
    with threadpool_limits(1), tqdm(total=total, unit="run", leave=False, disable=None) as bar:

        def layer(name: str, methods: list[str], x_shape: tuple, weight_shape: tuple, padding: int):
            costs = {method: cost(method, x_shape, weight_shape, padding=padding) for method in methods}
            return name, measure(methods, x_shape, weight_shape, padding, repeats, bar.update), costs

        grey = layer("1>1 @64", list(LADDER), (64, 64), (3, 3), 0)
        layers = [layer(f"{c}>{n} @{s}", large, (1, c, s, s), (n, c, 3, 3), 1) for c, n, s, _ in shapes]
        any_kernel = [method for method in large if method != "winograd"]
        side = 28 if options.quick else 112
        wide = layer(f"64>64 @{side}", any_kernel, (1, 64, side, side), (64, 64, 15, 15), 7)

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    console.print(machine(), highlight=False)
    console.print(report("A grey 64x64 image, one 3x3 filter", [grey], "strided"))
    console.print(report("Two small layers" if options.quick else "The layers of VGG-16", layers, "torch"))
    console.print(report("One layer with kernels of 15x15", [wide], "torch"))

    if not options.quick:
        table = Table(title="All 13 convolutions of VGG-16", title_justify="left")
        for name in ("method", "ms", "x torch"):
            table.add_column(name, justify="left" if name == "method" else "right")
        counts = [count for *_, count in shapes]
        totals = {
            method: [
                sum(count * seconds[method][i] for count, (_, seconds, _) in zip(counts, layers, strict=True))
                for i in range(repeats)
            ]
            for method in large
        }
        for method in large:
            ratio = statistics.median(ratios(totals, method, "torch"))
            table.add_row(method, f"{1e3 * statistics.median(totals[method]):.0f}", f"{ratio:.2f}")
        console.print(table)
    worst = max(
        statistics.median(ratios(seconds, "im2col", "torch"))
        for (c, *_), (_, seconds, _) in zip(shapes, layers, strict=True)
        if c >= 64
    )
    loops = statistics.median(ratios(grey[1], "loops", "strided"))
    console.print(f"im2col takes at most {worst:.2f} times as long as torch on layers with 64 channels or more.")
    console.print(f"strided is {loops:.0f} times as fast as the loops on the 64x64 image.")
    if options.plot:
        plot(options.plot, layers)
        console.print(f"Figure saved to {options.plot}.", soft_wrap=True)


if __name__ == "__main__":
    main()
