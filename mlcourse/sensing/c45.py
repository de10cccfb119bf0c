"""C4.5, the decision tree learner that the lecture names, written by hand.

Read in this order: `c45_split` (how good is a test?), `c45_tree` (divide and conquer), `c45_pruning` (what of it to
believe), and this file, which makes a scikit-learn estimator of the three.

`C45Classifier` follows J. R. Quinlan, *C4.5: Programs for Machine Learning*, Morgan Kaufmann, 1993, with the later
correction for continuous features (Quinlan, JAIR 4, 1996), as Weka's J48 does, with which the published WISDM figures
were made.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from mlcourse.sensing.c45_pruning import prune
from mlcourse.sensing.c45_tree import Grower


class C45Classifier(ClassifierMixin, BaseEstimator):
    """Decision tree by the C4.5 algorithm: gain ratio, thresholds, missing values, pessimistic pruning.

    Parameters
    ----------
    min_samples_leaf : float, default=2
        At least two branches of every test must hold this many training cases (C4.5's ``-m``).
    confidence : float or None, default=0.25
        Confidence factor CF of the pruning, more than 0 and at most 0.5 (C4.5's ``-c``, 25 %): the smaller, the less a
        leaf with few cases is trusted, and the smaller the tree. None leaves the tree unpruned.
    subtree_raising : bool, default=True
        Whether pruning may also put the largest branch of a test in the place of that test.
    categorical_features : sequence of int or str, optional
        Columns (numbers, or names when `X` is a DataFrame) whose values are codes of categories: their tests have a
        branch for each category seen in training. All other columns are continuous: ``x <= threshold``.

    Attributes
    ----------
    classes_ : array of shape (classes,)
    tree_ : mlcourse.sensing.c45_tree.Node
        Root of the tree.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a DataFrame.

    Notes
    -----
    *Which test.* Of the tests with at least the average information gain, the one with the best gain
    ratio; ties go to the first feature and the lowest threshold. A threshold first pays for the choice among `t`
    candidates with ``log2(t) / |D|`` bits of its gain. Its value is the largest value in all training data that is
    not above the middle of the gap, so that every number in the tree occurs in the data.

    *Missing values* (NaN). A test is judged by the cases that know its feature, and its gain is scaled by their
    share. A case that does not know the feature goes down every branch, in fractions that follow the known cases; in
    prediction the class probabilities of all the leaves it reaches are added up in the same fractions. A category
    that training never showed counts as missing.

    *Sample weights* say how many cases a row stands for: weight 2 is the row given twice. Weights that sum to 1 make
    a data set of one case, from which no tree can grow; scale them to sum to the number of cases.

    *Probabilities* are the class frequencies in the leaf, not smoothed.

    *Against Weka's J48*, which has the same defaults: values that differ at all are different (J48: by more than
    0.00001), the pessimistic error rate of a leaf with less than one case does not exceed 1, and no way to a leaf is
    longer than 60 tests.

    References
    ----------
    J. R. Quinlan, *C4.5: Programs for Machine Learning*, Morgan Kaufmann, 1993.
    J. R. Quinlan, Improved Use of Continuous Attributes in C4.5, JAIR 4, 77-90, 1996.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from mlcourse.sensing import C45Classifier, export_text
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> tree = C45Classifier(min_samples_leaf=10).fit(X, y)
    >>> print(export_text(tree))
    petal width (cm) <= 0.6: 0 (50.0)
    petal width (cm) > 0.6
    |   petal width (cm) <= 1.7: 1 (54.0/5.0)
    |   petal width (cm) > 1.7: 2 (46.0/1.0)
    """

    def __init__(self, min_samples_leaf=2, confidence=0.25, subtree_raising=True, categorical_features=None):
        self.min_samples_leaf = min_samples_leaf
        self.confidence = confidence
        self.subtree_raising = subtree_raising
        self.categorical_features = categorical_features

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X, y, sample_weight=None):
        """Grow the tree and prune it.

        Parameters
        ----------
        X : array-like of shape (cases, features)
            Numbers; NaN where a value is missing.
        y : array-like of shape (cases,)
            Class labels.
        sample_weight : array-like of shape (cases,), optional
            How many cases each row stands for; rows with weight 0 are left out.

        Returns
        -------
        C45Classifier
            The estimator itself.

        Raises
        ------
        ValueError
            If a parameter, or an array, is not as described above.
        """
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]

        self.classes_, codes = np.unique(y, return_inverse=True)
        categories = {}
        for feature in self._categorical_columns():
            column = X[:, feature]
            values = np.unique(column[~np.isnan(column)])
            if len(values):
                categories[feature] = values
        grower = Grower(X, codes, weights, len(self.classes_), self.min_samples_leaf, categories)
        self.tree_ = grower.grow(*grower.cases)
        if self.confidence is not None:
            self.tree_ = prune(self.tree_, grower, *grower.cases, self.confidence, self.subtree_raising)
        return self

    def predict(self, X):
        """Most probable class of each case.

        Parameters
        ----------
        X : array-like of shape (cases, features)
            NaN where a value is missing.

        Returns
        -------
        array of shape (cases,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like of shape (cases, features)
            NaN where a value is missing.

        Returns
        -------
        array of shape (cases, classes)
            Rows sum to 1.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        result = np.zeros((len(X), len(self.classes_)))

        def descend(node, rows, weights, frequencies):
            if len(rows) == 0:
                return
            total = node.counts.sum()
            if total > 0:  # else no training case took this branch, and the node above it must answer
                frequencies = node.counts / total
            if node.is_leaf:
                result[rows] += weights[:, None] * frequencies
                return
            for child, part in zip(node.children, node.send(X, rows, weights), strict=True):
                descend(child, *part, frequencies)

        descend(self.tree_, np.arange(len(X)), np.ones(len(X)), None)
        return result

    def get_depth(self) -> int:
        """Number of tests on the longest way from the root to a leaf."""
        check_is_fitted(self)
        return self.tree_.depth()

    def get_n_leaves(self) -> int:
        """Number of leaves."""
        check_is_fitted(self)
        return sum(1 for _ in self.tree_.leaves())

    def _check_parameters(self):
        least, confidence = self.min_samples_leaf, self.confidence
        if not isinstance(least, Real) or isinstance(least, bool) or not 0 < least < np.inf:
            raise ValueError(f"min_samples_leaf must be a number of cases above 0 (C4.5 uses 2), got {least!r}.")
        if confidence is not None and not (isinstance(confidence, Real) and 0 < confidence <= 0.5):
            raise ValueError(
                "confidence must be above 0 and at most 0.5 (C4.5 uses 0.25), or None for no pruning, "
                f"got {confidence!r}."
            )

    def _categorical_columns(self):
        columns = [] if self.categorical_features is None else list(self.categorical_features)
        names = list(getattr(self, "feature_names_in_", []))
        numbers = []
        for column in columns:
            number = names.index(column) if isinstance(column, str) and column in names else column
            if not isinstance(number, Integral) or isinstance(number, bool) or not 0 <= number < self.n_features_in_:
                allowed = f"column numbers from 0 to {self.n_features_in_ - 1}" + (
                    f" or names of {names}" if names else ""
                )
                raise ValueError(f"categorical_features must hold {allowed}, got {column!r}.")
            numbers.append(int(number))
        return sorted(set(numbers))
