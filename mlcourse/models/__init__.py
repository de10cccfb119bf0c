"""The networks that the labs start from, and how to train them.

Names are looked up when they are asked for, so that Keras is loaded only for Keras models.
"""

from mlcourse.lazy import lazy_names

_MODULES = {
    "ActivityCNN": "activity",
    "VariedWindows": "activity",
    "activity_cnn": "activity",
    "activity_cnn_like": "activity",
    "pretrained_activity_cnn": "activity",
    "GoPolicyCNN": "go",
    "GoPolicyDense": "go",
    "go_planes": "go",
    "go_symmetry": "go",
    "pretrained_go_policy": "go",
    "lecture_cnn": "digits",
    "lecture_dense": "digits",
    "pretrained_lecture_cnn": "digits",
    "SpectrogramCNN": "speech",
    "pretrained_spectrogram_cnn": "speech",
    "TextCNN": "text",
    "Vocabulary": "text",
    "pretrained_text_cnn": "text",
    "strongest_windows": "text",
    "FasterRCNN": "detection",
    "faster_rcnn_vgg16": "detection",
    "pretrained_faster_rcnn": "detection",
    "small_faster_rcnn": "detection",
    "MobileNetV2": "mobilenet",
    "pretrained_mobilenet": "mobilenet",
    "small_mobilenet": "mobilenet",
    "layer_table": "layers",
    "load_weights": "weights",
    "save_weights": "weights",
    "weights_report": "weights",
    "History": "training",
    "fit": "training",
    "predict": "training",
    "predict_probabilities": "training",
}

__all__, __getattr__, __dir__ = lazy_names(__name__, _MODULES)
