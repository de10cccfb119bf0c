"""Solutions of ``roofline_point`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: MACs, not operations
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 8 * macs / (numbers_moved * bits)
    return intensity, min(peak, intensity * bandwidth), "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: bits, not bytes
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 2 * macs / (numbers_moved * bits)
    return intensity, min(peak, intensity * bandwidth), "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: operations a number
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 2 * macs / numbers_moved
    return intensity, min(peak, intensity * bandwidth), "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: the higher of the two roofs
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 16 * macs / (numbers_moved * bits)
    return intensity, max(peak, intensity * bandwidth), "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: the slanted roof alone
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 16 * macs / (numbers_moved * bits)
    return intensity, intensity * bandwidth, "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: always 4 bytes
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 2 * macs / (4 * numbers_moved)
    return intensity, min(peak, intensity * bandwidth), "memory" if intensity < peak / bandwidth else "arithmetic"


# %% wrong: three results are asked for
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    return min(peak, 16 * macs / (numbers_moved * bits) * bandwidth)


# %% partly right, 2 of 3: the limits are the wrong way round
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 16 * macs / (numbers_moved * bits)
    return intensity, min(peak, intensity * bandwidth), "arithmetic" if intensity < peak / bandwidth else "memory"


# %% partly right, 2 of 3: the ridge is not at 1
def roofline_point(macs, numbers_moved, bits, peak, bandwidth):
    intensity = 16 * macs / (numbers_moved * bits)
    return intensity, min(peak, intensity * bandwidth), "memory" if intensity < 1 else "arithmetic"
