"""Pascal VOC annotations as people and tools write them, right and wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets import DamagedAnnotationError, read_voc


def annotation(*objects, size=""):
    return f"<annotation>{size}{''.join(objects)}</annotation>"


def thing(box, name="cat", more=""):
    edges = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    return f"<object><name>{name}</name>{more}<bndbox>{edges}</bndbox></object>"


SIZE = "<size><width>640</width><height>480</height></size>"


def test_what_it_tells():
    found = read_voc(
        annotation(thing((1, 2, 3, 4.5)), thing((5, 6, 9, 9), "dog", "<difficult>1</difficult>"), size=SIZE)
    )
    assert found.names == ("cat", "dog")
    assert found.boxes.tolist() == [[1, 2, 3, 4.5], [5, 6, 9, 9]]
    assert found.boxes.dtype == np.float32
    assert found.difficult.tolist() == [False, True]
    assert found.size == (480, 640)
    assert found.problems == ()


def test_parts_of_objects_are_no_objects():
    """VOC's people have heads and hands, with boxes of their own."""
    part = "<part><name>head</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>1</ymax></bndbox></part>"
    found = read_voc(annotation(thing((1, 2, 3, 4), "person", part)))
    assert (found.names, found.boxes.tolist()) == (("person",), [[1, 2, 3, 4]])


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((5, 5, 5, 5), "has no area"),
        ((5, 5, 5, 9), "has no area"),
        ((9, 5, 5, 9), "has no area"),
        ((650, 5, 700, 9), "has no area inside the image"),
        ((1, "", 3, 4), "no number for ymin"),
        ((1, 2, "nan", "x"), "no number for xmax, ymax"),
        ((1, 2, "inf", 4), "no number for xmax"),
    ],
)
def test_boxes_that_are_none(box, says):
    found = read_voc(annotation(thing(box), thing((1, 2, 3, 4), "dog"), size=SIZE))
    assert (found.names, found.boxes.tolist()) == (("dog",), [[1, 2, 3, 4]])
    assert len(found.problems) == 1
    assert found.problems[0].startswith("object 1 (cat): its box")
    assert found.problems[0].endswith(says)


def test_boxes_that_reach_out():
    found = read_voc(annotation(thing((-5, 470, 10, 999)), size=SIZE))
    assert found.boxes.tolist() == [[0, 470, 10, 480]]
    assert read_voc(annotation(thing((-5, 470, 10, 999)), size=SIZE), (475, 5)).boxes.tolist() == [[0, 470, 5, 475]]


def test_objects_without_box_or_name():
    found = read_voc(annotation("<object><name>cat</name></object>", thing((1, 2, 3, 4), ""), "<object/>"))
    assert found.names == ()
    assert found.boxes.shape == (0, 4)
    assert [problem.partition(":")[0] for problem in found.problems] == [
        "object 1 (cat)",
        "object 2 (without a name)",
        "object 3 (without a name)",
    ]


@pytest.mark.parametrize("size", ["", "<size/>", "<size><width>0</width><height>0</height></size>"])
def test_an_unknown_size_cuts_nothing_off(size):
    found = read_voc(annotation(thing((1, 2, 3000, 4000)), size=size))
    assert found.size is None
    assert found.boxes.tolist() == [[1, 2, 3000, 4000]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + annotation(thing((1, 2, 3, 4), "Mäuse"))
    assert read_voc(text.encode(encoding)).names == ("Mäuse",)


@pytest.mark.parametrize(
    "content",
    [
        *("", b"", "no XML", b"\x00\x01\x02", "<annotation>", "<annotation></object></annotation>", "<a/>"),
        b"\xff\xd8\xff",
        b'<?xml version="1.0" encoding="klingon"?><annotation/>',
    ],
)
def test_what_is_no_annotation(content):
    with pytest.raises(DamagedAnnotationError):
        read_voc(content)


@given(st.integers(0, 10**6), st.integers(0, 255), st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_damage_anywhere(place, byte, cut):
    """One byte changed, or the end lost: an annotation with boxes that are some, or one error."""
    whole = annotation(thing((1, 2, 30, 40)), thing((5, 6, 90, 90), "dog"), size=SIZE).encode()
    changed = bytearray(whole)
    changed[place % len(whole)] = byte
    for content in (bytes(changed), whole[: cut % len(whole)]):
        try:
            found = read_voc(content)
        except DamagedAnnotationError:
            continue
        assert len(found.names) == len(found.boxes) == len(found.difficult)
        assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
