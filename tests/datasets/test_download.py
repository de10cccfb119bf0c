"""A download is whole and right, or there is one error that says what to do, and no file."""

import errno
import hashlib
import socket
import time

import pytest

from mlcourse.datasets import download as module
from mlcourse.datasets.download import DownloadError, download

CONTENT = bytes(range(256)) * 4000  # about a megabyte
SIZE = len(CONTENT)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "set"


def refused(folder, address, sha256=SHA256, size=SIZE, **options):
    """The message of the error, after a look that nothing was left behind."""
    with pytest.raises(DownloadError) as caught:
        download(address, folder / "data.zip", sha256=sha256, size=size, progress=False, **options)
    assert not folder.exists() or list(folder.iterdir()) == []
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # one error, not a chain
    return str(caught.value)


class TestGood:
    def test_file_has_its_name_and_bytes(self, publisher, folder):
        address = publisher.publish("/data", CONTENT)
        got = download(address, folder / "data.zip", sha256=SHA256, size=SIZE, progress=False)
        assert got.read_bytes() == CONTENT
        assert [file.name for file in folder.iterdir()] == ["data.zip"]

    def test_without_known_size_or_checksum(self, publisher, folder):
        got = download(publisher.publish("/data", CONTENT), folder / "data.zip", progress=False)
        assert got.read_bytes() == CONTENT

    def test_without_an_announced_length(self, publisher, folder):
        def answer(request):
            request.send_response(200)
            request.end_headers()
            request.wfile.write(CONTENT)

        got = download(publisher.answer("/data", answer), folder / "data.zip", sha256=SHA256, progress=False)
        assert got.read_bytes() == CONTENT

    def test_a_moved_file_is_followed(self, publisher, folder):
        there = publisher.publish("/there", CONTENT)

        def answer(request):
            request.send_response(302)
            request.send_header("Location", there)
            request.send_header("Content-Length", "0")
            request.end_headers()

        got = download(publisher.answer("/data", answer), folder / "data.zip", sha256=SHA256, progress=False)
        assert got.read_bytes() == CONTENT

    def test_progress_is_shown_on_request_only(self, publisher, folder, capfd, monkeypatch):
        monkeypatch.setattr(module, "tqdm", lambda *args, **options: _tqdm(*args, **{**options, "delay": 0}))
        from tqdm import tqdm as _tqdm

        address = publisher.publish("/data", CONTENT)
        download(address, folder / "quiet.zip", progress=False)
        assert capfd.readouterr() == ("", "")
        download(address, folder / "data.zip", size=SIZE)
        shown = capfd.readouterr()
        assert shown.out == ""
        assert "data.zip: 100%" in shown.err

    def test_slow_but_alive_arrives(self, publisher, folder, monkeypatch):
        monkeypatch.setattr(module, "PATIENCE", 0.5)

        def answer(request):
            request.send_response(200)
            request.send_header("Content-Length", str(SIZE))
            request.end_headers()
            for start in range(0, SIZE, 2**17):
                request.wfile.write(CONTENT[start : start + 2**17])
                time.sleep(0.1)

        begin = time.perf_counter()
        got = download(publisher.answer("/data", answer), folder / "data.zip", sha256=SHA256, progress=False)
        assert time.perf_counter() - begin > 0.5
        assert got.read_bytes() == CONTENT

    def test_half_a_file_is_never_seen_under_its_name(self, publisher, folder):
        seen = []

        def answer(request):
            request.send_response(200)
            request.send_header("Content-Length", str(SIZE))
            request.end_headers()
            request.wfile.write(CONTENT[:500_000])
            request.wfile.flush()
            time.sleep(0.3)
            seen.append((folder / "data.zip").exists())
            request.wfile.write(CONTENT[500_000:])

        download(publisher.answer("/data", answer), folder / "data.zip", progress=False)
        assert seen == [False]


