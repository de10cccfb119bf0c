"""Solutions of ``autoprune`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811


# %% wrong: every layer loses the same share
def autoprune(widths, evaluate, cost, budget, floor):
    for eighths in range(7, 0, -1):
        plan = {layer: max(8, n * eighths // 64 * 8) for layer, n in widths.items()}
        if cost(plan) <= budget * cost(widths):
            return plan


# %% wrong: each layer is narrowed until the floor by itself
def autoprune(widths, evaluate, cost, budget, floor):
    plan = {}
    for layer, n in widths.items():
        plan[layer] = min(kept for kept in range(8, n + 1, 8) if evaluate({**widths, layer: kept}) >= floor)
    return plan


# %% wrong: what saves most goes first
def autoprune(widths, evaluate, cost, budget, floor):
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        narrower = [{**plan, layer: n - 8} for layer, n in plan.items() if n > 8]
        if not narrower:
            raise ValueError("nothing is left to remove")
        plan = min(narrower, key=cost)
    return plan


# %% wrong: the budget is not reached
def autoprune(widths, evaluate, cost, budget, floor):
    plan = dict(widths)
    plan[next(iter(plan))] = 8
    return plan


# %% wrong: a multiple of 8
def autoprune(widths, evaluate, cost, budget, floor):
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        trials = [{**plan, layer: n - 1} for layer, n in plan.items() if n > 1]
        trials = [trial for trial in trials if evaluate(trial) >= floor]
        if not trials:
            raise ValueError("below the floor")
        plan = min(trials, key=lambda trial: (evaluate(plan) - evaluate(trial)) / (cost(plan) - cost(trial)))
    return plan


# %% wrong: nothing is removed
def autoprune(widths, evaluate, cost, budget, floor):
    return dict(widths)


# %% wrong: autoprune raises ValueError
def autoprune(widths, evaluate, cost, budget, floor):
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        # The least loss, whatever it saves.
        trials = [{**plan, layer: n - 8} for layer, n in plan.items() if n > 8]
        trials = [trial for trial in trials if evaluate(trial) >= floor]
        if not trials:
            raise ValueError("below the floor")
        plan = max(trials, key=evaluate)
    return plan


# %% partly right, 3 of 4: what layers lose alone is added up
def autoprune(widths, evaluate, cost, budget, floor):
    whole = evaluate(widths)
    lost = {
        (layer, k): whole - evaluate({**widths, layer: k}) for layer, n in widths.items() for k in range(8, n + 1, 8)
    }
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        steps = []
        for layer, n in plan.items():
            trial = {**plan, layer: n - 8}
            if n > 8 and whole - sum(lost[one] for one in trial.items()) >= floor:
                steps.append(((lost[layer, n - 8] - lost[layer, n]) / (cost(plan) - cost(trial)), layer))
        if not steps:
            raise ValueError("below the floor")
        plan[min(steps)[1]] -= 8
    return plan


# %% partly right, 3 of 4: returns a result, where it should raise ValueError
def autoprune(widths, evaluate, cost, budget, floor):
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        trials = [{**plan, layer: n - 8} for layer, n in plan.items() if n > 8]
        if not trials:
            break
        plan = min(trials, key=lambda trial: (evaluate(plan) - evaluate(trial)) / (cost(plan) - cost(trial)))
    return plan
