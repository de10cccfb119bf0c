"""How good is it, and for whom? Cross-validation that keeps people apart, or shows what happens if it does not."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold


class LeakageWarning(UserWarning):
    """Training and test data hold the same people."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model was worth on data that it was not fitted to.

    Parameters
    ----------
    accuracy : float
        Share of right answers over all test cases.
    macro_f1 : float
        F1 of each class, averaged: a rare activity counts as much as a frequent one.
    confusion : array of shape (classes, classes)
        Cases of the row's class that were called the column's.
    labels : tuple of str
        Classes, in the order of rows and columns.
    fold_accuracies : array of shape (folds,)
    by : str
        How training and test cases were told apart.
    """

    accuracy: float
    macro_f1: float
    confusion: np.ndarray
    labels: tuple[str, ...]
    fold_accuracies: np.ndarray
    by: str

    def plot(self, ax=None):
        """Plot the confusion matrix.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots import plot_confusion

        return plot_confusion(self.confusion, self.labels, ax=ax).figure

    def __repr__(self) -> str:
        folds = self.fold_accuracies
        spread = f" ({len(folds)} folds: {folds.min():.1%} to {folds.max():.1%})" if len(folds) > 1 else ""
        return f"accuracy {self.accuracy:.1%}{spread}, macro F1 {self.macro_f1:.1%}, split by {self.by}"


def evaluate(model, data, by="subject", n_splits=10, random_state=0, progress=True) -> Evaluation:
    """Measure a model on cases that it was not fitted to.

    Parameters
    ----------
    model : scikit-learn classifier
        A clone of it is fitted for each fold; the argument stays as it is.
    data : Windows or FeatureTable
        Anything with `X`, `y` and `subjects`. Windows need a model that begins with `WindowFeatures` or the like.
    by : str
        ``"subject"``: all of a person's cases are tested together, by a model that has never seen her. ``"random"``:
        cases are drawn at random, so that the same people are in both parts; a `LeakageWarning` says so.
        ``"official"``: one split, tested on the publisher's test people.
    n_splits : int
        Number of folds; with fewer people than that, one fold a person.
    random_state : int or None
        For drawing the folds, which keep the shares of the classes as far as they can.
    progress : bool
        Whether to show a progress bar when it takes long.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If there is nothing to compare: no cases, one class, or fewer than two people.

    Examples
    --------
    >>> from mlcourse.datasets import make_activities
    >>> from mlcourse.sensing import WindowFeatures, baselines
    >>> from sklearn.pipeline import make_pipeline
    >>> windows = make_activities(n_subjects=4, seconds=20, random_state=0).windows()
    >>> model = make_pipeline(WindowFeatures(kind="time", rate=50), baselines()["naive Bayes"])
    >>> evaluate(model, windows, by="subject").accuracy > 0.5
    True
    """
    X, y, subjects = np.asarray(data.X), np.asarray(data.y), np.asarray(data.subjects)
    if not len(X):
        raise ValueError("data holds no cases: were the windows longer than every stretch of one activity?")
    labels = np.unique(y)
    if len(labels) < 2:
        raise ValueError(f"data must hold at least two activities, got only {labels[0]!r}.")
    if X.ndim == 3 and not _takes_windows(model):
        raise ValueError(
            "data are windows of shape (windows, time, channels), but the model takes features. Put WindowFeatures in "
            "front of it: make_pipeline(WindowFeatures(rate=...), model)."
        )
    folds = _folds(X, y, subjects, getattr(data, "test_subjects", ()), by, n_splits, random_state)
    predicted = np.empty_like(y, dtype=object)
    tested = np.zeros(len(y), dtype=bool)
    accuracies = []
    from tqdm.auto import tqdm

    for train, test in tqdm(folds, desc=f"folds by {by}", leave=False, delay=2, disable=not progress):
        predicted[test] = clone(model).fit(X[train], y[train]).predict(X[test])
        tested[test] = True
        accuracies.append(np.mean(predicted[test].astype(str) == y[test].astype(str)))
    truth, answers = y[tested].astype(str), predicted[tested].astype(str)
    labels = np.union1d(truth, answers)  # a model may know an activity that nobody did
    return Evaluation(
        accuracy=float(accuracy_score(truth, answers)),
        macro_f1=float(f1_score(truth, answers, labels=np.unique(truth), average="macro", zero_division=0)),
        confusion=confusion_matrix(truth, answers, labels=labels),
        labels=tuple(str(label) for label in labels),
        fold_accuracies=np.array(accuracies),
        by=by,
    )


def _folds(X, y, subjects, test_subjects, by, n_splits, random_state):
    if by == "official":
        tested = np.isin(subjects, np.asarray(test_subjects, dtype=subjects.dtype)) if len(test_subjects) else None
        if tested is None or tested.all() or not tested.any():
            raise ValueError("by='official' needs data with official test people; use by='subject'.")
        return [(np.flatnonzero(~tested), np.flatnonzero(tested))]
    if by == "random":
        warnings.warn(
            "by='random' puts windows of the same people into training and test data: the result says how well these "
            "people are recognised again, not how well a stranger is. Use by='subject' for that.",
            LeakageWarning,
            stacklevel=3,
        )
        return list(StratifiedKFold(n_splits, shuffle=True, random_state=random_state).split(X, y))
    if by != "subject":
        raise ValueError(f"by must be 'subject', 'random' or 'official', got {by!r}.")
    people = len(np.unique(subjects))
    if people < 2:
        raise ValueError(f"by='subject' needs at least two people, got {people}.")
    splitter = StratifiedGroupKFold(min(n_splits, people), shuffle=True, random_state=random_state)
    return [(train, test) for train, test in splitter.split(np.zeros(len(y)), y, groups=subjects) if len(test)]


def _takes_windows(model) -> bool:
    """Whether the model, or its first step, declares that it takes three-dimensional input."""
    first = model.steps[0][1] if hasattr(model, "steps") else model
    tags = first.__sklearn_tags__() if hasattr(first, "__sklearn_tags__") else None
    # scikit-learn's FunctionTransformer, without validation, passes on whatever it gets.
    return tags is None or tags.input_tags.three_d_array or bool(tags.no_validation)
