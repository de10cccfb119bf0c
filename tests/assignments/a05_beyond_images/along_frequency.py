"""Solutions of ``along_frequency`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: one place only for each filter: it covers all of the time, so it cannot move along time
def along_frequency(image, filters, step=1):
    height, width = filters.shape[1:]
    places = range(0, image.shape[1] - width + 1, step)
    return np.array([[(image[:height, t : t + width] * f).sum() for t in places] for f in filters])


# %% wrong: the filters move along time: the spectrogram is read with bands and frames exchanged
def along_frequency(image, filters, step=1):
    turned, height = image.T, filters.shape[1]
    places = range(0, len(turned) - height + 1, step)
    return np.array([[(turned[p : p + height] * f).sum() for p in places] for f in filters])


# %% wrong: a true convolution, with each filter flipped in both directions
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([[(image[p : p + height] * np.flip(f)).sum() for p in places] for f in filters])


# %% wrong: the filters are flipped along frequency
def along_frequency(image, filters, step=1):
    bands, height = len(image), filters.shape[1]
    rows = [[sum(np.convolve(image[:, t], f[:, t], "valid") for t in range(image.shape[1]))] for f in filters]
    return np.concatenate(rows)[:, : bands - height + 1 : step]


# %% wrong: the sum over the frames is missing
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([[(image[p : p + height] * f).sum(axis=0) for p in places] for f in filters])


# %% wrong: the sum over the bands is missing
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([[(image[p : p + height] * f).sum(axis=1) for p in places] for f in filters])


# %% wrong: the axes are swapped: a row for each filter, a column for each place
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([[(image[p : p + height] * f).sum() for f in filters] for p in places])


# %% wrong: the filters are added up
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([(image[p : p + height] * filters).sum() for p in places])


# %% wrong: one place too few: a filter as high as the spectrogram has one place, not none
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height, step)
    return np.array([[(image[p : p + height] * f).sum() for p in places] for f in filters])


# %% wrong: the spectrogram is padded, so that there are as many places as bands
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    before = (height - 1) // 2
    padded = np.pad(image, ((before, height - 1 - before), (0, 0)))
    places = range(0, len(image), step)
    return np.array([[(padded[p : p + height] * f).sum() for p in places] for f in filters])


# %% wrong: the mean of the products, not their sum
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(0, len(image) - height + 1, step)
    return np.array([[(image[p : p + height] * f).mean() for p in places] for f in filters])


# %% partly right, 2 of 3: `step` has no effect
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range(len(image) - height + 1)
    return np.array([[(image[p : p + height] * f).sum() for p in places] for f in filters])


# %% partly right, 2 of 3: the right number of places, but neighbouring ones
def along_frequency(image, filters, step=1):
    height = filters.shape[1]
    places = range((len(image) - height) // step + 1)
    return np.array([[(image[p : p + height] * f).sum() for p in places] for f in filters])
