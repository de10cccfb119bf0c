"""Solutions of ``layer_costs`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the biases are missing
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        count = places = 0
        if layer["kind"] == "conv":
            count = layer["size"] * layer["size"] * before[2] * layer["filters"]
            places = after[0] * after[1]
        elif layer["kind"] == "dense":
            count, places = before[0] * layer["units"], 1
        parameters.append(count)
        macs.append(count * places)
        before = after
    return parameters, macs


# %% wrong: only one channel of it is counted
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] == "conv":
            parameters.append((layer["size"] ** 2 + bias) * layer["filters"])
            macs.append(layer["size"] ** 2 * layer["filters"] * after[0] * after[1])
        elif layer["kind"] == "dense":
            parameters.append((before[0] + bias) * layer["units"])
            macs.append(before[0] * layer["units"])
        else:
            parameters.append(0)
            macs.append(0)
        before = after
    return parameters, macs


# %% wrong: one bias for the whole layer
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] == "conv":
            parameters.append(layer["size"] ** 2 * before[2] * layer["filters"] + bias)
            macs.append(layer["size"] ** 2 * before[2] * layer["filters"] * after[0] * after[1])
        elif layer["kind"] == "dense":
            parameters.append((before[0] + bias) * layer["units"])
            macs.append(before[0] * layer["units"])
        else:
            parameters.append(0)
            macs.append(0)
        before = after
    return parameters, macs


# %% wrong: each output with each input, as in a dense layer
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] in ("conv", "dense"):
            n, m = int(np.prod(before)), int(np.prod(after))
            parameters.append((n + bias) * m)
            macs.append(n * m)
        else:
            parameters.append(0)
            macs.append(0)
        before = after
    return parameters, macs


# %% wrong: weights of its own for each place of the filter
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] == "conv":
            weights = layer["size"] ** 2 * before[2]
        else:
            weights = before[0] if layer["kind"] == "dense" else 0
        outputs = int(np.prod(after)) if weights else 0
        parameters.append((weights + bias) * outputs)
        macs.append(weights * outputs)
        before = after
    return parameters, macs


# %% wrong: parameters is one number
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = 0, 0
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] == "conv":
            parameters += (layer["size"] ** 2 * before[2] + bias) * layer["filters"]
            macs += layer["size"] ** 2 * before[2] * layer["filters"] * after[0] * after[1]
        elif layer["kind"] == "dense":
            parameters += (before[0] + bias) * layer["units"]
            macs += before[0] * layer["units"]
        before = after
    return parameters, macs


# %% wrong: layers that cost nothing get a 0
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        if layer["kind"] == "conv":
            parameters.append((layer["size"] ** 2 * before[2] + bias) * layer["filters"])
            macs.append(layer["size"] ** 2 * before[2] * layer["filters"] * after[0] * after[1])
        elif layer["kind"] == "dense":
            parameters.append((before[0] + bias) * layer["units"])
            macs.append(before[0] * layer["units"])
        before = after
    return parameters, macs


# %% partly right, 3 of 4: no biases where bias=False
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        weights, outputs, places = 0, 0, 0
        if layer["kind"] == "conv":
            weights, outputs, places = layer["size"] ** 2 * before[2], layer["filters"], after[0] * after[1]
        elif layer["kind"] == "dense":
            weights, outputs, places = before[0], layer["units"], 1
        parameters.append((weights + 1) * outputs)
        macs.append(weights * outputs * places)
        before = after
    return parameters, macs


# %% partly right, 3 of 4: the weights of the convolution, each used once
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        weights, outputs = 0, 0
        if layer["kind"] == "conv":
            weights, outputs = layer["size"] ** 2 * before[2], layer["filters"]
        elif layer["kind"] == "dense":
            weights, outputs = before[0], layer["units"]
        parameters.append((weights + bias) * outputs)
        macs.append(weights * outputs)
        before = after
    return parameters, macs


# %% partly right, 3 of 4: as many places as the image has pixels
def layer_costs(input_shape, layers, bias=True):
    parameters, macs = [], []
    before = input_shape
    for layer, after in zip(layers, output_shapes(input_shape, layers), strict=True):
        weights, outputs, places = 0, 0, 0
        if layer["kind"] == "conv":
            weights, outputs, places = layer["size"] ** 2 * before[2], layer["filters"], before[0] * before[1]
        elif layer["kind"] == "dense":
            weights, outputs, places = before[0], layer["units"], 1
        parameters.append((weights + bias) * outputs)
        macs.append(weights * outputs * places)
        before = after
    return parameters, macs
