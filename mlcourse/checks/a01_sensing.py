"""Checks of the graded lab ``a01_sensing``: windows, features, heuristic, streaming."""

import gc
import tracemalloc
from collections import deque
from itertools import combinations

import numpy as np

from .core import Check, Part
from .values import difference

# -- 1. windows -------------------------------------------------------------------------------------------------------


def _windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    starts = range(0, len(signal) - size + 1, step)
    cut = [signal[start : start + size] for start in starts]
    return np.array(cut).reshape(len(starts), size, signal.shape[1])


def _count_up(n, channels):
    """A signal that shows which reading is which: 0, 1, 2 ... in the first channel, 100, 101 ... in the second."""
    return np.arange(float(n))[:, None] + 100.0 * np.arange(channels)


def _windows_cases(rng):
    # Products that are whole numbers, also in floating point: rounding is asked for in a part of its own.
    yield _count_up(5, 2), 4.0, 1.0, 0.75
    yield _count_up(11, 2), 4.0, 1.0, 0.5
    yield _count_up(13, 3), 8.0, 0.5, 0.25
    yield _count_up(18, 1), 2.0, 2.0, 0.0
    for rate in (4.0, 16.0):
        size = 4 * int(rng.integers(1, 5))
        signal = rng.normal(size=(size + int(rng.integers(5, 40)), int(rng.integers(1, 5))))
        yield signal, rate, size / rate, float(rng.choice([0.25, 0.5, 0.75]))


def _short_cases(rng):
    yield _count_up(3, 2), 4.0, 1.0, 0.5
    yield _count_up(int(rng.integers(1, 8)), 3), 4.0, 2.0, 0.25


def _rounding_cases(rng):
    yield _count_up(8, 1), 4.0, 0.7, 0.0  # 2.8 readings are 3
    yield _count_up(9, 1), 4.0, 0.8, 0.0  # 3.2 readings are 3
    yield _count_up(12, 1), 4.0, 1.0, 0.3  # a step of 2.8 readings is 3
    yield _count_up(13, 1), 4.0, 1.0, 0.2  # a step of 3.2 readings is 3
    yield _count_up(70, 1), 100.0, 0.29, 0.0  # 28.999999999999996 readings are 29
    for _ in range(3):
        size, step = int(rng.integers(10, 30)), int(rng.integers(3, 9))
        exact = size + rng.uniform(-0.3, 0.3)
        # The same step whether it is taken from the rounded or from the exact length.
        overlap = round(1 - (step + rng.uniform(-0.15, 0.15)) / max(size, exact), 4)
        yield rng.normal(size=(size + 5 * step + 2, 2)), 50.0, exact / 50.0, overlap


def _windows_as(starts=None, size=round, step=round, cut=None):
    """A variant of the reference: other starts, other rounding, another way to cut a window."""

    def compute(signal, rate, seconds, overlap):
        n = int(size(seconds * rate))
        h = int(step(n * (1 - overlap)))
        first = range(0, len(signal) - n + 1, h) if starts is None else starts(len(signal), n, h, rate, overlap)
        take = cut or (lambda signal, start, n: signal[start : start + n])
        return np.array([take(signal, start, n) for start in first])

    return compute


def _padded(signal, start, n):
    piece = signal[start : start + n]
    return np.vstack([piece, np.zeros((n - len(piece), signal.shape[1]))])


def _use_windows(answer, signal, rate, seconds, overlap):
    try:
        return answer(signal, rate, seconds, overlap)
    except ValueError as error:
        if "inhomogeneous" in str(error) or "must have the same shape" in str(error):
            says = "the windows are not all equally long: is the last, incomplete one kept?"
            raise ValueError(says).with_traceback(error.__traceback__) from None
        raise


