"""Solutions of ``round_to`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: cut off, not rounded
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = max(math.floor(math.log2(abs(number))), 1 - bias)
    unit = 2.0 ** (exponent - mantissa_bits)
    result = int(number / unit) * unit
    return result if abs(result) < 2.0 ** (bias + 1) else math.copysign(math.inf, number)


# %% wrong: ties go up
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = max(math.floor(math.log2(abs(number))), 1 - bias)
    unit = 2.0 ** (exponent - mantissa_bits)
    result = math.copysign(math.floor(abs(number) / unit + 0.5) * unit, number)
    return result if abs(result) < 2.0 ** (bias + 1) else math.copysign(math.inf, number)


# %% wrong: one digit too few
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = max(math.floor(math.log2(abs(number))), 1 - bias)
    unit = 2.0 ** (exponent - mantissa_bits + 1)
    result = round(number / unit) * unit
    return result if abs(result) < 2.0 ** (bias + 1) else math.copysign(math.inf, number)


# %% wrong: always float16
def round_to(number, exponent_bits, mantissa_bits):
    with np.errstate(over="ignore"):
        return float(np.float16(number))


# %% wrong: steps of the same size everywhere
def round_to(number, exponent_bits, mantissa_bits):
    return round(number * 2.0**mantissa_bits) / 2.0**mantissa_bits


# %% wrong: returns nothing
def round_to(number, exponent_bits, mantissa_bits):
    unit = 2.0 ** (math.floor(math.log2(abs(number))) - mantissa_bits)
    print(round(number / unit) * unit)


# %% partly right, 3 of 4: the steps go on shrinking
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    unit = 2.0 ** (math.floor(math.log2(abs(number))) - mantissa_bits)
    result = round(number / unit) * unit
    return result if abs(result) < 2.0 ** (bias + 1) else math.copysign(math.inf, number)


# %% partly right, 3 of 4: no overflow
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = max(math.floor(math.log2(abs(number))), 1 - bias)
    unit = 2.0 ** (exponent - mantissa_bits)
    return round(number / unit) * unit


# %% partly right, 3 of 4: infinity too early
def round_to(number, exponent_bits, mantissa_bits):
    if number == 0 or math.isinf(number):
        return number
    bias = 2 ** (exponent_bits - 1) - 1
    if abs(number) > (2 - 2.0**-mantissa_bits) * 2.0**bias:
        return math.copysign(math.inf, number)
    exponent = max(math.floor(math.log2(abs(number))), 1 - bias)
    unit = 2.0 ** (exponent - mantissa_bits)
    return round(number / unit) * unit
