"""Images with boxes drawn around the objects in them, as Pascal VOC writes them down."""

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np
from PIL import Image

_EDGES = ("xmin", "ymin", "xmax", "ymax")


class DamagedAnnotationError(ValueError):
    """An annotation that cannot be read: no XML, cut off, or without what it must tell."""


@dataclass(frozen=True, eq=False)
class Annotation:
    """What one XML file says of one image.

    Parameters
    ----------
    names : tuple of str
        What each object is.
    boxes : array of shape (n, 4), float32
        x1, y1, x2, y2 in pixels, inside the image where its size is told.
    difficult : array of shape (n,), bool
        Objects that are not counted against a detector which misses them.
    size : (int, int) or None
        Height and width of the image, if the file tells.
    problems : tuple of str
        Objects that were left out, and why.
    """

    names: tuple[str, ...]
    boxes: np.ndarray
    difficult: np.ndarray
    size: tuple[int, int] | None
    problems: tuple[str, ...]


def read_voc(content: bytes | str, size: tuple[int, int] | None = None) -> Annotation:
    """Read a Pascal VOC annotation.

    Edges are taken as they are written: as places between pixels. Boxes are cut off at the image's edges. What has no
    area then is no object (in BCCD a click beside a cell left such boxes): it is left out, and told of.

    Parameters
    ----------
    content : bytes or str
        Of the XML file.
    size : (int, int), optional
        Height and width of the image, which hold whatever the file says.

    Returns
    -------
    Annotation

    Raises
    ------
    DamagedAnnotationError
        If it is no annotation: no XML, cut off, or something else.

    References
    ----------
    M. Everingham, L. Van Gool, C. Williams, J. Winn, A. Zisserman: The Pascal Visual Object Classes (VOC) Challenge,
    International Journal of Computer Vision 88, 2010.

    Examples
    --------
    >>> box = "<bndbox><xmin>4</xmin><ymin>9</ymin><xmax>{}</xmax><ymax>20</ymax></bndbox>"
    >>> objects = "".join(f"<object><name>cat</name>{box.format(right)}</object>" for right in (14, 4))
    >>> annotation = read_voc(f"<annotation>{objects}</annotation>")
    >>> annotation.boxes.tolist(), annotation.problems
    ([[4.0, 9.0, 14.0, 20.0]], ('object 2 (cat): its box 4, 9, 4, 20 has no area',))
    """
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: an encoding that does not exist
        raise DamagedAnnotationError(f"it is no whole XML file: {error}") from None
    if root.tag != "annotation":
        raise DamagedAnnotationError(f"it is <{root.tag}>, and no <annotation>")
    size = _size(root) if size is None else size
    names, boxes, difficult, problems = [], [], [], []
    for i, found in enumerate(root.findall("object"), start=1):
        name = (found.findtext("name") or "").strip()
        where = f"object {i} ({name or 'without a name'})"
        edges = [_number(found.findtext(f"bndbox/{edge}")) for edge in _EDGES]
        if not name:
            problems.append(f"{where}: nothing says what it is")
            continue
        if any(edge is None for edge in edges):
            missing = ", ".join(name for name, edge in zip(_EDGES, edges, strict=True) if edge is None)
            problems.append(f"{where}: its box has no number for {missing}")
            continue
        x1, y1, x2, y2 = edges
        if size is not None:
            x1, x2 = (min(max(x, 0.0), float(size[1])) for x in (x1, x2))
            y1, y2 = (min(max(y, 0.0), float(size[0])) for y in (y1, y2))
        if x2 <= x1 or y2 <= y1:
            inside = " inside the image" if x1 != edges[0] or x2 != edges[2] or y1 != edges[1] or y2 != edges[3] else ""
            problems.append(f"{where}: its box {', '.join(f'{edge:g}' for edge in edges)} has no area{inside}")
            continue
        names.append(name)
        boxes.append((x1, y1, x2, y2))
        difficult.append(_number(found.findtext("difficult")) not in (None, 0))
    return Annotation(
        tuple(names),
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array(difficult, dtype=bool),
        size,
        tuple(problems),
    )


