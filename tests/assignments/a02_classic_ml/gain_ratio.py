"""Solutions of ``gain_ratio`` that must be refused, and ones that are partly right."""
# ruff: noqa: B905, F811, F821


# %% wrong: the two sides count the same, however many rows each has
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    gain = entropy(labels) - entropy(labels[left]) - entropy(labels[~left])
    split = entropy(left)
    return gain, gain / split if split else 0


# %% wrong: the weights are shares, which add up to 1
def gain_ratio(values, labels, threshold):
    left, right = labels[values <= threshold], labels[values > threshold]
    gain = entropy(labels) - len(left) * entropy(left) - len(right) * entropy(right)
    split = entropy(values <= threshold)
    return gain, gain / split if split else 0


# %% wrong: the entropy that is left after the question
def gain_ratio(values, labels, threshold):
    left, right = labels[values <= threshold], labels[values > threshold]
    gain = len(left) / len(labels) * entropy(left) + len(right) / len(labels) * entropy(right)
    split = entropy(values <= threshold)
    return gain, gain / split if split else 0


# %% wrong: entropy after the question less entropy before it
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = p * entropy(labels[left]) + (1 - p) * entropy(labels[~left]) - entropy(labels)
    split = entropy(left)
    return gain, gain / split if split else 0


# %% wrong: the right side is missing
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    gain = entropy(labels) - left.mean() * entropy(labels[left])
    split = entropy(left)
    return gain, gain / split if split else 0


# %% wrong: the entropy of the values, not of the labels
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(values) - p * entropy(values[left]) - (1 - p) * entropy(values[~left])
    split = entropy(left)
    return gain, gain / split if split else 0


# %% wrong: one number, where two are asked for
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    split = entropy(left)
    return gain / split if split else 0


# %% wrong: the ratio stands where the gain belongs
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    split = entropy(left)
    return gain / split if split else 0, gain


# %% wrong: a gain with natural logarithms
def gain_ratio(values, labels, threshold):
    def nats(labels):
        p = np.unique(labels, return_counts=True)[1] / len(labels)
        return -np.sum(p * np.log(p))

    left = values <= threshold
    p = left.mean()
    gain = nats(labels) - p * nats(labels[left]) - (1 - p) * nats(labels[~left])
    split = nats(left)
    return gain, gain / split if split else 0


# %% wrong: raises NameError
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[not_left])
    split = entropy(left)
    return gain, gain / split if split else 0


# %% partly right, 3 of 4: it is not divided by the split information
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    return gain, gain


# %% partly right, 3 of 4: divided by the entropy of the labels
def gain_ratio(values, labels, threshold):
    before = entropy(labels)
    left = values <= threshold
    p = left.mean()
    gain = before - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    return gain, gain / before


# %% partly right, 3 of 4: the ratio is below 0: the split information has lost its minus sign
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    if p in (0, 1):
        return 0, 0
    return gain, gain / (p * np.log2(p) + (1 - p) * np.log2(1 - p))


# %% partly right, 3 of 4: the split information has only one of its two terms
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    if p in (0, 1):
        return 0, 0
    return gain, gain / (-p * np.log2(p))


# %% partly right, 2.5 of 4: the ratio is upside down
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    return gain, np.divide(entropy(left), gain)


# %% partly right, 3.5 of 4: `<` in place of `<=`
def gain_ratio(values, labels, threshold):
    left = values < threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    split = entropy(left)
    return gain, gain / split if split else 0


# %% partly right, 3.5 of 4: 0 divided by 0
def gain_ratio(values, labels, threshold):
    left = values <= threshold
    p = left.mean()
    gain = entropy(labels) - p * entropy(labels[left]) - (1 - p) * entropy(labels[~left])
    return gain, np.float64(gain) / entropy(left)


# %% partly right, 3 of 4: raises ZeroDivisionError
def gain_ratio(values, labels, threshold):
    left = [label for value, label in zip(values, labels) if value < threshold]
    right = [label for value, label in zip(values, labels) if value >= threshold]
    gain = entropy(labels) - len(left) / len(labels) * entropy(left) - len(right) / len(labels) * entropy(right)
    return gain, float(gain) / float(entropy(["left"] * len(left) + ["right"] * len(right)))
