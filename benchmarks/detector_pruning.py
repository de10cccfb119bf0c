"""The small Faster R-CNN on blood cells (BCCD): 80 % of its fully connected neurons removed, fine-tuned, and halved.

The network of ``pretrained_faster_rcnn()`` loses neurons of fc6 and fc7, learns on with the images that it learned
from, and is judged by others that it never saw. How long it learns on, and how fast, was settled before; nothing is
chosen by the figures that are printed. mAP asks for the order of the boxes alone; so it is told besides what people
see, boxes with a score of 0.5 or more: how many of the cells they find, and how many of them are right. Needs
`mlcourse data fetch bccd`; about three minutes.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch

from mlcourse.datasets import fetch_bccd
from mlcourse.measure import compare
from mlcourse.models import pretrained_faster_rcnn, weights_report
from mlcourse.models.detection import detect, precision_recall, train_detector, voc_map
from mlcourse.optimize import remove_neurons, to_half

SURE = 0.5  # score from which on a box is shown


def judged(net, data) -> dict:
    """Return mAP and, of the boxes that are shown, which share of the cells they find and which share is right."""
    found = detect(net, data.X)
    shown = [{key: value[one["scores"] >= SURE] for key, value in one.items()} for one in found]
    hits = boxes = cells = 0
    for label in range(1, len(data.classes)):
        recall, _, objects = precision_recall(shown, data.targets, label)
        hits, boxes, cells = hits + objects * recall[-1:].sum(), boxes + len(recall), cells + objects
    return {"mAP": voc_map(found, data.targets)["mAP"], "found": hits / cells, "right": hits / max(boxes, 1)}


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

    found = compare(nets, example, repeats=options.rounds, progress=True)
    told = pd.DataFrame({name: judged(net, held_out) for name, net in nets.items()}).T
    lost = 100 * (told["mAP"].iloc[0] - told["mAP"])
    table = pd.DataFrame(
        {
            "parameters": found["parameters"].map("{:,}".format),
            "MB": found["MB"].round(2),
            "ms": found["ms"].round(1),
            "as fast": [f"{row.ratio:.2f} ({row.ratio_low:.2f} - {row.ratio_high:.2f})" for row in found.itertuples()],
            "mAP@0.5": told["mAP"].map("{:.3f}".format),
            "points lost": lost.round(1),
            "cells found": told["found"].map("{:.1%}".format),
            "boxes right": told["right"].map("{:.1%}".format),
        }
    )
    print(f"{len(held_out)} images held out, {len(train)} learned from; fine-tuning took {seconds:.0f} s")
    print(table.to_string())


if __name__ == "__main__":
    main()
