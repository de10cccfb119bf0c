"""Checks of the graded lab ``a05_beyond_images``: spectrograms, filters along frequency, text, Go, the k best."""

import numpy as np

from .core import Check, Part
from .values import outline

# -- 1. spectrogram ---------------------------------------------------------------------------------------------------


def _spectrogram(signal, size, step, floor):
    fade = (1 - np.cos(2 * np.pi * np.arange(size) / size)) / 2
    starts = np.arange(0, len(signal) - size + 1, step)
    frames = signal[starts[:, None] + np.arange(size)]
    power = np.abs(np.fft.rfft(frames * fade)) ** 2
    return np.log(power + floor).T


def _sound_cases(rng):
    yield np.array([0.0, 2.0, 4.0, 4.0, 1.0, 2.0]), 4, 2, 1e-6
    yield np.array([3.0, -1.0, 2.0, 3.0, 1.0, -4.0, 2.0, 7.0, 3.0]), 4, 2, 1e-6
    for size in (6, 8, 16):
        step = int(rng.integers(2, size // 2 + 1))
        steps = int(rng.integers(3, 7))
        rest = int(rng.integers(0, step))
        # Loud noise, in which no frequency is missing: the floor, which is asked for apart, makes no difference.
        yield 100 * rng.normal(size=size + steps * step + rest), size, step, 1e-6
    yield 100 * rng.normal(size=44), 8, 4, 1e-6  # ends with a whole frame


def _silence_cases(rng):
    yield np.zeros(6), 4, 2, 1e-6
    yield np.array([0.0, 2.0, 4.0, 4.0, 1.0, 2.0]), 4, 2, 0.5
    yield np.concatenate([np.zeros(8), 100 * rng.normal(size=12)]), 4, 4, 1e-3
    yield np.zeros(int(rng.integers(20, 40))), 8, 3, float(10.0 ** -rng.integers(2, 9))


def _cut(signal, size, step):
    return np.array([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])


def _hann(size):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def _spectrogram_as(
    cut=_cut,
    fade=_hann,
    transform=np.fft.rfft,
    measure=lambda wave: np.abs(wave) ** 2,
    log=lambda power, floor: np.log(power + floor),
    finish=np.transpose,
):
    """A variant: each step of the recipe can be replaced by a wrong one."""

    def compute(signal, size, step, floor):
        with np.errstate(divide="ignore", invalid="ignore"):
            return finish(log(measure(transform(cut(signal, size, step) * fade(size))), floor))

    return compute


def _padded_at_the_end(signal, size, step):
    missing = -(len(signal) - size) % step
    return _cut(np.append(signal, np.zeros(missing)), size, step)


def _faded_as_a_whole(signal, size, step):
    return _cut(signal * _hann(len(signal)), size, step)


spectrogram = Check(
    "spectrogram",
    reference=_spectrogram,
    cases=_sound_cases,
    weight=3,
    atol=1e-4,
    misconceptions=[
        (
            _spectrogram_as(fade=lambda size: 1),
            "no window: frames are cut out of the sound and not faded, so that their sudden ends look like frequencies "
            "of their own",
        ),
        (
            _spectrogram_as(fade=np.hanning),
            "np.hanning's window, which divides by L - 1 and ends with a second zero. The formula divides by L",
        ),
        (
            _spectrogram_as(fade=np.hamming),
            "np.hamming's window, which is another one: Hann's begins at 0, Hamming's at 0.08",
        ),
        (
            _spectrogram_as(cut=_faded_as_a_whole, fade=lambda size: 1),
            "the whole sound is faded in and out once: each frame is to be, so multiply after cutting",
        ),
        (
            _spectrogram_as(measure=np.abs),
            "the magnitude, not the power: all logarithms are half as large. Power is the square",
        ),
        (
            _spectrogram_as(measure=lambda wave: wave.real**2),
            "only the real part is squared: a tone that starts a little later would vanish. Power is |X|², of both "
            "parts together",
        ),
        (
            _spectrogram_as(measure=lambda wave: np.abs(wave) ** 2 / (2 * wave.shape[-1] - 2)),
            "the power is divided by the length of a frame: nothing is divided here",
        ),
        (
            _spectrogram_as(transform=np.fft.fft),
            "all of np.fft.fft: of a real signal its upper half is the mirror image of the lower one. rfft leaves it "
            "out",
        ),
        (
            _spectrogram_as(transform=lambda frames: np.fft.rfft(frames)[..., :-1]),
            "the highest frequency is missing: there are L/2 + 1 of them, from 0 to half the rate",
        ),
        (
            _spectrogram_as(transform=lambda frames: np.fft.rfft(frames, axis=0)),
            "the Fourier transform runs across the frames: it belongs along each frame",
        ),
        (
            _spectrogram_as(finish=np.asarray),
            "the axes are swapped: a row is a frequency and a column a frame, as in the picture",
        ),
        (
            _spectrogram_as(finish=lambda image: image.T[::-1]),
            "the frequencies stand upside down: row 0 is frequency 0 (a picture turns it over when it is drawn)",
        ),
        (
            _spectrogram_as(cut=lambda signal, size, step: _cut(signal[:-1], size, step)),
            "a frame that ends exactly with the sound is left out: the last frame may begin at n - L",
        ),
        (
            _spectrogram_as(cut=lambda signal, size, step: _cut(signal, size, step)[:-1]),
            "the last frame is missing: each frame that lies wholly within the sound counts",
        ),
        (
            _spectrogram_as(cut=lambda signal, size, step: _cut(signal, size, size)),
            "frames do not overlap: the next one begins `step` readings later, not a whole frame later",
        ),
        (
            _spectrogram_as(cut=lambda signal, size, step: _cut(signal, size, max(1, size - step))),
            "`step` is taken for the overlap: it is how far the next frame begins after this one",
        ),
        (
            _spectrogram_as(cut=lambda signal, size, step: _cut(signal, size, 1)),
            "a frame begins at each reading: the next one begins `step` readings later",
        ),
        (
            _spectrogram_as(cut=_padded_at_the_end),
            "a frame that is not complete is filled up with zeros: what is left over at the end is in no frame",
        ),
        (_spectrogram_as(log=lambda power, floor: power), "no logarithm: these are the powers themselves"),
        (
            _spectrogram_as(log=lambda power, floor: np.log10(power + floor)),
            "logarithms to base 10: natural ones are asked for, np.log",
        ),
        (
            _spectrogram_as(log=lambda power, floor: 10 * np.log10(power + floor)),
            "decibels, 10 times the logarithm to base 10: natural logarithms are asked for, np.log",
        ),
        (
            _spectrogram_as(log=lambda power, floor: np.log1p(power)),
            "np.log1p adds 1 to the power, which drowns everything soft: add `floor`",
        ),
    ],
    parts=[
        Part(
            "silence has a logarithm, that of the floor",
            cases=_silence_cases,
            misconceptions=[
                (
                    _spectrogram_as(log=lambda power, floor: np.log(power)),
                    "minus infinity, the logarithm of 0: add `floor` to the power first",
                ),
                (
                    _spectrogram_as(log=lambda power, floor: np.log(power) + floor),
                    "`floor` is added to the logarithm: the logarithm of 0 was minus infinity before",
                ),
                (
                    _spectrogram_as(log=lambda power, floor: np.log(np.maximum(power, floor))),
                    "the floor is taken for the least power there may be: it is added, to all powers",
                ),
                (
                    _spectrogram_as(log=lambda power, floor: np.log(power + 1e-6)),
                    "the floor is always 0.000001, whatever is asked for",
                ),
            ],
        ),
    ],
    hints=[
        "With n = 6 readings, frames of 4 and a step of 2: where does the first frame begin, where the second, and why "
        "is there no third? `range(0, ..., step)` counts the beginnings; what is the last one allowed?",
        "Cut first, `signal[start : start + size]`, one frame after the other, and make an array of shape (frames, "
        "size) of them. Then the window multiplies all of them at once.",
        "`np.fft.rfft` of a two-dimensional array transforms each row. Its numbers are complex: `np.abs` is their "
        "length, and the power is the square of that.",
        "Rows are frames now, and should be columns: `.T`. The floor goes to the power, and the logarithm comes last.",
    ],
)


# -- 2. filters that move along frequency -----------------------------------------------------------------------------


def _along_frequency(image, filters, step=1):
    height = filters.shape[1]
    responses = [
        (filters * image[band : band + height]).sum(axis=(1, 2)) for band in range(0, len(image) - height + 1, step)
    ]
    return np.stack(responses, axis=1)


def _image_cases(rng):
    yield np.array([[1.0, 0, 2], [4, 3, 1], [2, -1, 0]]), np.array([[[1.0, 2, -1], [0, 1, 3]]])
    yield np.array([[1.0, 0], [2, 1], [0, 3], [1, 4]]), np.array([[[1.0, 2], [0, 1]], [[-1, 0], [2, 5]]])
    for bands, frames, count, height in ((7, 5, 3, 3), (6, 9, 2, 4), (5, 4, 2, 5), (20, 12, 6, 4)):
        bands += int(rng.integers(0, 3)) if height != bands else 0
        yield rng.normal(size=(bands, frames)), rng.normal(size=(count, height, frames))


def _step_cases(rng):
    image = np.array([[1.0, 0], [2, 1], [0, 3], [1, 4], [2, -1], [5, 1], [1, 1]])
    yield image, np.array([[[1.0, 2], [0, 1]]]), 2
    yield image, np.array([[[1.0, 2], [0, 1]], [[3, -1], [1, 1]]]), 3
    for _ in range(2):
        step = int(rng.integers(2, 5))
        yield rng.normal(size=(int(rng.integers(12, 20)), 6)), rng.normal(size=(3, 4, 6)), step


def _bands_as(of):
    """A variant without a step: `of` takes windows (places, 1, height, frames) and filters (n, height, frames)."""

    def compute(image, filters, step=1):
        height = filters.shape[1]
        windows = np.array([image[band : band + height] for band in range(0, len(image) - height + 1, step)])
        return of(windows[:, None], filters)

    return compute


def _both_ends_padded(image, filters, step=1):
    before = (filters.shape[1] - 1) // 2
    behind = filters.shape[1] - 1 - before
    return _along_frequency(np.pad(image, ((before, behind), (0, 0))), filters, step)


along_frequency = Check(
    "along_frequency",
    reference=_along_frequency,
    cases=_image_cases,
    weight=2,
    misconceptions=[
        (
            lambda image, filters, step=1: _along_frequency(image, filters)[:, :1],
            "one place only for each filter: it covers all of the time, so it cannot move along time. It has room to "
            "move along frequency, from band to band",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image.T, filters, step),
            "the filters move along time: the spectrogram is read with bands and frames exchanged",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters[:, ::-1, ::-1], step),
            "a true convolution, with each filter flipped in both directions: networks lay it on as it is",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters[:, ::-1], step),
            "the filters are flipped along frequency: lay them on as they are, row 0 on the lowest of the bands",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters[:, :, ::-1], step),
            "the filters are flipped along time: frame 0 of the filter belongs on frame 0",
        ),
        (
            _bands_as(lambda windows, filters: (windows * filters).sum(axis=2).transpose(1, 0, 2)),
            "the sum over the frames is missing: a place gives one number for each filter",
        ),
        (
            _bands_as(lambda windows, filters: (windows * filters).sum(axis=3).transpose(1, 0, 2)),
            "the sum over the bands is missing: a place gives one number for each filter",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters, step).T,
            "the axes are swapped: a row for each filter, a column for each place",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters, step).sum(axis=0),
            "the filters are added up: each of them makes a row of its own, since each looks for something else",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters[:1], step),
            "only the first filter: each of them makes a row",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters[:1], step)[0],
            "a single row, that of the first filter: each of them makes a row",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters, step).max(axis=1),
            "the maximum over the places: all places are asked for",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters, step)[:, :-1],
            "one place too few: a filter as high as the spectrogram has one place, not none",
        ),
        (
            _both_ends_padded,
            "the spectrogram is padded, so that there are as many places as bands: no zeros are asked for",
        ),
        (
            lambda image, filters, step=1: _along_frequency(image, filters, filters.shape[1]),
            "the filter moves by its own height: it moves by `step` bands, and its places overlap",
        ),
        (
            _bands_as(lambda windows, filters: (windows * filters).mean(axis=(2, 3)).T),
            "the mean of the products, not their sum",
        ),
        (
            lambda image, filters, step=1: np.maximum(_along_frequency(image, filters, step), 0),
            "a ReLU on top: only the sums of products are asked for, and these may be negative",
        ),
    ],
    parts=[
        Part(
            "a step of several bands",
            cases=_step_cases,
            misconceptions=[
                (lambda image, filters, step=1: _along_frequency(image, filters), "`step` has no effect"),
                (
                    lambda image, filters, step=1: _along_frequency(image, filters)[
                        :, : (len(image) - filters.shape[1]) // step + 1
                    ],
                    "the right number of places, but neighbouring ones: place 1 begins at band `step`, not at band 1",
                ),
                (
                    lambda image, filters, step=1: _along_frequency(image, filters, step)[
                        :, : (len(image) - filters.shape[1] + 1) // step
                    ],
                    "a place is lost: the filter takes (bands - height) // step steps, and stood somewhere before",
                ),
                (
                    lambda image, filters, step=1: _along_frequency(image[::step], filters),
                    "bands are left out of the spectrogram itself: a filter always covers neighbouring bands, and only "
                    "its next place begins `step` bands further up",
                ),
            ],
        ),
    ],
    hints=[
        "Lay the worked example out on paper: which rows does the filter cover at its first place, which at its "
        "second? And which columns? (Always all of them.)",
        "A loop over the first band of each place: `image[band : band + height]` is what the filter lies on, and has "
        "the shape of one filter.",
        "`filters * window` multiplies all filters with the same window at once, shape (n, height, frames). Sum over "
        "the last two axes, and a number for each filter is left.",
        "Collect one such row of n numbers for each place. A list of them as an array has the places first, so turn "
        "it. The places begin at range(0, bands - height + 1, step).",
    ],
)


