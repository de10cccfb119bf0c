"""Solutions of ``slide`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: neither stride nor padding has any effect
def slide(image, kernel, stride=1, padding=0):
    return convolve(image, kernel)


# %% wrong: the stride has no effect
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel)


# %% wrong: the stride holds down only
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel)[::stride]


# %% wrong: the stride holds across only
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel)[:, ::stride]


# %% wrong: as many places as there should be, but they are the first ones
def slide(image, kernel, stride=1, padding=0):
    image = np.pad(image, padding)
    high, wide = kernel.shape
    rows = (image.shape[0] - high) // stride + 1
    columns = (image.shape[1] - wide) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% wrong: the first place is left out, and so the wrong ones are kept
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding), kernel)[stride - 1 :: stride, stride - 1 :: stride]


# %% wrong: the number of places is divided by the stride and rounded down, which loses one
def slide(image, kernel, stride=1, padding=0):
    image = np.pad(image, padding)
    high, wide = kernel.shape
    rows, columns = (image.shape[0] - high + 1) // stride, (image.shape[1] - wide + 1) // stride
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[i, j] = np.sum(image[top : top + high, left : left + wide] * kernel)
    return result


# %% wrong: one place is missing at the end of each row and of each column
def slide(image, kernel, stride=1, padding=0):
    image = np.pad(image, padding)
    high, wide = kernel.shape
    tops, lefts = range(0, image.shape[0] - high, stride), range(0, image.shape[1] - wide, stride)
    sums = [[np.sum(image[i : i + high, j : j + wide] * kernel) for j in lefts] for i in tops]
    return np.array(sums).reshape(len(tops), len(lefts))


# %% wrong: the padding has no effect
def slide(image, kernel, stride=1, padding=0):
    return convolve(image, kernel)[::stride, ::stride]


# %% wrong: zeros at the top and on the left only (or a result that counts the padding once)
def slide(image, kernel, stride=1, padding=0):
    padded = np.zeros((image.shape[0] + padding, image.shape[1] + padding))
    padded[padding:, padding:] = image
    return convolve(padded, kernel)[::stride, ::stride]


# %% wrong: zeros at the bottom and on the right only
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, (0, padding)), kernel)[::stride, ::stride]


# %% wrong: zeros at the top and at the bottom only
def slide(image, kernel, stride=1, padding=0):
    zeros = np.zeros((padding, image.shape[1]))
    return convolve(np.concatenate([zeros, image, zeros]), kernel)[::stride, ::stride]


# %% wrong: zeros on the left and on the right only
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, ((0, 0), (padding, padding))), kernel)[::stride, ::stride]


# %% wrong: the places are counted as if there were none
def slide(image, kernel, stride=1, padding=0):
    (h, w), (high, wide) = image.shape, kernel.shape
    padded = np.pad(image, padding)
    result = np.zeros(((h - high) // stride + 1, (w - wide) // stride + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            top, left = i * stride, j * stride
            result[i, j] = np.sum(padded[top : top + high, left : left + wide] * kernel)
    return result


# %% wrong: the padding is shared between the two sides
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding // 2), kernel)[::stride, ::stride]


# %% wrong: the zeros are put around the result
def slide(image, kernel, stride=1, padding=0):
    return np.pad(convolve(image, kernel), padding)[::stride, ::stride]


# %% wrong: the pixels of the border are repeated outwards
def slide(image, kernel, stride=1, padding=0):
    return convolve(np.pad(image, padding, mode="edge"), kernel)[::stride, ::stride]


# %% wrong: the filter lies on the image upside down
def slide(image, kernel, stride=1, padding=0):
    from scipy.signal import convolve2d

    return convolve2d(np.pad(image, padding), kernel, mode="valid")[::stride, ::stride]


# %% wrong: IndexError: index 2 is out of bounds
def slide(image, kernel, stride=1, padding=0):
    image = np.pad(image, padding)
    high, wide = kernel.shape
    result = np.zeros(((image.shape[0] - high) // stride + 1, (image.shape[1] - wide) // stride + 1))
    for i in range(0, image.shape[0] - high + 1, stride):
        for j in range(0, image.shape[1] - wide + 1, stride):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% partly right, 3 of 4: one place too many: the last window sticks out
def slide(image, kernel, stride=1, padding=0):
    image = np.pad(image.astype(float), padding)
    high, wide = kernel.shape
    rows = int(np.ceil((image.shape[0] - high) / stride)) + 1
    columns = int(np.ceil((image.shape[1] - wide) / stride)) + 1
    image = np.pad(image, ((0, stride), (0, stride)))
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            result[i, j] = np.sum(image[top : top + high, left : left + wide] * kernel)
    return result


# %% partly right, 3 of 4: the last window is moved back until it fits
def slide(image, kernel, stride=1, padding=0):
    everywhere = convolve(np.pad(image, padding), kernel)
    rows, columns = ([*range(0, n - 1, stride), n - 1] for n in everywhere.shape)
    return everywhere[np.ix_(rows, columns)]


# %% partly right, 3 of 4: the height is taken for the width, too
def slide(image, kernel, stride=1, padding=0):
    places = (len(image) + 2 * padding - len(kernel)) // stride + 1
    return convolve(np.pad(image, padding), kernel)[::stride, ::stride][:places, :places]
