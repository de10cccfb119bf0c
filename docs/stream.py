"""Draw the picture of README.md: a stream of readings, and what is inferred from it window by window.

    python docs/stream.py

writes docs/stream.png anew.
"""

import itertools
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from mlcourse.datasets import make_activities
from mlcourse.plots import colors, use_style
from mlcourse.sensing import StreamingClassifier, WindowFeatures

RATE, SECONDS, OVERLAP = 50, 2.56, 0.5
ACTIVITIES = ("walking", "sitting", "upstairs", "jogging", "standing")
AXES = ("acc_x", "acc_y", "acc_z")


def stream_of(people, subject):
    """One person's recordings, one after the other: signals of shape (time, 3) in m/s^2, and labels."""
    parts = people.select(subjects=[subject]).recordings
    return np.concatenate([part.signals[:, :3] for part in parts]), np.concatenate([part.labels for part in parts])


def infer(model, signals):
    """Feed a stream sample by sample; returns the time in s and the label of each window that was completed."""
    stream = StreamingClassifier(model, rate=RATE, seconds=SECONDS, overlap=OVERLAP)
    answers = [(index / RATE, stream.push(sample)) for index, sample in enumerate(signals, start=1)]
    times, labels = zip(*[(time, label) for time, label in answers if label is not None], strict=True)
    return np.array(times), np.array(labels)


def draw(signals, truth, times, inferred):
    """The readings above, what was done and what was inferred below."""
    use_style()
    shades = colors(ACTIVITIES)
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(9, 4.2), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    seconds = np.arange(len(signals)) / RATE
    for column, (axis, style) in enumerate(zip("xyz", ("#000000", "#0072B2", "#D55E00"), strict=True)):
        top.plot(seconds, signals[:, column], color=style, linewidth=0.6, label=axis)
    top.set_ylabel("acceleration (m/s$^2$)")
    top.legend(loc="upper left", ncols=3, title="axis of the phone", alignment="left")

    hop = SECONDS * (1 - OVERLAP)
    changes = [0, *np.flatnonzero(truth[1:] != truth[:-1]) + 1, len(truth)]
    for begin, end in itertools.pairwise(changes):
        ink = "black" if truth[begin] in ("standing", "upstairs") else "white"  # readable on its shade
        left, width = begin / RATE, (end - begin) / RATE
        bottom.barh(1, width, left=left, color=shades[truth[begin]], height=0.8)
        bottom.text(left + width / 2, 1, truth[begin], ha="center", va="center", color=ink, weight="bold")
    bottom.barh(0, hop, left=times - hop, color=[shades[label] for label in inferred], height=0.8)
    bottom.set_yticks([0, 1], ["inferred", "done"])
    bottom.set_xlabel("time (s)")
    bottom.grid(False)
    bottom.set_xlim(0, len(signals) / RATE)
    return figure


def main():
    people = make_activities(n_subjects=9, activities=ACTIVITIES, rate=RATE, seconds=12, random_state=3)
    *known, stranger = people.subjects
    train = people.select(subjects=known).windows(SECONDS, OVERLAP, channels=AXES)
    model = make_pipeline(WindowFeatures(rate=RATE, channels=AXES), RandomForestClassifier(random_state=0))
    model.fit(train.X, train.y)
    signals, truth = stream_of(people, stranger)
    figure = draw(signals, truth, *infer(model, signals))
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
