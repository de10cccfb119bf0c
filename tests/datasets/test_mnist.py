"""MNIST in both forms, in parts, damaged, and from a publisher whose server can misbehave."""

import gzip
import hashlib
import io
import struct
from dataclasses import replace

import numpy as np
import pytest

from mlcourse.datasets import DamagedArchiveError, DownloadError, fetch_mnist, registry

N = {"train": 30, "test": 20}
STEM = {"train": "train", "test": "t10k"}


def images(part, seed=0):
    rng = np.random.default_rng([seed, len(part)])
    return rng.integers(256, size=(N[part], 28, 28), dtype=np.uint8), np.arange(N[part], dtype=np.uint8) % 10


def idx(array, kind=8):
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_files(*parts, packed=True):
    files = {}
    for part in parts:
        for name, array in zip(("images-idx3-ubyte", "labels-idx1-ubyte"), images(part), strict=True):
            files[f"{STEM[part]}-{name}" + ".gz" * packed] = gzip.compress(idx(array)) if packed else idx(array)
    return files


def npz(**changes):
    arrays = {f"{kind}_{part}": array for part in N for kind, array in zip("xy", images(part), strict=True)} | changes
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{key: array for key, array in arrays.items() if array is not None})
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path, no_data):
    """Write files into the folder `mnist/` of a data home; hands back data_home."""

    def put(files):
        folder = tmp_path / "mnist"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return tmp_path

    return put


def fetch(part, home):
    return fetch_mnist(part, data_home=home, download_if_missing=False)


FORMS = {
    "npz": lambda: {"mnist.npz": npz()},
    "idx.gz": lambda: idx_files("train", "test"),
    "idx": lambda: idx_files("train", "test", packed=False),
}


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("part", ["test", "train"])
    def test_one_part(self, home, form, part):
        data = fetch(part, home(FORMS[form]()))
        X, y = images(part)
        np.testing.assert_array_equal(data.X, X.astype(np.float32) / 255)
        assert data.y.tolist() == y.tolist()
        assert (data.test == (part == "test")).all()

    @pytest.mark.parametrize("form", FORMS)
    def test_all(self, home, form):
        X_train, y_train, X_test, y_test = fetch("all", home(FORMS[form]())).split()
        assert (len(X_train), len(X_test)) == (30, 20)
        np.testing.assert_array_equal(X_train * 255, images("train")[0])
        np.testing.assert_array_equal(y_test, images("test")[1])
        assert len(y_train) == 30

    def test_unknown_part(self):
        with pytest.raises(ValueError, match="part must be 'test', 'train' or 'all', not 'validation'"):
            fetch_mnist("validation")


class TestParts:
    def test_files_of_one_part_are_enough_for_it(self, home):
        files = idx_files("train", "test")
        del files["train-images-idx3-ubyte.gz"]
        assert len(fetch("test", home(files))) == 20
        for part in ("train", "all"):
            with pytest.raises(FileNotFoundError, match=r"data fetch mnist.*lacks train-images-idx3-ubyte\.gz"):
                fetch(part, home({}))
        found = registry.status("mnist", home({}))
        assert found.present
        assert found.missing == ("train-images-idx3-ubyte.gz",)

    @pytest.mark.parametrize("form", FORMS)
    def test_every_form_is_whole(self, home, form):
        found = registry.status("mnist", home(FORMS[form]()))
        assert found.present
        assert found.missing == ()

    def test_labels_without_images(self, home):
        files = idx_files("test")
        del files["t10k-images-idx3-ubyte.gz"]
        with pytest.raises(FileNotFoundError, match="t10k-images"):
            fetch("test", home(files))

    def test_nothing(self, home):
        with pytest.raises(FileNotFoundError, match=r"put mnist\.npz from https://storage"):
            fetch("test", home({}))


IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


