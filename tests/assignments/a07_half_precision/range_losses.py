"""Solutions of ``range_losses`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: negative numbers are forgotten
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    half = 2.0 ** -(bias + mantissa_bits)
    return int((values >= limit).sum()), int(((values > 0) & (values <= half)).sum())


# %% wrong: zeros are counted as underflow
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    half = 2.0 ** -(bias + mantissa_bits)
    return int((abs(values) >= limit).sum()), int((abs(values) <= half).sum())


# %% wrong: subnormal numbers are counted as lost
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    sizes = abs(values)
    return int((sizes >= limit).sum()), int(((sizes > 0) & (sizes < 2.0 ** (1 - bias))).sum())


# %% wrong: the two numbers are turned round
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    sizes = abs(values)
    return int(((sizes > 0) & (sizes <= 2.0 ** -(bias + mantissa_bits))).sum()), int((sizes >= limit).sum())


# %% wrong: always float16
def range_losses(values, exponent_bits, mantissa_bits):
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float16)
    return int(np.isinf(rounded).sum()), int(((rounded == 0) & (values != 0)).sum())


# %% wrong: shares
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    sizes = abs(values)
    return (sizes >= limit).mean(), ((sizes > 0) & (sizes <= 2.0 ** -(bias + mantissa_bits))).mean()


# %% partly right, 2 of 3: everything above the largest number is counted
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    sizes = abs(values)
    return int((sizes > largest).sum()), int(((sizes > 0) & (sizes <= 2.0 ** -(bias + mantissa_bits))).sum())


# %% partly right, 2 of 3: everything below the smallest number is counted
def range_losses(values, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = (2 - 2.0 ** -(mantissa_bits + 1)) * 2.0**bias
    sizes = abs(values)
    return int((sizes >= limit).sum()), int(((sizes > 0) & (sizes < 2.0 ** (1 - bias - mantissa_bits))).sum())
