"""Sixty ways in which a notebook that was handed in can be damaged, the same ones each time.

Each comes with the points for ``double`` (of 2) and ``third`` (of 3) that it must still get: both answers were right.
None stands for "whatever it is, it is definite and the same each time".
"""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

ALL, NOTHING = (2, 3), (0, 0)


@dataclass(frozen=True)
class Damage:
    name: str
    do: Callable[[Path], None]
    points: tuple | None = ALL


def of_bytes(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def of_text(change):
    return of_bytes(lambda data: change(data.decode()).encode())


def of_json(change):
    def do(path):
        content = json.loads(path.read_bytes())
        changed = change(content)
        path.write_text(json.dumps(content if changed is None else changed, indent=1))

    return do


def of_cell(name, change):
    def do(content):
        for cell in content["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
                change(cell)

    return of_json(do)


def each_cell(change):
    return of_json(lambda content: [change(cell) for cell in content["cells"]] and None)


def truncations(sample: bytes, chance: random.Random):
    """Cut at random places; an answer that is there as a whole keeps its points."""
    ends = [sample.index(b"return x + x") + len(b"return x + x"), sample.index(b"x / 3.0") + len(b"x / 3.0")]
    for number in range(14):
        cut = chance.randrange(20, len(sample))
        points = tuple(worth * (cut >= end) for worth, end in zip(ALL, ends, strict=True))
        yield Damage(f"cut-{number:02}", of_bytes(lambda data, cut=cut: data[:cut]), points)


def flips(sample: bytes, chance: random.Random):
    for number in range(8):
        places = [(chance.randrange(len(sample)), chance.randrange(1, 256)) for _ in range(1 + number // 2)]

        def flip(data, places=places):
            changed = bytearray(data)
            for place, mask in places:
                changed[place] ^= mask
            return bytes(changed)

        yield Damage(f"flipped-{number}", of_bytes(flip), None)


def structure_flips(sample: bytes):
    """One wrong byte between the cells and one in a cell that nobody wrote: no answer is touched."""
    brace = sample.index(b'"cell_type"') - 5
    yield Damage("comma-lost", of_bytes(lambda data: data.replace(b"  },\n  {", b"  }\n  {", 1)))
    yield Damage("quote-lost", of_bytes(lambda data: data.replace(b'"import sys"', b'"import sys', 1)))
    yield Damage("brace-lost", of_bytes(lambda data: data[:brace] + b" " + data[brace + 1 :]))
    yield Damage(
        "bytes-in-the-middle", of_bytes(lambda data: data.replace(b"  },\n  {", b"  },\n\x00\xff\xfe junk\n  {", 1))
    )


def encodings():
    for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield Damage(f"in-{name}", of_bytes(lambda data, name=name: data.decode().encode(name)))
    latin = of_bytes(lambda data: data.replace(b"It is so.", "Größe, Höhe.".encode("cp1252")))
    yield Damage("in-cp1252", latin)
    yield Damage("in-cp1252-and-cut", lambda path: (latin(path), of_bytes(lambda data: data[:-30])(path)))


def shapes():
    yield Damage("empty", of_bytes(lambda data: b""), NOTHING)
    yield Damage("blank", of_bytes(lambda data: b"\n \n"), NOTHING)
    yield Damage("no-json", of_bytes(lambda data: b"<html>Please sign in</html>"), NOTHING)
    yield Damage("a-number", of_bytes(lambda data: b"7"), NOTHING)
    yield Damage("nested", of_bytes(lambda data: b'{"cells":' * 100_000), NOTHING)
    yield Damage(
        "nested-metadata",
        of_text(lambda text: text.replace('"metadata": {', '"metadata": {"x": ' + "[" * 9000 + "]" * 9000 + ", ", 1)),
    )
    yield Damage("cells-as-dict", of_json(lambda content: {**content, "cells": dict(enumerate(content["cells"]))}))
    yield Damage("only-cells", of_json(lambda content: content["cells"]))
    yield Damage("text-as-number", of_cell("double", lambda cell: cell.update(source=7)), (0, 3))
    yield Damage("text-as-list", each_cell(lambda cell: cell.update(source="".join(cell["source"]).splitlines(True))))
    yield Damage("text-as-odd-list", of_cell("double", lambda cell: cell["source"].append(None)))
    yield Damage("outputs-wrong", each_cell(lambda cell: cell.update(outputs={"a": [1]}, execution_count="one")))
    yield Damage("no-metadata", each_cell(lambda cell: cell.pop("metadata")))
    yield Damage("metadata-wrong", of_cell("double", lambda cell: cell.update(metadata=[1, 2])))
    yield Damage("unknown-types", each_cell(lambda cell: cell.update(cell_type="heading")))
    yield Damage("same-ids", each_cell(lambda cell: cell.update(id="a")))
    yield Damage("format-2", of_json(lambda content: content.update(nbformat=2)))
    yield Damage("format-3", lambda path: nbformat.write(nbformat.read(path, 4), path, version=3))
    yield Damage("format-5", of_json(lambda content: content.update(nbformat=5, nbformat_minor=99)))
    yield Damage(
        "not-a-number", of_text(lambda text: text.replace('"execution_count": null', '"execution_count": NaN'))
    )
    yield Damage("enormous-number", of_text(lambda text: text.replace("null", "9" * 6000, 1)))
    yield Damage("half-characters", of_cell("explain", lambda cell: cell.update(source="\ud800 \udfff")))
    yield Damage("a-folder", lambda path: (path.unlink(), path.mkdir(), (path / "x.txt").write_text("x")), NOTHING)
    yield Damage("gone", lambda path: shutil.rmtree(path.parent) or path.parent.mkdir(), NOTHING)


def marks():
    def id_of(cell, name):
        cell["metadata"]["nbgrader"]["grade_id"] = name

    def swap(content):
        by_name = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in content["cells"]}
        one, other = by_name["double"], by_name["test_double"]
        one["metadata"], other["metadata"] = other["metadata"], one["metadata"]

    def twice(content):
        content["cells"] = [copy for cell in content["cells"] for copy in (cell, json.loads(json.dumps(cell)))]

    def without(content):
        content["cells"] = [cell for cell in content["cells"] if "test" not in str(cell["metadata"])]

    yield Damage("twice", of_json(twice))
    yield Damage("one-id-twice", of_cell("third", lambda cell: id_of(cell, "double")))
    yield Damage("swapped", of_json(swap))
    yield Damage("tests-gone", of_json(without))
    yield Damage("other-points", each_cell(lambda cell: cell["metadata"]["nbgrader"].update(points=1e300, grade=True)))
    yield Damage("locked-changed", of_cell("test_double", lambda cell: cell.update(source="print('I wrote this')")))
    yield Damage("as-text", of_cell("double", lambda cell: cell.update(cell_type="markdown")))
    yield Damage("as-raw", each_cell(lambda cell: cell.update(cell_type="raw")))
    yield Damage("tagged", each_cell(lambda cell: cell["metadata"].update(tags=["skip-execution", "raises-exception"])))
    yield Damage(
        "other-kernel", of_json(lambda content: content["metadata"].update(kernelspec={"name": "ir", "language": "R"}))
    )


def all_damages(sample: bytes, seed: int) -> list[Damage]:
    chance = random.Random(seed)
    return [
        *truncations(sample, chance),
        *flips(sample, chance),
        *structure_flips(sample),
        *encodings(),
        *shapes(),
        *marks(),
    ]
