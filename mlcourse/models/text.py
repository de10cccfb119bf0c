"""A convolutional network that reads text: filters that move over the words, and keep their strongest answer.

Y. Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, section 2: a sentence is a row of word
vectors; a filter of width h looks at h words at a time (equation 2); over the whole sentence only its maximum counts
(max-over-time pooling), so that it does not matter where in the sentence the words stand, nor how long it is.
"""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn

PAD, UNKNOWN = "<pad>", "<unknown>"
#: The words of the network that ships, and the length of its texts.
WORDS = Path(__file__).parent / "text_cnn_words.json"
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[£$€!?%]|:\)|www|http")


def tokenize(text: str) -> list[str]:
    """Cut a text into words, in small letters; of a number only its length is kept.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> tokenize("WIN £1000 now! Call 0871-872")
    ['win', '£', '0000', 'now', '!', 'call', '0000', '000']
    """
    return ["0" * min(len(token), 8) if token[0].isdigit() else token for token in _TOKEN.findall(text.lower())]


class Vocabulary:
    """The words that a network knows, and their numbers: 0 for padding, 1 for every unknown word.

    Parameters
    ----------
    words : list of str
        Without the two special ones.
    length : int
        Words of each encoded text; longer ones are cut off.
    """

    def __init__(self, words: list[str], length: int = 64):
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise ValueError(f"length must be a whole number of words, at least 1, got {length!r}.")
        if len(set(words)) != len(words) or {PAD, UNKNOWN} & set(words):
            raise ValueError(f"words must be different from each other and from {PAD} and {UNKNOWN}.")
        self.words = [PAD, UNKNOWN, *words]
        self.length = length
        self._numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, texts, least: int = 2, length: int = 64) -> "Vocabulary":
        """Take the words that occur in at least `least` texts, the most frequent first."""
        counts = Counter(word for text in texts for word in set(tokenize(text)))
        words = sorted((word for word, count in counts.items() if count >= least), key=lambda w: (-counts[w], w))
        return cls(words, length)

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, texts) -> np.ndarray:
        """Turn texts into numbers of words.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        array of shape (n, length), int64
        """
        if isinstance(texts, str):
            raise TypeError("texts must be a sequence of texts, not a single one: put it into a list.")
        encoded = np.zeros((len(texts), self.length), dtype=np.int64)
        for row, text in zip(encoded, texts, strict=True):
            numbers = [self._numbers.get(word, 1) for word in tokenize(text)[: self.length]]
            row[: len(numbers)] = numbers
        return encoded


class TextCNN(nn.Module):
    """Kim's network: word vectors, filters of several widths, the maximum over the text, dropout, one layer.

    Parameters
    ----------
    vocabulary_size : int
    n_classes : int
    dimensions : int
        Of a word vector. Kim takes 300 that were trained before; these are learnt here.
    widths : tuple of int
        Words that a filter sees at a time.
    filters : int
        Of each width; Kim takes 100.
    dropout : float

    Examples
    --------
    >>> TextCNN(1000)(torch.zeros(2, 64, dtype=torch.int64)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, vocabulary_size: int, n_classes: int = 2, dimensions: int = 32, widths=(3, 4, 5), filters: int = 32,
        dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.widths = tuple(widths)
        if not self.widths or min(self.widths) < 1:
            raise ValueError(f"widths must be numbers of words, at least 1 each, got {widths!r}.")
        self.embedding = nn.Embedding(vocabulary_size, dimensions, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(dimensions, filters, width) for width in self.widths)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(filters * len(self.widths), n_classes))

    def responses(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What each filter answers at each place: one tensor (n, filters, places) for each width.

        Parameters
        ----------
        x : torch.Tensor of shape (n, words), int64
        """
        if x.ndim != 2:
            raise ValueError(f"x must be numbers of words of shape (n, words), not {tuple(x.shape)}.")
        if x.shape[1] < max(self.widths):  # a text shorter than the widest filter
            x = nn.functional.pad(x, (0, max(self.widths) - x.shape[1]))
        vectors = self.embedding(x).transpose(1, 2)
        return [torch.relu(convolution(vectors)) for convolution in self.convolutions]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) for numbers of words (n, words)."""
        return self.classifier(torch.cat([response.amax(dim=2) for response in self.responses(x)], dim=1))


def strongest_windows(net: TextCNN, vocabulary: Vocabulary, text: str, label: int = 1, n: int = 5) -> list[tuple]:
    """Find the groups of words that speak most for a class.

    Parameters
    ----------
    net : TextCNN
    vocabulary : Vocabulary
    text : str
    label : int
        The class.
    n : int
        How many groups.

    Returns
    -------
    list of (str, float)
        The words, and what they add to the logit of the class; the strongest group first, none twice.
    """
    tokens = tokenize(text)[: vocabulary.length]
    encoded = torch.from_numpy(vocabulary.encode([text]))
    weights = net.classifier[-1].weight[label].detach()
    found: dict[str, float] = {}
    with torch.no_grad():
        start = 0
        for width, response in zip(net.widths, net.responses(encoded), strict=True):
            value, place = response[0].max(dim=1)
            added = value * weights[start : start + len(value)]
            start += len(value)
            for at, amount in zip(place.tolist(), added.tolist(), strict=True):
                words = " ".join(tokens[at : at + width])
                if words:
                    found[words] = found.get(words, 0.0) + amount
    return sorted(found.items(), key=lambda pair: -pair[1])[:n]


def pretrained_text_cnn() -> tuple[TextCNN, Vocabulary]:
    """The network trained on the SMS Spam Collection by ``training/sms_spam.py``, and its vocabulary.

    Returns
    -------
    net : TextCNN
        Class 1 is spam.
    vocabulary : Vocabulary
    """
    from mlcourse.models.weights import load_weights

    words = json.loads(WORDS.read_text(encoding="utf-8"))
    vocabulary = Vocabulary(words["words"], words["length"])
    return load_weights(TextCNN(len(vocabulary)), "text_cnn").eval(), vocabulary
