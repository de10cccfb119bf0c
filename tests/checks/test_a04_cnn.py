"""Lab 04: right answers of every style are right, mistakes in the network have names, figures in the text are true."""

import doctest
import math
import re
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import torch
from keras import layers
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from mlcourse.checks import a04_cnn as check
from mlcourse.checks.core import CheckFailed

NOTEBOOK = Path(__file__).parents[2] / "assignments" / "source" / "a04_cnn" / "a04_cnn.ipynb"
HIDDEN = 9173  # any seed
LECTURE = check._LECTURE


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells():
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


# -- the slide's numbers ---------------------------------------------------------------------------------------------


def test_references_give_the_numbers_of_the_slides():
    assert check._output_shapes(*LECTURE) == [(26, 26, 25), (13, 13, 25), (11, 11, 50), (5, 5, 50), (1250,), (10,)]
    parameters, macs = check._layer_costs(*LECTURE)
    assert parameters == [250, 0, 11_300, 0, 0, 12_510]
    assert macs[:3] == [26 * 26 * 25 * 9, 0, 11 * 11 * 50 * 225]
    without, _ = check._layer_costs(*LECTURE, bias=False)
    assert [without[0] // 25, without[2] // 50] == [9, 225]


def test_references_agree_with_keras():
    network = check._build_cnn((31, 26, 3), (5, 7), 4)
    stack = [check._conv(5, 3), check._pool(2), check._conv(7, 3), check._pool(2), check._FLATTEN, check._dense(4)]
    assert check._output_shapes((31, 26, 3), stack) == [layer.output.shape[1:] for layer in network.layers]
    assert check._layer_costs((31, 26, 3), stack)[0] == [layer.count_params() for layer in network.layers]


@pytest.mark.parametrize(("stride", "padding", "size"), [(1, 0, 3), (2, 1, 3), (3, 2, 4), (2, 0, 5)])
def test_shapes_agree_with_torch(stride, padding, size):
    out = torch.nn.functional.conv2d(torch.zeros(1, 1, 13, 18), torch.zeros(2, 1, size, size), None, stride, padding)
    expected = (out.shape[2], out.shape[3], 2)
    assert check._output_shapes((13, 18, 1), [check._conv(2, size, stride, padding)]) == [expected]


def test_dense_layer_gives_the_map_of_the_slide():
    rows = ["100001", "010010", "001100", "100010", "010010", "001010"]
    image = np.array([[int(pixel) for pixel in row] for row in rows])
    weights = check._dense_weights(check._FILTER_1, (6, 6))
    assert weights.shape == (36, 16)
    assert np.flatnonzero(weights[:, 2]).tolist() == [2, 3, 4, 8, 9, 10, 14, 15, 16]  # output 3 of the slide, from 1
    expected = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
    assert (image.ravel() @ weights).reshape(4, 4).tolist() == expected


@pytest.mark.parametrize("stride", [1, 2])
def test_dense_layer_agrees_with_torch(stride):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(7, 9)), rng.normal(size=(2, 3))
    expected = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(kernel)[None, None], None, stride
    )
    got = image.ravel() @ check._dense_weights(kernel, image.shape, stride)
    np.testing.assert_allclose(got, expected.numpy().ravel())


def test_readings_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, size=200)
    answers = np.where(rng.random(200) < 0.7, truth, rng.integers(0, 4, size=200))
    accuracy, recalls, (true, taken_for) = check._read_confusion(confusion_matrix(truth, answers))
    assert accuracy == pytest.approx(accuracy_score(truth, answers))
    np.testing.assert_allclose(recalls, recall_score(truth, answers, average=None))
    mistakes = [(a, b) for a, b in zip(truth, answers, strict=True) if a != b]
    assert mistakes.count((true, taken_for)) == max(map(mistakes.count, mistakes))


# -- right answers in other styles -----------------------------------------------------------------------------------


