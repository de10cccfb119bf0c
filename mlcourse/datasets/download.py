"""Get a file from its publisher: whole and right, or not at all."""

import errno
import shutil
from pathlib import Path

import pooch
import requests
from tqdm import tqdm
from urllib3.exceptions import ReadTimeoutError

# Seconds without a single byte after which a server counts as gone. A slow one that keeps sending may take hours.
PATIENCE = 30


class DownloadError(OSError):
    """A file could not be fetched; nothing was left behind."""


def download(
    address: str, target, *, sha256: str | None = None, size: int | None = None, check=None, progress: bool = True
) -> Path:
    """Download a file, check it, and only then give it its name.

    Parameters
    ----------
    address : str
        Where the file is.
    target : path-like
        Where it shall be. Its folder is made; until the file is complete and right, it lies there under another name.
    sha256 : str, optional
        The publisher's checksum.
    size : int, optional
        Bytes that the file should have.
    check : callable, optional
        Called with the path of the complete file before it gets its name; returns what is wrong with it, or None.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pathlib.Path
        `target`.

    Raises
    ------
    DownloadError
        If the server cannot be reached, breaks off, stays silent, or sends something else; if the disk is full or the
        folder cannot be written to. Nothing is left behind.
    """
    target = Path(target)
    by_hand = f"Or get {address} in any other way and put it at {target}."

    def fetch(url, temporary, pup):
        bar = tqdm(desc=target.name, total=size, unit="B", unit_scale=True, delay=0.3, disable=not progress)
        with bar, open(temporary, "wb") as file:
            limited = _Limited(file, size, too_much, bar)
            pooch.HTTPDownloader(chunk_size=2**16, timeout=PATIENCE)(url, limited, pup)
        if size is not None and limited.count < size:
            raise DownloadError(
                f"The download of {address} broke off after {limited.count:,} of {size:,} bytes. Try again. {by_hand}"
            )
        if check is not None and (wrong := check(Path(temporary))):
            raise DownloadError(f"{address} sent something else: {wrong} It was not kept. {by_hand}")

    too_much = DownloadError(
        f"{address} sends more than the {size or 0:,} bytes that the file should have: it is another file. It was not "
        "kept. If the same happens again, tell who maintains this course."
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # the progress bar says it already
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if size is not None and shutil.disk_usage(target.parent).free < size:
            raise OSError(errno.ENOSPC, "No space left on device")
        pooch.retrieve(
            address,
            known_hash=f"sha256:{sha256}" if sha256 else None,
            fname=target.name,
            path=target.parent,
            downloader=fetch,
        )
    except DownloadError:
        raise
    except requests.exceptions.HTTPError as error:
        code = error.response.status_code
        raise DownloadError(
            f"{address} answered {code} ({error.response.reason}): the publisher may have moved the file. {by_hand}"
        ) from None
    except requests.exceptions.ChunkedEncodingError:
        raise DownloadError(f"The download of {address} broke off. Try again. {by_hand}") from None
    except requests.exceptions.RequestException as error:
        if _is_silence(error):
            raise DownloadError(f"{address} sent nothing for {PATIENCE} seconds. Try again later. {by_hand}") from None
        if isinstance(error, requests.exceptions.SSLError):
            raise DownloadError(
                f"The certificate of {address} is not accepted: is the date of this machine right, or does a proxy "
                f"stand in between? {by_hand}"
            ) from None
        raise DownloadError(f"{address} cannot be reached: is there a network? {by_hand}") from None
    except ValueError:
        # pooch's own word for a checksum that does not match
        raise DownloadError(
            f"{address} sent a file whose SHA-256 checksum is not {sha256}, as it should be: it was changed, or "
            "damaged on the way. It was not kept. Try again, and if the same happens, tell who maintains this course."
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            need = f"{size / 1e6:.0f} MB are" if size else "more space is"
            raise DownloadError(
                f"The disk of {target.parent} is full: {need} needed for {target.name}. Make room, or name a folder "
                "on another disk with data_home=..."
            ) from None
        reason = "permission denied" if isinstance(error, PermissionError) else error.strerror or error
        raise DownloadError(
            f"{target} cannot be written ({reason}). Name another folder with data_home=..., or make this one writable."
        ) from None
    finally:
        logger.setLevel(level)
    return target


class _Limited:
    """A file that takes no more bytes than it should have, so that no server can fill the disk."""

    def __init__(self, file, size, error, bar):
        self.file, self.size, self.error, self.bar = file, size, error, bar
        self.count = 0

    def write(self, chunk):
        self.count += len(chunk)
        if self.size is not None and self.count > self.size:
            raise self.error
        self.file.write(chunk)
        self.bar.update(len(chunk))

    def flush(self):
        self.file.flush()


def _is_silence(error: requests.exceptions.RequestException) -> bool:
    # A pause in the middle of the file comes as a ConnectionError that wraps urllib3's own.
    inner = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.Timeout) or isinstance(inner, ReadTimeoutError)