windows = Check(
    "windows",
    reference=_windows,
    cases=_windows_cases,
    call=_use_windows,
    weight=2,
    misconceptions=[
        (
            _windows_as(lambda total, n, h, rate, overlap: range(0, total - n + 1, round(n * overlap))),
            "each window starts one overlap after the one before, but the overlap is what the two share. With an "
            "overlap of 0.75, how many of 4 readings are new?",
        ),
        (
            _windows_as(lambda total, n, h, rate, overlap: range(0, total - n + 1, n)),
            "windows side by side that share nothing: the overlap has no effect",
        ),
        (
            _windows_as(lambda total, n, h, rate, overlap: range(0, total - n, h)),
            "the last window is missing where it just fits: count the places where a window can start in a signal "
            "that is exactly one window long",
        ),
        (
            _windows_as(lambda total, n, h, rate, overlap: range(0, total, h), cut=_padded),
            "incomplete windows at the end are kept and filled up with zeros, but nobody measured these zeros",
        ),
        (
            _windows_as(
                lambda total, n, h, rate, overlap: [*range(0, total - n, h), total - n],
            ),
            "the last window is moved back so that it fits: then its overlap is another one",
        ),
        (
            _windows_as(cut=lambda signal, start, n: signal[start : start + n].T),
            "time and channels have changed places: the axes are (windows, time, channels)",
        ),
        (
            _windows_as(cut=lambda signal, start, n: signal[start : start + n].ravel()),
            "time and channels of a window are mixed in one long row: keep (windows, time, channels)",
        ),
        (
            _windows_as(
                lambda total, n, h, rate, overlap: range(0, total - n + 1, max(1, n - round(overlap * rate))),
            ),
            "the overlap is taken as seconds, but it is the share of a window: 0.5 is half a window",
        ),
        (
            _windows_as(lambda total, n, h, rate, overlap: range(0, total - n + 1)),
            "a new window at every reading, whatever the overlap",
        ),
    ],
    parts=[
        Part(
            "a signal shorter than one window gives an array of no windows, of shape (0, time, channels)",
            cases=_short_cases,
            misconceptions=[
                (
                    _windows_as(),
                    "an empty array without the other two axes: of no windows, too, one knows how long and how wide "
                    "they would be",
                ),
                (
                    _windows_as(lambda total, n, h, rate, overlap: range(0, max(1, total - n + 1), h), cut=_padded),
                    "one window that is filled up with zeros, but nobody measured these zeros",
                ),
            ],
        ),
        Part(
            "lengths and steps are rounded to the nearest whole number",
            cases=_rounding_cases,
            misconceptions=[
                (_windows_as(size=int, step=int), "the digits behind the point are cut off: 2.8 readings become 2"),
                (_windows_as(step=int), "the step is cut off, not rounded: 2.8 readings become 2"),
                (_windows_as(size=int), "the length is cut off, not rounded: 2.8 readings become 2"),
                (_windows_as(size=np.ceil, step=np.ceil), "lengths are always rounded up: 3.2 readings become 4"),
            ],
        ),
    ],
    hints=[
        "How many readings make a window of `seconds` seconds, at `rate` readings per second? And of these, how many "
        "does the next window not share with this one?",
        "The last window must end inside the signal. If a window of 4 readings may end at reading 9, the last of 10, "
        "where does it start? `range(first, stop, step)` leaves `stop` out.",
        "Collect the slices `signal[start : start + n]` for all starts in a list; `np.array` stacks slices of one "
        "shape along a new first axis, which gives (windows, time, channels).",
        "An empty list knows nothing of time and channels: look at `np.array([]).shape`. `reshape` with all three "
        "numbers helps, and does nothing to an array that has this shape already.",
    ],
)


# -- 2. features ------------------------------------------------------------------------------------------------------


def _features(X, rate):
    y = X[:, :, 1]
    mean = y.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(y - mean[:, None], axis=1))
    frequency = np.argmax(spectrum, axis=1) * rate / y.shape[1]
    return np.column_stack([y.std(axis=1), mean, frequency])


def _features_cases(rng):
    t = np.arange(8) / 4.0
    turn = 2 * np.pi * t
    y = [10 + 2 * np.cos(1.0 * turn), 7 + np.sin(1.5 * turn)]
    x = [1 + np.cos(0.5 * turn), 2 + 0.5 * np.sin(1.0 * turn)]
    z = [-1 + 3 * np.sin(1.5 * turn), 4 + np.cos(0.5 * turn)]
    yield np.stack([x, y, z], axis=-1), 4.0
    for n, rate in ((15, 20.0), (64, 50.0), (100, 25.0)):
        yield np.array([_shaken(rng, n) for _ in range(int(rng.integers(2, 6)))]), rate


