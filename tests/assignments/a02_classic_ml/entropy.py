"""Solutions of ``entropy`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: natural logarithms, so the unit is not the bit
def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    p = counts / counts.sum()
    return -np.sum(p * np.log(p))


# %% wrong: logarithms to base 10
def entropy(labels):
    from math import log10

    shares = [n / len(labels) for n in Counter(labels).values()]
    return -sum(p * log10(p) for p in shares)


# %% wrong: the sign is missing
def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    p = counts / len(labels)
    return np.sum(p * np.log2(p))


# %% wrong: counts in place of shares: divide each count by the number of labels first
def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    return -np.sum(counts * np.log2(counts))


# %% wrong: not normalised, so twice as many labels have twice the entropy
def entropy(labels):
    total = 0
    for n in Counter(labels).values():
        total -= n * np.log2(n / len(labels))
    return total


# %% wrong: each class is added as often as it occurs
def entropy(labels):
    result = 0
    for label in labels:
        p = np.mean(labels == label)
        result -= p * np.log2(p)
    return result


# %% wrong: as if all classes were equally frequent
def entropy(labels):
    result = 0
    for label in set(labels):
        result -= np.log2(np.mean(labels == label))
    return result


# %% wrong: the mean over the classes, not the sum
def entropy(labels):
    p = np.array([np.mean(labels == label) for label in np.unique(labels)])
    return -(p * np.log2(p)).mean()


# %% wrong: the Gini impurity
def entropy(labels):
    return 1 - sum((n / len(labels)) ** 2 for n in Counter(labels).values())


# %% wrong: only the number of classes matters
def entropy(labels):
    return np.log2(max(1, len(set(labels))))


# %% wrong: an array of float instead of a float
def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    p = counts / len(labels)
    return -p * np.log2(p)


# %% wrong: 'numpy.ndarray' object has no attribute 'count'
def entropy(labels):
    result = 0
    for label in set(labels):
        p = labels.count(label) / len(labels)
        result -= p * np.log2(p)
    return result


# %% wrong: is a `return` missing?
def entropy(labels):
    _, counts = np.unique(labels, return_counts=True)
    p = counts / len(labels)
    print(-np.sum(p * np.log2(p)))


# %% wrong: a term for a class that does not occur
def entropy(labels):
    result = 0
    for activity in ["walking", "jogging", "upstairs", "downstairs", "sitting", "standing"]:
        p = np.mean(labels == activity)
        result -= p * np.log2(p)
    return result


# %% partly right, 1.5 of 3: one class against all the others, as if there were only two
def entropy(labels):
    p = np.mean(labels == labels[0])
    return -p * np.log2(p) - (1 - p) * np.log2(1 - p)


# %% partly right, 2 of 3: divided by the logarithm of the number of classes
def entropy(labels):
    counts = np.array(list(Counter(labels).values()))
    if len(counts) < 2:
        return 0
    p = counts / len(labels)
    return -np.sum(p * np.log2(p)) / np.log2(len(counts))


# %% partly right, 2.5 of 3: raises ZeroDivisionError
def entropy(labels):
    one = 1 / len(labels)
    return -sum(n * one * np.log2(n * one) for n in Counter(labels).values())


# %% partly right, 2.5 of 3: which a computer calls NaN
def entropy(labels):
    p = np.array([np.mean(labels == label) for label in np.unique(labels)])
    q = 1 - p
    if len(p) == 2:
        return -p[0] * np.log2(p[0]) - q[0] * np.log2(q[0])
    return -np.sum(p * np.log2(p)) if len(p) > 2 else 0 * np.log2(0.0)
