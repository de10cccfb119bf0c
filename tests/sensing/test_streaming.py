"""Reading by reading: the windows, and so the answers, of the batch form, in memory that does not grow."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from mlcourse.datasets import BASIC_ACTIVITIES, fetch_hapt, make_activities
from mlcourse.datasets.activity import ActivityDataset, Recording
from mlcourse.sensing import (
    C45Classifier,
    StreamingClassifier,
    ThresholdClassifier,
    WindowFeatures,
    baselines,
    heuristic_features,
)


class Fingerprint:
    """Answers with the window itself: two forms that give the same fingerprints give the same answers to anything."""

    def predict(self, X):
        return np.array([f"{window.dtype} {window.shape} {window.tobytes().hex()}" for window in X])


def streamed(stream, recording):
    """Answers to one recording, and the sample at which each came; a new start at every gap and change of label."""
    answers, places = [], []
    for start, stop, label in recording.stretches():
        stream.reset()
        for index in range(start, stop) if label else ():
            answer = stream.push(recording.signals[index])
            if answer is not None:
                answers.append(answer)
                places.append(index)
    return answers, places


def assert_same(model, data, seconds, overlap):
    windows = data.windows(seconds=seconds, overlap=overlap)
    stream = StreamingClassifier(model, data.rate, seconds=seconds, overlap=overlap)
    for number, recording in enumerate(data):
        of = windows.recordings == number
        answers, places = streamed(stream, recording)
        assert places == (windows.starts[of] + windows.X.shape[1] - 1).tolist()
        assert answers == (list(model.predict(windows.X[of])) if of.any() else [])
    return windows


@given(
    st.integers(0, 80),
    st.integers(1, 3),
    st.floats(0.02, 1.5),
    st.floats(0, 0.99),
    st.sampled_from([10, 20, 33.3, 50.0]),
    st.sampled_from([np.float32, np.float64, int]),
    st.sets(st.integers(1, 79), max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_windows_are_those_of_the_batch_form(n, channels, seconds, overlap, rate, dtype, breaks):
    if round(seconds * rate) < 1:
        seconds = 1 / rate
    signals = np.random.default_rng(n).normal(0, 50, size=(n, channels)).astype(dtype)
    labels = np.repeat(["walking", "", "sitting"], [n // 2, n // 8, n - n // 2 - n // 8])
    recording = Recording(
        signals,
        tuple("abc"[:channels]),
        rate,
        "1",
        "hand",
        labels,
        breaks=np.array([place for place in breaks if place < n], dtype=int),
    )
    assert_same(Fingerprint(), ActivityDataset("random", [recording]), seconds, overlap)


@pytest.fixture(scope="module")
def simulated():
    return make_activities(n_subjects=3, seconds=15, random_state=0)


@pytest.mark.parametrize(("seconds", "overlap"), [(2.56, 0.5), (1.0, 0.0), (2.56, 0.9), (1.37, 0.33), (5.0, 0.75)])
def test_answers_on_simulated_people(simulated, seconds, overlap):
    windows = simulated.windows(seconds=seconds, overlap=overlap)
    features = WindowFeatures(rate=windows.rate, channels=windows.channels)
    model = make_pipeline(features, DecisionTreeClassifier(random_state=0)).fit(windows.X, windows.y)
    assert len(assert_same(model, simulated, seconds, overlap)) == len(windows)


@pytest.mark.parametrize("name", baselines())
def test_answers_of_every_classic_learner(simulated, name):
    windows = simulated.windows(seconds=3)
    model = make_pipeline(WindowFeatures(rate=windows.rate, channels=windows.channels), baselines()[name])
    if name == "random forest":
        model.set_params(pipeline__randomforestclassifier__n_estimators=10)
    model.fit(windows.X[::2], windows.y[::2])
    assert_same(model, simulated.select(subjects=simulated.subjects[-1:]), 3, 0.5)


def test_answers_of_the_heuristic_and_of_the_tree(simulated):
    four = make_activities(2, ("sitting", "standing", "walking", "jogging"), seconds=15, random_state=1)
    windows = four.windows()
    arguments = {"rate": four.rate, "channel": four.channels.index("acc_y")}
    for learner in (ThresholdClassifier(), C45Classifier()):
        model = make_pipeline(FunctionTransformer(heuristic_features, kw_args=arguments), learner)
        assert_same(model.fit(windows.X, windows.y), four, 2.56, 0.5)


def test_answers_on_real_people(real_data):
    people = fetch_hapt(data_home=real_data).select(activities=BASIC_ACTIVITIES)
    windows = people.select(subjects=["1", "3"]).windows()
    features = WindowFeatures(rate=people.rate, channels=people.channels)
    model = make_pipeline(features, DecisionTreeClassifier(random_state=0)).fit(windows.X, windows.y)
    stranger = ActivityDataset("one recording", [people.select(subjects=["2"]).recordings[0]])
    for seconds, overlap in ((2.56, 0.5), (3.1, 0.2)):
        same = assert_same(model, stranger, seconds, overlap)
        assert len(same) > 50
    with_features_wisdm = make_pipeline(WindowFeatures("wisdm", people.rate, people.channels), KNeighborsClassifier())
    assert_same(with_features_wisdm.fit(windows.X, windows.y), stranger, 2.56, 0.5)


# -------------------------------------------------------------------------------------------------- the buffer


def test_memory_does_not_grow():
    class Nothing:
        def predict(self, X):
            return ["nothing"]

    stream = StreamingClassifier(Nothing(), rate=50, seconds=1, overlap=0.9)
    sample = np.zeros(3)
    for _ in range(6_000):  # until what it remembers of the cost is full
        stream.push(sample)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5_000):
            stream.push(sample)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000  # 5,000 readings of three doubles would be 120,000
    assert stream.cost().buffer_bytes == 50 * 3 * 8


def test_the_window_is_a_copy_that_a_model_may_keep():
    class Keeps:
        def __init__(self):
            self.kept = []

        def predict(self, X):
            self.kept.append(X)
            return ["kept"]

    model = Keeps()
    stream = StreamingClassifier(model, rate=1, seconds=4, overlap=0.75)
    for value in range(8):
        stream.push([value])
    assert [window[0, :, 0].tolist() for window in model.kept] == [[k, k + 1, k + 2, k + 3] for k in range(5)]


def test_a_reading_that_may_be_changed_afterwards_was_taken_as_it_was():
    class Sums:
        def predict(self, X):
            return X.sum(axis=(1, 2))

    stream = StreamingClassifier(Sums(), rate=1, seconds=3)
    sample = np.zeros(1)
    answers = []
    for value in (1, 2, 3):
        sample[0] = value
        answers.append(stream.push(sample))
    assert answers == [None, None, 6.0]
    assert type(answers[-1]) is float


def test_after_a_reset_no_window_holds_what_was_before():
    stream = StreamingClassifier(Fingerprint(), rate=1, seconds=3, overlap=0)
    stream.push([1.0]), stream.push([2.0])
    stream.reset()
    after = [stream.push([value]) for value in (3.0, 4.0, 5.0)]
    assert after[:2] == [None, None]
    assert after[2] == Fingerprint().predict(np.array([[[3.0], [4.0], [5.0]]]))[0]


# ------------------------------------------------------------------------------------------------------ its cost


@pytest.fixture
def clock(monkeypatch):
    """A clock that only a `Slow` model, and a look at it, moves on: 1 µs a look."""

    class Clock:
        now = 0.0

        def __call__(self):
            self.now += 1e-6
            return self.now

    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


class Slow:
    """A model that takes a known time."""

    def __init__(self, seconds, clock=None):
        self.seconds, self.clock = seconds, clock

    def predict(self, X):
        if self.clock:
            self.clock.now += self.seconds
        return ["slow"]


def test_the_cost_is_the_time_of_the_model_per_second_of_signal(clock):
    stream = StreamingClassifier(Slow(0.004, clock), rate=20, seconds=1, overlap=0.5)  # two answers a second
    for _ in range(20 * 15):
        stream.push([0.0, 0.0, 0.0])
    cost = stream.cost()
    assert cost.decisions_per_second == 2
    assert cost.decision_ms == pytest.approx(4, rel=0.01)
    assert cost.busy == pytest.approx(0.008, rel=0.01)
    assert cost.busy_quartiles[0] <= cost.busy <= cost.busy_quartiles[1]
    assert cost.decision_ms_quartiles[0] <= cost.decision_ms <= cost.decision_ms_quartiles[1]
    assert cost.readings_per_second == pytest.approx(20 / cost.busy)
    assert (cost.readings, cost.decisions, cost.seconds) == (300, 29, 15)
    assert cost.buffer_bytes == 20 * 3 * 8
    for words in ("per second of signal", "of one core", "480 bytes", "29 answers"):
        assert words in repr(cost)


def test_more_overlap_costs_more_and_a_slower_model_too(clock):
    def busy(overlap, seconds):
        stream = StreamingClassifier(Slow(seconds, clock), rate=20, seconds=1, overlap=overlap)
        for _ in range(20 * 10):
            stream.push([0.0])
        return stream.cost().busy

    assert busy(0.8, 0.002) > 1.5 * busy(0.2, 0.002)
    assert busy(0.5, 0.012) > 1.5 * busy(0.5, 0.002)


def test_a_cold_start_and_a_disturbance_do_not_count(clock):
    class OftenFast:
        asked = 0

        def predict(self, X):
            self.asked += 1
            return Slow(0.2 if self.asked in (1, 7) else 0.001, clock).predict(X)

    stream = StreamingClassifier(OftenFast(), rate=10, seconds=1, overlap=0)
    for _ in range(300):
        stream.push([0.0])
    assert stream.cost().decision_ms == pytest.approx(1, rel=0.01)


def test_the_cost_outlives_a_reset():
    stream = StreamingClassifier(Slow(0), rate=10, seconds=1)
    for _ in range(10):
        stream.push([0.0])
    stream.reset()
    assert (stream.cost().readings, stream.cost().decisions) == (10, 1)


def test_without_an_answer_there_is_no_cost():
    stream = StreamingClassifier(Slow(0), rate=10, seconds=1)
    stream.push([0.0])
    with pytest.raises(ValueError, match="no answer yet to measure: push at least 10 readings in a row first, 1 came"):
        stream.cost()


# ------------------------------------------------------------------------------------------------- wrong values


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ([1.0, 2.0], r"one reading of shape \(3,\), got shape \(2,\)"),
        (np.zeros((5, 3)), r"got shape \(5, 3\); push the readings of a longer signal one by one"),
        (1.0, r"got shape \(\)"),
        ([1.0, np.nan, 2.0], "NaN or infinity.*reset"),
        (["a", "b", "c"], "sample must be one reading, a number for each channel, got .'a'"),
    ],
)
def test_a_reading_that_does_not_fit_is_refused_and_not_taken(sample, message):
    stream = StreamingClassifier(Fingerprint(), rate=1, seconds=2, overlap=0)
    stream.push([0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match=message):
        stream.push(sample)
    assert stream.push([1.0, 1.0, 1.0]) == Fingerprint().predict(np.array([[[0.0] * 3, [1.0] * 3]]))[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0}, "rate must be a number above 0, got 0"),
        ({"seconds": -1}, "seconds must be a number above 0, got -1"),
        ({"seconds": 0.001}, "shorter than one sample"),
        ({"overlap": 1}, "overlap must be a share from 0 to less than 1"),
        ({"model": None}, "model must be a fitted classifier with a predict method, got None"),
        ({"model": DecisionTreeClassifier}, "model must be a fitted classifier"),
        ({"model": DecisionTreeClassifier()}, r"model takes a table of features \(DecisionTreeClassifier\), but gets"),
        ({"model": baselines()["kNN"]}, "Put WindowFeatures in front"),
    ],
)
def test_wrong_arguments_are_named_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        StreamingClassifier(**({"model": Fingerprint(), "rate": 50} | arguments))


def test_a_model_that_is_not_fitted_is_refused_at_once():
    with pytest.raises(NotFittedError):
        StreamingClassifier(make_pipeline(WindowFeatures(), DecisionTreeClassifier()), rate=50)
