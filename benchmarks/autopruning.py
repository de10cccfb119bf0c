"""Automatic pruning of the small MobileNetV2, with and without zero padding, beside narrower networks from scratch.

All in one run, on one thread: networks are pruned until a share of their cost is left, and validation accuracy is at
most a point lower; a network of another width, with no more multiply-accumulates than the pruned one, is
trained from scratch on the same images. Test images are used for the table only. Speed is that of one image at a time.
"""

import argparse

import numpy as np
import pandas as pd
import torch

from mlcourse.datasets import load_digits28
from mlcourse.measure import count
from mlcourse.models import fit, predict, pretrained_mobilenet, small_mobilenet
from mlcourse.models.mobilenet import moved
from mlcourse.optimize import BudgetNotReachedError, TrainingCost, autoprune, pruning_table, width_multiplier

#: Published for MobileNetV2 on a Jetson Xavier AGX; on its GPU 5 to 6 %.
PUBLISHED = "up to 21 % faster on the CPU"
VALIDATION, CALIBRATION = 300, 64


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=0.38, help="share of the cost left (default: 0.38)")
    parser.add_argument("--loss", type=float, default=0.01, help="validation accuracy that may be lost (default: 0.01)")
    parser.add_argument("--unit", default="macs", choices=("macs", "ms"), help="of the budget (default: macs)")
    parser.add_argument("--epochs", type=int, default=24, help="of the networks from scratch (default: 24)")
    parser.add_argument("--rounds", type=int, default=60, help="in which networks take turns (default: 60)")
    options = parser.parse_args()
    torch.set_num_threads(1)

    X, y, X_test, y_test = (part[:, None] if part.ndim == 3 else part for part in load_digits28().split())
    # Channels last: depthwise convolutions of many images take half the time.
    X_validation = torch.from_numpy(X[-VALIDATION:]).contiguous(memory_format=torch.channels_last)
    y_validation = y[-VALIDATION:]
    X, y = X[:-VALIDATION], y[:-VALIDATION]
    images = torch.from_numpy(X[:CALIBRATION]).contiguous(memory_format=torch.channels_last)

    def evaluate(net):
        return float(np.mean(predict(net, X_validation) == y_validation))

    def trained(net, epochs, learning_rate):
        net.to(memory_format=torch.channels_last)
        fit(net, X, y, epochs=epochs, learning_rate=learning_rate, weight_decay=1e-2, augment=moved, progress=False)
        return net.to(memory_format=torch.contiguous_format)

    whole = pretrained_mobilenet()
    nets, costs = {"whole": whole}, {}
    for name, zero_padding in (("pruned", False), ("pruned, zero padding", True)):
        with TrainingCost() as costs[name]:
            try:
                nets[name] = autoprune(
                    whole,
                    evaluate,
                    budget=options.budget,
                    floor=evaluate(whole) - options.loss,
                    unit=options.unit,
                    images=images,
                    zero_padding=zero_padding,
                    fine_tune=lambda net: trained(net, 2, 1e-3),
                )
            except BudgetNotReachedError as error:
                print(f"{name}: {error}")
                nets[name] = error.net
    macs = {name: count(net, images[:1])["macs"].sum() for name, net in nets.items()}
    narrow = width_multiplier(
        lambda width: small_mobilenet(width=width),
        lambda net: trained(net, options.epochs, 4e-3),
        budget=macs["pruned"] / macs["whole"],
        example=images[:1],
    )
    name = f"width {narrow.width:g} from scratch"
    nets[name], costs[name] = narrow.net, narrow.cost

    table = pruning_table(
        nets, lambda net: float(np.mean(predict(net, X_test) == y_test)), images[:1].contiguous(), costs, options.rounds
    )
    for column in ("MACs", "training MACs"):
        table[column] /= 1e6
    table = table.rename(columns={"MACs": "M MACs", "training MACs": "training M MACs"})
    with pd.option_context("display.width", 250, "display.max_columns", None):
        print(table.round(3).to_string())
    print(f"published: {PUBLISHED}")


if __name__ == "__main__":
    main()
