"""One step of a convolution or pooling as a picture, and an explorer that walks through all of them."""

import numpy as np

from mlcourse.plots.explorer import LayeredPicture, display_with_still, spoken
from mlcourse.plots.grids import Grid, grid_size, number_in_words

_FRAME = "#D55E00"
# Inches that a cell takes where there is room, and that a whole picture may take.
_CELL, _WIDEST, _HIGHEST = 0.42, 11.0, 8.0
_MOST_LAYERS = 6
_MOST_TERMS = 12
# Lengths in cells: above a grid, between two of them, around the picture.
_HEADING, _GAP, _MARGIN = 1.25, 1.5, 0.9
_FEET = 1.1
# Room for a heading above a narrow grid.
_NARROWEST = 3.0


def step_in_words(steps, index) -> str:
    """Say what happens in a step, for those who cannot see the picture.

    Parameters
    ----------
    steps : sequence of records
        As for `StepPicture`, with ``kind``, ``padding``, ``size`` and ``output``.
    index : int

    Returns
    -------
    str
    """
    step = steps[index]
    (top, left), (height, width) = step.position, steps.size
    kind = "convolution" if steps.kind == "convolution" else f"{steps.kind} pooling"
    padded = any(steps.padding)
    counted = "counted from 0" + (", where negative ones are padding" if min(step.position) < 0 else "")
    words = [
        f"Step {index} of 0 to {len(steps) - 1} of a{'n' if kind[0] == 'a' else ''} {kind} with a {height} by {width} "
        f"{'filter' if steps.kind == 'convolution' else 'window'}: the window covers rows {top} to {top + height - 1} "
        f"and columns {left} to {left + width - 1} of the {'padded ' if padded else ''}image, {counted}."
    ]
    cell = f"output[{', '.join(map(str, step.cell))}]"
    value = number_in_words(step.sum)
    if steps.kind == "convolution":
        if step.products.size <= 3 * _MOST_TERMS:
            words.append(f"The products are {_listed(step.products)}.")
        words.append(f"Their sum is {value}, which goes to {cell}.")
    else:
        if step.window.size <= _MOST_TERMS:
            words.append(f"It sees {_listed(step.window)}.")
        words.append(f"The {'largest' if steps.kind == 'max' else 'average'} is {value}, which goes to {cell}.")
    before = steps.output.ravel()[max(0, index - 15) : index + 1].tolist()
    words.append(
        f"Output so far: {'..., ' if index > 15 else ''}{', '.join(number_in_words(number) for number in before)}."
    )
    return " ".join(words)


def _listed(values):
    rows = values.reshape(-1, values.shape[-1]).tolist()
    return "; ".join(", ".join(number_in_words(number) for number in row) for row in rows)


