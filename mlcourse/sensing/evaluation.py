"""How good is it, and for whom? Cross-validation that keeps people apart, or shows what happens if it does not."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.parallel import Parallel, delayed

from mlcourse.sensing.window_features import WindowFeatures, check_takes_windows

_SPLITS = {
    "subject": "people kept apart",
    "random": "the same people in training and test",
    "official": "the publisher's test people",
}


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
        F1 of each class that was tested, averaged: a rare activity counts as much as a frequent one.
    confusion : array of shape (classes, classes)
        Cases of the row's class that were called the column's.
    labels : tuple of str
        Classes, in the order of rows and columns.
    fold_accuracies : array of shape (folds,)
    subject_accuracies : dict of str to float
        Share of right answers for each person who was tested.
    by : str
        How training and test cases were told apart: ``"subject"``, ``"random"`` or ``"official"``.
    """

    accuracy: float
    macro_f1: float
    confusion: np.ndarray
    labels: tuple[str, ...]
    fold_accuracies: np.ndarray
    subject_accuracies: dict[str, float]
    by: str

    def plot(self, ax=None):
        """Plot the confusion matrix.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure where left out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        import matplotlib.pyplot as plt

        from mlcourse.plots import plot_confusion

        figure = plot_confusion(self.confusion, self.labels, ax=ax).figure
        if ax is None:
            plt.close(figure)  # a notebook would show it twice
        return figure

    def __repr__(self) -> str:
        folds = self.fold_accuracies
        spread = f", {len(folds)} folds {folds.mean():.1%} ± {folds.std():.1%}" if len(folds) > 1 else ""
        return f"accuracy {self.accuracy:.1%}{spread}, macro F1 {self.macro_f1:.1%} ({_SPLITS[self.by]})"


def evaluate(model, windows, by="subject", n_splits=10, random_state=0, n_jobs=None, progress=True) -> Evaluation:
    """Measure a model on cases that it was not fitted to.

    Parameters
    ----------
    model : scikit-learn classifier
        A clone of it is fitted for each fold; the argument stays as it is.
    windows : Windows or FeatureTable
        Anything with `X`, `y` and `subjects`. Windows need a model that begins with `WindowFeatures` or the like; to
        compare many models, compute the features once with `feature_table`.
    by : str
        ``"subject"``: all of a person's cases are tested together, by a model that has never seen her. ``"random"``:
        cases are drawn at random, so that the same people are in both parts; a `LeakageWarning` says so.
        ``"official"``: one split, tested on the publisher's test people.
    n_splits : int
        Number of folds; with fewer people than that, one fold a person.
    random_state : int or None
        For drawing the folds, which keep the shares of the classes as far as they can. (By subject, that leaves little
        to chance: people are dealt out one by one to where they are needed most.)
    n_jobs : int, optional
        How many folds are computed at once, -1 for one a core.
    progress : bool
        Whether to show a progress bar when it takes long.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If an argument is not as described above, or there is nothing to compare: no cases, one class, one person.

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
    from tqdm.auto import tqdm

    X, y, subjects = _cases(windows)
    if X.ndim == 3:
        check_takes_windows(model)
    elif hasattr(model, "steps") and isinstance(model.steps[0][1], WindowFeatures):
        raise ValueError(
            f"model begins with WindowFeatures, but the cases are features already, of shape {X.shape}: leave it out."
        )
    folds = _folds(X, y, subjects, getattr(windows, "test_subjects", ()), by, n_splits, random_state)
    answered = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_answers)(clone(model), X, y, train, test) for train, test in folds
    )
    answers = list(tqdm(answered, desc=f"folds by {by}", total=len(folds), leave=False, delay=2, disable=not progress))

    tested = np.concatenate([test for _, test in folds])
    predicted, truth, people = np.concatenate(answers), y[tested], subjects[tested]
    labels = np.unique(np.concatenate([truth, predicted]))  # a model may know an activity that nobody did
    right = predicted == truth
    return Evaluation(
        accuracy=float(accuracy_score(truth, predicted)),
        macro_f1=float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)),
        confusion=confusion_matrix(truth, predicted, labels=labels),
        labels=tuple(str(label) for label in labels),
        fold_accuracies=np.array(
            [np.mean(answer == y[test]) for answer, (_, test) in zip(answers, folds, strict=True)]
        ),
        subject_accuracies={str(person): float(right[people == person].mean()) for person in np.unique(people)},
        by=by,
    )


def _cases(windows):
    missing = [name for name in ("X", "y", "subjects") if not hasattr(windows, name)]
    if missing:
        raise ValueError(
            f"windows must be Windows or a FeatureTable, with X, y and subjects; {type(windows).__name__} has no "
            f"{' and no '.join(missing)}. Data sets have them after .windows()."
        )
    X, y, subjects = np.asarray(windows.X), np.asarray(windows.y), np.asarray(windows.subjects)
    if X.ndim not in (2, 3) or y.shape != (len(X),) or subjects.shape != (len(X),):
        raise ValueError(
            "windows must hold X of shape (windows, time, channels) or (cases, features), and y and subjects with one "
            f"value a case, got shapes {X.shape}, {y.shape} and {subjects.shape}."
        )
    if not len(X):
        raise ValueError("windows holds no cases: were the windows longer than every stretch of one activity?")
    if len(np.unique(y)) < 2:
        raise ValueError(f"windows must hold at least two activities, got only {str(y[0])!r}.")
    return X, y, subjects


def _folds(X, y, subjects, test_subjects, by, n_splits, random_state):
    if by not in _SPLITS:
        raise ValueError(f"by must be 'subject', 'random' or 'official', got {by!r}.")
    if by == "official":
        tested = np.isin(subjects, np.asarray(test_subjects, dtype=subjects.dtype))
        if not tested.any() or tested.all():
            raise ValueError(
                "by='official' needs a data set with official test people, and people on both sides of the split; use "
                "by='subject'."
            )
        return _learnable([(np.flatnonzero(~tested), np.flatnonzero(tested))], y, subjects)
    if not isinstance(n_splits, Integral) or n_splits < 2:
        raise ValueError(f"n_splits must be a whole number of folds, at least 2, got {n_splits!r}.")
    if by == "random":
        warnings.warn(
            "by='random' puts windows of the same people into training and test data: the result says how well these "
            "people are recognised again, not how well a stranger is. Use by='subject' for that.",
            LeakageWarning,
            stacklevel=3,
        )
    else:
        people = len(np.unique(subjects))
        if people < 2:
            raise ValueError(f"by='subject' needs at least two people, got only {str(subjects[0])!r}.")
        n_splits = min(n_splits, people)
    most = np.unique(y, return_counts=True)[1].max()
    if n_splits > most:
        raise ValueError(f"n_splits={n_splits} is more than the cases of any activity ({most}): ask for fewer folds.")
    if by == "random":
        folds = StratifiedKFold(n_splits, shuffle=True, random_state=random_state).split(X, y)
    else:
        folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=random_state).split(X, y, groups=subjects)
    folds = [(train, test) for train, test in folds if len(test)]
    return _learnable(folds, y, subjects)


def _learnable(folds, y, subjects):
    for train, test in folds:
        if len(np.unique(y[train])) < 2:
            people = ", ".join(str(person) for person in np.unique(subjects[test]))
            raise ValueError(
                f"without {people}, windows hold only one activity to learn from: more people must do more."
            )
    return folds


def _answers(model, X, y, train, test):
    return np.asarray(model.fit(X[train], y[train]).predict(X[test]))
