"""Solutions of ``knn_predict`` that must be refused, and ones that are partly right."""
# ruff: noqa: F841, F811, F821, RUF059


# %% wrong: the farthest neighbours vote, not the nearest
def knn_predict(X_train, y_train, X, k):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        nearest = y_train[np.argsort(far)[::-1][:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: k + 1 neighbours vote
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        nearest = y_train[np.argsort(far)[: k + 1]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: the nearest neighbour of all is left out
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        nearest = y_train[np.argsort(far)[1 : k + 1]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: only the nearest one decides, whatever k is
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    return np.array([y_train[np.argmin(np.linalg.norm((X_train - row) / std, axis=1))] for row in X])


# %% wrong: the way along the streets of a town
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.abs((X_train - row) / std).sum(axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: differences above and below 0 cancel each other
def knn_predict(X_train, y_train, X, k):
    answers = []
    for row in X:
        far = (X_train - row).sum(axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: only the first feature is compared
def knn_predict(X_train, y_train, X, k):
    answers = []
    for row in X:
        order = sorted(range(len(X_train)), key=lambda i: abs(X_train[i, 0] - row[0]))
        answers.append(Counter(y_train[order[:k]]).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: the first of the k labels in the alphabet, not the most frequent one
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        labels, counts = np.unique(y_train[np.argsort(far)[:k]], return_counts=True)
        answers.append(labels[np.argmax(labels == labels[0])])
    return np.array(answers)


# %% wrong: the label with the fewest votes wins
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common()[-1][0])
    return np.array(answers)


# %% wrong: the nearest centre of a class
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    labels = np.unique(y_train)
    centres = np.array([X_train[y_train == label].mean(axis=0) for label in labels])
    return np.array([labels[np.argmin(np.linalg.norm((centres - row) / std, axis=1))] for row in X])


# %% wrong: the squares are added up over the training rows
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = (((X_train - row) / std) ** 2).sum(axis=0)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: an array of int instead of an array of str
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        answers.append(Counter(np.argsort(far)[:k]).most_common(1)[0][0])
    return np.array(answers)


# %% wrong: the result is a str instead of a NumPy array
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        return Counter(nearest).most_common(1)[0][0]


# %% partly right, 3 of 4: one that is counted in large numbers drowns the others
def knn_predict(X_train, y_train, X, k):
    answers = []
    for row in X:
        far = np.linalg.norm(X_train - row, axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% partly right, 3 of 4: the new rows are standardised with their own mean and std
def knn_predict(X_train, y_train, X, k):
    X_train = (X_train - X_train.mean(axis=0)) / X_train.std(axis=0)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm(X_train - row, axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% partly right, 3 of 4: mean and std of training and new rows together
def knn_predict(X_train, y_train, X, k):
    together = np.concatenate([X_train, X])
    together = (together - together.mean(axis=0)) / together.std(axis=0)
    X_train, X = together[: len(X_train)], together[len(X_train) :]
    answers = []
    for row in X:
        far = np.linalg.norm(X_train - row, axis=1)
        nearest = y_train[np.argsort(far)[:k]]
        answers.append(Counter(nearest).most_common(1)[0][0])
    return np.array(answers)


# %% partly right, 2 of 4: the training rows are standardised, the new ones are not
def knn_predict(X_train, y_train, X, k):
    X_train = (X_train - X_train.mean(axis=0)) / X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm(X_train - row, axis=1)
        labels, counts = np.unique(y_train[np.argsort(far)[:k]], return_counts=True)
        answers.append(labels[counts.argmax()])
    return np.array(answers)


# %% partly right, 3 of 4: in a tie the alphabet decides
def knn_predict(X_train, y_train, X, k):
    std = X_train.std(axis=0)
    answers = []
    for row in X:
        far = np.linalg.norm((X_train - row) / std, axis=1)
        labels, counts = np.unique(y_train[np.argsort(far)[:k]], return_counts=True)
        answers.append(labels[counts.argmax()])
    return np.array(answers)
