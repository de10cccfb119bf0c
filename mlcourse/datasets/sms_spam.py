"""SMS Spam Collection: 5,574 text messages, 747 of them spam."""

import re
from dataclasses import dataclass

import numpy as np

from mlcourse.datasets.archive import DamagedArchiveError
from mlcourse.datasets.registry import open_archive

_MEMBER = "SMSSpamCollection"
_CLASSES = {"ham": 0, "spam": 1}


@dataclass(frozen=True, eq=False)
class Messages:
    """Text messages, and which of them are spam.

    Parameters
    ----------
    texts : array of shape (n,), str
    y : array of shape (n,), int
        1 for spam, 0 for ham, as the field calls all the rest.
    """

    texts: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def repeated(self) -> np.ndarray:
        """Mask of the messages that had occurred before, in the order of the file."""
        first = np.unique(self.texts, return_index=True)[1]
        mask = np.ones(len(self), dtype=bool)
        mask[first] = False
        return mask

    def split(self, test_size=0.2, random_state=0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Split into a part to train on and one to test on, without a message that is in both.

        Chain letters and the same advertisement come again and again, and who has learnt one by heart would look clever
        in the test. So all copies of a message, also of one that differs in capitals, digits or punctuation only, stay
        together. In the test part each is kept once, and none of those that are repeated word for word is in it.

        Parameters
        ----------
        test_size : float
            Share of the messages to test on, from 0 to 1.
        random_state : int

        Returns
        -------
        texts_train, y_train, texts_test, y_test
            The shares of spam are alike in both parts.

        Raises
        ------
        ValueError
            If there is nothing left for one of the parts.
        """
        if not 0 < test_size < 1:
            raise ValueError(f"test_size must be a share between 0 and 1, got {test_size!r}.")
        keys = np.array([_gist(text) for text in self.texts])
        _, first, group, copies = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        alone = first[copies == 1]  # candidates for the test part
        rng = np.random.default_rng(random_state)
        test = np.zeros(len(self), dtype=bool)
        for label in _CLASSES.values():
            candidates = rng.permutation(alone[self.y[alone] == label])
            wanted = round(test_size * np.count_nonzero(self.y == label))
            if not 0 < wanted < len(candidates):
                raise ValueError(
                    f"test_size: {test_size} of {np.count_nonzero(self.y == label)} messages of class {label} cannot "
                    f"be taken from {len(candidates)} that occur once."
                )
            test[candidates[:wanted]] = True
        assert not set(group[test]) & set(group[~test])
        return self.texts[~test], self.y[~test], self.texts[test], self.y[test]

    def __repr__(self) -> str:
        return (
            f"Messages: {len(self):,}, of which {int(self.y.sum()):,} are spam and {int(self.repeated.sum()):,} "
            "repeat an earlier one"
        )


def fetch_sms_spam(*, data_home=None, download_if_missing=True) -> Messages:
    """Load the SMS Spam Collection.

    Parameters
    ----------
    data_home : path-like, optional
        Folder to look in first, and to download to. Default: ``MLCOURSE_DATA``, the project's ``datasets/``, your
        cache.
    download_if_missing : bool
        Whether to download it (0.2 MB) if it is nowhere.

    Returns
    -------
    Messages
        In the order of the file, repetitions included.

    Raises
    ------
    FileNotFoundError
        If it is not here and shall not be downloaded.
    DownloadError, DamagedArchiveError
        If it cannot be downloaded or read.

    References
    ----------
    T. A. Almeida, J. M. Gómez Hidalgo, A. Yamakami: Contributions to the Study of SMS Spam Filtering: New Collection
    and Results, ACM DocEng 2011.
    """
    with open_archive("sms_spam", data_home=data_home, download_if_missing=download_if_missing) as archive:
        content, path = archive.read(_MEMBER), archive.path
    try:
        lines = content.decode("utf-8").split("\n")  # no other sign ends a line here
    except UnicodeDecodeError as error:
        raise DamagedArchiveError(f"{_MEMBER} in {path} is damaged: {error}. Fetch it again.") from None
    texts, labels = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, tab, text = line.rstrip("\r").partition("\t")
        if not tab or label not in _CLASSES:
            raise DamagedArchiveError(
                f"line {number} of {_MEMBER} in {path} is not `ham` or `spam`, a tab and a text: {line[:40]!r}. "
                "Fetch it again."
            )
        texts.append(text)
        labels.append(_CLASSES[label])
    if not texts:
        raise DamagedArchiveError(f"{_MEMBER} in {path} holds no message. Fetch it again.")
    return Messages(np.array(texts), np.array(labels))


def _gist(text: str) -> str:
    """What two copies of a message share: its letters, without capitals, digits and signs."""
    return re.sub(r"[\W\d_]+", " ", text.lower()).strip() or text
