"""What can be made out of damaged files, and what cells that must not be changed become."""

import json
import random

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import compute_checksum

from mlcourse.grading.salvage import decode, parse, salvage
from mlcourse.grading.submissions import Assignment, UnreadableNotebookError, read_notebook

SOURCES = ['print("a\\n{")', "def f(x):\n    return [x, 'é']", "Some text.", '{"cell_type": "code"}']
NOTEBOOK = new_notebook(cells=[new_code_cell(SOURCES[0]), *map(new_code_cell, SOURCES[1:])])
TEXT = nbformat.writes(NOTEBOOK)


def texts(cells):
    return ["".join(line for line in cell.get("source", "") if isinstance(line, str)) for cell in cells]


def test_every_cut_keeps_the_cells_before_it():
    for cut in range(len(TEXT)):
        cells, whole = salvage(TEXT[:cut])
        found = texts(cells)
        for number, text in enumerate(found[:-1]):
            assert text == SOURCES[number]
        if found:
            assert SOURCES[len(found) - 1].startswith(found[-1])
        complete = sum(f'"id": "{cell.id}"' in TEXT[:cut] for cell in NOTEBOOK.cells)
        assert complete - 1 <= len(found) <= complete + 1
        assert whole or found


def test_one_wrong_character_costs_one_cell_at_most():
    chance = random.Random(3)
    start = TEXT.index('"cell_type"')
    for _ in range(300):
        place = chance.randrange(start, TEXT.rindex('"source"'))
        cells, _ = salvage(TEXT[:place] + chance.choice('"{}[],:\\x\0') + TEXT[place + 1 :])
        assert len(set(texts(cells)) & set(SOURCES)) >= 2


@given(st.text(alphabet='{}[]",:\\ cel_typsourmtadnk\n', max_size=200), st.integers(0, len(TEXT)))
def test_nothing_breaks_it(junk, place):
    for text in (junk, TEXT[:place] + junk, TEXT[:place] + junk + TEXT[place:]):
        cells, _ = salvage(text)
        assert all("cell_type" in cell for cell in cells)


@pytest.mark.parametrize(
    "text",
    ['{"cells":' * 50_000, '{"metadata":{"metadata":' * 50_000, '{"source": "' * 20_000, '[{"id": [' * 50_000,
     '{"cell_type": "code", "source": [' + '"x",' * 200_000],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_it_does_not_take_long(text):
    salvage(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(encoding):
    assert decode('{"x": "é ö"}'.encode(encoding)) == '{"x": "é ö"}'


def test_a_few_wrong_bytes_in_utf_8():
    assert decode("é ö ".encode() + b"\xff") == "é ö �"


def test_numbers_that_are_too_long():
    assert parse('{"a": %s, "b": NaN, "c": 7}' % ("9" * 5000))["c"] == 7


def test_a_cut_off_file_is_read_and_said(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(TEXT[: TEXT.index("Some text")])
    remarks = []
    notebook = read_notebook(path, remarks)
    assert [cell.source for cell in notebook.cells] == [*SOURCES[:2], ""]
    assert remarks == ["the file is damaged or cut off; 3 cells could be read, not all of it whole"]
    nbformat.validate(notebook)
    path.write_text("nothing of the kind")
    with pytest.raises(UnreadableNotebookError):
        read_notebook(path)


def mark(name, source, **more):
    settings = dict(schema_version=3, grade_id=name, grade=False, solution=False, task=False, locked=True) | more
    cell = new_code_cell(source, metadata={"nbgrader": settings})
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return cell


def released() -> Assignment:
    cells = [
        mark("setup", "import numpy"),
        mark("f", "def f(): ...", solution=True, locked=False),
        mark(
            "test_f", "assert f()\n### BEGIN HIDDEN TESTS\nassert f() == 3\n### END HIDDEN TESTS", grade=True, points=2
        ),
    ]
    return Assignment({cell.metadata.nbgrader["grade_id"]: cell for cell in cells})


def handed_in(*cells):
    notebook = new_notebook(cells=list(cells))
    restored = released().restore(notebook)
    found = [
        (cell.metadata.get("nbgrader", {}).get("grade_id"), cell.cell_type, cell.source) for cell in notebook.cells
    ]
    return restored, found


SETUP, TEST = mark("setup", "import numpy"), mark("test_f", "assert f()", grade=True, points=2)
ANSWER = mark("f", "def f(): return 3", solution=True, locked=False)


def test_nothing_is_done_to_honest_work():
    restored, found = handed_in(SETUP, ANSWER, TEST)
    assert restored == []
    assert found[1] == ("f", "code", "def f(): return 3")
    assert len(found) == 3


def test_an_old_release_is_no_change():
    restored, found = handed_in(SETUP, ANSWER, mark("test_f", "assert f() > 2", grade=True, points=1))
    assert restored == []
    assert len(found) == 3


def test_what_was_written_into_a_locked_cell_is_kept_and_not_executed():
    changed = mark("test_f", "assert f()", grade=True, points=2)
    changed.source = "print('mine')"
    restored, found = handed_in(SETUP, ANSWER, changed)
    assert restored == ["test_f"]
    assert found[2][:2] == (None, "raw")
    assert "print('mine')" in found[2][2]
    assert found[3][0] == "test_f"


def test_cells_whose_marks_were_swapped_get_their_own():
    answer, test = json.loads(json.dumps(ANSWER)), json.loads(json.dumps(TEST))
    answer["source"], test["source"] = test["source"], answer["source"]
    restored, found = handed_in(SETUP, nbformat.from_dict(test), nbformat.from_dict(answer))
    assert restored == []
    assert [name for name, *_ in found] == ["setup", "f", "test_f"]
    assert found[1][2] == "def f(): return 3"


def test_a_locked_cell_without_its_mark_is_known_by_its_text():
    restored, found = handed_in(SETUP, ANSWER, new_code_cell("assert f()"))
    assert restored == []
    assert [name for name, *_ in found] == ["setup", "f", "test_f"]


def test_other_types_become_the_right_ones():
    answer = new_markdown_cell(ANSWER.source, metadata={"nbgrader": dict(ANSWER.metadata.nbgrader)})
    _, found = handed_in(SETUP, answer, TEST)
    assert found[1] == ("f", "code", "def f(): return 3")
