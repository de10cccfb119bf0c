"""Train the small MobileNetV2 on digits of 28x28 pixels, and narrower ones of it from scratch beside it.

    python training/mobilenet.py

takes about six minutes on one core and writes mlcourse/models/weights/mobilenet.*. Of the training part of
``load_digits28()`` the last 300 images are kept for validation, so that what is pruned later can be chosen on images
that no weight has seen; the test part is only ever tested on. Three networks are trained, with three seeds; the first
one ships, whether or not it is the best. Narrower networks (the width multiplier) are trained in the same way: they are
what automatic pruning is compared with. MNIST's test images are read too if they are on this machine
(`mlcourse data fetch mnist`).
"""

import argparse
import time

import numpy as np
import torch

from mlcourse.datasets import fetch_mnist, load_digits28
from mlcourse.models import fit, predict, save_weights
from mlcourse.models.mobilenet import moved, small_mobilenet

EPOCHS, VALIDATION = 24, 300
SETTINGS = {"batch_size": 64, "learning_rate": 4e-3, "weight_decay": 1e-2, "progress": False}
WIDTHS = (0.75, 0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the network that ships (default: 0)")
    parser.add_argument("--seeds", type=int, default=3, help="how many networks of full width (default: 3)")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)

    X, y, X_test, y_test = load_digits28().split()
    parts = {"validation": (X[-VALIDATION:, None], y[-VALIDATION:]), "test": (X_test[:, None], y_test)}
    X, y = X[:-VALIDATION, None], y[:-VALIDATION]
    try:
        mnist = fetch_mnist("test", download_if_missing=False)
        parts["MNIST"] = (mnist.X[:, None], mnist.y)
    except FileNotFoundError:
        print("MNIST is not on this machine: its figures are left out.")

    rows = []
    for width, seed in [(1.0, options.seed + i) for i in range(options.seeds)] + [(w, options.seed) for w in WIDTHS]:
        begin = time.process_time()
        net = trained(X, y, width, seed)
        row = {"width": width, "seed": seed, "training seconds": round(time.process_time() - begin, 1)}
        row["parameters"] = sum(weight.numel() for weight in net.parameters())
        row |= {
            f"{part} accuracy": float(np.mean(predict(net, images) == labels))
            for part, (images, labels) in parts.items()
        }
        print(row, flush=True)
        if not rows:
            shipped = net
        rows.append(row)

    figures = {"command": "python training/mobilenet.py", "seed": options.seed, "epochs": EPOCHS} | SETTINGS
    del figures["progress"]
    figures |= {"images": {"train": len(y)} | {part: len(answers) for part, (_, answers) in parts.items()}}
    figures |= {key: rows[0][key] for key in rows[0] if key.endswith("accuracy")}
    figures |= {"trainings": rows, "seconds": round(sum(row["training seconds"] for row in rows))}
    if not options.dry_run:
        save_weights(shipped, "mobilenet", figures)
    print(f"{figures['seconds']} s of the processor for all trainings")


def trained(X, y, width, seed):
    torch.manual_seed(seed)
    # Channels last: depthwise convolutions take half the time.
    net = small_mobilenet(width=width).to(memory_format=torch.channels_last)
    fit(net, X, y, epochs=EPOCHS, augment=moved, random_state=seed, **SETTINGS)
    return net.to(memory_format=torch.contiguous_format).half().float()  # what is measured is what ships


if __name__ == "__main__":
    main()
