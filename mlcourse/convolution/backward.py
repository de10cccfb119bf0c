"""The backward pass of a convolution, written by hand."""

import numpy as np

from mlcourse.convolution.im2col import col2im, im2col
from mlcourse.convolution.operands import Operands, as_array


def convolve2d_backward(
    gradient, x, weight, *, stride=1, padding=0, dilation=1, groups=1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Send the gradient of a convolution's result back to its image, its filters and its bias.

    Parameters
    ----------
    gradient : array-like
        Gradient of the loss with respect to the result, of the shape that `convolve2d` returns for these arguments.
    x, weight, stride, padding, dilation, groups
        As they were given to `convolve2d`.

    Returns
    -------
    dx : ndarray, shape of `x`
    dweight : ndarray, shape of `weight`
    dbias : ndarray of shape (n,), or () for one filter without an axis of its own

    Raises
    ------
    ValueError
        If the shapes do not go together.

    Notes
    -----
    Forward, the result is filters times the matrix of windows. Backward, a matrix product sends its
    gradient to each factor through the other one, transposed; and `col2im` takes the columns back to the image.

    Examples
    --------
    >>> dx, dweight, dbias = convolve2d_backward([[1.0, 0.0]], [[1.0, 2.0, 3.0]], [[5.0, 7.0]])
    >>> dx, dweight, dbias.item()
    (array([[5., 7., 0.]]), array([[1., 2.]]), 1.0)
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    operands = Operands.of(x, weight, groups=groups, floating=True, **options)
    geometry, gradient = operands.geometry, as_array(gradient, "gradient")
    if gradient.shape != geometry.result_shape:
        raise ValueError(
            f"gradient must have the shape of the result, {geometry.result_shape}, got shape {gradient.shape}."
        )
    batch, groups, taps = geometry.batch, geometry.groups, geometry.taps
    gradient = gradient.astype(operands.x.dtype, copy=False).reshape(batch, groups, geometry.filters // groups, -1)
    columns = im2col(operands.x, geometry.kernel, **options).reshape(batch, groups, taps, -1)
    filters = operands.weight.reshape(groups, -1, taps)

    dbias = gradient.sum(axis=(0, 3)).reshape(geometry.result_shape[-3:-2])
    dweight = (gradient @ columns.swapaxes(-1, -2)).sum(axis=0).reshape(np.shape(weight))
    dcolumns = (filters.swapaxes(-1, -2) @ gradient).reshape(batch, groups * taps, -1)
    dx = col2im(dcolumns, operands.x.shape, geometry.kernel, **options).reshape(np.shape(x))
    return tuple(one.astype(operands.result_type, copy=False) for one in (dx, dweight, dbias))
