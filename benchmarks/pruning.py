"""The fully connected part of a full-size Faster R-CNN without 80 % of its neurons: removed, masked and sparse.

fc6, fc7 and the two heads read regions of 512 x 7 x 7 numbers each. Their neurons are removed physically; or the same
share of their weights is set to zero: by a hook that multiplies with a mask at each call (torch.nn.utils.prune), for
good, or for good and stored as a sparse matrix (compressed rows). What is compared takes turns on one thread, in
another order each round; a ratio is taken within a round, and its 95 % interval by bootstrap.

Memory is counted: all that a layer holds, masks and indices too. Weights are random: they cost as much time as trained
ones. Last comes the whole network, beside what its source published; its energy is modelled (45 nm), not measured.
"""

import argparse
import copy
import platform
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn.utils import prune

from mlcourse import models
from mlcourse.measure import capabilities, compare, latency
from mlcourse.optimize import mask_weights, remove_neurons, to_half

KEEP = 0.2
#: What the course's source measured on a Jetson TX1: half precision, and up to 80 % of the neurons removed.
PUBLISHED = ("published, Jetson TX1, float16", "", "", "-86 %", "", "1.55", "-31.3 % (measured)", "2.26")


class Heads(nn.Module):
    """What a Faster R-CNN (VGG-16, 21 classes) computes of each region.

    Parameters
    ----------
    features, neurons, n_classes : int
    """

    def __init__(self, features: int = 512 * 7 * 7, neurons: int = 4096, n_classes: int = 21):
        super().__init__()
        self.fc6, self.fc7 = nn.Linear(features, neurons), nn.Linear(neurons, neurons)
        self.class_scores, self.boxes = nn.Linear(neurons, n_classes), nn.Linear(neurons, 4 * n_classes)

    def forward(self, regions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (regions, classes) and (regions, 4 classes) for (regions, features)."""
        hidden = torch.relu(self.fc7(torch.relu(self.fc6(regions))))
        return self.class_scores(hidden), self.boxes(hidden)


class SparseLinear(nn.Module):
    """A fully connected layer whose weights are stored in compressed rows."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        self.register_buffer("weight", layer.weight.detach().to_sparse_csr())
        self.bias = layer.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.weight @ x.T).T + self.bias


def held_bytes(net: nn.Module) -> int:
    """Bytes of all parameters and buffers, and of the indices of sparse ones."""

    def of(tensor):
        if tensor.layout == torch.sparse_csr:
            return sum(part.nbytes for part in (tensor.values(), tensor.crow_indices(), tensor.col_indices()))
        return tensor.nbytes

    return sum(of(tensor) for tensor in [*net.parameters(), *net.buffers()])


def variants(net: Heads) -> dict[str, nn.Module]:
    """Build what is compared."""
    layers = ("fc6", "fc7")
    masked = mask_weights(net, KEEP, layers=layers)
    hooked, sparse = copy.deepcopy(net), copy.deepcopy(masked)
    for name in layers:
        layer = getattr(hooked, name)
        prune.custom_from_mask(layer, "weight", (getattr(masked, name).weight != 0).to(layer.weight.dtype))
        setattr(sparse, name, SparseLinear(getattr(sparse, name)))
    return {
        "whole": net,
        "neurons removed": remove_neurons(net, KEEP, layers=layers),
        "mask in a hook": hooked,
        "mask for good": masked,
        "sparse rows": sparse,
    }


def measure(features, neurons, regions, repeats) -> dict:
    """Return {(type, variant): (median ms, ratio to float32, ratio in the same type, bytes)}; None for what fails."""
    torch.manual_seed(0)
    whole, x = Heads(features, neurons).eval(), torch.randn(regions, features)
    nets, runs = {}, {}
    for dtype in ("float32", "bfloat16"):
        as_dtype = getattr(torch, dtype)
        for name, net in variants(copy.deepcopy(whole).to(as_dtype)).items():
            nets[dtype, name], run = net, partial(net, x.to(as_dtype))
            if not fails(run):
                runs[dtype, name] = run
    times = latency(runs, (), repeats=repeats)
    found = dict.fromkeys(nets)
    for dtype, name in runs:
        ratios = [times.ratio((to, "whole"), (dtype, name)) for to in ("float32", dtype)]
        found[dtype, name] = times.table.median_ms[dtype, name], *ratios, held_bytes(nets[dtype, name])
    return found


