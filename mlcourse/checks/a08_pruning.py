"""Checks of the graded lab ``a08_pruning``: criterion, removal, zero padding, sensitivity, pruning to a budget."""

import numpy as np

from .core import Check, Part

# -- 1. which outputs stay --------------------------------------------------------------------------------------------


def _choose(criterion, weights, outputs, gradients, n):
    if criterion == "l1":
        scores = np.abs(weights).reshape(len(weights), -1).sum(axis=1)
    else:
        values = outputs if criterion == "activation" else outputs * gradients
        values = values.reshape(*outputs.shape[:2], -1)
        places = np.abs(values).mean(axis=2) if criterion == "activation" else np.abs(values.sum(axis=2))
        scores = places.mean(axis=0)
    return sorted(np.argsort(scores)[-n:].tolist())


def _layer_of(rng, n, convolution):
    """Weights, outputs and gradients of a layer: signs as they come, the scores well apart."""
    inner, places = ((n, 3, 3), (4, 4)) if convolution else ((n,), ())
    sizes = rng.permutation(np.linspace(0.4, 2, n))
    weights = rng.normal(size=(n, *inner)) * sizes.reshape(n, *[1] * len(inner))
    shape = (1, n) + (1,) * len(places)
    outputs = rng.normal(size=(6, n, *places)) * rng.permutation(sizes).reshape(shape)
    gradients = rng.normal(size=outputs.shape) * rng.permutation(sizes).reshape(shape)
    return weights, outputs, gradients


def _criterion_cases(criterion):
    def cases(rng):
        for n, keep, convolution in ((5, 2, False), (5, 3, False), (7, 3, True), (9, 5, True), (12, 4, True)):
            yield criterion, *_layer_of(rng, n, convolution), keep

    return cases


def _l1_cases(rng):
    weights = np.array([[3.0, 0.0, 0.0], [0.1, -0.2, 0.1], [-1.5, 1.5, -1.0], [1.0, 1.0, 1.3]])
    yield "l1", weights, np.ones((2, 4)), np.ones((2, 4)), 3
    yield "l1", weights, np.ones((2, 4)), np.ones((2, 4)), 1
    yield from _criterion_cases("l1")(rng)


def _choose_as(of_weights=None, of_data=None, pick=None):
    """A variant: scores of weights or of data, or the choice by them, can be replaced by wrong ones."""

    def l1(weights):
        return np.abs(weights).reshape(len(weights), -1).sum(axis=1)

    def pick_largest(scores, n):
        return sorted(np.argsort(scores)[-n:].tolist())

    def compute(criterion, weights, outputs, gradients, n):
        if criterion == "l1":
            scores = (of_weights or l1)(weights)
        elif of_data is not None:
            scores = of_data(
                weights, outputs.reshape(*outputs.shape[:2], -1), gradients.reshape(*outputs.shape[:2], -1)
            )
        else:
            return _choose(criterion, weights, outputs, gradients, n)
        return (pick or pick_largest)(scores, n)

    return compute


def _indices(answer, criterion, weights, outputs, gradients, n):
    """Any sequence of indices will do."""
    result = answer(criterion, weights, outputs, gradients, n)
    return np.asarray(result).tolist() if isinstance(result, tuple | np.ndarray) else result


