"""Solutions of ``remove`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the next layer's inputs are forgotten
def remove(state, kept):
    return {name: array if name.startswith("second") else array[kept] for name, array in state.items()}


# %% wrong: the bias is forgotten
def remove(state, kept):
    smaller = dict(state)
    smaller["first.weight"] = state["first.weight"][kept]
    smaller["second.weight"] = state["second.weight"][:, kept]
    return smaller


# %% wrong: zeros, not removal
def remove(state, kept):
    masked = {name: array.copy() for name, array in state.items()}
    for i in range(len(state["first.weight"])):
        if i not in kept:
            for name in masked:
                if not name.startswith("second"):
                    masked[name][i] = 0
    return masked


# %% wrong: rows of the second layer are gone
def remove(state, kept):
    return {name: array if name == "second.bias" else array[kept] for name, array in state.items()}


# %% wrong: the kept ones are gone
def remove(state, kept):
    smaller = {}
    for name, array in state.items():
        if name == "second.bias":
            smaller[name] = array
        else:
            smaller[name] = np.delete(array, kept, axis=int(name == "second.weight"))
    return smaller


# %% wrong: the first so many stay
def remove(state, kept):
    n = len(kept)
    smaller = {name: array[:n] for name, array in state.items() if not name.startswith("second")}
    return smaller | {"second.weight": state["second.weight"][:, :n], "second.bias": state["second.bias"]}


# %% wrong: the second layer keeps its first inputs
def remove(state, kept):
    smaller = {name: array[kept] for name, array in state.items() if not name.startswith("second")}
    return smaller | {"second.weight": state["second.weight"][:, : len(kept)], "second.bias": state["second.bias"]}


# %% wrong: changes its argument
def remove(state, kept):
    for name in state:
        if not name.startswith("second"):
            state[name] = state[name][kept]
    state["second.weight"] = state["second.weight"][:, kept]
    return state


# %% partly right, 3 of 4: one input for each channel
def remove(state, kept):
    smaller = {name: array[kept] for name, array in state.items() if not name.startswith("second")}
    return smaller | {"second.weight": state["second.weight"][:, kept], "second.bias": state["second.bias"]}


# %% partly right, 3 of 4: the inputs of a channel are taken far apart
def remove(state, kept):
    smaller = {name: array[kept] for name, array in state.items() if not name.startswith("second")}
    second, n = state["second.weight"], len(state["first.weight"])
    columns = [i for i in range(second.shape[1]) if i % n in kept]
    return smaller | {"second.weight": second[:, columns], "second.bias": state["second.bias"]}


# %% partly right, 3 of 4: the statistics are forgotten
def remove(state, kept):
    n, smaller = len(state["first.weight"]), dict(state)
    for name in state:
        if name.startswith("first") or name in ("norm.weight", "norm.bias"):
            smaller[name] = state[name][kept]
    second = state["second.weight"]
    each = second.shape[1] // n
    columns = [i for i in range(second.shape[1]) if i // each in kept]
    return smaller | {"second.weight": second[:, columns]}


# %% partly right, 2 of 4: the normalisation is forgotten
def remove(state, kept):
    smaller = dict(state)
    for name in ("first.weight", "first.bias"):
        if name in state:
            smaller[name] = state[name][kept]
    return smaller | {"second.weight": state["second.weight"][:, kept]}
