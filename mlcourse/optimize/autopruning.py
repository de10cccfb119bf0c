"""Automatic pruning that trusts measurements: the accuracy that each layer contributes, and the time that it takes.

After the course's source on a Jetson Xavier AGX: the accuracy contribution of each part of a network is measured, and
what contributes least goes first. Two things are added here. What a layer contributes is divided by what its removal
saves, in milliseconds that were measured on this machine. And it is measured again whenever something else has been
removed: layers that are safe alone are not safe together.
"""

import copy
import hashlib
import json
import math
import os
import sys
import tempfile
from numbers import Integral, Real
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from tqdm.auto import tqdm

from mlcourse.optimize.layer_cost import LayerCost
from mlcourse.optimize.narrowing import Narrowing
from mlcourse.optimize.zero_padding import EmptyStreamError

_COLUMNS = ["layer", "outputs", "kept", "accuracy", "lost", "saved", "lost per saved"]


class BudgetNotReachedError(RuntimeError):
    """Nothing more can be removed without going below the accuracy floor.

    Attributes
    ----------
    net : torch.nn.Module
        The smallest network that was reached.
    cost : float
        Its cost as a share of the unpruned network's.
    accuracy : float
    """

    def __init__(self, message, net, cost, accuracy):
        super().__init__(message)
        self.net, self.cost, self.accuracy = net, cost, accuracy


def sensitivity(
    net,
    evaluate,
    *,
    ratios=(0.25, 0.5, 0.75),
    layers=None,
    images=None,
    example=None,
    unit="ms",
    round_to=8,
    zero_padding=False,
    file=None,
    progress=True,
) -> pd.DataFrame:
    """Measure what each layer contributes to the accuracy: some of its outputs are removed, and nothing else.

    Which outputs of a layer go first is decided by their mean activation on `images`, without these by the absolutes of
    their weights. Nothing is trained. Layers whose outputs are added to each other lose the same ones, under the first
    one's name.

    Parameters
    ----------
    net : torch.nn.Module
        Is not changed.
    evaluate : callable
        ``evaluate(net)`` -> accuracy from 0 to 1. It gets copies.
    ratios : sequence of float
        Shares of a layer's outputs to remove, above 0 and below 1.
    layers : sequence of str, optional
        Default: all that can lose outputs.
    images : tensor, optional
        Some training images, without labels: normalisations measure their means and variances anew on them whenever
        something has been removed, for what they were trained with does not hold any more.
    example : tensor, optional
        An input with its batch, for the costs. Default: the first case that `evaluate` gives to the network.
    unit : str
        Of the costs: ``"ms"``, each layer measured on this machine, or ``"macs"``, multiply-accumulates.
    round_to : int
        Layers keep multiples of it; others are slow in many libraries.
    zero_padding : bool
        Whether branches of residual additions are measured too; see `mlcourse.optimize.zero_pad`.
    file : path-like, optional
        JSON file that is written after each measurement. If it is there, only what it lacks is measured: an
        interrupted run goes on where it stood.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        A row a measurement: the layer, its outputs, how many were kept, the accuracy, and against the unpruned
        network the accuracy ``lost``, the cost ``saved`` (as a share of all), and their quotient. ``attrs`` has the
        unpruned network's ``accuracy`` and ``cost`` and the ``unit``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `file` belongs to another network or other settings.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    >>> table = sensitivity(net, lambda net: float(net(torch.ones(1, 4)).argmax() == 0), unit="macs", progress=False)
    >>> table[["layer", "outputs", "kept", "saved"]]
      layer  outputs  kept  saved
    0     0       16     8    0.5
    """
    shares = _ratios(ratios)
    search = _Search(net, evaluate, images, example, unit, round_to, zero_padding)
    names = search.names(layers)
    wanted = []
    for name in names:
        n = search.widths.outputs[name]
        kept = {max(round_to, int((1 - share) * n / round_to + 0.5) * round_to) for share in shares}
        wanted += [(name, width) for width in sorted(kept, reverse=True) if width < n]

    settings = {
        "network": _digest(net.state_dict().items(), repr(net)),
        "unit": unit,
        "round_to": round_to,
        "zero_padding": bool(zero_padding),
    }
    settings["images"] = None if images is None else _digest([("images", images)])
    settings["accuracy"] = search.accuracy
    done = _read(file, settings)
    for name, width in tqdm(wanted, desc="sensitivity", unit="measurement", disable=not progress):
        if (name, width) not in done:
            accuracy, cost, _ = search.measure({name: width})
            done[name, width] = accuracy, cost / search.first_cost
            _write(file, settings, done)
    rows = []
    for name, width in wanted:
        accuracy, cost = done[name, width]
        lost, saved = search.accuracy - accuracy, 1 - cost
        rows.append((name, search.widths.outputs[name], width, accuracy, lost, saved, _per(lost, saved)))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table.attrs = {"accuracy": search.accuracy, "cost": search.first_cost, "unit": unit}
    return table


