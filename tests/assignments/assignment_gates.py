"""Read assignments and their planted solutions, run them as nbgrader does, and look for leaks."""

import ast
import copy
import html
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbcourse import SOURCE
from nbformat.v4 import new_code_cell
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade, is_grade, is_solution, setenv

PLANTS = Path(__file__).resolve().parent
ASSIGNMENTS = sorted(path.parent.name for path in SOURCE.glob("*/*.ipynb"))

_REGION = r"^[^\n]*{begin}[^\n]*\n(.*?)^[^\n]*{end}[^\n]*$"
_SOLUTION = re.compile(_REGION.format(begin="BEGIN SOLUTION", end="END SOLUTION"), re.DOTALL | re.MULTILINE)
_HIDDEN = re.compile(_REGION.format(begin="BEGIN HIDDEN TESTS", end="END HIDDEN TESTS"), re.DOTALL | re.MULTILINE)
_HEADLINE = re.compile(
    r"^# %% (?:wrong|partly right, (?P<earned>[\d.]+) of (?P<points>[\d.]+)): (?P<says>.+)$", re.MULTILINE
)


# -- assignments ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exercise:
    """An exercise that is graded by a check: its two cells in the source notebook."""

    name: str
    solution: nbformat.NotebookNode
    test: nbformat.NotebookNode

    @property
    def points(self) -> float:
        """What the test cell is worth."""
        return self.test.metadata.nbgrader.points


@dataclass(frozen=True)
class Assignment:
    """One folder of ``source/`` with one notebook of the same name."""

    name: str
    notebook: nbformat.NotebookNode

    @classmethod
    def read(cls, name: str, source: Path = SOURCE) -> "Assignment":
        """Read an assignment by its name."""
        return cls(name, nbformat.read(source / name / f"{name}.ipynb", as_version=4))

    @property
    def cells(self) -> dict[str, nbformat.NotebookNode]:
        """Cells that nbgrader looks after, by grade id."""
        return {cell.metadata.nbgrader.grade_id: cell for cell in self.notebook.cells if "nbgrader" in cell.metadata}

    @property
    def tests(self) -> list[nbformat.NotebookNode]:
        """Cells that are graded automatically."""
        return [cell for cell in self.cells.values() if is_grade(cell) and not is_solution(cell)]

    @property
    def by_hand(self) -> list[nbformat.NotebookNode]:
        """Cells that a person grades."""
        return [cell for cell in self.cells.values() if is_grade(cell) and is_solution(cell)]

    @property
    def exercises(self) -> list[Exercise]:
        """Exercises with a solution cell ``name`` and a test cell ``test_name``."""
        names = (cell.metadata.nbgrader.grade_id.removeprefix("test_") for cell in self.tests)
        return [Exercise(name, self.cells[name], self.cells[f"test_{name}"]) for name in names if name in self.cells]

    def solution_lines(self) -> list[str]:
        """Lines that solve an exercise."""
        return [
            line for cell in self.notebook.cells for part in _SOLUTION.findall(cell.source) for line in part.split("\n")
        ]

    def hidden_lines(self) -> list[str]:
        """Lines of hidden tests."""
        return [
            line for cell in self.notebook.cells for part in _HIDDEN.findall(cell.source) for line in part.split("\n")
        ]

    def _lines(self, region: re.Pattern) -> list[str]:
        return [
            line for cell in self.notebook.cells for part in region.findall(cell.source) for line in part.split("\n")
        ]

    def seeds(self) -> list[str]:
        """Seeds of hidden cases."""
        return re.findall(r"\bseed\s*=\s*(\d+)", "\n".join(self.hidden_lines()))


# -- planted solutions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plant:
    """A solution that must be refused (`earned` is 0) or is partly right, and what must be said about it."""

    exercise: str
    says: str
    code: str
    earned: float = 0.0
    points: float | None = None


