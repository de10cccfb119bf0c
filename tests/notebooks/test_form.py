"""Every notebook is kept in canonical form, and lectures present as slides."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from mlcourse.grading.canonical import METADATA, canonical_text

REPO = Path(__file__).resolve().parents[2]
LECTURES = sorted((REPO / "notebooks").glob("*.ipynb"))
LABS = sorted((REPO / "assignments" / "source").glob("*/*.ipynb"))
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", "-"}


def names(paths):
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.mark.parametrize("path", names(LECTURES + LABS))
def test_canonical(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"] == METADATA
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "outputs are kept"
        assert cell.get("execution_count") is None
    nbformat.validate(notebook)
    assert text == canonical_text(path), f"run `python -m mlcourse.grading.canonical {path.relative_to(REPO)}`"


@pytest.mark.parametrize("path", names(LECTURES))
def test_lectures_carry_slides(path):
    cells = nbformat.read(path, as_version=4).cells
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert set(kinds) <= SLIDES, [
        cell.source[:60] for cell, kind in zip(cells, kinds, strict=True) if kind not in SLIDES
    ]
    assert kinds[0] == "slide"


@pytest.mark.parametrize("path", names(LECTURES + LABS))
def test_pictures_have_alternative_text_and_no_data_inside(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("attachments"), "pictures are files, not text in a notebook"
        if cell.cell_type == "markdown":
            assert "base64," not in cell.source
            assert not re.search(r"!\[\s*\]\(", cell.source), "a picture without alternative text"
            for tag in re.findall(r"<img\b[^>]*>", cell.source):
                assert re.search(r"\balt=\"[^\"]+\"", tag), tag


def test_one_notebook_a_lab_with_the_name_of_its_folder():
    assert [path.stem for path in LABS] == [path.parent.name for path in LABS]
    assert [path.parent.name for path in LABS] == sorted(
        path.name for path in (REPO / "assignments" / "source").iterdir() if path.is_dir()
    )
