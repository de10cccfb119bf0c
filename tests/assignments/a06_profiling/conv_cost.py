"""Solutions of ``conv_cost`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: the biases are forgotten
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * channels // groups * kernel**2
    return weights, rows * columns * weights


# %% wrong: FLOPs, not MACs
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * channels // groups * kernel**2
    return weights + filters * bias, 2 * rows * columns * weights


# %% wrong: the size of the input
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    weights = filters * channels // groups * kernel**2
    return weights + filters * bias, height * width * weights


# %% wrong: the padding counts once
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + padding - kernel) // stride + 1
    columns = (width + padding - kernel) // stride + 1
    weights = filters * channels // groups * kernel**2
    return weights + filters * bias, rows * columns * weights


# %% wrong: the stride is forgotten
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = height + 2 * padding - kernel + 1
    columns = width + 2 * padding - kernel + 1
    weights = filters * channels // groups * kernel**2
    return weights + filters * bias, rows * columns * weights


# %% wrong: the channels are forgotten
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * kernel**2
    return weights + filters * bias, rows * columns * weights


# %% wrong: each weight once
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    weights = filters * channels // groups * kernel**2
    return weights + filters * bias, weights


# %% wrong: returns nothing
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    weights = filters * channels // groups * kernel**2
    print(weights + filters * bias)


# %% partly right, 3 of 4: the groups are forgotten: a filter reads only
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * channels * kernel**2
    return weights + filters * bias, rows * columns * weights


# %% partly right, 3 of 4: biases are counted that the layer does not have
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * channels // groups * kernel**2
    return weights + filters, rows * columns * weights


# %% partly right, 3 of 4: the groups are forgotten among the multiply-accumulates
def conv_cost(height, width, channels, filters, kernel, stride, padding, groups, bias):
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    weights = filters * kernel**2 * channels
    return weights // groups + filters * bias, rows * columns * weights
