"""A convolution or a pooling, position by position: what the window sees, what it is multiplied with, what comes out.

The record is made of plain arrays; `mlcourse.plots` draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from mlcourse.convolution.operands import as_array, pad
from mlcourse.convolution.shapes import output_size, per_axis

_KINDS = ("max", "average")
# A dense matrix of more elements than this (400 MB) is not what anybody wants to see.
_MOST_ELEMENTS = 50_000_000


@dataclass(frozen=True, eq=False)
class Step:
    """One position of the window.

    Attributes
    ----------
    index : int
        Number of the step, from 0.
    window : ndarray of shape (kh, kw) or (channels, kh, kw)
        What the window sees, zeros of the padding included (minus infinity where a maximum is taken).
    weights : ndarray of the same shape
        What it is multiplied with: the filter; for an average 1 / (kh kw) everywhere; for a maximum 1 at the first
        largest element and 0 elsewhere, which is how a gradient would flow back.
    products : ndarray of the same shape
        `window` times `weights`.
    sum : int or float
        Sum of the products: the value of the output cell.
    position : (int, int)
        Row and column of the window's upper left corner in the image, from 0; negative in the padding.
    cell : (int, int) or (int, int, int)
        Where the sum goes: an index of the output.
    """

    index: int
    window: np.ndarray
    weights: np.ndarray
    products: np.ndarray
    sum: int | float
    position: tuple[int, int]
    cell: tuple[int, ...]

    def __repr__(self):
        cell = ", ".join(map(str, self.cell))
        return f"Step({self.index}: window at {self.position}, sum {self.sum:g} -> output[{cell}])"


class Steps(Sequence):
    """Every position of a convolution or a pooling, in the order in which a loop visits them.

    Made by `Steps.convolution` or `Steps.pooling`; ``len(steps)``, ``steps[i]`` and ``for step in steps`` give the
    `Step` records. Integers stay integers.

    Attributes
    ----------
    image : ndarray of shape (height, width) or (channels, height, width)
    weights : ndarray or None
        The filter or filters as given; None for a pooling.
    size, stride, padding : (int, int)
        Vertical, horizontal.
    kind : str
        'convolution', 'max' or 'average'.
    output : ndarray
        (oh, ow), or (filters, oh, ow) for several filters, or (channels, oh, ow) for the pooling of several channels.

    Examples
    --------
    The lecture's 6x6 image and its first filter:

    >>> from mlcourse.convolution.example import FILTER_1, IMAGE
    >>> steps = Steps.convolution(IMAGE, FILTER_1)
    >>> steps.output
    array([[ 3, -1, -3, -1],
           [-3,  1,  0, -3],
           [-3, -3,  0,  1],
           [ 3, -2, -2, -1]])
    >>> steps[0].products
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    >>> steps[-1]
    Step(15: window at (3, 3), sum -1 -> output[3, 3])
    >>> Steps.pooling(steps.output, 2).output
    array([[3, 0],
           [3, 1]])
    """

    def __init__(self, *, kind, image, weights, size, stride, padding, several):
        self.kind, self.image, self.weights = kind, image, weights
        self.size, self.stride, self.padding = size, stride, padding
        self._several = several
        stack = image.reshape(-1, *image.shape[-2:])
        self._filters = None if weights is None else weights.reshape(-1, len(stack), *size)
        filling = 0
        if kind == "max" and any(padding):
            stack, filling = stack.astype(float), -np.inf
        self._padded = pad(stack, padding, filling)
        self._grid = tuple(map(output_size, image.shape[-2:], size, stride, padding))
        self.output = self._compute()

    @classmethod
    def convolution(cls, image, kernel, stride=1, padding=0) -> "Steps":
        """Record a convolution as networks compute it (a cross-correlation: the filter is not flipped).

        Parameters
        ----------
        image : array of shape (height, width) or (channels, height, width)
        kernel : array
            One filter, (kh, kw) or (channels, kh, kw), or several: (filters, kh, kw) for an image (height, width), and
            (filters, channels, kh, kw) for either.
        stride, padding : int or (int, int)
            Vertical and horizontal if two; the padding is zeros.

        Returns
        -------
        Steps
            All positions of the first filter, row by row, then all of the second.

        Raises
        ------
        ValueError
            If the shapes do not go together, the filter does not fit, or a number is missing or infinite.

        Examples
        --------
        Both filters of the lecture make two feature maps:

        >>> from mlcourse.convolution.example import FILTER_1, FILTER_2, IMAGE
        >>> Steps.convolution(IMAGE, [FILTER_1, FILTER_2]).output.shape
        (2, 4, 4)
        >>> Steps.convolution(IMAGE, FILTER_2, stride=2).output.tolist()
        [[-1, -1], [-1, -2]]
        """
        image, kernel = _image(image), _numbers(kernel, "kernel")
        channels = 1 if image.ndim == 2 else len(image)
        one = image.ndim
        if kernel.ndim not in (one, one + 1, 4):
            allowed = "(kh, kw), (filters, kh, kw)" if one == 2 else f"({channels}, kh, kw)"
            raise ValueError(
                f"kernel must have shape {allowed} or (filters, {channels}, kh, kw) for an image of shape "
                f"{image.shape}, got {kernel.shape}. A filter has one layer for each channel of the image."
            )
        depth = 1 if kernel.ndim < 4 and one == 2 else kernel.shape[-3]
        if depth != channels:
            raise ValueError(
                f"kernel must have as many channels as the image, {channels} (shape {image.shape}), got {depth}: its "
                f"shape is {kernel.shape}."
            )
        return cls(
            kind="convolution",
            image=image,
            weights=kernel,
            size=kernel.shape[-2:],
            stride=per_axis(stride, "stride", 1),
            padding=per_axis(padding, "padding", 0),
            several=kernel.ndim > one,
        )

    @classmethod
    def pooling(cls, image, size=2, stride=None, kind="max", padding=0) -> "Steps":
        """Record a pooling: each channel for itself, one number for each window.

        Parameters
        ----------
        image : array of shape (height, width) or (channels, height, width)
        size : int or (int, int)
            Height and width of the window.
        stride : int or (int, int), optional
            Default: `size`, so that windows do not overlap.
        kind : 'max' or 'average'
        padding : int or (int, int)
            At most half of `size`; never the largest, and zeros for an average.

        Returns
        -------
        Steps

        Raises
        ------
        ValueError
            If `kind` is another, the window does not fit, or a number is missing or infinite.

        Examples
        --------
        >>> steps = Steps.pooling([[3, -1], [-3, 1]], kind="average")
        >>> steps.output.tolist(), steps[0].products.tolist()
        ([[0.0]], [[0.75, -0.25], [-0.75, 0.25]])
        """
        image = _image(image)
        if kind not in _KINDS:
            raise ValueError(f"kind must be 'max' or 'average', got {kind!r}.")
        size = per_axis(size, "size", 1)
        padding = per_axis(padding, "padding", 0)
        if any(2 * p > k for p, k in zip(padding, size, strict=True)):
            raise ValueError(
                f"padding must be at most half of size {size}, or windows would see nothing else, got {padding}."
            )
        return cls(
            kind=kind,
            image=image,
            weights=None,
            size=size,
            stride=size if stride is None else per_axis(stride, "stride", 1),
            padding=padding,
            several=image.ndim == 3,
        )

    def _windows(self):
        """View all windows: (channels, oh, ow, kh, kw)."""
        windows = np.lib.stride_tricks.sliding_window_view(self._padded, self.size, axis=(1, 2))
        return windows[:, :: self.stride[0], :: self.stride[1]]

    def _compute(self):
        windows = self._windows()
        if self.kind == "max":
            output = windows.max(axis=(-2, -1)).astype(self.image.dtype)
        elif self.kind == "average":
            output = windows.mean(axis=(-2, -1))
        else:
            output = np.einsum("cyxij,ncij->nyx", windows, self._filters)
        return output if self._several else output[0]

    def __len__(self):
        return self.output.size

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        layer, row, column = np.unravel_index(i, self._shape)
        layer, row, column = int(layer), int(row), int(column)
        top, left = row * self.stride[0], column * self.stride[1]
        window = self._padded[:, top : top + self.size[0], left : left + self.size[1]]
        if self.kind == "convolution":
            weights = self._filters[layer]
            if self.image.ndim == 2:
                window, weights = window[0], weights[0]
            products = window * weights
        else:
            window = window[layer]
            weights = self._pooling_weights(window)
            # Not a product: the padding of a maximum is minus infinity, and that times zero is not a number.
            products = np.where(weights != 0, window, 0) * weights
        cell = (layer, row, column) if self._several else (row, column)
        return Step(
            index=i,
            window=window.copy(),
            weights=weights.copy(),
            products=products,
            sum=self.output[cell].item(),
            position=(top - self.padding[0], left - self.padding[1]),
            cell=cell,
        )

    @property
    def _shape(self):
        """Shape of the output with its layers."""
        return (self.output.size // prod(self._grid), *self._grid)

    def _pooling_weights(self, window):
        if self.kind == "average":
            return np.full(window.shape, 1 / window.size)
        weights = np.zeros(window.shape, int)
        weights.flat[window.argmax()] = 1
        return weights

    def __repr__(self):
        what = "convolution" if self.kind == "convolution" else f"{self.kind} pooling"
        options = "".join(
            f", {name} {value[0] if value[0] == value[1] else value}"
            for name, value in (("stride", self.stride), ("padding", self.padding))
            if value != ((1, 1) if name == "stride" else (0, 0))
        )
        shape = self.size if self.weights is None else self.weights.shape
        return f"Steps({what} of {self.image.shape} with {shape}{options}: {len(self)} steps -> {self.output.shape})"

    # ------------------------------------------------------------------------------------ as a layer of a network

    def inputs(self, output) -> list[int]:
        """Tell which inputs feed an output.

        Inputs and outputs are numbered as on the lecture's slides: from 1, row by row (and channel by channel), so that
        the 36 pixels of the 6x6 image are x1 to x36, and the neurons labelled with their *values* 3 and -1 are the
        outputs number 1 and 2.

        Parameters
        ----------
        output : int
            Number of the output, from 1.

        Returns
        -------
        list of int
            Their numbers; the padding is no input.

        Examples
        --------
        >>> from mlcourse.convolution.example import FILTER_1, IMAGE
        >>> steps = Steps.convolution(IMAGE, FILTER_1)
        >>> steps.inputs(1), steps[0].sum
        ([1, 2, 3, 7, 8, 9, 13, 14, 15], 3)
        >>> steps.inputs(2), steps[1].sum
        ([2, 3, 4, 8, 9, 10, 14, 15, 16], -1)
        """
        numbers = self._input_numbers(self._output_index(output))
        return sorted(numbers[numbers > 0].tolist())

    def _output_index(self, output):
        if isinstance(output, bool) or not isinstance(output, int | np.integer) or not 1 <= output <= len(self):
            raise ValueError(
                f"output must be the number of an output, from 1 to {len(self)}, row by row as on the slides, got "
                f"{output!r}."
            )
        return int(output) - 1

    def _input_numbers(self, index):
        """Number every element of a window from 1, or 0 in the padding: (channels, kh, kw)."""
        numbers = np.arange(1, self.image.size + 1).reshape(-1, *self.image.shape[-2:])
        numbers = pad(numbers, self.padding)
        layer, row, column = np.unravel_index(index, self._shape)
        top, left = row * self.stride[0], column * self.stride[1]
        numbers = numbers[:, top : top + self.size[0], left : left + self.size[1]]
        return numbers if self.kind == "convolution" else numbers[layer : layer + 1]

    def weight_matrix(self) -> np.ndarray:
        """Write the layer as one matrix of a fully connected layer: most weights are zero, the others are shared.

        Returns
        -------
        ndarray of shape (outputs, inputs)
            ``steps.weight_matrix() @ steps.image.ravel()`` is ``steps.output.ravel()``.

        Raises
        ------
        ValueError
            For a max pooling, which is not linear, and where the matrix would be enormous.

        Examples
        --------
        >>> from mlcourse.convolution.example import FILTER_1, IMAGE
        >>> steps = Steps.convolution(IMAGE, FILTER_1)
        >>> matrix = steps.weight_matrix()
        >>> matrix.shape, matrix.size, int(np.count_nonzero(matrix)), steps.weights.size
        ((16, 36), 576, 144, 9)
        >>> (matrix @ IMAGE.ravel()).reshape(4, 4).tolist() == steps.output.tolist()
        True
        """
        if self.kind == "max":
            raise ValueError(
                "A max pooling has no weight matrix: which input counts depends on the image, so it is not linear. "
                "A convolution and an average pooling have one."
            )
        elements = self.output.size * self.image.size
        if elements > _MOST_ELEMENTS:
            raise ValueError(
                f"The matrix would have {self.output.size:,} x {self.image.size:,} = {elements:,} elements, which is "
                f"why nobody computes convolutions this way. Take a smaller image: at most {_MOST_ELEMENTS:,} elements."
            )
        kind = float if self.weights is None else self.weights.dtype
        matrix = np.zeros((self.output.size, self.image.size), kind)
        for step in self:
            numbers = self._input_numbers(step.index).ravel()
            matrix[step.index, numbers[numbers > 0] - 1] = step.weights.ravel()[numbers > 0]
        return matrix

    # ------------------------------------------------------------------------------------ pictures

    def plot(self, step=0):
        """Draw one step: image with its window, filter, products, sum, and the output so far.

        Parameters
        ----------
        step : int
            From 0; negative ones count from the end, so that -1 shows the whole output.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If there is no such step.

        Examples
        --------
        >>> from mlcourse.convolution.example import FILTER_1, IMAGE
        >>> Steps.convolution(IMAGE, FILTER_1).plot(step=1).get_suptitle()
        'step 1 of 0 to 15: output[0, 1] = -1'
        """
        return self._picture(step).still()

    def in_words(self, step=0) -> str:
        """Say what `plot` shows of a step, for those who cannot see it.

        Examples
        --------
        >>> from mlcourse.convolution.example import IMAGE
        >>> print(Steps.pooling(IMAGE).in_words(1))
        Step 1 of 0 to 8 of a max pooling with a 2 by 2 window: the window covers rows 0 to 1 and columns 2 to 3 of the
        image, counted from 0. It sees 0, 0; 0, 0. The largest is 0, which goes to output[0, 1]. Output so far: 1, 0.
        """
        from mlcourse.plots.steps import step_in_words

        return step_in_words(self, self._step_index(step))

    def explore(self, step=0, interactive=None):
        """Step through all positions with a slider and a play button.

        Parameters
        ----------
        step : int
            Where to start.
        interactive : bool, optional
            True for the explorer, False for a still figure. Default: the explorer in a notebook that has ipywidgets,
            the figure elsewhere.

        Returns
        -------
        ipywidgets.VBox or matplotlib.figure.Figure
            The explorer displays itself, and brings the still figure along for pages without widgets.
        """
        from mlcourse.plots.explorer import has_widgets
        from mlcourse.plots.steps import step_explorer

        picture = self._picture(step)
        if interactive is None:
            interactive = has_widgets()
        return step_explorer(picture) if interactive else picture.still()

    def save(self, path, seconds=1.0) -> Path:
        """Write an animation for slides.

        Parameters
        ----------
        path : path-like
            Ends in .gif for an animated picture, or in .html for one self-contained page with buttons and keys: space
            plays and pauses, the arrow keys step.
        seconds : float
            How long each step is shown.

        Returns
        -------
        pathlib.Path
            The file, complete: it is written elsewhere first, and then takes the place of an older one.

        Raises
        ------
        ValueError
            If the path ends otherwise, its folder is missing, there are too many steps, or `seconds` is not positive.
        """
        from mlcourse.plots.animation import save_animation

        return save_animation(path, lambda: self._picture(0), len(self), seconds)

    def plot_connections(self, output=(1, 2)):
        """Draw the convolution as a layer of neurons: sparse, with shared weights.

        Parameters
        ----------
        output : int or sequence of int
            Which outputs, numbered from 1 as on the slides (see `inputs`), at most four.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If there is no such output, or for a max pooling, which has no weights.
        """
        from mlcourse.plots.connections import plot_connections

        numbers = [output] if isinstance(output, int | np.integer) else list(output)
        chosen = [self._output_index(number) for number in numbers]
        if not 1 <= len(chosen) <= 4:
            raise ValueError(f"output must name one to four outputs, got {len(chosen)}: {output!r}.")
        return plot_connections(
            image=self.image,
            matrix=self.weight_matrix(),
            output=self.output,
            chosen=chosen,
            taps=[self._input_numbers(index) for index in chosen],
            weights=[self[index].weights for index in chosen],
        )

    def _step_index(self, step):
        try:
            return range(len(self))[step]
        except (IndexError, TypeError):
            raise ValueError(
                f"step must be a whole number from 0 to {len(self) - 1} (or negative, from the end), got {step!r}."
            ) from None

    def _picture(self, step):
        from mlcourse.plots.steps import StepPicture

        step = self._step_index(step)
        picture = StepPicture(
            self, padded=self._padded, filters=self._filters, output=self.output, padding=self.padding, kind=self.kind
        )
        picture.set(step)
        return picture


def _numbers(values, name):
    array = as_array(values, name)
    if array.dtype.kind in "iub":
        array = array.astype(np.int64)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    if not array.size:
        raise ValueError(f"{name} is empty: it has shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has {int((~np.isfinite(array)).sum())} missing or infinite numbers.")
    return array


def _image(values):
    image = _numbers(values, "image")
    if image.ndim not in (2, 3):
        raise ValueError(
            f"image must have shape (height, width) or (channels, height, width), got {image.shape}. Of a batch, give "
            "one image: batch[0]."
        )
    return image