# -- 3. windows of words ----------------------------------------------------------------------------------------------


def _fire(words, filters, biases):
    width = filters.shape[1]
    blank = np.zeros((max(0, width - len(words)), words.shape[1]))
    words = np.concatenate([words, blank])
    responses = np.maximum(0, _along_frequency(words, filters) + biases[:, None])
    return responses.max(axis=1), responses.argmax(axis=1)


_WORDS = np.array([[1.0, 0], [0, 2], [3, 1], [1, 1]])


def _text_cases(rng):
    yield _WORDS, np.array([[[1.0, 0], [0, 1]], [[0, -1], [-1, 0]]]), np.array([0.5, 1.5])
    yield _WORDS, np.array([[[0.0, 2], [1, 0]], [[-1, -1], [-2, 0]], [[2, 0], [0, 3]]]), np.array([-1.0, 1.0, 0.5])
    yield _WORDS[:2], np.array([[[1.0, 0], [0, 1]]]), np.array([-0.25])  # one place
    for count, width, dimensions in ((3, 3, 4), (2, 2, 6), (5, 4, 3)):
        n = int(rng.integers(6, 12))
        filters = rng.normal(size=(count, width, dimensions))
        filters[-1] = -np.abs(filters[-1])  # one that no word makes fire
        words = np.abs(rng.normal(size=(n, dimensions)))
        yield words, filters, np.append(rng.choice([-0.3, 0.4], size=count - 1), -0.5)


