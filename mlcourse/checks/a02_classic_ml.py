"""Checks of the graded lab ``a02_classic_ml``: entropy, gain ratio, best split, neighbours, honest evaluation."""

from collections import Counter
from types import GeneratorType

import numpy as np

from .core import Check, Part

_ACTIVITIES = np.array(["downstairs", "jogging", "sitting", "standing", "upstairs", "walking"])


def _words(*labels):
    return np.array(labels)


# -- 1. entropy -------------------------------------------------------------------------------------------------------


def _entropy(labels):
    counts = np.unique(labels, return_counts=True)[1]
    shares = counts / len(labels)
    return float(np.sum(shares * np.log2(1 / shares)))  # -log2(p) = log2(1 / p), which is never -0


def _two_classes_cases(rng):
    yield (_words("walking", "sitting", "walking"),)
    yield (_words("sitting", "walking", "walking", "walking", "walking", "walking", "walking", "walking"),)
    for _ in range(3):
        rare = int(rng.integers(1, 20))
        often = rare + int(rng.integers(1, 20))
        pair = rng.choice(_ACTIVITIES, size=2, replace=False)
        yield (rng.permutation(np.repeat(pair, [rare, often])),)


def _many_classes_cases(rng):
    yield (_words("sitting", "walking", "standing", "walking"),)
    yield (_words("upstairs", "downstairs", "walking", "jogging"),)
    yield (_words("sitting", "sitting", "standing", "walking", "sitting", "jogging"),)
    for n_classes in (3, 5):
        classes = rng.choice(_ACTIVITIES, size=n_classes, replace=False)
        yield (rng.permutation(np.repeat(classes, rng.integers(1, 12, size=n_classes))),)


def _certain_cases(rng):
    yield (_words("sitting", "sitting", "sitting"),)
    yield (np.array([], dtype="<U10"),)
    yield (np.repeat(rng.choice(_ACTIVITIES), int(rng.integers(4, 30))),)


def _entropy_as(of):
    """A variant: `of` takes the shares of the classes and how often each occurs."""

    def compute(labels):
        counts = np.unique(labels, return_counts=True)[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(of(counts / len(labels), counts))

    return compute


def _zero_times_infinity(labels):
    return _entropy(labels) if len(set(labels.tolist())) > 1 else np.nan


entropy = Check(
    "entropy",
    reference=_entropy,
    cases=_two_classes_cases,
    weight=3,
    rtol=1e-5,
    atol=1e-5,  # so that a tiny number inside a logarithm costs nothing
    misconceptions=[
        (
            _entropy_as(lambda p, n: -np.sum(p * np.log(p))),
            "natural logarithms, so the unit is not the bit: a coin would have 0.69. Which logarithm of 2 is 1?",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(p * np.log10(p))),
            "logarithms to base 10, so the unit is not the bit: which logarithm of 2 is 1?",
        ),
        (_entropy_as(lambda p, n: np.sum(p * np.log2(p))), "the sign is missing: logarithms of shares are negative"),
        (
            _entropy_as(lambda p, n: -np.sum(n * np.log2(n))),
            "counts in place of shares: divide each count by the number of labels first",
        ),
        (
            _entropy_as(lambda p, n: np.sum(n * np.log2(n))),
            "counts in place of shares: divide each count by the number of labels first. (And then mind the sign.)",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(n * np.log2(p))),
            "not normalised, so twice as many labels have twice the entropy: in front of each logarithm stands a "
            "count, where a share belongs",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(p * np.log2(n))),
            "logarithms of counts: inside of the logarithm, too, stands the share",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(np.log2(p))),
            "the logarithms are added up as if all classes were equally frequent: each counts as much as its share",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(p * np.log2(p)) / len(p)),
            "the mean over the classes, not the sum: the shares are the weights already",
        ),
        (
            _entropy_as(lambda p, n: -np.sum(n * p * np.log2(p))),
            "each class is added as often as it occurs: go through the classes, not through the labels",
        ),
        (
            _entropy_as(lambda p, n: 1 - np.sum(p**2)),
            "the Gini impurity: a good measure of disorder, which other trees use, but not counted in bits",
        ),
        (
            _entropy_as(lambda p, n: 1 - p.max()),
            "the share of all classes but the most frequent one: that is an error rate, not an entropy",
        ),
        (
            _entropy_as(lambda p, n: np.log2(len(p))),
            "only the number of classes matters, not how frequent each is",
        ),
        (_entropy_as(lambda p, n: -np.min(p * np.log2(p))), "the largest of the terms, not their sum"),
        (
            lambda labels: np.nan,
            "NaN, from 0 times the logarithm of 0, so there is a term for a class that does not occur. Go only through "
            "the classes that are there",
        ),
    ],
    parts=[
        Part(
            "three classes and more",
            cases=_many_classes_cases,
            weight=2,
            misconceptions=[
                (
                    _entropy_as(lambda p, n: -np.sum(p * np.log2(p)) / np.log2(max(2, len(p)))),
                    "divided by the logarithm of the number of classes: then it never exceeds 1, but four equally "
                    "frequent classes take 2 bits",
                ),
                *(
                    (
                        _entropy_as(
                            lambda p, n, which=which: -np.sum([q * np.log2(q) for q in (which(p), 1 - which(p))])
                        ),
                        "one class against all the others, as if there were only two",
                    )
                    for which in (lambda p: p[0], lambda p: p[-1], np.max, np.min)
                ),
                (
                    _entropy_as(lambda p, n: -np.sum(p[:2] * np.log2(p[:2]))),
                    "only the first two classes are in the sum",
                ),
            ],
        ),
        Part(
            "labels that are all alike, and no labels at all, have an entropy of 0",
            cases=_certain_cases,
            misconceptions=[
                (
                    _zero_times_infinity,
                    "0 times the logarithm of 0, which a computer calls NaN. What never occurs surprises nobody: "
                    "leave it out of the sum",
                ),
            ],
        ),
    ],
    hints=[
        "You have three labels: walking, sitting, walking. Which shares do the two classes have, and what does each "
        "add to the sum? Do it with pencil and paper first.",
        "You need to know how often each class occurs. `Counter(labels)` counts, and `np.unique` does if you ask it to "
        "(look at `return_counts`). Which classes there are is not known beforehand.",
        "Only classes that occur get a term, so no share is ever 0 and no logarithm fails. The sum of no terms at all "
        "is 0.",
        "Counts divided by `len(labels)` are shares. Multiply each with its own `np.log2`, add up, and look at the "
        "sign: is your entropy above 0?",
    ],
)


