"""The last rung: what a library does."""

import numpy as np

from mlcourse.convolution.operands import Operands


def convolve2d_torch(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    """Convolve with `torch.nn.functional.conv2d`, which chooses among methods like those below it by itself.

    Parameters, result and errors are those of `convolve2d`; everything is allowed. torch is loaded by the first call.

    Examples
    --------
    >>> convolve2d_torch([[0, 0, 1], [0, 1, 0], [1, 0, 0]], [[0, 1], [1, 0]])
    array([[0, 2],
           [2, 0]])
    """
    from torch import from_numpy
    from torch.nn.functional import conv2d

    operands = Operands.of(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    geometry = operands.geometry
    # torch takes neither read-only memory nor negative strides.
    x, weight = (from_numpy(np.require(array, requirements="CW")) for array in (operands.x, operands.weight))
    maps = conv2d(x, weight, None, geometry.stride, geometry.padding, geometry.dilation, geometry.groups)
    return operands.finish(maps.numpy())