@dataclass(frozen=True, eq=False)
class BoxedImages:
    """Images, and boxes around the objects in them.

    Parameters
    ----------
    names : array of shape (n,), str
        Of the images.
    images : tuple of arrays of shape (height, width, 3), uint8
    boxes : tuple of arrays of shape (objects, 4), float32
        x1, y1, x2, y2 of each object, in pixels.
    labels : tuple of arrays of shape (objects,), int
        Positions in `classes`.
    difficult : tuple of arrays of shape (objects,), bool
    classes : tuple of str
        The first is ``"background"``: 0 is no object's label.
    parts : array of shape (n,), str
        Of the publisher's division, to which each image belongs; empty where it is in none.
    problems : tuple of str
        What was left out while reading, and why.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    names: np.ndarray
    images: tuple[np.ndarray, ...]
    boxes: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]
    difficult: tuple[np.ndarray, ...]
    classes: tuple[str, ...]
    parts: np.ndarray
    problems: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("names", "boxes", "labels", "difficult", "parts"):
            if len(getattr(self, name)) != len(self.images):
                raise ValueError(f"{name} must hold one entry for each of the {len(self.images)} images.")
        for i, (boxes, labels, hard) in enumerate(zip(self.boxes, self.labels, self.difficult, strict=True)):
            if boxes.shape != (len(labels), 4) or hard.shape != labels.shape:
                raise ValueError(f"image {i} must have four edges and one label a box, not {boxes.shape}.")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def numbers(self) -> np.ndarray:
        """Number at the end of each image's name: 7 of ``BloodImage_00007``."""
        digits = [name[len(name.rstrip("0123456789")) :] for name in self.names]
        return np.array([int(number or -1) for number in digits], dtype=np.int64)

    @property
    def targets(self) -> list[dict[str, np.ndarray]]:
        """For each image ``"boxes"``, ``"labels"`` and ``"difficult"``, as detectors are trained and judged with."""
        found = zip(self.boxes, self.labels, self.difficult, strict=True)
        return [dict(zip(("boxes", "labels", "difficult"), one, strict=True)) for one in found]

    @property
    def X(self) -> np.ndarray:
        """All images as one array (n, 3, height, width), float32 from 0 to 1; they must be of one size.

        Raises
        ------
        ValueError
            If they are not.
        """
        sizes = {image.shape[:2] for image in self.images}
        if len(sizes) > 1:
            raise ValueError(f"the images are of {len(sizes)} sizes: make them one, as with resized(240, 320).")
        if not sizes:
            return np.zeros((0, 3, 0, 0), dtype=np.float32)
        return np.stack(self.images).transpose(0, 3, 1, 2).astype(np.float32) / 255

    def select(self, mask) -> "BoxedImages":
        """Keep some of the images.

        Parameters
        ----------
        mask : array of shape (n,), bool
        """
        mask = np.asarray(mask)
        if mask.shape != (len(self),) or mask.dtype != bool:
            raise ValueError(f"mask must be {len(self)} truth values, not {mask.dtype} of shape {mask.shape}.")
        kept = [
            tuple(value for value, keep in zip(values, mask, strict=True) if keep)
            for values in (self.images, self.boxes, self.labels, self.difficult)
        ]
        return BoxedImages(self.names[mask], *kept, self.classes, self.parts[mask], self.problems)

    def resized(self, height: int, width: int) -> "BoxedImages":
        """Bring all images to one size, and their boxes with them.

        Parameters
        ----------
        height, width : int
            In pixels. What is stretched stays stretched: 480x640 becomes 240x320 without.

        Returns
        -------
        BoxedImages
        """
        for name, value in (("height", height), ("width", width)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name} must be a whole number of pixels, at least 1, not {value!r}.")
        images, boxes = [], []
        for image, own in zip(self.images, self.boxes, strict=True):
            small = Image.fromarray(image).resize((int(width), int(height)), Image.Resampling.BILINEAR)
            images.append(np.asarray(small))
            scale = np.array([width / image.shape[1], height / image.shape[0]] * 2, dtype=np.float32)
            boxes.append(own * scale)
        rest = self.labels, self.difficult, self.classes, self.parts, self.problems
        return BoxedImages(self.names, tuple(images), tuple(boxes), *rest)

    def plot(self, index: int = 0):
        """Plot one image with its boxes.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.boxes import plot_boxes

        labels = [self.classes[label] for label in self.labels[index]]
        return plot_boxes(self.images[index], self.boxes[index], labels, title=str(self.names[index]))

    def __repr__(self) -> str:
        counts = np.bincount(np.concatenate([*self.labels, np.zeros(0, int)]), minlength=len(self.classes))
        objects = ", ".join(f"{count:,} {name}" for name, count in zip(self.classes[1:], counts[1:], strict=True))
        told = f"; {len(self.problems)} problems" if self.problems else ""
        return f"BoxedImages({len(self)} images with {objects}{told})"


def _size(root):
    height, width = (_number(root.findtext(f"size/{side}")) for side in ("height", "width"))
    return (int(height), int(width)) if height and width and min(height, width) >= 1 else None


def _number(text):
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
