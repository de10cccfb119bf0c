"""Solutions of ``best_split`` that must be refused, and ones that are partly right."""
# ruff: noqa: B905, F811, F821, RUF059


# %% wrong: only the first feature is tried
def best_split(X, y):
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        if len(values) < 2:
            continue
        cuts = (values[1:] + values[:-1]) / 2
        gains = [gain_ratio(X[:, feature], y, cut)[0] for cut in cuts]
        cut = cuts[np.argmax(gains)]
        return feature, cut, gain_ratio(X[:, feature], y, cut)[1]


# %% wrong: the last feature wins whatever the others offer
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        highest = 0
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if gain > highest:
                highest = gain
                best = feature, cut, ratio
    return best


# %% wrong: the threshold is one of the values
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        found = None
        for cut in np.unique(X[:, feature]):
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain > found[0]:
                found = gain, ratio, cut
        if best is None or found[1] > best[2]:
            best = feature, found[2], found[1]
    return best


# %% wrong: neighbours are neighbours only after sorting
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        found = None
        for i in range(len(X) - 1):
            cut = (X[i, feature] + X[i + 1, feature]) / 2
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain > found[0]:
                found = gain, ratio, cut
        if best is None or found[1] > best[2]:
            best = feature, found[2], found[1]
    return best


# %% wrong: the worst question of all
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        cuts = (values[1:] + values[:-1]) / 2
        if len(cuts) == 0:
            continue
        gain, ratio, cut = min(((*gain_ratio(X[:, feature], y, cut), cut) for cut in cuts), key=lambda found: found[0])
        if best is None or ratio < best[2]:
            best = feature, cut, ratio
    return best


# %% wrong: only the median of each feature is tried
def best_split(X, y):
    cuts = np.median(X, axis=0)
    ratios = [gain_ratio(column, y, cut)[1] for column, cut in zip(X.T, cuts)]
    feature = int(np.argmax(ratios))
    return feature, cuts[feature], ratios[feature]


# %% wrong: the third number is the gain
def best_split(X, y):
    best, highest = None, -1
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        found = None
        for cut in (values[1:] + values[:-1]) / 2:
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain > found[0]:
                found = gain, ratio, cut
        if found and found[1] > highest:
            highest = found[1]
            best = feature, found[2], found[0]
    return best


# %% wrong: the highest candidate is never tried
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        found = None
        for i in range(len(values) - 2):
            cut = (values[i] + values[i + 1]) / 2
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain > found[0]:
                found = gain, ratio, cut
        if found and (best is None or found[1] > best[2]):
            best = feature, found[2], found[1]
    return best


# %% wrong: the result has 2 items instead of 3
def best_split(X, y):
    best, highest = None, -1
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            ratio = gain_ratio(X[:, feature], y, cut)[1]
            if ratio > highest:
                highest, best = ratio, (feature, cut)
    return best


# %% wrong: item 0 is a float instead of an int
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            ratio = gain_ratio(X[:, feature], y, cut)[1]
            if best is None or ratio > best[2]:
                best = cut, feature, ratio
    return best


# %% wrong: is a `return` missing?
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            ratio = gain_ratio(X[:, feature], y, cut)[1]
            if best is None or ratio > best[2]:
                best = feature, cut, ratio


# %% wrong: changes its argument X in place
def best_split(X, y):
    X.sort(axis=0)
    best = None
    for feature in range(X.shape[1]):
        for low, high in zip(X[:-1, feature], X[1:, feature]):
            ratio = gain_ratio(X[:, feature], y, (low + high) / 2)[1]
            if best is None or ratio > best[2]:
                best = feature, (low + high) / 2, ratio
    return best


# %% partly right, 3 of 4: the ratio chooses the threshold, too
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            ratio = gain_ratio(X[:, feature], y, cut)[1]
            if best is None or ratio > best[2]:
                best = feature, cut, ratio
    return best


# %% partly right, 3 of 4: the gain chooses the feature, too
def best_split(X, y):
    best, highest = None, -1
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        for cut in (values[1:] + values[:-1]) / 2:
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if gain > highest:
                best, highest = (feature, cut, ratio), gain
    return best


# %% partly right, 3.5 of 4: a constant feature is passed over
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        options = [(*gain_ratio(X[:, feature], y, cut), cut) for cut in (values[1:] + values[:-1]) / 2]
        gain, ratio, cut = max(options, key=lambda option: option[0])
        if best is None or ratio > best[2]:
            best = feature, cut, ratio
    return best


# %% partly right, 3.5 of 4: among equals the last one wins
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.unique(X[:, feature])
        found = None
        for cut in (values[1:] + values[:-1]) / 2:
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain >= found[0]:
                found = gain, ratio, cut
        if found and (best is None or found[1] >= best[2]):
            best = feature, found[2], found[1]
    return best


# %% partly right, 3 of 4: midway between a value and its own double lies the value itself
def best_split(X, y):
    best = None
    for feature in range(X.shape[1]):
        values = np.sort(X[:, feature])
        found = None
        for cut in (values[1:] + values[:-1]) / 2:
            gain, ratio = gain_ratio(X[:, feature], y, cut)
            if found is None or gain > found[0]:
                found = gain, ratio, cut
        if best is None or found[1] > best[2]:
            best = feature, found[2], found[1]
    return best