class StepPicture(LayeredPicture):
    """The figure, and how the number of the step changes it.

    Parameters
    ----------
    steps : sequence of records
        With ``window``, ``products`` and ``weights`` (arrays), ``sum``, ``position`` (row and column of the window in
        the image, without its padding) and ``cell`` (index of the output), such as `mlcourse.convolution.Steps`.
    padded : array of shape (channels, height, width)
        The image with its padding.
    filters : array of shape (filters, channels, kh, kw) or None
        None for a pooling.
    output : array of shape (oh, ow) or (layers, oh, ow)
    padding : (int, int)
    kind : 'convolution', 'max' or 'average'
    """

    def __init__(self, steps, padded, filters, output, padding, kind):
        self.steps, self.padded, self.filters, self.padding, self.kind = steps, padded, filters, padding, kind
        self.output = output.reshape(-1, *output.shape[-2:])
        layers = max(len(padded), len(self.output))
        if layers > _MOST_LAYERS:
            raise ValueError(
                f"A picture has room for {_MOST_LAYERS} channels and as many filters, not {layers}. Give some of them, "
                "as in image[:3] and kernel[:, :3]."
            )
        self.index = 0
        width, height = self._measure()
        self.cell = min(_CELL, _WIDEST / width, _HIGHEST / height)
        super().__init__(width * self.cell, height * self.cell)
        self._draw(width, height)

    # -------------------------------------------------------------------------------------------- drawn once

    def _measure(self):
        """Work out where everything stands, in cells; return width and height of the picture."""
        (channels, *size), (layers, *grid) = self.padded.shape, self.output.shape
        window = list(self.steps.size)
        blocks = channels if self.kind == "convolution" else 1
        # Columns of the picture: what, how many, rows and columns of each.
        self.columns = [("image", channels, size)]
        if self.kind == "convolution":
            self.columns += [("weights", blocks, window), ("products", blocks, window)]
        else:
            self.columns += [("window", 1, window)]
        self.columns += [("output", layers, grid)]
        sizes = {name: grid_size(rows, columns) for name, _, (rows, columns) in self.columns}
        tallest = max(count * (sizes[name][0] + _HEADING) for name, count, _ in self.columns)
        self.places, x = {}, _MARGIN
        for name, count, _ in self.columns:
            high, wide = sizes[name]
            each = tallest / count
            self.places[name] = [(x, n * each + (each - high + _HEADING) / 2) for n in range(count)]
            x += max(wide, _NARROWEST) + _GAP + (0.9 if name in ("products", "window") else 0)
        # The title above, the sum in numbers below.
        self.top = 1.1
        return x - _GAP + _MARGIN, self.top + tallest + _FEET + 0.5

    def _draw(self, width, height):
        ax = self.figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        self.ax, points = ax, 72 * self.cell
        most = {
            "image": _largest(self.padded),
            "weights": _largest(self.filters) if self.filters is not None else 1,
            "output": _largest(self.output),
        }
        most |= {"products": most["image"] * most["weights"], "window": most["image"]}
        moving = {"image": False, "weights": len(self.output) > 1, "products": True, "window": True, "output": True}
        gray = self.padded[np.isfinite(self.padded)].min() >= 0
        self.grids, self.headings = {}, {}
        for name, _, (rows, columns) in self.columns:
            self.grids[name], self.headings[name] = [], []
            for n, (x, y) in enumerate(self.places[name]):
                first = {"image": tuple(-p for p in self.padding), "output": (0, 0)}.get(name)
                grid = Grid(
                    ax, x, self.top + y, rows, columns, points=points, most=most[name], gray=gray and name == "image",
                    moves=self.moves if moving[name] else None, indices=first,
                )  # fmt: skip
                heading = ax.text(
                    x, grid.y - (0.55 if first and grid.written else 0.2), self._heading(name, n),
                    fontsize=0.36 * points, fontweight="bold", va="bottom",
                )  # fmt: skip
                self.grids[name].append(grid)
                self.headings[name].append(self.moves(heading) if moving[name] and name != "output" else heading)
        self._draw_signs(points)
        for n, grid in enumerate(self.grids["image"]):
            grid.fill(self.padded[n], pale=self._outside() if any(self.padding) else None)
        if not moving["weights"] and self.filters is not None:
            for n, grid in enumerate(self.grids["weights"]):
                grid.fill(self.filters[0, n])
        frame = {"fill": False, "edgecolor": _FRAME, "linewidth": max(2.0, 0.1 * points), "zorder": 5}
        self.frames = {
            name: [self.moves(_add_rectangle(ax, frame)) for _ in self.grids[name]] for name in ("image", "output")
        }
        self.picked = self.moves(_add_rectangle(ax, frame)) if self.kind == "max" else None
        self.caption = self.moves(
            ax.text(width / 2, height - 0.6, " ", fontsize=0.42 * points, ha="center", va="center", parse_math=False)
        )
        self.title = self.moves(
            self.figure.suptitle(" ", y=1 - 0.55 / height, va="center", fontsize=0.46 * points, fontweight="bold")
        )
        ax.set(xlim=(0, width), ylim=(height, 0))

    def _draw_signs(self, points):
        """Put x, = and an arrow between the columns."""
        signs = ("×", "=", "Σ →") if self.kind == "convolution" else ("→", f"{'max' if self.kind == 'max' else 'Ø'} →")
        names = [name for name, _, _ in self.columns]
        for sign, left, right in zip(signs, names, names[1:], strict=False):
            count = max(len(self.grids[left]), len(self.grids[right]))
            rows = self.grids[left] if sign in "×=" and count == len(self.grids[left]) else [None]
            start = max(grid.x + grid.width for grid in self.grids[left])
            middle = (start + self.grids[right][0].x) / 2 - (0.12 if right == "output" else 0)
            for grid in rows:
                column = self.grids[left]
                y = grid.y + grid.height / 2 if grid else (column[0].y + column[-1].y + column[-1].height) / 2
                self.ax.text(middle, y, sign, fontsize=0.5 * points, ha="center", va="center")

    def _heading(self, name, n):
        index = f"[{n}]" if len(self.places[name]) > 1 else ""
        if name == "image":
            return f"image{index}" + (" and padding" if any(self.padding) else "")
        if name == "output":
            return f"output{index}"
        if name == "weights":
            return self._filter_name(0, n)
        return name

    def _filter_name(self, layer, channel):
        index = [str(layer)] * (len(self.output) > 1) + [str(channel)] * (len(self.padded) > 1)
        return f"filter[{', '.join(index)}]" if index else "filter"

    def _outside(self):
        outside = np.ones(self.padded.shape[1:], bool)
        (down, right), (rows, columns) = self.padding, outside.shape
        outside[down : rows - down, right : columns - right] = False
        return outside

    # -------------------------------------------------------------------------------------------- drawn every time

    def set(self, index):
        """Go to a step, without drawing yet."""
        self.index = index
        step = self.steps[index]
        layer = step.cell[0] if len(step.cell) == 3 else 0
        top, left = (corner + p for corner, p in zip(step.position, self.padding, strict=True))
        rows, columns = self.steps.size
        for n, (grid, frame) in enumerate(zip(self.grids["image"], self.frames["image"], strict=True)):
            _move(frame, grid.place(top, left, rows, columns), self.kind == "convolution" or n == layer)
        if self.kind == "convolution":
            many = len(self.output) > 1
            shape = (-1, rows, columns)
            for n, (window, weights) in enumerate(
                zip(step.products.reshape(shape), step.weights.reshape(shape), strict=True)
            ):
                self.grids["products"][n].fill(window)
                if many:
                    self.grids["weights"][n].fill(weights)
                    self.headings["weights"][n].set_text(self._filter_name(layer, n))
        else:
            (grid,) = self.grids["window"]
            grid.fill(step.window)
            if self.picked is not None:
                row, column = np.unravel_index(int(np.argmax(step.weights)), step.window.shape)
                _move(self.picked, grid.place(row, column), True)
        done = (np.arange(self.output.size) <= index).reshape(self.output.shape)
        for n, (grid, frame) in enumerate(zip(self.grids["output"], self.frames["output"], strict=True)):
            grid.fill(self.output[n], known=done[n])
            _move(frame, grid.place(*step.cell[-2:]), n == layer)
        calculation = _calculation(step, self.kind)
        self.caption.set_text(calculation)
        self.caption.set_fontsize(72 * self.cell * min(0.42, 1.55 * self.ax.get_xlim()[1] / len(calculation)))
        cell = ", ".join(map(str, step.cell))
        value = f"{step.sum:.4g}" if isinstance(step.sum, float) else f"{step.sum}"
        self.title.set_text(f"step {index} of 0 to {len(self.steps) - 1}: output[{cell}] = {value}")

    def in_words(self):
        """Return the alternative text."""
        return step_in_words(self.steps, self.index)

    def layers(self):
        """Return the regions that change, in pixels, and what moves in them."""
        from matplotlib.transforms import Bbox

        width, height = self.figure.bbox.width, self.figure.bbox.height
        unit = width / self.ax.get_xlim()[1]

        def strip(name):
            grids = self.grids[name]
            right = max(grid.x + max(grid.width, _NARROWEST) for grid in grids) + 0.3
            foot = _FEET + 0.1
            return Bbox(
                [[np.floor((grids[0].x - 0.3) * unit), np.floor(foot * unit)],
                 [np.ceil(right * unit), np.ceil(height - self.top * unit)]]
            )  # fmt: skip

        layers = [
            (Bbox([[0, np.ceil(height - self.top * unit)], [width, height]]), [self.title]),
            (Bbox([[0, 0], [width, np.floor(_FEET * unit)]]), [self.caption]),
        ]
        for name in self.grids:
            artists = [artist for grid in self.grids[name] for artist in grid.artists if artist.get_animated()]
            artists += [heading for heading in self.headings[name] if heading.get_animated()]
            artists += self.frames.get(name, [])
            if name == "window" and self.picked is not None:
                artists.append(self.picked)
            if artists:
                layers.append((strip(name), artists))
        return layers

    def states(self):
        """Return what each layer shows."""
        step = self.steps[self.index]
        by_name = {
            "image": (step.position, step.cell[:-2]),
            "weights": step.cell[:-2],
            "products": (step.products.tobytes(), step.cell[:-2]),
            "window": (step.window.tobytes(), step.weights.tobytes()),
            "output": self.index,
        }
        shown = [name for name in self.grids if name != "weights" or len(self.output) > 1]
        return [self.title.get_text(), self.caption.get_text(), *(by_name[name] for name in shown)]