def shapes_by_lists(input_shape, layers):
    shapes, shape = [], list(input_shape)
    for layer in layers:
        kind = layer["kind"]
        if kind in ("conv", "pool"):
            k, s, p = layer["size"], layer.get("stride", layer["size"]), layer.get("padding", 0)
            sides = [len(range(-p, n + p - k + 1, s)) for n in shape[:2]]
            shape = [*sides, layer.get("filters", shape[-1])]
        else:
            shape = [int(np.prod(shape)) if kind == "flatten" else layer["units"]]
        shapes.append(shape)
    return shapes


def test_output_shapes_in_another_style():
    assert check.output_shapes(shapes_by_lists, points=3, seed=HIDDEN) == 3


def costs_by_arrays(input_shape, layers, bias=True):
    parameters, macs = np.zeros(len(layers), dtype=int), np.zeros(len(layers), dtype=int)
    before = input_shape
    for number, layer in enumerate(layers):
        after = shapes_by_lists(before, [layer])[0]
        if layer["kind"] == "conv":
            kernel = np.ones((layer["size"], layer["size"], before[2], layer["filters"]))
            parameters[number] = kernel.size + (layer["filters"] if bias else 0)
            macs[number] = kernel.size * after[0] * after[1]
        if layer["kind"] == "dense":
            macs[number] = before[0] * layer["units"]
            parameters[number] = macs[number] + bias * layer["units"]
        before = after
    return parameters, macs


def test_layer_costs_in_another_style():
    assert check.layer_costs(costs_by_arrays, points=4, seed=HIDDEN) == 4


def by_functional_interface(input_shape, filters, n_classes):
    inputs = keras.Input(input_shape)
    x, pool = inputs, layers.MaxPooling2D()  # one pooling layer, used again and again
    for n in filters:
        x = pool(keras.activations.relu(layers.Conv2D(n, 3)(x)))
    x = layers.Reshape((math.prod(x.shape[1:]),))(x)
    return keras.Model(inputs, layers.Softmax()(layers.Dense(n_classes)(x)))


def by_layers_of_activations(input_shape, filters, n_classes):
    model = keras.Sequential()
    model.add(layers.InputLayer(shape=input_shape))
    for n in filters:
        model.add(layers.Conv2D(filters=n, kernel_size=(3, 3), padding="valid"))
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPool2D(pool_size=(2, 2), strides=2))
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes))
    model.add(layers.Activation("softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def by_blocks(input_shape, filters, n_classes):
    def block(n):
        return keras.Sequential([layers.Conv2D(n, 3), layers.MaxPooling2D(2), layers.ReLU()])  # relu may come later

    front = keras.Sequential([keras.Input(input_shape), *map(block, filters), layers.Flatten()])
    return keras.Sequential([*front.layers, layers.Dense(n_classes, activation=keras.ops.softmax)])


def by_input_shape(input_shape, filters, n_classes):
    first, *others = filters
    model = keras.Sequential()
    model.add(layers.Conv2D(first, 3, activation="relu", input_shape=input_shape))
    model.add(layers.MaxPooling2D())
    for n in others:
        model.add(layers.Conv2D(n, 3, activation=keras.activations.relu))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, "softmax"))
    return model


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("answer", [by_functional_interface, by_layers_of_activations, by_blocks, by_input_shape])
def test_build_cnn_in_any_style(answer):
    assert check.build_cnn(answer, points=4, seed=HIDDEN) == 4


def weights_by_probing(kernel, image_shape, stride=1):
    """What each pixel alone makes of the outputs is its row."""
    pixels = torch.eye(math.prod(image_shape), dtype=torch.float64).reshape(-1, 1, *image_shape)
    return torch.nn.functional.conv2d(pixels, torch.tensor(kernel)[None, None], stride=stride).flatten(1).numpy()


def test_dense_weights_in_another_style():
    assert check.dense_weights(weights_by_probing, points=4, seed=HIDDEN) == 4


