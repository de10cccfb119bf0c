"""Lab 03: references agree with torch and the slides, right answers of every style are right, the text is true."""

import doctest
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import scipy.signal
import torch
from torch.nn import functional

from mlcourse.checks import a03_convolution as check
from mlcourse.checks.core import CheckFailed
from mlcourse.convolution import cost
from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a03_convolution" / "a03_convolution.ipynb"
HIDDEN = 9173  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


# -- the references --------------------------------------------------------------------------------------------------


def test_references_give_the_numbers_of_the_slides():
    first = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
    second = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]
    assert check._convolve(IMAGE, FILTER_1).tolist() == first
    assert check._convolve(IMAGE, FILTER_2).tolist() == second
    assert check._slide(IMAGE, FILTER_1, 2, 0).tolist() == [[3, -3], [-3, 0]]
    assert check._slide(IMAGE, FILTER_2, 2, 0).tolist() == [[-1, -1], [-1, -2]]
    maps = check._convolve_channels(IMAGE[None], np.array([FILTER_1, FILTER_2])[:, None], np.zeros(2))
    assert check._max_pool(maps, 2, 2).tolist() == [[[3, 0], [3, 1]], [[-1, 1], [0, 3]]]


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2), (4, 0)])
def test_padded_agrees_with_torch(stride, padding):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(11, 8)), rng.normal(size=(3, 2))
    expected = functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(kernel)[None, None], None, stride, padding
    )
    np.testing.assert_allclose(check._slide(image, kernel, stride, padding), expected[0, 0])


def test_layer_matrix_and_pooling_agree_with_torch():
    rng = np.random.default_rng(0)
    image, filters, bias = rng.normal(size=(3, 9, 7)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
    expected = functional.conv2d(*(torch.tensor(array) for array in (image, filters, bias)))
    np.testing.assert_allclose(check._convolve_channels(image, filters, bias), expected)
    columns, maps = check._convolve_im2col(image, filters, bias)
    np.testing.assert_allclose(columns, functional.unfold(torch.tensor(image)[None], 3)[0])
    np.testing.assert_allclose(maps, expected)
    for size, stride in ((2, 2), (3, 2), (2, 3)):
        pooled = functional.max_pool2d(torch.tensor(image), size, stride)
        np.testing.assert_array_equal(check._max_pool(image, size, stride), pooled)


# -- right answers in other styles -----------------------------------------------------------------------------------


def maps_by_torch(image, filters, bias):
    image, filters, bias = (torch.tensor(np.asarray(array, dtype=float)) for array in (image, filters, bias))
    return functional.conv2d(image, filters, bias).numpy()


def columns_by_torch(image, filters, bias):
    columns = functional.unfold(torch.tensor(image)[None], filters.shape[2:])[0].numpy()
    return [columns, maps_by_torch(image, filters, bias)]  # a list is as good as a tuple


def pool_by_lists(maps, size, stride):
    tops, lefts = (range(0, n - size + 1, stride) for n in maps.shape[1:])
    return np.array([[[x[i : i + size, j : j + size].max() for j in lefts] for i in tops] for x in maps])


@pytest.mark.parametrize(
    ("judge", "answer"),
    [
        (check.convolve, lambda image, kernel: scipy.signal.correlate(image, kernel, mode="valid")),
        (
            check.slide,
            lambda image, kernel, stride=1, padding=0: scipy.signal.correlate(
                np.pad(image, padding), kernel, mode="valid"
            )[::stride, ::stride],
        ),
        (check.convolve_channels, maps_by_torch),
        (check.max_pool, pool_by_lists),
        (check.convolve_im2col, columns_by_torch),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_right_answers_in_another_style(judge, answer):
    assert judge(answer, points=4, seed=HIDDEN) == 4


def test_a_true_convolution_is_told_from_what_networks_do():
    with pytest.raises(CheckFailed, match="half a turn"):
        check.convolve(lambda image, kernel: scipy.signal.convolve2d(image, kernel, mode="valid"))


# -- the text tells the truth ----------------------------------------------------------------------------------------


def test_docstrings_of_the_solutions_are_true():
    names = {"np": np}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("convolve", "slide", "convolve_channels", "max_pool", "convolve_im2col"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_examples_in_the_text_are_true():
    image, kernel = np.array([[1, 0, 2], [4, 3, 1], [2, 5, 2]]), np.array([[1, -1], [0, 2]])
    assert check._convolve(image, kernel).tolist() == [[7, 0], [11, 6]]
    assert check._slide(image, kernel, 2, 1).tolist() == [[2, 4], [0, 6]]
    maps = np.array([[[1, 5, 2], [7, 0, 3], [-4, -1, -2]]])
    assert check._max_pool(maps, 2, 1).tolist() == [[[7, 5], [7, 3]]]
    assert check._max_pool(maps, 2, 2).tolist() == [[[7]]]

    shown = re.findall(r"pmatrix\}(.*?)\\end", cells()["im2col-prose"])
    row, matrix, product = (
        np.array([[int(number) for number in line.split("&")] for line in one.split(r"\\")]) for one in shown
    )
    columns, answers = check._convolve_im2col(image[None], kernel[None, None], np.zeros(1))
    assert row.tolist() == [kernel.ravel().tolist()]
    assert matrix.tolist() == columns.tolist()
    assert product.tolist() == [answers.ravel().tolist()]


def test_counts_of_the_model_answer_are_true():
    layer, answer = cells()["layer"], cells()["explain-ladder"]
    image, filters = (tuple(map(int, shape.split(","))) for shape in re.findall(r"size=\(([\d, ]+,[\d, ]+)\)", layer))
    counted = cost("im2col", image, filters, padding=1)
    assert counted.arrays["matrix"] == 9 * np.prod(image)
    assert f"{counted.macs / 1e6:.1f} million" in answer
    vgg = cost("im2col", (64, 224, 224), (64, 64, 3, 3), padding=1)
    assert f"{vgg.extra_bytes / 1e6:.1f} MB" in answer
    assert f"{2 * vgg.extra_bytes / 12.8e6:.0f} ms on the phone" in answer


def test_a_result_whose_end_stays_0_is_told_so():
    def answer(image, kernel):
        result = check._convolve(image, kernel)
        result[-1] = result[:, -1] = 0
        return result

    with pytest.raises(CheckFailed, match="stay 0"):
        check.convolve(answer)
