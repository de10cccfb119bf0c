"""Pictures of a convolution's steps: figure, explorer and animation show the same numbers, and say them."""

import io
import itertools
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mlcourse.convolution import Steps
from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE
from mlcourse.plots.grids import number_in_words, shade

COLOUR = np.stack([IMAGE, 1 - IMAGE, 2 * IMAGE])
EXAMPLES = {
    "filter 1": Steps.convolution(IMAGE, FILTER_1),
    "stride 2": Steps.convolution(IMAGE, FILTER_2, stride=2),
    "two filters": Steps.convolution(IMAGE, [FILTER_1, FILTER_2]),
    "padding": Steps.convolution(IMAGE, FILTER_1, padding=1),
    "colour": Steps.convolution(COLOUR, [[FILTER_1] * 3, [FILTER_2] * 3]),
    "max": Steps.pooling(Steps.convolution(IMAGE, [FILTER_1, FILTER_2]).output),
    "average": Steps.pooling(IMAGE, kind="average"),
    "padded max": Steps.pooling(IMAGE, 3, stride=2, padding=1),
    "photograph": Steps.convolution(np.random.default_rng(0).random((20, 30)), FILTER_1 / 9, stride=3),
    "one pixel": Steps.convolution([[2.5]], [[-1.0]]),
}
every = pytest.mark.parametrize("steps", [pytest.param(steps, id=name) for name, steps in EXAMPLES.items()])


def texts(figure):
    found = [text.get_text() for ax in figure.axes for text in ax.texts if text.get_visible()]
    return [text.replace("−", "-") for text in found]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@every
