"""One operation, seven ways, one signature."""

from mlcourse.convolution.direct import convolve2d_direct
from mlcourse.convolution.fft import convolve2d_fft
from mlcourse.convolution.im2col import convolve2d_im2col
from mlcourse.convolution.library import convolve2d_torch
from mlcourse.convolution.loops import convolve2d
from mlcourse.convolution.strided import convolve2d_strided
from mlcourse.convolution.winograd import convolve2d_winograd

#: From readable to what libraries do; each takes ``(x, weight, bias, *, stride, padding, dilation, groups)``.
LADDER = {
    "loops": convolve2d,
    "strided": convolve2d_strided,
    "im2col": convolve2d_im2col,
    "direct": convolve2d_direct,
    "fft": convolve2d_fft,
    "winograd": convolve2d_winograd,
    "torch": convolve2d_torch,
}
