"""Solutions of ``whole_speedup`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the mean of the speed-ups: how much time
def whole_speedup(milliseconds, speedups):
    return sum(speedups.values()) / len(speedups)


# %% wrong: the mean of the speed-ups, weighted by share
def whole_speedup(milliseconds, speedups):
    whole = sum(milliseconds.values())
    return sum(milliseconds[layer] / whole * speedups.get(layer, 1) for layer in milliseconds)


# %% wrong: turned round
def whole_speedup(milliseconds, speedups):
    after = sum(milliseconds[layer] / speedups.get(layer, 1) for layer in milliseconds)
    return after / sum(milliseconds.values())


# %% wrong: the product of the speed-ups
def whole_speedup(milliseconds, speedups):
    return math.prod(speedups.values())


# %% wrong: the layers that stay as they are have vanished
def whole_speedup(milliseconds, speedups):
    after = sum(milliseconds[layer] / factor for layer, factor in speedups.items())
    return sum(milliseconds.values()) / after


# %% wrong: only the layers that become faster
def whole_speedup(milliseconds, speedups):
    before = sum(milliseconds[layer] for layer in speedups)
    return before / sum(milliseconds[layer] / factor for layer, factor in speedups.items())


# %% wrong: the new time
def whole_speedup(milliseconds, speedups):
    return sum(milliseconds[layer] / speedups.get(layer, 1) for layer in milliseconds)


# %% wrong: one layer after the other, and multiplied
def whole_speedup(milliseconds, speedups):
    whole, result = sum(milliseconds.values()), 1
    for layer, factor in speedups.items():
        result *= whole / (whole - milliseconds[layer] + milliseconds[layer] / factor)
    return result


# %% partly right, 2 of 3: a layer that vanishes has the speed-up infinity
def whole_speedup(milliseconds, speedups):
    after = sum(
        milliseconds[layer] if math.isinf(speedups.get(layer, 1)) else milliseconds[layer] / speedups.get(layer, 1)
        for layer in milliseconds
    )
    return sum(milliseconds.values()) / after
