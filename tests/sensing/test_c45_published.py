"""C4.5 against what its author printed, and against trees and figures that Weka's J48 gives for the same data."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score

from mlcourse.datasets import fetch_wisdm_features
from mlcourse.sensing.c45 import C45Classifier
from mlcourse.sensing.c45_export import export_text
from mlcourse.sensing.c45_pruning import added_errors
from mlcourse.sensing.c45_split import entropy, gain_ratio, information_gain, split_information

# Quinlan 1993, table 2-1: whether to play golf.
# Outlook (0 sunny, 1 overcast, 2 rain), temperature, humidity, windy, play.
GOLF = np.array(
    [
        [0, 75, 70, 1, 1],
        [0, 80, 90, 1, 0],
        [0, 85, 85, 0, 0],
        [0, 72, 95, 0, 0],
        [0, 69, 70, 0, 1],
        [1, 72, 90, 1, 1],
        [1, 83, 78, 0, 1],
        [1, 64, 65, 1, 1],
        [1, 81, 75, 0, 1],
        [2, 71, 80, 1, 0],
        [2, 65, 70, 1, 0],
        [2, 75, 80, 0, 1],
        [2, 68, 80, 0, 1],
        [2, 70, 96, 0, 1],
    ],
    dtype=float,
)
NAMES = ["outlook", "temperature", "humidity", "windy"]
X, PLAY = GOLF[:, :4], np.where(GOLF[:, 4] == 1, "play", "don't")
OUTLOOK = [[2, 3], [4, 0], [3, 2]]  # play, don't: sunny, overcast, rain
WINDY = [[3, 3], [6, 2]]


def golf_tree(X, confidence=0.25):
    return C45Classifier(confidence=confidence, categorical_features=[0, 3]).fit(X, PLAY)


def test_golf_formulas():
    """Quinlan 1993, section 2.2."""
    assert entropy([9, 5]) == pytest.approx(0.940, abs=5e-4)
    assert entropy([9, 5]) - information_gain(OUTLOOK) == pytest.approx(0.694, abs=5e-4)
    assert information_gain(OUTLOOK) == pytest.approx(0.246, abs=1e-3)  # printed from rounded terms; 0.2467
    assert information_gain(WINDY) == pytest.approx(0.048, abs=5e-4)
    assert split_information(OUTLOOK) == pytest.approx(1.577, abs=5e-4)
    assert gain_ratio(OUTLOOK) == pytest.approx(0.156, abs=5e-4)


def test_golf_formulas_with_one_outlook_missing():
    """Quinlan 1993, section 3.2: the outlook of the sixth case, overcast, is not known."""
    known = [[2, 3], [3, 0], [3, 2]]
    assert entropy([8, 5]) == pytest.approx(0.961, abs=5e-4)
    assert entropy([8, 5]) - information_gain(known) == pytest.approx(0.747, abs=5e-4)
    assert information_gain(known, missing=1) == pytest.approx(0.199, abs=5e-4)
    assert split_information(known, missing=1) == pytest.approx(1.809, abs=5e-4)
    assert gain_ratio(known, missing=1) == pytest.approx(0.110, abs=5e-4)


def test_golf_tree():
    """Quinlan 1993, figure 2-1."""
    assert export_text(golf_tree(X), NAMES).splitlines() == [
        "outlook = 0",
        "|   humidity <= 75: play (2.0)",
        "|   humidity > 75: don't (3.0)",
        "outlook = 1: play (4.0)",
        "outlook = 2",
        "|   windy = 0: play (3.0)",
        "|   windy = 1: don't (2.0)",
    ]


def test_golf_tree_with_one_outlook_missing():
    """Quinlan 1993, section 3.3: the counts at the leaves, and the case that is classified there."""
    holed = X.copy()
    holed[5, 0] = np.nan
    tree = golf_tree(holed, confidence=None)
    assert export_text(tree, NAMES).splitlines() == [
        "outlook = 0",
        "|   humidity <= 75: play (2.0)",
        "|   humidity > 75: don't (3.38/0.38)",
        "outlook = 1: play (3.23)",
        "outlook = 2",
        "|   windy = 0: play (3.0)",
        "|   windy = 1: don't (2.38/0.38)",
    ]
    # Sunny, 70 degrees, humidity not known, no wind: don't play 56 %, play 44 %.
    np.testing.assert_allclose(tree.predict_proba([[0, 70, np.nan, 0]]), [[0.56, 0.44]], atol=0.005)


def test_pessimistic_error_rates():
    """Quinlan 1993, section 4.2: U25% of the leaves in the example, and both sides of the decision."""
    upper = {(e, n): (e + added_errors(n, e)) / n for e, n in [(0, 6), (0, 9), (0, 1), (1, 16)]}
    assert upper[0, 6] == pytest.approx(0.206, abs=5e-4)
    assert upper[0, 9] == pytest.approx(0.143, abs=5e-4)
    assert upper[0, 1] == pytest.approx(0.750, abs=5e-4)
    assert upper[1, 16] == pytest.approx(0.157, abs=3e-3)  # printed: the exact binomial limit; C4.5 approximates
    subtree = 6 * upper[0, 6] + 9 * upper[0, 9] + 1 * upper[0, 1]
    assert subtree == pytest.approx(3.273, abs=5e-3)
    assert 16 * upper[1, 16] < subtree  # so the subtree becomes a leaf


def test_iris_tree():
    """The tree that J48's documentation shows for Fisher's iris data."""
    iris = load_iris()
    names = ["sepallength", "sepalwidth", "petallength", "petalwidth"]
    tree = C45Classifier().fit(iris.data, iris.target_names[iris.target])
    assert export_text(tree, names).splitlines() == [
        "petalwidth <= 0.6: setosa (50.0)",
        "petalwidth > 0.6",
        "|   petalwidth <= 1.7",
        "|   |   petallength <= 4.9: versicolor (48.0/1.0)",
        "|   |   petallength > 4.9",
        "|   |   |   petalwidth <= 1.5: virginica (3.0)",
        "|   |   |   petalwidth > 1.5: versicolor (3.0/1.0)",
        "|   petalwidth > 1.7: virginica (46.0/1.0)",
    ]


# ------------------------------------------------------------------------------------------- WISDM v1.1


@pytest.fixture(scope="module")
def wisdm(real_data):
    return fetch_wisdm_features(data_home=real_data)


@pytest.mark.parametrize(
    ("parameters", "leaves", "right"),
    [({}, 283, 5277), ({"subtree_raising": False}, 287, 5276), ({"confidence": None}, 336, 5318)],
)
def test_wisdm_tree_is_as_large_and_as_right_as_weka_s(wisdm, parameters, leaves, right):
    """Weka 3.6.14, J48 (with nothing, -S, -U) on the 43 features: leaves, and training rows answered rightly."""
    tree = C45Classifier(**parameters).fit(wisdm.X, wisdm.y)
    assert tree.get_n_leaves() == leaves
    assert np.sum(tree.predict(wisdm.X) == wisdm.y) == right
    # Its tree begins like this.
    assert export_text(tree, wisdm.feature_names).splitlines()[:4] == [
        f"{wisdm.feature_names[32]} <= 3.74",  # ZAVG
        f"|   {wisdm.feature_names[37]} <= 5.09",  # YABSOLDEV
        f"|   |   {wisdm.feature_names[40]} <= 1.18",  # YSTANDDEV
        f"|   |   |   {wisdm.feature_names[31]} <= 2.6: sitting (23.0)",  # YAVG
    ]


def test_wisdm_accuracy_is_the_published_one_until_people_are_kept_apart(wisdm):
    """Kwapisz et al. 2010, table 2: J48 85.1 % in ten-fold cross-validation."""
    tree = C45Classifier()
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    mixed = 100 * cross_val_score(tree, wisdm.X, wisdm.y, cv=folds).mean()
    apart = 100 * cross_val_score(tree, wisdm.X, wisdm.y, groups=wisdm.subjects, cv=GroupKFold(10)).mean()
    print(f"C4.5 on WISDM v1.1, 10 folds: {mixed:.1f} % mixed (published 85.1 %), {apart:.1f} % people kept apart")
    assert mixed == pytest.approx(85.1, abs=1.5)
    assert apart < mixed - 8
