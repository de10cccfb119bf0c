"""From signals to activities: windows, features, heuristics, classic learners, and their honest evaluation."""

from mlcourse.sensing.baselines import baselines
from mlcourse.sensing.c45 import C45Classifier
from mlcourse.sensing.c45_export import export_text, to_dict
from mlcourse.sensing.c45_split import entropy, gain_ratio, information_gain, split_information
from mlcourse.sensing.evaluation import Evaluation, LeakageWarning, evaluate
from mlcourse.sensing.features import WISDM_NAMES
from mlcourse.sensing.gravity import resultant, separate_gravity
from mlcourse.sensing.streaming import StreamingClassifier
from mlcourse.sensing.thresholds import ThresholdClassifier, heuristic_features
from mlcourse.sensing.window_features import WindowFeatures, feature_table

__all__ = [
    "WISDM_NAMES",
    "C45Classifier",
    "Evaluation",
    "LeakageWarning",
    "StreamingClassifier",
    "ThresholdClassifier",
    "WindowFeatures",
    "baselines",
    "entropy",
    "evaluate",
    "export_text",
    "feature_table",
    "gain_ratio",
    "heuristic_features",
    "information_gain",
    "resultant",
    "separate_gravity",
    "split_information",
    "to_dict",
]
