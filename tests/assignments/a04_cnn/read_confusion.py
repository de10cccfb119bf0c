"""Solutions of ``read_confusion`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the mean of the recalls
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return recalls.mean(), recalls, np.unravel_index(wrong.argmax(), wrong.shape)


# %% wrong: divided by the number of classes
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return np.trace(matrix) / len(matrix), recalls, np.unravel_index(wrong.argmax(), wrong.shape)


# %% wrong: the share of mistakes
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return wrong.sum() / matrix.sum(), recalls, np.unravel_index(wrong.argmax(), wrong.shape)


# %% wrong: percent
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return 100 * np.trace(matrix) / matrix.sum(), recalls, np.unravel_index(wrong.argmax(), wrong.shape)


# %% wrong: three results are asked for
def read_confusion(matrix):
    return np.trace(matrix) / matrix.sum(), np.diag(matrix) / matrix.sum(axis=1)


# %% wrong: changes its argument matrix in place
def read_confusion(matrix):
    accuracy = np.trace(matrix) / matrix.sum()
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    np.fill_diagonal(matrix, 0)
    return accuracy, recalls, np.unravel_index(matrix.argmax(), matrix.shape)


# %% partly right, 1.5 of 3: that is the precision
def read_confusion(matrix):
    precisions = np.diag(matrix) / matrix.sum(axis=0)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return np.trace(matrix) / matrix.sum(), precisions, np.unravel_index(wrong.argmax(), wrong.shape)


# %% partly right, 2.5 of 3: the largest cell of all
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    return np.trace(matrix) / matrix.sum(), recalls, np.unravel_index(matrix.argmax(), matrix.shape)


# %% partly right, 2.5 of 3: the pair is turned round
def read_confusion(matrix):
    recalls = np.diag(matrix) / matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    true, taken_for = np.unravel_index(wrong.argmax(), wrong.shape)
    return np.trace(matrix) / matrix.sum(), recalls, (taken_for, true)


# %% partly right, 2.5 of 3: a recall of 0 for a class that never occurs
def read_confusion(matrix):
    recalls = np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)
    wrong = matrix * (1 - np.eye(len(matrix)))
    return np.trace(matrix) / matrix.sum(), recalls, np.unravel_index(wrong.argmax(), wrong.shape)