def _short_text_cases(rng):
    yield np.array([[1.0, 2]]), np.array([[[1.0, 0], [0, 5]], [[0, 0], [1, 1]]]), np.array([0.5, 0.25])
    for _ in range(2):
        width = int(rng.integers(3, 6))
        n = int(rng.integers(1, width))
        yield np.abs(rng.normal(size=(n, 4))), np.abs(rng.normal(size=(3, width, 4))), rng.uniform(0.1, 1, size=3)


def _padded(words, filters, before=0, behind=None):
    behind = max(0, filters.shape[1] - len(words)) - before if behind is None else behind
    return np.pad(words, ((before, behind), (0, 0)))


def _responses(words, filters, biases):
    return np.maximum(0, _along_frequency(_padded(words, filters), filters) + biases[:, None])


def _fire_as(strongest, where=None):
    """A variant: `strongest` takes (words, filters, biases) and gives one value a filter; the places stay right."""

    def compute(words, filters, biases):
        right = _fire(words, filters, biases)
        return (
            strongest(_padded(words, filters), filters, biases),
            where(words, filters, biases) if where else right[1],
        )

    return compute


def _each_word_alone(words, filters, biases):
    pairs = [words[place : place + filters.shape[1]] for place in range(len(words) - filters.shape[1] + 1)]
    products = np.array([(filters * window).sum(axis=2) for window in pairs])  # (places, filters, width)
    return np.maximum(0, products.max(axis=(0, 2)) + biases)


