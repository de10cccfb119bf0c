"""Solutions of ``measure_half`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: turned round
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    run_float32()
    run_half()
    ratios = []
    for _ in range(repeats):
        times = [clock()]
        for run in (run_float32, run_half):
            run()
            times.append(clock())
        ratios.append((times[2] - times[1]) / (times[1] - times[0]))
    return bool(COMPUTES[dtype] & instructions), float(np.median(ratios))


# %% wrong: the first call is in it
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    ratios = []
    for _ in range(repeats):
        times = [clock()]
        for run in (run_float32, run_half):
            run()
            times.append(clock())
        ratios.append((times[1] - times[0]) / (times[2] - times[1]))
    return bool(COMPUTES[dtype] & instructions), float(np.median(ratios))


# %% wrong: the mean
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    run_float32()
    run_half()
    totals = [0, 0]
    for _ in range(repeats):
        for n, run in enumerate((run_float32, run_half)):
            begin = clock()
            run()
            totals[n] += clock() - begin
    return bool(COMPUTES[dtype] & instructions), totals[0] / totals[1]


# %% wrong: one after the other
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    medians = []
    run_float32()
    run_half()
    for run in (run_float32, run_half):
        times = []
        for _ in range(repeats):
            begin = clock()
            run()
            times.append(clock() - begin)
        medians.append(float(np.median(times)))
    return bool(COMPUTES[dtype] & instructions), medians[0] / medians[1]


# %% wrong: two results are asked for
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    run_float32()
    run_half()
    ratios = []
    for _ in range(repeats):
        times = [clock()]
        for run in (run_float32, run_half):
            run()
            times.append(clock())
        ratios.append((times[1] - times[0]) / (times[2] - times[1]))
    return float(np.median(ratios))


# %% partly right, 2 of 3: instructions of the other format do not help
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    run_float32()
    run_half()
    ratios = []
    for _ in range(repeats):
        times = [clock()]
        for run in (run_float32, run_half):
            run()
            times.append(clock())
        ratios.append((times[1] - times[0]) / (times[2] - times[1]))
    return any(names & instructions for names in COMPUTES.values()), float(np.median(ratios))


# %% partly right, 2 of 3: always faster
def measure_half(instructions, dtype, run_float32, run_half, clock, repeats):
    run_float32()
    run_half()
    ratios = []
    for _ in range(repeats):
        times = [clock()]
        for run in (run_float32, run_half):
            run()
            times.append(clock())
        ratios.append((times[1] - times[0]) / (times[2] - times[1]))
    return True, float(np.median(ratios))