# -- 2. gain ratio ----------------------------------------------------------------------------------------------------


def _gain_ratio(values, labels, threshold):
    left = values <= threshold
    share = left.mean()
    gain = _entropy(labels) - share * _entropy(labels[left]) - (1 - share) * _entropy(labels[~left])
    split_information = _entropy(left)  # the sides themselves are labels, too
    ratio = gain / split_information if split_information > 0 else 0.0
    return float(gain), float(ratio)


def _question_cases(rng):
    yield np.array([2.4, 0.2, 1.9, 0.4, 3.1]), _words("sitting", "sitting", "walking", "sitting", "walking"), 1.0
    yield (
        np.array([0.3, 1.6, 2.2, 4.0, 0.1, 0.7, 3.5]),
        _words("standing", "walking", "jogging", "jogging", "sitting", "standing", "walking"),
        2.0,
    )
    for n in (9, 40):
        yield _question(rng, n)


def _question(rng, n):
    """A question to n rows whose two sides differ in size and disorder, so that no two formulas agree by chance."""
    while True:
        values = rng.permutation(np.arange(n) + rng.uniform(0.1, 0.9, size=n)).round(2)
        noise = rng.integers(0, 2, size=n)
        labels = _ACTIVITIES[np.clip(values // (n / 3) + noise, 0, 3).astype(int)]
        threshold = float(int(rng.integers(2, n - 2)))
        parts = _pieces(values, labels, threshold)
        if 0.2 < parts["left"] < parts["right"] and abs(parts["share"] - 0.5) > 0.1 and parts["gain"] > 0.05:
            return values, labels, threshold


def _on_the_line_cases(rng):
    yield np.array([1.0, 3.0, 2.0, 4.0, 2.0]), _words("sitting", "walking", "sitting", "walking", "walking"), 2.0
    for _ in range(2):
        values, labels, _ = _question(rng, 12)
        values = np.floor(values)
        inside = values != values.min()
        yield values, labels, float(rng.choice(values[inside]))


def _one_sided_cases(rng):
    labels = _words("sitting", "walking", "walking")
    yield np.array([1.0, 2.0, 3.0]), labels, 9.5
    yield np.array([1.0, 2.0, 3.0]), labels, 0.5
    values, labels, _ = _question(rng, 12)
    yield values, labels, float(rng.choice([-1.0, 99.0]))


def _pieces(values, labels, threshold):
    """Everything that right and wrong formulas are made of."""
    left = values <= threshold
    gain, ratio = _gain_ratio(values, labels, threshold)
    return {
        "n": len(labels),
        "share": left.mean(),
        "whole": _entropy(labels),
        "left": _entropy(labels[left]),
        "right": _entropy(labels[~left]),
        "price": _entropy(left),
        "gain": gain,
        "ratio": ratio,
    }


def _quality_as(gain=lambda q: q["gain"], ratio=lambda q: q["ratio"]):
    def compute(values, labels, threshold):
        q = _pieces(values, labels, threshold)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(gain(q)), float(ratio(q))

    return compute


def _nothing_on_one_side(q):
    return q["gain"] if 0 < q["share"] < 1 else np.nan


def _nothing_by_nothing(q):
    return np.divide(q["gain"], q["price"])


def _remaining(q):
    return q["share"] * q["left"] + (1 - q["share"]) * q["right"]


def _use_as_tuple(answer, *args):
    """Two or three numbers may come in a list or an array, too."""
    result = answer(*args)
    return tuple(result.tolist()) if isinstance(result, np.ndarray) and result.ndim == 1 else result


def _use_gain_ratio(answer, values, labels, threshold):
    return _use_as_tuple(answer, values, labels, threshold)


def _two_numbers(result, values, labels, threshold):
    if isinstance(result, tuple | list) and len(result) == 2 and all(isinstance(x, int | float) for x in result):
        return None
    if isinstance(result, int | float):
        return "one number, where two are asked for: `return gain, ratio`"
    return "the result is not a pair of numbers, the gain and the ratio"


_NO_WEIGHTS = "the two sides count the same, however many rows each has: weight them with their shares of the rows"

gain_ratio = Check(
    "gain_ratio",
    reference=_gain_ratio,
    cases=_question_cases,
    call=_use_gain_ratio,
    uses=[entropy],
    weight=0,
    parts=[
        Part("two numbers, the gain and the ratio", accept=_two_numbers, weight=0, essential=True),
        Part(
            "the gain",
            view=lambda result: result[0],
            weight=4,
            essential=True,
            misconceptions=[
                (_quality_as(gain=lambda q: q["whole"] - q["left"] - q["right"]), _NO_WEIGHTS),
                (_quality_as(gain=lambda q: q["whole"] - (q["left"] + q["right"]) / 2), _NO_WEIGHTS),
                (
                    _quality_as(gain=lambda q: q["whole"] - q["n"] * _remaining(q)),
                    "the sides are weighted with their numbers of rows: the weights are shares, which add up to 1",
                ),
                (
                    _quality_as(gain=_remaining),
                    "the entropy that is left after the question: the gain is how much it has fallen",
                ),
                (
                    _quality_as(gain=lambda q: -q["gain"]),
                    "entropy after the question less entropy before it: the other way round, a gain is above 0",
                ),
                (_quality_as(gain=lambda q: q["ratio"]), "the ratio stands where the gain belongs: gain first"),
                (
                    _quality_as(gain=lambda q: q["whole"] - q["share"] * q["left"]),
                    "the right side is missing: what is unknown there is unknown still",
                ),
                (
                    _quality_as(gain=lambda q: q["whole"] - (1 - q["share"]) * q["right"]),
                    "the left side is missing: what is unknown there is unknown still",
                ),
                (
                    _quality_as(gain=lambda q: q["whole"] - (1 - q["share"]) * q["left"] - q["share"] * q["right"]),
                    "the weights of the two sides have changed places",
                ),
                (
                    lambda values, labels, threshold: _gain_ratio(values, values, threshold),
                    "the entropy of the values, not of the labels: it is the labels that are in doubt",
                ),
                (
                    _quality_as(gain=lambda q: q["gain"] * np.log(2)),
                    "a gain with natural logarithms, which is not counted in bits",
                ),
            ],
        ),
        Part(
            "the ratio",
            view=lambda result: result[1],
            weight=2,
            misconceptions=[
                (
                    _quality_as(ratio=lambda q: q["gain"]),
                    "the gain once more: it is not divided by the split information",
                ),
                (
                    _quality_as(ratio=lambda q: q["gain"] / q["whole"]),
                    "divided by the entropy of the labels. The split information knows no labels: it counts how many "
                    "rows go left, and how many right",
                ),
                (
                    _quality_as(ratio=lambda q: q["gain"] / _remaining(q)),
                    "divided by the entropy that is left after the question. The split information knows no labels: "
                    "it counts how many rows go left, and how many right",
                ),
                (_quality_as(ratio=lambda q: q["gain"] * q["price"]), "multiplied with the split information"),
                (
                    _quality_as(ratio=lambda q: q["price"] / q["gain"]),
                    "the ratio is upside down: gain above, price below",
                ),
                (_quality_as(ratio=lambda q: q["price"]), "the split information alone: divide the gain by it"),
                (
                    _quality_as(ratio=lambda q: q["gain"] - q["price"]),
                    "the split information is taken away from the gain, but a ratio divides",
                ),
                (
                    _quality_as(ratio=lambda q: -q["ratio"]),
                    "the ratio is below 0: the split information has lost its minus sign",
                ),
                (
                    _quality_as(ratio=lambda q: q["ratio"] / np.log(2)),
                    "the split information is taken with natural logarithms: it is counted in bits, as the gain is",
                ),
                *(
                    (
                        _quality_as(ratio=lambda q, of=of: -q["gain"] / (of(q["share"]) * np.log2(of(q["share"])))),
                        "the split information has only one of its two terms: rows go left, and rows go right",
                    )
                    for of in (lambda share: share, lambda share: 1 - share)
                ),
            ],
        ),
        Part(
            "a value equal to the threshold goes left",
            cases=_on_the_line_cases,
            view=lambda result: result[0],
            misconceptions=[
                (
                    lambda values, labels, threshold: _gain_ratio(-values, labels, -threshold),
                    "`<` in place of `<=`: a value equal to the threshold is sent to the right",
                ),
            ],
        ),
        Part(
            "a question that everybody answers alike has a gain of 0 and a ratio of 0",
            cases=_one_sided_cases,
            misconceptions=[
                (
                    _quality_as(ratio=_nothing_by_nothing),
                    "0 divided by 0: if one side is empty the split information is 0, and nothing can be divided by it",
                ),
                (
                    _quality_as(gain=_nothing_on_one_side, ratio=_nothing_by_nothing),
                    "both are NaN if one side is empty: what is the entropy of no labels at all, and what is 0 by 0?",
                ),
                (
                    _quality_as(gain=_nothing_on_one_side),
                    "the gain is NaN if one side is empty: what is the entropy of no labels at all?",
                ),
            ],
        ),
    ],
    hints=[
        "Take the example, threshold 0.3. Which rows go left, which right, and which labels are on each side? Write "
        "down the three entropies, and check them against the example.",
        "`values <= threshold` is an array of True and False. Labels of the one side are `labels[left]`, of the other "
        "`labels[~left]`, and the mean of `left` is the share of rows on the left.",
        "Your `entropy` gives all three entropies of the gain. The split information has the same form: it, too, is "
        "the entropy of something that each row has. Of what?",
        "Every row is either on the left or not, so `left` is itself a list of labels. When all of them are alike its "
        "entropy is 0: answer 0 in that case before you divide.",
    ],
)


# -- 3. best split ----------------------------------------------------------------------------------------------------


def _best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])  # sorted, each value once
        options = [(*_gain_ratio(X[:, feature], y, cut), cut) for cut in (values[:-1] + values[1:]) / 2]
        if not options:
            continue
        _, ratio, threshold = max(options, key=lambda option: option[0])  # the first among equals
        if best is None or ratio > best[2]:
            best = (feature, float(threshold), ratio)
    return best