choose = Check(
    "choose",
    reference=_choose,
    cases=_l1_cases,
    call=_indices,
    weight=2,
    misconceptions=[
        (
            _choose_as(pick=lambda scores, n: sorted(np.argsort(scores)[:n].tolist())),
            "the smallest are kept: they are what goes, the largest scores stay",
        ),
        (
            _choose_as(pick=lambda scores, n: np.argsort(scores)[::-1][:n].tolist()),
            "the right ones, in the order of their scores: outputs keep the order that they had, for the next layer "
            "counts on it",
        ),
        (
            _choose_as(pick=lambda scores, n: np.argsort(scores)[-n:].tolist()),
            "the right ones, from the smallest score up: outputs keep the order that they had, for the next layer "
            "counts on it",
        ),
        (
            _choose_as(pick=lambda scores, n: sorted(np.argsort(scores)[: len(scores) - n].tolist())),
            "those that go: asked for are those that stay",
        ),
        (
            _choose_as(of_weights=lambda w: w.reshape(len(w), -1).sum(axis=1)),
            "positive and negative weights cancel each other: add up their sizes",
        ),
        (
            _choose_as(of_weights=lambda w: np.abs(w.reshape(len(w), -1).sum(axis=1))),
            "added up first, made positive afterwards: positive and negative weights have cancelled by then",
        ),
        (
            _choose_as(of_weights=lambda w: (w.reshape(len(w), -1) ** 2).sum(axis=1)),
            "squares: L1 adds up the sizes themselves",
        ),
        (
            _choose_as(of_weights=lambda w: np.abs(w).reshape(len(w), -1).max(axis=1)),
            "the largest weight of each output: L1 adds up all of them",
        ),
        (
            _choose_as(of_weights=lambda w: np.abs(np.moveaxis(w, 1, 0)).reshape(w.shape[1], -1).sum(axis=1)),
            "scores of the inputs: the outputs of a layer lie along the first axis of its weights",
        ),
    ],
    parts=[
        Part(
            "activation: the mean size of what an output gives",
            cases=_criterion_cases("activation"),
            misconceptions=[
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(w).reshape(len(w), -1).sum(axis=1)),
                    "by the weights again: this criterion looks at the outputs",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: out.mean(axis=(0, 2))),
                    "the plain mean, in which positive and negative outputs cancel: take their sizes first",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(out.mean(axis=(0, 2)))),
                    "the size of the mean: by then positive and negative outputs have cancelled",
                ),
            ],
        ),
        Part(
            "taylor: the mean size of the change that the loss would feel",
            cases=_criterion_cases("taylor"),
            misconceptions=[
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(w).reshape(len(w), -1).sum(axis=1)),
                    "by the weights again: output times gradient is asked for",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(out * g).mean(axis=(0, 2))),
                    "the size of each place by itself: one image feels all places of a channel together, add them up "
                    "with their signs first",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: np.abs((out * g).sum(axis=(0, 2)))),
                    "images cancel each other: what helps one may harm another, take the size image by image",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: (out * g).sum(axis=(0, 2))),
                    "with its sign: a change of the loss counts in either direction",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(g.sum(axis=2)).mean(axis=0)),
                    "the gradient alone: an output near zero changes little when it goes, however steep the loss is",
                ),
                (
                    _choose_as(of_data=lambda w, out, g: np.abs(out).mean(axis=(0, 2))),
                    "the outputs alone: how much the loss feels of them is in the gradient",
                ),
            ],
        ),
    ],
    hints=[
        "First one score for each output, then the `n` outputs with the largest scores, then their order.",
        "`weights.reshape(len(weights), -1)` has a row for each output, whatever the layer; "
        "`outputs.reshape(*outputs.shape[:2], -1)` has images, outputs, places.",
        "`np.argsort(scores)` puts the largest last; `sorted(...)` puts indices back into order. For taylor: "
        "multiply, add up the places, then `np.abs`, then the mean over the images.",
    ],
)


# -- 2. removal -------------------------------------------------------------------------------------------------------


def _remove(state, kept):
    second = state["second.weight"]
    n, rest = len(state["first.weight"]), second.shape[2:]
    smaller = {name: array[kept] for name, array in state.items() if name.split(".")[0] in ("first", "norm")}
    # Behind a flattening a block of inputs belongs to each output; elsewhere the block has one.
    blocks = second.reshape(len(second), n, -1, *rest)[:, kept]
    return smaller | {"second.weight": blocks.reshape(len(second), -1, *rest), "second.bias": state["second.bias"]}


