"""VGG-16's convolutions in float32, bfloat16 and float16, and numpy's matrix product in float16, side by side.

All formats are warmed up and then take turns, in another order each round, on one thread; a ratio is taken within a
round, so that what disturbs the machine disturbs both sides of it. Times are of the processor: waiting for other
programs does not count. Before anything is timed, the machine's instructions say what to expect; where it has none for
a format, that format is slower than float32, and the table says so. "x float32" is how many times as fast a run is.

"Error" is the largest difference from float32, relative to the largest answer. Weights are random: they cost as much
time as trained ones.
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
from threadpoolctl import threadpool_limits
from torch import nn
from tqdm import tqdm

from mlcourse.measure import capabilities
from mlcourse.optimize import to_half

#: Filters of the convolutions of VGG-16, 3x3 each, and "M" for a max pooling (Simonyan and Zisserman, 2015).
VGG_16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
QUICK = [64, 64, "M", 128]


def convolutions(plan: list, size: int) -> tuple[nn.Module, torch.Tensor]:
    """Build the stack with random weights, and an image for it."""
    torch.manual_seed(0)
    layers, channels = [], 3
    for filters in plan:
        if filters == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            nn.init.kaiming_normal_(layers[-2].weight, nonlinearity="relu")
            channels = filters
    return nn.Sequential(*layers).eval(), torch.randn(1, 3, size, size)


def take_turns(runs: dict, repeats: dict, advance) -> dict:
    """Time each run; return its seconds, one a round. A run with fewer repeats drops out of the later rounds."""
    for run in runs.values():
        run()
        advance()
    seconds = {name: [] for name in runs}
    order = random.Random(0)
    for turn in range(max(repeats.values())):
        left = [name for name in runs if turn < repeats[name]]
        for name in order.sample(left, len(left)):
            begin = time.process_time()
            runs[name]()
            seconds[name].append(time.process_time() - begin)
            advance()
    return seconds


def ratios(seconds: dict, name: str, to: str) -> list[float]:
    """How many times as fast as `to` a run is, in each round."""
    return [other / one for one, other in zip(seconds[name], seconds[to], strict=False)]


def report(title: str, seconds: dict, baselines: dict, more: dict) -> Table:
    """Make a table of times, speed-ups over {heading: run}, and further columns {heading: {run: text}}."""
    table = Table(title=title, title_justify="left")
    table.add_column("run", no_wrap=True)
    for heading in ("ms", "from - to", *(f"x {heading}" for heading in baselines), *more):
        table.add_column(heading, justify="right")
    for name, times in seconds.items():
        speedups = [ratios(seconds, name, to) for to in baselines.values()]
        table.add_row(
            name,
            f"{1e3 * statistics.median(times):.3g}",
            f"{1e3 * min(times):.3g} - {1e3 * max(times):.3g}",
            *(f"{statistics.median(ratio):.3g} ({min(ratio):.3g} - {max(ratio):.3g})" for ratio in speedups),
            *(column[name] for column in more.values()),
        )
    return table


def measure_convolutions(plan, size, repeats, advance) -> Table:
    """Time the stack in every format, in the layout that suits half precision."""
    net, image = convolutions(plan, size)
    last, image_last = net.to(memory_format=torch.channels_last), image.to(memory_format=torch.channels_last)
    nets = {"float32": (last, image_last)}
    for dtype in ("bfloat16", "float16"):
        nets[dtype] = to_half(last, dtype, keep=()), image_last
    rows = {f"{dtype}, channels_last": pair for dtype, pair in nets.items()}
    rows["float32, torch's own layout"] = convolutions(plan, size)
    with torch.inference_mode():
        answers = {name: one(x).float() for name, (one, x) in rows.items()}
        runs = {name: lambda one=one, x=x: one(x) for name, (one, x) in rows.items()}
        times = {name: min(repeats, 2) if name.startswith("float16") else repeats for name in rows}
        seconds = take_turns(runs, times, advance)
    to, *_, default = rows
    scale = answers[to].abs().max()
    weights = {name: sum(w.nbytes for w in one.parameters()) for name, (one, _) in rows.items()}
    more = {
        "weights, MB": {name: f"{held / 1e6:.1f}" for name, held in weights.items()},
        "error": {name: f"{float((answer - answers[to]).abs().max() / scale):.1g}" for name, answer in answers.items()},
    }
    baselines = {"float32, same layout": to, "float32, torch's own layout": default}
    return report(f"VGG-16's convolutions, {size} x {size}, batch 1", seconds, baselines, more)


def measure_matmul(size, repeats, advance) -> Table:
    """Time numpy's product of two square matrices in every type of its own."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((size, size)) for _ in range(2))
    pairs = {f"numpy {dtype}": (a.astype(dtype), b.astype(dtype)) for dtype in ("float32", "float64", "float16")}
    runs = {name: lambda x=x, y=y: x @ y for name, (x, y) in pairs.items()}
    seconds = take_turns(runs, {name: 2 if "float16" in name else repeats for name in runs}, advance)
    more = {"one matrix, MB": {name: f"{x.nbytes / 1e6:.2f}" for name, (x, _) in pairs.items()}}
    return report(f"numpy, {size} x {size} times {size} x {size}", seconds, {"float32": "numpy float32"}, more)


def machine() -> str:
    """Say on what was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (
        f"{names[0] if names else platform.processor()}, one thread; torch {torch.__version__}, numpy {np.__version__}"
    )


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, help="rounds, at least 1 (float16: 2 of them); default 9, --quick 3")
    parser.add_argument("--quick", action="store_true", help="three small layers: seconds, and no figures to quote")
    options = parser.parse_args()
    repeats = (3 if options.quick else 9) if options.repeats is None else options.repeats
    if repeats < 1:
        parser.error("--repeats must be at least 1.")
    torch.set_num_threads(1)
    console = Console()
    if not console.is_terminal:
        console = Console(width=130)
    console.print(machine(), highlight=False)
    console.print(capabilities())
    total = 3 * repeats + 2 + 4 + 2 * repeats + 2 + 3
    with threadpool_limits(1), tqdm(total=total, unit="run", leave=False, disable=None) as bar:
        plan, size = (QUICK, 56) if options.quick else (VGG_16, 224)
        tables = [
            measure_convolutions(plan, size, repeats, bar.update),
            measure_matmul(128 if options.quick else 512, repeats, bar.update),
        ]
    for table in tables:
        console.print(table)


if __name__ == "__main__":
    main()
