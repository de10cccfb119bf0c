"""The lecture's example, with which every number of the slides can be computed again.

Source: "Mobile and Embedded Deep Learning" (lecture slides, 2024), slides 22 to 37.
"""

import numpy as np

#: 6x6 pixels, 1 where there is ink.
IMAGE = np.array(
    [
        [1, 0, 0, 0, 0, 1],
        [0, 1, 0, 0, 1, 0],
        [0, 0, 1, 1, 0, 0],
        [1, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, 1, 0],
        [0, 0, 1, 0, 1, 0],
    ]
)

#: Finds strokes that fall from left to right.
FILTER_1 = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])

#: Finds upright strokes.
FILTER_2 = np.array([[-1, 1, -1], [-1, 1, -1], [-1, 1, -1]])

for _array in (IMAGE, FILTER_1, FILTER_2):
    _array.flags.writeable = False