def _two_layers(rng, n, *, before=3, after=4, kernel=None, norm=False, block=0):
    def some(*shape):
        return np.round(rng.normal(size=shape), 2)

    kernels = (kernel, kernel) if kernel else ()
    state = {"first.weight": some(n, before, *kernels)}
    if norm:
        names = ("weight", "bias", "running_mean", "running_var")
        state |= {f"norm.{name}": np.abs(some(n)) + 0.1 if "var" in name else some(n) for name in names}
    else:
        state["first.bias"] = some(n)
    state["second.weight"] = some(after, n * block) if block else some(after, n, *kernels)
    return state | {"second.bias": some(after)}


def _pair_cases(rng):
    yield _two_layers(rng, 4, before=2, after=4), [1, 2]
    yield _two_layers(rng, 5, before=2, after=5), [0, 3, 4]
    yield _two_layers(rng, 6, before=3, after=6, kernel=3), [1, 2, 4, 5]
    for n in (6, 9):
        kept = np.sort(rng.choice(n, size=n // 2 + 1, replace=False)).tolist()
        yield _two_layers(rng, n, after=n, kernel=int(rng.choice([1, 3]))), kept


def _norm_cases(rng):
    yield _two_layers(rng, 4, before=2, after=4, kernel=1, norm=True), [1, 3]
    for n in (5, 8):
        kept = np.sort(rng.choice(n, size=n // 2 + 1, replace=False)).tolist()
        yield _two_layers(rng, n, kernel=3, norm=True), kept


def _flatten_cases(rng):
    yield _two_layers(rng, 3, before=2, after=2, kernel=1, block=4), [0, 2]
    for n, block in ((4, 2), (6, 9)):
        kept = np.sort(rng.choice(n, size=n // 2 + 1, replace=False)).tolist()
        yield _two_layers(rng, n, kernel=3, block=block), kept


def _remove_as(**changes):
    """A variant: entries of the right answer are replaced by what ``change(state, kept)`` gives."""

    def compute(state, kept):
        right = _remove(state, kept)
        for name, change in changes.items():
            name = name.replace("__", ".")
            if name in right:
                right[name] = change(state, kept)
        return right

    return compute


def _with_zeros(state, kept):
    zeros = {name: array.copy() for name, array in state.items()}
    gone = np.setdiff1d(np.arange(len(state["first.weight"])), kept)
    for name in zeros:
        if name.startswith(("first.", "norm.")):
            zeros[name][gone] = 0
    return zeros


def _old(name):
    return lambda state, kept: state[name]


def _spread_inputs(state, kept):
    second, n = state["second.weight"], len(state["first.weight"])
    if second.shape[1] == n:
        return second[:, kept]
    return second.reshape(len(second), -1, n)[:, :, kept].reshape(len(second), -1)


def _inputs_forgotten_behind_a_flattening(state, kept):
    second = state["second.weight"]
    return second[:, kept] if second.shape[1] == len(state["first.weight"]) else second


remove = Check(
    "remove",
    reference=_remove,
    cases=_pair_cases,
    weight=2,
    misconceptions=[
        (_with_zeros, "zeros, not removal: the matrices are as large as before, and as slow"),
        (
            _remove_as(second__weight=_old("second.weight")),
            "the next layer's inputs are forgotten: it still expects all outputs of the first one",
        ),
        (
            _remove_as(first__bias=_old("first.bias")),
            "the bias is forgotten: it has one number for each output, too",
        ),
        (
            _remove_as(second__weight=lambda state, kept: state["second.weight"][kept]),
            "rows of the second layer are gone, its own outputs: what it reads lies along the second axis",
        ),
        (
            _remove_as(
                second__weight=lambda state, kept: state["second.weight"][:, kept],
                second__bias=lambda state, kept: state["second.bias"][: len(kept)],
            ),
            "the second layer's bias is cut: it belongs to outputs that all stay",
        ),
        (
            lambda state, kept: _remove(state, [i for i in range(len(state["first.weight"])) if i not in kept]),
            "the kept ones are gone, the others still there",
        ),
        (
            lambda state, kept: _remove(state, list(range(len(kept)))),
            "the first so many stay, whichever were named",
        ),
        (
            _remove_as(second__weight=lambda state, kept: state["second.weight"][:, : len(kept)]),
            "the second layer keeps its first inputs: it must keep those that belong to the outputs that stay",
        ),
        (
            lambda state, kept: {k: v for k, v in _remove(state, kept).items() if k.endswith("weight")},
            "the biases are missing in the result",
        ),
    ],
    parts=[
        Part(
            "a normalisation in between",
            cases=_norm_cases,
            misconceptions=[
                (
                    _remove_as(
                        norm__running_mean=_old("norm.running_mean"), norm__running_var=_old("norm.running_var")
                    ),
                    "the statistics are forgotten: a normalisation holds a mean and a variance of each channel",
                ),
                (
                    _remove_as(
                        norm__weight=_old("norm.weight"),
                        norm__bias=_old("norm.bias"),
                        norm__running_mean=_old("norm.running_mean"),
                        norm__running_var=_old("norm.running_var"),
                    ),
                    "the normalisation is forgotten: all four of its arrays have a number for each channel",
                ),
                (
                    lambda state, kept: {k: v for k, v in _remove(state, kept).items() if not k.startswith("norm")},
                    "the normalisation is missing in the result",
                ),
            ],
        ),
        Part(
            "a flattening in between",
            cases=_flatten_cases,
            misconceptions=[
                (
                    _remove_as(second__weight=lambda state, kept: state["second.weight"][:, kept]),
                    "one input for each channel: behind a flattening each channel fills as many inputs as its map has "
                    "places",
                ),
                (
                    _remove_as(second__weight=_spread_inputs),
                    "the inputs of a channel are taken far apart: a flattening puts the places of one channel side "
                    "by side",
                ),
                (
                    _remove_as(second__weight=_inputs_forgotten_behind_a_flattening),
                    "the second layer still reads all places of all channels",
                ),
            ],
        ),
    ],
    hints=[
        "Draw a network of two layers, strike out one neuron, and follow every line that starts or ends there.",
        "Along which axis of each array do the first layer's outputs lie? `array[kept]` chooses along the first axis, "
        "`array[:, kept]` along the second.",
        "`second.weight` of a flattened map: reshape its inputs to (outputs, channels, places), choose channels, and "
        "reshape back. With one place for each channel that is the plain case.",
    ],
)


# -- 3. zero padding --------------------------------------------------------------------------------------------------


def _narrow_block(x, expand, project, kept):
    total = x.copy()
    if not kept:
        return total, 0
    hidden = np.maximum(expand @ x, 0)
    total[kept] += project[kept] @ hidden
    return total, x.shape[1] * (expand.size + len(kept) * len(expand))


def _block(rng, channels, hidden, places):
    def some(*shape):
        return np.round(rng.normal(size=shape), 2)

    return some(channels, places), some(hidden, channels), some(channels, hidden)


def _block_cases(rng):
    yield *_block(rng, 3, 4, 2), [1, 2]
    yield *_block(rng, 3, 5, 4), [2]
    for channels in (4, 6, 8):
        kept = np.sort(rng.choice(channels, size=channels // 2, replace=False)).tolist()
        yield *_block(rng, channels, 2 * channels, int(rng.integers(3, 9))), kept


def _empty_cases(rng):
    yield *_block(rng, 2, 4, 3), []
    yield *_block(rng, int(rng.integers(3, 7)), 8, 5), []


def _block_as(add=None, activation=lambda hidden: np.maximum(hidden, 0), count=None, empty=True):
    """A variant: the addition, the activation or the counting can be replaced by a wrong one."""

    def right(x, y, kept):
        total = x.copy()
        total[kept] += y
        return total

    def compute(x, expand, project, kept):
        macs = (
            count(x.shape[1], *expand.shape, len(kept))
            if count
            else x.shape[1] * (expand.size + len(kept) * len(expand))
        )
        if not kept:
            return x.copy(), 0 if empty else macs
        return (add or right)(x, project[kept] @ activation(expand @ x), kept), macs

    return compute


def _padded_behind(x, y, kept):
    total = x.copy()
    total[: len(kept)] += y
    return total


def _nothing_beside(x, y, kept):
    total = np.zeros_like(x)
    total[kept] = x[kept] + y
    return total


def _no_shortcut(x, y, kept):
    total = np.zeros_like(x)
    total[kept] = y
    return total


def _two_results(result, *_):
    is_pair = isinstance(result, tuple | list) and len(result) == 2
    return None if is_pair else "two results are asked for: `return total, macs`"


narrow_block = Check(
    "narrow_block",
    reference=_narrow_block,
    cases=_block_cases,
    weight=0,
    parts=[
        Part("two results", accept=_two_results, weight=0, essential=True),
        Part(
            "the sum",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _block_as(_padded_behind),
                    "added to the first channels, whichever were kept: each output belongs to a channel of its own",
                ),
                (
                    _block_as(lambda x, y, kept: x[kept] + y),
                    "the sum has lost channels: what goes round the branch keeps all of them",
                ),
                (
                    _block_as(_nothing_beside),
                    "what came in is gone where the branch gives nothing: x plus zero is x",
                ),
                (_block_as(_no_shortcut), "only the branch: a residual block adds it to what came in"),
                (
                    lambda x, expand, project, kept: (x + project @ np.maximum(expand @ x, 0), 0),
                    "the whole branch: nothing has been removed",
                ),
                (_block_as(activation=lambda hidden: hidden), "without ReLU: it comes behind the first convolution"),
            ],
        ),
        Part(
            "the multiply-accumulates that are left",
            view=lambda result: result[1],
            misconceptions=[
                (
                    _block_as(count=lambda places, hidden, channels, n: places * 2 * hidden * channels),
                    "those of the whole block: the second convolution has fewer outputs",
                ),
                (
                    _block_as(count=lambda places, hidden, channels, n: hidden * (channels + n)),
                    "for one place only: both convolutions run at each place",
                ),
                (
                    _block_as(count=lambda places, hidden, channels, n: 2 * places * hidden * (channels + n)),
                    "twice as many: a multiplication and its addition count as one",
                ),
                (
                    _block_as(count=lambda places, hidden, channels, n: places * hidden * n),
                    "the first convolution is forgotten: it still makes all hidden channels",
                ),
                (
                    _block_as(count=lambda places, hidden, channels, n: 2 * places * hidden * n),
                    "the first convolution is not narrower: it reads all channels that come in",
                ),
                (
                    _block_as(count=lambda places, hidden, channels, n: places * (hidden * (channels + n) + n)),
                    "the additions at the end are counted, too: here only the convolutions are",
                ),
            ],
        ),
        Part(
            "a branch that keeps nothing is not computed at all",
            cases=_empty_cases,
            misconceptions=[
                (
                    _block_as(empty=False),
                    "hidden channels are computed that nobody reads: no output, no multiplication",
                ),
            ],
        ),
    ],
    hints=[
        "Which rows of `project` does nobody need any more? And into which rows of the sum do the others go?",
        "`total = x.copy()`, and then `total[kept]` is what the branch is added to.",
        "A 1x1 convolution is a matrix product at each place: outputs times inputs times places.",
    ],
    rtol=1e-6,
)


# -- 4. sensitivity ---------------------------------------------------------------------------------------------------


class _Network:
    """A make-believe network: what each layer's loss of outputs costs in accuracy, alone and together."""

    def __init__(self, widths, hurts, together):
        self.widths, self.hurts, self.together, self.calls = dict(widths), dict(hurts), together, 0

    def accuracy(self, plan):
        self.calls += 1
        for layer, kept in plan.items():
            if layer not in self.widths:
                raise ValueError(f"evaluate: there is no layer {layer!r}")
            if not 1 <= kept <= self.widths[layer] or kept != int(kept):
                raise ValueError(f"evaluate: layer {layer!r} has {self.widths[layer]} outputs and cannot keep {kept}")
        gone = [1 - plan.get(layer, n) / n for layer, n in self.widths.items()]
        alone = sum(hurt * share**2 for hurt, share in zip(self.hurts.values(), gone, strict=True))
        return 0.98 - alone - self.together * (sum(gone) ** 2 - sum(share**2 for share in gone)) / 2


def _sensitivity(widths, evaluate, ratios):
    whole = evaluate(widths)
    return {
        layer: [whole - evaluate(widths | {layer: n - round(ratio * n)}) for ratio in ratios]
        for layer, n in widths.items()
    }


def _sensitivity_cases(rng):
    yield {"conv1": 8, "conv2": 16}, {"conv1": 0.4, "conv2": 0.08}, 0.2, [0.25, 0.75]
    yield {"a": 8, "b": 8, "c": 16}, {"a": 0.1, "b": 0.3, "c": 0.02}, 0.1, [0.25, 0.5, 0.75]
    for n_layers in (3, 4):
        names = [f"layer{i + 1}" for i in range(n_layers)]
        widths = {name: int(8 * rng.integers(1, 9)) for name in names}
        hurts = {name: round(float(rng.uniform(0.01, 0.2)), 3) for name in names}
        yield widths, hurts, 0.05, [0.125, 0.25, 0.5]


def _use_sensitivity(answer, widths, hurts, together, ratios):
    network = _Network(widths, hurts, together)
    result = answer(widths, network.accuracy, ratios)
    if isinstance(result, dict):
        result = {layer: np.asarray(lost).tolist() for layer, lost in result.items()}
    return result, network.calls


def _no_more_than_needed(calls, widths, hurts, together, ratios):
    if calls > 1 + len(widths) * len(ratios):
        return "more measurements than needed: the whole network is measured once, for all layers"
    return None


def _sensitivity_as(back=True, left=None, lost=lambda whole, now, last: whole - now):
    def compute(widths, evaluate, ratios):
        whole, plan, found = evaluate(widths), dict(widths), {}
        for layer, n in widths.items():
            plan = dict(widths) if back else plan
            last, found[layer] = whole, []
            for ratio in ratios:
                plan[layer] = left(n, ratio) if left else n - round(ratio * n)
                now = evaluate(plan)
                found[layer].append(lost(whole, now, last))
                last = now
        return found

    return compute


sensitivity = Check(
    "sensitivity",
    reference=_sensitivity,
    cases=_sensitivity_cases,
    call=_use_sensitivity,
    weight=0,
    parts=[
        Part(
            "the accuracy lost, layer by layer",
            view=lambda result: result[0],
            weight=2,
            essential=True,
            misconceptions=[
                (
                    _sensitivity_as(back=False),
                    "layers that were measured before stay narrow: put each back before the next one is measured",
                ),
                (
                    _sensitivity_as(left=lambda n, ratio: round(ratio * n)),
                    "the ratio is the share that goes, not the one that stays",
                ),
                (
                    _sensitivity_as(lost=lambda whole, now, last: now),
                    "the accuracy that is left: what was lost of the whole network's is asked for",
                ),
                (
                    _sensitivity_as(lost=lambda whole, now, last: now - whole),
                    "turned round: what is lost is positive",
                ),
                (
                    _sensitivity_as(lost=lambda whole, now, last: last - now),
                    "against the ratio before: each is compared with the whole network",
                ),
                (
                    _sensitivity_as(lost=lambda whole, now, last: (whole - now) / whole),
                    "divided by the whole network's accuracy: points are asked for, not shares of them",
                ),
            ],
        ),
        Part(
            "no more measurements than needed",
            view=lambda result: result[1],
            accept=_no_more_than_needed,
        ),
    ],
    hints=[
        "What does `evaluate(widths)` tell you, and how often do you need it?",
        "Two loops, over layers and over ratios; in the inner one a *copy* of `widths` in which one layer is narrower.",
        "`widths | {layer: fewer}` is such a copy.",
    ],
    atol=1e-9,
)


# -- 5. pruning to a budget -------------------------------------------------------------------------------------------

_STEP = 8


def _autoprune(widths, evaluate, cost, budget, floor):
    plan, allowed = dict(widths), budget * cost(widths)
    while cost(plan) > allowed:
        now, steps = evaluate(plan), []
        for layer in plan:
            narrower = plan | {layer: plan[layer] - 8}
            if narrower[layer] >= 8:
                accuracy = evaluate(narrower)
                if accuracy >= floor:
                    steps.append(((now - accuracy) / (cost(plan) - cost(narrower)), layer))
        if not steps:
            raise ValueError("no step keeps the floor")
        plan[min(steps)[1]] -= 8
    return plan


def _chain_cost(widths, sizes):
    """Multiply-accumulates of a chain of layers: what one gives, the next one reads."""

    def cost(plan):
        outputs = [1, *(plan.get(layer, n) for layer, n in widths.items()), 10]
        return sum(size * a * b for size, a, b in zip([*sizes, 1], outputs[:-1], outputs[1:], strict=True))

    return cost


def _use_autoprune(answer, widths, hurts, together, sizes, budget, floor):
    network = _Network(widths, hurts, together)
    result = answer(widths, network.accuracy, _chain_cost(widths, sizes), budget, floor)
    if isinstance(result, dict):
        return {layer: kept.item() if isinstance(kept, np.generic) else kept for layer, kept in result.items()}
    return result


def _reaches(plan, widths, hurts, together, sizes, budget, floor):
    """None, or what the plan lacks: how it was found does not matter."""
    if not isinstance(plan, dict) or set(plan) != set(widths):
        return "a plan names each layer, and how many of its outputs stay: {layer: outputs}"
    for layer, kept in plan.items():
        if not isinstance(kept, int) or isinstance(kept, bool) or kept % _STEP or not _STEP <= kept <= widths[layer]:
            return "each layer keeps a multiple of 8 outputs: at least 8, at most as many as it has"
    cost = _chain_cost(widths, sizes)
    left = cost(plan) / cost(widths)
    if left > budget:
        return f"the budget is not reached: {left:.0%} of the cost is left, and {budget:.0%} is allowed"
    accuracy = _Network(widths, hurts, together).accuracy(plan)
    if accuracy < floor - 1e-12:
        return "below the floor: cheap enough, but measured as a whole the network is less accurate than allowed"
    return None


def _networks(together, shapes):
    """Cases in which the budget can be reached with room: two points of accuracy."""

    def cases(rng):
        # The first layer is nearly harmless, and saves next to nothing.
        yield _reachable({"a": 32, "b": 32, "c": 32}, {"a": 0.1, "b": 0.3, "c": 0.3}, together, [9, 9, 72], 0.45)
        for n_layers, budget in shapes:
            names = [f"layer{i + 1}" for i in range(n_layers)]
            widths = {name: int(8 * rng.integers(4, 9)) for name in names}
            hurts = {name: round(float(h), 3) for name, h in zip(names, rng.permutation(_HURTS[n_layers]), strict=True)}
            sizes = [int(size) for size in rng.permutation([9, 18, 36, 72])[:n_layers]]
            yield _reachable(widths, hurts, together, sizes, budget)

    return cases


def _reachable(widths, hurts, together, sizes, budget):
    network = _Network(widths, hurts, together)
    good = _autoprune(widths, network.accuracy, _chain_cost(widths, sizes), budget, -9.0)
    return widths, hurts, together, sizes, budget, round(network.accuracy(good) - 0.02, 4)


_HURTS = {2: [0.02, 0.5], 3: [0.01, 0.05, 0.6], 4: [0.01, 0.02, 0.3, 0.8]}


def _impossible_cases(rng):
    yield {"layer1": 16, "layer2": 16}, {"layer1": 0.4, "layer2": 0.5}, 0.1, [9, 36], 0.5, 0.97
    yield {"layer1": 16, "layer2": 24}, {"layer1": 0.0, "layer2": 0.0}, 0.0, [9, 9], 0.05, 0.5
    hurt = round(float(rng.uniform(0.4, 0.8)), 2)
    yield {"a": 32, "b": 16, "c": 24}, {"a": hurt, "b": hurt, "c": hurt}, 0.1, [9, 9, 9], 0.3, 0.95


def _uniform(widths, evaluate, cost, budget, floor):
    for eighths in range(7, 0, -1):
        plan = {layer: max(8, n * eighths // 64 * 8) for layer, n in widths.items()}
        if cost(plan) <= budget * cost(widths):
            return plan
    return plan


def _each_alone(widths, evaluate, cost, budget, floor):
    plan = {}
    for layer, n in widths.items():
        fits = [kept for kept in range(8, n + 1, 8) if evaluate(widths | {layer: kept}) >= floor]
        plan[layer] = min(fits)
    return plan


def _added_up(widths, evaluate, cost, budget, floor):
    """What the layers lose alone, added up: never measured together."""
    whole = evaluate(widths)

    def guess(plan):
        return whole - sum(whole - evaluate(widths | {layer: kept}) for layer, kept in plan.items())

    return _autoprune(widths, guess, cost, budget, floor)


def _cheapest(widths, evaluate, cost, budget, floor):
    """Whatever saves most, whatever it loses."""
    plan = dict(widths)
    while cost(plan) > budget * cost(widths):
        can = [layer for layer in plan if plan[layer] > 8]
        if not can:
            raise ValueError("nothing is left to remove")
        plan[min(can, key=lambda layer: cost(plan | {layer: plan[layer] - 8}))] -= 8
    return plan


autoprune = Check(
    "autoprune",
    reference=_autoprune,
    cases=_networks(0.0, [(2, 0.6), (3, 0.4), (4, 0.5)]),
    call=_use_autoprune,
    accept=_reaches,
    weight=2,
    misconceptions=[
        (
            lambda widths, evaluate, cost, budget, floor: _autoprune(widths, evaluate, cost, 1 - budget, -9.0),
            "the budget is what may be left of the cost, not what goes",
        ),
        (lambda widths, *_: dict(widths), "nothing is removed: the plan is the whole network"),
        (lambda widths, *_: dict.fromkeys(widths, 8), "everything is removed that can be: the floor is not held"),
        (
            _each_alone,
            "each layer is narrowed until the floor by itself: together they lose what all of them lose",
        ),
        (_uniform, "every layer loses the same share: those that contribute much should keep more"),
        (_cheapest, "what saves most goes first, whatever accuracy it takes along: compare what a step loses with it"),
    ],
    parts=[
        Part(
            "layers that are safe alone are not safe together",
            cases=_networks(0.25, [(3, 0.55), (4, 0.5)]),
            accept=_reaches,
            misconceptions=[
                (
                    _added_up,
                    "what layers lose alone is added up: together they lose more, so measure again after each step",
                ),
            ],
        ),
        Part(
            "a budget that the floor forbids raises ValueError",
            cases=_impossible_cases,
            accept=_reaches,
        ),
    ],
    hints=[
        "A loop: as long as `cost(plan)` is above the budget, 8 outputs of a layer go. The question is of which one.",
        "For each layer: what is lost if 8 more of its outputs go *now*, and what does it save? The smallest quotient "
        "goes first; a step that falls below the floor does not count.",
        "If no step is left that keeps the floor and at least 8 outputs, `raise ValueError(...)`.",
    ],
)
