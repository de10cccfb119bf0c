"""Counting: by hand, against torch's own counter, against published figures, and for networks of every make."""

import hypothesis.strategies as st
import keras
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import nn
from torch.nn.utils import prune
from torch.utils.flop_counter import FlopCounterMode

from mlcourse.measure import count, energy
from mlcourse.models import (
    ActivityCNN,
    GoPolicyCNN,
    MobileNetV2,
    SpectrogramCNN,
    TextCNN,
    activity_cnn,
    faster_rcnn_vgg16,
    lecture_cnn,
    small_mobilenet,
)

K = keras.layers


def macs_of_torch(net, *example) -> int:
    """Multiply-accumulates as torch counts them itself."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(*example)
    return counter.get_total_flops() // 2


def vgg_16():
    plan, channels, layers = [64, 64, 0, 128, 128, 0, *[256] * 3, 0, *[512] * 3, 0, *[512] * 3, 0], 3, []
    for filters in plan:
        if not filters:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
    dense = [nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, nn.Flatten(), *dense)


def test_vgg_16_has_the_published_figures_and_needs_no_memory_for_them():
    with torch.device("meta"):
        net = vgg_16()
    table = count(net, torch.zeros(1, 3, 224, 224))
    assert table.parameters.sum() == 138_357_544
    assert table.weight_bytes.sum() == 4 * 138_357_544
    assert table.macs[table.kind == "Conv2d"].sum() == 15_346_630_656
    assert table.macs[table.kind == "Linear"].sum() == 123_633_664
    assert table.macs.sum() == 15_346_630_656 + 123_633_664


def test_by_hand():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),  # (2, 8, 4, 4)
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        nn.ConvTranspose2d(8, 5, 2, stride=2),  # (2, 5, 8, 8)
        nn.Flatten(),
        nn.Linear(320, 7),
    )
    table = count(net, torch.zeros(2, 3, 7, 7))
    assert list(table.index) == ["0", "1", "2", "3", "4", "5"]
    assert list(table.kind) == ["Conv2d", "BatchNorm2d", "Conv2d", "ConvTranspose2d", "Flatten", "Linear"]
    assert list(table.output_shape)[-3:] == [(2, 5, 8, 8), (2, 320), (2, 7)]
    assert list(table.parameters) == [8 * 27 + 8, 16, 72, 8 * 5 * 4 + 5, 0, 320 * 7 + 7]
    # Each pixel of a transposed convolution's input meets every weight of its channel.
    assert list(table.macs) == [2 * 16 * 8 * 27, 0, 2 * 16 * 8 * 9, 2 * 16 * 8 * 5 * 4, 0, 2 * 320 * 7]
    assert list(table.activation_bytes) == [1024, 1024, 1024, 2560, 2560, 56]
    moved = 4 * (8 * 27 + 8) + 4 * 2 * 3 * 49 + 1024
    assert table.intensity["0"] == pytest.approx(2 * 2 * 16 * 8 * 27 / moved)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.booleans(),
    st.integers(1, 3), st.integers(0, 2),
)  # fmt: skip
def test_convolutions_of_every_kind_agree_with_torch(groups, inputs, outputs, kernel, stride, transposed, n, padding):
    size = {1: (9,), 2: (9, 8), 3: (6, 7, 8)}[n]
    layer = getattr(nn, f"Conv{'Transpose' * transposed}{n}d")(
        inputs * groups, outputs * groups, kernel, stride, padding, groups=groups
    )
    x = torch.zeros(2, inputs * groups, *size)
    try:
        expected = macs_of_torch(layer, x)
    except RuntimeError:  # the padding leaves nothing over
        return
    table = count(nn.Sequential(layer, nn.ReLU()), x)
    assert table.macs["0"] == expected
    assert table.parameters.sum() == sum(w.numel() for w in layer.parameters())


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["RNN", "LSTM", "GRU"]), st.integers(1, 4), st.integers(2, 5), st.integers(1, 3), st.booleans(),
    st.integers(1, 5), st.booleans(), st.booleans(),
)  # fmt: skip
def test_recurrent_layers(kind, inputs, hidden, layers, bidirectional, steps, batch_first, project):
    more = {"proj_size": hidden - 1} if project and kind == "LSTM" else {}
    net = getattr(nn, kind)(inputs, hidden, layers, bidirectional=bidirectional, batch_first=batch_first, **more)
    table = count(net, torch.zeros(steps, 2, inputs))
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    handed_on = hidden - 1 if more else hidden
    directions = 2 if bidirectional else 1
    each = 0
    for layer in range(layers):
        seen = inputs if layer == 0 else handed_on * directions
        each += directions * (gates * hidden * (seen + handed_on) + (hidden * handed_on if more else 0))
    assert table.macs.sum() == steps * 2 * each
    assert table.parameters.sum() == sum(w.numel() for w in net.parameters())
    assert table.output_shape.iloc[0] == (steps, 2, handed_on * directions)


def test_a_recurrent_layer_reads_only_the_steps_that_packed_sequences_have():
    packed = nn.utils.rnn.pack_padded_sequence(torch.zeros(5, 3, 4), torch.tensor([5, 2, 1]))
    assert count(nn.LSTM(4, 6), packed).macs.sum() == 8 * 4 * 6 * (4 + 6)
    assert count(nn.GRUCell(4, 6), torch.zeros(3, 4)).macs.sum() == 3 * 3 * 6 * (4 + 6)


@pytest.mark.parametrize(
    ("build", "example"),
    [
        (ActivityCNN, torch.zeros(2, 6, 128)),
        (GoPolicyCNN, torch.zeros(2, 9, 19, 19)),
        (SpectrogramCNN, torch.zeros(2, 1, 40, 80)),
        (lambda: TextCNN(50), torch.zeros(3, 12, dtype=torch.int64)),
        (small_mobilenet, torch.zeros(2, 1, 28, 28)),
    ],
)
def test_the_networks_of_the_course_agree_with_torch(build, example):
    net = build().eval()
    table = count(net, example)
    assert table.macs.sum() == macs_of_torch(net, example)
    assert table.parameters.sum() == sum(w.numel() for w in net.parameters())


def test_mobilenet_has_its_published_size():
    with torch.device("meta"):
        net = MobileNetV2()
    table = count(net, torch.zeros(1, 3, 224, 224))
    assert table.parameters.sum() == 3_504_872
    assert table.macs.sum() == 300_774_272  # "300 M multiply-adds": Sandler et al., CVPR 2018, table 4


def test_faster_rcnn_has_its_published_size():
    """548.3 MB, 87.2 % of them in fc6 and fc7; Faster R-CNN on VGG-16, 21 classes, up to 300 regions."""
    with torch.device("meta"):
        net = faster_rcnn_vgg16()
    table = count(net, torch.zeros(1, 3, 320, 320))
    assert table.parameters.sum() == 137_078_239
    assert table.weight_bytes.sum() == 548_312_956
    assert round(100 * table.weight_bytes[["fc6", "fc7"]].sum() / table.weight_bytes.sum(), 1) == 87.2
    assert table.macs["fc6"] == 300 * 7 * 7 * 512 * 4096
    # A convolution of VGG-16 on 320x320 pixels against 224x224, on which it is published; the last pooling is left out.
    convolutions = table.macs[[name for name in table.index if name.startswith("backbone")]].sum()
    assert convolutions * 224**2 == 15_346_630_656 * 320**2


def test_keras_and_torch_agree_on_one_network():
    ours, theirs = count(ActivityCNN(), torch.zeros(2, 6, 128)), count(activity_cnn(), torch.zeros(2, 128, 6))
    for column in ("parameters", "macs"):
        assert ours[column].sum() == theirs[column].sum()
        assert list(ours[column][ours[column] > 0]) == list(theirs[column][theirs[column] > 0])
    assert theirs.output_shape["mean_and_maximum"] == (2, 128)


def test_the_keras_network_of_the_lecture():
    table = count(lecture_cnn(), torch.zeros(1, 28, 28, 1))
    assert list(table.parameters[table.kind == "Conv2D"]) == [250, 11_300]
    assert list(table.macs[table.kind == "Conv2D"]) == [26 * 26 * 25 * 9, 11 * 11 * 50 * 225]


def test_keras_layers_by_hand():
    net = keras.Sequential(
        [
            K.Input((12, 12, 3)),
            K.SeparableConv2D(4, 3, name="separable"),  # 10 x 10
            K.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise"),  # 8 x 8 x 8
            K.Conv2DTranspose(3, 3, 2, name="transposed"),
            K.BatchNormalization(name="normalisation"),
            K.Reshape((17, 51)),
            K.LSTM(4, return_sequences=True, name="lstm"),
            K.Bidirectional(K.GRU(5), name="both"),
            K.Dropout(0.5),
            K.Dense(2, name="dense"),
        ]
    )
    table = count(net, torch.zeros(2, 12, 12, 3))
    expected = {
        "separable": 2 * 100 * (27 + 3 * 4),
        "depthwise": 2 * 64 * 8 * 9,
        "transposed": 2 * 64 * 8 * 3 * 9,
        "normalisation": 0,
        "lstm": 2 * 17 * 4 * 4 * (51 + 4),
        "both.forward_gru": 2 * 17 * 3 * 5 * (4 + 5),
        "both.backward_gru": 2 * 17 * 3 * 5 * (4 + 5),
        "dense": 2 * 10 * 2,
    }
    found = {name.replace("_1", ""): macs for name, macs in table.macs.items() if macs}
    assert found == {name: macs for name, macs in expected.items() if macs}
    assert table.parameters["normalisation"] == 6  # the statistics are not learnt by training
    assert table.parameters.sum() == sum(w.numpy().size for w in net.trainable_weights)


def test_a_nested_keras_model_and_one_that_is_not_built_yet():
    inside = keras.Sequential([K.Dense(4, name="first"), K.Dense(3, name="second")], name="inside")
    x = keras.Input((6,))
    table = count(keras.Model(x, K.Dense(2, name="last")(inside(x))), torch.zeros(5, 6))
    assert dict(table.macs) == {"inside.first": 120, "inside.second": 60, "last": 30}
    assert count(keras.Sequential([K.Dense(4)]), torch.zeros(5, 6)).macs.sum() == 120


def test_keras_attention_counts_its_projections():
    x = keras.Input((6, 8))
    table = count(keras.Model(x, K.MultiHeadAttention(2, 4)(x, x)), torch.zeros(2, 6, 8))
    assert table.macs.sum() == 4 * 2 * 6 * 8 * 8


def test_attention_counts_its_projections_and_its_parameters_once():
    table = count(nn.MultiheadAttention(16, 4), (torch.zeros(7, 2, 16),) * 3)
    assert table.macs.sum() == 14 * 4 * 16 * 16
    assert table.parameters.sum() == 3 * 16 * 16 + 48 + 16 * 16 + 16
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True).eval()
    table = count(layer, torch.zeros(2, 7, 16))
    assert dict(table.macs[table.macs > 0]) == {"self_attn": 14 * 4 * 256, "linear1": 14 * 512, "linear2": 14 * 512}
    assert table.parameters.sum() == sum(w.numel() for w in layer.parameters())


class Shared(nn.Module):
    """One layer twice, one module under two names, one weight in two layers, and outputs in a dict."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Linear(6, 6)
        self.alias = self.twice
        self.embedding = nn.Embedding(10, 6)
        self.head = nn.Linear(6, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.unused = nn.Linear(3, 3)

    def forward(self, words):
        x = self.alias(self.twice(self.embedding(words)))
        return {"logits": [self.head(x)], "x": x}


def test_shared_layers_and_weights_count_once_and_work_counts_each_time():
    net = Shared()
    table = count(net, torch.zeros(2, 3, dtype=torch.int64))
    assert list(table.index) == ["twice", "embedding", "head", "unused"]
    assert table.parameters.sum() == sum(w.numel() for w in net.parameters()) == 42 + 60 + 12
    assert dict(table.macs) == {"twice": 2 * 6 * 36, "embedding": 0, "head": 6 * 60, "unused": 0}
    assert table.activation_bytes["twice"] == 2 * 4 * 36
    assert table.output_shape["unused"] is None
    assert energy(net, torch.zeros(2, 3, dtype=torch.int64)).table.dram_bytes["head"] == 4 * 60


class ByHand(nn.Module):
    """A network of functions, with a convolution as a matrix product, a masked and a tied weight."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Parameter(torch.zeros(5, 3, 3, 3))
        self.matrix = nn.Parameter(torch.zeros(20, 7))
        self.register_buffer("mask", torch.ones(20, 7))
        self.scores = nn.Linear(7, 7)

    def forward(self, x):
        columns = F.unfold(x, 3)  # (2, 27, 4)
        maps = self.filters.flatten(1) @ columns
        y = torch.einsum("bi,ij->bj", maps.flatten(1), self.matrix * self.mask)
        y = self.scores(y)
        y = y @ y.T @ y  # two activations: no layer
        return F.linear(y, self.scores.weight)


def test_networks_written_with_functions_count_as_those_of_layers():
    table = count(ByHand(), torch.zeros(2, 3, 4, 4))
    assert table.macs.sum() == 2 * 4 * 5 * 27 + 2 * 20 * 7 + 2 * 49 + 2 * 49
    assert table.macs["scores"] == 2 * 49
    assert table.parameters.sum() == 135 + 140 + 56


def test_a_masked_layer_still_multiplies_with_its_zeros():
    net = nn.Sequential(nn.Linear(30, 20), nn.ReLU())
    prune.random_unstructured(net[0], "weight", 0.8)
    assert count(net, torch.zeros(1, 30)).macs.sum() == 600


def test_a_sparse_matrix_multiplies_with_what_it_holds():
    class Sparse(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("weight", torch.eye(8)[:6].to_sparse_csr())

        def forward(self, x):
            return (self.weight @ x.T).T

    assert count(Sparse(), torch.zeros(5, 8)).macs.sum() == 6 * 5


def test_half_precision_halves_the_bytes():
    net, x = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 4)), torch.zeros(1, 3, 8, 8)
    full, half = count(net, x), count(net.bfloat16(), x.bfloat16())
    assert list(2 * half.weight_bytes) == list(full.weight_bytes)
    assert list(half.macs) == list(full.macs)
    assert half.intensity.to_numpy() == pytest.approx(2 * full.intensity.to_numpy())


class Fails(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        x = self.first(x)
        raise ZeroDivisionError("forward fails")


def state(net):
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in net.modules()]
    grads = [None if w.grad is None else w.grad.clone() for w in net.parameters()]
    return hooks, [m.training for m in net.modules()], grads, {k: v.clone() for k, v in net.state_dict().items()}


def test_nothing_is_left_on_a_network_whose_forward_fails():
    net = Fails().train()
    before = state(net)
    fast = torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(ZeroDivisionError) as raised:
        count(net, torch.zeros(2, 4))
    assert "example of shape (2, 4)" in raised.value.__notes__[0]
    assert state(net)[:2] == before[:2]
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_a_network_is_left_as_it_was():
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout()).train()
    net[2].eval()
    net(torch.randn(8, 4)).sum().backward()
    called = []
    net[0].register_forward_hook(lambda *_: called.append(1))
    before = state(net)
    count(net, torch.randn(8, 4))
    after = state(net)
    assert before[:2] == after[:2]
    assert called == [1]
    for was, now in zip((*before[2], *before[3].values()), (*after[2], *after[3].values()), strict=True):
        assert torch.equal(was, now) if was is not None else now is None


def test_a_layer_whose_failure_the_network_survives():
    class Survives(nn.Module):
        def __init__(self):
            super().__init__()
            self.wrong, self.right = nn.Linear(3, 3), nn.Linear(4, 2)

        def forward(self, x):
            try:
                return self.wrong(x)
            except RuntimeError:
                return self.right(x)

    assert dict(count(Survives(), torch.zeros(1, 4)).macs) == {"wrong": 0, "right": 8}


@pytest.mark.parametrize(
    ("net", "example", "error", "words"),
    [
        (lambda x: x, torch.zeros(1), TypeError, "torch.nn.Module or a Keras model"),
        (nn.Linear(3, 3), (1, 3), TypeError, "tensor with its batch"),
        (nn.Linear(3, 3), torch.zeros(1, 3, device="meta"), ValueError, "meta"),
    ],
)
def test_what_cannot_be_counted_is_refused(net, example, error, words):
    with pytest.raises(error, match=words):
        count(net, example)


def test_arrays_are_examples_too():
    import numpy as np

    assert count(nn.Linear(3, 2), np.zeros((4, 3))).macs.sum() == 24


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_whole_numbers_count_as_numbers_of_a_byte():
    net = nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 10))
    quantized = torch.ao.quantization.quantize_dynamic(net, {nn.Linear})
    table, full = count(quantized, torch.zeros(4, 30)), count(net, torch.zeros(4, 30))
    assert table.macs.sum() == full.macs.sum() == 4 * 800
    assert table.parameters.sum() == full.parameters.sum()
    assert table.weight_bytes.sum() == 800 + 4 * 30  # biases stay in float32
    assert list(energy(quantized, torch.zeros(4, 30)).table.dtype) == ["int8", "int8"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_networks_whose_layers_cannot_be_seen_are_refused():
    with pytest.raises(TypeError, match=r"torch\.jit"):
        count(torch.jit.trace(nn.Linear(3, 2), torch.zeros(1, 3)), torch.zeros(1, 3))
    with pytest.raises(ValueError, match="lazy"):
        count(nn.LazyLinear(3), torch.zeros(1, 3))


def test_a_weight_that_is_computed_anew_each_time():
    net = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 4, 3)))
    table = count(net, torch.zeros(1, 2, 5, 5))
    assert table.macs["0"] == table.macs.sum() == 9 * 4 * 18
    assert table.parameters.sum() == sum(w.numel() for w in net.parameters())
    assert table.kind["0"] == "Conv2d"
