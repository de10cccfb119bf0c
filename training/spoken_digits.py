"""Train networks on spectrograms of spoken digits, with filters that move along frequency, time, or both.

    python training/spoken_digits.py              # a quarter of an hour: trains, compares, writes the weights
    python training/spoken_digits.py --validate   # how the settings were chosen: on training recordings 5 to 9

needs the Free Spoken Digit Dataset (`mlcourse data fetch spoken_digits`), one core, and writes
mlcourse/models/weights/spectrogram_cnn_*. The official test recordings are only ever tested on. Each network is trained
with three seeds; the first ships, whether or not it is the best.
"""

import argparse
import time

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlcourse.datasets import fetch_spoken_digits
from mlcourse.models import fit, predict, save_weights
from mlcourse.models.speech import ALONG, ShiftedInTime, SpectrogramCNN

SEEDS = 3
SETTINGS = {"epochs": 40, "batch_size": 64, "learning_rate": 2e-3, "weight_decay": 1e-2, "progress": False}
VARIED = ShiftedInTime(frames=6, loudness=1.0, bands=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the networks that ship (default: 0)")
    parser.add_argument("--validate", action="store_true", help="judge on recordings 5 to 9, and write nothing")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)

    digits = fetch_spoken_digits()
    print(digits)
    X, y = digits.log_mel()[:, None], digits.y
    if options.validate:
        kept, held_out = digits.indices >= 10, (digits.indices >= 5) & (digits.indices < 10)
        for along in ALONG:
            net = trained(X[kept], y[kept], along, options.seed)
            print(f"{along:<10} {accuracy(net, X[held_out], y[held_out]):.1%} of recordings 5 to 9")
        return

    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, C=0.01))
    linear.fit(X[~digits.test].reshape(-1, X[0].size), y[~digits.test])
    baseline = linear.score(X[digits.test].reshape(-1, X[0].size), y[digits.test])
    print(f"logistic regression on the pixels: {baseline:.1%} of the test recordings")
    for along in ALONG:
        start = time.perf_counter()
        nets = [trained(X[~digits.test], y[~digits.test], along, options.seed + i) for i in range(SEEDS)]
        scores = [accuracy(net, X[digits.test], y[digits.test]) for net in nets]
        people = by_person(X, y, digits.speakers, along, options.seed)
        print(
            f"{along:<10} test {', '.join(f'{score:.1%}' for score in scores)}; a person left out "
            f"{np.mean(list(people.values())):.1%} ({', '.join(f'{who} {score:.0%}' for who, score in people.items())})"
        )
        figures = {
            "data": "Free Spoken Digit Dataset 1.0.10, recordings 0 to 4 of each digit and person for testing",
            "command": "python training/spoken_digits.py",
            "seed": options.seed,
            "parameters": sum(weight.numel() for weight in nets[0].parameters()),
            "accuracy": scores[0],
            "accuracy by seed": scores,
            "accuracy by person left out": people,
            "logistic regression": baseline,
            "seconds": round(time.perf_counter() - start),
        }
        if not options.dry_run:
            save_weights(nets[0], f"spectrogram_cnn_{along}", figures)


def trained(X, y, along, seed):
    """Build and train a network."""
    torch.manual_seed(seed)
    net = SpectrogramCNN(filters_along=along)
    fit(net, X, y, augment=VARIED, random_state=seed, **SETTINGS)
    return net.half().float()  # what ships is kept in half precision: what is measured is what ships


def accuracy(net, X, y) -> float:
    return float((predict(net, X) == y).mean())


def by_person(X, y, speakers, along, seed) -> dict[str, float]:
    """Accuracy on all recordings of each person by a network that has never heard her."""
    found = {}
    for who in np.unique(speakers):
        hers = speakers == who
        found[str(who)] = accuracy(trained(X[~hers], y[~hers], along, seed), X[hers], y[hers])
    return found


if __name__ == "__main__":
    main()