def _shaken(rng, n):
    """One window of three axes, each with a rhythm of its own that stands out."""
    turn = 2 * np.pi * np.arange(n) / n
    while True:
        bins = rng.choice(np.arange(2, n // 2 - 1), size=3, replace=False) + rng.uniform(-0.2, 0.2, size=3)
        waves = rng.uniform(2, 5, size=3) * np.sin(bins * turn[:, None] + rng.uniform(0, 6, size=3))
        window = rng.choice([9.5, 6.0, -8.0]) + rng.normal(0, 3, size=3) + waves + rng.normal(0, 0.2, size=(n, 3))
        heights = np.sort(np.abs(np.fft.rfft(window - window.mean(axis=0), axis=0)), axis=0)
        if np.all(heights[-1] > 1.2 * heights[-2]) and abs(window[:, 1].mean()) > 3:
            return window


def _features_with(channel=1, **columns):
    """A variant of the reference: another channel, or a column that is computed another way from ``(y, rate)``."""

    def compute(X, rate):
        table = _features(np.roll(X, 1 - channel, axis=2), rate)
        for index, name in enumerate(("std", "mean", "frequency")):
            if name in columns:
                table[:, index] = columns[name](X[:, :, channel], rate)
        return table

    return compute


def _spectrum(y):
    return np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True), axis=1))


def _bins(y):
    return _spectrum(y).argmax(axis=1)


_REVERSED = "std and frequency have changed places: the order is std, mean, frequency"


def _use_features(answer, X, rate):
    table = answer(X, rate)
    # Rows may come as lists or tuples, too.
    return np.array(table) if isinstance(table, list | tuple) else table


def _one_row_a_window(table, X, rate):
    if not isinstance(table, np.ndarray):
        return f"the result is of type {type(table).__name__}, not an array of shape (windows, 3)"
    if table.shape == (len(X), 3):
        return None
    says = f"the result has shape {table.shape}, where {len(X)} windows should give ({len(X)}, 3)"
    if table.shape == (3, len(X)):
        return f"rows and columns have changed places: {says}"
    if table.shape == (3,):
        return f"all windows are thrown together: {says}. Along which axis does time run?"
    if table.size == 3 * X.shape[2] * len(X):
        return f"the features of all axes, not of y alone: {says}"
    if table.shape[:1] == (X.shape[1],):
        return f"one row for each reading, not for each window: {says}. Along which axis does time run?"
    return says


