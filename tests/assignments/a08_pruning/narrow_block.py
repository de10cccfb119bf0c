"""Solutions of ``narrow_block`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: added to the first channels
def narrow_block(x, expand, project, kept):
    total = x.copy()
    total[: len(kept)] += project[kept] @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% wrong: the sum has lost channels
def narrow_block(x, expand, project, kept):
    total = x[kept] + project[kept] @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% wrong: what came in is gone
def narrow_block(x, expand, project, kept):
    total = np.zeros(x.shape)
    total[kept] = x[kept] + project[kept] @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% wrong: changes its argument
def narrow_block(x, expand, project, kept):
    x[kept] += project[kept] @ np.maximum(expand @ x, 0)
    return x, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% wrong: the whole branch
def narrow_block(x, expand, project, kept):
    total = x + project @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% wrong: two results are asked for
def narrow_block(x, expand, project, kept):
    total = x.copy()
    total[kept] += project[kept] @ np.maximum(expand @ x, 0)
    return total


# %% wrong: without ReLU
def narrow_block(x, expand, project, kept):
    total = x.copy()
    total[kept] += project[kept] @ expand @ x
    return total, x.shape[1] * len(expand) * (len(x) + len(kept)) if kept else 0


# %% partly right, 3 of 4: hidden channels are computed that nobody reads
def narrow_block(x, expand, project, kept):
    total = x.copy()
    total[kept] += project[kept] @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * len(expand) * (len(x) + len(kept))


# %% partly right, 3 of 4: those of the whole block
def narrow_block(x, expand, project, kept):
    if not kept:
        return x, 0
    total = x.copy()
    total[kept] += project[kept] @ np.maximum(expand @ x, 0)
    return total, x.shape[1] * (expand.size + project.size)


# %% partly right, 3 of 4: for one place only
def narrow_block(x, expand, project, kept):
    if not kept:
        return x, 0
    total = x.copy()
    total[kept] += project[kept] @ np.maximum(expand @ x, 0)
    return total, len(expand) * (len(x) + len(kept))
