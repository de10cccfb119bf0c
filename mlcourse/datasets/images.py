"""Images that need no download: handwritten digits and two photographs, all of them from scikit-learn."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Grey images, what each of them shows, and which of them are kept for testing.

    Parameters
    ----------
    name : str
    X : array of shape (n, height, width), float32
        From 0 (paper) to 1 (ink).
    y : array of shape (n,), int
        The class of each image.
    test : array of shape (n,), bool
        True for the images of the test part.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    test: np.ndarray

    def __post_init__(self):
        X, y, test = np.asarray(self.X, dtype=np.float32), np.asarray(self.y), np.asarray(self.test)
        if X.ndim != 3 or not np.isfinite(X).all() or X.min(initial=0) < 0 or X.max(initial=0) > 1:
            raise ValueError(
                f"X must be grey images of shape (n, height, width) with values from 0 to 1, got shape {X.shape} with "
                f"values from {X.min(initial=0):g} to {X.max(initial=0):g}."
            )
        if y.shape != (len(X),) or y.dtype.kind not in "iu":
            raise ValueError(
                f"y must hold one whole number for each of the {len(X)} images, not {y.dtype} of shape {y.shape}."
            )
        if test.shape != (len(X),) or test.dtype != bool:
            raise ValueError(f"test must be a mask of {len(X)} images, not {test.dtype} of shape {test.shape}.")
        for name, value in (("X", X), ("y", y.astype(np.int64)), ("test", test)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.X)

    def split(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return ``X_train, y_train, X_test, y_test``; one part is empty where only the other was loaded."""
        return self.X[~self.test], self.y[~self.test], self.X[self.test], self.y[self.test]

    def plot(self, n: int = 10):
        """Plot the first images of each class, up to `n` of them in a row.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.images import plot_images

        if not len(self):
            raise ValueError("there are no images to plot.")
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"n must be a whole number of images, at least 1, not {n!r}.")
        classes, counts = np.unique(self.y, return_counts=True)
        n = min(n, int(counts.min()))  # so that each row is one class
        chosen = np.concatenate([np.flatnonzero(self.y == label)[:n] for label in classes])
        return plot_images(self.X[chosen], [str(label) for label in self.y[chosen]], columns=n)

    def __repr__(self) -> str:
        height, width = self.X.shape[1:]
        return (
            f"LabelledImages({self.name}: {len(self)} images of {height}x{width}, {len(np.unique(self.y))} classes, "
            f"{int(self.test.sum())} for testing)"
        )


def load_digits28(random_state=0) -> LabelledImages:
    """Load scikit-learn's 1,797 handwritten digits, brought from 8x8 to the 28x28 pixels of MNIST.

    As in MNIST, a digit fills a box of 20x20 pixels, which lies in the image so that the ink's centre of mass is in the
    middle. In between the 8x8 pixels, brightness follows a cubic spline. What 8x8 pixels did not hold, 28x28 do not
    hold either: the strokes are softer than MNIST's.

    Parameters
    ----------
    random_state : int or None
        Chooses the test part: 20 % of each class.

    Returns
    -------
    LabelledImages
        The same 13 people wrote both parts (the publisher's training set, by 30 others, does not ship with
        scikit-learn): accuracy on other people's digits is lower.

    Examples
    --------
    >>> digits = load_digits28()
    >>> digits
    LabelledImages(digits28: 1797 images of 28x28, 10 classes, 360 for testing)
    >>> X_train, y_train, X_test, y_test = digits.split()
    >>> X_train.shape, X_test.shape
    ((1437, 28, 28), (360, 28, 28))
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    small = load_digits()
    _, tested = train_test_split(
        np.arange(len(small.target)), test_size=0.2, stratify=small.target, random_state=random_state
    )
    test = np.zeros(len(small.target), dtype=bool)
    test[tested] = True
    return LabelledImages("digits28", like_mnist(small.images / 16), small.target, test)


def like_mnist(images) -> np.ndarray:
    """Bring small square images to 28x28 as MNIST has them: 20x20, centred by mass.

    Parameters
    ----------
    images : array of shape (n, size, size)
        From 0 to 1.

    Returns
    -------
    array of shape (n, 28, 28), float32

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, Proceedings of
    the IEEE 86(11), 1998, section III.A ("fit in a 20x20 pixel box", "centered in a 28x28 image by computing the center
    of mass").

    Examples
    --------
    >>> image = np.zeros((1, 8, 8))
    >>> image[0, 2:7, 2:5] = 1
    >>> np.round(ndimage.center_of_mass(like_mnist(image)[0])).tolist()
    [14.0, 14.0]
    """
    images = np.asarray(images, dtype=float)
    if images.ndim != 3 or images.shape[1] != images.shape[2] or not np.isfinite(images).all():
        raise ValueError(
            f"images must be square, of shape (n, size, size), without missing values; got {images.shape}."
        )
    framed = np.zeros((len(images), 28, 28), dtype=np.float32)
    for image, frame in zip(images, framed, strict=True):
        # grid_mode: pixels are areas, not points, so that 8 of them become exactly 20.
        box = np.clip(ndimage.zoom(image, 20 / len(image), order=3, mode="grid-constant", grid_mode=True), 0, 1)
        if not box.any():
            continue
        # By whole pixels, and never out of the picture. MNIST's own centres of mass lie within half of pixel (14, 14).
        top, left = (int(np.clip(round(14 - middle), 0, 8)) for middle in ndimage.center_of_mass(box))
        frame[top : top + 20, left : left + 20] = box
    return framed


def sample_photographs() -> dict[str, np.ndarray]:
    """Load the two photographs that come with scikit-learn.

    Returns
    -------
    dict of str to array of shape (427, 640, 3), uint8
        ``"china"``, a temple, and ``"flower"``: red, green and blue.

    Examples
    --------
    >>> {name: photograph.shape for name, photograph in sample_photographs().items()}
    {'china': (427, 640, 3), 'flower': (427, 640, 3)}
    """
    from sklearn.datasets import load_sample_image

    return {name: np.array(load_sample_image(f"{name}.jpg")) for name in ("china", "flower")}
