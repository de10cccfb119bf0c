"""Solutions of ``Stream`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821, RUF012


# %% wrong: right windows, one sample late
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer = []

    def push(self, sample):
        label = None
        if len(self.buffer) == self.size:
            label = self.classify(np.array(self.buffer))
            del self.buffer[: self.step]
        self.buffer.append(sample)
        return label


# %% wrong: a window is complete when it has `size` samples, not one more
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer = []

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) > self.size:
            label = self.classify(np.array(self.buffer[-self.size :]))
            del self.buffer[: self.step]
            return label


# %% wrong: the buffer is emptied after an answer
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer = []

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) < self.size:
            return None
        window, self.buffer = np.array(self.buffer), []
        return self.classify(window)


# %% wrong: an answer for every sample once the first window is full
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.buffer = classify, deque(maxlen=size)

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) == self.buffer.maxlen:
            return self.classify(np.array(self.buffer))


# %% wrong: answers from windows that are not full yet
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.step = classify, step
        self.buffer, self.count = deque(maxlen=size), 0

    def push(self, sample):
        self.buffer.append(sample)
        self.count += 1
        if self.count % self.step == 0:
            return self.classify(np.array(self.buffer))


# %% wrong: the steps are counted from the very first sample
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer, self.count = deque(maxlen=size), 0

    def push(self, sample):
        self.buffer.append(sample)
        self.count += 1
        if self.count >= self.size and self.count % self.step == 0:
            return self.classify(np.array(self.buffer))


# %% wrong: time runs backwards in the window
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.step = classify, step
        self.buffer, self.wait = deque(maxlen=size), size

    def push(self, sample):
        self.buffer.appendleft(sample)
        self.wait -= 1
        if self.wait == 0:
            self.wait = self.step
            return self.classify(np.array(self.buffer))


# %% wrong: the last answer is repeated while nothing new is known
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.step = classify, step
        self.buffer, self.wait, self.label = deque(maxlen=size), size, None

    def push(self, sample):
        self.buffer.append(sample)
        self.wait -= 1
        if self.wait == 0:
            self.wait = self.step
            self.label = self.classify(np.array(self.buffer))
        return self.label


# %% wrong: after an answer `step` samples are kept, but `step` is how many must go
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer = []

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) < self.size:
            return None
        label = self.classify(np.array(self.buffer[-self.size :]))
        self.buffer = self.buffer[-self.step :]
        return label


# %% wrong: two streams that get the same samples give different answers
class Stream:
    buffer = []

    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) < self.size:
            return None
        label = self.classify(np.array(self.buffer[: self.size]))
        del self.buffer[: self.step]
        return label


# %% partly right, 3 of 5: memory does not grow, however long the stream runs
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.samples = []

    def push(self, sample):
        self.samples.append(sample)
        late = len(self.samples) - self.size
        if late >= 0 and late % self.step == 0:
            return self.classify(np.array(self.samples[-self.size :]))


# %% partly right, 3 of 5: 1,000 samples later the stream takes
class Stream:
    def __init__(self, classify, size, step):
        self.classify, self.size, self.step = classify, size, step
        self.buffer, self.answers = [], []

    def push(self, sample):
        self.buffer.append(sample)
        if len(self.buffer) < self.size:
            return None
        self.answers.append(self.classify(np.array(self.buffer)))
        self.buffer = self.buffer[self.step :]
        return self.answers[-1]