features = Check(
    "features",
    reference=_features,
    cases=_features_cases,
    call=_use_features,
    weight=0,
    rtol=1e-4,
    parts=[
        Part("one row of three numbers for each window", accept=_one_row_a_window, weight=0, essential=True),
        Part(
            "column 1, the mean of y",
            view=lambda table: table[:, 1],
            essential=True,
            misconceptions=[
                (lambda X, rate: _features(X, rate)[:, [1, 0, 2]], "the mean comes first, but column 0 is the std"),
                (
                    lambda X, rate: _features(X, rate)[:, [0, 2, 1]],
                    "mean and frequency have changed places: the order is std, mean, frequency",
                ),
                (_features_with(channel=0), "the x axis: channels are counted from 0, so which number has y?"),
                (_features_with(channel=2), "the z axis: channels are counted from 0, so which number has y?"),
                (
                    _features_with(mean=lambda y, rate: 0.0),
                    "a mean of 0: it is taken after the mean has been taken away",
                ),
                (_features_with(mean=lambda y, rate: np.median(y, axis=1)), "the median of y, not its mean"),
                (
                    _features_with(mean=lambda y, rate: np.abs(y).mean(axis=1)),
                    "the mean of the absolute values: the sign tells which way up the phone is",
                ),
            ],
        ),
        Part(
            "column 0, the standard deviation of y",
            view=lambda table: table[:, 0],
            misconceptions=[
                (lambda X, rate: _features(X, rate)[:, ::-1], _REVERSED),
                (
                    _features_with(std=lambda y, rate: y.std(axis=1, ddof=1)),
                    "divided by n - 1, an estimate for readings that nobody took. This is the spread of the n readings "
                    "at hand: divide by n",
                ),
                (_features_with(std=lambda y, rate: y.var(axis=1)), "the variance: its square root is missing"),
                (
                    _features_with(std=lambda y, rate: np.sqrt((y**2).mean(axis=1))),
                    "the spread around 0, not around the mean: gravity counts as movement",
                ),
                (
                    _features_with(std=lambda y, rate: np.abs(y - y.mean(axis=1, keepdims=True)).mean(axis=1)),
                    "the mean distance from the mean, not the root of the mean square",
                ),
                (_features_with(std=lambda y, rate: np.ptp(y, axis=1)), "the range from lowest to highest reading"),
            ],
        ),
        Part(
            "column 2, the dominant frequency of y in Hz",
            view=lambda table: table[:, 2],
            weight=2,
            misconceptions=[
                (lambda X, rate: _features(X, rate)[:, ::-1], _REVERSED),
                (
                    _features_with(
                        frequency=lambda y, rate: np.abs(np.fft.rfft(y)).argmax(axis=1) * rate / y.shape[1],
                    ),
                    "a dominant frequency of 0 Hz: gravity is the strongest part of the signal, and it does not move. "
                    "What must go before the spectrum is taken?",
                ),
                (
                    _features_with(frequency=lambda y, rate: _bins(y)),
                    "the number of the peak in the spectrum, which is not a frequency yet: how many Hz are two "
                    "neighbours apart?",
                ),
                (
                    _features_with(frequency=lambda y, rate: _bins(y) * rate / _spectrum(y).shape[1]),
                    "divided by the length of the spectrum: neighbours are rate / n apart, with n the length of the "
                    "window",
                ),
                (
                    _features_with(frequency=lambda y, rate: (_bins(y) - 1) * rate / y.shape[1]),
                    "one step of the spectrum too low: who leaves out the first entry must count it nevertheless",
                ),
                (
                    _features_with(frequency=lambda y, rate: _spectrum(y).max(axis=1)),
                    "the height of the highest peak, not where it is",
                ),
                (
                    _features_with(
                        frequency=lambda y, rate: (
                            np.fft.rfft(y - y.mean(axis=1, keepdims=True)).argmax(axis=1) * rate / y.shape[1]
                        ),
                    ),
                    "the largest real part: a spectrum is complex, and its strength is the absolute value",
                ),
                (
                    _features_with(frequency=lambda y, rate: 2 * np.pi * _bins(y) * rate / y.shape[1]),
                    "rad/s, which is 2 pi times as much as Hz",
                ),
                (
                    _features_with(frequency=lambda y, rate: y.shape[1] / (_bins(y) * rate)),
                    "the period in seconds: a frequency is one over it",
                ),
                (
                    _features_with(frequency=lambda y, rate: _bins(y) / rate),
                    "the number of the peak divided by the rate: neighbours are rate / n apart",
                ),
            ],
        ),
    ],
    hints=[
        "X has the axes (windows, time, channels). Which index takes the y axis of all windows, and along which axis "
        "of what is left does time run?",
        "NumPy has the first two features: look at `axis=` of `mean` and `std`. For the third, what would the spectrum "
        "of a phone at rest show, with 9.8 m/s² on y all the time? Take that away first.",
        "`np.fft.rfft(..., axis=1)` gives complex numbers, one for each frequency from 0 to rate / 2. `np.abs` makes "
        "strengths of them, and `argmax` finds the strongest.",
        "Entry k of the spectrum stands for k turns per window, and a window lasts n / rate seconds: how many turns "
        "per second is that? `np.column_stack` puts three columns side by side.",
    ],
)


# -- 3. heuristic -----------------------------------------------------------------------------------------------------


def _heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    still = np.where(mean > c2, "standing", "sitting")
    moving = np.where(frequency < c3, "walking", "jogging")
    return np.where(std < c1, still, moving)


