"""Solutions of ``sensitivity`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: layers that were measured before stay narrow
def sensitivity(widths, evaluate, ratios):
    whole, plan, lost = evaluate(widths), dict(widths), {}
    for layer, n in widths.items():
        lost[layer] = []
        for ratio in ratios:
            plan[layer] = round((1 - ratio) * n)
            lost[layer].append(whole - evaluate(plan))
    return lost


# %% wrong: the ratio is the share that goes
def sensitivity(widths, evaluate, ratios):
    whole = evaluate(widths)
    return {
        layer: [whole - evaluate({**widths, layer: round(ratio * n)}) for ratio in ratios]
        for layer, n in widths.items()
    }


# %% wrong: turned round
def sensitivity(widths, evaluate, ratios):
    whole = evaluate(widths)
    return {
        layer: [evaluate({**widths, layer: round((1 - ratio) * n)}) - whole for ratio in ratios]
        for layer, n in widths.items()
    }


# %% wrong: the accuracy that is left
def sensitivity(widths, evaluate, ratios):
    return {
        layer: [evaluate({**widths, layer: round((1 - ratio) * n)}) for ratio in ratios] for layer, n in widths.items()
    }


# %% wrong: against the ratio before
def sensitivity(widths, evaluate, ratios):
    lost = {}
    for layer, n in widths.items():
        last, lost[layer] = evaluate(widths), []
        for ratio in ratios:
            now = evaluate({**widths, layer: round((1 - ratio) * n)})
            lost[layer].append(last - now)
            last = now
    return lost


# %% wrong: changes its argument
def sensitivity(widths, evaluate, ratios):
    whole, lost = evaluate(widths), {}
    for layer in widths:
        n, lost[layer] = widths[layer], []
        for ratio in ratios:
            widths[layer] = round((1 - ratio) * n)
            lost[layer].append(whole - evaluate(widths))
    return lost


# %% partly right, 2 of 3: more measurements than needed
def sensitivity(widths, evaluate, ratios):
    return {
        layer: [evaluate(widths) - evaluate({**widths, layer: round((1 - ratio) * n)}) for ratio in ratios]
        for layer, n in widths.items()
    }
