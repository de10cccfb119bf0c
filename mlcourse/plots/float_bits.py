"""An explorer of floating-point numbers: the bits of one number, its neighbours, and how it was rounded."""

import math
from fractions import Fraction

from mlcourse.plots.explorer import LayeredPicture, display_with_still, has_widgets, spoken
from mlcourse.plots.float_rounding import power_below, read_number, round_exactly

#: Formats by name: bits of the exponent and of the mantissa, laid out as in IEEE 754.
FLOAT_FORMATS = {
    "float16": (5, 10),
    "bfloat16": (8, 7),
    "8 bits, 5 of them exponent": (5, 2),
    "8 bits, 4 of them exponent": (4, 3),
    "float32": (8, 23),
}

#: Numbers worth a look, and what is to be seen.
EXAMPLES = {
    "0.1: no format has it": "0.1",
    "1: nothing but the exponent": "1",
    "-2.5": "-2.5",
    "2049: a tie, down to even": "2049",
    "2051: a tie, up to even": "2051",
    "65504: the largest of float16": "65504",
    "65519.9: still rounded down": "65519.9",
    "65520: overflow": "65520",
    "2^-14: the smallest normal one of float16": "2^-14",
    "3 · 2^-24: subnormal": "3*2^-24",
    "2^-24: the smallest of all": "2^-24",
    "2^-25: a tie with zero": "2^-25",
    "-1e-9: underflow, the sign stays": "-1e-9",
}

_FIELDS = {"sign": "#D55E00", "exponent": "#009E73", "mantissa": "#0072B2"}
_WIDEST = 32
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def float_explorer(number="0.1", format: str = "float16", interactive=None):
    """Explore the bits of a floating-point number.

    Parameters
    ----------
    number : str or float
        The number to begin with; text is read exactly, see `read_number`.
    format : str
        A name of `FLOAT_FORMATS`.
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
        If the number cannot be read, or the format is unknown.

    Examples
    --------
    >>> float_explorer("65520", interactive=False).get_suptitle()
    '65520 in float16: inf'
    """
    if format not in FLOAT_FORMATS:
        raise ValueError(f"format must be one of {', '.join(map(repr, FLOAT_FORMATS))}, not {format!r}.")
    picture = FloatPicture()
    picture.set(number, format)
    return _explorer(picture) if (has_widgets() if interactive is None else interactive) else picture.still()


class FloatPicture(LayeredPicture):
    """The bits in boxes, what the fields stand for, and a number line around the number."""

    def __init__(self):
        super().__init__(11, 4.2)
        self.boxes = self.figure.add_axes((0.02, 0.47, 0.96, 0.42))
        self.line = self.figure.add_axes((0.08, 0.16, 0.84, 0.2))
        self._draw()

    # -------------------------------------------------------------------------------------------- drawn once

    def _draw(self):
        from matplotlib.patches import Rectangle

        self.boxes.set(xlim=(0, 1), ylim=(0, 1))
        self.boxes.axis("off")
        self.squares = [
            self.moves(self.boxes.add_patch(Rectangle((0, 0.62), 0.02, 0.32, edgecolor="black")))
            for _ in range(_WIDEST)
        ]
        # As markers: drawn all at once, which text is not.
        look = {"linestyle": "", "color": "black", "markersize": 12, "markeredgewidth": 0}
        self.digits = [self.moves(self.boxes.plot([], [], marker=f"${digit}$", **look)[0]) for digit in "01"]
        self.names = {
            field: self.moves(self.boxes.text(0, 0.58, field, ha="center", va="top", color=color, fontweight="bold"))
            for field, color in _FIELDS.items()
        }
        self.meanings = self.moves(self.boxes.text(0.5, 0.33, " ", ha="center", va="center", fontsize=11))
        self.formula = self.moves(self.boxes.text(0.5, 0.1, " ", ha="center", va="center", fontsize=13))
        self.title = self.moves(self.figure.suptitle(" ", fontweight="bold"))
        self.line.set(xlim=(-0.25, 1.25), ylim=(-1, 1))
        self.line.axis("off")
        self.line.plot([-0.25, 1.25], [0, 0], color="black", linewidth=1)
        self.line.plot([0, 1], [0, 0], "|", color="black", markersize=18)
        self.line.plot([0.5], [0], "|", color="black", markersize=9)
        self.line.text(0.5, -0.45, "middle", ha="center", va="top", fontsize=9)
        self.ends = [self.moves(self.line.text(x, -0.45, " ", ha="center", va="top", fontsize=10)) for x in (0, 1)]
        self.here = self.moves(self.line.plot([0], [0], "v", color="#D55E00", markersize=11)[0])
        self.chosen = self.moves(self.line.plot([0], [0], "o", color="#0072B2", markersize=10, alpha=0.7)[0])
        self.above = self.moves(self.line.text(0, 0.45, " ", ha="center", va="bottom", fontsize=10, color="#A34700"))
        self.caption = self.moves(self.figure.text(0.5, 0.03, " ", ha="center", va="bottom", fontsize=11))

    # -------------------------------------------------------------------------------------------- drawn every time

    def set(self, number, format=None):
        """Show another number or format, without drawing yet."""
        self.number = read_number(number)
        self.asked = str(number)
        self.format = format or self.format
        self.exponent_bits, self.mantissa_bits = FLOAT_FORMATS[self.format]
        self.rounded = round_exactly(self.number, self.exponent_bits, self.mantissa_bits)
        self.title.set_text(f"{self.asked} in {self.format}: {_short(self.rounded.value)}")
        self._fill_boxes()
        self._fill_line()

    def set_bits(self, bits: str):
        """Show the number that these bits stand for."""
        exponent = int(bits[1 : 1 + self.exponent_bits], 2)
        fraction = int(bits[1 + self.exponent_bits :], 2)
        bias = 2 ** (self.exponent_bits - 1) - 1
        if exponent == 2**self.exponent_bits - 1:
            size = math.nan if fraction else math.inf
        else:
            steps = fraction + (2**self.mantissa_bits if exponent else 0)
            size = math.ldexp(steps, max(exponent, 1) - bias - self.mantissa_bits)
        self.set(math.copysign(size, -1 if bits[0] == "1" else 1))

    def step(self, by: int):
        """Show a neighbour that the format has: the next number up (1) or down (-1)."""
        value = self.rounded.value
        if math.isnan(value):
            return
        size = 2 ** (self.exponent_bits + self.mantissa_bits)
        code = int(self.rounded.bits[1:], 2)
        place = (-code if self.rounded.bits[0] == "1" else code) + by
        most = (2**self.exponent_bits - 1) << self.mantissa_bits
        place = max(-most, min(most, place))
        self.set_bits(f"{int(place < 0)}{abs(place) % size:0{self.exponent_bits + self.mantissa_bits}b}")

    def _fill_boxes(self):
        bits = self.rounded.bits
        width = min(0.04, 0.94 / (len(bits) + 2))
        gap = width / 2
        left = 0.5 - (len(bits) * width + 2 * gap) / 2
        spans = {}
        middles = {"0": [], "1": []}
        for place, square in enumerate(self.squares):
            square.set_visible(place < len(bits))
            if place >= len(bits):
                continue
            field = self._field(place)
            x = left + place * width + gap * list(_FIELDS).index(field)
            square.set_bounds(x, 0.62, width, 0.32)
            square.set_facecolor(_FIELDS[field] + ("55" if bits[place] == "1" else "18"))
            middles[bits[place]].append(x + width / 2)
            start, _ = spans.get(field, (x, x))
            spans[field] = start, x + width
        for digit, line in zip("01", self.digits, strict=True):
            line.set_data(middles[digit], [0.78] * len(middles[digit]))
        for field, (start, end) in spans.items():
            self.names[field].set_position(((start + end) / 2, 0.58))
        self.meanings.set_text(self._meaning())
        self.formula.set_text(self._formula())

    def _field(self, place):
        return "sign" if place == 0 else "exponent" if place <= self.exponent_bits else "mantissa"

    def _parts(self):
        bits = self.rounded.bits
        return int(bits[0]), int(bits[1 : 1 + self.exponent_bits], 2), int(bits[1 + self.exponent_bits :], 2)

    def _meaning(self):
        sign, exponent, mantissa = self._parts()
        bias = 2 ** (self.exponent_bits - 1) - 1
        first = "minus" if sign else "plus"
        if exponent == 2**self.exponent_bits - 1:
            return f"{first};  exponent all ones: {'not a number' if mantissa else 'infinity'}"
        if exponent == 0:
            kind = "subnormal, no leading 1" if mantissa else "zero"
            return (
                f"{first};  exponent 0 counts as 1 - {bias} = {1 - bias};  {kind}: {mantissa} / {2**self.mantissa_bits}"
            )
        return f"{first};  exponent {exponent} - {bias} = {exponent - bias};  1 + {mantissa} / {2**self.mantissa_bits}"

    def _formula(self):
        sign, exponent, mantissa = self._parts()
        bias = 2 ** (self.exponent_bits - 1) - 1
        if exponent == 2**self.exponent_bits - 1:
            return _short(self.rounded.value)
        minus = "-" if sign else ""
        lead = 2**self.mantissa_bits + mantissa if exponent else mantissa
        power = max(exponent, 1) - bias
        return (
            f"{minus}2{str(power).translate(_SUPERSCRIPT)} × {lead} / {2**self.mantissa_bits} = {self.rounded.value!r}"
        )

    def _fill_line(self):
        found = self.rounded
        shown = found.below is not None
        for artist in (*self.ends, self.here, self.chosen, self.above):
            artist.set_visible(shown)
        self.caption.set_text(found.how)
        if not shown:
            return
        size, negative = abs(Fraction(self.number)), found.bits[0] == "1"
        low, step = found.below, found.above - found.below or self._step_above()
        most = _largest(self.exponent_bits, self.mantissa_bits)
        far = low > most  # infinity, and the largest number at its left
        names = [_short(float(most if far else low)), "infinity" if low + step > most else _short(float(low + step))]
        place = 1.2 if far else float((size - low) / step)
        sign = "-" if negative else ""
        for end, name in zip(self.ends, names, strict=True):
            end.set_text(sign + name)
        self.here.set_data([place], [0.28])
        self.above.set_position((place, 0.5))
        self.above.set_text(self.asked)
        to = 1.0 if math.isinf(found.value) or Fraction(abs(found.value)) > found.below else 0.0
        self.chosen.set_data([to], [0])
        if not math.isinf(found.value) and size:
            error = abs(Fraction(abs(found.value)) - size)
            if error:
                self.caption.set_text(f"{found.how};  error {float(error):.2g}, relatively {float(error / size):.2g}")

    def _step_above(self) -> Fraction:
        """From a number that the format has to the next one up."""
        bias = 2 ** (self.exponent_bits - 1) - 1
        return Fraction(2) ** (max(power_below(abs(Fraction(self.number))), 1 - bias) - self.mantissa_bits)

    def in_words(self):
        """Return the alternative text."""
        bits, found = self.rounded.bits, self.rounded
        words = (
            f"{self.asked} in {self.format}: sign bit {bits[0]}, exponent {bits[1 : 1 + self.exponent_bits]}, mantissa "
            f"{bits[1 + self.exponent_bits :]}, which is {_short(found.value)}. {self._meaning()}. "
        )
        if found.below is not None and found.below != found.above:
            words += f"It lies between {self.ends[0].get_text()} and {self.ends[1].get_text()}. "
        return f"{words}{self.caption.get_text()}.".replace("..", ".")

    def layers(self):
        """Return the whole figure: nearly everything moves."""
        return [(self.figure.bbox, self.moving)]

    def states(self):
        """Return what is shown."""
        return [(self.title.get_text(), self.rounded)]