def autoprune(
    net,
    evaluate,
    *,
    budget,
    floor,
    fine_tune=None,
    step=0.125,
    layers=None,
    images=None,
    example=None,
    unit="ms",
    round_to=8,
    zero_padding=False,
    record=None,
    progress=True,
) -> nn.Module:
    """Remove the outputs that contribute least accuracy for the cost that they save, until the network is cheap enough.

    Each round takes the layer that loses least accuracy per saved millisecond, and a step of its outputs. What was
    measured before something else was removed only says whom to measure again first: a layer loses outputs on the
    strength of a measurement of the very network that comes out of it.

    Parameters
    ----------
    net : torch.nn.Module
        Is not changed.
    evaluate : callable
        ``evaluate(net)`` -> accuracy from 0 to 1, on images that are neither trained nor tested on. It gets copies.
    budget : float
        Cost that may be left, as a share of the unpruned network's: above 0 and below 1.
    floor : float
        No network whose accuracy was measured below this is returned.
    fine_tune : callable, optional
        ``fine_tune(net)`` trains a network in place, or returns a trained one. It is called when the floor lets nothing
        more go, and at the end; what it does counts if the accuracy is not lower afterwards.
    step : float
        Share of a layer's outputs that goes in one step, at least.
    layers : sequence of str, optional
        Default: all that can lose outputs.
    images, example, unit, round_to, zero_padding
        As for `sensitivity`.
    record : list, optional
        Gets a dict for each step: the layer, how many outputs it keeps, the accuracy and the cost left (as a share).
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    torch.nn.Module
        A new network in the mode of `net`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `net` itself is below the floor.
    BudgetNotReachedError
        If the floor does not allow the budget. It says what was reached, and has that network in ``net``.

    References
    ----------
    T.-J. Yang et al.: NetAdapt: Platform-Aware Neural Network Adaptation for Mobile Applications, ECCV 2018 (steps
    judged by measured latency and accuracy).

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    >>> x = torch.randn(50, 4)
    >>> same = lambda pruned: float((pruned(x).argmax(1) == net(x).argmax(1)).float().mean())
    >>> autoprune(net, same, budget=0.8, floor=0.7, unit="macs", progress=False)[0]
    Linear(in_features=4, out_features=24, bias=True)
    """
    _check_share("budget", budget)
    _check_share("floor", floor, closed=True)
    if isinstance(step, bool) or not isinstance(step, Real) or not 0 < step <= 1:
        raise ValueError(f"step must be a share of a layer's outputs, above 0 and at most 1, not {step!r}.")
    if fine_tune is not None and not callable(fine_tune):
        raise TypeError(f"fine_tune must be callable: fine_tune(net), not {type(fine_tune).__name__}.")
    search = _Search(net, evaluate, images, example, unit, round_to, zero_padding)
    if search.accuracy < floor:
        raise ValueError(
            f"net itself reaches an accuracy of {search.accuracy:.4g}, below the floor of {floor:g}: give a lower "
            "floor, or train it further."
        )
    allowed = search.names(layers)
    record = [] if record is None else record
    best = search.accuracy, search.first_cost, search.widths.build({})
    bar = tqdm(desc="autopruning", unit="measurement", disable=not progress)

    def measured(changed):
        bar.update()
        bar.set_postfix({"cost left": f"{best[1] / search.first_cost:.1%}", "accuracy": f"{best[0]:.2%}"})
        return search.measure(changed)

    def note(layer, width):
        share = best[1] / search.first_cost
        record.append({"layer": layer, "kept": width, "accuracy": best[0], "cost": share})

    def tuned():
        """Fine-tune, and tell whether it was worth it."""
        trained = _trained(fine_tune, search.widths.trainable())
        before = copy.deepcopy(search.widths)
        search.widths.replace(trained)
        found = measured({})
        if found[0] < max(best[0], floor):
            search.widths = before
            return None
        return found

    target = budget * search.first_cost
    with bar:
        last_tuned = None  # accuracy and cost after the last fine-tuning
        while best[1] > target:
            # Before anything is measured: all are looked at, the first layer first.
            queue = {name: (-math.inf, i) for i, name in enumerate(allowed) if name in search.widths.widths}
            fresh = {}
            while queue and best[1] > target:
                name = min(queue, key=queue.get)
                if name not in fresh:
                    width = search.widths.narrower(name, step)
                    found = None if width is None else measured({name: width})
                    if found is None or found[0] < floor or found[1] >= best[1]:
                        del queue[name]
                        continue
                    fresh[name] = width, found
                    queue[name] = _rank(best[0] - found[0], best[1] - found[1])
                    continue
                width, best = fresh[name]
                search.widths.set({name: width})
                note(name, width)
                fresh = {}
            if best[1] > target:
                worth = None
                if fine_tune is not None and last_tuned != best[:2]:
                    worth = tuned()
                if worth is None:
                    raise _not_reached(best, search, budget, floor, fine_tune)
                best = worth
                last_tuned = best[:2]
                note("fine-tuning", None)
        if fine_tune is not None and (worth := tuned()) is not None:
            best = worth
            note("fine-tuning", None)
    return best[2]


