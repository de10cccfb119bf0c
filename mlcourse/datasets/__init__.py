"""Where signals come from: ``fetch_*`` downloads, ``load_*`` reads what is there, ``make_*`` simulates."""

from mlcourse.datasets.activity import ActivityDataset, FeatureTable, Recording, Windows
from mlcourse.datasets.recording import load_recording
from mlcourse.datasets.simulate import make_activities

__all__ = ["ActivityDataset", "FeatureTable", "Recording", "Windows", "load_recording", "make_activities"]
