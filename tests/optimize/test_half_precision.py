"""Half precision: the same answers, half the memory, and what leaves the range stays in float32."""

import copy
import io
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.models import (
    ActivityCNN,
    GoPolicyCNN,
    GoPolicyDense,
    SpectrogramCNN,
    TextCNN,
    predict,
    pretrained_activity_cnn,
    pretrained_go_policy,
    pretrained_spectrogram_cnn,
    pretrained_text_cnn,
    small_mobilenet,
)
from mlcourse.optimize import kept_layers, range_report, to_half

DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
CLOSE = {"float16": 0.01, "bfloat16": 0.06}


def numbers(*shape, scale=1.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(0))


def words():
    return torch.randint(0, 500, (4, 20), generator=torch.Generator().manual_seed(0))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = nn.LSTM(4, 6, batch_first=True)
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        return {"scores": self.last(self.recurrent(x)[0][:, -1]), "length": torch.tensor([x.shape[1]])}


class Residual(nn.Module):
    """A residual block with batch normalisation, a depthwise convolution and a concatenation."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.last = nn.Linear(16, 5)

    def forward(self, x):
        maps = self.first(x)
        maps = torch.cat([maps, maps + self.depthwise(maps)], dim=1)
        return self.last(maps.mean(dim=(2, 3)))


def mobilenet():
    """Small, and with the statistics of some images: without them the signal of an untrained network fades away."""
    net = small_mobilenet()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the mean of all batches
    with torch.no_grad():
        for _ in range(3):
            net(numbers(16, 1, 28, 28))
    return net


NETWORKS = {
    "mobilenet": (mobilenet, lambda: numbers(4, 1, 28, 28)),
    "activity": (ActivityCNN, lambda: numbers(4, 6, 64)),
    "spectrogram frequency": (SpectrogramCNN, lambda: numbers(4, 1, 40, 80)),
    "spectrogram both": (lambda: SpectrogramCNN(filters_along="both"), lambda: numbers(4, 1, 40, 80)),
    "text": (lambda: TextCNN(500), words),
    "go": (lambda: GoPolicyCNN(channels=8, size=9), lambda: numbers(2, 9, 9, 9)),
    "go dense": (lambda: GoPolicyDense(hidden=16, size=9), lambda: numbers(2, 9, 9, 9)),
    "recurrent": (Recurrent, lambda: numbers(2, 7, 4)),
    "residual": (Residual, lambda: numbers(2, 3, 8, 8)),
    "gru": (lambda: nn.GRU(4, 5), lambda: numbers(3, 2, 4)),
    "attention": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), lambda: numbers(2, 5, 8)),
    "one layer": (lambda: nn.Linear(4, 2), lambda: numbers(3, 4)),
}


def made(name):
    make, example = NETWORKS[name]
    torch.manual_seed(0)
    return make().eval(), example()


def answers(net, x):
    with torch.no_grad():
        answer = net(x)
    while isinstance(answer, dict | tuple):
        answer = answer["scores"] if isinstance(answer, dict) else answer[0]
    return answer


def bytes_of(net):
    return sum(weight.nbytes for weight in net.parameters())


def state(net):
    return {name: value.clone() for name, value in net.state_dict().items()}


# -- every network ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETWORKS)
def test_same_answers_in_half_the_memory(name, dtype):
    net, x = made(name)
    half = to_half(net, dtype, example=x)
    got, wanted = answers(half, x), answers(net, x)
    assert got.dtype == torch.float32
    assert (got - wanted).abs().max() < CLOSE[dtype] * wanted.abs().max()
    assert bytes_of(half) * 2 == bytes_of(net)
    assert kept_layers(half) == []
    assert {weight.dtype for weight in half.parameters()} == {DTYPES[dtype]}
    assert type(half) is type(net)
    assert [n for n, _ in half.named_parameters()] == [n for n, _ in net.named_parameters()]


@pytest.mark.parametrize("name", NETWORKS)
def test_argument_stays_as_it_is(name):
    net, x = made(name)
    net.train()
    answer = net(x)
    while isinstance(answer, dict | tuple):
        answer = answer["scores"] if isinstance(answer, dict) else answer[0]
    answer.sum().backward()
    before, gradients = state(net), [weight.grad.clone() for weight in net.parameters() if weight.grad is not None]
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    to_half(net, example=x)
    range_report(net, x)
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    for gradient, now in zip(gradients, (w.grad for w in net.parameters() if w.grad is not None), strict=True):
        assert torch.equal(gradient, now)
    assert hooks == [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]


@pytest.mark.parametrize("name", NETWORKS)
def test_all_kept_is_the_network_itself(name):
    net, x = made(name)
    kept = to_half(net, keep=[""])
    assert torch.equal(answers(kept, x), answers(net, x))
    assert bytes_of(kept) == bytes_of(net)


def test_one_layer_rounds_once():
    """Input and weights of the format, sums in float32 and rounded at the end."""
    net, x = made("one layer")
    for dtype, half in DTYPES.items():
        wanted = nn.functional.linear(x.to(half), net.weight.to(half), net.bias.to(half)).float()
        assert torch.equal(answers(to_half(net, dtype), x), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_shipped_networks(dtype):
    text, vocabulary = pretrained_text_cnn()
    for net, x in (
        (pretrained_activity_cnn().eval(), numbers(16, 6, 128, scale=4.0)),
        (pretrained_spectrogram_cnn(), numbers(8, 1, 40, 80, scale=3.0) - 5),
        (pretrained_go_policy().eval(), numbers(2, 9, 19, 19)),
        (text, torch.from_numpy(vocabulary.encode(["win a free prize now", "see you at home"]))),
    ):
        half = to_half(net, dtype, example=x)
        assert kept_layers(half) == []
        got, wanted = answers(half, x), answers(net, x)
        assert (got - wanted).abs().max() < CLOSE[dtype] * wanted.abs().max()
        if x.is_floating_point():
            assert (predict(half, x.numpy()) == predict(net, x.numpy())).mean() > 0.8


def test_text_network_on_real_layout_of_go():
    """`policy` looks at the weights' type, and still gets probabilities."""
    from mlcourse.datasets import Board

    net = pretrained_go_policy()
    board = Board(19)
    board.play("Q16")
    assert np.abs(to_half(net, "float16").policy(board) - net.policy(board)).max() < 0.01


