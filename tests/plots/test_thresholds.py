"""The threshold explorer: sliders, picture and numbers agree, and a page without widgets gets the same picture."""

import builtins
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mlcourse.plots import threshold_tuner
from mlcourse.plots.explorer import still_html
from mlcourse.plots.thresholds import ANSWERS, classify

RATE = 50


def windows(n=60, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(128) / RATE
    kinds = {"sitting": (0.1, 1, 0.4), "standing": (0.1, 9.6, 0.4), "walking": (3, 9.8, 1.9), "jogging": (8, 9.9, 2.7)}
    signals, labels = [], []
    for name, (size, level, frequency) in kinds.items():
        for _ in range(n):
            signals.append(level + rng.normal(0, 0.3) + size * np.sqrt(2) * np.sin(2 * np.pi * frequency * time))
            labels.append(name)
    signals = np.array(signals) + rng.normal(0, 0.02, (4 * n, 128))
    spectrum = np.abs(np.fft.rfft(signals - signals.mean(axis=1, keepdims=True), axis=1))
    frequency = spectrum.argmax(axis=1) * RATE / 128
    return signals.std(axis=1), signals.mean(axis=1), frequency, np.array(labels), signals


STD, MEAN, FREQUENCY, LABELS, SIGNALS = windows()


def tuner(**options):
    return threshold_tuner(STD, MEAN, FREQUENCY, LABELS, **{"signals": SIGNALS, "rate": RATE, **options})


def picture_of(explorer):
    return np.asarray(Image.open(io.BytesIO(explorer.image.value))).astype(int)


def test_the_rule_is_the_lectures():
    std, mean, frequency = np.array([[0.5, 2, 1.9], [0.5, 8, 1.9], [3, 2, 1.9], [3, 8, 2.9], [1, 5, 2.3]]).T
    answers = classify(std, mean, frequency, c1=1, c2=5, c3=2.3)
    assert answers.tolist() == ["sitting", "standing", "walking", "jogging", "jogging"]


def test_it_agrees_with_the_classifier_of_the_same_rule():
    sensing = pytest.importorskip("mlcourse.sensing.thresholds")
    features = sensing.heuristic_features(SIGNALS[:, :, None], RATE, channel=0)
    model = sensing.ThresholdClassifier(c1=0.7, c2=4.0, c3=2.1).fit(features, LABELS)
    assert (classify(*features.T, 0.7, 4.0, 2.1) == model.predict(features)).all()


def test_outside_a_notebook_it_is_a_still_figure_with_the_same_content():
    figure = tuner()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == []
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert "-> walking" in texts
    assert texts.count("60") == 4
    assert figure.get_suptitle().startswith("accuracy 100.0 %")
    drawn = io.BytesIO()
    figure.savefig(drawn)
    with_lines = np.asarray(Image.open(drawn).convert("RGB"))
    assert (with_lines < 60).all(axis=2).mean() > 0.005


def test_without_ipywidgets_it_is_a_still_figure(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "ipywidgets":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("mlcourse.plots.explorer.find_spec", lambda name: None if name == "ipywidgets" else True)
    assert isinstance(tuner(), Figure)


def test_signals_may_be_left_out():
    figure = threshold_tuner(STD, MEAN, FREQUENCY, LABELS)
    assert len(figure.axes) == 3


def test_sliders_move_the_numbers():
    explorer = tuner(interactive=True)
    assert [slider.value for slider in explorer.sliders] == [1.0, 5.0, 2.3]
    assert [slider.description for slider in explorer.sliders] == [
        "C1: std(y) (m/s²)", "C2: mean(y) (m/s²)", "C3: frequency(y) (Hz)",
    ]  # fmt: skip
    assert explorer.accuracy == 1
    explorer.sliders[2].value = 1.0
    assert explorer.c3 == 1.0
    assert explorer.accuracy == 0.75
    assert explorer.matrix[2].tolist() == [0, 0, 0, 60]
    explorer.sliders[1].value = float(explorer.sliders[1].max)
    assert explorer.matrix[1].tolist() == [60, 0, 0, 0]
    assert explorer.accuracy == 0.5
    assert "accuracy 50.0 %" in explorer.words.value


def test_the_picture_changes_with_every_slider_and_comes_back():
    explorer = tuner(interactive=True)
    first = picture_of(explorer)
    for slider, value in zip(explorer.sliders, (0.3, 2.0, 1.5), strict=True):
        before = slider.value
        slider.value = value
        assert (picture_of(explorer) != first).any()
        slider.value = before
        assert np.array_equal(picture_of(explorer), first)


def test_what_does_not_move_is_not_touched():
    explorer = tuner(interactive=True)
    first = picture_of(explorer)
    explorer.sliders[2].value = 1.5
    changed = (picture_of(explorer) != first).any(axis=2)
    height, width = changed.shape
    assert not changed[int(0.15 * height) : int(0.5 * height), : int(0.05 * width)].any()  # axis labels
    assert 0 < changed.mean() < 0.3


def test_the_moving_picture_is_the_still_one():
    explorer = tuner(interactive=True)
    for slider, value in zip(explorer.sliders, (0.5, 3.0, 2.0), strict=True):
        slider.value = value
    still = io.BytesIO()
    tuner(c1=0.5, c2=3.0, c3=2.0, interactive=False).savefig(still, dpi=100)
    still = np.asarray(Image.open(still).convert("RGB")).astype(int)
    # Only the order in which things lie upon each other may differ.
    assert np.abs(picture_of(explorer) - still).mean() < 3


def test_thresholds_are_drawn_where_they_are():
    figure = tuner(c1=0.5, c2=3.0, c3=2.0)
    left, right = figure.subfigs[0].axes[:2]
    assert [line.get_xdata()[0] for ax in (left, right) for line in ax.lines if line.get_xdata()[0] == 0.5]
    horizontal = {ax: [line for line in ax.lines if len(line.get_ydata()) == 2][-1] for ax in (left, right)}
    assert horizontal[left].get_ydata()[0] == 3.0
    assert horizontal[right].get_ydata()[0] == 2.0
    assert horizontal[left].get_xdata()[1] == 0.5  # C2 counts only where there is hardly any movement
    assert horizontal[right].get_xdata()[0] == 0.5


def test_other_windows_are_shown_and_explained():
    explorer = tuner(interactive=True)
    first = picture_of(explorer)
    explorer.button.click()
    assert (picture_of(explorer) != first).any()


def test_a_moved_slider_does_not_draw_everything_anew(monkeypatch):
    whole = []
    draw = FigureCanvasAgg.draw
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda canvas: (whole.append(1), draw(canvas)))
    explorer = tuner(interactive=True)
    pictures = set()
    for value in np.linspace(0.3, 1.9, 9):
        explorer.sliders[0].value = float(value)
        pictures.add(picture_of(explorer).tobytes())
    assert len(whole) == 1
    assert len(pictures) > 5


def test_it_brings_a_still_picture_along_for_pages_without_widgets(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    tuner(interactive=True)._ipython_display_()
    live, still = shown
    assert "application/vnd.jupyter.widget-view+json" in live
    assert '<img class="mlcourse-still"' in still["text/html"]
    assert 'alt="The heuristic with C1 = 1 m/s^2' in still["text/html"]
    assert "display: none" in still["text/html"]  # only beside a live explorer


def test_alternative_text_is_escaped():
    assert 'alt="std &lt; &quot;C1&quot;"' in still_html(b"", 'std < "C1"')


def test_other_activities_are_rows_that_are_never_right():
    labels = np.where(LABELS == "jogging", "upstairs", LABELS)
    explorer = threshold_tuner(STD, MEAN, FREQUENCY, labels, interactive=True)
    assert explorer.matrix.shape == (4, len(ANSWERS))
    assert explorer.accuracy == 0.75


def test_activities_differ_in_more_than_colour():
    left = tuner().subfigs[0].axes[0]
    points = [line for line in left.lines if line.get_label() in ANSWERS]
    assert len({line.get_marker() for line in points}) == 4
    assert len({line.get_color() for line in points}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"std": STD[:-1]}, "std must hold one number for each of the 240"),
        ({"mean": np.where(MEAN > 9, np.nan, MEAN)}, "mean has missing or infinite values"),
        ({"labels": []}, "at least one window"),
        ({"signals": SIGNALS[:, :, None]}, r"signals must have shape \(windows, time\).*X\[:, :, 1\]"),
        ({"rate": None}, "rate must be the samples per second"),
        ({"c1": "high"}, "c1 must be a number"),
    ],
)
def test_what_does_not_fit_is_said(change, message):
    arguments = {"std": STD, "mean": MEAN, "frequency": FREQUENCY, "labels": LABELS, "signals": SIGNALS, "rate": RATE}
    with pytest.raises(ValueError, match=message):
        threshold_tuner(**{**arguments, **change})