def _zeros_around(words, filters):
    """Pad every text on both sides, as PyTorch's ``padding=width - 1`` does."""
    return np.pad(words, ((filters.shape[1] - 1,) * 2, (0, 0)))


def _use_fire(answer, words, filters, biases):
    """A list of two arrays is as good as a tuple, and lists as good as arrays."""
    result = answer(words, filters, biases)
    if isinstance(result, tuple | list) and len(result) == 2:
        try:
            return tuple(np.asarray(part) for part in result)
        except ValueError:
            return result
    return result


def _two_arrays(result, words, filters, biases):
    if isinstance(result, np.ndarray):
        return "one array, where two are asked for: `return strongest, places`"
    if not isinstance(result, tuple | list) or len(result) != 2:
        return "the result is not a pair of arrays, the strongest responses and their places"
    for name, part in zip(("strongest", "places"), result, strict=True):
        if not isinstance(part, np.ndarray) or part.shape != (len(filters),):
            size = f" of shape {part.shape}" if isinstance(part, np.ndarray) else ""
            if isinstance(part, np.ndarray) and part.shape == (len(words) - filters.shape[1] + 1,):
                return f"`{name}` has a number for each place: one for each filter is asked for, the maximum over time"
            kind = "an array" if size else outline(part)
            return f"`{name}` is {kind}{size}: one number for each of the {len(filters)} filters is asked for"
    return None


def _places_that_count(result):
    """Where a filter is silent (strongest response 0), any place is right."""
    strongest, places = (np.asarray(part) for part in result)
    return np.where(strongest > 0, places, 0)


