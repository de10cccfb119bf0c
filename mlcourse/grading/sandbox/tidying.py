"""Make what a kernel sent into outputs that a notebook can hold.

A kernel may send anything under its key: numbers where text belongs, half characters that no file can hold, a structure
so deep that writing it fails. What is not as the format says is left out; text loses what cannot be written.
"""

import json
import math

_DEEPEST = 50
_NOTE = "... (the rest of the output was left out: it is more than {most:.0f} MB in all)\n"
_KINDS = ("stream", "display_data", "execute_result", "error")


def tidy(cells: list[list], most: int) -> tuple[list[list[dict]], int]:
    """Outputs as they should be.

    Parameters
    ----------
    cells : list of lists
        Outputs of each cell.
    most : int
        Bytes of all of them together; what comes after is left out.

    Returns
    -------
    cells : list of lists of dict
    left_out : int
        How many outputs were left out for their size.
    """
    note, tidied, left_out = _NOTE.format(most=most / 1e6), [], 0
    for outputs in cells:
        kept: list[dict] = []
        for output in outputs:
            one = _output(output)
            if one is None:
                continue
            size = len(json.dumps(one))
            if size > most:
                if not left_out:
                    kept.append({"output_type": "stream", "name": "stdout", "text": note})
                left_out += 1
                # An error decides on points, and stays.
                one = (
                    {**one, "evalue": one["evalue"][:1000], "traceback": []} if one["output_type"] == "error" else None
                )
            else:
                most -= size
            if one is not None:
                kept.append(one)
        tidied.append(kept)
    return tidied, left_out


def _output(output) -> dict | None:
    kind = output.get("output_type")
    if kind not in _KINDS:
        return None
    if kind == "stream":
        name = output.get("name")
        return {"output_type": kind, "name": name if name == "stderr" else "stdout", "text": text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": text(output.get("ename")),
            "evalue": text(output.get("evalue")),
            "traceback": [text(line) for line in lines] if isinstance(lines, list) else [],
        }
    data = output.get("data")
    data = {text(name): _content(name, value) for name, value in data.items()} if isinstance(data, dict) else {}
    data = {name: value for name, value in data.items() if value is not None}
    tidied = {"output_type": kind, "data": data, "metadata": _metadata(output.get("metadata"))}
    if kind == "execute_result":
        count = output.get("execution_count")
        tidied["execution_count"] = count if isinstance(count, int) else None
        if not data.get("text/plain"):  # nbgrader looks for points in it
            tidied.pop("execution_count")
            tidied["output_type"] = "display_data"
    return tidied


def _content(name, value):
    """Content of one kind: JSON where the name says so, else text."""
    if isinstance(name, str) and name.endswith("json"):
        return plain(value)
    return text(value) if isinstance(value, str) else None


def _metadata(given) -> dict:
    """What an output says about itself, by kind of content; sizes are numbers."""
    metadata = (plain(given) if isinstance(given, dict) else None) or {}
    kept = {name: value for name, value in metadata.items() if "/" in name and isinstance(value, dict)}
    for settings in kept.values():
        for name in ("width", "height"):
            if not isinstance(settings.get(name, 0), int | float):
                del settings[name]
    return kept


def text(value) -> str:
    """Text that can be written as UTF-8.

    Examples
    --------
    >>> text("half \\ud800")
    'half ?'
    """
    return (
        value.encode("utf-8", "replace").decode()
        if isinstance(value, str)
        else ""
        if value is None
        else str(value)[:1000]
    )


def plain(value):
    """The same with text that can be written; None if it is too deep, or holds what JSON does not know."""
    try:
        return _plain(value, _DEEPEST)
    except ValueError:
        return None


def _plain(value, depth: int):
    if depth < 0:
        raise ValueError("too deep")
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(name): _plain(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth - 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no number")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError("not JSON")
