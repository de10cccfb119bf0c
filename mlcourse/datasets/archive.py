"""Read members of what a publisher distributes: a zip, a tar, a zip within a zip, or a folder of extracted files."""

import errno
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path

# What the standard library raises for a file that is cut short or changed.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # a compression method that does not exist
    RuntimeError,  # a member that claims to be encrypted
    ValueError,  # a name that is no text, an offset outside the file
)


class DamagedArchiveError(OSError):
    """A file that is there, but cannot be read: cut short, changed, or not what its name says."""


class Archive:
    """Members of an archive or folder, by the end of their names.

    Publishers put the same files under changing folders (``HAPT Data Set/RawData/...`` or ``RawData/...``) and zips
    into zips. So a member is asked for by the last parts of its path, and zips inside are looked into. Use it in a
    ``with`` statement, which closes the file again.

    Parameters
    ----------
    path : path-like
        A zip, a tar (compressed or not) or a folder.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    DamagedArchiveError
        If it is no archive, or a damaged one.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._readers = {}
        self._open = ExitStack()
        if not self.path.exists():
            raise FileNotFoundError(f"there is no file {self.path}.")
        try:
            if self.path.is_dir():
                for file in sorted(self.path.rglob("*")):
                    if file.is_file() and "__MACOSX" not in file.parts:
                        self._readers[file.relative_to(self.path).as_posix()] = file.read_bytes
            elif zipfile.is_zipfile(self.path):
                self._add_zip(self._open.enter_context(zipfile.ZipFile(self.path)))
            else:
                self._add_tar(self._open.enter_context(tarfile.open(self.path)))  # noqa: SIM115
        except (*_DAMAGE, OSError) as error:
            self.close()
            if not _is_damage(error):
                raise
            raise self._damaged(error) from None

    def _add_zip(self, archive, prefix=""):
        for info in archive.infolist():
            if info.is_dir() or info.filename.startswith("__MACOSX/"):
                continue
            self._readers[prefix + info.filename] = lambda info=info: archive.read(info)
            if info.filename.lower().endswith(".zip"):
                inner = self._open.enter_context(zipfile.ZipFile(io.BytesIO(archive.read(info))))
                self._add_zip(inner, f"{prefix}{info.filename[:-4]}/")

    def _add_tar(self, archive):
        for info in archive.getmembers():
            if info.isfile():
                self._readers[info.name] = lambda info=info: archive.extractfile(info).read()
        # The checksum of a compressed tar stands behind all members.
        while archive.fileobj.read(2**20):
            pass

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        self._open.close()

    def names(self, ending: str = "", within: str = "") -> list[str]:
        """Full names of members that end with `ending` and lie in a folder called `within`, sorted.

        Parameters
        ----------
        ending : str
            End of the name, such as ``".txt"``.
        within : str
            Folders on the way to the member, such as ``"raw/phone/accel"``.

        Returns
        -------
        list of str
        """
        return sorted(
            name for name in self._readers if name.endswith(ending) and (not within or f"/{within}/" in f"/{name}")
        )

    def has(self, member: str) -> bool:
        """Whether there is a member with this path, in whichever folder."""
        return any(f"/{name}".endswith(f"/{member}") for name in self._readers)

    def read(self, member: str) -> bytes:
        """Read a member.

        Parameters
        ----------
        member : str
            The last parts of its path.

        Returns
        -------
        bytes

        Raises
        ------
        KeyError
            If there is no such member.
        DamagedArchiveError
            If its bytes are not those that were packed.
        """
        for name, reader in self._readers.items():
            if f"/{name}".endswith(f"/{member}"):
                try:
                    return reader()
                except (*_DAMAGE, OSError) as error:
                    if not _is_damage(error):
                        raise
                    raise self._damaged(error, member) from None
        raise KeyError(f"{self.path} has no member {member}.")

    def check(self) -> None:
        """Read every member once.

        Raises
        ------
        DamagedArchiveError
            If one of them is damaged.
        """
        for name in self._readers:
            self.read(name)

    def _damaged(self, error, member="") -> DamagedArchiveError:
        where = f"{member} in {self.path}" if member else str(self.path)
        reason = str(error).partition("\n")[0].rstrip(":")
        return DamagedArchiveError(
            f"{where} is damaged or incomplete ({reason}). Delete {self.path} and fetch it again, or put an intact "
            "copy there."
        )


def _is_damage(error: Exception) -> bool:
    """Whether the bytes are to blame, and not the system (no permission, a broken disk)."""
    return not isinstance(error, OSError) or isinstance(error, _DAMAGE) or error.errno in (None, errno.EINVAL)