def test_the_figure_shows_the_step(steps):
    for index in (0, len(steps) // 2, -1):
        figure, step = steps.plot(index), steps[index]
        assert isinstance(figure, Figure)
        assert plt.get_fignums() == []
        assert figure.get_suptitle().startswith(f"step {step.index} of 0 to {len(steps) - 1}: output[")
        frames = [patch for ax in figure.axes for patch in ax.patches if patch.get_visible()]
        assert len(frames) >= 2  # the window, and the output cell
        figure.canvas.draw()


def test_the_output_grows_step_by_step():
    steps = EXAMPLES["filter 1"]
    numbers = [len([text for text in texts(steps.plot(i)) if re.fullmatch(r"-?\d+", text)]) for i in range(16)]
    # 36 pixels, 9 weights, 9 products, indices 6 + 6 + 4 + 4, and the output so far.
    assert numbers == [74 + i for i in range(1, 17)]


def test_the_figure_writes_the_arithmetic_of_the_slide():
    assert "1·1 + 0·(-1) + 0·(-1) + 0·(-1) + 1·1 + 0·(-1) + 0·(-1) + 0·(-1) + 1·1 = 3" in texts(
        EXAMPLES["filter 1"].plot(0)
    )
    assert "max(3, -1, -3, 1) = 3" in texts(EXAMPLES["max"].plot(0))
    assert "(1 + 0 + 0 + 1) / 4 = 0.5" in texts(EXAMPLES["average"].plot(0))
    assert any(text.startswith("sum over the channels: 3 + (-6) + 6 = 3") for text in texts(EXAMPLES["colour"].plot(0)))


def test_the_window_is_framed_where_it_is():
    steps = EXAMPLES["filter 1"]
    (first, *_), (last, *_) = (
        [patch.get_bbox().bounds for patch in steps.plot(i).axes[0].patches if patch.get_width() == 3] for i in (0, 15)
    )
    assert np.subtract(last[:2], first[:2]) == pytest.approx((3, 3))


def test_padding_is_drawn_and_counted_from_minus_one():
    figure = EXAMPLES["padding"].plot(0)
    assert "image and padding" in texts(figure)
    assert texts(figure).count("-1") >= 2
    assert figure.axes[0].images[0].get_array().shape[:2] == (8, 8)


@every
def test_each_step_is_said_in_words(steps):
    for step in steps[:: max(1, len(steps) // 3)]:
        words = steps.in_words(step.index)
        assert f"Step {step.index} of 0 to {len(steps) - 1} of a" in words
        assert f"{number_in_words(step.sum)}, which goes to output[{', '.join(map(str, step.cell))}]" in words


def test_words_of_the_first_step():
    assert EXAMPLES["filter 1"].in_words(0) == (
        "Step 0 of 0 to 15 of a convolution with a 3 by 3 filter: the window covers rows 0 to 2 and columns 0 to 2 of "
        "the image, counted from 0. The products are 1, 0, 0; 0, 1, 0; 0, 0, 1. Their sum is 3, which goes to "
        "output[0, 0]. Output so far: 3."
    )


def test_colours_say_the_sign_and_never_hide_the_number():
    colors = shade(np.array([[-2, -1, 0, 1, 2]]), 2)[0]
    assert colors[2].tolist() == [1, 1, 1]
    assert colors[0][0] > colors[0][2]  # orange
    assert colors[4][2] > colors[4][0]  # blue
    # Black on the darkest of them still has the contrast of 7:1 that WCAG asks for at its strictest.
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    assert ((linear @ [0.2126, 0.7152, 0.0722] + 0.05) / 0.05).min() > 7


def test_numbers_are_short():
    assert [number_in_words(value) for value in (3, -1, 0.25, -1 / 3, 1e-7, np.int64(-12))] == [
        "3", "−1", "0.25", "−0.333", "1e−7", "−12",
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------- explorer


@every
def test_the_moving_picture_is_the_still_one(steps):
    picture = steps._picture(0)
    picture.png()
    for index in (len(steps) - 1, 0, len(steps) // 2):
        picture.set(index)
        moved = pixels(picture.png())
        still = io.BytesIO()
        steps.plot(index).savefig(still, dpi=100)
        # Only the order in which things lie upon each other may differ.
        assert np.abs(moved - pixels(still.getvalue())).mean() < 0.5, index


def test_the_slider_moves_the_picture_and_the_words():
    explorer = EXAMPLES["filter 1"].explore(interactive=True)
    assert (explorer.slider.min, explorer.slider.max, explorer.play.max) == (0, 15, 15)
    first = pixels(explorer.image.value)
    explorer.slider.value = 6
    assert explorer.step.cell == (1, 2)
    assert "goes to output[1, 2]" in explorer.words.value
    assert 'aria-live="polite"' in explorer.words.value
    assert (pixels(explorer.image.value) != first).any()
    explorer.slider.value = 0
    assert np.array_equal(pixels(explorer.image.value), first)


def test_a_step_does_not_draw_everything_anew(monkeypatch):
    whole = []
    draw = FigureCanvasAgg.draw
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda canvas: (whole.append(1), draw(canvas)))
    explorer = EXAMPLES["colour"].explore(interactive=True)
    seen = set()
    for index in range(32):
        explorer.slider.value = index
        seen.add(explorer.image.value)
    assert len(whole) == 1
    assert len(seen) == 32


def test_outside_a_notebook_it_is_a_still_figure():
    assert isinstance(EXAMPLES["filter 1"].explore(), Figure)


def test_it_brings_a_still_picture_along_for_pages_without_widgets(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    EXAMPLES["filter 1"].explore(step=3, interactive=True)._ipython_display_()
    live, still = shown
    assert "application/vnd.jupyter.widget-view+json" in live
    assert '<img class="mlcourse-still"' in still["text/html"]
    assert 'alt="Step 3 of 0 to 15' in still["text/html"]


# ---------------------------------------------------------------------------------------------- animations


def test_gif_has_every_step(tmp_path):
    steps = EXAMPLES["stride 2"]
    path = steps.save(tmp_path / "a.gif", seconds=0.5)
    with Image.open(path) as gif:
        assert gif.n_frames == 4
        assert gif.info["loop"] == 0
        frames, times = [], []
        for n in range(4):
            gif.seek(n)
            frames.append(np.asarray(gif.convert("RGB")).astype(int))
            times.append(gif.info["duration"])
    assert times == [500, 500, 500, 1000]
    picture = steps._picture(3)
    assert np.abs(frames[3] - pixels(picture.png())).mean() < 3
    assert all((a != b).any() for a, b in itertools.pairwise(frames))


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def test_html_stands_alone(tmp_path):
    steps = EXAMPLES["stride 2"]
    text = steps.save(tmp_path / "a.html").read_text(encoding="utf-8")
    tags = Page(text).tags
    for _, attributes in tags:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "http" not in text
    assert "@" not in re.sub(r'"[^"]*"', "", text)  # every placeholder was filled
    (image,) = [attributes for tag, attributes in tags if tag == "img"]
    assert image["alt"].startswith("Step 0 of 0 to 3")
    assert {attributes.get("id") for _, attributes in tags} >= {"play", "back", "next", "step", "words"}
    for index in range(4):
        assert f"Step {index} of 0 to 3" in text


def test_a_failed_animation_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    path.write_bytes(b"old")
    monkeypatch.setattr("mlcourse.plots.steps.StepPicture.rgb", lambda picture: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        EXAMPLES["stride 2"].save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_animation_takes_the_place_of_an_older_one(tmp_path):
    path = tmp_path / "a.HTML"
    path.write_text("old")
    EXAMPLES["one pixel"].save(str(path))
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "new").touch()
    assert path.stat().st_mode == (tmp_path / "new").stat().st_mode


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.mp4", {}, r"path must end in .gif or .html, got 'a.mp4'"),
        ("a", {}, "path must end in"),
        ("no/a.gif", {}, "there is no folder"),
        ("a.gif", {"seconds": 0}, "seconds must be a number of at least 0.02, got 0"),
        ("a.gif", {"seconds": "1"}, "seconds must be a number"),
    ],
)
def test_animations_that_cannot_be(tmp_path, name, options, message):
    with pytest.raises(ValueError, match=message):
        EXAMPLES["stride 2"].save(tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_too_much_to_show():
    with pytest.raises(ValueError, match="An animation holds at most 500 steps, not 1156"):
        Steps.convolution(np.ones((36, 36)), np.ones((3, 3))).save("a.gif")
    with pytest.raises(ValueError, match="room for 6 channels"):
        Steps.pooling(np.ones((7, 4, 4))).plot()
    with pytest.raises(ValueError, match=r"step must be a whole number from 0 to 15 .* got 16"):
        EXAMPLES["filter 1"].plot(16)
    with pytest.raises(ValueError, match="step must be a whole number"):
        EXAMPLES["filter 1"].plot("first")


# ---------------------------------------------------------------------------------------------- connections


def test_connections_of_the_slide():
    figure = EXAMPLES["filter 1"].plot_connections((1, 2))
    assert figure.get_suptitle() == "9 shared weights do the work of 36 × 16 = 576"
    neurons = figure.axes[1]
    lines = [line for line in neurons.lines if len(line.get_xdata()) == 2]
    assert len(lines) == 18
    # One weight, one look: nine of them, each used once by either output.
    looks = [(line.get_color(), str(line.get_linestyle()), str(line._unscaled_dash_pattern)) for line in lines]
    assert len(set(looks)) == 9
    assert sorted(looks[:9]) == sorted(looks[9:])
    labels = [text.get_text() for text in neurons.texts]
    assert {"output 1", "output 2", "3", "−1", "36:"} <= set(labels)
    black = [text.get_text() for text in neurons.texts if text.get_text().endswith(":") and text.get_color() == "black"]
    assert black == [f"{number}:" for number in (1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16)]


@pytest.mark.parametrize(
    ("name", "output", "title"),
    [
        ("filter 1", 3, "9 shared weights do the work of 36 × 16 = 576"),
        ("two filters", (1, 17), "18 shared weights do the work of 36 × 32 = 1,152"),
        ("padding", [1, 36], "9 shared weights do the work of 36 × 36 = 1,296"),
        ("colour", (1, 2, 32), "54 shared weights do the work of 108 × 32 = 3,456"),
        ("one pixel", 1, "1 shared weight does the work of 1 × 1 = 1"),
        ("average", 1, "4 shared weights do the work of 36 × 9 = 324"),
    ],
)
def test_connections_of_everything_linear(name, output, title):
    figure = EXAMPLES[name].plot_connections(output)
    assert figure.get_suptitle() == title
    figure.canvas.draw()


def test_connections_that_cannot_be_drawn():
    with pytest.raises(ValueError, match="output must be the number of an output, from 1 to 16"):
        EXAMPLES["filter 1"].plot_connections(0)
    with pytest.raises(ValueError, match="output must name one to four outputs, got 5"):
        EXAMPLES["filter 1"].plot_connections(range(1, 6))
    with pytest.raises(ValueError, match="not linear"):
        EXAMPLES["max"].plot_connections(1)
    with pytest.raises(ValueError, match="144 inputs are connected"):
        Steps.convolution(np.ones((12, 12)), np.ones((12, 12))).plot_connections(1)