class TestBad:
    def test_breaks_off_midway(self, publisher, folder):
        said = refused(folder, publisher.publish("/data", CONTENT[:300_000], announced=SIZE))
        assert "broke off" in said
        assert "Try again" in said

    def test_connection_is_reset_midway(self, publisher, folder):
        def answer(request):
            request.send_response(200)
            request.send_header("Content-Length", str(SIZE))
            request.end_headers()
            request.wfile.write(CONTENT[:300_000])
            request.wfile.flush()
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            request.connection.shutdown(socket.SHUT_RDWR)

        assert "broke off" in refused(folder, publisher.answer("/data", answer))

    def test_announces_less_than_there_is(self, publisher, folder):
        said = refused(folder, publisher.publish("/data", CONTENT, announced=1000))
        assert "broke off after 1,000 of 1,024,000 bytes" in said

    def test_announces_more_than_there_is(self, publisher, folder):
        assert "broke off" in refused(folder, publisher.publish("/data", CONTENT, announced=SIZE + 1))

    def test_sends_more_than_there_should_be(self, publisher, folder):
        said = refused(folder, publisher.publish("/data", CONTENT + b"more"))
        assert "more than the 1,024,000 bytes" in said

    def test_never_stops_sending(self, publisher, folder):
        def answer(request):
            request.send_response(200)
            request.end_headers()
            try:
                while True:
                    request.wfile.write(CONTENT)
            except OSError:
                pass

        assert "more than the 1,024,000 bytes" in refused(folder, publisher.answer("/data", answer))

    def test_breaks_off_without_having_announced_anything(self, publisher, folder):
        def answer(request):
            request.send_response(200)
            request.end_headers()
            request.wfile.write(CONTENT[:5000])

        assert "broke off after 5,000 of" in refused(folder, publisher.answer("/data", answer))

    def test_wrong_bytes(self, publisher, folder):
        said = refused(folder, publisher.publish("/data", CONTENT[::-1]))
        assert "checksum" in said
        assert SHA256 in said

    def test_not_found(self, publisher, folder):
        said = refused(folder, publisher.publish("/data", b"no", status=404))
        assert "404" in said
        assert "in any other way" in said

    @pytest.mark.parametrize("sent_first", [0, 5000])
    def test_falls_silent(self, publisher, folder, monkeypatch, sent_first):
        monkeypatch.setattr(module, "PATIENCE", 0.3)

        def answer(request):
            if sent_first:
                request.send_response(200)
                request.send_header("Content-Length", str(SIZE))
                request.end_headers()
                request.wfile.write(CONTENT[:sent_first])
                request.wfile.flush()
            time.sleep(1.5)

        assert "sent nothing for 0.3 seconds" in refused(folder, publisher.answer("/data", answer))

    def test_nobody_is_there(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        said = refused(folder, f"http://127.0.0.1:{port}/data")
        assert "is there a network?" in said
        assert str(folder / "data.zip") in said

    def test_no_such_host(self, folder):
        assert "is there a network?" in refused(folder, "http://nowhere.invalid/data")

    def test_checked_before_it_gets_its_name(self, publisher, folder):
        address = publisher.publish("/data", CONTENT)
        said = refused(folder, address, sha256=None, check=lambda path: f"it has {path.stat().st_size} bytes.")
        assert "it has 1024000 bytes." in said

    def test_ctrl_c(self, publisher, folder, monkeypatch):
        def interrupted(self, chunk):
            raise KeyboardInterrupt

        monkeypatch.setattr(module._Limited, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            download(publisher.publish("/data", CONTENT), folder / "data.zip", progress=False)
        assert list(folder.iterdir()) == []

    def test_a_bad_download_leaves_an_older_file_alone(self, publisher, folder):
        folder.mkdir(parents=True)
        (folder / "data.zip").write_bytes(b"older")
        with pytest.raises(DownloadError):
            download(publisher.publish("/data", CONTENT[:-1]), folder / "data.zip", sha256=SHA256, progress=False)
        assert (folder / "data.zip").read_bytes() == b"older"
        assert len(list(folder.iterdir())) == 1


class TestDisk:
    def test_too_small_from_the_start(self, publisher, folder, monkeypatch):
        address = publisher.publish("/data", CONTENT)
        monkeypatch.setattr(module.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
        said = refused(folder, address)
        assert "full" in said
        assert "1 MB are needed" in said
        assert publisher.asked == []

    def test_fills_up_midway(self, publisher, folder, monkeypatch):
        def full(self, chunk):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(module._Limited, "write", full)
        said = refused(folder, publisher.publish("/data", CONTENT))
        assert "is full" in said
        assert "data_home" in said

    def test_not_a_folder(self, publisher, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(DownloadError, match="data_home"):
            download(publisher.publish("/data", CONTENT), tmp_path / "file" / "data.zip", progress=False)

    def test_read_only(self, publisher, folder, monkeypatch):
        folder.mkdir(parents=True)

        def denied(*args, **options):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("tempfile.NamedTemporaryFile", denied)  # root may write to a read-only folder
        said = refused(folder, publisher.publish("/data", CONTENT))
        assert "permission denied" in said
        assert "data_home" in said
