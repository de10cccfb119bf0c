"""What happens to a notebook beside nbgrader's own steps."""

import html
import re
from pathlib import Path

import nbgrader.preprocessors
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from nbgrader.utils import is_locked
from traitlets import Dict, List, Unicode

from . import execution, planted
from .jobs import apply_result, keep_files, make_job
from .results import Results

planted.guard()

_SHORTEST = 8  # characters of a hidden line that is worth looking for in outputs: not `)` or `else:`


class Execute(nbgrader.preprocessors.Execute):
    """Execute a notebook in the sandbox, or take the result from before if nothing changed."""

    kernel_name = Unicode(execution.SANDBOX, help="The kernel: sandboxed, or a plain one.").tag(config=True)
    limits = Dict(help="Of a kernel: memory, processes, disk, cpu, wall, export (MB and seconds).").tag(config=True)

    def preprocess(self, nb, resources, km=None):
        """Execute `nb` and return it with outputs, together with `resources`."""
        result = self._from_before_or_now(nb, resources["nbgrader"])
        apply_result(result, nb)
        keep_files(result, Path(resources["metadata"]["path"]))
        return nb, resources

    def _from_before_or_now(self, nb, place: dict) -> dict:
        where = place["assignment"], place["student"], place["notebook"]
        coursedir = self.parent.parent.coursedir  # of the run, through the exporter
        job = make_job(nb, coursedir, *where[:2], **self.settings())
        results = Results(coursedir.root)
        result = results.get(job, *where)
        if result is None:
            result = execution.execute(job)
            results.put(result, *where)
        return result

    def settings(self) -> dict:
        """What a job depends on beside notebook and files."""
        return {"timeout": self.timeout, "limits": dict(self.limits), "kernel": self.kernel_name}


class HideTests(NbGraderPreprocessor):
    """Remove hidden tests and mark schemes from a feedback page, also where an output quotes them.

    The traceback of an error in a locked cell quotes that cell, so only its last line, the error itself, is kept.
    """

    display_data_priority = List(config=True)  # set for every preprocessor of a page; without it each run is warned of

    def preprocess(self, nb, resources):
        """Return `nb` with nothing hidden left in sources and outputs, together with `resources`."""
        hidden: set[str] = set()
        for cell in nb.cells:
            shown = self._shown(cell.source)
            if shown != cell.source:
                hidden |= set(_lines(cell.source)) - set(_lines(shown))
                cell.source = shown
            for output in cell.get("outputs", []):
                if output.output_type == "error" and is_locked(cell) and output.ename != "CheckFailed":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        if hidden:
            quoted = re.compile("|".join(map(_pattern, sorted(hidden, key=len, reverse=True))))
            for cell in nb.cells:
                for output in cell.get("outputs", []):
                    _replace(output, quoted)
        return nb, resources

    def _shown(self, source: str) -> str:
        """Source without what stands between the delimiters of hidden tests and mark schemes."""
        hidden, marks = ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)
        kept, inside = [], None
        for line in source.split("\n"):
            if inside is None:
                for begin, end in (
                    (hidden.begin_test_delimeter, hidden.end_test_delimeter),
                    (marks.begin_mark_scheme_delimeter, marks.end_mark_scheme_delimeter),
                ):
                    if begin in line:
                        inside = end
                if inside is None:
                    kept.append(line)
            elif inside in line:
                inside = None
        return "\n".join(kept)


def _lines(source: str) -> list[str]:
    return [line.strip() for line in source.split("\n") if len(line.strip()) >= _SHORTEST]


def _pattern(line: str) -> str:
    """Match a line also where it stands within a string literal or a page: quotes escaped, ``<`` as ``&lt;``."""

    def forms(character):
        if character == " ":
            return r"\s+"
        escaped = {re.escape(form) for form in (character, html.escape(character), f"&#{ord(character)};")}
        return rf"\\*(?:{'|'.join(sorted(escaped, key=len, reverse=True))})"

    return "".join(map(forms, re.sub(r"\s+", " ", line)))


_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _replace(value, hidden: re.Pattern):
    """Replace hidden lines in every text of an output, in place where the value can be changed."""
    if isinstance(value, str):
        for text in (value, _ANSI.sub("", value)):  # as it is, else without the colours of a traceback
            if hidden.search(text):
                return hidden.sub("(hidden)", text)
    elif isinstance(value, dict):
        for key, inner in value.items():
            value[key] = _replace(inner, hidden)
    elif isinstance(value, list):
        value[:] = [_replace(inner, hidden) for inner in value]
    return value
