"""An explorer for the lecture's heuristic: move three thresholds, see what they do to every window at once.

The picture is drawn once; a moved slider redraws only what it changed (lines, cells, captions) on top of the stored
rest, which takes some hundredths of a second. Where there are no widgets the same picture stands still.
"""

import numpy as np

from mlcourse.plots.confusion import accuracy_of, confusion_in_words, draw_matrix, fill_matrix
from mlcourse.plots.explorer import LayeredPicture, display_with_still, has_widgets, spoken
from mlcourse.plots.style import colors

#: What the heuristic answers, in the order of the picture.
ANSWERS = ("sitting", "standing", "walking", "jogging")

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_MOST_POINTS = 1500


def threshold_tuner(
    std, mean, frequency, labels, signals=None, rate=None, c1=1.0, c2=5.0, c3=2.3, axis="y", interactive=None
):
    """Explore the lecture's heuristic with sliders for its thresholds.

        if std(y) < C1:   standing if mean(y) > C2, else sitting
        else:             walking if frequency(y) < C3, else jogging

    Parameters
    ----------
    std, mean : array of shape (windows,)
        Standard deviation and mean of one axis in each window, m/s^2.
    frequency : array of shape (windows,)
        Its dominant frequency, Hz.
    labels : array of shape (windows,), str
        What the person did; others than the four answers of the heuristic are always wrong.
    signals : array of shape (windows, time), optional
        The axis itself, m/s^2: some windows are shown with what the heuristic makes of them.
    rate : float, optional
        Samples per second of ``signals``, Hz.
    c1, c2, c3 : float
        Where the sliders start: m/s^2, m/s^2, Hz.
    axis : str
        Name of the axis, for the labels.
    interactive : bool, optional
        True for the explorer, False for a still figure. Default: the explorer in a notebook that has ipywidgets, the
        figure elsewhere.

    Returns
    -------
    ipywidgets.VBox or matplotlib.figure.Figure
        The explorer displays itself, and brings the still figure along for pages without widgets.

    Raises
    ------
    ValueError
        If the arrays do not fit together or hold missing values, or ``signals`` come without ``rate``.

    Examples
    --------
    >>> figure = threshold_tuner(
    ...     std=[0.1, 0.2, 3.0, 7.0], mean=[0.5, 9.6, 9.8, 9.9], frequency=[0.4, 0.4, 1.9, 2.7],
    ...     labels=["sitting", "standing", "walking", "jogging"], interactive=False,
    ... )
    >>> figure.get_suptitle()
    'accuracy 100.0 %   (always sitting: 25.0 %)'
    """
    picture = _Picture(*_check(std, mean, frequency, labels, signals, rate), axis)
    for name, value in (("c1", c1), ("c2", c2), ("c3", c3)):
        if not (np.isscalar(value) and np.isreal(value) and np.isfinite(value)):
            raise ValueError(f"{name} must be a number, not {value!r}.")
    picture.set(c1, c2, c3)
    if interactive is None:
        interactive = has_widgets()
    return _explorer(picture) if interactive else picture.still()


def classify(std, mean, frequency, c1, c2, c3):
    """Return the heuristic's answer for every window.

    Examples
    --------
    >>> classify(np.array([0.1, 3.0]), np.array([9.7, 9.7]), np.array([0.4, 2.7]), c1=1, c2=5, c3=2.3).tolist()
    ['standing', 'jogging']
    """
    still, upright, slow = std < c1, mean > c2, frequency < c3
    return np.select([still & upright, still, slow], ["standing", "sitting", "walking"], "jogging")


def _check(std, mean, frequency, labels, signals, rate):
    labels = np.asarray(labels).astype(str)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels must name one activity for each of at least one window, not shape {labels.shape}.")
    arrays = []
    for name, values in (("std", std), ("mean", mean), ("frequency", frequency)):
        values = np.asarray(values, dtype=float)
        if values.shape != labels.shape:
            raise ValueError(f"{name} must hold one number for each of the {len(labels)} labels, not {values.shape}.")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} has missing or infinite values in {int((~np.isfinite(values)).sum())} windows.")
        arrays.append(values)
    if signals is not None:
        signals = np.asarray(signals, dtype=float)
        if signals.ndim != 2 or len(signals) != len(labels):
            raise ValueError(
                f"signals must have shape (windows, time) = ({len(labels)}, ...), one axis only, not {signals.shape}. "
                "Windows X of several channels: give X[:, :, 1] for the second one."
            )
        if rate is None or not rate > 0:
            raise ValueError(f"rate must be the samples per second of signals, a positive number, not {rate!r}.")
    return *arrays, labels, signals, rate


