"""Measurements of a sensitivity, kept in a file so that an interrupted run can go on."""

import hashlib
import json
import os
import tempfile
from pathlib import Path


def digest(tensors, text=""):
    digest = hashlib.sha256(text.encode())
    for name, tensor in tensors:
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().double().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def read_measurements(file, settings):
    if file is None or not Path(file).exists():
        return {}
    try:
        saved = json.loads(Path(file).read_text(encoding="utf-8"))
        done = {(layer, kept): (accuracy, cost) for layer, kept, accuracy, cost in saved["measurements"]}
        theirs = saved["settings"]
        differences = [key for key in settings if theirs[key] != settings[key]]
    except (ValueError, KeyError, TypeError, OSError):
        raise ValueError(f"file={str(file)!r} holds no measurements of sensitivity(): name another file.") from None
    if differences:
        told = "; ".join(f"{key} {theirs[key]!r} instead of {settings[key]!r}" for key in differences)
        raise ValueError(f"file={str(file)!r} was measured with {told}: name another file, or delete it.")
    return done


def write_measurements(file, settings, done):
    if file is None:
        return
    rows = [[*key, *found] for key, found in done.items()]
    text = json.dumps({"settings": settings, "measurements": rows})
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: whoever is interrupted finds the file as it was, or whole.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
