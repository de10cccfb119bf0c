"""What pruning needs of a network, the same for torch and Keras."""

import sys

import torch
from torch import nn

from mlcourse.models.training import input_type
from mlcourse.optimize.criteria import data_scores, random_scores, weight_scores
from mlcourse.optimize.recording import record
from mlcourse.optimize.slicing import cut_channels


def opened_network(net, example=None, X=None):
    """Return the graph of a network, and what can be done with it.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
    example : tensor or tuple, optional
    X : tensor or array, optional
        Whose first case serves as an example.
    """
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(net, keras.Model):
        return _Keras(net)
    return _Torch(net, example, X)


class _Network:
    def scores(self, criterion, X, y, loss, random_state):
        """Return {root: what the channel counts for}."""
        if criterion == "random":
            return random_scores(self.graph, random_state)
        if criterion == "l1":
            return weight_scores(self.graph, self.weights())
        if X is None:
            raise ValueError(f"criterion={criterion!r} needs data: X=.")
        if criterion == "taylor" and y is None:
            raise ValueError("criterion='taylor' needs what is wanted of the network: y=.")
        y = None if y is None else torch.as_tensor(y)
        if y is not None and len(y) != len(X):
            raise ValueError(f"y must have one entry for each of the {len(X)} cases of X, not {len(y)}.")
        return self.data_scores(criterion, _tensor(X, self.input_type), y, loss)


class _Torch(_Network):
    def __init__(self, net, example, X):
        self.net, self.input_type = net, input_type(net)
        if example is None and X is None:
            self.example, self.graph = self._tried()
            return
        example = X[:1] if example is None else example
        example = example if isinstance(example, tuple) else (example,)
        device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
        self.example = tuple(_on(device, _tensor(value, self.input_type)) for value in example)
        try:
            self.graph = record(net, self.example)
        except (RuntimeError, IndexError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(f"net does not take the example: {reason}") from error

    def _tried(self):
        """An example that the network takes, and its graph."""
        for example in _likely_examples(self.net):
            try:
                return example, record(self.net, example)
            except (RuntimeError, ValueError, IndexError, TypeError):
                continue
        raise ValueError(
            "example must be given, an input with its batch: what shape net takes was not found by trying."
        )

    def weights(self):
        return dict(self.net.named_parameters())

    def data_scores(self, criterion, X, y, loss):
        return data_scores(self.net, self.graph, criterion, X, y, loss)

    def cut(self, removed):
        return cut_channels(self.net, self.graph, removed, self.example)


class _Keras(_Network):
    input_type = torch.float32

    def __init__(self, net):
        from mlcourse.optimize.keras_graph import keras_graph

        self.net, self.graph = net, keras_graph(net)

    def weights(self):
        from mlcourse.optimize.keras_slicing import named_weights

        return named_weights(self.net)

    def data_scores(self, criterion, X, y, loss):
        from mlcourse.optimize.keras_slicing import keras_data_scores

        return keras_data_scores(self.net, self.graph, criterion, X, y, loss)

    def cut(self, removed):
        from mlcourse.optimize.keras_slicing import cut_keras_channels

        return cut_keras_channels(self.net, self.graph, removed)


def _tensor(value, dtype):
    """An array as a tensor; lists of images and the like stay."""
    if isinstance(value, torch.Tensor) or not hasattr(value, "__array__"):
        return value
    return torch.as_tensor(value).to(dtype)


def _on(device, value):
    # Weights on the meta device have no values, but the example may.
    return value.to(device) if isinstance(value, torch.Tensor) and device.type != "meta" else value


_CONVOLUTIONS = nn.Conv1d | nn.Conv2d | nn.Conv3d
_SIDES = (32, 28, 64, 96, 128, 224, 256, 19, 9)


def _likely_examples(net):
    """Zeros that the network may take: of the size of its first layer, and images of several."""
    first = next((m for m in net.modules() if isinstance(m, nn.Linear | nn.Embedding | _CONVOLUTIONS)), None)
    weight = next(net.parameters(), None)
    options = {"dtype": input_type(net)}
    if weight is not None and not weight.is_meta:
        options["device"] = weight.device
    if isinstance(first, nn.Linear):
        yield torch.zeros(1, first.in_features, **options)
    elif isinstance(first, nn.Embedding):
        yield torch.zeros(1, 64, **options)
    elif first is not None:
        for side in _SIDES:
            yield torch.zeros(1, first.in_channels, *[side] * (first.weight.ndim - 2), **options)
