"""Where signals come from: ``fetch_*`` downloads, ``load_*`` reads what is there, ``make_*`` simulates."""

from mlcourse.datasets.activity import ActivityDataset, FeatureTable, Recording, Windows
from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.download import DownloadError
from mlcourse.datasets.hapt import BASIC_ACTIVITIES, fetch_hapt
from mlcourse.datasets.recording import load_recording
from mlcourse.datasets.simulate import make_activities
from mlcourse.datasets.uci_har import fetch_uci_har
from mlcourse.datasets.wisdm import fetch_wisdm, fetch_wisdm_features
from mlcourse.datasets.wisdm_51 import fetch_wisdm_51

__all__ = [
    "BASIC_ACTIVITIES",
    "ActivityDataset",
    "DamagedArchiveError",
    "DownloadError",
    "FeatureTable",
    "Recording",
    "Windows",
    "fetch_hapt",
    "fetch_uci_har",
    "fetch_wisdm",
    "fetch_wisdm_51",
    "fetch_wisdm_features",
    "load_recording",
    "make_activities",
]
