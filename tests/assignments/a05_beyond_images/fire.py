"""Solutions of ``fire`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: one array, where two are asked for
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    return np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases).max(axis=0)


# %% wrong: each word by itself: the sum over the words of a window is missing
def fire(words, filters, biases):
    width = filters.shape[1]
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    products = np.array([[(window * f).sum(axis=1) for window in windows] for f in filters])
    responses = np.maximum(0, products + biases[:, None, None])
    return responses.max(axis=(1, 2)), responses.max(axis=2).argmax(axis=1)


# %% wrong: one for each filter is asked for, the maximum over time
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=1), responses.argmax(axis=1)


# %% wrong: the mean over the places, not the maximum
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.mean(axis=0), responses.argmax(axis=0)


# %% wrong: the biases are missing
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])))
    return responses.max(axis=0), responses.argmax(axis=0)


# %% wrong: the bias is added behind the ReLU
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2]))) + biases
    return responses.max(axis=0), responses.argmax(axis=0)


# %% wrong: the ReLU is missing
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases
    return responses.max(axis=0), responses.argmax(axis=0)


# %% wrong: the filters are flipped, so that they read the words backwards
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width][::-1] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0)


# %% wrong: the window with the last word is never looked at
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width + 1 - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0)


# %% wrong: zeros are put around every text
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((width - 1, width - 1), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0)


# %% partly right, 3 of 4: raises ValueError
def fire(words, filters, biases):
    width = filters.shape[1]
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.einsum("pwd,nwd->np", windows, filters) + biases[:, None])
    return responses.max(axis=1), responses.argmax(axis=1)


# %% partly right, 3 of 4: the zeros stand before the first word
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((max(0, width - len(words)), 0), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0)


# %% partly right, 3 of 4: the places are numbered from 1
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0) + 1


# %% partly right, 3 of 4: the last word of each window
def fire(words, filters, biases):
    width = filters.shape[1]
    words = np.pad(words, ((0, max(0, width - len(words))), (0, 0)))
    windows = np.array([words[p : p + width] for p in range(len(words) - width + 1)])
    responses = np.maximum(0, np.tensordot(windows, filters, axes=([1, 2], [1, 2])) + biases)
    return responses.max(axis=0), responses.argmax(axis=0) + width - 1