class TestDamage:
    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize("name", [IMAGES, LABELS])
    @pytest.mark.parametrize("keep", [0, 3, 7, 15, 20, -1])
    def test_cut_short(self, home, packed, name, keep):
        files = idx_files("test", packed=packed)
        member = name + ".gz" * packed
        files[member] = files[member][:keep]
        with pytest.raises(DamagedArchiveError, match=rf"{member} in .* is damaged or incomplete"):
            fetch("test", home(files))

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            (IMAGES, idx(images("test")[1]), "does not begin as an idx file of 3 dimensions"),
            (IMAGES, idx(images("test")[0], kind=13), "does not begin"),
            (IMAGES, b"<html>not here</html>", "does not begin"),
            (IMAGES, idx(images("test")[0]) + b"more", "holds 15,684 values instead of 20 x 28 x 28"),
            (IMAGES, idx(images("test")[0][:, :20]), "instead of 28x28 bytes"),
            (IMAGES, idx(images("test")[0][:0]), "instead of 28x28 bytes"),
            (LABELS, idx(images("train")[1]), "each of 20 images"),
            (LABELS, idx(np.full(20, 10, dtype=np.uint8)), "one digit from 0 to 9"),
            (LABELS, bytes([0, 0, 8, 1]) + b"\xff" * 4, "instead of 4294967295"),
        ],
    )
    def test_other_content(self, home, name, content, says):
        for packed in (True, False):
            files = idx_files("test", packed=packed)
            files[name + ".gz" * packed] = gzip.compress(content) if packed else content
            with pytest.raises(DamagedArchiveError, match=says):
                fetch("test", home(files))

    def test_flipped_byte_in_a_packed_file(self, home):
        files = idx_files("test")
        content = bytearray(files[f"{IMAGES}.gz"])
        content[len(content) // 2] ^= 255
        with pytest.raises(DamagedArchiveError, match="damaged or incomplete"):
            fetch("test", home({**files, f"{IMAGES}.gz": bytes(content)}))

    @pytest.mark.parametrize(
        "content",
        [
            npz()[:-100],
            b"",
            b"hello",
            npz(x_test=np.zeros((20, 28, 28))),
            npz(y_test=np.array([{}] * 20, dtype=object)),
            npz(y_test=np.zeros(19, dtype=np.uint8)),
        ],
        ids=["cut", "empty", "text", "floats", "pickle", "labels"],
    )
    def test_npz(self, home, content):
        with pytest.raises(DamagedArchiveError, match=r"mnist\.npz"):
            fetch("test", home({"mnist.npz": content}))


class TestDownload:
    @pytest.fixture
    def publish(self, publisher, monkeypatch):
        def announce(content, promised=None, **answer):
            address = publisher.publish("/mnist.npz", content, **answer)
            promised = content if promised is None else promised
            source = replace(
                registry.DATASETS["mnist"],
                address=address,
                sha256=hashlib.sha256(promised).hexdigest(),
                size=len(promised),
            )
            monkeypatch.setitem(registry.DATASETS, "mnist", source)

        return announce

    def test_once(self, publish, publisher, tmp_path, no_data):
        publish(npz())
        for part in ("test", "all"):
            data = fetch_mnist(part, data_home=tmp_path)
        np.testing.assert_array_equal(data.X[30:] * 255, images("test")[0])
        assert publisher.asked == ["/mnist.npz"]
        assert registry.verify("mnist", tmp_path).state == "publisher's archive"

    def test_what_is_missing_beside_idx_files(self, publish, home):
        publish(npz())
        assert len(fetch_mnist("train", data_home=home(idx_files("test")))) == 30

    def test_by_command(self, publish, tmp_path, no_data):
        publish(npz())
        assert registry.fetch("mnist", tmp_path, progress=False) == tmp_path / "mnist" / "mnist.npz"

    def test_broken(self, publish, tmp_path, no_data):
        for content, answer in (
            (npz()[:-9], {}),
            (npz()[:-9] + b"123456789", {}),
            (npz()[:-9], {"announced": len(npz())}),
            (b"gone", {"status": 404}),
        ):
            publish(content, promised=npz(), **answer)
            with pytest.raises(DownloadError, match=r"mnist\.npz"):
                fetch_mnist("test", data_home=tmp_path)
            assert not list((tmp_path / "mnist").glob("*"))


class TestRealData:
    def test_test_part(self, real_data):
        data = fetch_mnist(data_home=real_data, download_if_missing=False)
        assert data.X.shape == (10_000, 28, 28)
        # Y. LeCun's counts, and the mean and standard deviation that everybody normalises with (of the training part)
        assert np.bincount(data.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        assert data.X.mean() == pytest.approx(0.1307, abs=0.003)
        assert data.X.std() == pytest.approx(0.3081, abs=0.003)
        assert data.y[:5].tolist() == [7, 2, 1, 0, 4]
