"""Solutions of ``convolve`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the filter lies on the image upside down (turned by half a turn)
def convolve(image, kernel):
    from scipy.signal import convolve2d

    return convolve2d(image, kernel, mode="valid")


# %% wrong: rows and columns of the filter have changed places
def convolve(image, kernel):
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for u in range(kernel.shape[0]):
                for v in range(kernel.shape[1]):
                    result[i, j] += image[i + u, j + v] * kernel[v, u]
    return result


# %% wrong: the columns of the filter are met from right to left
def convolve(image, kernel):
    k = len(kernel)
    kernel = np.fliplr(kernel)
    n = len(image) - k + 1
    return np.array([[(image[i : i + k, j : j + k] * kernel).sum() for j in range(n)] for i in range(n)])


# %% wrong: one place is missing at the end of each row and of each column
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high, image.shape[1] - wide))
    for i in range(image.shape[0] - high):
        for j in range(image.shape[1] - wide):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% wrong: the result is made as large as the image, and the rest stays 0
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros(image.shape)
    for i in range(image.shape[0] - high + 1):
        for j in range(image.shape[1] - wide + 1):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% wrong: the image is padded until the result is as large as the image
def convolve(image, kernel):
    from scipy.ndimage import correlate

    even = [-1 if k % 2 == 0 else 0 for k in kernel.shape]
    return correlate(image.astype(float), kernel.astype(float), mode="constant", origin=even)


# %% wrong: where the filter sticks out, less than a window is left
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% wrong: the sum must start at 0 again at each place
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    total = 0
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            for u in range(high):
                for v in range(wide):
                    total += image[i + u, j + v] * kernel[u, v]
            result[i, j] = total
    return result


# %% wrong: only the last of the products in each window
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            for u in range(high):
                for v in range(wide):
                    result[i, j] = image[i + u, j + v] * kernel[u, v]
    return result


# %% wrong: a matrix product: `@` multiplies rows with columns
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] @ kernel)
    return result


# %% wrong: only the first place is computed: does the `return` stand inside of the loops?
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
            return result


# %% wrong: the mean of the products, not their sum
def convolve(image, kernel):
    high, wide = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (high, wide))
    return (windows * kernel).mean(axis=(2, 3))


# %% wrong: returns nothing (None): is a `return` missing?
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)


# %% wrong: a list instead of a NumPy array
def convolve(image, kernel):
    high, wide = kernel.shape
    result = []
    for i in range(image.shape[0] - high + 1):
        result.append([])
        for j in range(image.shape[1] - wide + 1):
            result[-1].append(np.sum(image[i : i + high, j : j + wide] * kernel))
    return result


# %% wrong: the last row and the last column of the result stay 0
def convolve(image, kernel):
    high, wide = kernel.shape
    result = np.zeros((image.shape[0] - high + 1, image.shape[1] - wide + 1))
    for i in range(image.shape[0] - high):
        for j in range(image.shape[1] - wide):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% partly right, 2.5 of 3: fractions, negative and large numbers do not fit
def convolve(image, kernel):
    high, wide = kernel.shape
    rows, columns = image.shape[0] - high + 1, image.shape[1] - wide + 1
    result = np.zeros_like(image[:rows, :columns])
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(image[i : i + high, j : j + wide] * kernel)
    return result


# %% partly right, 2.5 of 3: the height of the image is taken for its width, too
def convolve(image, kernel):
    high, wide = kernel.shape
    n = len(image)
    image = np.pad(image.astype(float), ((0, 0), (0, n)))  # so that nothing sticks out
    return np.array(
        [[np.sum(image[i : i + high, j : j + wide] * kernel) for j in range(n - high + 1)] for i in range(n - high + 1)]
    )


# %% partly right, 2.5 of 3: images and filters need not be square
def convolve(image, kernel):
    n, k = len(image), len(kernel)
    result = np.zeros((n - k + 1, n - k + 1))
    if image.shape[0] != image.shape[1]:
        result = np.zeros((n - k + 1, image.shape[1] - k + 1))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = np.sum(image[i : i + k, j : j + k] * kernel)
    return result