def _heuristic_cases(rng):
    yield np.array([[0.2, 9.7, 0.5], [0.1, 0.3, 3.0], [3.1, 9.4, 1.9], [8.2, 2.0, 2.7]]), 1.0, 5.0, 2.2
    yield np.array([[1.5, 7.5, 4.0], [2.5, 9.0, 1.5], [6.0, 1.0, 0.5], [0.5, 2.0, 0.5], [3.0, 4.0, 9.0]]), 2.0, 6.0, 3.0
    for n in (7, 30):
        c1, c2, c3 = rng.uniform(0.5, 2), rng.uniform(3, 7), rng.uniform(2, 2.5)
        signs = rng.choice([-1, 1], size=(n, 3))
        yield np.array([c1, c2, c3]) * (1 + signs * rng.uniform(0.1, 0.9, size=(n, 3))), c1, c2, c3


def _tie_cases(rng):
    c1, c2, c3 = 1.0, 5.0, 2.0
    yield np.array([[c1, 9.0, 1.5]]), c1, c2, c3
    yield np.array([[0.5, c2, 1.5]]), c1, c2, c3
    yield np.array([[3.0, 9.0, c3]]), c1, c2, c3
    table = rng.uniform(0, 3, size=(12, 3))
    for column, threshold in enumerate((c1, c2, c3)):
        table[rng.random(12) < 0.5, column] = threshold
    yield table, c1, c2, c3


_ON_THE_LINE = {
    "std": "a std equal to C1 is not below C1",
    "mean": "a mean equal to C2 is not above C2",
    "frequency": "a frequency equal to C3 is not below C3",
}


def _generous(*loose):
    """The heuristic with ``<=`` or ``>=`` in some of its tests."""

    def compute(table, c1, c2, c3):
        std, mean, frequency = table.T
        below = std <= c1 if "std" in loose else std < c1
        above = mean >= c2 if "mean" in loose else mean > c2
        slow = frequency <= c3 if "frequency" in loose else frequency < c3
        return np.where(below, np.where(above, "standing", "sitting"), np.where(slow, "walking", "jogging"))

    return compute


def _renamed(**names):
    return lambda table, c1, c2, c3: np.array(
        [names.get(label, label) for label in _heuristic(table, c1, c2, c3).tolist()]
    )


def _use_heuristic(answer, table, c1, c2, c3):
    labels = answer(table, c1, c2, c3)
    # A list of labels is as good as an array of them.
    return np.array(labels) if isinstance(labels, list | tuple) else labels


heuristic = Check(
    "heuristic",
    reference=_heuristic,
    cases=_heuristic_cases,
    call=_use_heuristic,
    weight=2,
    misconceptions=[
        (
            _renamed(sitting="standing", standing="sitting"),
            "sitting and standing have changed places: on whom does gravity pull along y?",
        ),
        (
            _renamed(walking="jogging", jogging="walking"),
            "walking and jogging have changed places: which of the two takes fewer steps a second?",
        ),
        (
            _renamed(sitting="jogging", standing="walking", walking="standing", jogging="sitting"),
            "all four labels have changed places with their opposites",
        ),
        (
            _renamed(sitting="standing", standing="sitting", walking="jogging", jogging="walking"),
            "sitting and standing have changed places, and walking and jogging, too",
        ),
        (
            lambda table, c1, c2, c3: _heuristic(table * [-1, 1, 1], -c1, c2, c3),
            "the first question is the wrong way round: who hardly moves is judged as if moving",
        ),
        (
            lambda table, c1, c2, c3: _heuristic(table, c1, c3, c2),
            "the thresholds C2 and C3 have changed places: C2 is for the mean, C3 for the frequency",
        ),
        (
            lambda table, c1, c2, c3: _heuristic(table[:, [1, 0, 2]], c1, c2, c3),
            "the columns std and mean have changed places: column 0 is the std",
        ),
        (
            lambda table, c1, c2, c3: _heuristic(table, c1, c2, c3).astype("<U7"),
            "labels are cut off: an array of texts of 7 letters has no room for an eighth. Start with an array of the "
            "longest label, or with dtype=object",
        ),
        (
            lambda table, c1, c2, c3: np.where(
                table[:, 0] < c1,
                np.where(table[:, 2] < c3, "standing", "sitting"),
                np.where(table[:, 1] > c2, "walking", "jogging"),
            ),
            "the two second questions have changed places: the mean is for those who hardly move, the frequency for "
            "those who move",
        ),
    ],
    parts=[
        Part(
            "a value that equals its threshold is neither below nor above it",
            cases=_tie_cases,
            misconceptions=[
                (_generous(*loose), ", and ".join(_ON_THE_LINE[name] for name in loose))
                for count in (3, 2, 1)
                for loose in combinations(_ON_THE_LINE, count)
            ],
        ),
    ],
    hints=[
        "Read the rule from above, for the first row of the example: which question is asked first, and which one "
        "follows? The other one is never asked.",
        "For one row, three plain `if`s do. For a table, loop over its rows and collect the labels, or decide about "
        "all rows at once: `np.where(condition, this, that)` is an `if` for arrays.",
        "`np.where` may stand inside of `np.where`, as one question stands below another. `table.T` gives the three "
        "columns. Mind `<` and `<=`: frequencies come in steps, so a value can lie exactly on its threshold.",
    ],
)


