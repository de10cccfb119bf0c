"""Where signals come from: ``fetch_*`` downloads, ``load_*`` reads what is there, ``make_*`` simulates."""

from mlcourse.datasets.activity import ActivityDataset, FeatureTable, Recording, Windows
from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.bccd import BCCD_CLASSES, fetch_bccd
from mlcourse.datasets.download import DownloadError
from mlcourse.datasets.go_board import Board, IllegalMoveError
from mlcourse.datasets.go_positions import GoPositions, go_positions
from mlcourse.datasets.go_records import fetch_go_records
from mlcourse.datasets.go_selfplay import make_go_positions
from mlcourse.datasets.hapt import BASIC_ACTIVITIES, fetch_hapt
from mlcourse.datasets.images import LabelledImages, load_digits28, sample_photographs
from mlcourse.datasets.log_mel import log_mel_spectrogram, mel_filters
from mlcourse.datasets.mnist import fetch_mnist
from mlcourse.datasets.recording import load_recording
from mlcourse.datasets.sgf import GameRecord, SGFError, load_sgf, parse_sgf
from mlcourse.datasets.simulate import make_activities
from mlcourse.datasets.sms_spam import Messages, fetch_sms_spam
from mlcourse.datasets.spoken_digits import SpokenDigits, fetch_spoken_digits
from mlcourse.datasets.uci_har import fetch_uci_har
from mlcourse.datasets.voc import BoxedImages, DamagedAnnotationError, read_voc
from mlcourse.datasets.wisdm import fetch_wisdm, fetch_wisdm_features
from mlcourse.datasets.wisdm_51 import fetch_wisdm_51

__all__ = [
    "BASIC_ACTIVITIES",
    "BCCD_CLASSES",
    "ActivityDataset",
    "Board",
    "BoxedImages",
    "DamagedAnnotationError",
    "DamagedArchiveError",
    "DownloadError",
    "FeatureTable",
    "GameRecord",
    "GoPositions",
    "IllegalMoveError",
    "LabelledImages",
    "Messages",
    "Recording",
    "SGFError",
    "SpokenDigits",
    "Windows",
    "fetch_bccd",
    "fetch_go_records",
    "fetch_hapt",
    "fetch_mnist",
    "fetch_sms_spam",
    "fetch_spoken_digits",
    "fetch_uci_har",
    "fetch_wisdm",
    "fetch_wisdm_51",
    "fetch_wisdm_features",
    "go_positions",
    "load_digits28",
    "load_recording",
    "load_sgf",
    "log_mel_spectrogram",
    "make_activities",
    "make_go_positions",
    "mel_filters",
    "parse_sgf",
    "read_voc",
    "sample_photographs",
]
