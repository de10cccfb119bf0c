"""Solutions of ``spectrogram`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: no window: frames are cut out of the sound and not faded
def spectrogram(signal, size, step, floor):
    frames = np.array([signal[i : i + size] for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor).T


# %% wrong: np.hanning's window, which divides by L - 1
def spectrogram(signal, size, step, floor):
    frames = np.array([signal[i : i + size] for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2 + floor).T


# %% wrong: the magnitude, not the power
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames)) + floor).T


# %% wrong: the axes are swapped: a row is a frequency and a column a frame
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor)


# %% wrong: a frame that ends exactly with the sound is left out
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size, step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor).T


# %% wrong: the last frame is missing: each frame that lies wholly within the sound counts
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    count = (len(signal) - size) // step
    frames = np.array([signal[i * step : i * step + size] * hann for i in range(count)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor).T


# %% wrong: frames do not overlap
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = signal[: len(signal) // size * size].reshape(-1, size)
    return np.log(np.abs(np.fft.rfft(frames * hann)) ** 2 + floor).T


# %% wrong: `step` is taken for the overlap
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, size - step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor).T


# %% wrong: a frame that is not complete is filled up with zeros
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    columns = []
    for start in range(0, len(signal), step):
        frame = signal[start : start + size]
        columns.append(np.fft.rfft(np.pad(frame, (0, size - len(frame))) * hann))
        if start + size >= len(signal):
            break
    return np.log(np.abs(np.array(columns)) ** 2 + floor).T


# %% wrong: all of np.fft.fft
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.fft(frames)) ** 2 + floor).T


# %% wrong: the whole sound is faded in and out once
def spectrogram(signal, size, step, floor):
    faded = signal * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(signal)) / len(signal)))
    frames = np.array([faded[i : i + size] for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor).T


# %% wrong: no logarithm: these are the powers themselves
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return np.abs(np.fft.rfft(frames)).T ** 2


# %% wrong: returns nothing
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    np.log(np.abs(np.fft.rfft(frames)) ** 2 + floor)


# %% wrong: changes its argument
def spectrogram(signal, size, step, floor):
    columns = []
    for i in range(0, len(signal) - size + 1, step):
        frame = signal[i : i + size]  # a view, not a copy
        frame *= 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        columns.append(np.log(np.abs(np.fft.rfft(frame)) ** 2 + floor))
    return np.array(columns).T


# %% partly right, 3 of 4: minus infinity, the logarithm of 0
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return 2 * np.log(np.abs(np.fft.rfft(frames))).T


# %% partly right, 3 of 4: the floor is always 0.000001
def spectrogram(signal, size, step, floor):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.array([signal[i : i + size] * hann for i in range(0, len(signal) - size + 1, step)])
    return np.log(np.abs(np.fft.rfft(frames)) ** 2 + 1e-6).T