# -- 4. streaming -----------------------------------------------------------------------------------------------------


class _Stream:
    def __init__(self, classify, size, step):
        self.classify = classify
        self.step = step
        self.buffer = deque(maxlen=size)
        self.missing = size

    def push(self, sample):
        self.buffer.append(sample)
        self.missing -= 1
        if self.missing > 0:
            return None
        self.missing = self.step
        return self.classify(np.array(self.buffer))


def _sees(window):
    """Classify a window as what is in it, so that answers can be read: "0 1 2 3"."""
    window = np.asarray(window)
    if window.ndim != 2:
        return f"a window of shape {window.shape}"
    return " ".join(f"{value:g}" for value in window[:, 0])


_MORE = 1_000  # samples during which memory must not grow
_ALLOWED_BYTES = 4_000  # half of what is taken by one number a sample


def _use_stream(answer, samples, size, step, watch="answers"):
    """Push samples; return the answers, those of two streams, or how many bytes further samples leave behind."""
    stream = answer(_sees, size, step)
    if watch == "two streams":
        other = answer(_sees, size, step)
        pairs = [(stream.push(sample.copy()), other.push(sample.copy())) for sample in samples]
        return [list(answers) for answers in zip(*pairs, strict=True)]
    if watch == "memory":
        growth = _growth(stream, samples, size)
        if growth > _ALLOWED_BYTES:  # what grew only once, or elsewhere in the kernel, does not count
            growth = min(growth, _growth(stream, samples, size))
        return {"bytes more": growth}
    return [stream.push(sample.copy()) for sample in samples]


def _growth(stream, samples, size):
    """Bytes that stay behind when `_MORE` samples are pushed into a stream that has seen some windows already."""

    def push(count):
        for index in range(count):
            stream.push(samples[index % len(samples)].copy())
        gc.collect()  # also what Python itself keeps in store: it holds on to some thousand freed tuples
        return tracemalloc.get_traced_memory()[0]

    traced = tracemalloc.is_tracing()
    if not traced:
        tracemalloc.start()
    gc.freeze()  # whatever was there before is not looked through, which makes collecting quick
    try:
        before = push(4 * size)
        return push(_MORE) - before
    finally:
        gc.unfreeze()
        if not traced:
            tracemalloc.stop()


def _stream_cases(rng):
    yield _count_up(9, 2), 4, 2
    yield _count_up(8, 2), 3, 1
    yield _count_up(9, 2), 3, 3
    yield _count_up(14, 3), 5, 3
    for _ in range(3):
        size = int(rng.integers(2, 12))
        step = int(rng.integers(1, size + 1))
        yield rng.integers(0, 1000, size=(3 * size + int(rng.integers(0, 20)), 3)).astype(float), size, step


def _two_streams_cases(rng):
    yield _count_up(9, 2), 4, 2, "two streams"
    yield _count_up(9, 2), 3, 1, "two streams"


def _memory_cases(rng):
    yield _count_up(4, 3), 8, 4, "memory"
    yield _count_up(4, 3), 5, 1, "memory"


def _two_streams_agree(answers, samples, size, step, watch):
    first, second = answers
    if difference(second, first):
        return (
            "two streams that get the same samples give different answers, so they share a buffer: make it in "
            "`__init__`, with `self.`, and not as a default argument"
        )
    return None


