"""Get a file from its publisher: whole and right, or not at all."""

import errno
import shutil
from pathlib import Path

import pooch
import requests

# Seconds without a single byte after which a server counts as gone. A slow one that keeps sending may take hours.
PATIENCE = 30


class DownloadError(OSError):
    """A file could not be fetched; nothing was left behind."""


def download(
    address: str, target, *, sha256: str | None = None, size: int | None = None, progress: bool = True
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

    def fetch(url, output_file, pup):
        pooch.HTTPDownloader(progressbar=progress, timeout=PATIENCE)(url, output_file, pup)
        received = Path(output_file).stat().st_size
        if size is not None and received < size:
            raise DownloadError(
                f"The download of {address} broke off after {received:,} of {size:,} bytes. Try again. {by_hand}"
            )

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
        ) from error
    except requests.exceptions.Timeout as error:
        raise DownloadError(f"{address} sent nothing for {PATIENCE} seconds. Try again later. {by_hand}") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise DownloadError(f"The download of {address} broke off. Try again. {by_hand}") from error
    except requests.exceptions.RequestException as error:
        raise DownloadError(f"{address} cannot be reached: is there a network? {by_hand}") from error
    except ValueError as error:
        # pooch's own word for a checksum that does not match
        raise DownloadError(
            f"{address} sent a file whose SHA-256 checksum is not the publisher's, {sha256}: it was changed, or "
            "damaged on the way. It was not kept. Try again, and if the same happens, tell who maintains this course."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            need = f"{size / 1e6:.0f} MB are" if size else "more space is"
            raise DownloadError(
                f"The disk of {target.parent} is full: {need} needed for {target.name}. Make room."
            ) from error
        raise DownloadError(
            f"{target} cannot be written ({error.strerror or error}). Name another folder with data_home=..., or make "
            "this one writable."
        ) from error
    return target
