"""Train the activity CNN on raw windows of HAPT, and say what it is worth for people it has never seen.

    python training/activity.py               # about two minutes: trains, compares, writes the weights
    python training/activity.py --validate    # how its settings were chosen: by person, among the training people
    python training/activity.py --data-size   # about 13 minutes: accuracy against the number of training people

needs HAPT (`mlcourse data fetch hapt`), one core, and writes mlcourse/models/weights/activity_cnn.*. The official test
people are only ever tested on. Three networks are trained, with three seeds; the first ships, whether or not it is the
best.
"""

import argparse
import math
import time

import numpy as np
import torch
from torch import nn

from mlcourse.datasets import BASIC_ACTIVITIES, fetch_hapt
from mlcourse.models import ActivityCNN, fit, load_weights, predict, save_weights, weights_report
from mlcourse.models.activity import VariedWindows
from mlcourse.sensing import WindowFeatures, baselines

NAME = "activity_cnn"
SECONDS, OVERLAP, SAMPLES = 2.56, 0.5, 128
# To train, windows are a quarter longer, at the same distance: 2.56 s are cut out of them anew each time.
LONGER = {"seconds": 3.2, "overlap": 0.6}
EPOCHS = 16
SETTINGS = {"batch_size": 64, "learning_rate": 2e-3, "weight_decay": 1e-2, "progress": False}
VARIED = VariedWindows(SAMPLES, degrees=20, speed=0.2, strength=0.2)
SIZES, DRAWS = (1, 2, 4, 8, 16, 21), 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the network that ships (default: 0)")
    parser.add_argument("--validate", action="store_true", help="cross-validate by person, and write nothing")
    parser.add_argument("--data-size", action="store_true", help="measure the data-size curve for the report")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()

    hapt = fetch_hapt().select(activities=BASIC_ACTIVITIES)
    train, test = hapt.windows(SECONDS, OVERLAP).split()
    longer, _ = hapt.windows(**LONGER).split()
    if options.validate:
        validate(longer, train, options.seed)
    elif options.data_size:
        curve = data_size(longer, train, test) | {"seconds": round(time.perf_counter() - start)}
        if not options.dry_run:
            report = weights_report(NAME) | {"data size": curve}
            save_weights(load_weights(ActivityCNN(), NAME), NAME, report)
    else:
        net, figures = measure(longer, train, test, options.seed)
        figures["seconds"] = round(time.perf_counter() - start)
        if not options.dry_run:
            save_weights(net, NAME, kept("data size") | figures)
    print(f"{time.perf_counter() - start:.0f} s in all")


def arrays(windows):
    """Windows as torch wants them: (windows, channels, time), and classes as numbers."""
    y = np.array([BASIC_ACTIVITIES.index(activity) for activity in windows.y])
    return windows.X.transpose(0, 2, 1).astype(np.float32), y


def trained(windows, seed, build=ActivityCNN):
    """Build and train a network; few windows are looked at more often, so that all trainings have as many steps."""
    X, y = arrays(windows)
    steps = EPOCHS * math.ceil(7400 / SETTINGS["batch_size"])  # 7,400 windows: all 21 training people
    epochs = max(1, round(steps / math.ceil(len(y) / SETTINGS["batch_size"])))
    torch.manual_seed(seed)
    net = build()
    fit(net, X, y, epochs=epochs, augment=VARIED, random_state=seed, **SETTINGS)
    return net.half().float()  # what ships is kept in half precision: what is measured is what ships


class Dense(nn.Module):
    """The lecture's fully connected network, with as many parameters as the CNN; it takes one length only."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(6, affine=False), nn.Flatten(), nn.Linear(6 * SAMPLES, 49), nn.ReLU(), nn.Linear(49, 6)
        )

    def forward(self, x):
        return self.layers(x[:, :, :SAMPLES])


def measure(longer, train, test, seed):
    X, y = arrays(test)
    figures = {"command": "python training/activity.py", "seed": seed, "epochs": EPOCHS} | SETTINGS
    del figures["progress"]
    for kind, build in (("CNN", ActivityCNN), ("dense", Dense)):
        figures[kind] = {"test accuracies": []}
        for run in range(3):
            net = trained(longer, seed + run, build)
            accuracy = float(np.mean(predict(net, X) == y))
            print(f"{kind}, seed {seed + run}: {accuracy:.2%} of the test people's windows", flush=True)
            figures[kind]["test accuracies"].append(accuracy)
            if kind == "CNN" and run == 0:
                shipped = net
        figures[kind]["parameters"] = sum(weight.numel() for weight in net.parameters())
    answers = predict(shipped, X)
    matrix = np.zeros((6, 6), dtype=int)
    np.add.at(matrix, (y, answers), 1)
    people = {
        person: float(np.mean((answers == y)[test.subjects == person]))
        for person in sorted(set(test.subjects), key=int)
    }
    figures |= {
        "test accuracy": figures["CNN"]["test accuracies"][0],
        "activities": BASIC_ACTIVITIES,
        "confusion": matrix,
        "test accuracy of each person": people,
        "windows": {"train": len(train), "test": len(test)},
        "learners of unit 02 on 2.56 s windows": classic(train, test, ("random forest", "SVM"), seed),
    }
    return shipped, figures


def classic(train, test, names, seed):
    features = WindowFeatures(rate=train.rate).fit(train.X)
    tables = features.transform(train.X), features.transform(test.X)
    found = {}
    for name in names:
        model = baselines(random_state=seed)[name].fit(tables[0], train.y)
        found[name] = float(np.mean(model.predict(tables[1]) == test.y))
        print(f"{name}: {found[name]:.2%}", flush=True)
    return found


def data_size(longer, train, test):
    """Accuracy on the test people after learning from 1, 2, 4, ... training people, drawn several times."""
    X, y = arrays(test)
    features = WindowFeatures(rate=train.rate).fit(train.X)
    train_table, test_table = features.transform(train.X), features.transform(test.X)
    people = np.unique(train.subjects)
    accuracies = {"CNN": [], "random forest": [], "SVM": []}
    for size in SIZES:
        rows = {name: [] for name in accuracies}
        for draw in range(DRAWS):
            chosen = np.random.default_rng([size, draw]).choice(people, size, replace=False)
            net = trained(longer[np.isin(longer.subjects, chosen)], draw)
            rows["CNN"].append(float(np.mean(predict(net, X) == y)))
            rest = np.isin(train.subjects, chosen)
            for name in ("random forest", "SVM"):
                model = baselines(random_state=draw)[name].fit(train_table[rest], train.y[rest])
                rows[name].append(float(np.mean(model.predict(test_table) == test.y)))
        for name, row in rows.items():
            accuracies[name].append(row)
            print(f"{size:2} people, {name}: " + " ".join(f"{value:.1%}" for value in row), flush=True)
    return {"command": "python training/activity.py --data-size", "people": SIZES, "accuracies": accuracies}


def validate(longer, train, seed):
    people = np.random.default_rng(1).permutation(np.unique(train.subjects))
    found = []
    for out in np.array_split(people, 4):
        X, y = arrays(train[np.isin(train.subjects, out)])
        net = trained(longer[~np.isin(longer.subjects, out)], seed)
        found.append(float(np.mean(predict(net, X) == y)))
        print(f"without {', '.join(out)}: {found[-1]:.2%} of their windows", flush=True)
    print(f"mean {np.mean(found):.2%}")


def kept(key):
    """What an earlier run measured, and this one does not."""
    try:
        return {key: weights_report(NAME)[key]}
    except (FileNotFoundError, KeyError):
        return {}


if __name__ == "__main__":
    main()