class _Search:
    """The network as far as it has come, and how it is measured."""

    def __init__(self, net, evaluate, images, example, unit, round_to, zero_padding):
        keras = sys.modules.get("keras")
        if keras is not None and isinstance(net, keras.Model):
            raise TypeError("net is a Keras model: remove_channels takes it, automatic pruning only a torch.nn.Module.")
        if not isinstance(net, nn.Module):
            raise TypeError(f"net must be a torch.nn.Module, not {type(net).__name__}.")
        if not callable(evaluate):
            raise TypeError(f"evaluate must be callable: evaluate(net) -> accuracy, not {type(evaluate).__name__}.")
        if isinstance(round_to, bool) or not isinstance(round_to, Integral) or round_to < 1:
            raise ValueError(f"round_to must be a whole number, at least 1, not {round_to!r}.")
        for name, value in (("images", images), ("example", example)):
            if value is not None and not isinstance(value, torch.Tensor):
                raise TypeError(f"{name} must be a tensor of inputs, with their batch, not {type(value).__name__}.")
            if value is not None and (value.ndim < 2 or not len(value)):
                raise ValueError(f"{name} must hold at least one input, shape (n, ...), not {tuple(value.shape)}.")
        self.evaluate = evaluate
        self.accuracy, seen = self._first(net)
        example = seen if example is None else example
        if example is None:
            raise ValueError("evaluate(net) did not call net with a tensor, so that example must be given.")
        self.costs = LayerCost(example, unit)
        self.widths = Narrowing(net, example, images, round_to, zero_padding)
        self.first_cost = self.costs.of(net)

    def names(self, layers):
        known = list(self.widths.outputs)
        if layers is None:
            names = known
        else:
            names = [layers] if isinstance(layers, str) else list(layers)
            for name in names:
                if name not in known:
                    raise ValueError(f"layers names {name!r}; outputs can be lost by {', '.join(known) or 'none'}.")
        if not names:
            raise ValueError(f"net has no layer that can lose outputs in multiples of round_to={self.widths.round_to}.")
        return names

    def measure(self, changed):
        """Accuracy, cost and network with some widths changed; None where that leaves nothing to compute with."""
        try:
            net = self.widths.build(changed)
        except EmptyStreamError:
            return None
        return self._accuracy(copy.deepcopy(net)), self.costs.of(net), net

    def _first(self, net):
        net, seen = copy.deepcopy(net), []

        def look(module, inputs):
            if not seen and inputs and isinstance(inputs[0], torch.Tensor):
                seen.append(inputs[0][:1].detach().clone())

        net.register_forward_pre_hook(look)
        return self._accuracy(net), seen[0] if seen else None

    def _accuracy(self, net):
        found = self.evaluate(net)
        if isinstance(found, torch.Tensor) and found.numel() == 1:
            found = found.item()
        if not isinstance(found, Real) or not 0 <= found <= 1:  # no missing value is between 0 and 1
            percent = " For per cent, divide by 100." if isinstance(found, Real) and 1 < found <= 100 else ""
            raise ValueError(f"evaluate(net) must give an accuracy from 0 to 1, not {found!r}.{percent}")
        return float(found)


def _trained(fine_tune, net):
    returned = fine_tune(net)
    if returned is not None and not isinstance(returned, nn.Module):
        # Such as the history of a training.
        return net
    return net if returned is None else returned


def _not_reached(best, search, budget, floor, fine_tune):
    accuracy, cost, net = best
    share = cost / search.first_cost
    more = "" if fine_tune is not None else ", give fine_tune=, by which the network learns to do without what is gone"
    return BudgetNotReachedError(
        f"{share:.1%} of the cost is left at an accuracy of {accuracy:.4g}; no further step keeps the floor of "
        f"{floor:.4g} and saves anything, so that the budget of {budget:.1%} cannot be reached. Allow a lower floor or "
        f"a larger budget{more}. The network reached is in this error's .net.",
        net,
        share,
        accuracy,
    )


def _per(lost, saved):
    return lost / saved if saved > 0 else math.inf


def _rank(lost, saved):
    """Least loss for what is saved comes first; of those that lose nothing, what saves most."""
    return max(lost, 0.0) / saved, -saved


def _check_share(name, value, closed=False):
    if isinstance(value, bool) or not isinstance(value, Real) or not (0 < value < 1 or (closed and value in (0, 1))):
        raise ValueError(
            f"{name} must be a share {'from' if closed else 'between'} 0 {'to' if closed else 'and'} 1, not {value!r}."
        )


def _ratios(ratios):
    ratios = [ratios] if isinstance(ratios, Real) else list(ratios)
    for ratio in ratios:
        _check_share("each of ratios", ratio)
    if not ratios:
        raise ValueError("ratios must hold at least one share to remove, such as (0.25, 0.5, 0.75).")
    return ratios


# -- what has been measured is kept ------------------------------------------------------------------------------------


def _digest(tensors, text=""):
    digest = hashlib.sha256(text.encode())
    for name, tensor in tensors:
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().double().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _read(file, settings):
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


def _write(file, settings, done):
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
