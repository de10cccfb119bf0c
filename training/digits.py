"""Train the lecture's Keras network on digits of 28x28 pixels, and say what it reaches.

    python training/digits.py

takes about seven minutes on one core and writes mlcourse/models/weights/lecture_cnn.*. Five networks are trained, with
five seeds; the first one ships, whether or not it is the best. Five trainings of a fully connected network with as many
parameters stand beside them. MNIST's test images, on which nothing is trained or chosen, are read too if they are on
this machine (`mlcourse data fetch mnist`).
"""

import argparse
import time

import numpy as np
import torch
from scipy import ndimage

from mlcourse.datasets import fetch_mnist, load_digits28
from mlcourse.models import lecture_cnn, lecture_dense, save_weights

EPOCHS, BATCH = 30, 32
SHIFTS = (0, 1, 2, 3, 4)  # pixels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the network that ships (default: 0)")
    parser.add_argument("--seeds", type=int, default=5, help="how many networks of each kind (default: 5)")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    import keras

    start = time.perf_counter()
    digits = load_digits28()
    X, y, X_test, y_test = (part[..., None] if part.ndim == 3 else part for part in digits.split())
    try:
        mnist = fetch_mnist("test", download_if_missing=False)
    except FileNotFoundError:
        mnist = None
        print("MNIST is not on this machine: its figures are left out.")

    figures = {"command": "python training/digits.py", "seed": options.seed, "epochs": EPOCHS, "batch size": BATCH}
    for kind, build in (("CNN", lecture_cnn), ("dense", lecture_dense)):
        rows = []
        for seed in range(options.seed, options.seed + options.seeds):
            keras.utils.set_random_seed(seed)
            net = build()
            net.fit(X, y, epochs=EPOCHS, batch_size=BATCH, verbose=0)
            # What ships is kept in half precision: what is measured is what ships.
            net.set_weights([weight.astype(np.float16).astype(np.float32) for weight in net.get_weights()])
            row = {"seed": seed, "digits28": accuracy(net, X_test, y_test)}
            if mnist is not None:
                answers = net.predict(mnist.X[..., None], batch_size=256, verbose=0).argmax(axis=1)
                row["MNIST"] = float(np.mean(answers == mnist.y))
            row["shifted"] = [shifted_accuracy(net, X_test, y_test, pixels) for pixels in SHIFTS]
            print(kind, {key: np.round(value, 4) for key, value in row.items()}, flush=True)
            rows.append(row)
            if kind == "CNN" and seed == options.seed:
                shipped = net
                if mnist is not None:
                    matrix = np.zeros((10, 10), dtype=int)
                    np.add.at(matrix, (mnist.y, answers), 1)
                    figures["MNIST confusion"] = matrix
        figures[kind] = {"parameters": net.count_params(), "trainings": rows}
    first = figures["CNN"]["trainings"][0]
    figures |= {"digits28 test accuracy": first["digits28"], "MNIST test accuracy": first.get("MNIST")}
    figures |= {"shifts in pixels": SHIFTS, "seconds": round(time.perf_counter() - start)}
    if not options.dry_run:
        save_weights(shipped, "lecture_cnn", figures)
    print(f"{figures['seconds']} s in all")


def accuracy(net, X, y):
    return float(np.mean(net.predict(X, verbose=0).argmax(axis=1) == y))


def shifted_accuracy(net, X, y, pixels):
    """Mean accuracy on images moved up, down, left and right; networks were trained on centred ones only."""
    moves = [(pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)] if pixels else [(0, 0)]
    return float(np.mean([accuracy(net, ndimage.shift(X, (0, *move, 0), order=0), y) for move in moves]))


if __name__ == "__main__":
    main()
