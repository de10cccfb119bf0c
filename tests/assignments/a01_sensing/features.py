"""Solutions of ``features`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: the x axis: channels are counted from 0
def features(X, rate):
    y = X[:, :, 0]
    mean = y.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(y - mean[:, None], axis=1))
    return np.column_stack([y.std(axis=1), mean, spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% wrong: rows and columns have changed places
def features(X, rate):
    y = X[:, :, 1]
    mean = y.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(y - mean[:, None], axis=1))
    return np.array([y.std(axis=1), mean, spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% wrong: all windows are thrown together
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean()))
    return np.array([y.std(), y.mean(), spectrum.mean(axis=0).argmax() * rate / X.shape[1]])


# %% wrong: the features of all axes, not of y alone
def features(X, rate):
    mean = X.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(X - mean[:, None], axis=1))
    return np.hstack([X.std(axis=1), mean, spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% wrong: the mean comes first, but column 0 is the std
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True)))
    return np.column_stack([y.mean(axis=1), y.std(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% wrong: changes its argument X in place
def features(X, rate):
    y = X[:, :, 1]
    mean, std = y.mean(axis=1), y.std(axis=1)
    y -= mean[:, None]
    return np.column_stack([std, mean, np.abs(np.fft.rfft(y)).argmax(axis=1) * rate / X.shape[1]])


# %% wrong: a mean of 0: it is taken after the mean has been taken away
def features(X, rate):
    y = X[:, :, 1]
    y = y - y.mean(axis=1, keepdims=True)
    return np.column_stack([y.std(axis=1), y.mean(axis=1), np.abs(np.fft.rfft(y)).argmax(axis=1) * rate / X.shape[1]])


# %% wrong: one row for each reading, not for each window
def features(X, rate):
    y = X[:, :, 1]
    n = X.shape[1]
    spectrum = np.abs(np.fft.fft(y - y.mean(axis=0), axis=0))
    return np.column_stack([y.std(axis=0), y.mean(axis=0), spectrum.argmax(axis=0) * rate / n])


# %% partly right, 2 of 4: gravity is the strongest part of the signal, and it does not move
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y, axis=1))
    return np.column_stack([y.std(axis=1), y.mean(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% partly right, 2 of 4: the number of the peak in the spectrum, which is not a frequency yet
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True)))
    return np.column_stack([y.std(axis=1), y.mean(axis=1), spectrum.argmax(axis=1)])


# %% partly right, 2 of 4: one step of the spectrum too low
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y))[:, 1:]
    return np.column_stack([y.std(axis=1), y.mean(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% partly right, 2 of 4: the height of the highest peak, not where it is
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True)))
    return np.column_stack([y.std(axis=1), y.mean(axis=1), spectrum.max(axis=1)])


# %% partly right, 2 of 4: the largest real part
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.fft.rfft(y - y.mean(axis=1, keepdims=True))
    return np.column_stack([y.std(axis=1), y.mean(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% partly right, 2 of 4: divided by the length of the spectrum
def features(X, rate):
    rows = []
    for window in X:
        y = window[:, 1]
        spectrum = np.abs(np.fft.rfft(y - y.mean()))
        rows.append([y.std(), y.mean(), np.argmax(spectrum) * rate / len(spectrum)])
    return np.array(rows)


# %% partly right, 3 of 4: divided by n - 1, an estimate for readings that nobody took
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True)))
    return np.column_stack([y.std(axis=1, ddof=1), y.mean(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% partly right, 3 of 4: the variance: its square root is missing
def features(X, rate):
    y = X[:, :, 1]
    centred = y - y.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred))
    return np.column_stack([(centred**2).mean(axis=1), y.mean(axis=1), spectrum.argmax(axis=1) * rate / X.shape[1]])


# %% partly right, 1 of 4: std and frequency have changed places
def features(X, rate):
    y = X[:, :, 1]
    spectrum = np.abs(np.fft.rfft(y - y.mean(axis=1, keepdims=True)))
    return np.column_stack([spectrum.argmax(axis=1) * rate / X.shape[1], y.mean(axis=1), y.std(axis=1)])
