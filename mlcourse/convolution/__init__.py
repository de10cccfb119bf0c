"""Convolution by hand, from readable loops to what libraries do; images are (batch, channels, height, width)."""

from mlcourse.convolution.backward import convolve2d_backward
from mlcourse.convolution.cost import Cost, cost
from mlcourse.convolution.direct import convolve2d_direct
from mlcourse.convolution.fft import convolve2d_fft
from mlcourse.convolution.im2col import col2im, convolve2d_im2col, im2col
from mlcourse.convolution.ladder import LADDER
from mlcourse.convolution.library import convolve2d_torch
from mlcourse.convolution.loops import average_pool2d, convolve2d, max_pool2d
from mlcourse.convolution.shapes import output_size
from mlcourse.convolution.signals import convolve1d
from mlcourse.convolution.steps import Step, Steps
from mlcourse.convolution.strided import convolve2d_strided
from mlcourse.convolution.winograd import convolve2d_winograd

__all__ = [
    "LADDER",
    "Cost",
    "Step",
    "Steps",
    "average_pool2d",
    "col2im",
    "convolve1d",
    "convolve2d",
    "convolve2d_backward",
    "convolve2d_direct",
    "convolve2d_fft",
    "convolve2d_im2col",
    "convolve2d_strided",
    "convolve2d_torch",
    "convolve2d_winograd",
    "cost",
    "im2col",
    "max_pool2d",
    "output_size",
]
