"""Right answers of every kind earn full points, wrong ones are not saved by luck, and the prose tells no lies."""

from collections import deque

import numpy as np
import pytest

from mlcourse.checks import a01_sensing as check
from mlcourse.checks.core import CheckFailed
from mlcourse.datasets import make_activities
from mlcourse.sensing import StreamingClassifier
from mlcourse.sensing.thresholds import ThresholdClassifier, heuristic_features

SEED = 4321

# -- right answers, as different people write them --------------------------------------------------------------------


def windows_with_a_loop(signal, rate, seconds, overlap):
    n = int(np.floor(seconds * rate + 0.5))
    h = int(np.floor(n * (1 - overlap) + 0.5))
    out, start = np.empty((0, n, signal.shape[1])), 0
    while start + n <= len(signal):
        out = np.append(out, signal[start : start + n][None], axis=0)
        start += h
    return out


def windows_with_a_view(signal, rate, seconds, overlap):
    n = round(seconds * rate)
    if len(signal) < n:
        return np.empty((0, n, signal.shape[1]))
    every = np.lib.stride_tricks.sliding_window_view(signal, n, axis=0)
    return np.moveaxis(every, -1, 1)[:: n - round(n * overlap)]


def windows_by_index(signal, rate, seconds, overlap):
    n, h = round(seconds * rate), round(seconds * rate * (1 - overlap))
    count = max(0, (len(signal) - n) // h + 1)
    return signal[h * np.arange(count)[:, None] + np.arange(n)].astype(np.float32)


def features_by_hand(X, rate):
    rows = []
    for window in X:
        y = [float(reading[1]) for reading in window]
        n, mean = len(y), sum(y) / len(y)
        best, strongest = 0, -1.0
        for k in range(n // 2 + 1):
            turn = sum((y[i] - mean) * np.exp(-2j * np.pi * k * i / n) for i in range(n))
            if abs(turn) > strongest:
                best, strongest = k, abs(turn)
        rows.append(((sum((value - mean) ** 2 for value in y) / n) ** 0.5, mean, best * rate / n))
    return rows


def features_of_the_full_spectrum(X, rate):
    y = X[..., 1].T
    power = np.abs(np.fft.fft(y - y.mean(axis=0), axis=0)) ** 2
    k = power[: len(y) // 2 + 1].argmax(axis=0)
    return np.stack([np.std(y, axis=0), np.mean(y, axis=0), np.abs(np.fft.fftfreq(len(y), 1 / rate))[k]], axis=1)


def features_without_the_first_bin(X, rate):
    y = X[:, :, 1].astype(np.float32)
    k = np.abs(np.fft.rfft(y))[:, 1:].argmax(axis=1) + 1
    return np.array([y.std(1), y.mean(1), k * rate / X.shape[1]]).T


def heuristic_row_by_row(table, c1, c2, c3):
    labels = []
    for std, mean, frequency in table:
        if std >= c1:
            labels.append("jogging" if frequency >= c3 else "walking")
        elif mean > c2:
            labels.append("standing")
        else:
            labels.append("sitting")
    return labels


def heuristic_with_masks(table, c1, c2, c3):
    labels = np.full(len(table), "sitting", dtype=object)
    still = table[:, 0] < c1
    labels[still & (table[:, 1] > c2)] = "standing"
    labels[~still] = np.where(table[~still, 2] < c3, "walking", "jogging")
    return labels


class StreamOfAList:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.samples = []

    def push(self, sample):
        self.samples.append(list(sample))
        if len(self.samples) == self.size:
            label = self.classify(np.array(self.samples))
            self.samples = self.samples[self.step :]
            return label


class StreamOfARing:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.ring, self.count = None, 0

    def push(self, sample):
        if self.ring is None:
            self.ring = np.empty((self.size, len(sample)))
        self.ring[self.count % self.size] = sample
        self.count += 1
        if self.count < self.size or (self.count - self.size) % self.step:
            return None
        return self.classify(np.roll(self.ring, -(self.count % self.size), axis=0))


class StreamThatTidiesUpSometimes:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.samples, self.missing = [], size

    def push(self, sample):
        self.samples.append(sample)
        if len(self.samples) > 4 * self.size:
            self.samples = self.samples[-self.size :]
        self.missing -= 1
        if not self.missing:
            self.missing = self.step
            return self.classify(self.samples[-self.size :])


def stream_as_a_closure(classify, size, step):
    buffer, missing = deque(maxlen=size), size

    def push(sample):
        nonlocal missing
        buffer.append(sample)
        missing -= 1
        if missing == 0:
            missing = step
            return classify(np.stack(buffer))

    return type("Pusher", (), {"push": staticmethod(push)})


RIGHT = [
    (check.windows, windows_with_a_loop),
    (check.windows, windows_with_a_view),
    (check.windows, windows_by_index),
    (check.features, features_by_hand),
    (check.features, features_of_the_full_spectrum),
    (check.features, features_without_the_first_bin),
    (check.heuristic, heuristic_row_by_row),
    (check.heuristic, heuristic_with_masks),
    (check.Stream, StreamOfAList),
    (check.Stream, StreamOfARing),
    (check.Stream, StreamThatTidiesUpSometimes),
    (check.Stream, stream_as_a_closure),
]


@pytest.mark.parametrize(
    ("exercise", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", None) or value.name
)
def test_right_answers_of_every_kind_earn_everything(exercise, answer):
    assert exercise(answer, points=4) == 4
    for seed in (SEED, SEED + 1, SEED + 2):
        assert exercise(answer, points=4, seed=seed) == 4


# -- wrong answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", [check.windows, check.features, check.heuristic])
def test_answers_learned_by_heart_fail_in_hidden_cases_which_stay_hidden(exercise):
    seen = {}

    def learn(*args):
        seen[repr([np.asarray(arg).tolist() for arg in args])] = exercise._reference(*args)
        return exercise._reference(*args)

    exercise(learn, points=4)
    right = exercise._reference

    def by_heart(*args):
        known = seen.get(repr([np.asarray(arg).tolist() for arg in args]))
        return np.zeros_like(right(*args)) if known is None else known

    assert exercise(by_heart, points=4) == 4
    with pytest.raises(CheckFailed, match="hidden case") as caught:
        exercise(by_heart, points=4, seed=SEED)
    assert "expected" not in str(caught.value)
    assert "[[" not in str(caught.value)


def test_memory_is_judged_by_what_stays_behind():
    class KeepsOneNumberASample(StreamOfARing):
        def __init__(self, *args):
            super().__init__(*args)
            self.log = np.empty(0)

        def push(self, sample):
            self.log = np.append(self.log, sample[0])
            return super().push(sample)

    assert check.Stream(KeepsOneNumberASample, points=5) == 3


def test_a_buffer_made_as_a_default_argument_is_shared():
    class Shared(StreamOfAList):
        def __init__(self, classify, size, step, samples=[]):  # noqa: B006
            super().__init__(classify, size, step)
            self.samples = samples

        def push(self, sample):
            self.samples.append(list(sample))
            if len(self.samples) >= self.size:
                label = self.classify(np.array(self.samples[: self.size]))
                del self.samples[: self.step]
                return label

    with pytest.raises(CheckFailed, match="they share a buffer"):
        check.Stream(Shared)


# -- the lab agrees with the kit, and its prose with both -------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    return make_activities(2, ["sitting", "standing", "walking", "jogging"], seconds=20, random_state=5)


@pytest.mark.parametrize(("seconds", "overlap"), [(2.56, 0.5), (1.0, 0.0), (3.3, 0.72)])
def test_reference_solutions_do_what_the_kit_does(people, seconds, overlap):
    own = [check.windows._reference(each.signals, each.rate, seconds, overlap) for each in people]
    kit = people.windows(seconds, overlap)
    np.testing.assert_array_equal(np.concatenate(own), kit.X)
    table = check.features._reference(kit.X, kit.rate)
    moves = table[:, 0] > 0.5  # a rhythm of noise is nobody's business
    np.testing.assert_allclose(table[moves], heuristic_features(kit.X, kit.rate)[moves], rtol=1e-12)
    model = ThresholdClassifier(1.0, 5.0, 2.2).fit(table, kit.y)
    labels = check.heuristic._reference(table, 1.0, 5.0, 2.2)
    assert labels.tolist() == model.predict(table).tolist()

    class Model:
        def predict(self, X):
            return check.heuristic._reference(check.features._reference(X, people.rate), 1.0, 5.0, 2.2)

    size = round(seconds * people.rate)
    own = check.Stream._reference(lambda window: Model().predict(window[None])[0], size, round(size * (1 - overlap)))
    kit = StreamingClassifier(Model(), people.rate, seconds, overlap)
    for sample in people[2].signals:
        assert own.push(sample) == kit.push(sample)


def test_worked_examples_of_the_lab():
    windows = check.windows._reference(np.arange(11)[:, None], 4, 1, 0.5)
    assert windows[:, [0, -1], 0].tolist() == [[0, 3], [2, 5], [4, 7], [6, 9]]

    y = np.array([12, 10, 8, 10, 12, 10, 8, 10])
    spread, mean, frequency = check.features._reference(np.stack([y * 0, y, y * 0], axis=1)[None], 4)[0]
    assert (round(spread, 3), mean, frequency) == (1.414, 10, 1)
    np.testing.assert_allclose(np.abs(np.fft.rfft(y - 10)), [0, 0, 8, 0, 0], atol=1e-12)
    assert np.abs(np.fft.rfft(y))[0] == 80

    table = np.array([[0.2, 9.7, 0.5], [0.1, 0.3, 3.0], [3.1, 9.4, 1.9], [1.0, 2.0, 2.7]])
    labels = check.heuristic._reference(table, 1, 5, 2.2)
    assert labels.tolist() == ["standing", "sitting", "walking", "jogging"]
    assert round(50 * 3 * 8 * 24 * 3600 / 1e6) == 104  # MB a day


def test_the_bag_defeats_the_mean_and_the_wrist_the_rhythm():
    """What the last exercise asks to explain is there to be explained."""

    def wrong(placement):
        people = make_activities(
            6, ["sitting", "standing", "walking", "jogging"], placement, seconds=20, random_state=0
        )
        cut = people.windows(2.56, 0.5)
        std, mean, frequency = check.features._reference(cut.X, 50).T
        rest = np.isin(cut.y, ["sitting", "standing"])
        return (
            np.mean((std < 1) != rest),
            np.mean((mean > 5)[rest] != (cut.y == "standing")[rest]),
            np.mean((frequency < 2.2)[~rest] != (cut.y == "walking")[~rest]),
        )

    assert max(wrong("front pocket")) < 0.1
    c1, c2, c3 = wrong("bag")
    assert c2 > 0.4 > 2 * max(c1, c3)
    c1, c2, c3 = wrong("wrist")
    assert c3 > 0.2 > max(c1, c2)