def _largest(exponent_bits, mantissa_bits) -> Fraction:
    bias = 2 ** (exponent_bits - 1) - 1
    return (2 - Fraction(1, 2**mantissa_bits)) * Fraction(2) ** bias


def _short(value: float) -> str:
    return f"{value:.9g}"


def _explorer(picture):
    """Wrap a picture in a field for the number, its format, and a button for every bit."""
    import ipywidgets as widgets

    class Explorer(widgets.VBox):
        """Controls above the picture; ``bits`` and ``value`` tell the state."""

        def __init__(self):
            wide = {"description_width": "max-content"}
            self.number = widgets.Text(picture.asked, description="number", style=wide, layout={"width": "210px"})
            self.format = widgets.Dropdown(
                options=list(FLOAT_FORMATS), value=picture.format, description="format", style=wide,
                layout={"width": "260px"},
            )  # fmt: skip
            self.example = widgets.Dropdown(
                options=[("choose", ""), *EXAMPLES.items()], description="for example", style=wide,
                layout={"width": "380px"},
            )  # fmt: skip
            self.down = widgets.Button(description="next below", layout={"width": "110px"})
            self.up = widgets.Button(description="next above", layout={"width": "110px"})
            self.toggles = [
                widgets.Button(description="0", layout={"width": "26px", "padding": "0", "margin": "1px"})
                for _ in range(_WIDEST)
            ]
            for place, toggle in enumerate(self.toggles):
                toggle.on_click(lambda _, place=place: self._flip(place))
            self.image = widgets.Image(value=picture.png(), format="png", layout={"width": "99%"})
            self.words = widgets.HTML(spoken(picture.in_words()))
            rows = [
                widgets.HBox([self.number, self.format, self.example], layout={"flex_flow": "row wrap"}),
                widgets.HBox([self.down, self.up, widgets.Label("turn a bit over:"), *self.toggles],
                             layout={"flex_flow": "row wrap"}),
            ]  # fmt: skip
            super().__init__([*rows, self.image, self.words], layout={"max_width": "1100px", "overflow": "hidden"})
            self.add_class("mlcourse-explorer")
            self._quiet = False
            self._redraw()
            self.number.observe(lambda change: self._read(change["new"]), names="value")
            self.example.observe(lambda change: self._read(change["new"]), names="value")
            self.format.observe(lambda change: self._show(lambda: picture.set(picture.asked, change["new"])), "value")
            self.down.on_click(lambda _: self._show(lambda: picture.step(-1)))
            self.up.on_click(lambda _: self._show(lambda: picture.step(1)))

        @property
        def bits(self):
            return picture.rounded.bits

        @property
        def value(self):
            return picture.rounded.value

        def _read(self, text):
            if self._quiet or not text.strip():
                return
            try:
                read_number(text)
            except ValueError:  # half-typed
                return
            self._show(lambda: picture.set(text))

        def _flip(self, place):
            bits = list(picture.rounded.bits)
            bits[place] = "1" if bits[place] == "0" else "0"
            self._show(lambda: picture.set_bits("".join(bits)))

        def _show(self, change):
            change()
            self._redraw()

        def _redraw(self):
            self._quiet = True
            if self.number.value != picture.asked:
                self.number.value = picture.asked
            bits = picture.rounded.bits
            for place, toggle in enumerate(self.toggles):
                toggle.layout.display = None if place < len(bits) else "none"
                if place < len(bits):
                    toggle.description = bits[place]
                    toggle.tooltip = f"{picture._field(place)}, bit {place}"
                    toggle.style.button_color = _FIELDS[picture._field(place)] + ("66" if bits[place] == "1" else "22")
            self.image.value = picture.png()
            self.words.value = spoken(picture.in_words())
            self._quiet = False

        def _ipython_display_(self):
            display_with_still(self, picture)

    return Explorer()
