"""The lecture's convolutional network for images of 28x28 pixels, in Keras."""

import keras
from keras import layers

from mlcourse.models.weights import load_weights


def lecture_cnn(n_classes=10, input_shape=(28, 28, 1)) -> keras.Model:
    """Build the network of the lecture's slides "CNN in Keras": convolution, max pooling, and both again.

    1x28x28 -> 25 filters of 3x3 -> 25x26x26 -> pooled 25x13x13 -> 50 filters of 3x3 -> 50x11x11 -> pooled 50x5x5 ->
    flattened 1250 -> 100 neurons -> one for each class.

    Parameters
    ----------
    n_classes : int
    input_shape : tuple of int
        (height, width, channels) of an image, at least 10x10 so that something is left after both poolings.

    Returns
    -------
    keras.Model
        Compiled for Adam, cross entropy of whole-number labels, and accuracy; it answers with probabilities. Its first
        weights are drawn from Keras' random state: ``keras.utils.set_random_seed(0)`` ahead makes them the same again.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> net = lecture_cnn()
    >>> [layer.count_params() for layer in net.layers]
    [250, 0, 11300, 0, 0, 125100, 1010]
    """
    return _compiled(
        "lecture_cnn",
        n_classes,
        input_shape,
        [
            layers.Conv2D(25, 3, activation="relu", name="convolution_1"),
            layers.MaxPooling2D(2, name="pooling_1"),
            layers.Conv2D(50, 3, activation="relu", name="convolution_2"),
            layers.MaxPooling2D(2, name="pooling_2"),
            layers.Flatten(name="flatten"),
            layers.Dense(100, activation="relu", name="dense"),
        ],
    )


def lecture_dense(n_classes=10, input_shape=(28, 28, 1), hidden=173) -> keras.Model:
    """Build what the convolutional network is compared with: every pixel goes to every neuron, no weight is shared.

    Parameters
    ----------
    n_classes : int
    input_shape : tuple of int
        (height, width, channels) of an image.
    hidden : int
        Neurons of the one hidden layer. 173 of them make 137,545 parameters for 28x28 pixels and ten classes, as near
        to the 137,660 of `lecture_cnn` as whole neurons allow.

    Returns
    -------
    keras.Model
        Compiled as `lecture_cnn` is.

    Examples
    --------
    >>> lecture_dense().count_params(), lecture_cnn().count_params()
    (137545, 137660)
    """
    if isinstance(hidden, bool) or not isinstance(hidden, int) or hidden < 1:
        raise ValueError(f"hidden must be a whole number of neurons, at least 1, not {hidden!r}.")
    hidden_layers = [layers.Flatten(name="flatten"), layers.Dense(hidden, activation="relu", name="dense")]
    return _compiled("lecture_dense", n_classes, input_shape, hidden_layers)


def pretrained_lecture_cnn() -> keras.Model:
    """Return the lecture's network with the weights that ship with the course.

    It learned from the training part of ``load_digits28()``. ``weights_report("lecture_cnn")`` tells what it reached,
    there and on MNIST; ``python training/digits.py`` trains it anew.

    Examples
    --------
    >>> from mlcourse.datasets import load_digits28
    >>> X_train, y_train, X_test, y_test = load_digits28().split()
    >>> pretrained_lecture_cnn().predict(X_test[:5, :, :, None], verbose=0).argmax(axis=1) == y_test[:5]
    array([ True,  True,  True,  True,  True])
    """
    return load_weights(lecture_cnn(), "lecture_cnn")


def _compiled(name, n_classes, input_shape, hidden_layers):
    if isinstance(n_classes, bool) or not isinstance(n_classes, int) or n_classes < 2:
        raise ValueError(f"n_classes must be a whole number, at least 2, not {n_classes!r}.")
    shape = tuple(input_shape)
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape) or min(shape[:2]) < 10:
        raise ValueError(
            f"input_shape must be (height, width, channels) of at least 10x10 pixels, such as (28, 28, 1), not {shape}."
        )
    output = layers.Dense(n_classes, activation="softmax", name="output")
    net = keras.Sequential([keras.Input(shape), *hidden_layers, output], name=name)
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return net
