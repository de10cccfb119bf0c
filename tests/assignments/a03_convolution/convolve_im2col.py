"""Solutions of ``convolve_im2col`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821, RUF059


# %% wrong: rows and columns of the matrix have changed places: each window is a column
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    windows = np.array([image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)])
    maps = filters.reshape(n, -1) @ windows.T + bias[:, None]
    return windows, maps.reshape(n, rows, across)


# %% wrong: the channels change fastest down a column
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    taps = [(m, u, v) for u in range(high) for v in range(wide) for m in range(c)]
    columns = np.array([image[m, u : u + rows, v : v + across].ravel() for m, u, v in taps])
    maps = filters.transpose(0, 2, 3, 1).reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: the pixels of a window are written down column by column
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    taps = [(m, u, v) for m in range(c) for v in range(wide) for u in range(high)]
    columns = np.array([image[m, u : u + rows, v : v + across].ravel() for m, u, v in taps])
    maps = filters.swapaxes(2, 3).reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: the places are gone through column by column
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for j in range(across) for i in range(rows)]
    columns = np.array(columns).T
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, across, rows).swapaxes(1, 2)


# %% wrong: only the first channel
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[0, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T
    maps = filters[:, 0].reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: a matrix for each channel
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = []
    for channel in image:
        windows = [channel[i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
        columns.append(np.array(windows).T)
    columns = np.array(columns)
    maps = sum(filters[:, m].reshape(n, -1) @ columns[m] for m in range(c)) + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: places are missing: the windows at the right and at the bottom have a column, too
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high, image.shape[2] - wide
    columns = np.zeros((c * high * wide, rows * across))
    for i in range(rows):
        for j in range(across):
            columns[:, i * across + j] = image[:, i : i + high, j : j + wide].ravel()
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: the windows lie side by side
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    tops, lefts = range(0, image.shape[1] - high + 1, high), range(0, image.shape[2] - wide + 1, wide)
    columns = np.array([image[:, i : i + high, j : j + wide].ravel() for i in tops for j in lefts]).T
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, len(tops), len(lefts))


# %% wrong: each window stands on its head
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T[::-1]
    maps = filters.reshape(n, -1)[:, ::-1] @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% wrong: one array, where two are asked for
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    maps = filters.reshape(n, -1) @ np.array(columns).T + bias[:, None]
    return maps.reshape(n, rows, across)


# %% wrong: the maps stand where the matrix belongs
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return maps.reshape(n, rows, across), columns


# %% partly right, 3 of 4: the bias is forgotten
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T
    return columns, (filters.reshape(n, -1) @ columns).reshape(n, rows, across)


# %% partly right, 3 of 4: the numbers of different maps are mixed
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T
    maps = columns.T @ filters.reshape(n, -1).T + bias
    return columns, maps.reshape(n, rows, across)


# %% partly right, 3 of 4: the weights of different filters are mixed
def convolve_im2col(image, filters, bias):
    n, c, high, wide = filters.shape
    rows, across = image.shape[1] - high + 1, image.shape[2] - wide + 1
    columns = [image[:, i : i + high, j : j + wide].ravel() for i in range(rows) for j in range(across)]
    columns = np.array(columns).T
    maps = filters.reshape(-1, n).T @ columns + bias[:, None]
    return columns, maps.reshape(n, rows, across)


# %% partly right, 3 of 4: images and filters need not be square
def convolve_im2col(image, filters, bias):
    n, c, k, _ = filters.shape
    places = image.shape[1] - k + 1
    columns = [image[:, i : i + k, j : j + k].ravel() for i in range(places) for j in range(places)]
    columns = np.array(columns).T
    maps = filters.reshape(n, -1) @ columns + bias[:, None]
    return columns, maps.reshape(n, places, places)
