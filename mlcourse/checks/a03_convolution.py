"""Checks of the graded lab ``a03_convolution``: convolution, stride and padding, channels, pooling, im2col."""

import numpy as np

from .core import Check, Part

# Single precision is good enough, and so is a detour through the frequency domain.
_CLOSE = {"rtol": 1e-4, "atol": 1e-4}

_FLIPPED = (
    "the filter lies on the image upside down (turned by half a turn). Mathematicians call that a convolution; "
    "networks lay the filter on the image as it is"
)
_TRANSPOSED = "rows and columns of the filter have changed places"
_MIRRORED = "the columns of the filter are met from right to left: the filter lies on the image as it is"
_UPENDED = "the rows of the filter are met from bottom to top: the filter lies on the image as it is"
_ONE_TOO_FEW = (
    "one place is missing at the end of each row and of each column: count the places of a filter of 3 pixels on a row "
    "of 3 pixels"
)
_END_STAYS_0 = "the last row and the last column of the result stay 0: the loops stop one place too early"
_NO_RECTANGLES = "images and filters need not be square"


def _sums(image, kernel, tops, lefts):
    """Sums of products for windows that begin in these rows and columns; what sticks out meets zeros."""
    high, wide = kernel.shape
    grown = np.pad(np.asarray(image, dtype=float), ((0, high), (0, wide)))
    sums = [[np.sum(grown[i : i + high, j : j + wide] * kernel) for j in lefts] for i in tops]
    return np.array(sums).reshape(len(tops), len(lefts))


def _whole(rng, *shape):
    """Small whole numbers, none of them 0, so that no mistake hides behind a zero."""
    return rng.integers(1, 5, size=shape) * rng.choice([-1, 1], size=shape)


# -- 1. convolution ---------------------------------------------------------------------------------------------------


def _convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


def _convolve_cases(rng):
    yield np.array([[1, 2], [3, 5]]), np.array([[1, -1], [2, 0]])
    yield np.array([[1, 0, 2], [4, 3, 1], [2, 5, 2]]), np.array([[1, -1], [3, 2]])
    yield _whole(rng, 4, 4), _whole(rng, 3, 3)
    for n, k in ((6, 3), (7, 2), (9, 5)):
        yield rng.normal(size=(n, n)), rng.normal(size=(k, k))


def _rectangle_cases(rng):
    yield np.array([[1, 2, 0, 4], [3, 1, 5, 2]]), np.array([[1, -1], [2, 3]])
    yield np.array([[1, 2, 0, 4, 1], [3, 1, 5, 2, 2]]), np.array([[1, -1, 4], [2, 3, -2]])
    yield _whole(rng, 5, 3), _whole(rng, 3, 2)
    for _ in range(2):
        high, wide = (int(k) for k in rng.choice(np.arange(1, 6), size=2, replace=False))
        yield rng.normal(size=(high + int(rng.integers(0, 6)), wide + 3)), rng.normal(size=(high, wide))


def _fraction_cases(rng):
    yield np.array([[1, 2, 4], [0, 3, 1], [2, 2, 5]]), np.full((2, 2), 0.25)
    yield np.array([[200, 100, 20], [250, 90, 0], [180, 10, 140]], dtype=np.uint8), np.array([[1, -2], [1, -1]])
    yield rng.integers(0, 10, size=(5, 5)), rng.normal(size=(3, 3))
    yield rng.integers(100, 256, size=(6, 6), dtype=np.uint8), _whole(rng, 3, 3)


def _with_kernel(change):
    return lambda image, kernel: _convolve(image, change(kernel))


def _from_result(change):
    return lambda image, kernel: change(_convolve(image, kernel))


def _with_places(tops, lefts):
    def compute(image, kernel):
        size = zip(image.shape, kernel.shape, strict=True)
        (h, kh), (w, kw) = size
        return _sums(image, kernel, tops(h, kh), lefts(w, kw))

    return compute


def _of_each_window(what):
    def compute(image, kernel):
        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
        return np.array([[what(window, kernel) for window in row] for row in windows], dtype=float)

    return compute


def _all(n, k):
    return range(n - k + 1)


def _as_large_as_the_image(image, kernel):
    result, right = np.zeros(image.shape), _convolve(image, kernel)
    result[: right.shape[0], : right.shape[1]] = right
    return result