def _midway(column):
    values = np.unique(column)
    return (values[:-1] + values[1:]) / 2


def _by_gain(gain, ratio):
    return gain


def _by_ratio(gain, ratio):
    return ratio


def _search(X, y, candidates=_midway, threshold_by=_by_gain, feature_by=_by_ratio, features=None, late=False):
    """The reference in slow motion: each step can be replaced by a wrong one."""
    best, best_score = None, None
    for feature in range(X.shape[1]) if features is None else features(X.shape[1]):
        chosen, chosen_score = None, None
        for cut in candidates(X[:, feature]):
            gain, ratio = _gain_ratio(X[:, feature], y, cut)
            score = threshold_by(gain, ratio)
            if chosen is None or score > chosen_score or (late and score == chosen_score):
                chosen, chosen_score = (feature, float(cut), gain, ratio), score
        if chosen is None:
            continue
        score = feature_by(*chosen[2:])
        if best is None or score > best_score or (late and score == best_score):
            best, best_score = chosen, score
    return best


def _split_as(third=_by_ratio, shift=0, **steps):
    def compute(X, y):
        found = _search(X, y, **steps)
        return found and (found[0] + shift, found[1], third(*found[2:]))

    return compute


def _criteria(X, y):
    """What is found if threshold and feature are chosen by gain and ratio, by gain, by ratio, by ratio and gain.

    None where two candidates are nearly equal, so that rounding would decide.
    """
    columns = [
        [(*_gain_ratio(X[:, feature], y, cut), feature, float(cut)) for cut in _midway(X[:, feature])]
        for feature in range(X.shape[1])
    ]
    found = []
    for threshold_by, feature_by in ((0, 1), (0, 0), (1, 1), (1, 0)):
        chosen = [_clear_winner(options, threshold_by) for options in columns]
        winner = _clear_winner(chosen, feature_by) if None not in chosen else None
        if winner is None:
            return None
        found.append(winner[2:])
    return found


