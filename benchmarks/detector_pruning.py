"""The small Faster R-CNN on blood cells (BCCD): 80 % of its fully connected neurons removed, fine-tuned, and halved.

The network of ``pretrained_faster_rcnn()`` loses neurons of fc6 and fc7, learns on with the images that it learned
from, and is judged by others that it never saw. How long it learns on, and how fast, was settled before; nothing is
chosen by the figures that are printed. Needs `mlcourse data fetch bccd`; about two minutes.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch

from mlcourse.datasets import fetch_bccd
from mlcourse.measure import compare
from mlcourse.models import pretrained_faster_rcnn, weights_report
from mlcourse.models.detection import detection_map, train_detector
from mlcourse.optimize import remove_neurons, to_half


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=float, default=0.2, help="share of the neurons to keep (default: 0.2)")
    parser.add_argument("--epochs", type=int, default=40, help="of fine-tuning (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of fine-tuning (default: 0)")
    parser.add_argument("--rounds", type=int, default=15, help="in which networks take turns (default: 15)")
    options = parser.parse_args()
    torch.set_num_threads(1)

    report = weights_report("faster_rcnn")
    data = fetch_bccd().resized(report["height"], report["width"])
    train, held_out = (data.select(np.isin(data.numbers, report[part])) for part in ("train", "held out"))
    example = torch.as_tensor(held_out.X[:1])

    def evaluate(net):
        return detection_map(net, held_out.X, held_out.targets)["mAP"]

    nets = {"whole": pretrained_faster_rcnn()}
    removed = remove_neurons(nets["whole"], options.keep, layers=("fc6", "fc7"), example=example)
    name = f"{1 - options.keep:.0%} of the neurons removed"
    nets[name] = removed
    tuned = remove_neurons(nets["whole"], options.keep, layers=("fc6", "fc7"), example=example)
    began = time.process_time()
    train_detector(
        tuned, train.X, train.targets, epochs=options.epochs, learning_rate=5e-4, random_state=options.seed,
        anchors_per_image=128, regions_per_image=64,
    )  # fmt: skip
    seconds = time.process_time() - began
    nets["and fine-tuned"] = tuned
    for dtype in ("bfloat16", "float16"):
        nets[f"and in {dtype}"] = to_half(tuned, dtype, keep=())

    found = compare(nets, example, evaluate, repeats=options.rounds, progress=True)
    lost = 100 * (found["accuracy"].iloc[0] - found["accuracy"])
    table = pd.DataFrame(
        {
            "parameters": found["parameters"].map("{:,}".format),
            "MB": found["MB"].round(2),
            "ms": found["ms"].round(1),
            "as fast": [f"{row.ratio:.2f} ({row.ratio_low:.2f} - {row.ratio_high:.2f})" for row in found.itertuples()],
            "mAP@0.5": found["accuracy"].map("{:.3f}".format),
            "points lost": lost.round(1),
        }
    )
    print(f"{len(held_out)} images held out, {len(train)} learned from; fine-tuning took {seconds:.0f} s")
    print(table.to_string())


if __name__ == "__main__":
    main()
