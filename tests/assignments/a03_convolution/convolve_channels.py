"""Solutions of ``convolve_channels`` that must be refused, and ones that are partly right."""
# ruff: noqa: B905, F811, F821


# %% wrong: the sum over the channels is missing: one answer for each filter and channel
def convolve_channels(image, filters, bias):
    maps = []
    for k in range(len(filters)):
        maps.append([convolve(image[c], filters[k, c]) + bias[k] for c in range(len(image))])
    return np.array(maps)


# %% wrong: the sum over the channels is missing: each channel has a map of its own
def convolve_channels(image, filters, bias):
    maps = []
    for k in range(len(filters)):
        for c in range(len(image)):
            maps.append(convolve(image[c], filters[k, c]) + bias[k])
    return np.array(maps)


# %% wrong: only the last channel counts
def convolve_channels(image, filters, bias):
    maps = []
    for k in range(len(filters)):
        for c in range(len(image)):
            answer = convolve(image[c], filters[k, c])
        maps.append(answer + bias[k])
    return np.array(maps)


# %% wrong: only the first channel counts
def convolve_channels(image, filters, bias):
    return np.array([convolve(image[0], kernel[0]) + offset for kernel, offset in zip(filters, bias)])


# %% wrong: the mean over the channels, not their sum
def convolve_channels(image, filters, bias):
    maps = []
    for k in range(len(filters)):
        maps.append(np.mean([convolve(image[c], filters[k, c]) for c in range(len(image))], axis=0) + bias[k])
    return np.array(maps)


# %% wrong: added up over the filters, not over the channels
def convolve_channels(image, filters, bias):
    answers = np.array([[convolve(x, w) for x, w in zip(image, kernel)] for kernel in filters])
    return answers.sum(axis=0)


# %% wrong: everything is added up to one map
def convolve_channels(image, filters, bias):
    answers = np.array([[convolve(x, w) for x, w in zip(image, kernel)] for kernel in filters])
    return answers.sum(axis=(0, 1)) + bias.sum()


# %% wrong: the filters are in reverse order
def convolve_channels(image, filters, bias):
    maps = []
    for kernel, offset in zip(filters, bias):
        maps.insert(0, sum(convolve(x, w) for x, w in zip(image, kernel)) + offset)
    return np.array(maps)


# %% wrong: each map has those of the filters before it in it
def convolve_channels(image, filters, bias):
    maps, total = [], 0
    for k in range(len(filters)):
        for c in range(len(image)):
            total = total + convolve(image[c], filters[k, c])
        maps.append(total + bias[k])
    return np.array(maps)


# %% wrong: the maps lie along the last axis
def convolve_channels(image, filters, bias):
    maps = [sum(convolve(x, w) for x, w in zip(image, kernel)) + b for kernel, b in zip(filters, bias)]
    return np.stack(maps, axis=-1)


# %% wrong: here even the order of the channels is turned
def convolve_channels(image, filters, bias):
    from scipy.signal import convolve as true_convolution

    return np.array([true_convolution(image, kernel, mode="valid")[0] + b for kernel, b in zip(filters, bias)])


# %% wrong: rows and columns of the filter have changed places
def convolve_channels(image, filters, bias):
    return np.array([sum(convolve(x, w.T) for x, w in zip(image, kernel)) + b for kernel, b in zip(filters, bias)])


# %% wrong: an axis is lost where there is only one filter
def convolve_channels(image, filters, bias):
    maps = [sum(convolve(x, w) for x, w in zip(image, kernel)) + b for kernel, b in zip(filters, bias)]
    return np.squeeze(maps)


# %% wrong: IndexError: index 1 is out of bounds
def convolve_channels(image, filters, bias):
    maps = []
    for k in range(filters.shape[1]):
        maps.append(sum(convolve(image[c], filters[k, c]) for c in range(filters.shape[0])) + bias[k])
    return np.array(maps)


# %% partly right, 3 of 4: the bias is forgotten
def convolve_channels(image, filters, bias):
    return np.array([sum(convolve(x, w) for x, w in zip(image, kernel)) for kernel in filters])


# %% partly right, 3 of 4: the bias is added once for each channel
def convolve_channels(image, filters, bias):
    return np.array([sum(convolve(x, w) + b for x, w in zip(image, kernel)) for kernel, b in zip(filters, bias)])


# %% partly right, 3 of 4: the sum of all biases is added to each map
def convolve_channels(image, filters, bias):
    return np.array([sum(convolve(x, w) for x, w in zip(image, kernel)) for kernel in filters]) + sum(bias)


# %% partly right, 3 of 4: the digits behind the point are cut off
def convolve_channels(image, filters, bias):
    size = (len(filters), image.shape[1] - filters.shape[2] + 1, image.shape[2] - filters.shape[3] + 1)
    maps = np.zeros(size, dtype=int)
    for k in range(len(filters)):
        maps[k] = sum(convolve(image[c], filters[k, c]) for c in range(len(image))) + bias[k]
    return maps


# %% partly right, 3 of 4: images and filters need not be square
def convolve_channels(image, filters, bias):
    n, k = image.shape[1], filters.shape[2]
    maps = np.zeros((len(filters), n - k + 1, n - k + 1))
    for i in range(len(filters)):
        for c in range(len(image)):
            maps[i] += convolve(image[c], filters[i, c])
        maps[i] += bias[i]
    return maps