def read_plants(path: Path) -> list[Plant]:
    """Read the planted solutions of one exercise."""
    text = path.read_text(encoding="utf-8")
    heads = list(_HEADLINE.finditer(text))
    unread = [line for line in text.split("\n") if line.startswith("# %%") and not _HEADLINE.match(line)]
    assert not unread, f"{path.name}: headlines that are not understood: {unread}"
    ends = [*(head.start() for head in heads[1:]), len(text)]
    plants = []
    for head, end in zip(heads, ends, strict=bool(heads)):
        points = head["points"] and float(head["points"])
        code = text[head.end() : end].strip()
        plants.append(Plant(path.stem, head["says"].strip(), code, float(head["earned"] or 0), points))
    return plants


def plants_of(assignment: str, folder: Path = PLANTS) -> dict[str, list[Plant]]:
    """Planted solutions of an assignment, by exercise."""
    files = sorted(
        path for path in (folder / assignment).glob("*.py") if not path.name.startswith(("test_", "conftest"))
    )
    return {path.stem: read_plants(path) for path in files}


# -- running ----------------------------------------------------------------------------------------------------------

# Put around a right answer, and into its test cell: everything that could end on standard error.
NOISE = """
import logging as _logging, os as _os, subprocess as _subprocess, sys as _sys, warnings as _warnings
_logging.basicConfig(); _handler = _logging.StreamHandler(_sys.stderr); _logging.getLogger("noise").addHandler(_handler)
_left = [20]  # a few calls make the point; later cells may call an answer thousands of times
def _make_noise():
    import tqdm
    _left[0] -= 1
    if _left[0] < 0:
        return
    _warnings.simplefilter("always")
    _warnings.warn("harmless warning")
    _warnings.warn("harmless deprecation", DeprecationWarning)
    _logging.getLogger("noise").warning("harmless log")
    print("harmless text", file=_sys.stderr)
    _sys.__stderr__.write("harmless text")
    _os.write(2, b"harmless bytes")
    list(tqdm.tqdm(range(3)))
def _noisy(answer):
    if isinstance(answer, type):
        class Noisy(answer):
            def __init__(self, *args, **options):
                _make_noise()
                super().__init__(*args, **options)
        return Noisy
    if not callable(answer):
        return answer
    def noisy(*args, **options):
        _make_noise()
        return answer(*args, **options)
    return noisy
"""


def noisy(exercise: str, code: str) -> str:
    """A solution cell that makes noise when it is run, and whenever its answer is used."""
    return f"{code}\n{NOISE}\n{exercise} = _noisy({exercise})\n_make_noise()"


@dataclass(frozen=True)
class Trial:
    """What became of one planted solution, right solution (``plant`` is None) or noisy right solution."""

    exercise: str
    plant: Plant | None
    noisy: bool
    earned: float
    points: float
    said: str


def try_solutions(assignment: Assignment, plants: dict[str, list[Plant]]) -> list[Trial]:
    """Run all planted solutions of an assignment, then the right ones, in one kernel.

    The notebook's own cells run in their order. At each test cell every planted solution takes the place of the answer
    and goes through a copy of the test cell; then the right answer, with and without noise, does.
    """
    cells = []
    by_test = {exercise.test.metadata.nbgrader.grade_id: exercise for exercise in assignment.exercises}

    def add(source, **about):
        cells.append(new_code_cell(source, metadata={"about": about} if about else {}))

    def add_trial(exercise, code, index, loud=False):
        add(f"globals().pop({exercise.name!r}, None)")
        add(code)
        test = exercise.test.source
        if loud:
            first, _, rest = test.partition("\n")
            test = f"{first}\n_make_noise()\n{rest}"
        cell = copy.deepcopy(exercise.test)
        cell.source = test
        cell.metadata["about"] = {"exercise": exercise.name, "index": index, "noisy": loud}
        cells.append(cell)

    for cell in assignment.notebook.cells:
        if cell.cell_type != "code":
            continue
        exercise = by_test.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if exercise is None:
            cells.append(copy.deepcopy(cell))
            continue
        right = exercise.solution.source
        for index, plant in enumerate(plants.get(exercise.name, [])):
            add_trial(exercise, plant.code, index)
        add_trial(exercise, noisy(exercise.name, right), None, loud=True)
        add_trial(exercise, right, None)
    notebook = copy.deepcopy(assignment.notebook)
    notebook.cells = cells
    executed = execute(notebook, SOURCE / assignment.name)
    trials = []
    for cell in executed.cells:
        about = cell.metadata.get("about")
        if about and "exercise" in about:
            plant = None if about["index"] is None else plants[about["exercise"]][about["index"]]
            earned, points = determine_grade(cell)
            trials.append(Trial(about["exercise"], plant, about["noisy"], earned, points, text_of(cell)))
    return trials


