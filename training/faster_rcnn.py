"""Train the small Faster R-CNN on BCCD's blood cells, at 240x320 pixels.

    python training/faster_rcnn.py

takes about twenty minutes on one core and writes mlcourse/models/weights/faster_rcnn.*. It learns from images that are
listed below by number and is held against others: those whose number leaves a rest of 3 when divided by 4. That was
settled before anything was trained; no other choice was tried. The data set has more images than these: a copy that
holds them all gives the same network. Needs `mlcourse data fetch bccd`.
"""

import argparse
import time

import numpy as np
import torch

from mlcourse.datasets import fetch_bccd
from mlcourse.models import save_weights, small_faster_rcnn
from mlcourse.models.detection import detection_map, train_detector

# fmt: off
TRAIN = (
    16, 18, 21, 33, 41, 57, 58, 62, 65, 68, 74, 77, 88, 93, 98, 132, 136, 137, 149, 157, 161, 169, 172, 178, 180, 184,
    205, 208, 220, 225, 226, 229, 233, 338,
)
HELD_OUT = (7, 11, 15, 19, 31, 63, 67, 75, 103, 135, 167, 171, 227, 343)
# fmt: on
HEIGHT, WIDTH = 240, 320
SETTINGS = {"epochs": 300, "batch_size": 4, "learning_rate": 2e-3, "weight_decay": 1e-2}
SETTINGS |= {"anchors_per_image": 128, "regions_per_image": 64}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and all else (default: 0)")
    parser.add_argument("--epochs", type=int, default=SETTINGS["epochs"], help="(default: %(default)s)")
    parser.add_argument("--checkpoint", help="file to write the weights to every 20 epochs")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)

    data = fetch_bccd().resized(HEIGHT, WIDTH)
    train, held_out = (data.select(np.isin(data.numbers, numbers)) for numbers in (TRAIN, HELD_OUT))
    if (len(train), len(held_out)) != (len(TRAIN), len(HELD_OUT)):
        parser.error(f"only {len(train)} and {len(held_out)} of {len(TRAIN)} and {len(HELD_OUT)} images are here.")

    torch.manual_seed(options.seed)
    # Channels last: the convolutions of so few channels take less time.
    net = small_faster_rcnn(len(data.classes)).to(memory_format=torch.channels_last)
    begin = time.process_time()

    def report(epoch, losses):
        if epoch % 20 and epoch != options.epochs:
            return
        told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        reached = detection_map(net, train.X, train.targets)["mAP"]
        print(f"epoch {epoch}, {time.process_time() - begin:.0f} s: {told}; mAP on what it learns from {reached:.3f}")
        if options.checkpoint:
            torch.save(net.state_dict(), options.checkpoint)

    settings = SETTINGS | {"epochs": options.epochs}
    train_detector(
        net, train.X, train.targets, random_state=options.seed, after_epoch=report, progress=False, **settings
    )
    seconds = time.process_time() - begin
    net = net.to(memory_format=torch.contiguous_format).half().float()  # what is measured is what ships
    figures = {"command": "python training/faster_rcnn.py", "seed": options.seed, "seconds": round(seconds)} | settings
    figures |= {"parameters": sum(weight.numel() for weight in net.parameters())}
    figures |= {"height": HEIGHT, "width": WIDTH, "classes": list(data.classes), "train": TRAIN, "held out": HELD_OUT}
    for name, part in (("held out", held_out), ("train", train)):
        for method in ("area", "11-point"):
            found = detection_map(net, part.X, part.targets, method=method)
            precisions = {data.classes[label]: round(value, 4) for label, value in found["AP"].items()}
            figures[f"{name} mAP@0.5, {method}"] = round(found["mAP"], 4)
            figures[f"{name} AP@0.5, {method}"] = precisions
            print(f"{name}, {method}: mAP@0.5 {found['mAP']:.4f}, {precisions}")
    if not options.dry_run:
        save_weights(net, "faster_rcnn", figures)


if __name__ == "__main__":
    main()
