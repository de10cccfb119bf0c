"""The numbers that the lecture's slides print, exactly, on every rung."""

import numpy as np
import pytest

from mlcourse.convolution import LADDER, average_pool2d, convolve2d, im2col, max_pool2d, output_size

ROWS = ["100001", "010010", "001100", "100010", "010010", "001010"]
IMAGE = np.array([[int(pixel) for pixel in row] for row in ROWS])
FILTER_1 = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
FILTER_2 = np.array([[-1, 1, -1], [-1, 1, -1], [-1, 1, -1]])
MAP_1 = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
MAP_2 = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]
STRIDE_2 = {"filter 1": [[3, -3], [-3, 0]], "filter 2": [[-1, -1], [-1, -2]]}
POOLED = {"filter 1": [[3, 0], [3, 1]], "filter 2": [[-1, 1], [0, 3]]}
FILTERS = pytest.mark.parametrize(
    ("name", "weight", "expected"),
    [("filter 1", FILTER_1, MAP_1), ("filter 2", FILTER_2, MAP_2)],
    ids=["filter 1", "filter 2"],
)


@FILTERS
@pytest.mark.parametrize("rung", LADDER)
def test_both_filters_with_stride_1(rung, name, weight, expected):
    found = LADDER[rung](IMAGE, weight)
    assert np.array_equal(np.round(found, 9), expected)
    if rung not in ("fft", "winograd"):  # these two divide
        assert found.dtype == np.int64


@FILTERS
@pytest.mark.parametrize("rung", [rung for rung in LADDER if rung != "winograd"])
def test_both_filters_with_stride_2(rung, name, weight, expected):
    assert np.array_equal(np.round(LADDER[rung](IMAGE, weight, stride=2), 9), STRIDE_2[name])


@FILTERS
def test_two_by_two_max_pooling(name, weight, expected):
    assert max_pool2d(expected).tolist() == POOLED[name]
    assert max_pool2d(convolve2d(IMAGE, weight)).dtype == np.int64


def test_both_filters_at_once_make_an_image_of_two_channels():
    maps = convolve2d(IMAGE[None], np.stack([FILTER_1, FILTER_2])[:, None])
    assert maps.tolist() == [MAP_1, MAP_2]
    assert max_pool2d(maps).tolist() == [POOLED["filter 1"], POOLED["filter 2"]]
    assert average_pool2d(maps)[0, 0, 0] == (3 - 1 - 3 + 1) / 4


def test_shapes_of_the_lecture_s_network():
    size = 28
    for expected in (26, 13, 11, 5):
        size = output_size(size, 3) if expected in (26, 11) else output_size(size, 2, stride=2)
        assert size == expected
    x = np.zeros((1, 28, 28), np.float32)
    first = max_pool2d(LADDER["im2col"](x, np.zeros((25, 1, 3, 3), np.float32)))
    assert first.shape == (25, 13, 13)
    second = max_pool2d(LADDER["im2col"](first, np.zeros((50, 25, 3, 3), np.float32)))
    assert second.shape == (50, 5, 5)
    assert second.size == 1250


def test_im2col_of_vgg_16_s_second_layer_is_nine_times_its_input():
    x = np.zeros((1, 64, 224, 224), np.float16)
    matrix = im2col(x, 3, padding=1)
    assert matrix.shape == (1, 576, 50176)
    assert matrix.size == 28_901_376 == 9 * x.size