def _calculation(step, kind):
    """Write the step as one line of arithmetic."""

    def signed(value):
        return f"({number_in_words(value)})" if value < 0 else number_in_words(value)

    total = number_in_words(step.sum)
    if kind == "max":
        seen = step.window.ravel().tolist()
        return f"max({', '.join(map(number_in_words, seen))}) = {total}" if len(seen) <= _MOST_TERMS else f"max {total}"
    if kind == "average":
        seen = step.window.ravel().tolist()
        if len(seen) > _MOST_TERMS:
            return f"sum of {len(seen)} numbers / {len(seen)} = {total}"
        return f"({' + '.join(map(signed, seen))}) / {len(seen)} = {total}"
    if step.products.size <= _MOST_TERMS:
        pairs = zip(step.window.ravel().tolist(), step.weights.ravel().tolist(), strict=True)
        return " + ".join(f"{signed(pixel)}·{signed(weight)}" for pixel, weight in pairs) + f" = {total}"
    if step.products.ndim == 3:
        sums = step.products.sum(axis=(1, 2)).tolist()
        return "sum over the channels: " + " + ".join(map(signed, sums)) + f" = {total}"
    return f"sum of {step.products.size} products = {total}"


def _largest(values):
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 1.0


def _add_rectangle(ax, look):
    from matplotlib.patches import Rectangle

    return ax.add_patch(Rectangle((0, 0), 1, 1, **look))


