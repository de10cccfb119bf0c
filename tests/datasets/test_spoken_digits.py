"""Spoken digits: read from the publisher's form, split as published, damaged files named."""

import hashlib
import io
import wave
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mlcourse.datasets import DamagedArchiveError, DownloadError, fetch_spoken_digits, registry


def wav(samples, rate=8000, width=2, channels=1):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, dtype=f"<i{width}" if width > 1 else "u1").tobytes())
    return buffer.getvalue()


def packed(files=None, **changes):
    files = {} if files is None else files
    whole = {
        f"recordings/{digit}_{who}_{index}.wav": wav([0, 2**14, -(2**14)] * (digit + 1))
        for digit in (0, 9)
        for who in ("ann", "bo")
        for index in (4, 5, 10)
    }
    whole |= {"recordings/0_george_0.wav": wav([1] * 9), "recordings/9_yweweler_49.wav": wav([2] * 9)} | files
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in whole.items():
            archive.writestr(f"free-spoken-digit-dataset-1.0.10/{name}", content)
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path, no_data):
    def put(content):
        (tmp_path / "fsdd").mkdir(exist_ok=True)
        (tmp_path / "fsdd" / "other.zip").write_bytes(content)
        return tmp_path

    return put


def test_recordings_come_in_order_with_their_names(home):
    data = fetch_spoken_digits(data_home=home(packed()), download_if_missing=False)
    assert len(data) == 14
    assert data.y.tolist() == [0] * 7 + [9] * 7
    assert data.speakers[:4].tolist() == ["ann", "ann", "ann", "bo"]
    assert data.indices[:3].tolist() == [4, 5, 10]
    assert data.waves[0].tolist() == [0, 0.5, -0.5]
    assert data.rate == 8000
    assert data.test.tolist() == (data.indices < 5).tolist()
    assert "14 recordings" in repr(data)
    hers = data.select(data.speakers == "bo")
    assert set(hers.speakers) == {"bo"}
    assert len(hers) == 6


def test_images_are_of_one_size(home):
    data = fetch_spoken_digits(data_home=home(packed({"recordings/5_ann_7.wav": wav(np.arange(30_000) % 999)})))
    images = data.log_mel(n_mels=20, n_frames=50)
    assert images.shape == (15, 20, 50)
    assert np.isfinite(images).all()
    assert data.log_mel(n_frames=50, step=0.005).shape == (15, 40, 50)


def test_a_recording_is_plotted(home):
    data = fetch_spoken_digits(data_home=home(packed({"recordings/5_ann_7.wav": wav(np.arange(3000) % 999)})))
    figure = data.plot(int(np.flatnonzero(data.y == 5)[0]))
    assert figure.axes[0].get_title() == "5, said by ann"
    assert [axes.get_xlabel() for axes in figure.axes][1] == "time (s)"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("recordings/3_ann_1.wav", b"RIFF", "recordings/3_ann_1.wav .* is no whole wav file"),
        ("recordings/3_ann_1.wav", b"", "is no whole wav file"),
        ("recordings/3_ann_1.wav", wav([1] * 100)[:-50], "is cut off: 75 of 100 samples"),
        ("recordings/3_ann_1.wav", wav([1, 2], width=1), "has 8 bits and 1 channels"),
        ("recordings/3_ann_1.wav", wav([1, 2], channels=2), "has 16 bits and 2 channels"),
        ("recordings/3_ann_1.wav", wav([1, 2], rate=16000), r"different rates: \[8000, 16000\] Hz"),
    ],
)
def test_a_damaged_recording_is_named(home, name, content, message):
    with pytest.raises(DamagedArchiveError, match=message):
        fetch_spoken_digits(data_home=home(packed({name: content})))


def test_a_mask_that_does_not_fit_is_refused(home):
    data = fetch_spoken_digits(data_home=home(packed()))
    with pytest.raises(ValueError, match="mask must be 14 truth values"):
        data.select([True])


def test_it_is_downloaded(publisher, tmp_path, no_data, monkeypatch):
    content = packed()
    source = replace(
        registry.DATASETS["spoken_digits"],
        address=publisher.publish("/v1.0.10.zip", content),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    monkeypatch.setitem(registry.DATASETS, "spoken_digits", source)
    assert len(fetch_spoken_digits(data_home=tmp_path)) == 14
    assert (tmp_path / "fsdd" / "v1.0.10.zip").read_bytes() == content
    monkeypatch.setitem(registry.DATASETS, "spoken_digits", replace(source, sha256="0" * 64))
    with pytest.raises(DownloadError, match="checksum"):
        fetch_spoken_digits(data_home=tmp_path / "elsewhere")
    assert not list((tmp_path / "elsewhere").rglob("*.zip"))


def test_the_real_recordings(real_data):
    data = fetch_spoken_digits(download_if_missing=False)
    assert len(data) == 3000
    assert np.bincount(data.y).tolist() == [300] * 10
    assert len(set(data.speakers)) == 6
    assert int(data.test.sum()) == 300
    assert data.rate == 8000
