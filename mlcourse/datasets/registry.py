"""The data sets that the course downloads: where they come from, and where they are on this machine."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import platformdirs
import pooch

from mlcourse.datasets.archive import Archive, DamagedArchiveError
from mlcourse.datasets.download import DownloadError, download


@dataclass(frozen=True)
class Source:
    """A data set as its publisher distributes it.

    Parameters
    ----------
    name : str
        As in ``mlcourse data fetch NAME``, and the name of its card in ``datasets/``.
    title : str
    folder : str
        Folder under each place that is searched.
    address : str
        Of the publisher's archive.
    archive : str
        File name to keep it under.
    sha256 : str or None
        Checksum of the archive; None where the publisher gives none: then that of the first download is kept.
    size : int or None
        Bytes of the archive, where known.
    members : tuple of str
        Ends of the paths of members that a whole copy has, by which it is recognised.
    licence, citation : str
    member_sha256 : tuple of pairs of str
        Members whose checksum is published, and that checksum.
    files : tuple of pairs of str
        Where the publisher has no archive worth its size: address and name of each single file. Then `address` is where
        they can be looked at, `archive` is empty, and `member_sha256` has the checksum of each.
    instead : tuple of str
        Members of another form in which the same data are in circulation, and read just as well; those that end in
        ``.gz`` may be unpacked.
    """

    name: str
    title: str
    folder: str
    address: str
    archive: str
    sha256: str | None
    size: int | None
    members: tuple[str, ...]
    licence: str
    citation: str
    member_sha256: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    instead: tuple[str, ...] = ()


_UCI = "https://archive.ics.uci.edu/static/public"
_NO_COMMERCE = "CC BY 4.0 on the publisher's page; the readme inside rules out commercial use"

_MNIST_FILES = (
    ("train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    ("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    ("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)

# Name, the commit by which it is fetched, checksum.
_GO_RECORDS = (
    (
        "LS vs AG - G4 - English.sgf",
        "6cadaa27eb3012559a24973f1c38c30e52584fdf",
        "ce3f6254ce3037b9706b015b641c00b6b1b0a5b9ecb5c21b157c7668defa7bdc",
    ),
    (
        "fox sgf error.sgf",
        "f13d5bba1c4ccf4ae479e2d5f7267a181c212789",
        "4f38ba6b9f4b2f574bdf347c9f22a77daf1de201dc1bf432ae1b4712fcc62f5a",
    ),
    (
        "fox sgf works.sgf",
        "b47a7156bc80d8a173d822d9ea880b5d3a9070d3",
        "62659dd69734610b835c9563a871c13722e68267d76ae6b48629ab87286ed2c5",
    ),
    (
        "ogs.sgf",
        "e0d07fa880e1e661530abde9235ac394bfeb16bf",
        "d14bb891b6ea6cd9a69c3a03be3c7249bd127c3f5dd7aee30490f3f495ed64f2",
    ),
    (
        "panda1.sgf",
        "e0d07fa880e1e661530abde9235ac394bfeb16bf",
        "2dc0b6771cb58fc8266e97bb171ad183017b2bc977f58f6760890251fd00907b",
    ),
)

DATASETS: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="wisdm",
            title="WISDM v1.1: raw accelerometer and 43 features",
            folder="wisdm_v1.1",
            address="https://www.cis.fordham.edu/wisdm/includes/datasets/latest/WISDM_ar_latest.tar.gz",
            archive="WISDM_ar_latest.tar.gz",
            sha256="e573791269aab4a629721cf04b6031b7cbf8e14261cd2bc86e65887a2bc592d7",
            size=11_404_612,
            members=("WISDM_ar_v1.1_raw.txt", "WISDM_ar_v1.1_transformed.arff"),
            licence="none named; cite the paper, and keep readme.txt with any copy",
            citation=(
                "J. R. Kwapisz, G. M. Weiss, S. A. Moore: Activity Recognition using Cell Phone Accelerometers, "
                "SIGKDD Explorations 12(2), 2010"
            ),
            member_sha256=(
                ("WISDM_ar_v1.1_raw.txt", "9aba4b1eaece56ab6d9187b16fc010c176e464750a4ec44c9d833514ecc1fa2e"),
                ("WISDM_ar_v1.1_transformed.arff", "b083abfe759dea1b8f5eae01f2bef135bbecb25246c8d1eb52afdbfadd3e883a"),
            ),
        ),
        Source(
            name="wisdm_51",
            title="WISDM smartphone and smartwatch: 51 people, 18 activities",
            folder="wisdm_51",
            address=f"{_UCI}/507/wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
            archive="wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
            sha256=None,
            size=None,
            members=("activity_key.txt",),
            licence="CC BY 4.0",
            citation=(
                "G. M. Weiss, K. Yoneda, T. Hayajneh: Smartphone and Smartwatch-Based Biometrics Using Activities of "
                "Daily Living, IEEE Access 7, 2019. DOI 10.24432/C5HK59"
            ),
        ),
        Source(
            name="uci_har",
            title="UCI HAR: windows of accelerometer and gyroscope, 561 features",
            folder="uci_har",
            address=f"{_UCI}/240/human+activity+recognition+using+smartphones.zip",
            archive="human+activity+recognition+using+smartphones.zip",
            sha256="c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
            size=61_005_872,
            members=("train/y_train.txt", "test/y_test.txt"),
            licence=_NO_COMMERCE,
            citation=(
                "D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz: A Public Domain Dataset for Human "
                "Activity Recognition Using Smartphones, ESANN 2013"
            ),
            member_sha256=(
                ("UCI HAR Dataset.zip", "2045e435c955214b38145fb5fa00776c72814f01b203fec405152dac7d5bfeb0"),
            ),
        ),
        Source(
            name="hapt",
            title="HAPT v2.1: raw accelerometer and gyroscope, 30 people, with transitions",
            folder="hapt",
            address=f"{_UCI}/341/smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
            archive="smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
            sha256="4ac4ae064227c07045a99551876b54d204837e995e298b6488559e209b3deb09",
            size=79_596_192,
            members=("RawData/labels.txt",),
            licence=_NO_COMMERCE,
            citation=(
                "J.-L. Reyes-Ortiz, L. Oneto, A. Samà, X. Parra, D. Anguita: Transition-Aware Human Activity "
                "Recognition Using Smartphones, Neurocomputing 171, 2016"
            ),
        ),
        Source(
            name="mnist",
            title="MNIST: 70,000 handwritten digits, 28x28 pixels",
            folder="mnist",
            address="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            archive="mnist.npz",
            sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            size=11_490_434,
            members=("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),
            licence="CC BY-SA 3.0",
            citation=(
                "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, "
                "Proceedings of the IEEE 86(11), 1998"
            ),
            member_sha256=_MNIST_FILES,
            instead=tuple(name for name, _ in _MNIST_FILES),
        ),
        Source(
            name="spoken_digits",
            title="Free Spoken Digit Dataset v1.0.10: 3,000 recordings",
            folder="fsdd",
            address="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.10.zip",
            archive="v1.0.10.zip",
            sha256="c680098f5d2355ba7cc4bd8b0ca9e0a24c00ebe3b4c552208889a4d28d4fbc2b",
            size=16_419_872,
            members=("recordings/0_george_0.wav", "recordings/9_yweweler_49.wav"),
            licence="CC BY-SA 4.0",
            citation=(
                "Z. Jackson and others: Jakobovski/free-spoken-digit-dataset: v1.0.10, 2020. DOI 10.5281/zenodo.1342401"
            ),
        ),
        Source(
            name="sms_spam",
            title="SMS Spam Collection: 5,574 text messages",
            folder="sms_spam",
            address=f"{_UCI}/228/sms+spam+collection.zip",
            archive="sms+spam+collection.zip",
            sha256="1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
            size=203_415,
            members=("SMSSpamCollection",),
            licence="CC BY 4.0",
            citation=(
                "T. A. Almeida, J. M. Gómez Hidalgo, A. Yamakami: Contributions to the Study of SMS Spam Filtering: "
                "New Collection and Results, ACM DocEng 2011. DOI 10.24432/C5CC84"
            ),
            member_sha256=(("SMSSpamCollection", "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"),),
        ),
        Source(
            name="bccd",
            title="BCCD: 364 microscope images of blood with boxes around the cells",
            folder="bccd_voc",
            address="https://github.com/Shenggan/BCCD_Dataset/archive/d272fb14cdff6e473fafeeeba32aba5f560e9e43.zip",
            archive="d272fb14cdff6e473fafeeeba32aba5f560e9e43.zip",
            sha256=None,
            size=None,
            members=("Annotations/BloodImage_00007.xml", "ImageSets/Main/test.txt"),
            licence="MIT",
            citation="S. Cheng and contributors: BCCD Dataset, 2017-2019, commit d272fb14",
        ),
        Source(
            name="go_records",
            title="Five Go game records (SGF), 775 moves",
            folder="go_sgf",
            address="https://github.com/sanderland/katrain/tree/master/tests/data",
            archive="",
            sha256=None,
            size=19_519,
            members=tuple(name for name, _, _ in _GO_RECORDS),
            licence="MIT",
            citation="S. Land and contributors: KaTrain, 2020, tests/data",
            member_sha256=tuple((name, sha256) for name, _, sha256 in _GO_RECORDS),
            files=tuple(
                (f"https://raw.githubusercontent.com/sanderland/katrain/{commit}/tests/data/{quote(name)}", name)
                for name, commit, _ in _GO_RECORDS
            ),
        ),
    )
}


@dataclass(frozen=True)
class Status:
    """Whether a data set is on this machine, and where.

    Parameters
    ----------
    name, title : str
    path : pathlib.Path or None
        The archive or folder that would be read.
    size : int or None
        Bytes: of what is there, else of what would be downloaded.
    missing : tuple of str
        What a whole copy has and this one lacks; the rest of it can be used.
    """

    name: str
    title: str
    path: Path | None
    size: int | None
    missing: tuple[str, ...] = ()

    @property
    def present(self) -> bool:
        """Whether it is there, at least in part."""
        return self.path is not None


@dataclass(frozen=True)
class Verification:
    """What a look at every byte of a data set found.

    Parameters
    ----------
    name : str
    state : str
        ``"publisher's archive"``, ``"other copy"`` (readable, but not byte for byte what the publisher distributes: a
        subset, or extracted), ``"damaged"`` or ``"absent"``.
    path : pathlib.Path or None
    detail : str
        What it means, and what to do.
    """

    name: str
    state: str
    path: Path | None
    detail: str

    @property
    def ok(self) -> bool:
        """Whether the data can be used as they are."""
        return self.state in ("publisher's archive", "other copy")


def homes(data_home=None) -> list[Path]:
    """Folders that are searched, in this order: `data_home`, ``MLCOURSE_DATA``, the project's ``datasets/``, the cache.

    Parameters
    ----------
    data_home : path-like, optional

    Returns
    -------
    list of pathlib.Path
        They need not exist.
    """
    found = [Path(data_home).expanduser()] if data_home is not None else []
    if os.environ.get("MLCOURSE_DATA"):
        found.append(Path(os.environ["MLCOURSE_DATA"]).expanduser())
    project = Path(__file__).resolve().parents[2] / "datasets"
    if project.is_dir():
        found.append(project)
    return [*found, cache()]


def cache() -> Path:
    """Folder that downloads go to when no ``data_home`` is given."""
    return platformdirs.user_cache_path("mlcourse")


def status(name: str, data_home=None) -> Status:
    """Look whether a data set is on this machine, without reading all of it.

    Raises
    ------
    ValueError
        If there is no data set of that name.
    """
    source = _source(name)
    found, missing = _best(source, data_home)
    if found is None:
        return Status(name, source.title, None, source.size)
    files = [found] if found.is_file() else [file for file in found.rglob("*") if file.is_file()]
    return Status(name, source.title, found, sum(file.stat().st_size for file in files), missing)


def path(name: str, data_home=None) -> Path:
    """Where a data set is on this machine.

    Raises
    ------
    FileNotFoundError
        If it is not here; the message says how to get it.
    """
    found = status(name, data_home)
    if not found.present:
        raise FileNotFoundError(_absent(_source(name), data_home))
    return found.path


def fetch(name: str, data_home=None, *, progress: bool = True) -> Path:
    """Download a data set, unless a whole copy is on this machine already.

    Parameters
    ----------
    name : str
    data_home : path-like, optional
        Where to look first, and where to keep it. Default: your cache.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If there is no data set of that name.
    DownloadError
        If it cannot be downloaded.
    DamagedArchiveError
        If the copy that is here, or was downloaded, cannot be read.
    """
    with open_archive(name, data_home=data_home, progress=progress) as archive:
        return archive.path


def open_archive(name: str, members=None, *, data_home=None, download_if_missing=True, progress=True) -> Archive:
    """Open the first copy of a data set that has the members asked for; download it if there is none.

    Parameters
    ----------
    name : str
    members : sequence of str, optional
        Ends of the paths of members that must be there. Default: those of a whole copy.
    data_home : path-like, optional
    download_if_missing : bool
    progress : bool

    Returns
    -------
    Archive
        To be closed by the caller.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError
        If it cannot be downloaded.
    DamagedArchiveError
        If the copy that is here, or was downloaded, is damaged.
    """
    source = _source(name)
    lacking = ""
    for candidate in _candidates(source, data_home):
        archive = Archive(candidate)
        missing = _lacks(source, archive, members)
        if not missing:
            return archive
        archive.close()
        lacking = lacking or f" ({candidate} was found, but lacks {', '.join(missing)}.)"
    if not download_if_missing:
        raise FileNotFoundError(_absent(source, data_home) + lacking)

    folder = (cache() if data_home is None else Path(data_home).expanduser()) / source.folder
    if source.files:
        try:
            for address, name in source.files:
                download(address, folder / name, sha256=dict(source.member_sha256)[name], progress=progress)
        except DownloadError as error:
            raise DownloadError(f"{error}{lacking}") from None
        return Archive(folder)
    target = folder / source.archive
    recorded = _recorded(target) if source.sha256 is None else None
    try:
        download(
            source.address,
            target,
            sha256=source.sha256 or recorded,
            size=source.size,
            check=_wrong if source.sha256 is None else None,
            progress=progress,
        )
    except DownloadError as error:
        if recorded:
            lacking += f" The checksum is that of the first download: delete {_record_file(target)} to accept another."
        raise DownloadError(f"{error}{lacking}") from None
    if source.sha256 is None:
        _record(target)
    archive = Archive(target)
    missing = _lacks(source, archive, members)
    if missing:
        archive.close()
        raise DamagedArchiveError(
            f"{target} is as the publisher gives it, but lacks {', '.join(missing)}. Tell who maintains this course."
        )
    return archive


def verify(name: str, data_home=None) -> Verification:
    """Read every byte of a data set and compare checksums.

    Raises
    ------
    ValueError
        If there is no data set of that name.
    """
    source = _source(name)
    found, missing = _best(source, data_home)
    if found is None:
        return Verification(name, "absent", None, _absent(source, data_home))
    if found.is_file():
        sha256 = pooch.file_hash(str(found))
        if sha256 == source.sha256:
            return Verification(name, "publisher's archive", found, "Every byte is the publisher's.")
        recorded = _recorded(found)
        if recorded is not None:
            if sha256 == recorded:
                return Verification(name, "publisher's archive", found, "Every byte is as first downloaded.")
            detail = f"It is not what was downloaded first. Delete {found} and fetch it again."
            return Verification(name, "damaged", found, detail)
        if found.name == source.archive and source.sha256 is not None:
            detail = f"Its SHA-256 checksum is not the publisher's. Delete {found} and fetch it again."
            return Verification(name, "damaged", found, detail)
    try:
        with Archive(found) as archive:
            archive.check()
            for member, sha256 in source.member_sha256:
                if archive.has(member) and hashlib.sha256(archive.read(member)).hexdigest() != sha256:
                    raise DamagedArchiveError(
                        f"{member} in {found} is not the publisher's: its SHA-256 checksum differs. Delete it and "
                        "fetch it again."
                    )
    except DamagedArchiveError as error:
        return Verification(name, "damaged", found, str(error))
    if found.name == source.archive:
        detail = "Readable throughout. The publisher gives no checksum to compare with."
    elif source.files and found.is_dir() and not missing:
        return Verification(name, "publisher's archive", found, "Every file is the publisher's, byte for byte.")
    else:
        detail = "Readable throughout, but not the publisher's whole archive: a subset, or extracted files."
    if missing:
        detail += f" It lacks {', '.join(missing)}."
    return Verification(name, "other copy", found, detail)


def _source(name: str) -> Source:
    if name not in DATASETS:
        raise ValueError(f"name: there is no data set {name!r}, only {', '.join(DATASETS)}.")
    return DATASETS[name]


def _best(source: Source, data_home) -> tuple[Path | None, tuple[str, ...]]:
    """The first whole copy, else the first one; and what it lacks."""
    first = None, ()
    for candidate in _candidates(source, data_home):
        missing = _missing(source, candidate)
        if not missing:
            return candidate, ()
        first = first if first[0] else (candidate, missing)
    return first


def _missing(source: Source, candidate: Path) -> tuple[str, ...]:
    if candidate.name == source.archive:
        return ()  # the publisher's, whole unless damaged, and large: not worth a look inside
    try:
        with Archive(candidate) as archive:
            return _lacks(source, archive)
    except DamagedArchiveError:
        return ()  # `open_archive` and `verify` tell


def _lacks(source: Source, archive: Archive, members=None) -> tuple[str, ...]:
    """Members that are not there; by default, of the form of which least is missing."""
    forms = [form for form in (source.members, source.instead) if form] if members is None else [tuple(members)]
    missing = [tuple(member for member in form if not archive.has(member)) for form in forms]
    if members is None and source.instead:
        missing.append(tuple(member for member in source.instead if not archive.has(member.removesuffix(".gz"))))
    return min(missing, key=len)


def _candidates(source: Source, data_home):
    """Yield each file or folder that may hold the data set, the likeliest first."""
    for home in homes(data_home):
        folder = home / source.folder
        own = [folder / source.archive, home / source.archive]
        yield from (file for file in own if file.is_file())
        if not folder.is_dir():
            continue
        packed = sorted(
            file
            for file in folder.rglob("*")
            if file.is_file() and file.name.lower().endswith(_PACKED) and file not in own
        )
        yield from packed
        known = (*source.members, *source.instead, *(member.removesuffix(".gz") for member in source.instead))
        if any(file.is_file() for member in known for file in folder.rglob(Path(member).name)):
            yield folder


_PACKED = (".zip", ".tar", ".tar.gz", ".tgz")


def _absent(source: Source, data_home) -> str:
    places = ", ".join(str(home / source.folder) for home in homes(data_home))
    return (
        f"The data set {source.name!r} is not on this machine; looked in {places}. `mlcourse data fetch {source.name}` "
        f"downloads it, or put {source.archive or 'the files'} from {source.address} into one of these folders."
    )


def _wrong(archive: Path) -> str | None:
    """What is wrong with an archive for which no checksum is known."""
    try:
        with Archive(archive) as opened:
            opened.check()
    except DamagedArchiveError:
        return "it is no archive, or not a whole one."
    return None


def _record(archive: Path) -> None:
    """Keep the checksum of a first download beside it, for want of a published one."""
    file = _record_file(archive)
    try:
        file.write_text(f"{pooch.file_hash(str(archive))}  {archive.name}\n", encoding="ascii")
    except OSError:
        file.unlink(missing_ok=True)  # the archive itself is there, and whole


def _recorded(archive: Path) -> str | None:
    file = _record_file(archive)
    words = file.read_text(encoding="ascii", errors="replace").split() if file.is_file() else []
    return words[0] if words else None


def _record_file(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.sha256")
