"""A course kit for mobile and embedded machine learning.

Importing the package loads nothing heavy: each part is imported where it is used,
for example ``from mlcourse.datasets import make_activities``.
"""

import os

# Keras chooses its backend when it is first imported; the whole course runs on torch.
os.environ.setdefault("KERAS_BACKEND", "torch")

__version__ = "0.1.0"