def _move(rectangle, place, visible):
    rectangle.set_bounds(*place)
    rectangle.set_visible(visible)


def step_explorer(picture):
    """Wrap a `StepPicture` in a slider and a play button."""
    import ipywidgets as widgets

    last = len(picture.steps) - 1

    class Explorer(widgets.VBox):
        """Slider and player above the picture; ``step`` is the record that is shown."""

        def __init__(self):
            self.play = widgets.Play(
                value=picture.index, min=0, max=last, step=1, interval=800, show_repeat=False,
                tooltip="play all steps",
            )  # fmt: skip
            self.slider = widgets.IntSlider(
                value=picture.index, min=0, max=last, description="step", continuous_update=True,
                layout={"width": "420px"},
            )  # fmt: skip
            # In the browser: the slider moves along even while the kernel is busy.
            widgets.jslink((self.play, "value"), (self.slider, "value"))
            # In its own size, as numbers that are stretched are hard to read; smaller where there is less room.
            size = {"width": f"{picture.figure.bbox.width:.0f}px", "max_width": "100%"}
            self.image = widgets.Image(value=picture.png(), format="png", layout=size)
            self.words = widgets.HTML(spoken(picture.in_words()))
            super().__init__(
                [widgets.HBox([self.play, self.slider]), self.image, self.words],
                layout={"max_width": "1100px", "overflow": "hidden"},
            )
            self.add_class("mlcourse-explorer")
            self.slider.observe(self._moved, names="value")

        @property
        def step(self):
            return picture.steps[picture.index]

        def _moved(self, change):
            picture.set(change["new"])
            self.image.value = picture.png()
            self.words.value = spoken(picture.in_words())

        def _ipython_display_(self):
            display_with_still(self, picture)

    return Explorer()
