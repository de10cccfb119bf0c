"""Continuous sensing: readings come one after the other, answers go out, memory stays what it was."""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from mlcourse.datasets.activity import window_length_and_step


@dataclass(frozen=True)
class Cost:
    """What keeping up with a stream costs; times measured on this machine.

    Parameters
    ----------
    busy : float
        Seconds of computing for each second of signal: 0.01 is one per cent of one core.
    decision_ms : float
        Median time of one answer, in ms.
    decision_ms_quartiles : tuple of two floats
        A quarter of the answers was faster than the first, a quarter slower than the second.
    decisions_per_second : float
        Answers for each second of signal.
    buffer_bytes : int
        Size of the buffer; it does not grow.
    seconds : float
        Seconds of signal that the figures rest on.
    """

    busy: float
    decision_ms: float
    decision_ms_quartiles: tuple[float, float]
    decisions_per_second: float
    buffer_bytes: int
    seconds: float

    def __repr__(self) -> str:
        low, high = self.decision_ms_quartiles
        return (
            f"{self.busy * 1000:.2f} ms of computing per second of signal ({self.busy:.2%} of one core), "
            f"{self.decisions_per_second:.2f} answers per second of signal at {self.decision_ms:.2f} ms each "
            f"(middle half {low:.2f} to {high:.2f} ms), a buffer of {self.buffer_bytes:,} bytes; "
            f"measured over {self.seconds:.0f} s of signal"
        )


class StreamingClassifier:
    """Classify a stream reading by reading, with the answers of the batch form.

    The last window is kept in a ring buffer, and nothing else of the signal. Whenever a window is complete, the model
    is asked; its windows are those of ``dataset.windows(seconds, overlap)`` on the same stretch.

    Parameters
    ----------
    model : fitted classifier
        Takes windows of shape ``(1, time, channels)``, such as a pipeline that begins with `WindowFeatures`.
    rate : float
        Samples per second, in Hz.
    seconds : float
        Length of a window.
    overlap : float
        Share of a window that it has in common with the next, at least 0 and less than 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> class Loud:
    ...     def predict(self, X):
    ...         return np.where(np.abs(X).max(axis=(1, 2)) > 1, "loud", "quiet")
    >>> stream = StreamingClassifier(Loud(), rate=2, seconds=2, overlap=0.5)
    >>> [stream.push([value]) for value in (0, 0, 0, 0, 5, 0)]
    [None, None, None, 'quiet', None, 'loud']
    """

    # How many of the latest answers the quartiles of the cost rest on.
    _REMEMBERED = 1000

    def __init__(self, model, rate, seconds=2.56, overlap=0.5):
        if not hasattr(model, "predict"):
            raise ValueError(f"model must be a fitted classifier with a predict method, got {type(model).__name__}.")
        self._length, self._step = window_length_and_step(seconds, overlap, rate)
        self.model = model
        self.rate = float(rate)
        self._buffer = None
        self._decision_times = deque(maxlen=self._REMEMBERED)
        self._busy = 0.0
        self._pushed = 0
        self._decisions = 0
        self.reset()

    def reset(self) -> None:
        """Forget the signal so far: call this at a gap, so that no window crosses it. The cost keeps counting."""
        self._seen = 0

    def push(self, sample):
        """Take one reading.

        Parameters
        ----------
        sample : array of shape (channels,)
            In the units that the model was fitted on.

        Returns
        -------
        label or None
            The model's answer when this reading completes a window, otherwise None.

        Raises
        ------
        ValueError
            If the reading has another number of channels than the first, or holds NaN; it is then not taken.
        """
        began = time.perf_counter()
        sample = np.asarray(sample, dtype=float)
        if sample.ndim != 1 or (self._buffer is not None and len(sample) != self._buffer.shape[1]):
            expected = "channels" if self._buffer is None else self._buffer.shape[1]
            raise ValueError(f"sample must be one reading of shape ({expected},), got shape {sample.shape}.")
        if not np.isfinite(sample).all():
            raise ValueError(f"sample holds NaN or infinity: {sample}. Leave it out and call reset(), as at a gap.")
        if self._buffer is None:
            self._buffer = np.empty((self._length, len(sample)))
        self._buffer[self._seen % self._length] = sample
        self._seen += 1
        self._pushed += 1
        answer = None
        if self._seen >= self._length and (self._seen - self._length) % self._step == 0:
            oldest = self._seen % self._length
            window = np.concatenate([self._buffer[oldest:], self._buffer[:oldest]])
            answer = self.model.predict(window[None])[0]
            answer = answer.item() if isinstance(answer, np.generic) else answer
            self._decisions += 1
            self._decision_times.append(time.perf_counter() - began)
        self._busy += time.perf_counter() - began
        return answer

    def cost(self) -> Cost:
        """What the stream has cost so far, per second of signal.

        Returns
        -------
        Cost

        Raises
        ------
        ValueError
            If no window has been completed yet.
        """
        if not self._decisions:
            raise ValueError(f"there is no answer yet to measure: push at least {self._length} readings first.")
        seconds = self._pushed / self.rate
        low, middle, high = np.percentile(self._decision_times, [25, 50, 75]) * 1000
        return Cost(
            busy=self._busy / seconds,
            decision_ms=float(middle),
            decision_ms_quartiles=(float(low), float(high)),
            decisions_per_second=self._decisions / seconds,
            buffer_bytes=self._buffer.nbytes,
            seconds=seconds,
        )
