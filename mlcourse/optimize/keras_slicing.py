"""Cut channels out of a Keras model: its layers are made anew from their configuration, with smaller weights."""

import torch

from mlcourse.optimize.criteria import BATCH, DataScores
from mlcourse.optimize.graph import Graph
from mlcourse.optimize.keras_graph import keras_graph

_SIZES = {"Dense": "units", "Embedding": "output_dim"}  # of all others: filters


def cut_keras_channels(net, graph: Graph, removed: set[int]):
    """Return a new model without some channels; see `mlcourse.optimize.slicing.cut_channels`."""
    import keras

    kept = graph.without(removed)
    # How many outputs are left of each layer that loses some.
    sizes = {layer: len(kept[key]) for layer, key in graph.sources.items() if key in kept}

    def clone(layer):
        config = layer.get_config()
        if layer.name in sizes:
            config[_SIZES.get(type(layer).__name__, "filters")] = sizes[layer.name]
        return type(layer).from_config(config)

    try:
        new = keras.models.clone_model(net, clone_function=clone)
        keras_graph(new, expected=graph.cut(kept))
    except ValueError as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{net.name} does not work with fewer channels there ({reason}): somewhere it counts on fixed sizes or "
            "positions. Leave the layers ahead of it out."
        ) from error
    for old, layer in zip(net.layers, new.layers, strict=True):
        for before, after in zip(old.weights, layer.weights, strict=True):
            value = before.value.detach()
            for axis in range(value.ndim):
                if (stay := kept.get((f"{old.name}.{before.name}", axis))) is not None:
                    value = value.index_select(axis, torch.tensor(stay, device=value.device))
            after.assign(value)
        layer.trainable = old.trainable
    if net.compiled:
        new.compile_from_config(net.get_compile_config())
    return new


def named_weights(net) -> dict[str, torch.Tensor]:
    """Weights by the names that the graph uses."""
    return {f"{layer.name}.{weight.name}": weight.value for layer in net.layers for weight in layer.weights}


def keras_data_scores(net, graph: Graph, criterion: str, X, y, loss) -> dict[int, float]:
    """Return what each channel does to data; see `mlcourse.optimize.criteria.data_scores`."""
    import keras

    by_gradient = criterion == "taylor"
    if by_gradient and loss is None:
        if not net.compiled:
            raise ValueError("net is not compiled, so that its loss is not known: give loss=.")

        def loss(answer, truth):
            return net.compute_loss(y=truth, y_pred=answer, training=False)

    found = DataScores(graph)
    places = {id(place[0]): place for place in graph.read.values()}.values()
    inside = keras.Model(net.inputs, [tensor for tensor, *_ in places] + list(net.outputs))
    for start in range(0, len(X), BATCH):
        with torch.set_grad_enabled(by_gradient):
            *read, answer = inside(X[start : start + BATCH], training=False)
            gradients = [None] * len(read)
            if by_gradient:
                value = loss(answer, y[start : start + BATCH].to(answer.device)) * len(answer)
                gradients = torch.autograd.grad(value, read, allow_unused=True)
        for x, gradient, (_, axis, numbers) in zip(read, gradients, places, strict=True):
            if not by_gradient or gradient is not None:
                found.add(x, axis, numbers, gradient)
    return found.of
