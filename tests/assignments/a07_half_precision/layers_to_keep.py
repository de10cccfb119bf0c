"""Solutions of ``layers_to_keep`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: only overflow is looked for
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    return [name for name, values in layers.items() if abs(values).max() > largest]


# %% wrong: only underflow is looked for
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        sizes = abs(values)
        if sizes[sizes < smallest_normal].sum() > tolerance * sizes.sum():
            found.append(name)
    return found


# %% wrong: kept because of any small number
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        sizes = abs(values)
        if (sizes > largest).any() or ((sizes > 0) & (sizes < smallest_normal)).any():
            found.append(name)
    return found


# %% wrong: the share of how many numbers are small
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        sizes = abs(values)
        if (sizes > largest).any() or ((sizes > 0) & (sizes < smallest_normal)).mean() > tolerance:
            found.append(name)
    return found


# %% wrong: the other layers
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        sizes = abs(values)
        if sizes.max() <= largest and sizes[sizes < smallest_normal].sum() <= tolerance * sizes.sum():
            found.append(name)
    return found


# %% wrong: negative numbers are forgotten
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        small = values[values < smallest_normal].sum()
        if (values > largest).any() or small > tolerance * values.sum():
            found.append(name)
    return found


# %% partly right, 2 of 3: another tolerance
def layers_to_keep(layers, largest, smallest_normal, tolerance=0.01):
    found = []
    for name, values in layers.items():
        sizes = abs(values)
        if (sizes > largest).any() or sizes[sizes < smallest_normal].sum() > 0.01 * sizes.sum():
            found.append(name)
    return found
