"""Each data set has a card that says what a user must know, and agrees with the code."""

import re

import pytest

from mlcourse.datasets.registry import DATASETS

HEADINGS = ["Source", "Licence", "Citation", "Sensors", "People", "Classes", "Known problems", "Not to be used for"]

# Cards of what is loaded, recorded or made on the spot.
NOT_DOWNLOADED = ["digits28", "go_generated", "photographs", "recording", "simulated"]


def flowed(text):
    """Text without its line breaks."""
    return re.sub(r"\s+", " ", text)


def test_every_card_has_every_heading_in_the_same_order(root):
    cards = sorted(set((root / "datasets").glob("*.md")) - {root / "datasets" / "README.md"})
    assert {card.stem for card in cards} == {*DATASETS, *NOT_DOWNLOADED}
    for card in cards:
        sections = re.split(r"^## (.+)$", card.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert sections[1::2] == HEADINGS, card.name
        assert all(text.strip() for text in sections[2::2]), f"{card.name} has an empty section"


@pytest.mark.parametrize("name", DATASETS)
def test_a_card_agrees_with_what_is_downloaded(root, name):
    source = DATASETS[name]
    card = flowed((root / "datasets" / f"{name}.md").read_text(encoding="utf-8"))
    for fact in (source.address, source.sha256, f"`{source.folder}/`", source.licence, source.citation):
        assert fact is None or flowed(fact) in card, fact
    if source.size is not None:
        assert f"{source.size:,} bytes" in card


def test_the_index_links_to_every_card(root):
    index = (root / "datasets" / "README.md").read_text(encoding="utf-8")
    for card in set((root / "datasets").glob("*.md")) - {root / "datasets" / "README.md"}:
        assert f"]({card.name})" in index
