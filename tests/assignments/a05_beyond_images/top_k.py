"""Solutions of ``top_k`` that must be refused, and ones that are partly right."""
# ruff: noqa: B905, F811, F821


# %% wrong: one number, where two are asked for
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    return np.mean([y in row for y, row in zip(truth, best)])


# %% wrong: choices that are not allowed take the places of others
def top_k(scores, allowed, truth, k):
    best = np.argsort(-scores, axis=1)[:, :k]
    choices = allowed.sum(axis=1)
    return np.mean([y in row for y, row in zip(truth, best)]), np.mean(np.minimum(k, choices) / choices)


# %% wrong: only the very best counts, whatever k is
def top_k(scores, allowed, truth, k):
    best = np.where(allowed, scores, -np.inf).argmax(axis=1)
    choices = allowed.sum(axis=1)
    return np.mean(best == truth), np.mean(np.minimum(k, choices) / choices)


# %% wrong: the k worst in place of the k best: argsort begins with the smallest
def top_k(scores, allowed, truth, k):
    best = np.argsort(np.where(allowed, scores, np.inf), axis=1)[:, :k]
    choices = allowed.sum(axis=1)
    return np.mean([y in row for y, row in zip(truth, best)]), np.mean(np.minimum(k, choices) / choices)


# %% wrong: one place too many
def top_k(scores, allowed, truth, k):
    scores = np.where(allowed, scores, -1)
    better = np.array([(row > row[y]).sum() for row, y in zip(scores, truth)])
    choices = allowed.sum(axis=1)
    return np.mean(better <= k), np.mean(np.minimum(k, choices) / choices)


# %% wrong: the number of hits, not their share
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    choices = allowed.sum(axis=1)
    return sum(int(y in row) for y, row in zip(truth, best)), np.mean(np.minimum(k, choices) / choices)


# %% wrong: per cent: a share between 0 and 1 is asked for
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    choices = allowed.sum(axis=1)
    return 100 * np.mean([y in row for y, row in zip(truth, best)]), 100 * np.mean(np.minimum(k, choices) / choices)


# %% partly right, 2 of 3: chance draws from all classes: it may only draw from those that are allowed
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    return np.mean([y in row for y, row in zip(truth, best)]), k / scores.shape[1]


# %% partly right, 2 of 3: chance draws only once
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    return np.mean([y in row for y, row in zip(truth, best)]), np.mean(1 / allowed.sum(axis=1))


# %% partly right, 2 of 3: divided by the mean number of choices
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    return np.mean([y in row for y, row in zip(truth, best)]), k / allowed.sum(axis=1).mean()


# %% partly right, 2 of 3: above 1 in rows with fewer choices than k
def top_k(scores, allowed, truth, k):
    best = np.argsort(-np.where(allowed, scores, -np.inf), axis=1)[:, :k]
    return np.mean([y in row for y, row in zip(truth, best)]), np.mean(k / allowed.sum(axis=1))