def reading_by_loops(matrix):
    n = len(matrix)
    total = sum(matrix[i][j] for i in range(n) for j in range(n))
    recalls = [matrix[i][i] / sum(matrix[i]) if sum(matrix[i]) else float("nan") for i in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    return sum(matrix[i][i] for i in range(n)) / total, recalls, list(max(pairs, key=lambda pair: matrix[pair]))


def test_read_confusion_in_another_style():
    assert check.read_confusion(reading_by_loops, points=3, seed=HIDDEN) == 3


# -- every mistake in the network has its name -----------------------------------------------------------------------


def build(
    shape=None, filters=None, size=3, pool=2, classes=None, activation="relu", end="softmax", order="CPF", pooling=None,
    conv=None, dense=None, hidden=(), extra=(),
):  # fmt: skip
    """Make a builder that does one thing differently."""

    def answer(input_shape, own_filters, n_classes):
        model = keras.Sequential([keras.Input(shape or input_shape)])
        for n in filters(own_filters) if filters else own_filters:
            block = {
                "C": lambda n=n: layers.Conv2D(n, size, activation=activation, **(conv or {})),
                "P": lambda: (pooling or layers.MaxPooling2D)(pool),
            }
            for letter in order:
                if letter in block:
                    model.add(block[letter]())
            for kind in extra:
                model.add(kind())
        if "F" in order:
            model.add(layers.Flatten())
        if "G" in order:
            model.add(layers.GlobalMaxPooling2D())
        for units in hidden:
            model.add(layers.Dense(units, activation="relu"))
        if "N" not in order:
            model.add(layers.Dense(classes or n_classes, activation=end, **(dense or {})))
        return model

    return answer


def max_pooling(**settings):
    return lambda pool: layers.MaxPooling2D(pool, **settings)


def branching(input_shape, filters, n_classes):
    inputs = keras.Input(input_shape)
    x = layers.Add()([layers.Conv2D(4, 3)(inputs), layers.Conv2D(4, 3)(inputs)])
    return keras.Model(inputs, layers.Dense(n_classes, "softmax")(layers.Flatten()(x)))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build(shape=(1, 28, 28), conv={"padding": "same"}, pooling=max_pooling(padding="same")), "channels first"),
        (build(shape=(32, 32, 3)), "the input is 32x32x3, whatever is asked for"),
        (lambda *args: keras.Sequential([keras.Input((28, 28)), layers.Conv2D(25, 3)]), "no channel"),
        (lambda *args: [layers.Flatten()], "a list, not a Keras model"),
        (lambda *args: torch.nn.Linear(3, 4), "a Linear, not a Keras model"),
        (lambda *args: keras.Sequential([layers.Flatten()]), "does not know the shape of its input"),
        (branching, "do not stand in one row"),
        (build(order="F"), "no convolution"),
        (build(pooling=layers.AveragePooling2D), "average pooling"),
        (build(order="CPG"), "global pooling"),
        (build(order="CPFN"), "no dense layer at the end"),
        (build(order="CP"), "never flattened"),
        (build(extra=[layers.BatchNormalization]), "not asked for: BatchNormalization"),
        (build(extra=[lambda: layers.Activation("tanh")]), "an activation too many"),
        (build(order="CF"), "there is no pooling"),
        (build(order="PCF"), "stands before its convolution"),
        (build(filters=lambda own: own[:1]), "convolutions: 1"),
        (build(order="CPPF"), "a pooling too many"),
        (build(order="CCPPF", filters=lambda own: own[:1]), "take turns"),
        (build(hidden=[100]), "a dense layer too many"),
        (build(filters=lambda own: own[::-1]), "50 filters before 25"),
        (build(filters=lambda own: (25, 50)), "always 25 and 50"),
        (build(filters=lambda own: [2 * n for n in own]), "filters: [50, 100]"),
        (build(conv={"padding": "same"}), "padding='same' keeps the size"),
        (build(size=5), "filters of 5x5"),
        (build(conv={"strides": 2}, pool=1), "larger strides"),
        (build(conv={"dilation_rate": 2}), "dilated"),
        (build(activation=None), "without activation"),
        (build(activation="sigmoid"), "sigmoid after a convolution"),
        (build(activation="softmax"), "softmax after a convolution"),
        (build(conv={"use_bias": False}), "the filters have no biases"),
        (build(pool=3), "pooling windows of 3x3"),
        (build(pooling=max_pooling(strides=1)), "overlap"),
        (build(pooling=max_pooling(padding="same")), "11 x 11 becomes 5 x 5"),
        (build(classes=1), "1 outputs for 10 classes"),
        (build(end="sigmoid"), "sigmoid at the end"),
        (build(end=None), "no softmax at the end"),
        (build(end="relu"), "relu at the end"),
        (build(dense={"use_bias": False}), "the dense layer has no biases"),
    ],
)
def test_mistakes_in_the_network_have_names(answer, says):
    with pytest.raises(CheckFailed) as caught:
        check.build_cnn(answer, points=4)
    assert says.lower() in " ".join(str(caught.value).lower().split())


