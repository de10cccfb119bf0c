"""Solutions of ``heuristic`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: sitting and standing have changed places: on whom does gravity pull along y?
def heuristic(table, c1, c2, c3):
    labels = []
    for std, mean, frequency in table:
        if std < c1:
            labels.append("sitting" if mean > c2 else "standing")
        else:
            labels.append("walking" if frequency < c3 else "jogging")
    return np.array(labels)


# %% wrong: walking and jogging have changed places: which of the two takes fewer steps a second?
def heuristic(table, c1, c2, c3):
    still = np.where(table[:, 1] > c2, "standing", "sitting")
    moving = np.where(table[:, 2] > c3, "walking", "jogging")
    return np.where(table[:, 0] < c1, still, moving)


# %% wrong: the first question is the wrong way round
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    still = np.where(mean > c2, "standing", "sitting")
    moving = np.where(frequency < c3, "walking", "jogging")
    return np.where(std > c1, still, moving)


# %% wrong: the two second questions have changed places
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    return np.where(
        std < c1, np.where(frequency < c3, "standing", "sitting"), np.where(mean > c2, "walking", "jogging")
    )


# %% wrong: the columns std and mean have changed places
def heuristic(table, c1, c2, c3):
    mean, std, frequency = table.T
    still = np.where(mean > c2, "standing", "sitting")
    moving = np.where(frequency < c3, "walking", "jogging")
    return np.where(std < c1, still, moving)


# %% wrong: labels are cut off
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    labels = np.full(len(table), "walking")
    labels[(std >= c1) & (frequency >= c3)] = "jogging"
    labels[(std < c1) & (mean > c2)] = "standing"
    labels[(std < c1) & (mean <= c2)] = "sitting"
    return labels


# %% wrong: The truth value of an array with more than one element is ambiguous
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table[:, 0], table[:, 1], table[:, 2]
    if std < c1:
        return "standing" if mean > c2 else "sitting"
    return "walking" if frequency < c3 else "jogging"


# %% wrong: the result is a str instead of a NumPy array
def heuristic(table, c1, c2, c3):
    for std, mean, frequency in table:
        if std < c1:
            return "standing" if mean > c2 else "sitting"
        return "walking" if frequency < c3 else "jogging"


# %% partly right, 2 of 3: a std equal to C1 is not below C1, and a frequency equal to C3 is not below C3
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    still = np.where(mean > c2, "standing", "sitting")
    moving = np.where(frequency <= c3, "walking", "jogging")
    return np.where(std <= c1, still, moving)


# %% partly right, 2 of 3: a mean equal to C2 is not above C2
def heuristic(table, c1, c2, c3):
    std, mean, frequency = table.T
    still = np.where(mean < c2, "sitting", "standing")
    moving = np.where(frequency >= c3, "jogging", "walking")
    return np.where(std < c1, still, moving)
