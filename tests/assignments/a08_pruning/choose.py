"""Solutions of ``choose`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the smallest are kept
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    if criterion != "l1":
        maps = np.reshape(outputs, (len(outputs), len(weights), -1))
        felt = maps * np.reshape(gradients, maps.shape)
        score = np.abs(maps).mean((0, 2)) if criterion == "activation" else np.abs(felt.sum(2)).mean(0)
    return sorted(np.argsort(score)[:n].tolist())


# %% wrong: in the order of their scores
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    if criterion != "l1":
        maps = np.reshape(outputs, (len(outputs), len(weights), -1))
        felt = maps * np.reshape(gradients, maps.shape)
        score = np.abs(maps).mean((0, 2)) if criterion == "activation" else np.abs(felt.sum(2)).mean(0)
    return np.argsort(score)[::-1][:n].tolist()


# %% wrong: positive and negative weights cancel each other
def choose(criterion, weights, outputs, gradients, n):
    score = [of_one.sum() for of_one in weights]
    return sorted(np.argsort(score)[-n:].tolist())


# %% wrong: squares
def choose(criterion, weights, outputs, gradients, n):
    score = [(of_one**2).sum() for of_one in weights]
    return sorted(np.argsort(score)[-n:].tolist())


# %% wrong: returns nothing
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    print(sorted(np.argsort(score)[-n:].tolist()))


# %% partly right, 2 of 4: by the weights again
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    return sorted(np.argsort(score)[-n:].tolist())


# %% partly right, 3 of 4: images cancel each other
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    if criterion != "l1":
        maps = np.reshape(outputs, (len(outputs), len(weights), -1))
        felt = maps * np.reshape(gradients, maps.shape)
        score = np.abs(maps).mean((0, 2)) if criterion == "activation" else np.abs(felt.sum(axis=(0, 2)))
    return sorted(np.argsort(score)[-n:].tolist())


# %% partly right, 3 of 4: the size of each place by itself
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    if criterion != "l1":
        maps = np.reshape(outputs, (len(outputs), len(weights), -1))
        felt = maps * np.reshape(gradients, maps.shape)
        score = np.abs(maps if criterion == "activation" else felt).mean(axis=(0, 2))
    return sorted(np.argsort(score)[-n:].tolist())


# %% partly right, 3 of 4: positive and negative outputs cancel
def choose(criterion, weights, outputs, gradients, n):
    score = [np.abs(of_one).sum() for of_one in weights]
    if criterion != "l1":
        maps = np.reshape(outputs, (len(outputs), len(weights), -1))
        felt = maps * np.reshape(gradients, maps.shape)
        score = maps.mean((0, 2)) if criterion == "activation" else np.abs(felt.sum(2)).mean(0)
    return sorted(np.argsort(score)[-n:].tolist())
