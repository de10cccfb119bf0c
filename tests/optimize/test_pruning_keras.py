"""Pruning of Keras models: what is left computes what the whole model computes with the rest at zero."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.models import activity_cnn, lecture_cnn, lecture_dense, pretrained_lecture_cnn
from mlcourse.optimize import fine_tune, mask_weights, remove_channels, remove_neurons

_MADE = {}

# A filter is zero where all of its weights are, those of the normalisation behind it if there is one.
KERAS = {
    "lecture": (
        lecture_cnn,
        (28, 28, 1),
        {n: (n, "kernel", "bias") for n in ("convolution_1", "convolution_2", "dense")},
    ),
    "dense": (lecture_dense, (28, 28, 1), {"dense": ("dense", "kernel", "bias")}),
    "activity": (
        activity_cnn,
        (64, 6),
        {f"convolution_{i}": (f"normalisation_{i}", "gamma", "beta") for i in (1, 2, 3)},
    ),
}


def made(name):
    import keras

    if name not in _MADE:
        make, shape, _ = KERAS[name]
        keras.utils.set_random_seed(0)
        net, rng = make(), np.random.default_rng(0)
        for layer in net.layers:
            for weight in layer.weights:
                low = 0.5 if weight.name in ("gamma", "moving_variance") else -0.5
                if "kernel" not in weight.name:
                    weight.assign(rng.uniform(low, low + 1, weight.shape))
        _MADE[name] = net, rng.standard_normal((2, *shape), dtype=np.float32)
    return _MADE[name]


@pytest.mark.parametrize("name", KERAS)
def test_keras_agrees_with_zeroed_filters(name):
    import keras

    net, x = made(name)
    layers = KERAS[name][2]
    sizes = {layer: net.get_layer(layer).kernel.shape[-1] for layer in layers}
    some = st.fixed_dictionaries(
        {}, optional={name: st.sets(st.integers(0, n - 1), min_size=1) for name, n in sizes.items()}
    )

    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(some)
    def check(plan):
        whole = keras.models.clone_model(net)
        whole.set_weights(net.get_weights())
        for layer, kept in plan.items():
            zeroed, *weights = layers[layer]
            for weight in whole.get_layer(zeroed).weights:
                if weight.name in weights:
                    value = weight.value.detach().numpy().copy()
                    value[..., sorted(set(range(sizes[layer])) - kept)] = 0
                    weight.assign(value)
        small = remove_channels(net, plan)
        assert np.abs(small.predict(x, verbose=0) - whole.predict(x, verbose=0)).max() <= 1e-5
        for layer, kept in plan.items():
            assert small.get_layer(layer).kernel.shape[-1] == len(kept)

    check()


def test_keras_counts():
    """160 parameters of 20 filters 3x3 and so on: by hand."""
    net, _ = made("lecture")
    before = [np.array(w) for w in net.get_weights()]
    small = remove_neurons(remove_channels(net, 0.4), 0.2)
    assert [layer.count_params() for layer in small.layers] == [100, 0, 20 * 91, 0, 0, 20 * (20 * 25 + 1), 10 * 21]
    assert small.compiled
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_keras_networks_keep_learning():
    from mlcourse.datasets import load_digits28

    X, y, X_test, y_test = load_digits28().split()
    X, X_test = X[..., None], X_test[..., None]
    net = pretrained_lecture_cnn()
    small = remove_neurons(net, 0.2, "activation", X=X[:200])
    better = fine_tune(small, X, y, epochs=2, learning_rate=1e-3, progress=False)
    before, after = ((m.predict(X_test, verbose=0).argmax(1) == y_test).mean() for m in (net, better))
    assert after > before - 0.03


def test_keras_models_that_cannot_be_followed():
    import keras
    from keras import layers

    x = keras.Input((8, 8, 3))
    y = layers.LayerNormalization()(layers.Conv2D(8, 3, name="first")(x))
    net = keras.Model(x, layers.Dense(2, name="last")(layers.GlobalAveragePooling2D()(y)))
    with pytest.raises(ValueError, match="first cannot lose outputs: LayerNormalization in layer layer_normalization"):
        remove_channels(net, 0.5)
    with pytest.raises(ValueError, match="output 0 of last cannot be removed: they are the network's output"):
        remove_channels(net, {"last": [1]})

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match="sequential or functional"):
        remove_neurons(Own())


def test_masks():
    net, _ = made("lecture")
    kernel = mask_weights(net, 0.1).get_layer("dense").kernel.value.detach().numpy()
    assert (kernel != 0).sum() == round(0.1 * kernel.size)