def _clear_winner(options, by):
    ranked = sorted(options, key=lambda option: -option[by])
    return ranked[0] if len(ranked) == 1 or ranked[0][by] - ranked[1][by] > 1e-3 else None


def _table(rng, rows, features, wanted=lambda right, *others: set(others) == {right}):
    """A small table without near ties; `wanted` says which of the ways to choose must agree."""
    while True:
        X = np.column_stack([rng.permutation(2 * rows)[:rows] for _ in range(features)]).astype(float)
        found = _criteria(X, y := _ACTIVITIES[rng.integers(0, 3, size=rows)])
        if found and wanted(*found):
            return X, y


def _split_cases(rng):
    yield np.array([[4.0], [2.0], [1.0], [3.0]]), _words("walking", "sitting", "sitting", "sitting")
    yield np.array([[2.0], [5.0], [1.0], [3.0], [7.0]]), _words("walking", "walking", "sitting", "walking", "walking")
    for rows, features in ((6, 2), (7, 2), (9, 4), (12, 3)):
        yield _table(rng, rows, features)


def _criterion_cases(rng):
    for rows in (8, 12):
        yield _table(rng, rows, 2, lambda right, gain, ratio, swapped: gain != right)
        yield _table(rng, rows, 2, lambda right, gain, ratio, swapped: ratio != right)


def _repeated_cases(rng):
    yield np.array([[1.0], [1.0], [1.0], [3.0], [3.0]]), _words("sitting", "sitting", "sitting", "walking", "walking")
    X, y = _table(rng, 7, 2)
    yield np.repeat(X, 2, axis=0), np.repeat(y, 2)


def _constant_cases(rng):
    yield np.array([[7.0, 1.0], [7.0, 2.0]]), _words("sitting", "walking")
    yield np.array([[7.0, 4.0], [7.0, 4.0]]), _words("sitting", "walking")
    X, y = _table(rng, 7, 2)
    yield np.insert(X, 1, 5.0, axis=1), y


def _equal_cases(rng):
    # Ties that are ties to the last bit, whatever the order of additions.
    yield np.array([[2.0, 1.0], [6.0, 3.0]]), _words("sitting", "walking")
    yield np.array([[1.0], [2.0], [3.0], [4.0]]), _words("walking", "sitting", "sitting", "walking")
    X, y = _table(rng, 7, 2)
    yield np.hstack([X, 2 * X]), y


def _use_best_split(answer, X, y):
    return _use_as_tuple(answer, X, y)


def _neighbours_in_the_table(column):
    return (column[:-1] + column[1:]) / 2


