"""Solutions of ``output_shapes`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the image keeps its size in a convolution
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            shape = (shape[0] // layer["stride"], shape[1] // layer["stride"], layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: one place too few in each direction
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s, (shape[1] - k + 2 * p) // s, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: a convolution keeps the channels that came in
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s + 1, (shape[1] - k + 2 * p) // s + 1, shape[2])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: the pooling window moves by one pixel
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] in ("conv", "pool"):
            k, s, p = layer["size"], layer.get("stride", 1), layer.get("padding", 0)
            height, width = ((n - k + 2 * p) // s + 1 for n in shape[:2])
            shape = (height, width, layer.get("filters", shape[2]))
        elif layer["kind"] == "flatten":
            shape = (int(np.prod(shape)),)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: flatten counts the pixels of one channel
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s + 1, (shape[1] - k + 2 * p) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: channels first, as torch has it
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s + 1, (shape[1] - k + 2 * p) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape if len(shape) == 1 else (shape[2], shape[0], shape[1]))
    return shapes


# %% wrong: shapes are whole numbers, so divide with `//`
def output_shapes(input_shape, layers):
    def conv(n, layer):
        return np.floor((n - layer["size"] + 2 * layer["padding"]) / layer["stride"]) + 1

    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            shape = (conv(shape[0], layer), conv(shape[1], layer), layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% wrong: only the last shape
def output_shapes(input_shape, layers):
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s + 1, (shape[1] - k + 2 * p) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
    return shape


# %% wrong: returns nothing
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "flatten":
            shape = (int(np.prod(shape)),)
        shapes.append(shape)


# %% partly right, 2 of 3: the padding has no effect
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s = layer["size"], layer["stride"]
            shape = ((shape[0] - k) // s + 1, (shape[1] - k) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% partly right, 2 of 3: padding on one side only
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + p) // s + 1, (shape[1] - k + p) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% partly right, 2 of 3: pooling rounds up
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = ((shape[0] - k + 2 * p) // s + 1, (shape[1] - k + 2 * p) // s + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (int(np.ceil(shape[0] / layer["size"])), int(np.ceil(shape[1] / layer["size"])), shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


# %% partly right, 1 of 3: stride and padding have no effect
def output_shapes(input_shape, layers):
    shapes = []
    shape = input_shape
    for layer in layers:
        if layer["kind"] == "conv":
            shape = (shape[0] - layer["size"] + 1, shape[1] - layer["size"] + 1, layer["filters"])
        elif layer["kind"] == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif layer["kind"] == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes
