"""Text messages: read as they are, and split so that no copy of a test message is trained on."""

import hashlib
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mlcourse.datasets import DamagedArchiveError, DownloadError, Messages, fetch_sms_spam, registry
from mlcourse.datasets.sms_spam import _gist

LINES = 'ham\tHe said "hi\nspam\tWIN £1000 now!!\nham\tOk\nham\tOk\nspam\twin £2000 NOW\nham\ta\tb\n'


@pytest.fixture
def home(tmp_path, no_data):
    def put(text):
        (tmp_path / "sms_spam").mkdir(exist_ok=True)
        (tmp_path / "sms_spam" / "SMSSpamCollection").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return put


def test_quotes_tabs_and_repetitions_are_kept(home):
    data = fetch_sms_spam(data_home=home(LINES), download_if_missing=False)
    assert data.texts.tolist() == ['He said "hi', "WIN £1000 now!!", "Ok", "Ok", "win £2000 NOW", "a\tb"]
    assert data.y.tolist() == [0, 1, 0, 0, 1, 0]
    assert data.repeated.tolist() == [False, False, False, True, False, False]
    assert repr(data) == "Messages: 6, of which 2 are spam and 1 repeat an earlier one"


@pytest.mark.parametrize("text", [LINES.replace("\n", "\r\n"), LINES + "\n\n", LINES.rstrip("\n")])
def test_ends_of_lines_do_not_matter(home, text):
    assert len(fetch_sms_spam(data_home=home(text))) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ham\tOk\nOk\n", "line 2 of SMSSpamCollection .* 'Ok'"),
        ("eggs\tOk\n", "line 1 .* is not `ham` or `spam`"),
        ("", "holds no message"),
        (b"ham\t\xff\xfe\n", "is damaged"),
    ],
)
def test_a_damaged_file_is_named(home, text, message):
    with pytest.raises(DamagedArchiveError, match=message):
        fetch_sms_spam(data_home=home(text))


def many(n=400, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["call", "win", "ok", "later", "home", "free", "prize", "love", "bus"])
    texts = [" ".join(rng.choice(words, rng.integers(1, 9))) + f" {rng.integers(99)}" for _ in range(n)]
    return Messages(np.array(texts), (rng.random(n) < 0.2).astype(int))


@pytest.mark.parametrize("seed", range(5))
def test_no_copy_of_a_test_message_is_trained_on(seed):
    texts, y, test_texts, test_y = many(seed=seed).split(0.1, random_state=seed)
    assert len(texts) + len(test_texts) == len(y) + len(test_y) == 400
    assert not {_gist(text) for text in texts} & {_gist(text) for text in test_texts}
    assert len({_gist(text) for text in test_texts}) == len(test_texts)
    assert len(test_y) == 40
    assert abs(y.mean() - test_y.mean()) < 0.02


def test_a_split_can_be_repeated():
    first, second, other = (many().split(0.1, random_state=seed)[2].tolist() for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize("share", [0, 1, -0.1, 0.99])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="test_size"):
        many().split(share)


def test_it_is_downloaded(publisher, tmp_path, no_data, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("SMSSpamCollection", LINES)
        archive.writestr("readme", "about")
    source = replace(
        registry.DATASETS["sms_spam"],
        address=publisher.publish("/sms+spam+collection.zip", buffer.getvalue()),
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        size=len(buffer.getvalue()),
    )
    monkeypatch.setitem(registry.DATASETS, "sms_spam", source)
    assert len(fetch_sms_spam(data_home=tmp_path)) == 6
    monkeypatch.setitem(registry.DATASETS, "sms_spam", replace(source, sha256="0" * 64))
    with pytest.raises(DownloadError, match="checksum"):
        fetch_sms_spam(data_home=tmp_path / "elsewhere")


def test_the_real_messages(real_data):
    data = fetch_sms_spam(download_if_missing=False)
    assert (len(data), int(data.y.sum()), int(data.repeated.sum())) == (5574, 747, 403)
    texts, _, test_texts, test_y = data.split()
    assert not set(texts) & set(test_texts)
    assert not set(data.texts[data.repeated]) & set(test_texts)
    assert (len(test_texts), int(test_y.sum())) == (1114, 149)