best_split = Check(
    "best_split",
    reference=_best_split,
    cases=_split_cases,
    call=_use_best_split,
    uses=[entropy, gain_ratio],
    weight=3,
    misconceptions=[
        (
            _split_as(features=lambda count: [0]),
            "only the first feature is tried: does the `return` stand inside of the loop?",
        ),
        (
            _split_as(features=lambda count: [count - 1]),
            "the last feature wins whatever the others offer: each round forgets the best of the rounds before",
        ),
        (
            _split_as(candidates=lambda column: np.unique(column)),
            "the threshold is one of the values, but it lies midway between two neighbours",
        ),
        (
            _split_as(candidates=_neighbours_in_the_table),
            "midway between rows that stand one below the other in the table: neighbours are neighbours only after "
            "sorting",
        ),
        (
            _split_as(threshold_by=lambda gain, ratio: -gain, feature_by=lambda gain, ratio: -ratio),
            "the worst question of all: you look for the lowest score, not for the highest",
        ),
        (
            _split_as(feature_by=lambda gain, ratio: -ratio),
            "each feature's best threshold, but then the feature with the lowest ratio",
        ),
        (
            _split_as(threshold_by=lambda gain, ratio: -gain),
            "the best of the features' worst thresholds: within a feature, look for the highest gain",
        ),
        (
            _split_as(candidates=lambda column: [column.mean()]),
            "only the mean of each feature is tried: every gap between two neighbours is a candidate",
        ),
        (
            _split_as(candidates=lambda column: [np.median(column)]),
            "only the median of each feature is tried: every gap between two neighbours is a candidate",
        ),
        (
            _split_as(candidates=lambda column: [(column.min() + column.max()) / 2]),
            "only the middle of each feature's range is tried: every gap between two neighbours is a candidate",
        ),
        (_split_as(third=_by_gain), "the third number is the gain: the ratio is asked for"),
        (_split_as(shift=1), "features are counted from 1, but column 0 is the first"),
        (
            _split_as(candidates=lambda column: _midway(column)[:-1]),
            "the highest candidate is never tried: n different values have n - 1 gaps",
        ),
        (
            _split_as(candidates=lambda column: _midway(column)[1:]),
            "the lowest candidate is never tried: n different values have n - 1 gaps",
        ),
    ],
    parts=[
        Part(
            "the gain chooses the threshold of each feature, the ratio chooses the feature",
            cases=_criterion_cases,
            weight=2,
            misconceptions=[
                (
                    _split_as(threshold_by=_by_ratio),
                    "the ratio chooses the threshold, too. It likes to cut off a single row, as that costs few bits: "
                    "within a feature, take the highest gain",
                ),
                (
                    _split_as(feature_by=_by_gain),
                    "the gain chooses the feature, too: between features, the ratio decides",
                ),
                (
                    _split_as(threshold_by=_by_ratio, feature_by=_by_gain),
                    "gain and ratio have changed places: the gain chooses the threshold, the ratio the feature",
                ),
            ],
        ),
        Part(
            "a value that occurs more than once still has one gap to the next",
            cases=_repeated_cases,
            misconceptions=[
                (
                    _split_as(candidates=lambda column: np.convolve(np.sort(column), [0.5, 0.5], mode="valid")),
                    "midway between a value and its own double lies the value itself: take each value once",
                ),
            ],
        ),
        Part(
            "a constant feature is passed over, and where all are constant the answer is None",
            cases=_constant_cases,
        ),
        Part(
            "among equals the first: the lower feature, the lower threshold",
            cases=_equal_cases,
            misconceptions=[
                (_split_as(late=True), "among equals the last one wins: is `>=` where `>` belongs?"),
            ],
        ),
    ],
    hints=[
        "Take column 0 of the example. Which four values does it have, in order? Where are the three gaps, and what "
        "does your `gain_ratio` say about each?",
        "`np.unique` sorts the values of a column and keeps each once. The values without the last one, and the values "
        "without the first one, are the two ends of every gap.",
        "Two loops, one inside of the other. The inner one goes through the gaps of one feature and remembers the "
        "threshold with the highest gain; the outer one compares that threshold's ratio with the best so far.",
        "Start with `best = None`, and replace it where there is none yet or where the new ratio is truly higher. A "
        "feature without gaps has nothing to offer: `continue`. The `return` comes after both loops.",
    ],
)


# -- 4. nearest neighbours --------------------------------------------------------------------------------------------


def _knn_predict(X_train, y_train, X, k):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    train, new = (X_train - mean) / std, (X - mean) / std
    answers = []
    for row in new:
        distances = np.sqrt(((train - row) ** 2).sum(axis=1))
        votes = Counter(y_train[np.argsort(distances)[:k]])
        answers.append(votes.most_common(1)[0][0])  # of equally many votes, those that began to be counted first
    return np.array(answers)


def _train_scale(X_train, X):
    return X_train.mean(axis=0), X_train.std(axis=0), X_train.mean(axis=0), X_train.std(axis=0)


def _no_scale(X_train, X):
    return 0.0, 1.0, 0.0, 1.0


def _own_scale(X_train, X):
    return X_train.mean(axis=0), X_train.std(axis=0), X.mean(axis=0), X.std(axis=0)


def _pooled_scale(X_train, X):
    both = np.vstack([X_train, X])
    return both.mean(axis=0), both.std(axis=0), both.mean(axis=0), both.std(axis=0)


def _range_scale(X_train, X):
    low, width = X_train.min(axis=0), np.ptp(X_train, axis=0)
    return low, width, low, width


def _only_train_scale(X_train, X):
    return X_train.mean(axis=0), X_train.std(axis=0), 0.0, 1.0


_SCALES = (_no_scale, _own_scale, _pooled_scale, _range_scale, _only_train_scale)  # all wrong


def _euclid(difference):
    return (difference**2).sum(axis=-1)


def _along_streets(difference):
    return np.abs(difference).sum(axis=-1)


def _largest_difference(difference):
    return np.abs(difference).max(axis=-1)


def _first_feature(difference):
    return difference[..., 0] ** 2


def _with_signs(difference):
    return difference.sum(axis=-1)


_OTHER_DISTANCES = (_along_streets, _largest_difference, _first_feature, _with_signs)


