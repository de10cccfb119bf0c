"""Lab 03: references agree with torch and the package, right answers of every style are right, the text is true."""

import doctest
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.checks import a03_convolution as check
from mlcourse.checks.core import CheckFailed
from mlcourse.convolution import convolve2d, cost, im2col, max_pool2d
from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a03_convolution" / "a03_convolution.ipynb"
HIDDEN = 8837  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


def answers():
    """What the notebook's own solution cells define."""
    names = {"np": np}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    return names


# -- references -------------------------------------------------------------------------------------------------------


def test_references_give_the_numbers_of_the_slides():
    maps = np.array([check._convolve(IMAGE, FILTER_1), check._convolve(IMAGE, FILTER_2)])
    assert maps[0].tolist() == [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
    assert maps[1].tolist() == [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]
    assert check._slide(IMAGE, FILTER_1, 2).tolist() == [[3, -3], [-3, 0]]
    assert check._slide(IMAGE, FILTER_2, 2).tolist() == [[-1, -1], [-1, -2]]
    colour = check._convolve_channels([IMAGE] * 3, np.array([[FILTER_1] * 3, [FILTER_2] * 3]), np.zeros(2))
    np.testing.assert_array_equal(colour, 3 * maps)
    assert check._max_pool(maps, 2, 2).tolist() == [[[3, 0], [3, 1]], [[-1, 1], [0, 3]]]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_references_agree_with_torch_and_the_package(data):
    def number(low, high):
        return data.draw(st.integers(low, high))

    channels, filters, stride, padding = number(1, 3), number(1, 3), number(1, 3), number(0, 2)
    kernel = number(1, 4), number(1, 4)
    size = kernel[0] + number(0, 5), kernel[1] + number(0, 5)
    rng = np.random.default_rng(number(0, 10_000))
    x = rng.normal(size=(channels, *size))
    weight, bias = rng.normal(size=(filters, channels, *kernel)), rng.normal(size=filters)
    as_torch = torch.tensor(x), torch.tensor(weight), torch.tensor(bias)
    layer = torch.nn.functional.conv2d(*as_torch).numpy()

    np.testing.assert_allclose(check._convolve_channels(x, weight, bias), layer, atol=1e-12)
    columns, maps = check._convolve_im2col(x, weight, bias)
    np.testing.assert_allclose(maps, layer, atol=1e-12)
    np.testing.assert_array_equal(columns, torch.nn.functional.unfold(as_torch[0][None], kernel)[0].numpy())
    np.testing.assert_array_equal(columns, im2col(x, kernel))
    np.testing.assert_allclose(check._convolve(x[0], weight[0, 0]), convolve2d(x[0], weight[0, 0]), atol=1e-12)
    moved = torch.nn.functional.conv2d(as_torch[0][:1], as_torch[1][:1, :1], None, stride, padding)[0].numpy()
    np.testing.assert_allclose(check._slide(x[0], weight[0, 0], stride, padding), moved, atol=1e-12)
    window = min(kernel)
    pooled = torch.nn.functional.max_pool2d(as_torch[0], window, stride).numpy()
    np.testing.assert_array_equal(check._max_pool(x, window, stride), pooled)
    np.testing.assert_array_equal(check._max_pool(x, window, stride), max_pool2d(x, window, stride))


def test_solutions_of_the_notebook_agree_with_the_references():
    rng = np.random.default_rng(3)
    x, weight, bias = rng.normal(size=(3, 9, 7)), rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
    own = answers()
    np.testing.assert_allclose(own["convolve"](x[0], weight[0, 0]), check._convolve(x[0], weight[0, 0]))
    np.testing.assert_allclose(own["slide"](x[0], weight[0, 0], 2, 3), check._slide(x[0], weight[0, 0], 2, 3))
    for name in ("convolve_channels", "convolve_im2col"):
        for got, expected in zip(own[name](x, weight, bias), getattr(check, f"_{name}")(x, weight, bias), strict=True):
            np.testing.assert_allclose(got, expected)
    np.testing.assert_array_equal(own["max_pool"](x, 3, 2), check._max_pool(x, 3, 2))


# -- right answers, as different people write them --------------------------------------------------------------------


def convolve_in_plain_python(image, kernel):
    rows, columns = len(image) - len(kernel) + 1, len(image[0]) - len(kernel[0]) + 1
    result = [[0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            for u in range(len(kernel)):
                for v in range(len(kernel[0])):
                    result[i][j] += image[i + u][j + v] * kernel[u][v]
    return np.array(result)


def convolve_by_scipy(image, kernel):
    return scipy.signal.correlate(image.astype(float), kernel, mode="valid", method="fft")


def convolve_in_single_precision(image, kernel):
    view = np.lib.stride_tricks.sliding_window_view(image.astype(np.float32), kernel.shape)
    return np.einsum("ijuv,uv->ij", view, kernel.astype(np.float32))


def convolve_by_shifts(image, kernel):
    (h, w), (kh, kw) = image.shape, kernel.shape
    total = 0
    for u in range(kh):
        for v in range(kw):
            total = total + kernel[u, v] * image[u : h - kh + u + 1, v : w - kw + v + 1]
    return total


def slide_by_subsampling(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel)[::stride, ::stride]


def slide_by_the_formula(image, kernel, stride, padding):
    (h, w), (kh, kw) = image.shape, kernel.shape
    padded = np.zeros((h + 2 * padding, w + 2 * padding))
    padded[padding : h + padding, padding : w + padding] = image
    answer = np.zeros(((h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1))
    for i, j in np.ndindex(answer.shape):
        answer[i, j] = np.sum(padded[i * stride : i * stride + kh, j * stride : j * stride + kw] * kernel)
    return answer


def slide_without_padding_anything(image, kernel, stride=1, padding=0):
    (h, w), (kh, kw) = image.shape, kernel.shape
    answer = []
    for top in range(-padding, h + padding - kh + 1, stride):
        answer.append([])
        for left in range(-padding, w + padding - kw + 1, stride):
            total = 0.0
            for u in range(kh):
                for v in range(kw):
                    if 0 <= top + u < h and 0 <= left + v < w:
                        total += image[top + u, left + v] * kernel[u, v]
            answer[-1].append(total)
    return np.array(answer)


def channels_all_at_once(image, filters, bias):
    n, _, kh, kw = filters.shape
    maps = np.zeros((n, image.shape[1] - kh + 1, image.shape[2] - kw + 1))
    for k, i, j in np.ndindex(maps.shape):
        maps[k, i, j] = (image[:, i : i + kh, j : j + kw] * filters[k]).sum() + bias[k]
    return maps


def channels_with_own_functions(image, filters, bias):
    return np.stack([sum(map(slide, image, one)) + b for one, b in zip(filters, bias, strict=True)])


def channels_by_torch(image, filters, bias):
    as_torch = (torch.tensor(np.asarray(each, dtype=np.float32)) for each in (image, filters, bias))
    return torch.nn.functional.conv2d(*as_torch).numpy()


def pool_by_view(maps, size, stride):
    view = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))
    return view[:, ::stride, ::stride].max(axis=(-2, -1))


def pool_in_plain_python(maps, size, stride):
    pooled = []
    for channel in maps.tolist():
        h, w = len(channel), len(channel[0])
        pooled.append(
            [
                [
                    max(channel[i + u][j + v] for u in range(size) for v in range(size))
                    for j in range(0, w - size + 1, stride)
                ]
                for i in range(0, h - size + 1, stride)
            ]
        )
    return np.array(pooled)


def pool_from_minus_infinity(maps, size, stride):
    c, h, w = maps.shape
    pooled = np.full((c, (h - size) // stride + 1, (w - size) // stride + 1), -np.inf)
    for k, i, j in np.ndindex(pooled.shape):
        for u in range(size):
            for v in range(size):
                pooled[k, i, j] = max(pooled[k, i, j], maps[k, i * stride + u, j * stride + v])
    return pooled


def im2col_by_places(image, filters, bias):
    n, c, kh, kw = filters.shape
    h, w = image.shape[1] - kh + 1, image.shape[2] - kw + 1
    columns = np.zeros((c * kh * kw, h * w))
    for i in range(h):
        for j in range(w):
            columns[:, i * w + j] = image[:, i : i + kh, j : j + kw].ravel()
    return columns, (np.reshape(filters, (n, -1)).dot(columns) + bias[:, None]).reshape(n, h, w)


def im2col_by_view(image, filters, bias):
    n, c, kh, kw = filters.shape
    view = np.lib.stride_tricks.sliding_window_view(image.astype(np.float32), (kh, kw), axis=(1, 2))
    columns = view.transpose(0, 3, 4, 1, 2).reshape(c * kh * kw, -1)
    return [columns, ((columns.T @ filters.reshape(n, -1).T + bias).T).reshape(n, *view.shape[1:3])]


def im2col_of_lists(image, filters, bias):
    kh, kw = filters.shape[2:]
    h, w = image.shape[1] - kh + 1, image.shape[2] - kw + 1
    windows = [image[:, i : i + kh, j : j + kw].flatten() for i in range(h) for j in range(w)]
    columns = np.column_stack(windows)
    return columns, np.array([(row.ravel() @ columns).reshape(h, w) + b for row, b in zip(filters, bias, strict=True)])


RIGHT = [
    (check.convolve, convolve_in_plain_python),
    (check.convolve, convolve_by_scipy),
    (check.convolve, convolve_in_single_precision),
    (check.convolve, convolve_by_shifts),
    (check.convolve, convolve2d),
    (check.slide, slide_by_subsampling),
    (check.slide, slide_by_the_formula),
    (check.slide, slide_without_padding_anything),
    (check.convolve_channels, channels_all_at_once),
    (check.convolve_channels, channels_with_own_functions),
    (check.convolve_channels, channels_by_torch),
    (check.max_pool, pool_by_view),
    (check.max_pool, pool_in_plain_python),
    (check.max_pool, pool_from_minus_infinity),
    (check.convolve_im2col, im2col_by_places),
    (check.convolve_im2col, im2col_by_view),
    (check.convolve_im2col, im2col_of_lists),
]


@pytest.mark.parametrize(
    ("exercise", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", None) or value.name
)
def test_right_answers_of_every_kind_earn_everything(exercise, answer):
    assert exercise(answer, points=4) == 4
    for seed in (HIDDEN, HIDDEN + 1, HIDDEN + 2):
        assert exercise(answer, points=4, seed=seed) == 4


def convolve(image, kernel):  # what `slide_by_subsampling` finds in its notebook: wrong
    return np.zeros((2, 2))


slide = convolve


def test_a_mistake_in_exercise_1_costs_nothing_later():
    with pytest.raises(CheckFailed):
        check.convolve(convolve, points=3)
    assert check.slide(slide_by_subsampling, points=4, seed=HIDDEN) == 4
    assert check.convolve_channels(channels_with_own_functions, points=4, seed=HIDDEN) == 4


# -- wrong answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exercise", [check.convolve, check.slide, check.convolve_channels, check.max_pool, check.convolve_im2col]
)
def test_answers_learned_by_heart_fail_in_hidden_cases_which_stay_hidden(exercise):
    seen = {}

    def learn(*args):
        seen[repr([np.asarray(arg).tolist() for arg in args])] = exercise._reference(*args)
        return exercise._reference(*args)

    exercise(learn, points=4)

    def by_heart(*args):
        known = seen.get(repr([np.asarray(arg).tolist() for arg in args]))
        right = exercise._reference(*args)
        wrong = tuple(map(np.zeros_like, right)) if isinstance(right, tuple) else np.zeros_like(right)
        return wrong if known is None else known

    assert exercise(by_heart, points=4) == 4
    with pytest.raises(CheckFailed, match="hidden case") as caught:
        exercise(by_heart, points=4, seed=HIDDEN)
    assert "expected" not in str(caught.value)
    assert "[[" not in str(caught.value)


def off_by(before, after, axis):
    """Pad one axis of two only, or one of its ends."""

    def answer(image, kernel, stride=1, padding=0):
        width = [(0, 0), (0, 0)]
        width[axis] = (before * padding, after * padding)
        return check._slide(np.pad(image, width), kernel, stride)

    return answer


def mixed_up(image, kernel, stride=1, padding=0):
    """Two mistakes at once have no name; the difference is still shown."""
    return check._slide(np.pad(image, padding, mode="edge"), kernel[::-1, ::-1], stride)


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (check.convolve, lambda x, w: scipy.signal.convolve2d(x, w, "valid"), "upside down"),
        (check.convolve, lambda x, w: scipy.signal.convolve2d(x, w), "sticks out on all sides ('full')"),
        (
            check.convolve,
            lambda x, w: scipy.ndimage.correlate(x, w, mode="constant"),
            "is padded until",
        ),
        (check.convolve, lambda x, w: check._convolve(x, w)[:-1, :-1], "one place is missing"),
        (check.slide, off_by(1, 1, 0), "at the top and at the bottom only"),
        (check.slide, off_by(1, 1, 1), "on the left and on the right only"),
        (check.slide, mixed_up, "you gave"),
        (
            check.convolve_channels,
            lambda x, w, b: np.array([scipy.signal.convolve(x, one, "valid")[0] for one in w]),
            "even the order of the channels is turned",
        ),
        (check.max_pool, lambda x, size, stride: x.max(axis=0), "the wrong axis"),
        (check.max_pool, lambda x, size, stride: max_pool2d(x, size), "moves by its own size"),
        (check.convolve_im2col, lambda x, w, b: im2col(x, w.shape[2:]), "one array, where two are asked for"),
    ],
)
def test_mistakes_have_names(exercise, answer, says):
    with pytest.raises(CheckFailed) as caught:
        exercise(answer, points=4)
    assert says.lower() in " ".join(str(caught.value).lower().split())


# -- the text tells the truth -----------------------------------------------------------------------------------------


def test_docstrings_of_the_solutions_are_true():
    names = answers()
    for name in ("convolve", "slide", "convolve_channels", "max_pool", "convolve_im2col"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_worked_examples_of_the_lab():
    image, kernel = np.array([[1, 0, 2], [4, 3, 1], [2, 5, 2]]), np.array([[1, -1], [0, 2]])
    sums = re.findall(r"\| row \d, column \d \|.*\| (-?\d+) \|$", cells()["convolve-prose"], re.MULTILINE)
    assert [float(number) for number in sums] == check._convolve(image, kernel).ravel().tolist()

    text = cells()["slide-prose"]
    shown = re.search(r"\*\*sum of products\*\* \| (.*) \|", text)[1].split(" | ")
    assert [float(number.strip("*")) for number in shown] == check._slide(image, kernel, 2, 1).ravel().tolist()
    padded = re.findall(r"^\| (\d \d \d \d \d) \|", text, re.MULTILINE)
    assert [row.split() for row in padded] == np.pad(image, 1).astype(str).tolist()

    row, matrix, product = (
        np.array([[float(number) for number in line.split("&")] for line in inside.split(r"\\")])
        for inside in re.findall(r"begin\{pmatrix\}(.*?)\\end", cells()["im2col-prose"])
    )
    columns, maps = check._convolve_im2col(image[None].astype(float), kernel[None, None].astype(float), np.zeros(1))
    np.testing.assert_array_equal(row.ravel(), kernel.ravel())
    np.testing.assert_array_equal(matrix, columns)
    np.testing.assert_array_equal(product.ravel(), maps.ravel())

    maps = np.array([[[1, 5, 2], [7, 0, 3], [-4, -1, -2]]])
    assert check._max_pool(maps, 2, 1).tolist() == [[[7, 5], [7, 3]]]
    assert check._max_pool(maps, 2, 2).tolist() == [[[7]]]


def test_figures_of_the_model_answer():
    """Counts only: times depend on the machine."""
    text = " ".join(cells()["explain-ladder"].split())
    shapes = re.findall(r"size=\(([\d, ]+,[\d, ]+)\)", cells()["layer"])
    x, weight = (tuple(map(int, shape.split(","))) for shape in shapes)
    assert (x, weight) == ((8, 32, 32), (16, 8, 3, 3))
    assert round(cost("im2col", x, weight, padding=1).macs / 1e6, 1) == 1.2
    assert "multiply 1.2 million times" in text
    assert f"{16 * 8 * 32 * 32:,}" in text
    assert cost("im2col", x, weight, padding=1).arrays["matrix"] == 9 * np.prod(x)
    own, _ = answers()["convolve_im2col"](np.zeros((8, 34, 34), np.float32), np.zeros(weight, np.float32), np.zeros(16))
    assert own.nbytes == 9 * np.prod(x) * 4
    vgg = cost("im2col", (64, 224, 224), (64, 64, 3, 3), padding=1)
    assert (vgg.arrays["matrix"], vgg.extra_bytes) == (28_901_376, 115_605_504)
    assert [round(2 * vgg.extra_bytes / bandwidth / 1e6) for bandwidth in (224, 12.8)] == [1, 18]
    assert 224 / 12.8 == 17.5
