"""BCCD: blood smears under the microscope, with a box around each red cell, white cell and platelet."""

import io
import re
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.registry import open_archive
from mlcourse.datasets.voc import BoxedImages, DamagedAnnotationError, read_voc

#: Labels are positions in it.
BCCD_CLASSES = ("background", "RBC", "WBC", "Platelets")

_NAME = re.compile(r"(?:^|/)Annotations/([^/]+)\.xml$")
_PARTS = ("train", "val", "test")


def fetch_bccd(*, data_home=None, download_if_missing=True) -> BoxedImages:
    """Load the BCCD data set: 364 images of 480x640 pixels.

    Files of the publisher's own have faults: boxes without an area. They are left out. So is an image whose file or
    annotation cannot be read, with a warning. ``problems`` of the result tells of each.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (about 8 MB) if it is nowhere.

    Returns
    -------
    BoxedImages
        In the order of their names. A copy may hold fewer images than the publisher's; those that are there are read.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded, or no image of it can be read.

    References
    ----------
    S. Cheng and contributors: BCCD Dataset, 2017-2019, commit d272fb14.
    """
    found, problems, unreadable = [], [], 0
    with open_archive("bccd", (), data_home=data_home, download_if_missing=download_if_missing) as archive:
        parts = _parts(archive)
        for file in archive.names(".xml"):
            if not (match := _NAME.search(file)):
                continue
            name = match[1]
            try:
                image = _image(archive, name)
                annotation = read_voc(archive.read(file), image.shape[:2])
            except (DamagedAnnotationError, DamagedArchiveError, KeyError) as error:
                problems.append(f"{name} is left out: {error.args[0]}")
                unreadable += 1
                continue
            known = np.array([one in BCCD_CLASSES[1:] for one in annotation.names], dtype=bool)
            problems += [f"{name}: {problem}" for problem in annotation.problems]
            problems += [
                f"{name}: {one!r} is none of its classes" for one in annotation.names if one not in BCCD_CLASSES[1:]
            ]
            labels = [BCCD_CLASSES.index(one) for one in annotation.names if one in BCCD_CLASSES[1:]]
            labels = np.array(labels, dtype=np.int64)
            found.append((name, image, annotation.boxes[known], labels, annotation.difficult[known]))
        if not found:
            why = f" {problems[0]}." if problems else ""
            raise DamagedArchiveError(
                f"{archive.path} holds no image with its annotation (Annotations/NAME.xml, JPEGImages/NAME.jpg) that "
                f"can be read.{why} Fetch it again."
            )
    if unreadable:
        warnings.warn(
            f"{unreadable} of {len(found) + unreadable} images of BCCD cannot be read and are left out; `problems` of "
            f"the result says why. The first: {next(p for p in problems if 'is left out' in p)}",
            stacklevel=2,
        )
    names, *columns = zip(*sorted(found, key=lambda one: one[0]), strict=True)
    return BoxedImages(
        np.array(names),
        *columns,
        BCCD_CLASSES,
        np.array([parts.get(name, "") for name in names]),
        tuple(problems),
    )


def _parts(archive) -> dict[str, str]:
    """Which part of the publisher's division each image belongs to; what cannot be read divides nothing."""
    parts = {}
    for part in _PARTS:
        try:
            lines = archive.read(f"ImageSets/Main/{part}.txt").decode("utf-8", errors="replace").split()
        except KeyError:
            continue
        parts |= dict.fromkeys(lines, part)
    return parts


def _image(archive, name) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(archive.read(f"JPEGImages/{name}.jpg"))) as image:
            return np.asarray(image.convert("RGB"))
    except KeyError:
        raise KeyError(f"there is no JPEGImages/{name}.jpg") from None
    except DamagedArchiveError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DamagedAnnotationError(f"its image is damaged: {error}") from None
