"""One training loop for every torch network of the course, and how to ask a trained network.

``fit`` shows what all training is: batches in random order, the loss of each, its gradients, a step of the optimiser
(AdamW: I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019), and after each epoch a look at data
that were not trained on. Keras models bring their own ``model.fit``.
"""

import copy
import math
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm


@dataclass
class History:
    """What happened in each epoch of a training.

    Parameters
    ----------
    loss, accuracy : list of float
        Mean over the training data, as seen while the weights were still changing; accuracy from 0 to 1.
    validation_loss, validation_accuracy : list of float
        On the validation data at the end of each epoch; empty without them.
    best_epoch : int
        The epoch whose weights the network has now, counted from 1: the one with the lowest validation loss, or the
        last one without validation data.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0

    def plot(self):
        """Plot the learning curves.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mlcourse.plots.learning import plot_learning_curves

        return plot_learning_curves(
            self.loss,
            self.accuracy,
            self.validation_loss or None,
            self.validation_accuracy or None,
            self.best_epoch if self.validation_loss else None,
        )

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        if not self.loss:
            return "History(no epoch yet)"
        i = self.best_epoch - 1
        seen = f"loss {self.loss[i]:.4f}, accuracy {self.accuracy[i]:.1%}"
        if self.validation_loss:
            seen += f", validation loss {self.validation_loss[i]:.4f}, accuracy {self.validation_accuracy[i]:.1%}"
        return f"History({len(self)} epochs, best {self.best_epoch}: {seen})"


def fit(
    net,
    X,
    y,
    validation=None,
    *,
    epochs=30,
    batch_size=64,
    learning_rate=1e-3,
    weight_decay=0.0,
    patience=None,
    loss=None,
    augment=None,
    random_state=0,
    progress=True,
) -> History:
    """Train a network in place.

    Parameters
    ----------
    net : torch.nn.Module
        Gives one number a class (logits, no softmax). It is trained on the device it is on, and left in eval mode.
    X : array or tensor of shape (n, ...)
        Inputs in the network's own layout, such as (n, channels, height, width). Cast to the type of the network's
        weights, or to int64 where it has an embedding.
    y : array or tensor of shape (n,), int
        Classes, from 0 on.
    validation : tuple of (X, y), optional
        Data to judge each epoch by. With them, the network ends with the weights of the epoch of lowest loss there.
    epochs, batch_size : int
        Times through the data; most cases a step (all batches of an epoch are of the same size, give or take one).
    learning_rate : float
        Of AdamW, at the start; from step to step it falls to 0 along half a cosine.
    weight_decay : float
        Of AdamW: the share of each weight, times the learning rate, that is taken off it every step.
    patience : int, optional
        Stop early after this many epochs in a row that are not the best; needs `validation`.
    loss : callable, optional
        ``loss(logits, y)`` -> a tensor with one number. Default: cross entropy.
    augment : callable, optional
        ``augment(batch, generator)`` -> a changed copy of a batch of X, on the network's device; `generator` is the
        torch.Generator (on the CPU) that chance must come from. Only the training data are changed.
    random_state : int or None
        For the order of the cases, dropout and augmentation; the same number gives the same network (on the same
        machine). The global random state of torch is left as it was. The network's first weights were drawn before:
        call ``torch.manual_seed`` ahead of building it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described: missing values in X, as many labels as cases not given, a label without an
        output, inputs that the network does not take.
    FloatingPointError
        If the loss is no number any more. The network is put back to the best epoch, or to where it started.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> history = fit(net, X, X[:, 0] > X[:, 1], epochs=20, batch_size=20, learning_rate=0.02, progress=False)
    >>> history.accuracy[-1] > 0.95
    True
    """
    _check_net(net)
    _check_settings(epochs, batch_size, learning_rate, weight_decay, patience, validation, random_state)
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError("net has nothing to train: it has no weights, or all of them are frozen (requires_grad).")
    inputs, targets = _cases(net, X, y, "")
    held_out = _cases(net, *_pair(validation), "validation ") if validation is not None else None
    device = weights[0].device
    loss = nn.functional.cross_entropy if loss is None else loss

    history, best = History(), math.inf
    n, batches = len(inputs), math.ceil(len(inputs) / batch_size)
    optimizer = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    kept = copy.deepcopy(net.state_dict())  # what to go back to
    bar = tqdm(total=epochs * batches, unit="batch", disable=not progress)
    try:
        with bar, _chance(random_state, device) as generator:
            for epoch in range(1, epochs + 1):
                bar.set_description(f"epoch {epoch}/{epochs}")
                net.train()
                total = right = 0.0
                for chosen in torch.randperm(n, generator=generator).tensor_split(batches):
                    batch, truth = inputs[chosen].to(device), targets[chosen].to(device)
                    if augment is not None:
                        batch = augment(batch, generator)
                    optimizer.zero_grad()
                    logits = net(batch)
                    value = loss(logits, truth)
                    if not torch.isfinite(value):
                        raise FloatingPointError(_diverged(value.item(), epoch, learning_rate, history))
                    value.backward()
                    optimizer.step()
                    schedule.step()
                    total += float(value.detach()) * len(chosen)
                    right += int((logits.detach().argmax(1) == truth).sum())
                    bar.update()
                history.loss.append(total / n)
                history.accuracy.append(right / n)
                shown = {"loss": f"{total / n:.4f}", "accuracy": f"{right / n:.1%}"}
                if held_out is not None:
                    value, accuracy = _judge(net, *held_out, loss, batch_size)
                    if not math.isfinite(value):
                        raise FloatingPointError(_diverged(value, epoch, learning_rate, history))
                    history.validation_loss.append(value)
                    history.validation_accuracy.append(accuracy)
                    shown |= {"validation loss": f"{value:.4f}", "validation accuracy": f"{accuracy:.1%}"}
                    if value < best:
                        best = value
                        history.best_epoch, kept = epoch, copy.deepcopy(net.state_dict())
                bar.set_postfix(shown)
                if patience is not None and epoch - history.best_epoch >= patience:
                    break
    except FloatingPointError:
        net.load_state_dict(kept)
        raise
    finally:
        # A learner may interrupt a long training: the best epoch so far is what is left.
        if held_out is not None and history.best_epoch:
            net.load_state_dict(kept)
        net.eval()
    if held_out is None:
        history.best_epoch = len(history)
    return history


