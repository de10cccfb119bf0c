"""Where data sets are looked for, in which order and form, and what is said when they are not there."""

import dataclasses
import hashlib
import io
import shutil
import zipfile

import pytest

from mlcourse.datasets import DamagedArchiveError, DownloadError, fetch_hapt, fetch_wisdm, registry

ARCHIVE = {name: source.archive for name, source in registry.DATASETS.items()}


def pack(path, **files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".txt", content)
    return path


def hapt(path, mark="1 1 5 1 2\n"):
    return pack(path, RawData__labels=mark)


def read(**options):
    with registry.open_archive("hapt", download_if_missing=False, **options) as archive:
        return archive.path, archive.read("labels.txt")


class TestTable:
    @pytest.mark.parametrize("source", registry.DATASETS.values(), ids=registry.DATASETS)
    def test_every_entry_is_complete(self, source):
        assert registry.DATASETS[source.name] is source
        assert source.address.startswith("https://")
        assert source.address.endswith(source.archive)
        assert source.sha256 is None or len(bytes.fromhex(source.sha256)) == 32
        assert all(len(bytes.fromhex(sha256)) == 32 for _, sha256 in source.member_sha256)
        assert source.members
        assert source.licence
        assert source.citation

    @pytest.mark.parametrize("call", [registry.status, registry.path, registry.fetch, registry.verify])
    def test_unknown_name(self, call):
        with pytest.raises(ValueError, match="no data set 'cifar', only wisdm, wisdm_51, uci_har, hapt"):
            call("cifar")


class TestOrder:
    def test_argument_then_environment_then_project_then_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MLCOURSE_DATA", str(tmp_path / "environment"))
        monkeypatch.setattr(registry, "cache", lambda: tmp_path / "cache")
        found = registry.homes(tmp_path / "argument")
        assert found[:2] == [tmp_path / "argument", tmp_path / "environment"]
        assert found[-1] == tmp_path / "cache"
        assert [home.name for home in found[2:-1]] in (["datasets"], [])

    def test_the_first_place_that_has_it_is_read(self, tmp_path, no_data, monkeypatch):
        monkeypatch.setenv("MLCOURSE_DATA", str(tmp_path / "environment"))
        places = [tmp_path / "argument", tmp_path / "environment", no_data]
        for index, place in reversed(list(enumerate(places))):
            path = hapt(place / "hapt" / ARCHIVE["hapt"], f"{index} 1 5 1 2\n")
            assert read(data_home=tmp_path / "argument") == (path, f"{index} 1 5 1 2\n".encode())
            assert registry.status("hapt", tmp_path / "argument").path == path

    def test_a_place_that_lacks_a_member_is_passed_over(self, tmp_path, no_data, monkeypatch):
        monkeypatch.setenv("MLCOURSE_DATA", str(tmp_path))
        pack(tmp_path / "hapt" / "subset.zip", readme="only")
        path = hapt(no_data / "hapt" / ARCHIVE["hapt"])
        assert read()[0] == path


class TestForms:
    @pytest.mark.parametrize("name", [ARCHIVE["hapt"], "HAPT_without_feature_matrices.zip", "data.ZIP"])
    def test_archive_by_any_name(self, tmp_path, no_data, name):
        path = hapt(tmp_path / "hapt" / name)
        assert read(data_home=tmp_path)[0] == path

    def test_archive_without_its_folder(self, tmp_path, no_data):
        path = hapt(tmp_path / ARCHIVE["hapt"])
        assert read(data_home=tmp_path)[0] == path

    @pytest.mark.parametrize("prefix", ["", "HAPT Data Set"])
    def test_extracted(self, tmp_path, no_data, prefix):
        labels = tmp_path / "hapt" / prefix / "RawData" / "labels.txt"
        labels.parent.mkdir(parents=True)
        labels.write_text("1 1 5 1 2\n")
        assert read(data_home=str(tmp_path)) == (tmp_path / "hapt", b"1 1 5 1 2\n")

    def test_only_one_of_two_files(self, tmp_path, no_data):
        arff = tmp_path / "wisdm_v1.1" / "WISDM_ar_v1.1_transformed.arff"
        arff.parent.mkdir()
        arff.write_text("@data\n")
        found = registry.status("wisdm", tmp_path)
        assert found.present
        assert found.missing == ("WISDM_ar_v1.1_raw.txt",)
        with pytest.raises(FileNotFoundError, match=r"lacks WISDM_ar_v1\.1_raw\.txt"):
            fetch_wisdm(data_home=tmp_path, download_if_missing=False)


