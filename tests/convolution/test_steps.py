"""A convolution or pooling step by step: the slides' numbers, an independent reference, and what does not fit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.convolution import Step, Steps
from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE

# As printed on the slides (22-26, 32, 34), or exact by arithmetic.
MAP_1 = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
MAP_2 = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]


def test_the_slides_image():
    rows = ["100001", "010010", "001100", "100010", "010010", "001010"]
    assert IMAGE.tolist() == [[int(pixel) for pixel in row] for row in rows]
    with pytest.raises(ValueError, match="read-only"):
        IMAGE[0, 0] = 5


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [
        (FILTER_1, 1, MAP_1),
        (FILTER_1, 2, [[3, -3], [-3, 0]]),
        (FILTER_2, 1, MAP_2),
        (FILTER_2, 2, [[-1, -1], [-1, -2]]),
        ([FILTER_1, FILTER_2], 1, [MAP_1, MAP_2]),
    ],
)
def test_the_slides_outputs(kernel, stride, expected):
    steps = Steps.convolution(IMAGE, kernel, stride=stride)
    assert steps.output.tolist() == expected
    assert steps.output.dtype.kind == "i"
    assert [step.sum for step in steps] == np.ravel(expected).tolist()


@pytest.mark.parametrize(("feature_map", "expected"), [(MAP_1, [[3, 0], [3, 1]]), (MAP_2, [[-1, 1], [0, 3]])])
def test_the_slides_pools(feature_map, expected):
    assert Steps.pooling(feature_map, 2).output.tolist() == expected


def test_two_feature_maps_of_both_filters_are_pooled_apart():
    pooled = Steps.pooling([MAP_1, MAP_2])
    assert pooled.output.tolist() == [[[3, 0], [3, 1]], [[-1, 1], [0, 3]]]
    assert len(pooled) == 8
    assert pooled[5].cell == (1, 0, 1)


def test_a_step_holds_everything_of_its_position():
    step = Steps.convolution(IMAGE, FILTER_1)[6]
    assert isinstance(step, Step)
    assert (step.index, step.position, step.cell, step.sum) == (6, (1, 2), (1, 2), 0)
    assert step.window.tolist() == [[0, 0, 1], [1, 1, 0], [0, 0, 1]]
    assert step.weights.tolist() == FILTER_1.tolist()
    assert step.products.tolist() == [[0, 0, -1], [-1, 1, 0], [0, 0, 1]]
    assert isinstance(step.sum, int)


def test_steps_are_a_sequence():
    steps = Steps.convolution(IMAGE, FILTER_1, stride=2)
    assert [step.position for step in steps] == [(0, 0), (0, 2), (2, 0), (2, 2)]
    assert steps[-1].index == 3
    assert [step.index for step in steps[1:3]] == [1, 2]
    with pytest.raises(IndexError):
        steps[4]


def test_colour_images_sum_over_their_channels():
    image = np.stack([IMAGE, 1 - IMAGE, 2 * IMAGE])
    kernel = np.stack([FILTER_1, FILTER_2, -FILTER_1])
    steps = Steps.convolution(image, kernel)
    single = [Steps.convolution(plane, weights).output for plane, weights in zip(image, kernel, strict=True)]
    assert steps.output.tolist() == sum(single).tolist()
    assert steps[0].window.shape == steps[0].products.shape == (3, 3, 3)
    assert Steps.convolution(image, [kernel, -kernel]).output.shape == (2, 4, 4)


def test_padding_lies_around_the_image():
    steps = Steps.convolution(IMAGE, FILTER_1, padding=1)
    assert steps.output.shape == (6, 6)
    assert steps[0].position == (-1, -1)
    assert steps[0].window.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert steps[0].sum == 2


def test_a_padded_maximum_never_picks_the_padding():
    image = -np.arange(1, 17).reshape(4, 4)
    steps = Steps.pooling(image, 3, stride=2, padding=1)
    assert steps.output.tolist() == [[-1, -2], [-5, -6]]
    assert steps.output.dtype.kind == "i"
    assert all(step.products.sum() == step.sum for step in steps)


def test_a_maximum_says_which_one_it_took():
    step = Steps.pooling(MAP_1)[1]
    assert (step.window.tolist(), step.weights.tolist(), step.sum) == ([[-3, -1], [0, -3]], [[0, 0], [1, 0]], 0)


def test_small_integers_do_not_overflow():
    image = np.full((3, 3), 200, np.uint8)
    assert Steps.convolution(image, np.full((3, 3), -1, np.int8)).output.tolist() == [[-1800]]


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(), channels=st.integers(1, 3), filters=st.integers(1, 3), size=pairs, stride=pairs,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), whole=st.booleans(),
)  # fmt: skip
def test_agrees_with_torch(data, channels, filters, size, stride, padding, whole):
    shape = channels, data.draw(st.integers(size[0], 8)), data.draw(st.integers(size[1], 8))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    draw = (lambda s: rng.integers(-9, 10, s)) if whole else (lambda s: rng.normal(size=s))
    image, kernel = draw(shape), draw((filters, channels, *size))
    steps = Steps.convolution(image, kernel, stride=stride, padding=padding)
    expected = torch.conv2d(
        torch.tensor(image[None]).double(), torch.tensor(kernel).double(), stride=stride, padding=padding
    )[0].numpy()
    np.testing.assert_allclose(steps.output, expected, atol=1e-9)
    for step in steps:
        np.testing.assert_allclose(step.products, step.window * step.weights)
        assert step.products.sum() == pytest.approx(step.sum, abs=1e-9)
        assert steps.output[step.cell] == step.sum
    np.testing.assert_allclose(steps.weight_matrix() @ image.ravel(), steps.output.ravel(), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["max", "average"]), size=pairs, stride=pairs)
def test_pooling_agrees_with_torch(data, kind, size, stride):
    shape = 2, data.draw(st.integers(size[0], 8)), data.draw(st.integers(size[1], 8))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in size)
    image = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))).normal(size=shape)
    steps = Steps.pooling(image, size, stride, kind, padding)
    pool = torch.nn.functional.max_pool2d if kind == "max" else torch.nn.functional.avg_pool2d
    expected = pool(torch.tensor(image[None]), size, stride, padding)[0].numpy()
    np.testing.assert_allclose(steps.output, expected, atol=1e-12)
    for step in steps:
        assert step.products.sum() == pytest.approx(step.sum, abs=1e-9)
    if kind == "average":
        np.testing.assert_allclose(steps.weight_matrix() @ image.ravel(), steps.output.ravel(), atol=1e-9)


# ---------------------------------------------------------------------------------------------- as a layer


def test_inputs_of_the_slides_neurons():
    steps = Steps.convolution(IMAGE, FILTER_1)
    # Slides 28-30: the neurons labelled 3 and -1 are the first two outputs; 3 and -1 are their values.
    assert (steps[0].sum, steps.inputs(1)) == (3, [1, 2, 3, 7, 8, 9, 13, 14, 15])
    assert (steps[1].sum, steps.inputs(2)) == (-1, [2, 3, 4, 8, 9, 10, 14, 15, 16])
    assert steps.inputs(3) == [3, 4, 5, 9, 10, 11, 15, 16, 17]
    assert steps.inputs(16) == [22, 23, 24, 28, 29, 30, 34, 35, 36]


def test_inputs_of_padding_and_channels():
    assert Steps.convolution(IMAGE, FILTER_1, padding=1).inputs(1) == [1, 2, 7, 8]
    assert Steps.convolution(np.ones((2, 2, 2)), np.ones((2, 1, 2))).inputs(2) == [3, 4, 7, 8]
    assert Steps.pooling(np.ones((2, 2, 2))).inputs(2) == [5, 6, 7, 8]


def test_nine_shared_weights_in_place_of_576():
    steps = Steps.convolution(IMAGE, FILTER_1)
    matrix = steps.weight_matrix()
    assert matrix.shape == (16, 36)
    assert (steps.weights.size, matrix.size, np.count_nonzero(matrix)) == (9, 576, 144)
    assert (matrix @ IMAGE.ravel()).tolist() == np.ravel(MAP_1).tolist()
    for number, row in enumerate(matrix, start=1):
        assert row[[i - 1 for i in steps.inputs(number)]].tolist() == FILTER_1.ravel().tolist()


# ---------------------------------------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("image", "kernel", "options", "message"),
    [
        (IMAGE[0], FILTER_1, {}, r"image must have shape \(height, width\) or"),
        (np.ones((2, 3, 6, 6)), np.ones((3, 3, 3)), {}, r"give one image: batch\[0\]"),
        (np.ones((3, 6, 6)), FILTER_1, {}, "A filter has one layer for each channel"),
        (np.ones((3, 6, 6)), np.ones((2, 3, 3)), {}, "as many channels as the image, 3 .* got 2"),
        (IMAGE, np.ones((1, 3, 3, 3)), {}, "as many channels as the image, 1 .* got 3"),
        (IMAGE, np.ones((7, 7)), {}, "kernel"),
        (np.where(IMAGE, np.nan, 1.0), FILTER_1, {}, "image has 12 missing or infinite"),
        (IMAGE, FILTER_1 * [1.0, np.inf, 1.0], {}, "kernel has 3 missing or infinite"),
        (IMAGE, [["a"]], {}, "kernel must"),
        (np.ones((0, 6)), FILTER_1, {}, "image is empty"),
        (IMAGE, FILTER_1, {"stride": 0}, "stride must be a whole number of at least 1"),
        (IMAGE, FILTER_1, {"stride": (1, 2, 3)}, "stride must be a whole number or a pair"),
        (IMAGE, FILTER_1, {"padding": -1}, "padding must be a whole number of at least 0"),
        (IMAGE, FILTER_1, {"padding": 0.5}, "padding must be a whole number"),
    ],
)
def test_what_does_not_fit_is_said(image, kernel, options, message):
    with pytest.raises(ValueError, match=message):
        Steps.convolution(image, kernel, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mean"}, "kind must be 'max' or 'average', got 'mean'"),
        ({"size": 7}, "kernel"),
        ({"size": 0}, "size must be"),
        ({"padding": 2}, r"padding must be at most half of size \(2, 2\)"),
        ({"stride": 0}, "stride must be"),
    ],
)
def test_poolings_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        Steps.pooling(IMAGE, **options)


def test_outputs_and_matrices_that_are_not_there():
    steps = Steps.convolution(IMAGE, FILTER_1)
    for number in (0, 17, 1.5, True):
        with pytest.raises(ValueError, match="output must be the number of an output, from 1 to 16"):
            steps.inputs(number)
    with pytest.raises(ValueError, match="not linear"):
        Steps.pooling(IMAGE).weight_matrix()
    with pytest.raises(ValueError, match="Take a smaller image"):
        Steps.convolution(np.ones((200, 200)), FILTER_1).weight_matrix()