def execute(notebook, folder: Path):
    """Execute a notebook as ``nbgrader validate`` does: nothing but the kernel itself deals with standard error."""
    with setenv(NBGRADER_EXECUTION="validate", NBGRADER_VALIDATING="1"):
        notebook, _ = Execute(timeout=180, iopub_timeout=60).preprocess(notebook, {"metadata": {"path": str(folder)}})
    return notebook


def text_of(cell) -> str:
    """Everything that a cell says, errors included."""
    said = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            said.append(output.text)
        elif output.output_type == "error":
            said.append("\n".join(output.traceback))
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(said))


def squeeze(text: str) -> str:
    """Text with single spaces and no capitals, to look for other text in."""
    return " ".join(text.split()).lower()


# -- a whole class ----------------------------------------------------------------------------------------------------


def right_answers(assignment: Assignment) -> dict[str, str]:
    """What the source notebook has in its solution cells."""
    return {name: cell.source for name, cell in assignment.cells.items() if is_solution(cell)}


# -- leaks ------------------------------------------------------------------------------------------------------------

_SHORTEST = 12  # characters of a line without its spaces: below that it is anybody's code
_ONLY_NAMES = re.compile(r"(return |def |class |else|try|finally|pass\b|break\b|continue\b)?[\w., ]*:?")
_NO_CODE = ("#", "@", '"""', "import ", "from ")


def normal(text: str) -> str:
    """Text without spaces and kind of quotes, so that a changed layout hides nothing."""
    return re.sub(r"\s+", "", text).replace("'", '"')


def telling(lines: list[str]) -> set[str]:
    """Normalised lines of code that give something away: long enough, and more than a name or a comment."""
    found = set()
    for line in lines:
        code = line.strip()
        plain_words = re.fullmatch(
            r"(return |import |from |def |class |else|try|finally|pass\b|break\b|continue\b)?[\w., ]*:?", code
        )
        if (
            len(normal(code)) >= _SHORTEST
            and not plain_words
            and not code.startswith(("#", "@", '"""', "import ", "from "))
        ):
            found.add(normal(code))
    return found


def leaks(text: str, secrets: set[str], seeds: list[str] = ()) -> list[str]:
    """Secrets that a text holds."""
    squeezed = normal(text)
    found = [secret for secret in secrets if secret in squeezed]
    return found + [seed for seed in seeds if re.search(rf"(?<![\w.]){seed}(?![\w.])", text)]


def notebook_text(path: Path) -> str:
    """Everything that is in a notebook file: sources, outputs, metadata."""

    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield from strings(key)
                yield from strings(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from strings(inner)

    return "\n".join(strings(json.loads(path.read_text(encoding="utf-8"))))


def page_text(path: Path) -> str:
    """What an HTML page says, without its style."""
    page = path.read_text(encoding="utf-8")
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL | re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def docstrings(folder: Path) -> dict[str, str]:
    """All docstrings of each module below a folder."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
        found[os.path.relpath(path, folder)] = "\n".join(texts)
    return found
