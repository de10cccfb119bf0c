"""Networks on spectrograms: in which direction their filters move, and what the shipped ones are worth."""

import numpy as np
import pytest
import torch

from mlcourse.datasets import fetch_spoken_digits
from mlcourse.models import SpectrogramCNN, layer_table, predict, pretrained_spectrogram_cnn, weights_report
from mlcourse.models.speech import ALONG, ShiftedInTime


@pytest.mark.parametrize(
    ("along", "shape"), [("frequency", (48, 32, 1)), ("time", (48, 1, 72)), ("both", (16, 32, 72))]
)
def test_filters_move_where_they_should(along, shape):
    table = layer_table(SpectrogramCNN(filters_along=along), (1, 40, 80))
    assert table["output shape"][table["kind"].str.startswith("convolution")].iloc[0] == shape


def moved(image, axis, by):
    return torch.roll(image, by, dims=axis)


@pytest.mark.parametrize(("along", "finds", "misses"), [("frequency", 2, 3), ("time", 3, 2)])
def test_a_filter_finds_its_pattern_elsewhere_along_its_direction_only(along, finds, misses):
    torch.manual_seed(0)
    first = SpectrogramCNN(filters_along=along).features[0]
    image = torch.zeros(1, 1, 40, 80)
    image[:, :, 15:22, 30:40] = torch.randn(7, 10)
    with torch.no_grad():
        strongest, there, elsewhere = (
            first(picture).amax(dim=(2, 3)) for picture in (image, moved(image, finds, 5), moved(image, misses, 5))
        )
    torch.testing.assert_close(there, strongest)
    assert (elsewhere - strongest).abs().max() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters_along": "nowhere"}, "filters_along must be one of frequency, time, both, not 'nowhere'"),
        ({"n_classes": 1}, "n_classes must be a whole number of at least 2, got 1"),
        ({"n_mels": 10}, "n_mels must be a whole number of at least 24, got 10"),
    ],
)
def test_what_cannot_be_built_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpectrogramCNN(**arguments)


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"x must have shape \(n, 1, 40, 80\), not \(2, 1, 40, 81\)"):
        SpectrogramCNN()(torch.zeros(2, 1, 40, 81))


def test_shifted_spectrograms_hold_what_they_held():
    batch = torch.arange(20.0)[None, None, None].repeat(6, 1, 5, 1)
    changed = ShiftedInTime(frames=3, loudness=0)(batch, torch.Generator().manual_seed(0))
    assert changed.shape == batch.shape
    assert len({tuple(row) for row in changed[:, 0, 0].tolist()}) > 1
    for row in changed[:, 0, 0]:
        inner = row[3:-3]
        assert (inner.diff() == 1).all()
        assert abs(inner[0] - 3) <= 3
    louder = ShiftedInTime(frames=0, loudness=1)(batch, torch.Generator().manual_seed(0)) - batch
    assert (louder.amax(dim=(1, 2, 3)) - louder.amin(dim=(1, 2, 3))).max() < 1e-5
    assert 0.1 < louder.abs().max() <= 1


@pytest.mark.parametrize("along", ALONG)
def test_shipped_networks_read_the_official_test_recordings(along, real_data):
    digits = fetch_spoken_digits(download_if_missing=False)
    digits = digits.select(digits.test)
    answers = predict(pretrained_spectrogram_cnn(along), digits.log_mel()[:, None])
    accuracy = np.mean(answers == digits.y)
    report = weights_report(f"spectrogram_cnn_{along}")
    assert accuracy >= 0.95
    assert accuracy == pytest.approx(report["accuracy"], abs=0.01)
    # People leak: whoever was never heard is understood far worse.
    assert np.mean(list(report["accuracy by person left out"].values())) < accuracy - 0.05