class _Picture(LayeredPicture):
    """The figure, and how three thresholds change it."""

    def __init__(self, std, mean, frequency, labels, signals, rate, axis):
        super().__init__(11, 7.0 if signals is not None else 4.3, layout="constrained")
        self.std, self.mean, self.frequency, self.labels = std, mean, frequency, labels
        self.signals, self.rate, self.axis = signals, rate, axis
        present = set(labels)
        self.rows = [a for a in ANSWERS if a in present] + sorted(present - set(ANSWERS))
        self.colors = colors([*self.rows, *ANSWERS])
        self.shown = 0
        self._draw()

    # -------------------------------------------------------------------------------------------- drawn once

    def _draw(self):
        with_signals = self.signals is not None
        rows = self.figure.subfigures(2, 1, height_ratios=(3.6, 2.4)) if with_signals else [self.figure]
        left, right, matrix = rows[0].subplots(1, 3, width_ratios=(1, 1, 0.95))
        self._draw_features(left, right)
        rows[0].legend(
            *left.get_legend_handles_labels(), loc="outside upper left", ncols=8, markerscale=1.6, frameon=False,
            handletextpad=0.1, columnspacing=1.2,
        )  # fmt: skip
        self.image, self.texts = draw_matrix(matrix, self.rows, list(ANSWERS))
        for artist in (self.image, *(text for line in self.texts for text in line)):
            self.moves(artist)
        self.title = self.moves(self.figure.suptitle(" ", fontweight="bold"))
        self.windows = self._draw_windows(rows[1]) if with_signals else []

    def _draw_features(self, left, right):
        rng = np.random.default_rng(0)
        chosen = rng.permutation(len(self.labels))[:_MOST_POINTS]
        # Dominant frequencies come in steps; spread a little, many points on one spot can be seen.
        steps = np.diff(np.unique(self.frequency.round(6)))
        jitter = rng.uniform(-0.3, 0.3, len(self.labels)) * (steps.min() if len(steps) else 0)
        for panel, heights, name in ((left, self.mean, "mean"), (right, self.frequency + jitter, "frequency")):
            for i, row in enumerate(self.rows):
                these = chosen[self.labels[chosen] == row]
                panel.plot(
                    np.maximum(self.std[these], 1e-3), heights[these], _MARKERS[i % len(_MARKERS)],
                    color=self.colors[row], markersize=4, alpha=0.6, markeredgewidth=0, label=row,
                )  # fmt: skip
            panel.set_xscale("log")
            panel.set_xlabel(f"std({self.axis}) (m/s$^2$)")
            panel.set_ylabel(
                f"mean({self.axis}) (m/s$^2$)" if name == "mean" else f"dominant frequency of {self.axis} (Hz)"
            )
            panel.set_title("hardly any movement: std < C1" if name == "mean" else "movement: std ≥ C1", fontsize=10)
            panel.grid(alpha=0.25)
            self._margin(panel)
        # Without movement the dominant frequency is that of noise, anywhere up to half the rate: not worth the space.
        moving = self.frequency[self.std > np.median(self.std)]
        right.set_ylim(0, 1.3 * max(3.0, np.percentile(moving, 99) if len(moving) else 0))
        line = {"color": "black", "linewidth": 1.4}
        self.c1_lines = [self.moves(panel.axvline(1, **line)) for panel in (left, right)]
        self.c2_line = self.moves(left.plot([], [], **line)[0])
        self.c3_line = self.moves(right.plot([], [], **line)[0])
        self.regions, self.names = {}, {}
        for panel, answers in ((left, ("sitting", "standing")), (right, ("walking", "jogging"))):
            for answer in answers:
                patch = panel.add_patch(_rectangle(self.colors[answer]))
                self.regions[answer] = self.moves(patch)
                box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
                self.names[answer] = self.moves(
                    panel.text(0, 0, f"-> {answer}", fontweight="bold", bbox=box, va="center", clip_on=True)
                )
        self.left, self.right = left, right

    def _margin(self, panel):
        low, high = panel.get_xlim()
        panel.set_xlim(low / 1.15, high * 1.15)
        low, high = panel.get_ylim()
        panel.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))

    def _draw_windows(self, figure):
        rows = [row for row in self.rows if row in ANSWERS][:4] or self.rows[:4]
        panels = np.atleast_1d(figure.subplots(1, len(rows), sharex=True, sharey=True))
        time = np.arange(self.signals.shape[1]) / self.rate
        low, high = np.percentile(self.signals, [0.2, 99.8])
        windows = []
        for panel, row in zip(panels, rows, strict=True):
            panel.set_xlim(0, time[-1] if len(time) > 1 else 1)
            panel.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
            panel.grid(alpha=0.25)
            signal = self.moves(panel.plot(time, np.full(len(time), np.nan), color=self.colors[row], linewidth=1.2)[0])
            level = self.moves(panel.axhline(0, color="black", linewidth=1.0, linestyle=":"))
            band = self.moves(panel.axhspan(0, 1, color="black", alpha=0.10, linewidth=0))
            bar = self.moves(panel.axhline(0, color="black", linewidth=1.4, linestyle="--"))
            caption = self.moves(panel.set_title(" ", fontsize=9))
            windows.append((row, signal, level, band, bar, caption))
        panels[0].set_ylabel(f"{self.axis} (m/s$^2$)")
        for ticks in panels[1:]:
            ticks.tick_params(labelleft=False)
        figure.supxlabel(
            "time (s) in one window of each activity; dotted: its mean, grey: C1 around it, dashed: C2", fontsize=10
        )
        return windows

    # -------------------------------------------------------------------------------------------- drawn every time

    def set(self, c1, c2, c3):
        """Move the thresholds, without drawing yet."""
        self.c1, self.c2, self.c3 = float(c1), float(c2), float(c3)
        answers = classify(self.std, self.mean, self.frequency, c1, c2, c3)
        self.answers = answers
        self.matrix = np.array(
            [[np.sum((self.labels == row) & (answers == column)) for column in ANSWERS] for row in self.rows],
            dtype=float,
        )
        self.accuracy = accuracy_of(self.matrix, self.rows, list(ANSWERS))
        fill_matrix(self.image, self.texts, self.matrix)
        most = self.rows[self.matrix.sum(axis=1).argmax()]
        always = 100 * self.matrix.sum(axis=1).max() / self.matrix.sum()
        self.title.set_text(f"accuracy {100 * self.accuracy:.1f} %   (always {most}: {always:.1f} %)")

        at = np.clip(self.c1, *self.left.get_xlim())
        for line in self.c1_lines:
            line.set_xdata([at, at])
        self._part(self.left, self.c2, at, below="sitting", above="standing", to_the_left=True, line=self.c2_line)
        self._part(self.right, self.c3, at, below="walking", above="jogging", to_the_left=False, line=self.c3_line)
        for window in self.windows:
            self._explain(*window)

    def _part(self, panel, threshold, at, *, below, above, to_the_left, line):
        (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
        start, end = (left, at) if to_the_left else (at, right)
        middle = np.clip(threshold, bottom, top)
        line.set_data([start, end], [middle, middle])
        for answer, low, high in ((below, bottom, middle), (above, middle, top)):
            self.regions[answer].set_bounds(start, low, end - start, high - low)
            name = self.names[answer]
            name.set_position((start * 1.12 if to_the_left else end / 1.12, high - 0.07 * (top - bottom)))
            name.set_horizontalalignment("left" if to_the_left else "right")
            name.set_visible(high - low > 0.1 * (top - bottom) and end / start > 3)

    def _explain(self, row, signal, level, band, bar, caption):
        # In random order: the next window of the data looks much like this one.
        members = np.random.default_rng(0).permutation(np.flatnonzero(self.labels == row))
        i = members[self.shown % len(members)]
        signal.set_ydata(self.signals[i])
        level.set_ydata([self.mean[i]] * 2)
        band.set_y(self.mean[i] - self.c1)
        band.set_height(2 * self.c1)
        bar.set_ydata([self.c2] * 2)
        moving = self.std[i] >= self.c1
        bar.set_visible(not moving)
        if moving:
            sign = "<" if self.frequency[i] < self.c3 else "≥"
            why = f"std {self.std[i]:.2f} ≥ C1, {self.frequency[i]:.2f} Hz {sign} C3"
        else:
            why = f"std {self.std[i]:.2f} < C1, mean {self.mean[i]:.1f} {'>' if self.mean[i] > self.c2 else '≤'} C2"
        verdict = "right" if self.answers[i] == row else "wrong"
        caption.set_text(f"{row} -> {self.answers[i]}: {verdict}\n{why}")

    def in_words(self):
        """Return the alternative text."""
        return (
            f"The heuristic with C1 = {self.c1:g} m/s^2, C2 = {self.c2:g} m/s^2 and C3 = {self.c3:g} Hz, drawn into "
            f"the standard deviation, mean and dominant frequency of {len(self.labels)} windows. "
            + confusion_in_words(self.matrix, self.rows, ANSWERS)
        )

    def layers(self):
        """Return the regions of the picture (pixels) and what moves in them; text is slow, so it has its own."""
        from matplotlib.transforms import Bbox

        def around(*axes):
            box = Bbox.union([ax.bbox for ax in axes])
            return Bbox([np.floor(box.min) - 1, np.ceil(box.max) + 1])

        whole, head = self.figure.bbox, self.title.get_window_extent()
        layers = [
            (Bbox([[0, np.floor(head.y0) - 1], [whole.width, np.ceil(head.y1) + 1]]), [self.title]),
            (around(self.image.axes), [self.image, *(text for line in self.texts for text in line)]),
            (around(self.left, self.right), [*self.c1_lines, self.c2_line, self.c3_line, *self.regions.values(),
                                             *self.names.values()]),
        ]  # fmt: skip
        if self.windows:
            box = around(*(window[1].axes for window in self.windows))
            captions = [window[-1] for window in self.windows]
            top = max(caption.get_window_extent().y1 for caption in captions)
            layers.append((Bbox([[0, box.y1], [whole.width, np.ceil(top) + 1]]), captions))
            layers.append((box, [artist for window in self.windows for artist in window[1:-1]]))
        return layers

    def states(self):
        """Return for each layer what it shows: a layer whose state is as before need not be drawn."""
        thresholds = (self.c1, self.c2, self.c3)
        states = [self.title.get_text(), self.matrix.tobytes(), thresholds]
        if self.windows:
            states += [tuple(window[-1].get_text() for window in self.windows), (*thresholds[:2], self.shown)]
        return states


def _rectangle(color):
    from matplotlib.patches import Rectangle

    return Rectangle((0, 0), 0, 0, facecolor=color, alpha=0.10, linewidth=0)


def _explorer(picture):
    """Wrap a picture in sliders."""
    import ipywidgets as widgets

    class Explorer(widgets.VBox):
        """Sliders above the picture; ``c1``, ``c2``, ``c3``, ``accuracy`` and ``matrix`` tell the state."""

        def __init__(self):
            std, mean, frequency = picture.std, picture.mean, picture.frequency
            self.sliders = [
                _slider(f"C1: std({picture.axis})", "m/s²", picture.c1, 0.05, max(2.0, np.percentile(std, 90)), 0.05),
                _slider(f"C2: mean({picture.axis})", "m/s²", picture.c2, mean.min(), mean.max(), 0.1),
                _slider(
                    f"C3: frequency({picture.axis})",
                    "Hz",
                    picture.c3,
                    0.0,
                    max(4.0, np.percentile(frequency, 90)),
                    0.05,
                ),
            ]
            self.image = widgets.Image(value=picture.png(), format="png", layout={"width": "99%"})
            self.words = widgets.HTML(spoken(picture.in_words()))
            controls = [widgets.HBox(self.sliders, layout={"flex_flow": "row wrap"})]
            if picture.windows:
                self.button = widgets.Button(description="Other windows", icon="refresh")
                self.button.on_click(self._other_windows)
                controls[0].children += (self.button,)
            super().__init__([*controls, self.image, self.words], layout={"max_width": "1100px", "overflow": "hidden"})
            self.add_class("mlcourse-explorer")
            for slider in self.sliders:
                slider.observe(self._moved, names="value")

        @property
        def c1(self):
            return picture.c1

        @property
        def c2(self):
            return picture.c2

        @property
        def c3(self):
            return picture.c3

        @property
        def accuracy(self):
            return picture.accuracy

        @property
        def matrix(self):
            return picture.matrix

        def _moved(self, _change):
            picture.set(*(slider.value for slider in self.sliders))
            self._redraw()

        def _other_windows(self, _button):
            picture.shown += 1
            picture.set(picture.c1, picture.c2, picture.c3)
            self._redraw()

        def _redraw(self):
            self.image.value = picture.png()
            self.words.value = spoken(picture.in_words())

        def _ipython_display_(self):
            display_with_still(self, picture)

    return Explorer()


def _slider(name, unit, value, low, high, step):
    import ipywidgets as widgets

    low, high = np.floor(min(low, value) / step) * step, np.ceil(max(high, value) / step) * step
    return widgets.FloatSlider(
        value=value, min=low, max=high, step=step, description=f"{name} ({unit})", readout_format=".2f",
        style={"description_width": "max-content"}, layout={"width": "340px"}, continuous_update=True,
    )  # fmt: skip
