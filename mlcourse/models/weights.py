"""Weights that ship with the course: small files beside the code, and what was measured with them.

``<name>.npz`` holds one array for each of the network's weights (no pickle: reading it runs no code), and
``<name>.json`` the figures that the training script measured. Networks are built by code, so a file can only fill the
network that it was made from.
"""

import json
import os
import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mlcourse.datasets.archive import DamagedArchiveError

FOLDER = Path(__file__).parent / "weights"


def save_weights(net, name: str, figures: Mapping, *, folder=None) -> Path:
    """Save a network's weights, and what was measured with them.

    Arrays are kept in float16 where that changes no number, else as they are: ``net.half().float()`` rounds a torch
    network beforehand, so that what was measured is what ships, in half the space.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
    name : str
        Of the two files: small letters, digits and ``_``.
    figures : dict
        What JSON can hold: the figures measured, the command and the seed that they come from. Numbers and arrays of
        numpy are turned into Python's.
    folder : path-like, optional
        Default: where `load_weights` looks, in the package.

    Returns
    -------
    pathlib.Path
        Of the weights. Both files are complete, or as they were before.

    Raises
    ------
    TypeError, ValueError
        If the name or the figures cannot be kept, or weights are missing or infinite.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save_weights(nn.Linear(2, 3), "tiny", {"accuracy": 0.5}, folder=folder)
    ...     net = load_weights(nn.Linear(2, 3), "tiny", folder=folder)
    ...     weights_report("tiny", folder=folder)
    {'accuracy': 0.5}
    """
    target = _file(name, folder)
    if not isinstance(figures, Mapping):
        raise TypeError(f"figures must be a dict of what was measured, not {type(figures).__name__}.")
    arrays = _arrays(net)
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"net has missing or infinite weights in {key!r}: they are not worth keeping.")
    try:
        text = json.dumps(dict(figures), indent=2, ensure_ascii=False, default=_plain, allow_nan=False) + "\n"
        # Lists of numbers in one line each: a table is easier to read, and to compare.
        text = re.sub(r"\[[^][{}\"]*\]", lambda found: " ".join(found[0].split()), text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"figures cannot be kept as JSON: {error}.") from None

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as made:
        packed, report = Path(made) / target.name, Path(made) / f"{name}.json"
        np.savez_compressed(packed, **{key: _smallest(array) for key, array in arrays.items()})
        report.write_text(text, encoding="utf-8")
        os.replace(packed, target)
        os.replace(report, target.with_suffix(".json"))
    return target


def load_weights(net, name: str, *, folder=None):
    """Fill a network with saved weights.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        Of the architecture that the weights were saved from; changed in place, and only if all of them fit. A torch
        network is put into eval mode.
    name : str
    folder : path-like, optional

    Returns
    -------
    net
        The argument.

    Raises
    ------
    FileNotFoundError
        If there are no such weights.
    DamagedArchiveError
        If the file cannot be read.
    ValueError
        If they are another network's.
    """
    file = _existing(_file(name, folder))
    try:
        with np.load(file, allow_pickle=False) as packed:
            saved = {key: packed[key] for key in packed.files}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, AttributeError):
        raise DamagedArchiveError(
            f"{file} is damaged: it is no whole file of weights. Restore it (`git checkout` does for those of the "
            "course), or train the network again with the script in training/."
        ) from None
    own = _arrays(net)
    differences = [f"it lacks {key}" for key in own if key not in saved]
    differences += [f"it has {key} besides" for key in saved if key not in own]
    differences += [
        f"{key} has shape {saved[key].shape} instead of {own[key].shape}"
        for key in own
        if key in saved and saved[key].shape != own[key].shape
    ]
    if differences:
        more = f", and {len(differences) - 3} more differences" if len(differences) > 3 else ""
        raise ValueError(
            f"the weights {name!r} are those of another network than net: {'; '.join(differences[:3])}{more}. Build "
            "the network with the arguments that it was trained with."
        )
    if _is_keras(net):
        net.set_weights([saved[key].astype(own[key].dtype) for key in own])
    else:
        net.load_state_dict({key: torch.from_numpy(array) for key, array in saved.items()})
        net.eval()
    return net


def weights_report(name: str, *, folder=None) -> dict:
    """Return the figures that were measured with saved weights.

    Raises
    ------
    FileNotFoundError
        If there are no such weights.
    DamagedArchiveError
        If the report cannot be read.
    """
    file = _existing(_file(name, folder).with_suffix(".json"))
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:  # JSON and Unicode errors are ValueErrors
        report = None
    if not isinstance(report, dict):
        raise DamagedArchiveError(f"{file} is damaged: it is no JSON object. Restore it (`git checkout`).")
    return report


def _file(name, folder) -> Path:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"name must consist of small letters, digits and '_', such as 'activity_cnn', not {name!r}.")
    return (FOLDER if folder is None else Path(folder)) / f"{name}.npz"


def _existing(file: Path) -> Path:
    if not file.is_file():
        known = ", ".join(sorted(other.stem for other in file.parent.glob("*.npz"))) or "none"
        raise FileNotFoundError(f"there is no {file.name} in {file.parent}; weights there: {known}.")
    return file


def _is_keras(net) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(net, keras.Model)


def _arrays(net) -> dict[str, np.ndarray]:
    if _is_keras(net):
        # Keras numbers its layers through a session, so that their names differ from one model to the next.
        found = {
            f"{i}.{variable.name}": array
            for i, (variable, array) in enumerate(zip(net.weights, net.get_weights(), strict=True))
        }
    elif isinstance(net, nn.Module):
        state = net.state_dict()
        # numpy has no bfloat16
        found = {
            key: (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).detach().cpu().numpy()
            for key, tensor in state.items()
        }
    else:
        raise TypeError(f"net must be a torch.nn.Module or a keras.Model, not {type(net).__name__}.")
    if not found:
        raise ValueError("net has no weights (a Keras model has them from its first input on: give it an Input layer).")
    return found


def _smallest(array):
    if array.dtype.kind != "f" or np.abs(array).max(initial=0) > np.finfo(np.float16).max:
        return array
    half = array.astype(np.float16)
    return half if (half == array).all() else array


def _plain(value):
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is neither text nor a number, list or dict")