def predict_probabilities(net, X, batch_size=256) -> np.ndarray:
    """Return what a network takes each case for, as probabilities.

    Parameters
    ----------
    net : torch.nn.Module
        Gives logits. It answers in eval mode, and is left in the mode it was in.
    X : array or tensor of shape (n, ...)
        As for `fit`.
    batch_size : int
        How many cases go through at once.

    Returns
    -------
    array of shape (n, classes), float64
        Softmax of the logits: each row sums to 1.

    Raises
    ------
    TypeError, ValueError
        As for `fit`, or if the network answers with missing values.

    Examples
    --------
    >>> predict_probabilities(nn.Identity(), [[0.0, 0.0], [0.0, np.log(3)]]).round(2).tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    return torch.softmax(_answers(net, X, batch_size), dim=1).numpy()


def predict(net, X, batch_size=256) -> np.ndarray:
    """Return the likeliest class of each case; see `predict_probabilities`.

    Returns
    -------
    array of shape (n,), int64

    Examples
    --------
    >>> predict(nn.Identity(), [[0.3, 0.1], [0.2, 0.9]]).tolist()
    [0, 1]
    """
    return _answers(net, X, batch_size).argmax(dim=1).numpy()


def _answers(net, X, batch_size) -> torch.Tensor:
    """Logits of all cases, float64 on the CPU."""
    _check_net(net)
    _whole("batch_size", batch_size)
    inputs = _inputs(net, X, "X")
    _try_out(net, inputs, "X")
    with in_eval_mode(net) as device:
        logits = torch.cat([net(part.to(device)).double().cpu() for part in inputs.split(batch_size)])
    wrong = int((~torch.isfinite(logits)).any(dim=1).sum())
    if wrong:
        raise ValueError(
            f"net answers {wrong} of {len(logits)} cases with missing or infinite values: its weights are damaged, or "
            "X is far from what it was trained on."
        )
    return logits


def _judge(net, inputs, targets, loss, batch_size):
    """Mean loss and accuracy in eval mode."""
    total = right = 0.0
    with in_eval_mode(net) as device:
        for batch, truth in zip(inputs.split(batch_size), targets.split(batch_size), strict=True):
            truth = truth.to(device)
            logits = net(batch.to(device))
            total += float(loss(logits, truth)) * len(truth)
            right += int((logits.argmax(1) == truth).sum())
    return total / len(inputs), right / len(inputs)


@contextmanager
def in_eval_mode(net):
    """Put a network into eval mode without gradients; afterwards everything is as before. Hands out its device."""
    training = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        with torch.no_grad():
            yield next((weight.device for weight in net.parameters()), torch.device("cpu"))
    finally:
        for module, mode in training:
            module.training = mode


@contextmanager
def _chance(random_state, device):
    """Seed torch for a while, and hand out a generator; afterwards chance goes on where it stood."""
    generator = torch.Generator()
    if random_state is None:
        generator.seed()
        yield generator
        return
    generator.manual_seed(int(random_state))
    elsewhere = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=elsewhere):
        torch.manual_seed(int(random_state))  # dropout draws from the global state
        yield generator


def _diverged(value, epoch, learning_rate, history):
    back = f"epoch {history.best_epoch}, the best one" if history.best_epoch else "where it started"
    return (
        f"the loss became {value} in epoch {epoch}: the training runs away. Try a smaller learning_rate than "
        f"{learning_rate:g}, or bring X to a mean near 0 and a standard deviation near 1. net was put back to {back}."
    )


# -- what enters is checked where it enters ----------------------------------------------------------------------------


def _check_net(net):
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(net, keras.Model):
        raise TypeError("net is a Keras model, which brings its own net.fit(X, y) and net.predict(X).")
    if not isinstance(net, nn.Module):
        raise TypeError(f"net must be a torch.nn.Module, not {type(net).__name__}.")


def _check_settings(epochs, batch_size, learning_rate, weight_decay, patience, validation, random_state):
    _whole("epochs", epochs)
    _whole("batch_size", batch_size)
    if not isinstance(learning_rate, Real) or not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be a number above 0, such as 0.001, not {learning_rate!r}.")
    if not isinstance(weight_decay, Real) or not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay must be 0 or more, such as 0.01, not {weight_decay!r}.")
    if patience is not None:
        _whole("patience", patience)
        if validation is None:
            raise ValueError("patience needs validation=(X, y): only there can an epoch be the best one.")
    if random_state is not None and not isinstance(random_state, Integral):
        raise ValueError(f"random_state must be a whole number or None, not {random_state!r}.")


def _whole(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number, at least 1, not {value!r}.")


def _pair(validation):
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise ValueError("validation must be a pair (X, y).")
    return validation


def _cases(net, X, y, part):
    """Inputs and targets as tensors on the CPU (or where they are), or what is wrong with them."""
    inputs = _inputs(net, X, f"{part}X")
    targets = y if isinstance(y, torch.Tensor) else torch.as_tensor(_classes(y, f"{part}y"))
    if targets.dtype.is_floating_point or targets.dtype.is_complex:
        raise ValueError(f"{part}y must be whole numbers, the classes from 0 on, not {targets.dtype}.")
    if targets.ndim != 1 or len(targets) != len(inputs):
        raise ValueError(
            f"{part}y must hold one class for each of the {len(inputs)} cases of X, not shape {tuple(targets.shape)}."
        )
    targets = targets.long().cpu()
    classes = _try_out(net, inputs, f"{part}X")
    lowest, highest = int(targets.min()), int(targets.max())
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"{part}y must hold classes from 0 to {classes - 1}, for net has {classes} outputs; it goes from {lowest} "
            f"to {highest}."
        )
    return inputs, targets


def _classes(y, name):
    y = np.asarray(y)
    if y.dtype.kind == "f" and np.isfinite(y).all() and (y == y.round()).all():
        y = y.astype(np.int64)
    if y.dtype.kind not in "iub":
        raise ValueError(
            f"{name} must be whole numbers, the classes from 0 on, not {y.dtype}; of names, np.unique(y, "
            "return_inverse=True)[1] makes them."
        )
    return y.astype(np.int64)


def _inputs(net, X, name):
    wanted = input_type(net)
    if not isinstance(X, torch.Tensor):
        X = np.asarray(X)
        if X.dtype.kind not in "fiub":
            raise ValueError(f"{name} must be numbers of shape (n, ...), not {X.dtype} of shape {X.shape}.")
        X = torch.as_tensor(np.ascontiguousarray(X, dtype=X.dtype.newbyteorder("=")))
    if X.ndim < 2 or not len(X):
        raise ValueError(f"{name} must have shape (n, ...) with at least one case, not {tuple(X.shape)}.")
    if X.dtype.is_complex or (X.dtype.is_floating_point and not wanted.is_floating_point):
        raise ValueError(f"{name} must hold whole numbers, for net begins with an embedding, not {X.dtype}.")
    X = X.detach().to(wanted)
    if X.dtype.is_floating_point:
        wrong = int((~torch.isfinite(X.flatten(1))).any(dim=1).sum())
        if wrong:
            raise ValueError(
                f"{name} has missing or infinite values in {wrong} of {len(X)} cases; leave these out, or fill them."
            )
    return X


def input_type(net) -> torch.dtype:
    """Return what a network's inputs have to be: of its weights' type, or whole numbers for an embedding."""
    if any(isinstance(module, nn.Embedding | nn.EmbeddingBag) for module in net.modules()):
        return torch.int64
    if any(hasattr(module, "computes_in") for module in net.modules()):
        return torch.float32  # made by mlcourse.optimize.to_half: each of its layers casts what it reads
    weight = next(net.parameters(), None)
    return torch.float32 if weight is None or not weight.dtype.is_floating_point else weight.dtype


def _try_out(net, inputs, name):
    """Put one case through, and return the number of classes that net tells apart."""
    shape = tuple(inputs.shape)
    try:
        with in_eval_mode(net) as device:
            answer = net(inputs[:1].to(device))
    except (RuntimeError, IndexError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"net does not take {name} of shape {shape}: {reason} (torch wants channels before height, width and time.)"
        ) from None
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != 1:
        raise ValueError(
            f"net must give one row of logits a case, shape (n, classes); for one case it gave "
            f"{tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__}."
        )
    return answer.shape[1]
