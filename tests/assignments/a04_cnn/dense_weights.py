"""Solutions of ``dense_weights`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the kernel was flipped, as in a true convolution
def dense_weights(kernel, image_shape, stride=1):
    kernel = np.flip(kernel)
    columns = []
    for top in range(0, image_shape[0] - kernel.shape[0] + 1, stride):
        for left in range(0, image_shape[1] - kernel.shape[1] + 1, stride):
            image = np.zeros(image_shape)
            image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            columns.append(image.ravel())
    return np.array(columns).T


# %% wrong: outputs in the rows and inputs in the columns
def dense_weights(kernel, image_shape, stride=1):
    rows = []
    for top in range(0, image_shape[0] - kernel.shape[0] + 1, stride):
        for left in range(0, image_shape[1] - kernel.shape[1] + 1, stride):
            image = np.zeros(image_shape)
            image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            rows.append(image.ravel())
    return np.array(rows)


# %% wrong: the weights of a column stand one below the other without a gap
def dense_weights(kernel, image_shape, stride=1):
    height, width = image_shape
    columns = []
    for top in range(0, height - kernel.shape[0] + 1, stride):
        for left in range(0, width - kernel.shape[1] + 1, stride):
            column = np.zeros(height * width)
            start = top * width + left
            column[start : start + kernel.size] = kernel.ravel()
            columns.append(column)
    return np.array(columns).T


# %% wrong: the filter would stand half in the next row
def dense_weights(kernel, image_shape, stride=1):
    height, width = image_shape
    first = np.zeros(image_shape)
    first[: kernel.shape[0], : kernel.shape[1]] = kernel
    n = ((height - kernel.shape[0]) // stride + 1) * ((width - kernel.shape[1]) // stride + 1)
    weights = np.zeros((height * width, n))
    for output in range(n):
        weights[output * stride :, output] = first.ravel()[: height * width - output * stride]
    return weights


# %% wrong: as many outputs as inputs, as if the image were padded
def dense_weights(kernel, image_shape, stride=1):
    height, width = image_shape
    up, aside = kernel.shape[0] // 2, kernel.shape[1] // 2
    columns = []
    for y in range(height):
        for x in range(width):
            padded = np.zeros((height + 2 * kernel.shape[0], width + 2 * kernel.shape[1]))
            top, left = y + kernel.shape[0] - up, x + kernel.shape[1] - aside
            padded[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            inside = padded[kernel.shape[0] : kernel.shape[0] + height, kernel.shape[1] : kernel.shape[1] + width]
            columns.append(inside.ravel())
    return np.array(columns).T


# %% wrong: has shape (9, 3) instead of (9, 4)
def dense_weights(kernel, image_shape, stride=1):
    columns = []
    for top in range(0, image_shape[0] - kernel.shape[0] + 1, stride):
        for left in range(0, image_shape[1] - kernel.shape[1] + 1, stride):
            image = np.zeros(image_shape)
            image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            columns.append(image.ravel())
    return np.array(columns[:-1]).T


# %% wrong: changes its argument kernel in place
def dense_weights(kernel, image_shape, stride=1):
    columns = []
    for top in range(0, image_shape[0] - kernel.shape[0] + 1, stride):
        for left in range(0, image_shape[1] - kernel.shape[1] + 1, stride):
            image = np.zeros(image_shape)
            image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            columns.append(image.ravel())
    kernel *= 0
    return np.array(columns).T


# %% partly right, 3 of 4: the stride has no effect
def dense_weights(kernel, image_shape, stride=1):
    columns = []
    for top in range(image_shape[0] - kernel.shape[0] + 1):
        for left in range(image_shape[1] - kernel.shape[1] + 1):
            image = np.zeros(image_shape)
            image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
            columns.append(image.ravel())
    return np.array(columns).T


# %% partly right, 2 of 4: images and filters that are not square
def dense_weights(kernel, image_shape, stride=1):
    n, k = image_shape[0], len(kernel)
    columns = []
    for top in range(0, n - k + 1, stride):
        for left in range(0, n - k + 1, stride):
            image = np.zeros((n, n))
            image[top : top + k, left : left + k] = kernel
            columns.append(image.ravel())
    return np.array(columns).T
