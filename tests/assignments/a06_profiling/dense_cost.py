"""Solutions of ``dense_cost`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: bits, not bytes
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + (outputs if kind == "linear" else 2 * gates * outputs)
        macs += times * weights
    return parameters, bits * parameters, macs


# %% wrong: the biases are forgotten
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights
        macs += times * weights
    return parameters, parameters * bits // 8, macs


# %% wrong: always 4 bytes
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + (outputs if kind == "linear" else 2 * gates * outputs)
        macs += times * weights
    return parameters, 4 * parameters, macs


# %% wrong: each layer once
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, _ in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + (outputs if kind == "linear" else 2 * gates * outputs)
        macs += weights
    return parameters, parameters * bits // 8, macs


# %% wrong: the parameters are counted anew
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += times * (weights + (outputs if kind == "linear" else 2 * gates * outputs))
        macs += times * weights
    return parameters, parameters * bits // 8, macs


# %% wrong: FLOPs, not MACs
def dense_cost(layers, bits):
    parameters = flops = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + (outputs if kind == "linear" else 2 * gates * outputs)
        flops += 2 * times * weights
    return parameters, parameters * bits // 8, flops


# %% partly right, 2 of 3: the gates are forgotten
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        weights = outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + (outputs if kind == "linear" else 2 * outputs)
        macs += times * weights
    return parameters, parameters * bits // 8, macs


# %% partly right, 2 of 3: the state is forgotten
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * inputs
        parameters += weights + (outputs if kind == "linear" else 2 * gates * outputs)
        macs += times * weights
    return parameters, parameters * bits // 8, macs


# %% partly right, 2 of 3: one bias a gate and output
def dense_cost(layers, bits):
    parameters = macs = 0
    for kind, inputs, outputs, times in layers:
        gates = {"linear": 1, "rnn": 1, "gru": 3, "lstm": 4}[kind]
        weights = gates * outputs * (inputs if kind == "linear" else inputs + outputs)
        parameters += weights + gates * outputs
        macs += times * weights
    return parameters, parameters * bits // 8, macs
