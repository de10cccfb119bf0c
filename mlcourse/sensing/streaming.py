"""Continuous sensing: readings come one after the other, answers go out, memory stays what it was."""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mlcourse.datasets.activity import window_length_and_step
from mlcourse.sensing.window_features import check_takes_windows


@dataclass(frozen=True)
class Cost:
    """What keeping up with a stream costs, measured on this machine.

    Times are medians over the latest readings and answers, so that a moment in which the machine did something else
    does not count; the very first answer, which finds everything cold, is left out when there are others.

    Parameters
    ----------
    busy : float
        Seconds of computing for each second of signal: 0.01 is one per cent of one core.
    busy_quartiles : tuple of two floats
        The same with the lower and with the upper quartiles of the times: how steady the figure is.
    decision_ms : float
        Time of one answer, in ms.
    decision_ms_quartiles : tuple of two floats
    decisions_per_second : float
        Answers for each second of signal.
    readings_per_second : float
        How many readings a second this machine could take before it falls behind.
    buffer_bytes : int
        Size of the buffer; it does not grow.
    readings, decisions : int
        How many readings came and answers went, from the start.
    seconds : float
        Seconds of signal that came, from the start.
    """

    busy: float
    busy_quartiles: tuple[float, float]
    decision_ms: float
    decision_ms_quartiles: tuple[float, float]
    decisions_per_second: float
    readings_per_second: float
    buffer_bytes: int
    readings: int
    decisions: int
    seconds: float

    def __repr__(self) -> str:
        low, high = self.busy_quartiles
        fast, slow = self.decision_ms_quartiles
        return (
            f"{self.busy * 1000:.2f} ms of computing per second of signal (middle half {low * 1000:.2f} to "
            f"{high * 1000:.2f}): {self.busy:.2%} of one core.\n"
            f"{self.decisions_per_second:.2f} answers per second of signal, {self.decision_ms:.2f} ms each (middle "
            f"half {fast:.2f} to {slow:.2f}); up to {self.readings_per_second:,.0f} readings per second.\n"
            f"A buffer of {self.buffer_bytes:,} bytes. Measured here over {self.seconds:.0f} s of signal, "
            f"{self.decisions:,} answers."
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
        If an argument is out of range, or the model is not fitted or takes no windows.

    Examples
    --------
    >>> class Loud:
    ...     def predict(self, X):
    ...         return np.where(np.abs(X).max(axis=(1, 2)) > 1, "loud", "quiet")
    >>> stream = StreamingClassifier(Loud(), rate=2, seconds=2, overlap=0.5)
    >>> [stream.push([value]) for value in (0, 0, 0, 0, 5, 0)]
    [None, None, None, 'quiet', None, 'loud']
    """

    # How many of the latest readings and answers the cost rests on: memory stays bounded.
    _REMEMBERED = 1000

    def __init__(self, model, rate, seconds=2.56, overlap=0.5):
        if not callable(getattr(model, "predict", None)) or isinstance(model, type):
            raise ValueError(f"model must be a fitted classifier with a predict method, got {model!r:.80}.")
        if isinstance(model, BaseEstimator):
            check_takes_windows(model)
            check_is_fitted(model)
        self._length, self._step = window_length_and_step(seconds, overlap, rate)
        self.model = model
        self.rate = float(rate)
        self._buffer = None
        self._readings = 0
        self._decisions = 0
        self._push_times = deque(maxlen=self._REMEMBERED)
        self._decision_times = deque(maxlen=self._REMEMBERED)
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
        sample = self._checked(sample)
        if self._buffer is None:
            self._buffer = np.empty((self._length, len(sample)), dtype=sample.dtype)
        self._buffer = self._buffer.astype(np.result_type(self._buffer, sample), copy=False)
        self._buffer[self._seen % self._length] = sample
        self._seen += 1
        self._readings += 1
        stored = time.perf_counter()
        self._push_times.append(stored - began)
        if self._seen < self._length or (self._seen - self._length) % self._step:
            return None
        oldest = self._seen % self._length
        window = np.concatenate([self._buffer[oldest:], self._buffer[:oldest]])
        answer = self.model.predict(window[None])[0]
        answer = answer.item() if isinstance(answer, np.generic) else answer
        self._decisions += 1
        self._decision_times.append(time.perf_counter() - stored)
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
            raise ValueError(
                f"there is no answer yet to measure: push at least {self._length} readings in a row first, "
                f"{self._readings} came."
            )
        decisions = list(self._decision_times)
        if 1 < len(decisions) == self._decisions:
            decisions = decisions[1:]
        decision = np.percentile(decisions, [25, 50, 75])
        busy = self.rate * np.percentile(self._push_times, [25, 50, 75]) + self.rate / self._step * decision
        return Cost(
            busy=float(busy[1]),
            busy_quartiles=(float(busy[0]), float(busy[2])),
            decision_ms=float(decision[1] * 1000),
            decision_ms_quartiles=(float(decision[0] * 1000), float(decision[2] * 1000)),
            decisions_per_second=self.rate / self._step,
            readings_per_second=float(self.rate / busy[1]),
            buffer_bytes=self._buffer.nbytes,
            readings=self._readings,
            decisions=self._decisions,
            seconds=self._readings / self.rate,
        )

    def _checked(self, sample):
        given, sample = sample, np.asarray(sample)
        if sample.dtype.kind not in "fiu":
            raise ValueError(f"sample must be one reading, a number for each channel, got {given!r:.80}.")
        if sample.ndim != 1 or (self._buffer is not None and len(sample) != self._buffer.shape[1]) or not len(sample):
            expected = "channels" if self._buffer is None else self._buffer.shape[1]
            raise ValueError(
                f"sample must be one reading of shape ({expected},), got shape {sample.shape}; push the readings of a "
                "longer signal one by one."
            )
        if not np.isfinite(sample).all():
            raise ValueError(f"sample holds NaN or infinity: {sample}. Leave it out and call reset(), as at a gap.")
        return sample if sample.dtype.kind == "f" else sample.astype(float)
