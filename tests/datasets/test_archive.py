"""Archives in the forms that publishers use, and with the damage that happens to them."""

import io
import random
import tarfile
import zipfile

import pytest

from mlcourse.datasets.archive import Archive, DamagedArchiveError

_DIGITS = random.Random(0)
FILES = {f"Set/raw/{name}.txt": bytes(_DIGITS.choices(b"0123456789.,\n", k=2000)) for name in "abc"}


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files, mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FORMS = {
    "zip": zipped(FILES),
    "zip in zip": zipped({"readme.txt": b"hello", "Set v1.zip": zipped(FILES)}),
    "tar": tarred(FILES, "w"),
    "tar.gz": tarred(FILES, "w:gz"),
    "tar.xz": tarred(FILES, "w:xz"),
}


@pytest.fixture(params=FORMS)
def packed(request, tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(FORMS[request.param])
    return path


def test_members_are_found_by_the_end_of_their_path(packed):
    with Archive(packed) as archive:
        assert archive.read("raw/b.txt") == FILES["Set/raw/b.txt"]
        assert archive.has("b.txt")
        assert archive.has("Set/raw/b.txt")
        assert not archive.has("aw/b.txt")
        assert not archive.has("d.txt")
        assert [name[-9:] for name in archive.names(".txt", within="raw")] == ["raw/a.txt", "raw/b.txt", "raw/c.txt"]
        with pytest.raises(KeyError, match=r"d\.txt"):
            archive.read("d.txt")


def test_a_folder_of_extracted_files_reads_the_same(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with Archive(tmp_path) as archive:
        assert archive.names() == sorted(FILES)
        assert archive.read("raw/a.txt") == FILES["Set/raw/a.txt"]


def test_what_a_mac_adds_is_no_member(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped({**FILES, "__MACOSX/Set/raw/._a.txt": b"junk"}))
    with Archive(tmp_path / "x.zip") as archive:
        assert len(archive.names()) == 3


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.zip"):
        Archive(tmp_path / "nowhere.zip")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(DamagedArchiveError, match="fetch it again"):
        Archive(tmp_path / "x.zip")


def test_a_file_can_be_deleted_after_it_was_closed(packed):
    with Archive(packed) as archive:
        archive.check()
    packed.unlink()


@pytest.mark.parametrize("harm", ["cut", "flip", "overwrite"])
def test_damage_is_one_error_and_never_other_data(packed, harm):
    """Of random damage, either nothing that matters was hit, or it is noticed; wrong bytes never come out."""
    whole, rng, errors = packed.read_bytes(), random.Random(harm), []
    plain = tarfile.is_tarfile(packed) and whole[257:262] == b"ustar"  # an uncompressed tar has no checksum of its data
    for _ in range(60):
        broken = bytearray(whole)
        place = rng.randrange(len(whole))
        if harm == "cut":
            del broken[place:]
        elif harm == "flip":
            broken[place] ^= 1 << rng.randrange(8)
        else:
            broken[place : place + 20] = bytes(rng.randrange(256) for _ in range(20))
        packed.write_bytes(broken)
        try:
            with Archive(packed) as archive:
                got = {name: archive.read(name) for name in FILES if archive.has(name)}
        except DamagedArchiveError as error:
            errors.append(str(error))
        else:
            assert plain or all(FILES[name] == content for name, content in got.items())
    assert plain or len(errors) > 40
    assert all(str(packed) in error and "\n" not in error for error in errors)