class TestAbsent:
    def test_message_says_where_it_looked_and_how_to_get_it(self, tmp_path, no_data):
        with pytest.raises(FileNotFoundError) as caught:
            fetch_hapt(data_home=tmp_path, download_if_missing=False)
        for part in (tmp_path / "hapt", no_data / "hapt", "mlcourse data fetch hapt", ARCHIVE["hapt"], "https://"):
            assert str(part) in str(caught.value)
        with pytest.raises(FileNotFoundError, match="mlcourse data fetch hapt"):
            registry.path("hapt")

    def test_status(self, no_data):
        found = registry.status("hapt")
        assert not found.present
        assert found.size == 79_596_192
        assert registry.verify("hapt").state == "absent"
        assert not registry.verify("hapt").ok


class TestFetch:
    @pytest.fixture
    def offered(self, publisher, no_data, tmp_path, monkeypatch):
        """HAPT's publisher on this machine; call it to change what is sent."""

        def offer(name="hapt", content=None, sha256=None, **options):
            content = hapt(tmp_path / "offered.zip").read_bytes() if content is None else content
            source = dataclasses.replace(
                registry.DATASETS[name],
                address=publisher.publish("/data.zip", content, **options),
                sha256=sha256,
                size=len(content) if sha256 else None,
            )
            monkeypatch.setitem(registry.DATASETS, name, source)
            return content

        return offer

    def test_goes_to_the_cache_once(self, offered, publisher, no_data):
        content = offered()
        path = registry.fetch("hapt", progress=False)
        assert path == no_data / "hapt" / ARCHIVE["hapt"]
        assert path.read_bytes() == content
        assert registry.fetch("hapt", progress=False) == path
        assert publisher.asked == ["/data.zip"]

    def test_goes_to_data_home_if_given(self, offered, no_data, tmp_path):
        offered()
        assert registry.fetch("hapt", tmp_path / "mine").is_relative_to(tmp_path / "mine")
        assert not no_data.exists()

    def test_a_part_is_made_whole(self, offered, no_data, tmp_path):
        (tmp_path / "wisdm_v1.1").mkdir()
        (tmp_path / "wisdm_v1.1" / "WISDM_ar_v1.1_transformed.arff").write_text("@data\n")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for member in registry.DATASETS["wisdm"].members:
                archive.writestr(f"WISDM_ar_v1.1/{member}", "")
        offered("wisdm", buffer.getvalue())
        path = registry.fetch("wisdm", tmp_path, progress=False)
        assert path.name == ARCHIVE["wisdm"]
        assert registry.status("wisdm", tmp_path).path == path

    def test_wrong_checksum(self, offered, no_data):
        offered(sha256="0" * 64)
        with pytest.raises(DownloadError, match="checksum"):
            registry.fetch("hapt", progress=False)
        assert list((no_data / "hapt").iterdir()) == []

    def test_what_was_found_lacking_is_told_when_the_network_is_gone(self, tmp_path, no_data, monkeypatch):
        pack(tmp_path / "hapt" / "subset.zip", readme="only")
        source = dataclasses.replace(registry.DATASETS["hapt"], address="http://nowhere.invalid/x.zip")
        monkeypatch.setitem(registry.DATASETS, "hapt", source)
        with pytest.raises(DownloadError, match=r"is there a network\?.*subset\.zip was found, but lacks RawData"):
            fetch_hapt(data_home=tmp_path)

    @pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
    def test_without_a_published_checksum_half_an_archive_is_not_kept(self, offered, no_data, tmp_path, share):
        whole = pack(tmp_path / "w.zip", activity_key="walking = A\n" * 500).read_bytes()
        offered("wisdm_51", whole[: int(share * len(whole))])
        with pytest.raises(DownloadError, match="no archive, or not a whole one"):
            registry.fetch("wisdm_51", progress=False)
        assert list((no_data / "wisdm_51").iterdir()) == []

    def test_without_a_published_checksum_the_first_one_is_kept_and_compared(self, offered, no_data, tmp_path):
        first = offered("wisdm_51", pack(tmp_path / "w.zip", activity_key="walking = A\n").read_bytes())
        path = registry.fetch("wisdm_51", progress=False)
        record = path.with_name(path.name + ".sha256")
        assert record.read_text().split() == [hashlib.sha256(first).hexdigest(), path.name]
        assert registry.verify("wisdm_51").state == "publisher's archive"

        path.write_bytes(pack(tmp_path / "w.zip", activity_key="walking = B\n").read_bytes())
        assert registry.verify("wisdm_51").state == "damaged"

        path.unlink()
        offered("wisdm_51", (tmp_path / "w.zip").read_bytes())
        with pytest.raises(DownloadError, match=r"delete .*\.sha256 to accept another"):
            registry.fetch("wisdm_51", progress=False)
        record.unlink()
        assert registry.fetch("wisdm_51", progress=False) == path

    def test_an_archive_without_what_is_needed(self, offered, no_data, tmp_path):
        offered(content=pack(tmp_path / "w.zip", readme="only").read_bytes())
        with pytest.raises(DamagedArchiveError, match=r"lacks RawData/labels\.txt"):
            registry.fetch("hapt", progress=False)


