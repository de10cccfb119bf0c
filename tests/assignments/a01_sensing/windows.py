"""Solutions of ``windows`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: each window starts one overlap after the one before
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * overlap)
    cut = []
    for start in range(0, len(signal) - size + 1, step):
        cut.append(signal[start : start + size])
    return np.array(cut).reshape(-1, size, signal.shape[1])


# %% wrong: the overlap has no effect
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    count = len(signal) // size
    return signal[: count * size].reshape(count, size, signal.shape[1])


# %% wrong: the last window is missing where it just fits
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    cut = [signal[i : i + size] for i in range(0, len(signal) - size, step)]
    return np.array(cut).reshape(len(cut), size, signal.shape[1])


# %% wrong: incomplete windows at the end are kept and filled up with zeros
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    starts = np.arange(0, len(signal), step)
    out = np.zeros((len(starts), size, signal.shape[1]))
    for k, start in enumerate(starts):
        piece = signal[start : start + size]
        out[k, : len(piece)] = piece
    return out


# %% wrong: is the last, incomplete one kept?
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    return np.array([signal[start : start + size] for start in range(0, len(signal), step)])


# %% wrong: time and channels have changed places
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    return np.lib.stride_tricks.sliding_window_view(signal, size, axis=0)[::step]


# %% wrong: a list instead of a NumPy array
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    return [signal[start : start + size] for start in range(0, len(signal) - size + 1, step)]


# %% wrong: 'float' object cannot be interpreted as an integer
def windows(signal, rate, seconds, overlap):
    size = seconds * rate
    step = size * (1 - overlap)
    return np.array([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])


# %% wrong: returns nothing (None): is a `return` missing?
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    np.array([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])


# %% partly right, 3 of 4: the digits behind the point are cut off: 2.8 readings become 2
def windows(signal, rate, seconds, overlap):
    size = int(seconds * rate)
    step = int(size * (1 - overlap))
    cut = [signal[start : start + size] for start in range(0, len(signal) - size + 1, step)]
    return np.array(cut).reshape(len(cut), size, signal.shape[1])


# %% partly right, 3 of 4: a signal shorter than one window gives an array of no windows
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    return np.array([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])


# %% partly right, 3 of 4: need at least one array to stack
def windows(signal, rate, seconds, overlap):
    size = round(seconds * rate)
    step = round(size * (1 - overlap))
    return np.stack([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])


# %% partly right, 2 of 4: an empty array without the other two axes
def windows(signal, rate, seconds, overlap):
    size = int(seconds * rate)
    step = int(size * (1 - overlap))
    return np.array([signal[start : start + size] for start in range(0, len(signal) - size + 1, step)])