fire = Check(
    "fire",
    reference=_fire,
    cases=_text_cases,
    call=_use_fire,
    uses=[along_frequency],
    weight=0,
    parts=[
        Part("two arrays, the strongest responses and their places", accept=_two_arrays, weight=0, essential=True),
        Part(
            "the strongest response of each filter",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _fire_as(
                        lambda words, filters, biases: np.maximum(0, _along_frequency(words, filters).max(axis=1))
                    ),
                    "the biases are missing: each filter adds its own to the sum",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: (
                            np.maximum(0, _along_frequency(words, filters).max(axis=1)) + biases
                        )
                    ),
                    "the bias is added behind the ReLU: first the sum and the bias, then the ReLU",
                ),
                (
                    _fire_as(lambda words, filters, biases: _along_frequency(words, filters).max(axis=1) + biases),
                    "the ReLU is missing: a filter that finds nothing is silent, 0, and never negative",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: np.tanh(_along_frequency(words, filters).max(axis=1) + biases)
                    ),
                    "tanh, which Kim's article has for an example: here it is the ReLU",
                ),
                (
                    _fire_as(_each_word_alone),
                    "each word by itself: the sum over the words of a window is missing, so that `not good` fires as "
                    "`good` does",
                ),
                (
                    _fire_as(lambda words, filters, biases: _responses(words, filters, biases).mean(axis=1)),
                    "the mean over the places, not the maximum: one strong window would drown in a long text",
                ),
                (
                    _fire_as(lambda words, filters, biases: _responses(words, filters, biases).sum(axis=1)),
                    "the sum over the places, not the maximum: a long text would always fire",
                ),
                (
                    _fire_as(lambda words, filters, biases: _responses(words, filters, biases).min(axis=1)),
                    "the minimum over the places, not the maximum",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: np.maximum(
                            0, np.abs(_along_frequency(words, filters)).max(axis=1) + biases
                        )
                    ),
                    "the largest absolute value: a filter that says a loud no does not fire",
                ),
                (
                    _fire_as(lambda words, filters, biases: _responses(words, filters[:, ::-1], biases).max(axis=1)),
                    "the filters are flipped, so that they read the words backwards",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: _responses(words, filters, biases)[
                            :, : max(1, len(words) - filters.shape[1])
                        ].max(axis=1)
                    ),
                    "the window with the last word is never looked at: there are n - width + 1 places",
                ),
                (
                    _fire_as(lambda words, filters, biases: _responses(words, filters, biases)[:, 0]),
                    "only the first window: the filter moves over the whole text",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: _responses(
                            words[: len(words) // filters.shape[1] * filters.shape[1]], filters, biases
                        )[:, :: filters.shape[1]].max(axis=1)
                    ),
                    "windows lie side by side: each begins one word after the one before it",
                ),
                (
                    _fire_as(
                        lambda words, filters, biases: _responses(_zeros_around(words, filters), filters, biases).max(
                            axis=1
                        )
                    ),
                    "zeros are put around every text: only one that is shorter than a window needs them",
                ),
            ],
        ),
        Part(
            "the place of each: the first word of that window",
            view=_places_that_count,
            misconceptions=[
                (
                    _fire_as(lambda *args: _fire(*args)[0], lambda words, filters, b: _fire(words, filters, b)[1] + 1),
                    "the places are numbered from 1: the first word has number 0",
                ),
                (
                    _fire_as(
                        lambda *args: _fire(*args)[0],
                        lambda words, filters, b: _fire(words, filters, b)[1] + filters.shape[1] - 1,
                    ),
                    "the last word of each window: its first word is asked for",
                ),
                (
                    _fire_as(
                        lambda *args: _fire(*args)[0],
                        lambda words, filters, b: _responses(words, filters, b).argmin(axis=1),
                    ),
                    "the place of the weakest response: argmax finds that of the strongest",
                ),
            ],
        ),
        Part(
            "a text shorter than a window is filled up with zeros behind its last word",
            cases=_short_text_cases,
            view=lambda result: result[0],
            misconceptions=[
                (
                    lambda words, filters, biases: _fire(
                        np.pad(words, ((max(0, filters.shape[1] - len(words)), 0), (0, 0))), filters, biases
                    ),
                    "the zeros stand before the first word: they belong behind the last one",
                ),
                (
                    lambda words, filters, biases: _fire(
                        words if len(words) >= filters.shape[1] else np.zeros((filters.shape[1], words.shape[1])),
                        filters,
                        biases,
                    ),
                    "only the biases: the words that are there count, too",
                ),
                (
                    lambda words, filters, biases: (
                        _fire(words, filters, biases)
                        if len(words) >= filters.shape[1]
                        else (np.zeros(len(filters)), np.zeros(len(filters), dtype=int))
                    ),
                    "short texts are given up, 0 for each filter: fill them up with zeros and go on as usual",
                ),
                (
                    lambda words, filters, biases: _fire(
                        np.pad(words, ((0, max(0, filters.shape[1] - len(words))), (0, 0)), mode="edge"),
                        filters,
                        biases,
                    ),
                    "the last word is repeated until the text is long enough: fill up with zeros",
                ),
            ],
        ),
    ],
    hints=[
        "Which of your functions already moves filters over the rows of an array, each as wide as a row? Rows were "
        "bands there, and are words here.",
        "The order for each place: sum of products, plus the filter's bias, then the ReLU. `np.maximum(0, x)` is a "
        "ReLU; `biases[:, None]` stands beside an array of shape (filters, places).",
        "The maximum runs over the places and leaves a number for each filter: look at `axis`. `argmax` with the same "
        "axis says where it was.",
        "For short texts put rows of zeros under `words` first, as many as are missing: `np.zeros((missing, "
        "words.shape[1]))` and `np.vstack`. With none missing nothing happens.",
    ],
)


# -- 4. planes of a Go board ------------------------------------------------------------------------------------------


def _board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = np.zeros((7, *stones.shape))
    planes[0], planes[1] = stones, mine
    planes[2], planes[3] = (mine == 1) & (liberties == 1), (mine == 1) & (liberties == 2)
    planes[4], planes[5] = (mine == -1) & (liberties == 1), (mine == -1) & (liberties == 2)
    if last is not None:
        planes[6][last] = 1
    return planes