class TestVerify:
    def test_publishers(self, tmp_path, no_data, monkeypatch):
        path = hapt(tmp_path / "hapt" / ARCHIVE["hapt"])
        source = dataclasses.replace(
            registry.DATASETS["hapt"], sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=None
        )
        monkeypatch.setitem(registry.DATASETS, "hapt", source)
        found = registry.verify("hapt", tmp_path)
        assert (found.state, found.path, found.ok) == ("publisher's archive", path, True)

    def test_subset(self, tmp_path, no_data):
        path = hapt(tmp_path / "hapt" / "subset.zip")
        found = registry.verify("hapt", tmp_path)
        assert (found.state, found.path, found.ok) == ("other copy", path, True)

    def test_without_any_checksum(self, tmp_path, no_data):
        pack(tmp_path / "wisdm_51" / ARCHIVE["wisdm_51"], activity_key="walking = A\n")
        found = registry.verify("wisdm_51", tmp_path)
        assert (found.state, found.ok) == ("other copy", True)
        assert "no checksum to compare with" in found.detail

    def test_publishers_name_with_other_bytes(self, tmp_path, no_data):
        hapt(tmp_path / "hapt" / ARCHIVE["hapt"])
        found = registry.verify("hapt", tmp_path)
        assert (found.state, found.ok) == ("damaged", False)
        assert "Delete" in found.detail

    def test_subset_with_a_flipped_bit(self, tmp_path, no_data):
        path = hapt(tmp_path / "hapt" / "subset.zip", "1 1 5 1 2\n" * 100)
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1 1 5 1 2\n1 1", b"1 1 6 1 2\n1 1", 1))
        assert registry.verify("hapt", tmp_path).state == "damaged"

    def test_extracted_file_that_was_edited(self, tmp_path, no_data):
        (tmp_path / "wisdm_v1.1").mkdir()
        (tmp_path / "wisdm_v1.1" / "WISDM_ar_v1.1_transformed.arff").write_text("@data\n")
        found = registry.verify("wisdm", tmp_path)
        assert found.state == "damaged"
        assert "WISDM_ar_v1.1_transformed.arff" in found.detail

    @pytest.mark.parametrize("name", ["wisdm", "wisdm_51", "hapt"])
    def test_real(self, real_data, name):
        found = registry.verify(name, real_data)
        assert found.ok, found.detail


def test_truncated_local_archive(tmp_path, no_data):
    path = hapt(tmp_path / "hapt" / "own.zip")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DamagedArchiveError, match=r"own\.zip is damaged or incomplete"):
        fetch_hapt(data_home=tmp_path)
    assert registry.status("hapt", tmp_path).path == path
    assert registry.verify("hapt", tmp_path).state == "damaged"


def test_wisdm_in_the_publishers_tar(tmp_path, no_data):
    folder = tmp_path / "made" / "WISDM_ar_v1.1"
    folder.mkdir(parents=True)
    (folder / "WISDM_ar_v1.1_raw.txt").write_text("33,Jogging,49105962326000,-0.69,12.68,0.50;\n" * 2)
    shutil.make_archive(tmp_path / "wisdm_v1.1" / "WISDM_ar_latest", "gztar", tmp_path / "made")
    assert fetch_wisdm(data_home=tmp_path).report["dropped: repeated"] == 1