def _memory_is_bounded(result, samples, size, step, watch):
    growth = result["bytes more"]
    if growth > _ALLOWED_BYTES:
        return (
            f"the answers are right, but {_MORE:,} samples later the stream takes {growth / 1000:,.0f} kB more. "
            "A phone senses all day: what is no longer needed must go"
        )
    return None


def _stream_as(pick):
    """A stream that hands ``pick(seen, size, step)`` to the classifier, or says nothing where that is None."""

    class StreamAs:
        def __init__(self, classify, size, step):
            self.classify, self.size, self.step, self.seen = classify, size, step, []

        def push(self, sample):
            self.seen.append(sample)
            window = pick(self.seen, self.size, self.step)
            return None if window is None else self.classify(np.array(window))

    return StreamAs


def _repeated(seen, size, step):
    stop = len(seen) - (len(seen) - size) % step
    return seen[stop - size : stop] if len(seen) >= size else None


def _every(n, step):
    return n >= 0 and n % step == 0


Stream = Check(
    "Stream",
    reference=_Stream,
    cases=_stream_cases,
    call=_use_stream,
    weight=0,
    parts=[
        Part(
            "each stream has a buffer of its own",
            cases=_two_streams_cases,
            accept=_two_streams_agree,
            weight=0,
            essential=True,
        ),
        Part(
            "the answers of the batch, each at the sample that completes its window",
            cases=_stream_cases,
            weight=3,
            essential=True,
            misconceptions=[
                (
                    _stream_as(
                        lambda seen, size, step: seen[-size - 1 : -1] if _every(len(seen) - size - 1, step) else None
                    ),
                    "right windows, one sample late: is it decided before the new sample is in the buffer?",
                ),
                (
                    _stream_as(lambda seen, size, step: seen[-size:] if _every(len(seen) - size - 1, step) else None),
                    "each window is one sample too late and leaves the first sample out: a window is complete when it "
                    "has `size` samples, not one more",
                ),
                (
                    _stream_as(lambda seen, size, step: seen[-size:] if _every(len(seen) - size, size) else None),
                    "the buffer is emptied after an answer, so that neighbouring windows share nothing",
                ),
                (
                    _stream_as(lambda seen, size, step: seen[-size:] if len(seen) >= size else None),
                    "an answer for every sample once the first window is full: `step` has no effect",
                ),
                (
                    _stream_as(lambda seen, size, step: seen[-size:] if _every(len(seen), step) else None),
                    "answers from windows that are not full yet: before `size` samples there is nothing to say",
                ),
                (
                    _stream_as(
                        lambda seen, size, step: seen[-size:] if len(seen) >= size and _every(len(seen), step) else None
                    ),
                    "the steps are counted from the very first sample, but the first window is complete at sample "
                    "`size`, and the next ones follow `step` by `step` from there",
                ),
                (
                    _stream_as(lambda seen, size, step: seen if len(seen) == size else None),
                    "one answer, and then never again",
                ),
                (
                    _stream_as(_repeated),
                    "the last answer is repeated while nothing new is known: return None until the next window is "
                    "complete",
                ),
                (
                    _stream_as(
                        lambda seen, size, step: seen[: -size - 1 : -1] if _every(len(seen) - size, step) else None
                    ),
                    "time runs backwards in the window: the oldest sample comes first",
                ),
                (
                    _stream_as(
                        lambda seen, size, step: seen[-size:] if _every(len(seen) - size, size - step or 1) else None
                    ),
                    "after an answer `step` samples are kept, but `step` is how many must go",
                ),
            ],
        ),
        Part(
            "memory does not grow, however long the stream runs",
            cases=_memory_cases,
            accept=_memory_is_bounded,
            weight=2,
        ),
    ],
    hints=[
        "Go through the small table of the exercise by hand. What do you have to remember from one `push` to the "
        "next, besides the samples of the last window?",
        "Two things: the last `size` samples, and how many samples are still missing until the next window is "
        "complete. Both are made in `__init__`, as `self.something`.",
        "In `push`, first take the sample in, then decide. A `deque(maxlen=size)` forgets its oldest sample by itself; "
        "of a list you would have to delete from the front.",
        "How many samples are missing at the very start, and how many right after an answer? Count down by one with "
        "each sample, and hand `np.array(...)` of the buffer to `classify` when nothing is missing any more.",
    ],
)