def test_lecture_network_of_the_package_is_no_answer():
    """It is the right network, but for one size only."""
    from mlcourse.models import lecture_cnn

    with pytest.raises(CheckFailed):
        check.build_cnn(lambda input_shape, filters, n_classes: lecture_cnn(), points=4)


def test_lecture_network_of_the_package_is_the_same_network():
    from mlcourse.models import lecture_cnn

    lines = check._describe(lecture_cnn())
    assert lines[:6] == check._describe(check._build_cnn((28, 28, 1), (25, 50), 10))[:6]


# -- the text tells the truth ----------------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    stack = [check._conv(4, 3), check._pool(2), check._FLATTEN, check._dense(3)]
    assert check._output_shapes((7, 5, 1), stack) == [(5, 3, 4), (2, 1, 4), (8,), (3,)]
    assert check._layer_costs((7, 5, 1), stack) == ([40, 0, 0, 27], [540, 0, 0, 24])

    text = cells()["dense-weights-prose"]
    shown = [row.split("&") for row in re.search(r"pmatrix\}(.*?)\\end", text, re.DOTALL)[1].split(r"\\")]
    letters = np.array([[entry.strip() for entry in row] for row in shown])
    numbers = check._dense_weights(np.array([[1.0, 2.0], [3.0, 4.0]]), (3, 3))
    assert letters.tolist() == [["0abcd"[int(number)] for number in row] for row in numbers]

    accuracy, recalls, mistake = check._read_confusion(np.array([[5, 0, 1], [0, 3, 1], [2, 0, 8]]))
    assert (accuracy, recalls.tolist(), mistake) == (0.8, [5 / 6, 3 / 4, 0.8], (2, 0))


def test_docstrings_of_the_solutions_are_true():
    names = {"np": np, "math": math, "keras": keras, "layers": layers}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("output_shapes", "layer_costs", "dense_weights", "read_confusion"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_what_is_to_be_explained_can_be_seen():
    """The figures of the model answer, with room for other machines."""
    names = {"np": np, "math": math, "keras": keras, "layers": layers}
    exec("from mlcourse.datasets import load_digits28\n\ndef fetch_mnist(*_, **__): raise FileNotFoundError", names)
    exec(cells()["build-cnn"], names)
    exec("keras.utils.set_random_seed(0); network = build_cnn((28, 28, 1), (25, 50), 10)", names)
    for cell in ("train", "measure"):
        exec(cells()[cell], names)
    shares = dict(zip(names["pixels"], names["shares"], strict=True))
    assert shares[0] > 0.96
    assert 0.02 < shares[0] - shares[1] < 0.12  # pooling tolerates a pixel, nearly
    assert shares[3] < 0.65
    assert shares[6] < 0.2