def fails(run) -> bool:
    """Whether torch has no such operation for the type."""
    try:
        with torch.no_grad():
            run()
    except (RuntimeError, NotImplementedError):
        return True
    return False


def report(title: str, found: dict) -> Table:
    """Make a table of what was measured."""
    table = Table(title=title, title_justify="left")
    for name in ("", "type", "ms", "x whole, float32", "x whole, same type", "MB held"):
        table.add_column(name, justify="left" if name in ("", "type") else "right", no_wrap=True)
    for (dtype, name), one in found.items():
        if one is None:
            table.add_row(name, dtype, "not in torch", "", "", "")
            continue
        ms, to_float32, to_same, held = one
        table.add_row(name, dtype, f"{ms:.3g}", interval(to_float32), interval(to_same), f"{held / 1e6:.1f}")
    return table


def whole_network(repeats: int, side: int) -> Table:
    """Compare the whole Faster R-CNN with the pruned one, in float32 and in 16 bits."""
    torch.manual_seed(0)
    net = models.faster_rcnn_vgg16().eval()
    images = [torch.rand(3, side, side)]
    small = remove_neurons(net, KEEP, layers=("fc6", "fc7"), example=images)
    nets = {"float32": net, "neurons removed": small}
    nets["and in bfloat16"] = to_half(small, "bfloat16", keep=())
    found = compare(nets, (images,), repeats=repeats)
    table = Table(title=f"Faster R-CNN, VGG-16, an image of {side} x {side}", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("parameters", "MB", "memory", "ms", "speed-up", "energy (modelled)", "energy-delay, times better"):
        table.add_column(name, justify="right")
    first = found.iloc[0]
    for name, row in found.iterrows():
        table.add_row(
            name,
            f"{row.parameters:,}",
            f"{row.MB:.1f}",
            f"{100 * (row.MB / first.MB - 1):+.1f} %",
            f"{row.ms:.0f}",
            f"{row.ratio:.2f} ({row.ratio_low:.2f} - {row.ratio_high:.2f})",
            f"{100 * (row.modelled_mJ / first.modelled_mJ - 1):+.1f} %",
            f"{first.energy_delay / row.energy_delay:.2f}",
        )
    table.add_row(*PUBLISHED)
    return table


def interval(ratio) -> str:
    """Write a ratio with its interval."""
    return f"{ratio.median:.2f} ({ratio.low:.2f} - {ratio.high:.2f})"


def machine() -> str:
    """Say on what was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, one thread; torch {torch.__version__}"


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, help="rounds, at least 6; default: 15, with --quick 6")
    parser.add_argument("--regions", type=int, nargs="+", help="regions at a time; default: 1 and 100")
    parser.add_argument("--quick", action="store_true", help="narrower layers: seconds, and no figures to quote")
    parser.add_argument("--side", type=int, default=320, help="pixels of the image for the whole network (320)")
    options = parser.parse_args()
    repeats = (6 if options.quick else 15) if options.repeats is None else options.repeats
    if repeats < 6:
        parser.error("--repeats must be at least 6.")
    features, neurons = (512 * 7 * 7 // 8, 512) if options.quick else (512 * 7 * 7, 4096)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    console.print(machine(), highlight=False)
    console.print(capabilities(), highlight=False)
    for regions in options.regions or ((1, 16) if options.quick else (1, 100)):
        title = f"fc6 ({features} > {neurons}), fc7 and two heads, {regions} region{'s' * (regions > 1)} at a time"
        console.print(report(title, measure(features, neurons, regions, repeats)))
    if not options.quick:
        console.print(whole_network(max(6, repeats // 3), options.side))


if __name__ == "__main__":
    main()
