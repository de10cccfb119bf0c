"""Automatic pruning that trusts measurements: the accuracy that each layer contributes, and the time that it takes.

After the course's source on a Jetson Xavier AGX: the accuracy contribution of each part of a network is measured, and
what contributes least goes first. Two things are added here. What a layer contributes is divided by what its removal
saves, in milliseconds that were measured on this machine. And it is measured again whenever something else has been
removed: layers that are safe alone are not safe together.
"""

import copy
import math
from numbers import Real

import pandas as pd
from torch import nn
from tqdm.auto import tqdm

from mlcourse.optimize.measurements import digest, read_measurements, write_measurements
from mlcourse.optimize.search import Search

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
        Whether branches of residual additions are measured by themselves too; see `mlcourse.optimize.zero_pad`. A name
        that ends in ``+ ...`` stands for a branch and all that it is added to.
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
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    >>> table = sensitivity(net, lambda net: float(net(torch.ones(1, 4)).argmax() == 0), unit="macs", progress=False)
    >>> table[["layer", "outputs", "kept", "saved"]]
      layer  outputs  kept  saved
    0     0       16     8    0.5
    """
    shares = _ratios(ratios)
    search = Search(net, evaluate, images, example, unit, round_to, zero_padding)
    names = search.names(layers)
    wanted = []
    for name in names:
        n = search.widths.outputs[name]
        kept = {max(round_to, int((1 - share) * n / round_to + 0.5) * round_to) for share in shares}
        wanted += [(name, width) for width in sorted(kept, reverse=True) if width < n]

    settings = {
        "network": digest(net.state_dict().items(), repr(net)),
        "unit": unit,
        "round_to": round_to,
        "zero_padding": bool(zero_padding),
    }
    settings["images"] = None if images is None else digest([("images", images)])
    settings["accuracy"] = search.accuracy
    done = read_measurements(file, settings)
    for name, width in tqdm(wanted, desc="sensitivity", unit="measurement", disable=not progress):
        if (name, width) not in done:
            accuracy, cost, _ = search.measure({name: width})
            done[name, width] = accuracy, cost / search.first_cost
            write_measurements(file, settings, done)
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
    step=0.25,
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
        more go, and at the end; what it does counts if the accuracy holds the floor, and at the end only if it is not
        lower than before.
    step : float
        Share of a layer's outputs that goes in one step. It is halved when the floor lets nothing go any more.
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
    >>> import torch
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
    search = Search(net, evaluate, images, example, unit, round_to, zero_padding)
    if search.accuracy < floor:
        raise ValueError(
            f"net itself reaches an accuracy of {search.accuracy:.4g}, below the floor of {floor:g}: give a lower "
            "floor, or train it further."
        )
    names = search.names(layers)
    target, tuned_at = budget * search.first_cost, None
    with tqdm(desc="autopruning", unit="measurement", disable=not progress) as bar:
        run = _Run(search, floor, fine_tune, [] if record is None else record, bar)
        while run.cost > target:
            run.narrow(names, step, target)
            if run.cost <= target:
                break
            if fine_tune is not None and tuned_at != run.cost:
                tuned_at = run.cost
                run.tune(floor)
            elif any(step * n > round_to for n in search.widths.outputs.values()):
                step /= 2  # what is too much at once may go in part
            else:
                raise run.not_reached(budget)
        if fine_tune is not None and tuned_at != run.cost:
            run.tune(run.accuracy)
    return run.net


class _Run:
    """What has been reached, and how it goes on from there."""

    def __init__(self, search, floor, fine_tune, record, bar):
        self.search, self.floor, self.fine_tune, self.record, self.bar = search, floor, fine_tune, record, bar
        self.accuracy, self.cost, self.net = search.accuracy, search.first_cost, search.widths.build({})

    def measure(self, changed):
        self.bar.update()
        self.bar.set_postfix(
            {"cost left": f"{self.cost / self.search.first_cost:.1%}", "accuracy": f"{self.accuracy:.2%}"}
        )
        return self.search.measure(changed)

    def accept(self, layer, width, found):
        self.accuracy, self.cost, self.net = found
        share = self.cost / self.search.first_cost
        self.record.append({"layer": layer, "kept": width, "accuracy": self.accuracy, "cost": share})

    def narrow(self, names, step, target):
        """Take outputs away, until the target is reached or the floor lets none go."""
        widths = self.search.widths
        # All are measured before any is changed. What was measured before the last change is an estimate.
        queue = {name: (-math.inf, i) for i, name in enumerate(names)}
        fresh = {}
        while queue and self.cost > target:
            name = min(queue, key=queue.get)
            if name in fresh:
                width, found = fresh[name]
                widths.set({name: width})
                self.accept(name, width, found)
                fresh = {}
                continue
            width = widths.narrower(name, step)
            found = None if width is None else self.measure({name: width})
            if found is None or found[0] < self.floor or found[1] >= self.cost:
                del queue[name]
            else:
                fresh[name] = width, found
                queue[name] = _rank(self.accuracy - found[0], self.cost - found[1])

    def tune(self, least):
        """Fine-tune; it counts if the accuracy is at least this afterwards."""
        widths = copy.deepcopy(self.search.widths)
        self.search.widths.replace(_trained(self.fine_tune, self.search.widths.trainable()))
        found = self.measure({})
        if found[0] >= least:
            self.accept("fine-tuning", None, found)
        else:
            self.search.widths = widths

    def not_reached(self, budget):
        share = self.cost / self.search.first_cost
        more = (
            ""
            if self.fine_tune is not None
            else ", give fine_tune=, which teaches the network to do without what is gone"
        )
        return BudgetNotReachedError(
            f"{share:.1%} of the cost is left at an accuracy of {self.accuracy:.4g}; no further step keeps the floor "
            f"of {self.floor:.4g} and saves anything, so that the budget of {budget:.1%} cannot be reached. Allow a "
            f"lower floor or a larger budget{more}. The network reached is in this error's .net.",
            self.net,
            share,
            self.accuracy,
        )


def _trained(fine_tune, net):
    returned = fine_tune(net)
    if returned is not None and not isinstance(returned, nn.Module):
        # Such as the history of a training.
        return net
    return net if returned is None else returned


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