def _liberties(stones):
    """Count the liberties of the group at each point: fill the group, and collect the empty points around it."""
    counts = np.zeros(stones.shape, dtype=int)
    for start in zip(*np.nonzero(stones), strict=True):
        group, edge, free = {start}, [start], set()
        while edge:
            row, column = edge.pop()
            for point in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if min(point) < 0 or point[0] >= len(stones) or point[1] >= len(stones):
                    continue
                if stones[point] == 0:
                    free.add(point)
                elif stones[point] == stones[start] and point not in group:
                    group.add(point)
                    edge.append(point)
        counts[start] = len(free)
    return counts


_SMALL = np.array([[0, 1, -1, 0, 0], [0, 1, 1, -1, 0], [0, 0, -1, 0, 0], [0, 0, 0, 0, 0], [0, -1, 0, 1, -1]])


def _random_position(rng, size, stones_each):
    """Stones thrown on a board, less those without a liberty: a position that could be."""
    stones = np.zeros(size * size, dtype=int)
    points = rng.permutation(size * size)[: 2 * stones_each]
    stones[points[:stones_each]], stones[points[stones_each:]] = 1, -1
    stones = stones.reshape(size, size)
    stones[(stones != 0) & (_liberties(stones) == 0)] = 0
    return stones, _liberties(stones)


def _position_cases(rng):
    yield _SMALL, _liberties(_SMALL), 1, (1, 3)
    yield _SMALL, _liberties(_SMALL), -1, (4, 3)
    for size, stones_each in ((7, 12), (9, 22), (19, 95)):
        for to_play in (-1, 1):
            stones, liberties = _random_position(rng, size, stones_each)
            theirs = np.argwhere(stones == -to_play)
            row, column = theirs[theirs[:, 0] != theirs[:, 1]][int(rng.integers(0, 5))]
            yield stones, liberties, to_play, (int(row), int(column))


def _no_last_move_cases(rng):
    for size in (5, 19):
        empty = np.zeros((size, size), dtype=int)
        yield empty, empty, 1, None
    yield *_random_position(rng, 9, 15), -1, None


def _planes_as(change=None, stones_as=None, mine_as=None, liberties_as=None, last_as=None):
    """A variant: `change` works on the right planes; the others replace what the planes are made from."""

    def compute(stones, liberties, to_play, last):
        given = stones if stones_as is None else stones_as(stones, to_play)
        mine = stones * to_play if mine_as is None else mine_as(stones, to_play)
        planes = _board_planes(mine, liberties if liberties_as is None else liberties_as(liberties), 1, None)
        planes[0] = given
        if last is not None:
            planes[6][last if last_as is None else last_as(last)] = 1
        return planes if change is None else change(planes, stones, liberties, to_play, last)

    return compute


def _counts(planes, stones, liberties, to_play, last):
    return np.array([*planes[:2], *(plane * liberties for plane in planes[2:6]), planes[6]])


def _at_most_two(planes, stones, liberties, to_play, last):
    planes[3] += planes[2]
    planes[5] += planes[4]
    return planes


def _signed(planes, stones, liberties, to_play, last):
    planes[4:6] *= -1
    return planes


def _of_black(planes, stones, liberties, to_play, last):
    planes[2:6] = _board_planes(stones, liberties, 1, None)[2:6]
    return planes


def _both_sides(planes, stones, liberties, to_play, last):
    one, two = planes[2] + planes[4], planes[3] + planes[5]
    planes[2], planes[3], planes[4], planes[5] = one, two, one, two
    return planes