def _in_the_middle_of_the_image(image, kernel):
    result, right = np.zeros(image.shape), _convolve(image, kernel)
    top, left = ((n - m) // 2 for n, m in zip(image.shape, right.shape, strict=True))
    result[top : top + right.shape[0], left : left + right.shape[1]] = right
    return result


def _at_every_pixel(image, kernel):
    """What a loop over all pixels gives: at the edges NumPy repeats what is left of a window, if it can."""
    high, wide = kernel.shape
    result = np.zeros(image.shape)
    for i, j in np.ndindex(image.shape):
        result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


def _same(before):
    """As many numbers as pixels; `before` says how many zeros of an even filter's come in front of the image."""

    def compute(image, kernel):
        around = [(before(k), k - 1 - before(k)) for k in kernel.shape]
        return _convolve(np.pad(image, around), kernel)

    return compute


def _full(image, kernel):
    return _convolve(np.pad(image, [(k - 1, k - 1) for k in kernel.shape]), kernel[::-1, ::-1])


def _only(count):
    def change(right):
        result = np.zeros_like(right)
        result.ravel()[: count(right)] = right.ravel()[: count(right)]
        return result

    return _from_result(change)


def _end_stays_0(result, rows=True, columns=True):
    """The loops stop one place too early, in an array of the right size."""
    result = np.array(result, dtype=float)
    if rows:
        result[..., -1, :] = 0
    if columns:
        result[..., -1] = 0
    return result


def _of_the_type_of_the_image(image, kernel):
    right = _convolve(image, kernel)
    # By way of int64: what a negative number becomes as an unsigned one is then the same everywhere.
    return right if image.dtype.kind == "f" else right.astype(np.int64).astype(image.dtype)


def _of_whole_numbers(image, kernel):
    right = _convolve(image, kernel)
    return right if image.dtype.kind == "f" else right.astype(np.int64)


convolve = Check(
    "convolve",
    reference=_convolve,
    cases=_convolve_cases,
    weight=4,
    **_CLOSE,
    misconceptions=[
        (_with_kernel(lambda kernel: kernel[::-1, ::-1]), _FLIPPED),
        (_with_kernel(lambda kernel: kernel.T), _TRANSPOSED),
        (_with_kernel(lambda kernel: kernel[:, ::-1]), _MIRRORED),
        (_with_kernel(lambda kernel: kernel[::-1]), _UPENDED),
        (_with_places(lambda n, k: range(n - k), lambda n, k: range(n - k)), _ONE_TOO_FEW),
        (_with_places(lambda n, k: range(n - k), _all), "the last row of the result is missing: one place too few"),
        (_with_places(_all, lambda n, k: range(n - k)), "the last column of the result is missing: one place too few"),
        (
            _as_large_as_the_image,
            "the result is made as large as the image, and the rest stays 0: a filter has fewer places than there are "
            "pixels",
        ),
        (_from_result(_end_stays_0), _END_STAYS_0),
        (
            _from_result(lambda right: _end_stays_0(right, columns=False)),
            "the last row of the result stays 0: the loop over its rows stops one place too early",
        ),
        (
            _from_result(lambda right: _end_stays_0(right, rows=False)),
            "the last column of the result stays 0: the loop over its columns stops one place too early",
        ),
        (
            _in_the_middle_of_the_image,
            "a border of zeros around the right numbers: the result has a number for each place of the filter, and "
            "nothing else",
        ),
        (
            _with_places(lambda n, k: range(n), lambda n, k: range(n)),
            "the filter sticks out at the right and at the bottom: it must stay on the image with all of its pixels",
        ),
        (
            _at_every_pixel,
            "a number for each pixel. Where the filter sticks out, less than a window is left, and NumPy repeats or "
            "refuses it: the filter must stay on the image with all of its pixels",
        ),
        *(
            (
                _same(before),
                "the image is padded until the result is as large as the image: here the filter stays on the image",
            )
            for before in (lambda k: (k - 1) // 2, lambda k: k // 2)
        ),
        (_full, "the filter sticks out on all sides ('full'): it must stay on the image with all of its pixels"),
        (
            lambda image, kernel: np.cumsum(_convolve(image, kernel)).reshape(_convolve(image, kernel).shape),
            "each number has those before it in it: the sum must start at 0 again at each place",
        ),
        (
            _of_each_window(lambda window, kernel: (window * kernel)[-1, -1]),
            "only the last of the products in each window: each new one takes the place of the sum before it, where it "
            "should be added",
        ),
        (_of_each_window(lambda window, kernel: np.mean(window * kernel)), "the mean of the products, not their sum"),
        (
            _of_each_window(lambda window, kernel: np.max(window * kernel)),
            "the largest of the products, not their sum",
        ),
        (
            _of_each_window(lambda window, kernel: np.sum(window @ kernel)),
            "a matrix product: `@` multiplies rows with columns. Here each pixel is multiplied with the number that "
            "lies on it",
        ),
        (
            _of_each_window(lambda window, kernel: np.sum(window + kernel)),
            "pixels and filter are added: multiply each pixel with the number that lies on it, then add the products",
        ),
        (
            _of_each_window(lambda window, kernel: np.sum(window * kernel) / np.sum(kernel)),
            "divided by the sum of the filter: products are added up, and that is all",
        ),
        (_from_result(np.transpose), "rows and columns of the result have changed places"),
        (
            _with_places(lambda n, k: range(0, n - k + 1, k), lambda n, k: range(0, n - k + 1, k)),
            "the windows lie side by side: from one place to the next the filter moves by one pixel",
        ),
        (
            _only(lambda right: 1),
            "only the first place is computed: does the `return` stand inside of the loops?",
        ),
        (
            _only(lambda right: right.shape[1]),
            "only the first row is computed: does the `return` stand inside of a loop?",
        ),
    ],
    parts=[
        Part(
            _NO_RECTANGLES,
            cases=_rectangle_cases,
            misconceptions=[
                (
                    lambda image, kernel: _sums(
                        image, kernel, _all(image.shape[0], len(kernel)), _all(image.shape[0], len(kernel))
                    ),
                    "the height of the image is taken for its width, too: `image.shape` has both",
                ),
                (
                    lambda image, kernel: _convolve(image, kernel[:, : len(kernel)]),
                    "the height of the filter is taken for its width, too: `kernel.shape` has both",
                ),
            ],
        ),
        Part(
            "an image of whole numbers may give fractions and large numbers",
            cases=_fraction_cases,
            misconceptions=[
                (
                    _of_whole_numbers,
                    "the digits behind the point are cut off: what kind of number fits into your result? Look at its "
                    "`dtype`",
                ),
                (
                    _of_the_type_of_the_image,
                    "the result is of the same type as the image, into which fractions, negative and large numbers do "
                    "not fit. Look at the `dtype` of your result",
                ),
            ],
        ),
    ],
    hints=[
        "Take the image of 3 x 3 pixels and the filter of 2 x 2 from the text. In which rows can the upper left corner "
        "of the filter stand? How many rows does the result have, and how is that number made from 3 and 2?",
        "Two loops go through the places: `i` through the rows of the result, `j` through its columns. Which rows and "
        "which columns of the image does the filter cover at the place (i, j)?",
        "`image[a:b, c:d]` cuts a window out, and leaves out row b and column d. Window times filter, with `*`, "
        "multiplies number by number, and `.sum()` adds up.",
        "`np.zeros((rows, columns))` makes room for the result, of floating-point numbers. (Not "
        "`np.zeros_like(image)`: an image of whole numbers makes a result of whole numbers.)",
    ],
)


# -- 2. stride and padding --------------------------------------------------------------------------------------------


def _slide(image, kernel, stride=1, padding=0):
    padded = np.pad(image, padding)
    high, wide = kernel.shape
    tops = range(0, padded.shape[0] - high + 1, stride)
    lefts = range(0, padded.shape[1] - wide + 1, stride)
    result = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            result[i, j] = np.sum(padded[top : top + high, left : left + wide] * kernel)
    return result


def _slide_cases(rng):
    # Whole steps only: what is left over belongs to a part of its own.
    yield np.array([[1, 0, 2], [4, 3, 1], [2, 5, 3]]), np.array([[1, -1], [3, 2]]), 1, 0
    yield np.array([[1, 2, 3], [4, 6, 5], [9, 7, 8]]), np.array([[1, -1, 2], [3, 1, -2], [2, -3, 4]]), 1, 1
    yield _whole(rng, 5, 5), _whole(rng, 3, 3), 2, 0
    yield _whole(rng, 3, 3), _whole(rng, 3, 3), 2, 1
    yield _whole(rng, 5, 5), _whole(rng, 2, 2), 3, 0
    yield _whole(rng, 4, 4), _whole(rng, 3, 3), 1, 2
    for stride, padding in ((2, 2), (3, 1)):
        k = int(rng.integers(2, 5))
        n = k - 2 * padding + stride * int(rng.integers(3, 5))
        yield rng.normal(size=(n, n)), rng.normal(size=(k, k)), stride, padding


def _rest_cases(rng):
    yield _whole(rng, 4, 4), _whole(rng, 3, 3), 2, 0
    yield _whole(rng, 6, 6), _whole(rng, 3, 3), 2, 0
    yield _whole(rng, 6, 6), _whole(rng, 3, 3), 2, 1
    yield _whole(rng, 7, 7), _whole(rng, 2, 2), 3, 0
    for stride in (3, 4):
        k = int(rng.integers(2, 4))
        n = k + stride * int(rng.integers(1, 3)) + int(rng.integers(1, stride))
        yield rng.normal(size=(n, n)), rng.normal(size=(k, k)), stride, 0


def _slide_rectangle_cases(rng):
    yield _whole(rng, 2, 4), _whole(rng, 2, 2), 1, 0
    yield _whole(rng, 3, 5), _whole(rng, 3, 3), 2, 1
    yield _whole(rng, 5, 3), _whole(rng, 3, 2), 1, 1
    yield _whole(rng, 3, 7), _whole(rng, 1, 3), 2, 0
    for _ in range(2):
        high, wide = (int(k) for k in rng.choice(np.arange(2, 5), size=2, replace=False))
        yield rng.normal(size=(high + 4, wide + 6)), rng.normal(size=(high, wide)), 2, int(rng.integers(0, 3))


def _whole_steps(n, k, stride):
    return range(0, n - k + 1, stride)


def _padded(image, padding):
    return np.pad(image, padding)


def _slide_as(pad=_padded, tops=_whole_steps, lefts=None, change=lambda kernel: kernel):
    """A variant: each of the steps can be replaced by a wrong one."""

    def compute(image, kernel, stride=1, padding=0):
        padded, kernel = pad(image, padding), change(kernel)
        across = tops if lefts is None else lefts
        rows = tops(padded.shape[0], kernel.shape[0], stride)
        return _sums(padded, kernel, rows, across(padded.shape[1], kernel.shape[1], stride))

    return compute


def _with_border(**how):
    return _slide_as(pad=lambda image, p: np.pad(image, p, **how) if p else image)


def _on_sides(before, after):
    return lambda image, p: np.pad(image, ((before[0] * p, after[0] * p), (before[1] * p, after[1] * p)))


def _every_pixel(n, k, stride):
    return range(n - k + 1)


def _counted_without_padding(image, kernel, stride=1, padding=0):
    tops, lefts = (range(0, n - k + 1, stride) for n, k in zip(image.shape, kernel.shape, strict=True))
    return _sums(np.pad(image, padding), kernel, tops, lefts)


slide = Check(
    "slide",
    reference=_slide,
    cases=_slide_cases,
    uses=[convolve],
    weight=2,
    **_CLOSE,
    misconceptions=[
        (
            _slide_as(pad=lambda image, p: image, tops=_every_pixel),
            "neither stride nor padding has any effect",
        ),
        (_slide_as(tops=_every_pixel), "the stride has no effect: the filter moves by one pixel"),
        (
            _slide_as(lefts=_every_pixel),
            "the stride holds down only: across, the filter still moves by one pixel",
        ),
        (
            _slide_as(tops=_every_pixel, lefts=_whole_steps),
            "the stride holds across only: down, the filter still moves by one pixel",
        ),
        (
            _slide_as(tops=lambda n, k, s: range((n - k) // s + 1)),
            "as many places as there should be, but they are the first ones, one pixel apart: where does the window of "
            "row i of the result begin, with a stride of 2?",
        ),
        (
            _slide_as(tops=lambda n, k, s: range(s - 1, n - k + 1, s)),
            "the first place is left out, and so the wrong ones are kept: of places 0, 1, 2, 3, 4 a stride of 2 "
            "keeps 0, 2 and 4",
        ),
        (
            _slide_as(tops=lambda n, k, s: range(0, s * ((n - k + 1) // s), s)),
            "the number of places is divided by the stride and rounded down, which loses one: of 3 places a stride "
            "of 2 keeps the first and the third. Divide first, then add 1",
        ),
        (
            _slide_as(tops=lambda n, k, s: range(0, n - k + 1, s * k if s > 1 else 1)),
            "the filter moves by the stride times its own size: the stride counts pixels",
        ),
        (_slide_as(pad=lambda image, p: image), "the padding has no effect: no zeros are put around the image"),
        (
            _slide_as(pad=_on_sides((1, 1), (0, 0))),
            "zeros at the top and on the left only (or a result that counts the padding once): p zeros belong to "
            "each of the four sides",
        ),
        (
            _slide_as(pad=_on_sides((0, 0), (1, 1))),
            "zeros at the bottom and on the right only: p zeros belong to each of the four sides",
        ),
        (
            _slide_as(pad=_on_sides((0, 0), (2, 2))),
            "all zeros at the bottom and on the right: p of them belong to each of the four sides",
        ),
        (
            _slide_as(pad=_on_sides((2, 2), (0, 0))),
            "all zeros at the top and on the left: p of them belong to each of the four sides",
        ),
        (
            _slide_as(pad=_on_sides((1, 0), (1, 0))),
            "zeros at the top and at the bottom only: the left and the right side need theirs, too",
        ),
        (
            _slide_as(pad=_on_sides((0, 1), (0, 1))),
            "zeros on the left and on the right only: the top and the bottom need theirs, too",
        ),
        (
            _counted_without_padding,
            "zeros are put around the image, but the places are counted as if there were none: how large is the "
            "image with its zeros?",
        ),
        (
            _slide_as(pad=lambda image, p: np.pad(image, p // 2)),
            "the padding is shared between the two sides: p zeros belong to each of them",
        ),
        (
            _slide_as(pad=lambda image, p: np.pad(image, 2 * p)),
            "twice as many zeros as asked for: p at each of the four sides",
        ),
        (
            _slide_as(pad=lambda image, p: np.pad(image, 1)),
            "always one zero on each side, whatever the padding",
        ),
        (
            lambda image, kernel, stride=1, padding=0: np.pad(_slide(image, kernel, stride), padding),
            "the zeros are put around the result: they belong around the image, before the filter moves",
        ),
        (
            lambda image, kernel, stride=1, padding=0: np.pad(_slide(image, kernel), padding)[::stride, ::stride],
            "the zeros are put around the result: they belong around the image, before the filter moves",
        ),
        (
            _with_border(mode="edge"),
            "the pixels of the border are repeated outwards: the padding is of zeros",
        ),
        (_with_border(constant_values=1), "the padding is of ones: it should be of zeros"),
        (
            _slide_as(pad=lambda image, p: np.pad(image, p, mode="reflect") if 0 < p < len(image) else image),
            "the image is mirrored at its border: the padding is of zeros",
        ),
        (
            _with_border(mode="wrap"),
            "the image starts anew behind its border: the padding is of zeros",
        ),
        (_slide_as(change=lambda kernel: kernel[::-1, ::-1]), _FLIPPED),
        (_slide_as(change=lambda kernel: kernel.T), _TRANSPOSED),
        (
            lambda image, kernel, stride=1, padding=0: _slide(image, kernel, stride, padding).astype(int),
            "the digits behind the point are cut off. Look at the `dtype` of your result",
        ),
        (
            lambda image, kernel, stride=1, padding=0: _end_stays_0(_slide(image, kernel, stride, padding)),
            _END_STAYS_0,
        ),
        (_slide_as(tops=lambda n, k, s: range(0, n - k, s)), _ONE_TOO_FEW),
    ],
    parts=[
        Part(
            "a last step that does not fit any more is not made",
            cases=_rest_cases,
            misconceptions=[
                (
                    _slide_as(tops=lambda n, k, s: range(0, s * (-(-(n - k) // s) + 1), s)),
                    "one place too many: the last window sticks out. The number of steps is rounded down",
                ),
                (
                    _slide_as(
                        tops=lambda n, k, s: [*range(0, n - k, s), n - k],
                    ),
                    "the last window is moved back until it fits: then the last step is shorter than the stride",
                ),
                (
                    _slide_as(tops=lambda n, k, s: range((n - k) % s, n - k + 1, s)),
                    "what is left over is left out at the top and on the left: begin at 0, and leave it out at the end",
                ),
                (
                    _slide_as(tops=lambda n, k, s: range((n - k) % s // 2, n - k + 1, s)),
                    "what is left over is shared between the two ends: begin at 0, and leave it out at the end",
                ),
            ],
        ),
        Part(
            _NO_RECTANGLES,
            cases=_slide_rectangle_cases,
            misconceptions=[
                (
                    lambda image, kernel, stride=1, padding=0: _slide(image, kernel, stride, padding)[
                        :, : (len(image) + 2 * padding - len(kernel)) // stride + 1
                    ],
                    "the height is taken for the width, too: `image.shape` and `kernel.shape` have both",
                ),
            ],
        ),
    ],
    hints=[
        "Pad first and forget about it: after that there is only a larger image. `np.pad(image, 1)` puts one row of "
        "zeros around; try it on the image of the text.",
        "How many whole steps of `s` pixels can a filter of `k` make on a row of `n`, before its right edge leaves "
        "the row? Its places are one more than its steps.",
        "`range(0, stop, stride)` gives the rows in which windows begin. The last of them must be at most `n - k`, "
        "so which `stop` is right? And how long is this range?",
        "Row `i` of the result belongs to the window that begins in row `i * stride` of the padded image. Everything "
        "else is exercise 1.",
    ],
)


# -- 3. channels ------------------------------------------------------------------------------------------------------


def _convolve_channels(image, filters, bias):
    maps = []
    for weights, offset in zip(filters, bias, strict=True):
        answers = [_convolve(channel, layer) for channel, layer in zip(image, weights, strict=True)]
        maps.append(np.sum(answers, axis=0) + offset)
    return np.array(maps)


def _layer(rng, channels, filters, size=(4, 4), kernel=(2, 2), bias=False, numbers=_whole):
    offsets = numbers(rng, filters) + 0.5 if bias else np.zeros(filters)
    return numbers(rng, channels, *size), numbers(rng, filters, channels, *kernel), offsets


def _normal(rng, *shape):
    return rng.normal(size=shape)


def _channel_cases(rng):
    one = np.array([[[[1, 3], [-1, 2]], [[0, 1], [1, -2]]]])
    yield np.array([[[1, 2], [0, 1]], [[3, 0], [1, 4]]]), one, np.zeros(1)
    yield _layer(rng, 1, 2, (3, 3))
    yield _layer(rng, 2, 2, (3, 3))
    yield _layer(rng, 2, 3, (3, 3))
    yield _layer(rng, 4, 2, (5, 5), (3, 3))
    yield _layer(rng, 3, 3, (6, 6), (3, 3))


def _bias_cases(rng):
    yield np.array([[[1, 2], [0, 1]], [[3, 0], [1, 1]]]), _whole(rng, 2, 2, 2, 2), np.array([0.5, -2.25])
    yield _layer(rng, 2, 3, (3, 3), bias=True)
    yield _layer(rng, 3, 2, (4, 4), bias=True)
    yield _layer(rng, 4, 3, (5, 5), (3, 3), bias=True, numbers=_normal)


def _channel_rectangle_cases(rng):
    yield _layer(rng, 2, 2, (2, 4))
    yield _layer(rng, 2, 3, (3, 5), (3, 2))
    yield _layer(rng, 3, 2, (6, 4), (2, 3))
    yield _layer(rng, 3, 2, (int(rng.integers(6, 9)), int(rng.integers(3, 6))), (3, 2))


def _each_alone(image, filters):
    """One map for each filter and channel: (n, c, h', w')."""
    return np.array([[_convolve(x, w) for x, w in zip(image, one, strict=True)] for one in filters])


def _channels_as(change=lambda filters: filters, join=lambda alone: alone.sum(axis=1), add=None):
    """A variant: other filters, another way to join the channels, another way to add the biases."""

    def compute(image, filters, bias):
        maps = join(_each_alone(image, change(filters)))
        return add(maps, bias, image, filters) if add else maps + bias[:, None, None]

    return compute


def _bias_as(offset):
    """A variant that is wrong in its biases only; `offset` gives what is added to each map."""
    return _channels_as(add=lambda maps, bias, image, filters: maps + np.reshape(offset(bias, filters), (-1, 1, 1)))


def _swapped(image, filters, bias):
    swapped = filters.swapaxes(0, 1)
    return np.array([sum(_convolve(x, w) for x, w in zip(image, one, strict=False)) for one in swapped])


def _no_bias(maps, bias, image, filters):
    return maps


convolve_channels = Check(
    "convolve_channels",
    reference=_convolve_channels,
    cases=_channel_cases,
    uses=[convolve, slide],
    weight=2,
    **_CLOSE,
    misconceptions=[
        (
            _channels_as(join=lambda alone: alone, add=_no_bias),
            "the sum over the channels is missing: one answer for each filter and channel. A filter looks at all "
            "channels at once and gives a single map",
        ),
        (
            _channels_as(join=lambda alone: alone.reshape(-1, *alone.shape[2:]), add=_no_bias),
            "the sum over the channels is missing: each channel has a map of its own. A filter looks at all channels "
            "at once and gives a single map",
        ),
        (
            _channels_as(join=lambda alone: alone[:, -1]),
            "only the last channel counts: each channel takes the place of the one before, where it should be added",
        ),
        (
            _channels_as(join=lambda alone: alone[:, 0]),
            "only the first channel counts: does something end too early?",
        ),
        (
            _channels_as(join=lambda alone: alone.mean(axis=1)),
            "the mean over the channels, not their sum",
        ),
        (
            _channels_as(join=lambda alone: alone.max(axis=1)),
            "the largest over the channels, not their sum",
        ),
        (
            _channels_as(join=lambda alone: alone.sum(axis=0), add=_no_bias),
            "added up over the filters, not over the channels: the result has one map for each filter",
        ),
        (
            _channels_as(join=lambda alone: alone.sum(axis=(0, 1)), add=_no_bias),
            "everything is added up to one map: each filter has a map of its own",
        ),
        (
            _channels_as(join=lambda alone: alone.sum(axis=1)[0], add=_no_bias),
            "only the first filter: does the `return` stand inside of the loop?",
        ),
        (
            _channels_as(join=lambda alone: alone.sum(axis=1)[::-1]),
            "the filters are in reverse order: map k belongs to filter k",
        ),
        (
            _channels_as(join=lambda alone: np.repeat(alone.sum(axis=1)[:1], len(alone), axis=0)),
            "the first filter is used for all maps",
        ),
        (
            _channels_as(join=lambda alone: np.repeat(alone.sum(axis=1)[-1:], len(alone), axis=0)),
            "the last filter is used for all maps",
        ),
        (
            _channels_as(join=lambda alone: np.cumsum(alone.sum(axis=1), axis=0)),
            "each map has those of the filters before it in it: the sum must start at 0 again for each filter",
        ),
        (
            _swapped,
            "filters and channels have changed places: the axes are (filters, channels, height, width)",
        ),
        (
            _channels_as(change=lambda filters: filters[:, :1].repeat(filters.shape[1], axis=1)),
            "the first layer of the filter is laid on all channels: each channel meets a layer of its own",
        ),
        (
            _channels_as(change=lambda filters: filters[:, ::-1, ::-1, ::-1]),
            _FLIPPED + ". Here even the order of the channels is turned",
        ),
        (
            _channels_as(change=lambda filters: filters[:, ::-1]),
            "the channels meet the layers of the filter in reverse order",
        ),
        (_channels_as(change=lambda filters: filters[:, :, ::-1, ::-1]), _FLIPPED),
        (_channels_as(change=lambda filters: filters.swapaxes(2, 3)), _TRANSPOSED),
        (
            _channels_as(add=lambda maps, bias, *others: np.moveaxis(maps + bias[:, None, None], 0, -1)),
            "the maps lie along the last axis: the axes of the result are (filters, height, width)",
        ),
        (
            _channels_as(add=lambda maps, bias, *others: np.squeeze(maps + bias[:, None, None])),
            "an axis is lost where there is only one filter or one place: the result always has three",
        ),
        (
            _channels_as(add=lambda maps, bias, *others: maps * bias[:, None, None]),
            "the map is multiplied with its bias: it should be added",
        ),
        (
            _channels_as(add=lambda maps, bias, *others: maps[:, :-1, :-1]),
            _ONE_TOO_FEW,
        ),
        (
            _channels_as(add=lambda maps, bias, *others: _end_stays_0(maps + bias[:, None, None])),
            _END_STAYS_0,
        ),
        (
            _channels_as(add=lambda maps, bias, *others: np.maximum(0, maps + bias[:, None, None])),
            "numbers below 0 have become 0, as by a ReLU: that is another layer",
        ),
    ],
    parts=[
        Part(
            "the bias of each filter is added to its map",
            cases=_bias_cases,
            misconceptions=[
                (_channels_as(add=_no_bias), "the bias is forgotten"),
                (
                    _bias_as(lambda bias, filters: bias * filters.shape[1]),
                    "the bias is added once for each channel: a filter has one bias, added to the sum over its "
                    "channels",
                ),
                (
                    _bias_as(lambda bias, filters: bias * filters[0].size),
                    "the bias is added to each of the products: a filter has one bias, added to the sum",
                ),
                (
                    _bias_as(lambda bias, filters: bias * filters[0, 0].size),
                    "the bias is added at each pixel of the filter: a filter has one bias, added to the sum",
                ),
                (_bias_as(lambda bias, filters: -bias), "the bias is taken away: it should be added"),
                (
                    _bias_as(lambda bias, filters: bias[0]),
                    "the first bias is added to all maps: map k gets bias k",
                ),
                (
                    _bias_as(lambda bias, filters: bias[-1]),
                    "the last bias is added to all maps: map k gets bias k",
                ),
                (
                    _bias_as(lambda bias, filters: bias.sum()),
                    "the sum of all biases is added to each map: map k gets bias k",
                ),
                (_bias_as(lambda bias, filters: bias[::-1]), "the biases are in reverse order: map k gets bias k"),
                (
                    lambda image, filters, bias: _convolve_channels(image, filters, bias).astype(int),
                    "the digits behind the point are cut off: a bias need not be a whole number. Look at the `dtype` "
                    "of your result",
                ),
            ],
        ),
        Part(_NO_RECTANGLES, cases=_channel_rectangle_cases),
    ],
    hints=[
        "First take one filter alone. It has as many layers as the image has channels. What does your `convolve` say "
        "of channel 0 and layer 0, and what has to be done with the answers of all channels?",
        "`filters[k]` is one filter, of shape (channels, height, width), and `filters[k][c]` is the layer of it that "
        "meets `image[c]`.",
        "Two loops: the outer one over filters, the inner one over channels. Where does the sum begin at 0, in front "
        "of which loop? And behind which loop is the bias added?",
        "Collect one map for each filter in a list; `np.array(maps)` stacks them along a new first axis.",
    ],
)


# -- 4. pooling -------------------------------------------------------------------------------------------------------


def _max_pool(maps, size, stride):
    channels, height, width = maps.shape
    tops = range(0, height - size + 1, stride)
    lefts = range(0, width - size + 1, stride)
    pooled = np.zeros((channels, len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            pooled[:, i, j] = maps[:, top : top + size, left : left + size].max(axis=(1, 2))
    return pooled


def _scattered(rng, *shape):
    """Different numbers on both sides of 0, so that no two windows have the same largest one by chance."""
    n = int(np.prod(shape))
    return (rng.permutation(n) - n // 2 + 0.5).reshape(shape)


def _pool_cases(rng):
    yield np.array([[[-3.0, -1.0], [-4.0, -2.0]]]), 2, 2
    yield np.array([[[4.0, 3.0], [1.0, 2.0]], [[8.0, 5.0], [6.0, 7.0]]]), 2, 2
    yield _scattered(rng, 1, 3, 3), 2, 1
    yield _scattered(rng, 2, 4, 4), 2, 2
    yield _scattered(rng, 2, 5, 5), 3, 2
    yield _scattered(rng, 2, 5, 5) - 60, 2, 3
    yield _scattered(rng, 3, 6, 6), 3, 3
    size, stride = (int(n) for n in rng.choice(np.arange(1, 5), size=2, replace=False))
    n = size + stride * int(rng.integers(2, 4))
    yield rng.normal(size=(int(rng.integers(2, 5)), n, n)), size, stride


def _pool_rest_cases(rng):
    yield _scattered(rng, 1, 3, 3), 2, 2
    yield _scattered(rng, 2, 5, 5), 2, 2
    yield _scattered(rng, 1, 6, 6), 3, 2
    stride = int(rng.integers(2, 5))
    n = 3 + 2 * stride + int(rng.integers(1, stride))
    yield rng.normal(size=(2, n, n)), 3, stride


def _pool_rectangle_cases(rng):
    yield _scattered(rng, 1, 2, 4), 2, 2
    yield _scattered(rng, 2, 6, 4), 2, 2
    yield _scattered(rng, 3, 3, 7), 3, 2
    yield rng.normal(size=(2, 2 * int(rng.integers(2, 4)), 2 * int(rng.integers(4, 7)))), 2, 2


def _pool_as(what=np.max, tops=_whole_steps, size=lambda k, s: k, stride=lambda k, s: s):
    """A variant: another summary of each window of one map, or other windows."""

    def compute(maps, k, s):
        k, s = size(k, s), stride(k, s)
        down, across = (tops(n, k, s) for n in maps.shape[1:])
        values = [[[what(x[i : i + k, j : j + k]) for j in across] for i in down] for x in maps]
        return np.array(values, dtype=float).reshape(len(maps), len(down), len(across))

    return compute


def _from_pooled(change):
    return lambda maps, size, stride: change(_max_pool(maps, size, stride), maps)


def _largest_of_all_channels(maps, size, stride):
    return _max_pool(maps.max(axis=0)[None], size, stride)[0]


def _across_windows(maps, size, stride):
    c, h, w = maps.shape
    return maps.reshape(c, h // size, size, w // size, size).max(axis=(1, 3))


def _along(axis):
    """The largest of `size` neighbours along one axis of the map only; the other axis stays as it is."""

    def compute(maps, size, stride):
        starts = range(0, maps.shape[axis] - size + 1, stride)
        pieces = [maps.take(range(start, start + size), axis=axis).max(axis=axis) for start in starts]
        return np.stack(pieces, axis=axis)

    return compute


def _pool_by_axis(strides):
    """Other strides down and across."""

    def compute(maps, size, stride):
        down, across = strides(stride)
        return _max_pool(maps, size, 1)[:, ::down, ::across]

    return compute


max_pool = Check(
    "max_pool",
    reference=_max_pool,
    cases=_pool_cases,
    weight=4,
    **_CLOSE,
    misconceptions=[
        (_pool_as(np.mean), "the mean of each window, not its largest number: that is average pooling"),
        (_pool_as(np.min), "the smallest number of each window, not the largest"),
        (_pool_as(np.sum), "the sum of each window, not its largest number"),
        (
            _pool_as(lambda window: max(0, window.max())),
            "0 where a window holds only numbers below 0: the search for the largest begins at 0. Begin it lower, or "
            "with a number of the window",
        ),
        (
            _pool_as(lambda window: max(window.max(), window.min(), key=abs)),
            "the number that is farthest from 0: -4 is less than -1",
        ),
        (_pool_as(lambda window: np.abs(window).max()), "the largest absolute value: the sign must stay"),
        (_pool_as(np.argmax), "the place of the largest number in its window, not the number"),
        (
            _pool_as(lambda window: window[0, 0]),
            "the number in the upper left corner of each window: that is dropping pixels, not pooling",
        ),
        (
            _pool_as(lambda window: window[-1, -1]),
            "the number in the lower right corner of each window, not the largest",
        ),
        (_pool_as(np.median), "the median of each window, not its largest number"),
        (
            _pool_as(lambda window: window[0].max()),
            "the largest of the first row of each window only: the maximum goes over both axes of the window",
        ),
        (
            _pool_as(lambda window: window[:, 0].max()),
            "the largest of the first column of each window only: the maximum goes over both axes of the window",
        ),
        (
            _largest_of_all_channels,
            "the largest over all channels: the first axis is lost. Each channel is pooled by itself",
        ),
        (
            lambda maps, size, stride: maps.max(axis=0),
            "the maximum over the channels, the wrong axis: it belongs inside of each window, and each channel is "
            "pooled by itself",
        ),
        (
            lambda maps, size, stride: np.repeat(_largest_of_all_channels(maps, size, stride)[None], len(maps), axis=0),
            "the same for all channels: the maximum is taken over the channels, too. Each channel is pooled by itself",
        ),
        (
            _across_windows,
            "the maximum over the wrong axes: numbers of different windows are compared, where those inside of one "
            "window should be",
        ),
        (
            _along(1),
            "the maximum over the wrong axis: down only. A window is `size` high and `size` wide",
        ),
        (
            _along(2),
            "the maximum over the wrong axis: across only. A window is `size` high and `size` wide",
        ),
        (
            _from_pooled(lambda pooled, maps: pooled[:1]),
            "only the first channel: each channel is pooled by itself, and all of them are kept",
        ),
        (_from_pooled(lambda pooled, maps: pooled[0]), "only the first channel, and the first axis is lost"),
        (
            _from_pooled(lambda pooled, maps: np.full_like(pooled, maps.max())),
            "the largest number of all: each window has its own",
        ),
        (_pool_as(stride=lambda k, s: 1), "the stride has no effect: the window moves by one pixel"),
        (
            _pool_as(stride=lambda k, s: k),
            "the window always moves by its own size: it should move by `stride`",
        ),
        (
            _pool_by_axis(lambda s: (1, s)),
            "the stride holds across only: down, the window still moves by one pixel",
        ),
        (
            _pool_by_axis(lambda s: (s, 1)),
            "the stride holds down only: across, the window still moves by one pixel",
        ),
        (
            _pool_as(tops=lambda n, k, s: range((n - k) // s + 1)),
            "as many windows as there should be, but they are the first ones, one pixel apart: where does the window "
            "of row i of the result begin, with a stride of 2?",
        ),
        (_from_pooled(lambda pooled, maps: _end_stays_0(pooled)), _END_STAYS_0),
        (_pool_as(size=lambda k, s: s, stride=lambda k, s: k), "size and stride have changed places"),
        (_pool_as(size=lambda k, s: s), "the window is as large as the stride, whatever `size` says"),
        (_pool_as(size=lambda k, s: 2), "the window is always 2 x 2, whatever `size` says"),
        (_pool_as(stride=lambda k, s: 2), "the window always moves by 2, whatever `stride` says"),
        (
            _pool_as(tops=lambda n, k, s: range(0, n - k, s)),
            "the last window of each row and column is missing where it just fits",
        ),
        (
            _pool_as(tops=lambda n, k, s: range(0, n, s)),
            "a window begins at each multiple of the stride, also where it is not full any more: such a window does "
            "not count",
        ),
        (
            _from_pooled(lambda pooled, maps: pooled.astype(int)),
            "the digits behind the point are cut off. Look at the `dtype` of your result",
        ),
        (
            _from_pooled(lambda pooled, maps: np.moveaxis(pooled, 0, -1)),
            "the channels lie along the last axis: they stay along the first",
        ),
        (_from_pooled(lambda pooled, maps: pooled.swapaxes(1, 2)), "rows and columns have changed places"),
    ],
    parts=[
        Part(
            "rows and columns that fill no whole window are left out",
            cases=_pool_rest_cases,
            misconceptions=[
                (
                    _pool_as(tops=lambda n, k, s: range(0, s * (-(-(n - k) // s) + 1), s)),
                    "windows at the right and at the bottom that stick out are kept: a window that is not full does "
                    "not count",
                ),
                (
                    _pool_as(tops=lambda n, k, s: [*range(0, n - k, s), n - k]),
                    "the last window is moved back until it fits: what is left over is left out",
                ),
            ],
        ),
        Part(
            "maps need not be square",
            cases=_pool_rectangle_cases,
            misconceptions=[
                (
                    _from_pooled(lambda pooled, maps: pooled[:, :, : pooled.shape[1]]),
                    "the height is taken for the width, too: `maps.shape` has both",
                ),
            ],
        ),
    ],
    hints=[
        "Where do the windows begin? It is the same as with a filter of `size` pixels and a stride. Only what is "
        "done with the numbers in the window is another thing.",
        "The largest of -3, -1, -4 and -2 is -1. Does your search find it? NumPy's `max` does.",
        "`maps[:, a:b, c:d]` cuts the same window out of all channels: shape (channels, size, size). Along which of "
        "these three axes does the maximum go, and which one has to stay?",
        "`.max(axis=(1, 2))` goes over two axes at once and leaves one number for each channel.",
    ],
)


# -- 5. im2col --------------------------------------------------------------------------------------------------------


def _convolve_im2col(image, filters, bias):
    n, _, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = np.array(
        [
            channel[u : u + rows, v : v + across].ravel()  # what pixel (u, v) of the filter meets at all places
            for channel in image
            for u in range(high)
            for v in range(wide)
        ]
    )
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


def _im2col_cases(rng):
    yield np.array([[[1.0, 0, 2], [4, 3, 1], [2, 5, 6]]]), np.array([[[[1.0, -1], [3, 2]]]]), np.array([0.5])
    yield np.arange(1.0, 9.0).reshape(2, 2, 2), np.array([[[[1.0, 2], [-1, 3]], [[2, -2], [4, 1]]]]), np.array([-1.5])
    two = np.array([[[[1.0, -1], [3, 2]]], [[[2.0, 0], [1, -2]]]])
    yield np.array([[[1.0, 0, 2], [4, 3, 1], [2, 5, 6]]]), two, np.array([0.5, -1])
    for channels, filters, n, k in ((2, 2, 3, 2), (2, 3, 4, 2), (3, 2, 5, 3), (1, 4, 6, 3)):
        yield _layer(rng, channels, filters, (n, n), (k, k), bias=True, numbers=_normal)


def _im2col_rectangle_cases(rng):
    yield np.arange(1.0, 9.0).reshape(1, 2, 4), np.array([[[[1.0, 2], [-1, 3]]]]), np.array([0.5])
    yield _layer(rng, 2, 2, (4, 3), (2, 3), bias=True, numbers=_normal)
    yield _layer(rng, 2, 3, (3, 5), (3, 2), bias=True, numbers=_normal)
    yield _layer(rng, 3, 2, (5, int(rng.integers(6, 9))), (2, 3), bias=True, numbers=_normal)


def _taps(image, filters, order=(0, 1, 2, 3, 4)):
    """All windows as (channel, filter row, filter column, row, column), in another order of axes."""
    view = np.lib.stride_tricks.sliding_window_view(image, filters.shape[2:], axis=(1, 2))
    return view.transpose(0, 3, 4, 1, 2).transpose(order)


def _columns_as(build):
    """A variant of the matrix; the maps are right."""
    return lambda image, filters, bias: (
        np.ascontiguousarray(build(image, filters)),
        _convolve_im2col(image, filters, bias)[1],
    )


def _maps_as(multiply):
    """A variant of the product; the matrix is right."""

    def compute(image, filters, bias):
        columns, maps = _convolve_im2col(image, filters, bias)
        return columns, multiply(columns, filters, bias, maps.shape)

    return compute


def _ordered(*order, rows=3):
    def build(image, filters):
        taps = _taps(image, filters, order)
        return taps.reshape(int(np.prod(taps.shape[:rows])), -1)

    return build


def _side_by_side(image, filters):
    k = filters.shape[2]
    view = np.lib.stride_tricks.sliding_window_view(image, (k, k), axis=(1, 2))[:, ::k, ::k]
    return view.transpose(0, 3, 4, 1, 2).reshape(filters[0].size, -1)


def _product(columns, filters, bias, shape):
    return (filters.reshape(len(filters), -1) @ columns + bias[:, None]).reshape(shape)


def _use_im2col(answer, image, filters, bias):
    result = answer(image, filters, bias)
    return tuple(result) if isinstance(result, list) else result


def _two_arrays(result, image, filters, bias):
    if isinstance(result, tuple) and len(result) == 2 and all(isinstance(one, np.ndarray) for one in result):
        return None
    if isinstance(result, np.ndarray):
        return "one array, where two are asked for: `return columns, maps`"
    return "the result is not a pair of arrays, the matrix and the maps"


convolve_im2col = Check(
    "convolve_im2col",
    reference=_convolve_im2col,
    cases=_im2col_cases,
    call=_use_im2col,
    weight=0,
    **_CLOSE,
    parts=[
        Part("two arrays, the matrix and the maps", accept=_two_arrays, weight=0, essential=True),
        Part(
            "the matrix: each window is one column",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    lambda image, filters, bias: _convolve_im2col(image, filters, bias)[::-1],
                    "the maps stand where the matrix belongs: the matrix first",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image, filters).T),
                    "rows and columns of the matrix have changed places: each window is a column",
                ),
                (
                    _columns_as(_ordered(1, 2, 0, 3, 4)),
                    "the channels change fastest down a column: first come all pixels of channel 0, then all of "
                    "channel 1",
                ),
                (
                    _columns_as(_ordered(0, 2, 1, 3, 4)),
                    "the pixels of a window are written down column by column: go along its rows, as `ravel` does",
                ),
                (
                    _columns_as(_ordered(0, 1, 2, 4, 3)),
                    "the places are gone through column by column: go along the rows of the result, as `ravel` does",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image, filters[:, :, ::-1])[::-1]),
                    "each window stands on its head: its first pixel, the upper left one, belongs at the top of the "
                    "column",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image[:1], filters)),
                    "only the first channel: a filter looks at all channels, so a column holds the window of each",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image[-1:], filters)),
                    "only the last channel: a filter looks at all channels, so a column holds the window of each",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image[::-1], filters)),
                    "the channels are in reverse order: channel 0 is at the top of each column",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(1, 2, 0, 3, 4, rows=2)(image, filters)),
                    "the channels lie side by side: they belong one below the other, in the same column",
                ),
                (
                    _columns_as(
                        lambda image, filters: _taps(image, filters).reshape(len(image), filters[0, 0].size, -1)
                    ),
                    "a matrix for each channel: there is a single one, with the channels one below the other",
                ),
                (
                    _columns_as(
                        lambda image, filters: _taps(image, filters)[..., :-1, :-1].reshape(filters[0].size, -1)
                    ),
                    "places are missing: the windows at the right and at the bottom have a column, too",
                ),
                (
                    _columns_as(lambda image, filters: _ordered(0, 1, 2, 3, 4)(image, filters).astype(int)),
                    "the digits behind the point are cut off. Look at the `dtype` of your matrix",
                ),
                (
                    _columns_as(_side_by_side),
                    "the windows lie side by side: from one to the next it is one pixel",
                ),
                (
                    _columns_as(
                        lambda image, filters: _ordered(0, 1, 2, 3, 4)(image, filters) * filters[0].reshape(-1, 1)
                    ),
                    "the windows are multiplied with the filter already: the matrix holds pixels only",
                ),
            ],
        ),
        Part(
            "the maps: all filters times the matrix, and the biases",
            view=lambda result: result[1],
            misconceptions=[
                (
                    _maps_as(lambda columns, filters, bias, shape: _product(columns, filters, 0 * bias, shape)),
                    "the bias is forgotten",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(columns, filters, bias, shape).reshape(
                            shape[0], -1
                        )
                    ),
                    "each map is one long row: give it back its height and its width",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(columns, filters, bias, shape).swapaxes(1, 2)
                    ),
                    "rows and columns of the maps have changed places: the matrix goes through the places row by row",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: np.moveaxis(
                            _product(columns, filters, bias, shape), 0, -1
                        )
                    ),
                    "the maps lie along the last axis: the axes of the result are (filters, height, width)",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: (
                            _product(columns, filters, bias, shape).reshape(shape[0], -1).T.reshape(shape)
                        )
                    ),
                    "the numbers of different maps are mixed: `reshape` goes along the rows, so each row must be one "
                    "map",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(columns, filters[:, :, ::-1, ::-1], bias, shape)
                    ),
                    _FLIPPED,
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(columns, filters.swapaxes(2, 3), bias, shape)
                    ),
                    "the weights of a filter are written down column by column, the pixels of a window row by row: "
                    "both in the same order",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(
                            columns, filters.transpose(0, 2, 3, 1).reshape(filters.shape), bias, shape
                        )
                    ),
                    "the weights of a filter are in another order than the pixels of a window: channel by channel, "
                    "both",
                ),
                (
                    _maps_as(
                        lambda columns, filters, bias, shape: _product(
                            columns, filters.reshape(-1, len(filters)).T, bias, shape
                        )
                    ),
                    "the weights of different filters are mixed: `reshape` goes along the rows, so make one row for "
                    "each filter",
                ),
                (
                    _maps_as(lambda columns, filters, bias, shape: _product(columns, filters, bias[:1], shape)),
                    "the first bias is added to all maps: map k gets bias k",
                ),
                (
                    _maps_as(lambda columns, filters, bias, shape: _product(columns, filters, -bias, shape)),
                    "the bias is taken away: it should be added",
                ),
            ],
        ),
        # The numbers of the maps belong to the part before: no mistake is counted twice.
        Part(_NO_RECTANGLES, cases=_im2col_rectangle_cases, view=lambda result: (result[0], result[1].shape)),
    ],
    hints=[
        "How many rows does the matrix have if the image has 2 channels and the filter 3 x 3 pixels? And how many "
        "columns, if the filter has 4 x 5 places? Make room for it with `np.zeros` and fill it.",
        "The window at the place (i, j) is `image[:, i : i + height, j : j + width]`, over all channels. In which "
        "order does `.ravel()` write its numbers down? Compare with the order that is asked for.",
        "Which number has the column of the place (i, j), if the places are counted row by row and there are "
        "`across` of them in a row? (Or do without counting: collect the windows in a list and turn the stack with "
        "`.T`.)",
        "One filter is one row: `filters.reshape(len(filters), -1)` has all of them. A row times a column adds up "
        "the products, so `@` does all filters at all places at once.",
        "The biases have shape (filters,), the product (filters, places). `bias[:, None]` is a column, which is "
        "added to each column of the product. Then `.reshape` the rows into maps.",
    ],
)
