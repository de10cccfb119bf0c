"""The classic learners of the lecture, each ready to be fitted to a table of features."""

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


def baselines(random_state=0) -> dict[str, Pipeline]:
    """Make one unfitted pipeline for each classic learner.

    Missing values are replaced by medians and features scaled to mean 0 and standard deviation 1, as learned from the
    training data only. (Trees do not need the scaling, and are not changed by it.) To start from windows, put
    `WindowFeatures` in front: ``make_pipeline(WindowFeatures(rate=50), baselines()["SVM"])``.

    Parameters
    ----------
    random_state : int or None
        For the learners that draw random numbers.

    Returns
    -------
    dict of str to Pipeline
        ``"always majority"`` is the straw man that every other one has to beat. ``"linear regression"`` fits a weighted
        sum of the features to each class, +1 for its cases and -1 for all others, by least squares (with a ridge too
        small to matter but for features that repeat each other), and answers the class with the largest sum.

    Examples
    --------
    >>> list(baselines())[:3]
    ['always majority', 'naive Bayes', 'decision tree']
    """
    learners = {
        "always majority": DummyClassifier(strategy="most_frequent"),
        "naive Bayes": GaussianNB(),
        "decision tree": DecisionTreeClassifier(random_state=random_state),
        "random forest": RandomForestClassifier(n_estimators=100, random_state=random_state),
        "SVM": SVC(C=10.0),
        "kNN": KNeighborsClassifier(n_neighbors=5),
        "linear regression": RidgeClassifier(alpha=1e-3),
        "logistic regression": LogisticRegression(max_iter=2000),
    }
    return {
        name: make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), learner)
        for name, learner in learners.items()
    }