board_planes = Check(
    "board_planes",
    reference=_board_planes,
    cases=_position_cases,
    weight=3,
    misconceptions=[
        (
            _planes_as(stones_as=lambda stones, to_play: -stones, mine_as=lambda stones, to_play: -stones * to_play),
            "black and white are exchanged: a black stone is 1, a white one -1",
        ),
        (
            _planes_as(stones_as=lambda stones, to_play: stones * to_play),
            "plane 0 is seen from the mover, too: it is the lecture's, in which black is 1 whoever is to play",
        ),
        (
            _planes_as(stones_as=lambda stones, to_play: -stones),
            "black and white are exchanged in plane 0: a black stone is 1, a white one -1",
        ),
        (
            _planes_as(mine_as=lambda stones, to_play: stones),
            "not seen from the mover: where it is White's turn, white stones are the mover's own, 1 in plane 1, and "
            "their groups belong into planes 2 and 3",
        ),
        (
            _planes_as(change=lambda planes, stones, *_: np.array([stones, stones, *planes[2:]])),
            "plane 1 is plane 0 again, whoever is to play: where it is White's turn the mover's own stones are the "
            "white ones",
        ),
        (
            _planes_as(change=_of_black),
            "planes 2 to 5 have Black's groups first, whoever is to play: the mover's own groups come first",
        ),
        (
            _planes_as(mine_as=lambda stones, to_play: -stones * to_play),
            "seen from the opponent: the mover's own stones are 1, and the mover's groups come first",
        ),
        (
            _planes_as(change=lambda planes, *_: planes[[0, 1, 4, 5, 2, 3, 6]]),
            "the opponent's groups stand before the mover's: planes 2 and 3 belong to the mover",
        ),
        (
            _planes_as(change=lambda planes, *_: planes[[0, 1, 2, 4, 3, 5, 6]]),
            "planes 3 and 4 have changed places: both planes of the mover come first",
        ),
        (
            _planes_as(change=_both_sides),
            "the groups of both sides in each plane: who is in danger, the mover or the opponent, must be seen",
        ),
        (
            _planes_as(change=_counts),
            "the number of liberties stands in the planes: each asks a question with the answer 1 or 0",
        ),
        (
            _planes_as(change=_at_most_two),
            "groups with one liberty are in the planes for two as well: exactly two are asked for",
        ),
        (
            _planes_as(change=_signed),
            "-1 in the planes of the opponent's groups: the answer to a question is 1 or 0",
        ),
        (
            _planes_as(last_as=lambda last: last[::-1]),
            "row and column of the last move are exchanged",
        ),
        (
            _planes_as(last_as=lambda last: last[0]),
            "the whole row of the last move is marked: one point is, `plane[row, column]`",
        ),
        (
            _planes_as(change=lambda planes, *_: np.array([*planes[:6], np.zeros_like(planes[6])])),
            "the last move is not marked",
        ),
        (
            _planes_as(
                change=lambda planes, stones, liberties, to_play, last: np.array([*planes[:6], -to_play * planes[6]])
            ),
            "the last move has its colour's sign: it is marked by 1, whoever played it",
        ),
        (
            _planes_as(change=lambda planes, *_: planes.transpose(1, 2, 0)),
            "the planes are the last axis: torch has them first, (planes, rows, columns)",
        ),
        (
            _planes_as(change=lambda planes, *_: planes[1:]),
            "plane 0, the board as the lecture has it, is missing",
        ),
    ],
    parts=[
        Part(
            "without a last move the last plane is empty",
            cases=_no_last_move_cases,
            misconceptions=[
                (
                    _planes_as(change=lambda planes, s, li, t, last: _marked(planes, last, slice(None))),
                    "the whole last plane is 1: `plane[None]` is all of it. Ask first whether there is a last move",
                ),
                (
                    _planes_as(change=lambda planes, s, li, t, last: _marked(planes, last, (0, 0))),
                    "a corner is marked: nothing is, where there was no last move",
                ),
                (
                    _planes_as(change=lambda planes, s, li, t, last: _marked(planes, last, (-1, -1))),
                    "the last corner is marked: nothing is, where there was no last move",
                ),
            ],
        ),
    ],
    hints=[
        "One product turns the board so that the mover's own stones are 1 whoever is to play. What is -1 times -1?",
        "Comparisons of arrays give arrays: `liberties == 1` asks all points at once. Two questions are joined by `&`, "
        "each in brackets.",
        "Planes 2 to 5 are all made alike: whose stone is it (in the board that you have just turned), and how many "
        "liberties? Begin with `np.zeros((7, *stones.shape))`, and fill one plane after the other.",
        "`planes[6][last] = 1` marks a point, since `last` is a tuple (row, column). With `None` it would mark "
        "everything, so ask first.",
    ],
)


def _marked(planes, last, where):
    if last is None:
        planes[6][where] = 1
    return planes


# -- 5. among the k best ----------------------------------------------------------------------------------------------