def test_copies_and_files_keep_working():
    net, x = made("residual")
    half = to_half(net, "bfloat16", keep=["last"])
    wanted = answers(half, x)
    assert torch.equal(answers(copy.deepcopy(half), x), wanted)
    file = io.BytesIO()
    torch.save(half, file)
    file.seek(0)
    assert torch.equal(answers(torch.load(file, weights_only=False), x), wanted)


# -- range ------------------------------------------------------------------------------------------------------------


def loud(factor, middle=1.0):
    """Three layers; what the first hands on is `factor` times larger, and what the last does as much smaller."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))
    with torch.no_grad():
        net[0].weight.mul_(factor**0.5)
        net[0].bias.zero_()
        net[2].weight.mul_(factor**0.5)
        net[2].bias.zero_()
        net[4].weight.div_(factor * middle)
    return net.eval()


@pytest.mark.parametrize("factor", [1e6, 1e10])
def test_overflow_is_kept(factor):
    net, x = loud(factor), numbers(16, 8)
    assert not torch.isfinite(answers(to_half(net, "float16", keep=()), x)).all()
    half = to_half(net, "float16", example=x)
    assert "2" in kept_layers(half)
    assert (answers(half, x) - answers(net, x)).abs().max() < 0.01 * answers(net, x).abs().max()
    assert kept_layers(to_half(net, "bfloat16", example=x)) == []


def test_layers_in_range_are_not_kept():
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), loud(1e6), nn.Sequential(nn.Linear(4, 4), nn.ReLU())).eval()
    half = to_half(net, "float16", example=numbers(16, 8))
    assert not {"0", "3.0"} & set(kept_layers(half))
    assert net[0].weight.nbytes == 2 * half[0].weight.nbytes


@pytest.mark.parametrize("factor", [1e-9, 1e-12])
def test_underflow_is_kept(factor):
    net, x = loud(factor), numbers(16, 8)
    wanted = answers(net, x) - net[4].bias
    lost = answers(to_half(net, "float16", keep=()), x) - net[4].bias
    assert not (lost - wanted).abs().max() < 0.05 * wanted.abs().max()  # NaN counts as lost
    half = to_half(net, "float16", example=x)
    assert "2" in kept_layers(half)
    assert (answers(half, x) - answers(net, x)).abs().max() < 0.01 * wanted.abs().max()
    assert kept_layers(to_half(net, "bfloat16", example=x)) == []


def test_overflow_between_layers_is_kept():
    class Squares(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.other, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            loud = self.first(x) * 300
            return self.last((loud**2).mean(dim=1, keepdim=True).sqrt() / 300 + self.other(x))

    torch.manual_seed(0)
    net, x = Squares().eval(), numbers(5, 4, scale=3)
    assert not torch.isfinite(answers(to_half(net, keep=()), x)).all()
    half = to_half(net, example=x)
    assert kept_layers(half) == ["first"]
    assert (answers(half, x) - answers(net, x)).abs().max() < 0.01 * answers(net, x).abs().max()


def test_weights_alone_tell_without_an_example():
    net, _ = made("residual")
    with torch.no_grad():
        net.last.weight[0, 0] = 1e5
    assert kept_layers(to_half(net)) == ["last"]
    assert kept_layers(to_half(net, "bfloat16")) == []


def test_small_biases_and_variances_do_no_harm():
    net, _ = made("residual")
    with torch.no_grad():
        net.depthwise.bias.fill_(1e-9)
        net.first[1].running_var.fill_(1e-9)
    assert kept_layers(to_half(net)) == []


def test_large_input():
    net, x = made("residual")
    assert kept_layers(to_half(net, example=1e5 * x))[0] == "first.0"


def test_report_counts():
    net = nn.Sequential(nn.Linear(3, 1, bias=False), nn.ReLU()).eval()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[2.0, 1e-9, 0.5]]))
    report = range_report(net, torch.tensor([[4e4, 0.0, 0.0], [1e-8, 0.0, 0.0], [1.0, 1.0, -2.0]]))
    row = report.loc["0"]
    assert list(report.index) == ["0", "1"]
    assert row["kind"] == "Linear"
    assert row["largest weight"] == 2
    assert row["largest activation"] == 8e4
    assert row["smallest activation"] == pytest.approx(1e-8)
    assert row["overflow"] == 1
    assert row["keep"]
    assert "output" in row["why"]


def test_share_of_underflow():
    net = nn.Sequential(nn.Identity())
    report = range_report(net, torch.tensor([[1.0, 1e-9, 0.0, 2e-8]]))
    assert report.loc["0", "underflow"] == pytest.approx(2 / 3)
    assert not report.loc["0", "keep"]  # beside the 1 they are nothing
    report = range_report(net, torch.tensor([[1e-6, 1e-9]]))
    assert report.loc["0", "keep"]


def test_shared_weights_stay_together():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.out = nn.Linear(4, 4, bias=False), nn.Linear(4, 4)
            self.out.weight = self.inside.weight

        def forward(self, x):
            return self.out(self.inside(x))

    half = to_half(Tied(), keep=["out"])
    assert kept_layers(half) == ["inside", "out"]
    assert half.out.weight is half.inside.weight


def test_buffers_of_own_modules_stay_in_float32():
    class Anchors(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("places", torch.arange(3.0) * 1000.1)
            self.last = nn.Linear(3, 3)

        def forward(self, x):
            return self.last(x) * 0 + self.places

    half = to_half(Anchors())
    assert half.places.dtype == torch.float32
    assert torch.equal(half(torch.ones(1, 3))[0], torch.arange(3.0) * 1000.1)


def test_hooks_go_whatever_happens():
    net, x = made("residual")
    with pytest.raises(ValueError, match="does not take the example"):
        range_report(net, x[:, :2])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"dtype": "float8"}, ValueError, "dtype"),
        ({"keep": "last"}, ValueError, r"\['last'\]"),
        ({"keep": ["nowhere"]}, ValueError, "nowhere.*first.0"),
        ({"keep": (), "example": torch.ones(1, 3, 8, 8)}, ValueError, "example"),
        ({"example": torch.ones(1, 2, 8, 8)}, ValueError, "does not take the example"),
        ({"example": "image"}, TypeError, "example"),
        ({"example": torch.full((1, 3, 8, 8), torch.nan)}, ValueError, "float32 already"),
    ],
)
def test_bad_arguments(arguments, error, says):
    net, _ = made("residual")
    with pytest.raises(error, match=says):
        to_half(net, **arguments)


def test_bad_networks():
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        to_half("net")
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        range_report(None, torch.ones(1))
    net, _ = made("residual")
    with pytest.raises(ValueError, match="already"):
        to_half(to_half(net))
    with pytest.raises(ValueError, match="to_half"):
        kept_layers(net)


def test_types_of_torch_are_names_too():
    assert to_half(nn.Linear(2, 2), torch.bfloat16).weight.dtype == torch.bfloat16


# -- Keras ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["lecture_cnn", "lecture_dense", "activity_cnn"])
def test_keras_models(name, dtype):
    import mlcourse.models

    net = mlcourse.models.activity_cnn() if name == "activity_cnn" else getattr(mlcourse.models, name)()
    x = numbers(4, 64, 6).numpy() if name == "activity_cnn" else numbers(4, 28, 28, 1).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        half = to_half(net, dtype, example=x)
    before = [weight.copy() for weight in net.get_weights()]
    assert kept_layers(half) == []
    got, wanted = half.predict(x, verbose=0), net.predict(x, verbose=0)
    assert got.dtype == np.float32
    assert np.abs(got - wanted).max() < CLOSE[dtype] * wanted.max()
    sizes = [sum(w.value.nbytes for layer in model.layers for w in layer.weights) for model in (net, half)]
    assert sizes[0] == 2 * sizes[1]
    assert half.compiled
    assert [layer.dtype_policy.name for layer in net.layers][-1] == "float32"
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_keras_range():
    from mlcourse.models import lecture_dense

    net = lecture_dense()
    kernel, bias = net.get_layer("dense").get_weights()
    net.get_layer("dense").set_weights([kernel * 1e6, bias])
    x = numbers(4, 28, 28, 1).numpy()
    report = range_report(net, x)
    assert list(report.index) == ["flatten", "dense", "output"]
    assert report["keep"].tolist() == [False, True, True]
    assert kept_layers(to_half(net, example=x)) == ["dense", "output"]
    assert kept_layers(to_half(net)) == ["dense"]
    assert np.isfinite(to_half(net, example=x).predict(x, verbose=0)).all()
    assert kept_layers(to_half(net, keep=["output"])) == ["output"]
    with pytest.raises(ValueError, match="nowhere"):
        to_half(net, keep=["nowhere"])
    with pytest.raises(ValueError, match="already"):
        to_half(to_half(net))


def test_subclassed_keras_model():
    import keras

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(2)

        def call(self, x):
            return self.last(x)

    with pytest.raises(TypeError, match="sequential or functional"):
        to_half(Own())


class TwoReaders(nn.Module):
    """Two layers read the input; the second could not read it in float16."""

    def __init__(self):
        super().__init__()
        self.small, self.large = nn.Linear(2, 2), nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            for weight in self.small.parameters():
                weight.zero_()
            self.large.weight.copy_(1e-6 * torch.eye(2))

    def forward(self, x):
        return self.small(x.clamp(max=1.0)) + self.large(x)


def test_predictions_do_not_round_what_a_kept_layer_reads():
    X = torch.tensor([[1e6, 2e5], [1e5, 3e6], [70_000.0, 70_100.0]])  # beyond 65504
    net = TwoReaders()
    assert predict(net, X).tolist() == predict(to_half(net, keep=["large"]), X).tolist() == [0, 1, 1]
