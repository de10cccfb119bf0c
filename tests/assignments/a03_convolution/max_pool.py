"""Solutions of ``max_pool`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the mean of each window, not its largest number
def max_pool(maps, size, stride):
    tops, lefts = (range(0, n - size + 1, stride) for n in maps.shape[1:])
    return np.array([[[x[i : i + size, j : j + size].mean() for j in lefts] for i in tops] for x in maps])


# %% wrong: 0 where a window holds only numbers below 0
def max_pool(maps, size, stride):
    c, h, w = maps.shape
    result = np.zeros((c, (h - size) // stride + 1, (w - size) // stride + 1))
    for k in range(c):
        for i in range(result.shape[1]):
            for j in range(result.shape[2]):
                for u in range(size):
                    for v in range(size):
                        value = maps[k, i * stride + u, j * stride + v]
                        if value > result[k, i, j]:
                            result[k, i, j] = value
    return result


# %% wrong: the number in the upper left corner of each window
def max_pool(maps, size, stride):
    return maps[:, : maps.shape[1] - size + 1 : stride, : maps.shape[2] - size + 1 : stride]


# %% wrong: the largest over all channels: the first axis is lost
def max_pool(maps, size, stride):
    tops, lefts = (range(0, n - size + 1, stride) for n in maps.shape[1:])
    return np.array([[maps[:, i : i + size, j : j + size].max() for j in lefts] for i in tops])


# %% wrong: the same for all channels: the maximum is taken over the channels, too
def max_pool(maps, size, stride):
    c, h, w = maps.shape
    result = np.zeros((c, (h - size) // stride + 1, (w - size) // stride + 1))
    for i in range(result.shape[1]):
        for j in range(result.shape[2]):
            top, left = i * stride, j * stride
            result[:, i, j] = maps[:, top : top + size, left : left + size].max()
    return result


# %% wrong: the maximum over the channels, the wrong axis
def max_pool(maps, size, stride):
    return maps.max(axis=0)


# %% wrong: the maximum over the wrong axis: down only
def max_pool(maps, size, stride):
    tops = range(0, maps.shape[1] - size + 1, stride)
    return np.stack([maps[:, i : i + size].max(axis=1) for i in tops], axis=1)


# %% wrong: the maximum over the wrong axis: across only
def max_pool(maps, size, stride):
    lefts = range(0, maps.shape[2] - size + 1, stride)
    return np.stack([maps[:, :, j : j + size].max(axis=2) for j in lefts], axis=2)


# %% wrong: the maximum over the wrong axes: numbers of different windows are compared
def max_pool(maps, size, stride):
    c, h, w = maps.shape
    return maps.reshape(c, h // size, size, w // size, size).max(axis=(1, 3))


# %% wrong: could not broadcast input array
def max_pool(maps, size, stride):
    c, h, w = maps.shape
    result = np.zeros((c, (h - size) // stride + 1, (w - size) // stride + 1))
    for i in range(result.shape[1]):
        for j in range(result.shape[2]):
            top, left = i * stride, j * stride
            result[:, i, j] = maps[:, top : top + size, left : left + size].max(axis=0)
    return result


# %% wrong: the stride has no effect
def max_pool(maps, size, stride):
    return np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2)).max(axis=(3, 4))


# %% wrong: the window always moves by its own size
def max_pool(maps, size, stride):
    return np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))[:, ::size, ::size].max(axis=(3, 4))


# %% wrong: size and stride have changed places
def max_pool(maps, size, stride):
    tops, lefts = (range(0, n - stride + 1, size) for n in maps.shape[1:])
    return np.array([[[x[i : i + stride, j : j + stride].max() for j in lefts] for i in tops] for x in maps])


# %% wrong: the last window of each row and column is missing where it just fits
def max_pool(maps, size, stride):
    tops, lefts = (range(0, n - size, stride) for n in maps.shape[1:])
    pooled = [[[x[i : i + size, j : j + size].max() for j in lefts] for i in tops] for x in maps]
    return np.array(pooled).reshape(len(maps), len(tops), len(lefts))


# %% wrong: the channels lie along the last axis
def max_pool(maps, size, stride):
    tops, lefts = (range(0, n - size + 1, stride) for n in maps.shape[1:])
    return np.array([[maps[:, i : i + size, j : j + size].max(axis=(1, 2)) for j in lefts] for i in tops])


# %% wrong: the stride holds across only
def max_pool(maps, size, stride):
    rows, columns = maps.shape[1] - size + 1, (maps.shape[2] - size) // stride + 1
    result = np.zeros((len(maps), rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[:, i, j] = maps[:, i : i + size, j * stride : j * stride + size].max(axis=(1, 2))
    return result


# %% wrong: as many windows as there should be, but they are the first ones
def max_pool(maps, size, stride):
    rows, columns = (maps.shape[1] - size) // stride + 1, (maps.shape[2] - size) // stride + 1
    result = np.zeros((len(maps), rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[:, i, j] = maps[:, i : i + size, j : j + size].max(axis=(1, 2))
    return result


# %% partly right, 2.5 of 3: windows at the right and at the bottom that stick out are kept
def max_pool(maps, size, stride):
    c, h, w = maps.shape
    rows, columns = -(-(h - size) // stride) + 1, -(-(w - size) // stride) + 1
    result = np.zeros((c, rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[:, i, j] = maps[:, top : top + size, left : left + size].max(axis=(1, 2))
    return result


# %% partly right, 2.5 of 3: the height is taken for the width, too
def max_pool(maps, size, stride):
    n = (maps.shape[1] - size) // stride + 1
    windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(1, 2))
    return windows[:, ::stride, ::stride].max(axis=(3, 4))[:, :n, :n]


# %% partly right, 2.5 of 3: maps need not be square
def max_pool(maps, size, stride):
    n = (maps.shape[1] - size) // stride + 1
    result = np.zeros((len(maps), n, n))
    for i in range(n):
        for j in range(n):
            top, left = i * stride, j * stride
            result[:, i, j] = maps[:, top : top + size, left : left + size].max(axis=(1, 2))
    return result
