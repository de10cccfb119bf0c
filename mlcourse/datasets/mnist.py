"""MNIST: 70,000 handwritten digits of 28x28 pixels."""

import gzip
import io
import struct
import zlib

import numpy as np

from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.images import LabelledImages
from mlcourse.datasets.registry import open_archive

# What the parts are called in the idx files.
_STEMS = {"train": "train", "test": "t10k"}


def fetch_mnist(part="test", *, data_home=None, download_if_missing=True) -> LabelledImages:
    """Load MNIST, from the one file ``mnist.npz`` or from the publisher's idx files.

    Parameters
    ----------
    part : str
        ``"test"`` (10,000 images), ``"train"`` (60,000) or ``"all"``, the training images first. The idx files of one
        part are enough for that part.
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (11 MB) if it is nowhere.

    Returns
    -------
    LabelledImages

    Raises
    ------
    ValueError
        If there is no such part.
    FileNotFoundError
        If it is not here, or not this part of it, and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, Proceedings of
    the IEEE 86(11), 1998.
    """
    if part not in (*_STEMS, "all"):
        raise ValueError(f"part must be 'test', 'train' or 'all', not {part!r}.")
    parts = tuple(_STEMS) if part == "all" else (part,)
    with _open(parts, data_home, download_if_missing) as archive:
        read = _read_npz if archive.has(_npz(parts)[0]) else _read_idx
        images, labels = zip(*(read(archive, one) for one in parts), strict=True)
    return LabelledImages(
        "MNIST" if part == "all" else f"MNIST, {part} part",
        np.concatenate(images).astype(np.float32) / 255,
        np.concatenate(labels).astype(np.int64),
        np.repeat([one == "test" for one in parts], [len(one) for one in images]),
    )


def _npz(parts):
    return tuple(f"{kind}_{part}.npy" for part in parts for kind in "xy")


def _idx(parts):
    return tuple(f"{_STEMS[part]}-{kind}" for part in parts for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"))


def _open(parts, data_home, download_if_missing):
    """The first copy that has these parts, in whichever form; a download brings the npz."""
    packed = tuple(f"{name}.gz" for name in _idx(parts))
    absent = None
    for members in (packed, _idx(parts), _npz(parts)):
        try:
            return open_archive("mnist", members, data_home=data_home, download_if_missing=False)
        except FileNotFoundError as error:
            absent = absent or error  # the one that names the files of the usual form
    if not download_if_missing:
        raise absent
    return open_archive("mnist", _npz(parts), data_home=data_home)


def _read_npz(archive, part):
    arrays = []
    for member in _npz((part,)):
        try:
            arrays.append(np.load(io.BytesIO(archive.read(member)), allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise _damaged(archive, member, str(error).partition("\n")[0]) from None
    return _checked(archive, part, *arrays)


def _read_idx(archive, part):
    arrays = []
    for name, dimensions in zip(_idx((part,)), (3, 1), strict=True):
        packed = archive.has(f"{name}.gz")
        member = f"{name}.gz" if packed else name
        content = archive.read(member)
        if packed:
            try:
                content = gzip.decompress(content)
            except (OSError, EOFError, zlib.error) as error:
                raise _damaged(archive, member, str(error)) from None
        arrays.append(_idx_array(archive, member, content, dimensions))
    return _checked(archive, part, *arrays)


def _idx_array(archive, member, content, dimensions):
    # Two zeros, the type (8: unsigned bytes), the number of dimensions, their sizes as big-endian numbers, the values.
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes([0, 0, 8, dimensions]):
        raise _damaged(archive, member, f"it does not begin as an idx file of {dimensions} dimensions does")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    values = np.frombuffer(content, dtype=np.uint8, offset=start)
    if values.size != np.prod(shape, dtype=object):
        raise _damaged(archive, member, f"it holds {values.size:,} values instead of {' x '.join(map(str, shape))}")
    return values.reshape(shape)


def _checked(archive, part, images, labels):
    n = len(images)
    if images.dtype != np.uint8 or images.shape != (n, 28, 28) or not n:
        raise _damaged(archive, f"{part} images", f"{images.dtype} of shape {images.shape} instead of 28x28 bytes each")
    if labels.shape != (n,) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
        raise _damaged(
            archive,
            f"{part} labels",
            f"{labels.shape} labels instead of one digit from 0 to 9 for each of {n:,} images",
        )
    return images, labels


def _damaged(archive, member, reason):
    return DamagedArchiveError(
        f"{member} in {archive.path} is damaged or incomplete ({reason}). Delete it and fetch MNIST again, or put an "
        "intact copy there."
    )