def _in_order(X_train, X, scale=_train_scale, distance=_euclid):
    """Rows of X_train from near to far, for each row of X; and the distances in that order."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, std, own_mean, own_std = scale(X_train, X)
        distances = distance(((X - own_mean) / own_std)[:, None] - ((X_train - mean) / std)[None])
    order = np.argsort(distances, axis=1, kind="stable")
    return order, np.take_along_axis(distances, order, axis=1)


def _first_to_most(labels):
    return Counter(labels.tolist()).most_common(1)[0][0]


def _alphabet(labels):
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def _alphabet_backwards(labels):
    return max(sorted(set(labels.tolist()), reverse=True), key=labels.tolist().count)


def _knn_as(choose=lambda order, k: order[:k], vote=_first_to_most, **how):
    def compute(X_train, y_train, X, k):
        order, _ = _in_order(X_train, X, **how)
        return np.array([vote(y_train[choose(row, k)]) for row in order])

    return compute


_one_more = _knn_as(choose=lambda order, k: order[: k + 1])


def _people(rng, rows, features, n_classes=3):
    """Training rows of overlapping classes, and six rows to be classified; all on nearly the same scale."""
    classes = rng.choice(_ACTIVITIES, size=n_classes, replace=False)
    centres = rng.normal(0, 1.3, size=(n_classes, features))
    which = np.concatenate([rng.permutation(np.arange(n) % n_classes) for n in (rows, 6)])
    X = centres[which] + rng.normal(0, 1, size=(rows + 6, features))
    train, new = ((part - part.mean(axis=0)) / part.std(axis=0) for part in (X[:rows], X[rows:]))
    return train.round(1), classes[which[:rows]], new.round(1)


def _clear_case(rng, rows, features, k, tied=False, shows=()):
    """A case whose nearest rows are beyond doubt, and in which scaling changes no answer.

    With ties in the vote or without; each of the wrong solutions in `shows` fails it. For k = 1 there are six classes,
    so that a label tells which row was taken for the nearest.
    """
    while True:
        X_train, y_train, X = _people(rng, rows, features, n_classes=6 if k == 1 else 3)
        order, distances = _in_order(X_train, X)
        if np.diff(distances[:, : k + 1], axis=1).min() < 1e-3:
            continue
        ties = [len(set(counts)) < len(counts) for counts in (_votes(y_train[row[:k]]) for row in order)]
        if any(ties) != tied:
            continue
        args = X_train, y_train, X, k
        right = _knn_predict(*args)
        same = all(np.array_equal(_knn_as(scale=scale)(*args), right) for scale in _SCALES)
        if same and not any(np.array_equal(compute(*args), right) for compute in shows):
            return args


def _votes(labels):
    """The two highest counts."""
    return sorted(Counter(labels.tolist()).values())[-2:]


def _knn_cases(rng):
    yield _clear_case(rng, 6, 2, 1, shows=[_knn_as(distance=distance) for distance in _OTHER_DISTANCES])
    yield _clear_case(rng, 6, 2, 3)
    yield _clear_case(rng, 9, 2, 3, shows=[_one_more, _centroids])
    for rows, features, k in ((12, 3, 3), (24, 4, 5), (40, 3, 7)):
        yield _clear_case(rng, rows, features, k)


def _tied_cases(rng):
    for rows, k in ((6, 2), (7, 2), (10, 4), (20, 4)):
        yield _clear_case(rng, rows, 2, k, tied=True)


def _scale_cases(rng):
    wrong = [_knn_as(scale=scale) for scale in _SCALES]
    for rows, factors, k, n_classes in ((6, [1, 40], 1, 6), (12, [50, 1], 1, 6), (30, [1, 9, 200], 5, 2)):
        aside = np.resize([3, -3], len(factors))
        while True:
            X_train, y_train, X = _people(rng, rows, len(factors), n_classes)
            X_train, X = (X_train + 1) * factors, (X + aside) * factors
            _, distances = _in_order(X_train, X)
            if np.diff(distances[:, : k + 1], axis=1).min() < 1e-3:
                continue
            right = _knn_predict(X_train, y_train, X, k).tolist()
            answers = [compute(X_train, y_train, X, k).tolist() for compute in wrong]
            # In one of the cases each wrong scale has an answer of its own, too.
            if right not in answers and (rows != 12 or len(set(map(tuple, answers))) == len(wrong)):
                yield X_train, y_train, X, k
                break


def _use_knn(answer, X_train, y_train, X, k):
    labels = answer(X_train, y_train, X, k)
    # A list of labels is as good as an array of them.
    return np.array(labels) if isinstance(labels, list | tuple) else labels


def _centroids(X_train, y_train, X, k):
    names = np.unique(y_train)
    centres = np.array([X_train[y_train == name].mean(axis=0) for name in names])
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    order, _ = _in_order((centres - mean) / std, (X - mean) / std, scale=_no_scale)
    return names[order[:, 0]]


def _one_for_all(X_train, y_train, X, k):
    return np.full(len(X), _first_to_most(y_train))


def _along_wrong_axis(scale):
    def compute(X_train, y_train, X, k):
        mean, std, own_mean, own_std = scale(X_train, X)
        difference = ((X - own_mean) / own_std)[:, None] - ((X_train - mean) / std)[None]
        order = (difference**2).sum(axis=1).argsort(axis=1)
        return np.array([_first_to_most(y_train[row[:k]]) for row in order])

    return compute


def _whatever_the_scale(says, **how):
    """A misconception, in its form with and without scaling."""
    return [(_knn_as(scale=scale, **how), says) for scale in (_train_scale, _no_scale)]


knn_predict = Check(
    "knn_predict",
    reference=_knn_predict,
    cases=_knn_cases,
    call=_use_knn,
    weight=2,
    misconceptions=[
        *_whatever_the_scale(
            "differences are added up without their squares: that is the way along the streets of a town, not the "
            "straight line",
            distance=_along_streets,
        ),
        *_whatever_the_scale(
            "only the feature that differs most is compared: a distance adds up the squares over all features",
            distance=_largest_difference,
        ),
        *_whatever_the_scale(
            "k + 1 neighbours vote: a slice leaves its end out by itself", choose=lambda order, k: order[: k + 1]
        ),
        *_whatever_the_scale(
            "k + 1 neighbours vote: a slice leaves its end out by itself",
            choose=lambda order, k: order[: k + 1],
            vote=_alphabet,
        ),
        *_whatever_the_scale(
            "the nearest neighbour of all is left out. That is right only for a row that is its own neighbour, and new "
            "rows are not among the training rows",
            choose=lambda order, k: order[1 : k + 1],
        ),
        *_whatever_the_scale("only the nearest one decides, whatever k is", choose=lambda order, k: order[:1]),
        *_whatever_the_scale(
            "the last of the k neighbours decides alone: let them vote", vote=lambda labels: labels[-1]
        ),
        *_whatever_the_scale(
            "the label with the fewest votes wins", vote=lambda labels: min(labels, key=labels.tolist().count)
        ),
        *_whatever_the_scale(
            "the first of the k labels in the alphabet, not the most frequent one: what does `argmax` run over?",
            vote=lambda labels: min(labels),
        ),
        *_whatever_the_scale(
            "the farthest neighbours vote, not the nearest: sort from near to far",
            choose=lambda order, k: order[::-1][:k],
        ),
        *_whatever_the_scale(
            "differences above and below 0 cancel each other: square them before they are added up",
            distance=_with_signs,
        ),
        *_whatever_the_scale(
            "differences above and below 0 cancel each other: square them before they are added up",
            distance=lambda difference: -_with_signs(difference),
        ),
        *_whatever_the_scale(
            "only the first feature is compared: a distance adds up the squares over all features",
            distance=_first_feature,
        ),
        *(
            (
                _along_wrong_axis(scale),
                "the squares are added up over the training rows: add them up over the features, which gives one "
                "distance for each training row",
            )
            for scale in (_train_scale, _no_scale)
        ),
        (
            _centroids,
            "the nearest centre of a class: a good classifier, but another one. Here single rows vote",
        ),
        (_one_for_all, "one answer for all, the most frequent label: the distances play no part"),
    ],
    parts=[
        Part(
            "of labels with equally many votes, the one with the nearest neighbour",
            cases=_tied_cases,
            misconceptions=[
                (
                    _knn_as(vote=_alphabet),
                    "in a tie the alphabet decides, but jogging is no better than walking for its J: the nearest "
                    "neighbour has the casting vote",
                ),
                (
                    _knn_as(vote=_alphabet_backwards),
                    "in a tie the alphabet decides, from its end: the nearest neighbour has the casting vote",
                ),
                (
                    _knn_as(vote=lambda labels: _first_to_most(labels[::-1])),
                    "in a tie the farthest neighbour decides: the nearest one has the casting vote",
                ),
                (
                    _knn_as(choose=lambda order, k: np.sort(order[:k])),
                    "in a tie the order of the training rows decides: the nearest neighbour has the casting vote",
                ),
            ],
        ),
        Part(
            "features are standardised with the mean and standard deviation of the training rows",
            cases=_scale_cases,
            misconceptions=[
                (
                    _knn_as(scale=_no_scale),
                    "features as they come: one that is counted in large numbers drowns the others",
                ),
                (
                    _knn_as(scale=_own_scale),
                    "the new rows are standardised with their own mean and std. Then the answer for one row depends on "
                    "who else is asked about, and the two tables no longer fit together",
                ),
                (
                    _knn_as(scale=_pooled_scale),
                    "mean and std of training and new rows together: what is to be classified must not take part in "
                    "the preparation",
                ),
                (
                    _knn_as(scale=_range_scale),
                    "scaled to the range from lowest to highest: mean and standard deviation are asked for",
                ),
                (
                    _knn_as(scale=_only_train_scale),
                    "the training rows are standardised, the new ones are not: they are no longer in the same units",
                ),
            ],
        ),
    ],
    hints=[
        "Follow the example by hand: what is left of the new row (1.5, 4) when it is standardised, and how far is it "
        "from (-1, -1)?",
        "`X_train.mean(axis=0)` gives one mean for each feature. The same two numbers per feature, mean and std, are "
        "applied to both tables.",
        "For one new row, `train - row` takes it away from all training rows at once. Square, add up along the "
        "features (which axis?), and `np.argsort` tells the rows from near to far.",
        "`Counter` of the k nearest labels has a method `most_common`. It puts equal counts in the order in which they "
        "were first seen, so give it the labels from near to far.",
    ],
)


# -- 5. honest evaluation ---------------------------------------------------------------------------------------------


def _leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError(f"n_folds is {n_folds}, but there are only {len(people)} people.")
    folds = []
    for group in np.array_split(people, n_folds):
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    return folds


_PEOPLE = np.array(["ann", "ben", "cem", "dana", "eva", "finn", "gita", "hugo", "ines", "juri", "kim", "lea"])


def _subjects(rng, people, most):
    who = rng.choice(_PEOPLE, size=people, replace=False)
    return rng.permutation(np.repeat(who, rng.integers(1, most, size=people)))


def _fold_cases(rng):
    yield _words("ann", "ben", "ann", "cem"), 2
    yield _words("ben", "ben", "ann", "cem", "ann", "ben"), 3
    yield np.repeat(_PEOPLE[:5], [4, 1, 2, 3, 2]), 3
    yield np.repeat(_PEOPLE[:4], [1, 1, 9, 1]), 2
    for people, n_folds in ((5, 2), (7, 4), (11, 3)):
        yield _subjects(rng, people, 9), n_folds


def _too_many_cases(rng):
    yield _words("ann", "ben", "ann", "ben"), 3
    people = int(rng.integers(2, 6))
    yield _subjects(rng, people, 9), people + 1


def _use_folds(answer, subjects, n_folds):
    folds = answer(subjects, n_folds)
    # `yield` is fine, and so are iterators such as zip(...).
    return list(folds) if isinstance(folds, GeneratorType | zip | map) else folds


def _is_honest(folds, subjects, n_folds):
    """What is wrong with the folds, the gravest first."""
    form = _form_of(folds, subjects, n_folds)
    if form:
        return form
    n, times_tested = len(subjects), np.zeros(len(subjects), dtype=int)
    split = None
    for number, fold in enumerate(folds):
        train, test = (np.asarray(part, dtype=int) for part in fold)
        both = np.intersect1d(train, test)
        if both.size:
            return (
                f"row {both[0]} is in the training part and in the test part of fold {number}: a model is asked what "
                "it has been told"
            )
        known = np.intersect1d(subjects[train], subjects[test])
        if known.size and split is None:
            split = (
                f"fold {number} trains and tests on windows of {known[0]}: a person is on one side only. Share out "
                "people, not rows"
            )
        times_tested += np.bincount(test, minlength=n)
    if split:
        return split
    if np.any(times_tested == 0):
        row = int(np.argmin(times_tested))
        return f"row {row} ({subjects[row]}) is never tested: every row is in the test part of one fold"
    if np.all(times_tested == n_folds - 1) and n_folds > 2:
        return (
            "training and test part have changed places: a pair is (train, test), and with more than two folds most "
            "rows are trained on"
        )
    if np.any(times_tested > 1):
        row = int(np.argmax(times_tested))
        return f"row {row} ({subjects[row]}) is tested {times_tested[row]} times: every row is tested in one fold only"
    for number, (train, test) in enumerate(folds):
        if len(np.unique(train)) < len(train):
            return f"fold {number} has a row twice in its training part"
        if len(train) + len(test) < n:
            row = np.setdiff1d(np.arange(n), [*train, *test])[0]
            return (
                f"fold {number} wastes row {row} ({subjects[row]}): who is not tested is trained on, that makes the "
                "model better and harms nobody"
            )
        if not len(test):
            return f"fold {number} tests nobody"
    return None


def _form_of(folds, subjects, n_folds):
    """What is wrong with the form of the folds, before one can look at what is in them."""
    if not isinstance(folds, list | tuple):
        return "the result is not a list of folds: collect one pair (train, test) for each fold"
    if len(folds) != n_folds:
        some = f"{len(folds)} {'fold' if len(folds) == 1 else 'folds'}, where {n_folds} are asked for"
        return f"{some}: one for each person, so `n_folds` has no effect" if len(folds) == len(set(subjects)) else some
    for number, fold in enumerate(folds):
        if not isinstance(fold, list | tuple) or len(fold) != 2:
            return f"fold {number} is not a pair (train, test)"
        for name, part in zip(("training", "test"), fold, strict=True):
            try:
                rows = np.asarray(part)
            except ValueError:
                return f"the {name} part of fold {number} is not a list of rows"
            where = f"the {name} part of fold {number}"
            if rows.ndim != 1:
                return f"{where} has {rows.ndim} axes, where a plain row of numbers is asked for"
            if rows.dtype.kind == "b":
                return f"{where} is a mask of True and False: `np.flatnonzero` makes row numbers of it"
            if rows.dtype.kind == "U":
                return f"{where} holds names of people: the numbers of their rows are asked for"
            if rows.size and (rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= len(subjects)):
                return f"{where} holds something that is not the number of a row, 0 to {len(subjects) - 1}"
    return None


def _is_even(folds, subjects, n_folds):
    if _form_of(folds, subjects, n_folds):  # the other part tells
        return "who is tested cannot be counted"
    tested = [len(set(subjects[np.asarray(test, dtype=int)])) for _, test in folds]
    if max(tested) - min(tested) > 1:
        few, many = int(np.argmin(tested)), int(np.argmax(tested))
        return (
            f"fold {many} tests {tested[many]} people and fold {few} only {tested[few]}: share them out so that no "
            "fold has two more than another"
        )
    return None


leave_people_out = Check(
    "leave_people_out",
    reference=_leave_people_out,
    cases=_fold_cases,
    call=_use_folds,
    accept=_is_honest,
    weight=4,
    parts=[
        Part("people are shared out evenly", accept=_is_even),
        Part("more folds than people: ValueError", cases=_too_many_cases),
    ],
    hints=[
        "Forget the rows for a moment. You have five people and three folds: who is tested in which fold? Any answer "
        "will do in which everybody is tested once, and no fold has two people more than another.",
        "`np.unique(subjects)` gives each person once. `np.array_split` cuts a list into so many pieces, as evenly as "
        "it can.",
        "Now back to the rows, one fold at a time. `np.isin(subjects, group)` is True for the rows of a group of "
        "people: these are tested.",
        "All other rows are trained on: `~` turns a mask round, and `np.flatnonzero` makes row numbers of it. Before "
        "all that, count the people, and `raise ValueError(...)` if they are too few.",
    ],
)
