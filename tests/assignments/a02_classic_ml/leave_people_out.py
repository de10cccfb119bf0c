"""Solutions of ``leave_people_out`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: Share out people, not rows
def leave_people_out(subjects, n_folds):
    if n_folds > len(set(subjects)):
        raise ValueError("more folds than people")
    rows = np.random.default_rng(0).permutation(len(subjects))
    parts = np.array_split(rows, n_folds)
    return [(np.setdiff1d(rows, part), np.sort(part)) for part in parts]


# %% wrong: a model is asked what it has been told
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    return [
        (np.arange(len(subjects)), np.flatnonzero(np.isin(subjects, group)))
        for group in np.array_split(people, n_folds)
    ]


# %% wrong: is never tested
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    size = len(people) // n_folds
    folds = []
    for i in range(n_folds):
        tested = np.isin(subjects, people[i * size : (i + 1) * size])
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    return folds


# %% wrong: every row is tested in one fold only
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    rng = np.random.default_rng(0)
    folds = []
    for i in range(n_folds):
        group = [people[i], rng.choice(people)]  # drawn anew each time
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    tested = np.isin(subjects, people[n_folds - 1 :])
    folds[-1] = (np.flatnonzero(~tested), np.flatnonzero(tested))
    return folds


# %% wrong: training and test part have changed places
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    folds = []
    for group in np.array_split(people, n_folds):
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(tested), np.flatnonzero(~tested)))
    return folds


# %% wrong: one for each person, so `n_folds` has no effect
def leave_people_out(subjects, n_folds):
    if n_folds > len(set(subjects)):
        raise ValueError("more folds than people")
    return [(np.flatnonzero(subjects != who), np.flatnonzero(subjects == who)) for who in np.unique(subjects)]


# %% wrong: is a mask of True and False
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    masks = [np.isin(subjects, group) for group in np.array_split(people, n_folds)]
    return [(~mask, mask) for mask in masks]


# %% wrong: holds names of people
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    return [(np.setdiff1d(people, group), group) for group in np.array_split(people, n_folds)]


# %% wrong: 1 fold, where 2 are asked for
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    folds = []
    for group in np.array_split(people, n_folds):
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
        return folds


# %% wrong: who is not tested is trained on
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    groups = np.array_split(people, n_folds)
    return [
        (np.flatnonzero(np.isin(subjects, groups[i - 1])), np.flatnonzero(np.isin(subjects, groups[i])))
        for i in range(n_folds)
    ]


# %% wrong: is a `return` missing?
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    folds = []
    for group in np.array_split(people, n_folds):
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))


# %% partly right, 2.5 of 3: share them out so that no fold has two more than another
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    if n_folds > len(people):
        raise ValueError("more folds than people")
    folds = []
    for i in range(n_folds):
        group = people[i : i + 1] if i < n_folds - 1 else people[i:]
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    return folds


# %% partly right, 2.5 of 3: where it should raise ValueError
def leave_people_out(subjects, n_folds):
    folds = []
    for group in np.array_split(np.unique(subjects), n_folds):
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    return folds


# %% partly right, 2 of 3: more folds than people: ValueError
def leave_people_out(subjects, n_folds):
    people = np.unique(subjects)
    folds = []
    for i in range(n_folds):
        group = people[i : i + 1] if i < n_folds - 1 else people[i:]
        tested = np.isin(subjects, group)
        folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
    return folds
