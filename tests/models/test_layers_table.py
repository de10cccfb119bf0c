"""The table of layers: exact values of the lecture's slides, and both libraries alike."""

import math

import keras
import pandas as pd
import pytest
import torch
from torch import nn

from mlcourse.models import layer_table, lecture_cnn


def columns(table, *names):
    return [[None if pd.isna(value) is True else value for value in table[name]] for name in names]


def torch_lecture():
    return nn.Sequential(
        nn.Conv2d(1, 25, 3), nn.MaxPool2d(2), nn.Conv2d(25, 50, 3), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(1250, 100), nn.Linear(100, 10),
    )  # fmt: skip


class TestSlides:
    @pytest.mark.parametrize("library", ["keras", "torch"])
    def test_values(self, library):
        table = layer_table(lecture_cnn()) if library == "keras" else layer_table(torch_lecture(), (1, 28, 28))
        assert list(table.columns) == ["layer", "kind", "output shape", "weights per filter", "parameters"]
        kinds, shapes, per_filter, parameters = columns(table, *table.columns[1:])
        assert kinds == ["convolution 3x3", "max pooling 2x2"] * 2 + ["flatten", "dense", "dense"]
        assert shapes == [(25, 26, 26), (25, 13, 13), (50, 11, 11), (50, 5, 5), (1250,), (100,), (10,)]
        assert per_filter == [9, None, 225, None, None, None, None]
        assert parameters == [250, 0, 11_300, 0, 0, 125_100, 1_010]

    def test_input_shape_of_a_keras_model(self):
        net = lecture_cnn()
        assert layer_table(net, (28, 28, 1)).equals(layer_table(net))
        with pytest.raises(ValueError, match=r"takes inputs of shape \(28, 28, 1\), not input_shape \(1, 28, 28\)"):
            layer_table(net, (1, 28, 28))


class TestArithmetic:
    """Parameters add up to what the libraries count themselves."""

    def test_torch(self):
        net = nn.Sequential(
            nn.Conv2d(6, 12, (3, 5), groups=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(12, 4),
        )
        table = layer_table(net, (6, 20, 31))
        kinds, shapes, per_filter, parameters = columns(table, *table.columns[1:])
        assert kinds[:2] == ["convolution 3x5", "batch normalisation"]
        assert kinds[3] == "average pooling over everything"
        assert shapes[0] == (12, 10, 15)
        assert per_filter[0] == 2 * 3 * 5
        assert parameters == [12 * 30, 24, 0, 0, 0, 52]
        assert sum(parameters) == sum(weight.numel() for weight in net.parameters())

    def test_keras_signals(self):
        layers = keras.layers
        net = keras.Sequential(
            [layers.Conv1D(8, 5, groups=2), layers.BatchNormalization(), layers.MaxPooling1D(2),
             layers.GlobalAveragePooling1D(), layers.Dense(3)]
        )  # fmt: skip
        table = layer_table(net, (128, 6))
        shapes, per_filter, parameters = columns(table, *table.columns[2:])
        assert shapes == [(8, 124), (8, 124), (8, 62), (8,), (3,)]
        assert per_filter == [15, None, None, None, None]
        assert parameters == [128, 16, 0, 0, 27]
        assert sum(parameters) == sum(math.prod(weight.shape) for weight in net.trainable_weights)

    def test_keras_depthwise_and_nested(self):
        layers = keras.layers
        inner = keras.Sequential([keras.Input((8, 8, 4)), layers.DepthwiseConv2D(3), layers.Activation("relu")])
        net = keras.Sequential([keras.Input((8, 8, 4)), inner, layers.Flatten(), layers.Dense(2)])
        table = layer_table(net)
        kinds, shapes, per_filter, parameters = columns(table, *table.columns[1:])
        assert kinds == ["depthwise convolution 3x3", "relu", "flatten", "dense"]
        assert shapes == [(4, 6, 6), (4, 6, 6), (144,), (2,)]
        assert per_filter[0] == 9
        assert sum(parameters) == net.count_params()

    def test_a_layer_used_twice_counts_once(self):
        shared = nn.Linear(4, 4)
        table = layer_table(nn.Sequential(shared, nn.ReLU(), shared), 4)
        assert columns(table, "parameters") == [[20, 0, 0]]

    def test_weights_of_a_container_are_counted(self):
        class Shifted(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(3, 2)
                self.shift = nn.Parameter(torch.zeros(2))

            def forward(self, x):
                return self.linear(x) + self.shift

        table = layer_table(Shifted(), (3,))
        assert columns(table, "layer", "parameters") == [["linear", "(net)"], [8, 2]]

    def test_embedding(self):
        table = layer_table(nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.Linear(80, 2)), (10,))
        assert columns(table, "output shape") == [[(10, 8), (80,), (2,)]]


class TestTraceless:
    def hooks(self, net):
        return sum(len(module._forward_hooks) for module in net.modules())

    def test_hooks_are_removed(self):
        net = torch_lecture().train()
        layer_table(net, (1, 28, 28))
        assert self.hooks(net) == 0
        assert all(module.training for module in net.modules())
        with pytest.raises(ValueError, match=r"no input of input_shape \(3, 28, 28\): .*channels"):
            layer_table(net, (3, 28, 28))
        assert self.hooks(net) == 0

    def test_hooks_are_removed_whatever_happens(self):
        class Broken(nn.Module):
            def forward(self, x):
                raise KeyboardInterrupt

        net = nn.Sequential(nn.Linear(3, 3), Broken())
        with pytest.raises(KeyboardInterrupt):
            layer_table(net, 3)
        assert self.hooks(net) == 0

    def test_batch_statistics_stay(self):
        net = nn.Sequential(nn.BatchNorm1d(3))
        layer_table(net, 3)
        assert net[0].num_batches_tracked == 0


class TestWrongInput:
    @pytest.mark.parametrize("shape", [(), (0, 3), (2.5,), (None, 3)])
    def test_shapes(self, shape):
        with pytest.raises(ValueError, match="input_shape must be sizes"):
            layer_table(nn.Linear(3, 3), shape)

    def test_networks(self):
        with pytest.raises(ValueError, match="input_shape must be given for a torch network"):
            layer_table(nn.Linear(3, 3))
        with pytest.raises(ValueError, match="Input layer or with input_shape"):
            layer_table(keras.Sequential([keras.layers.Dense(3)]))
        with pytest.raises(TypeError, match="net must be"):
            layer_table([1, 2])
