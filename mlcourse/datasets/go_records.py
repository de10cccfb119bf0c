"""Five real game records of Go, from beginners' to AlphaGo's."""

from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.registry import open_archive
from mlcourse.datasets.sgf import GameRecord, SGFError, parse_sgf


def fetch_go_records(*, data_home=None, download_if_missing=True) -> list[GameRecord]:
    """Load five games on 19 by 19 that people, and once AlphaGo, played: 775 moves, all legal.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download them (20 KB) if they are nowhere.

    Returns
    -------
    list of GameRecord
        Sorted by name. Other records (``.sgf``) that lie in the same folder are loaded, too.

    Raises
    ------
    FileNotFoundError
        If they are not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If they cannot be downloaded or read.
    """
    with open_archive("go_records", data_home=data_home, download_if_missing=download_if_missing) as archive:
        records = []
        for member in archive.names(".sgf"):
            try:
                records.append(parse_sgf(archive.read(member), name=member.rsplit("/", 1)[-1]))
            except SGFError as error:
                raise DamagedArchiveError(
                    f"{member} in {archive.path} is damaged: {error} Delete it and fetch the records again."
                ) from None
    return sorted(records, key=lambda record: record.name)
