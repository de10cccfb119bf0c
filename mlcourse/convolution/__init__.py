"""Convolution by hand, from readable loops to what libraries do; images are (batch, channels, height, width)."""

from mlcourse.convolution.im2col import col2im, convolve2d_im2col, im2col
from mlcourse.convolution.loops import average_pool2d, convolve2d, max_pool2d
from mlcourse.convolution.shapes import output_size

__all__ = [
    "average_pool2d",
    "col2im",
    "convolve2d",
    "convolve2d_im2col",
    "im2col",
    "max_pool2d",
    "output_size",
]
