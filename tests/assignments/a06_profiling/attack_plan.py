"""Solutions of ``attack_plan`` that must be refused."""
# ruff: noqa: F811, F821


# %% wrong: the mean of the runs
def attack_plan(runs, speedups):
    ms = {layer: statistics.mean(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -pair[1])


# %% wrong: the shortest run
def attack_plan(runs, speedups):
    ms = {layer: min(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -pair[1])


# %% wrong: the first run alone
def attack_plan(runs, speedups):
    ms = {layer: times[0] for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -pair[1])


# %% wrong: the slowest layer first
def attack_plan(runs, speedups):
    ms = {layer: statistics.median(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -ms[pair[0]])


# %% wrong: the largest factor first
def attack_plan(runs, speedups):
    ms = {layer: statistics.median(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -speedups[pair[0]])


# %% wrong: the least gain first
def attack_plan(runs, speedups):
    ms = {layer: statistics.median(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: factor})) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: pair[1])


# %% wrong: the cap, as if the layer vanished
def attack_plan(runs, speedups):
    ms = {layer: statistics.median(times) for layer, times in runs.items()}
    plan = [(layer, whole_speedup(ms, {layer: math.inf})) for layer in speedups]
    return sorted(plan, key=lambda pair: -pair[1])


# %% wrong: weighted by share
def attack_plan(runs, speedups):
    ms = {layer: statistics.median(times) for layer, times in runs.items()}
    whole = sum(ms.values())
    plan = [(layer, 1 + ms[layer] / whole * (factor - 1)) for layer, factor in speedups.items()]
    return sorted(plan, key=lambda pair: -pair[1])
