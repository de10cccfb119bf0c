"""Solutions of ``scaled_step`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: divided in float16
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale / 2
    small = gradient / np.float16(scale)
    return weights - np.float32(rate) * small.astype(np.float32), scale


# %% wrong: the scale is still in the gradient
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale / 2
    return weights - rate * gradient.astype(np.float32), scale


# %% wrong: uphill
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale / 2
    return weights + rate * gradient.astype(np.float32) / scale, scale


# %% wrong: weights in float16
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale / 2
    step = (rate * (gradient.astype(np.float32) / scale)).astype(np.float16)
    return weights.astype(np.float16) - step, scale


# %% wrong: changes its argument
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale / 2
    weights -= rate * gradient.astype(np.float32) / scale
    return weights, scale


# %% partly right, 3 of 4: infinity or NaN went into the weights
def scaled_step(weights, gradient, scale, rate):
    return weights - rate * gradient.astype(np.float32) / scale, scale


# %% partly right, 3 of 4: the scale stays
def scaled_step(weights, gradient, scale, rate):
    if not np.isfinite(gradient).all():
        return weights, scale
    return weights - rate * gradient.astype(np.float32) / scale, scale
