"""Layers of the package: a part imports from those below it only."""

import ast

import pytest

# From the top down; parts in one line may not import each other either.
LAYERS = [
    ["cli"],
    ["grading"],
    ["checks"],
    ["deploy"],
    ["optimize"],
    ["measure"],
    ["models"],
    ["convolution", "sensing"],
    ["datasets"],
    ["plots"],
]
HEIGHT = {part: -level for level, parts in enumerate(LAYERS) for part in parts}


def imported(path, package):
    """Parts of the project that a module imports, anywhere in it."""
    here = path.relative_to(package.parent).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # Level 1 is the folder of the module, for a package's __init__ too.
            above = here[: len(here) - node.level] if node.level else ()
            base = [*above, *(node.module.split(".") if node.module else [])]
            names = [".".join([*base, alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == package.name and len(parts) > 1 and parts[1] in HEIGHT:
                yield parts[1]


def test_every_folder_has_its_layer(root):
    folders = {path.parent.name for path in (root / "mlcourse").glob("*/__init__.py")}
    assert folders - HEIGHT.keys() == set()


def test_imports_point_down(root):
    package = root / "mlcourse"
    wrong = []
    for path in package.rglob("*.py"):
        part = path.relative_to(package).parts[0]
        if part not in HEIGHT:
            continue
        for other in imported(path, package):
            if other != part and HEIGHT[other] >= HEIGHT[part]:
                wrong.append(f"{path.relative_to(root)} imports {other}")
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from mlcourse.plots import style", ["plots"]),
        ("from mlcourse import cli", ["cli"]),
        ("from ..datasets.activity import Windows", ["datasets"]),
        ("from .windows import features", ["sensing"]),
        ("def f():\n    import mlcourse.checks.core", ["checks"]),
        ("import numpy", []),
    ],
)
def test_imports_are_seen_in_every_form(tmp_path, line, found):
    module = tmp_path / "mlcourse" / "sensing" / "features.py"
    module.parent.mkdir(parents=True)
    module.write_text(line)
    assert list(imported(module, tmp_path / "mlcourse")) == found
