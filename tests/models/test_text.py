"""The text network: words, windows, the maximum over time, and what the shipped one is worth."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from mlcourse.datasets import fetch_sms_spam
from mlcourse.models import TextCNN, Vocabulary, predict, pretrained_text_cnn, strongest_windows, weights_report
from mlcourse.models.text import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I'm here", ["i'm", "here"]),
        ("Call 08712-300 NOW!!!", ["call", "00000", "000", "now", "!", "!", "!"]),
        ("£5.50 off 50%", ["£", "0", "00", "off", "00", "%"]),
        ("12345678901", ["00000000"]),
        ("", []),
        ("~~~", []),
    ],
)
def test_words(text, words):
    assert tokenize(text) == words


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_text_is_encoded(texts):
    vocabulary = Vocabulary.of(["call me now", "call me later"], length=7)
    encoded = vocabulary.encode(texts)
    assert encoded.shape == (len(texts), 7)
    assert encoded.min() >= 0
    assert encoded.max() < len(vocabulary)
    for row, text in zip(encoded, texts, strict=True):
        assert np.count_nonzero(row) == min(7, len(tokenize(text)))


def test_frequent_words_come_first_and_rare_ones_are_unknown():
    vocabulary = Vocabulary.of(["b a", "a b", "a rare"], least=2, length=4)
    assert vocabulary.words == ["<pad>", "<unknown>", "a", "b"]
    assert vocabulary.encode(["b rare a"]).tolist() == [[3, 1, 2, 0]]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Vocabulary(["a", "a"]), ValueError, "words must be different"),
        (lambda: Vocabulary(["<pad>"]), ValueError, "words must be different"),
        (lambda: Vocabulary(["a"], length=0), ValueError, "length must be a whole number of words, at least 1, got 0"),
        (lambda: Vocabulary(["a"]).encode("a text"), TypeError, "texts must be a sequence of texts"),
        (lambda: TextCNN(9, widths=()), ValueError, "widths must be numbers of words"),
        (lambda: TextCNN(9)(torch.zeros(5, dtype=torch.int64)), ValueError, r"shape \(n, words\), not \(5,\)"),
    ],
)
def test_what_does_not_fit_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_window_is_a_product_of_its_word_vectors_with_the_filter():
    torch.manual_seed(0)
    net = TextCNN(20, dimensions=6, widths=(2, 3), filters=4)
    x = torch.randint(1, 20, (1, 9))
    for width, convolution, response in zip(net.widths, net.convolutions, net.responses(x), strict=True):
        assert response.shape == (1, 4, 9 - width + 1)
        window = net.embedding(x[0, 2 : 2 + width])  # (words, dimensions)
        by_hand = (convolution.weight * window.T).sum(dim=(1, 2)) + convolution.bias
        torch.testing.assert_close(response[0, :, 2], by_hand.clamp(min=0))


def test_it_does_not_matter_where_the_words_stand():
    torch.manual_seed(0)
    net = TextCNN(20).eval()
    words = [3, 7, 9, 4, 5]
    early, late = ([0] * before + words + [0] * (20 - before) for before in (5, 12))
    logits = net(torch.tensor([early, late]))
    torch.testing.assert_close(logits[0], logits[1])


def test_a_short_text_is_read_as_well():
    assert TextCNN(20).eval()(torch.tensor([[3]])).shape == (1, 2)


def test_the_strongest_windows_are_words_of_the_text():
    net, vocabulary = pretrained_text_cnn()
    found = strongest_windows(net, vocabulary, "hello dear, you have won a prize! call 09061701461 now to claim", n=4)
    assert len(found) == 4
    assert [amount for _, amount in found] == sorted((amount for _, amount in found), reverse=True)
    text = " ".join(tokenize("hello dear, you have won a prize! call 09061701461 now to claim"))
    assert all(words in text for words, _ in found)
    assert "00000000" in found[0][0]


def test_the_shipped_network_finds_spam(real_data):
    net, vocabulary = pretrained_text_cnn()
    _, _, texts, y = fetch_sms_spam(download_if_missing=False).split()
    f1 = f1_score(y, predict(net, vocabulary.encode(texts)))
    assert f1 >= 0.93
    assert f1 == pytest.approx(weights_report("text_cnn")["F1 of spam"], abs=0.01)