def _top_k(scores, allowed, truth, k):
    scores = np.where(allowed, scores, -np.inf)
    better = (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    choices = allowed.sum(axis=1)
    return float(np.mean(better < k)), float(np.mean(np.minimum(k, choices) / choices))


def _guess_cases(rng):
    scores = np.array([[0.1, 0.5, 0.3, 0.1], [0.2, 0.1, 0.3, 0.4], [0.6, 0.25, 0.05, 0.1]])
    scores += np.arange(4) / 1000  # no two alike
    allowed = np.array([[1, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]], dtype=bool)
    yield scores, allowed, np.array([2, 2, 3]), 1
    yield scores, allowed, np.array([3, 2, 3]), 2
    for n, classes in ((12, 6), (40, 9), (200, 25)):
        yield *_guesses(rng, n, classes), int(rng.integers(2, 4))


def _guesses(rng, n, classes):
    """Scores that are better than chance, the highest of which are often not allowed."""
    allowed = rng.random((n, classes)) < 0.7
    allowed[:, :4] = True
    allowed[: n // 2, 4:] = False  # so that the numbers of choices differ much
    for row in allowed:
        rng.shuffle(row)
    truth = np.array([int(rng.choice(np.flatnonzero(row))) for row in allowed])
    scores = rng.permutation(n * classes).reshape(n, classes) / (n * classes)
    scores[np.arange(n), truth] += rng.choice([0, 0.5], size=n)
    scores += 0.6 * ~allowed * (rng.random((n, classes)) < 0.5)
    scores += rng.permutation(n * classes).reshape(n, classes) / 1e7  # no two alike
    return scores, allowed, truth


def _few_choices_cases(rng):
    allowed = np.array([[1, 0, 0, 1], [0, 0, 1, 0]], dtype=bool)
    yield np.array([[0.1, 0.5, 0.3, 0.2], [0.2, 0.1, 0.3, 0.4]]), allowed, np.array([3, 2]), 3
    scores, allowed, truth = _guesses(rng, 20, 8)
    yield scores, allowed, truth, 6


def _rank(scores, truth):
    return (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)


def _top_k_as(share=None, chance=None):
    """A variant: `share` takes (scores, allowed, truth, k, rank), `chance` (choices, k, classes)."""

    def compute(scores, allowed, truth, k):
        masked = np.where(allowed, scores, -np.inf)
        right = _top_k(scores, allowed, truth, k)
        return (
            right[0] if share is None else float(share(scores, allowed, truth, k, _rank(masked, truth))),
            right[1] if chance is None else float(chance(allowed.sum(axis=1), k, scores.shape[1])),
        )

    return compute


def _use_as_tuple(answer, scores, allowed, truth, k):
    """Two numbers may come in a list or an array, too."""
    result = answer(scores, allowed, truth, k)
    if isinstance(result, np.ndarray) and result.shape == (2,):
        return tuple(result.tolist())
    return tuple(result) if isinstance(result, list) else result


def _two_numbers(result, scores, allowed, truth, k):
    if isinstance(result, tuple | list) and len(result) == 2 and all(isinstance(x, int | float) for x in result):
        return None
    if isinstance(result, int | float):
        return "one number, where two are asked for: `return share, chance`"
    return "the result is not a pair of numbers, the share of hits and that of chance"


top_k = Check(
    "top_k",
    reference=_top_k,
    cases=_guess_cases,
    call=_use_as_tuple,
    weight=0,
    parts=[
        Part("two numbers, the share of hits and that of chance", accept=_two_numbers, weight=0, essential=True),
        Part(
            "the share of hits",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(_rank(scores, truth) < k)),
                    "choices that are not allowed take the places of others: leave them out before you rank",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank < 1)),
                    "only the very best counts, whatever k is: the true one has to be among the k best",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank == k - 1)),
                    "only who comes k-th counts: all of the k best do",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank <= k)),
                    "one place too many: with k = 1 only the best counts",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank < k - 1)),
                    "one place too few: with k = 2 the second best counts, too",
                ),
                (
                    _top_k_as(
                        lambda scores, allowed, truth, k, rank: np.mean(
                            _rank(np.where(allowed, -scores, -np.inf), truth) < k
                        )
                    ),
                    "the k worst in place of the k best: argsort begins with the smallest",
                ),
                (
                    _top_k_as(
                        lambda scores, allowed, truth, k, rank: np.mean(_rank(np.where(allowed, -scores, 0), truth) < k)
                    ),
                    "the k worst in place of the k best, and choices that are not allowed among them",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.sum(rank < k)),
                    "the number of hits, not their share: divide by the number of rows",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: 100 * np.mean(rank < k)),
                    "per cent: a share between 0 and 1 is asked for",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank >= k)),
                    "the share of misses, not of hits",
                ),
                (
                    _top_k_as(
                        lambda scores, allowed, truth, k, rank: np.mean(
                            np.where(allowed, scores, 0)[np.arange(len(truth)), truth]
                        )
                    ),
                    "the mean score of the true ones: only its rank counts",
                ),
                (
                    _top_k_as(lambda scores, allowed, truth, k, rank: np.mean(rank < k) / k),
                    "the hits are divided by k: a row is a hit or none",
                ),
            ],
        ),
        Part(
            "what chance would reach",
            cases=lambda rng: [*_guess_cases(rng), *_few_choices_cases(rng)],
            view=lambda result: result[1],
            misconceptions=[
                (
                    _top_k_as(chance=lambda choices, k, classes: k / classes),
                    "chance draws from all classes: it may only draw from those that are allowed, as the network may",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: 1 / classes),
                    "chance draws once, from all classes: it may draw k different ones, of those that are allowed",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: np.mean(1 / choices)),
                    "chance draws only once: it may draw k, as the network may",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: k / np.mean(choices)),
                    "divided by the mean number of choices: work out each row's chance first, then take the mean of "
                    "these",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: np.mean(k / choices)),
                    "above 1 in rows with fewer choices than k: who may draw more than there are has drawn all",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: np.mean(1 - (1 - 1 / choices) ** k)),
                    "chance may draw the same one twice: it draws k different ones",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: 100 * np.mean(np.minimum(k, choices) / choices)),
                    "per cent: a share between 0 and 1 is asked for",
                ),
                (
                    _top_k_as(chance=lambda choices, k, classes: np.sum(np.minimum(k, choices) / choices)),
                    "the sum over the rows, not their mean",
                ),
            ],
        ),
    ],
    hints=[
        "First make sure that nothing that is not allowed can win: `np.where(allowed, scores, ...)`. Which score "
        "loses against all others?",
        "The true one is among the k best if fewer than k others are better. So it is enough to count how many scores "
        "of its row are higher than its own; nothing needs to be sorted.",
        "`scores[np.arange(n), truth]` picks from each row the score of the true one. Behind it, `[:, None]` makes a "
        "column of it that is compared with whole rows.",
        "Chance: in a row with 4 choices, two different draws find the true one in 2 of 4 cases. Rows differ in how "
        "many choices they have, so work it out for each row, and then take the mean.",
    ],
)
