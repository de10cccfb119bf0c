"""A convolutional network that tells activities from raw windows of a phone's motion sensors, in torch and in Keras.

The filters move along time only, and see all channels at once. No feature is computed by hand: compare with
`mlcourse.sensing.WindowFeatures`.
"""

import numpy as np
import torch
from torch import nn

from mlcourse.datasets.hapt import BASIC_ACTIVITIES

#: What the outputs of `pretrained_activity_cnn` stand for, in this order.
ACTIVITIES = BASIC_ACTIVITIES

_FILTERS, _KERNELS, _DROPOUT = (32, 64, 64), (9, 7, 5), 0.3


class ActivityCNN(nn.Module):
    """Three convolutions along time, then the mean and the maximum of each filter over the window.

    Channels are brought to mean 0 and standard deviation 1 by the first layer, which learns both while it is trained
    (batch normalisation without weights): the network takes m/s^2 and rad/s. Windows may have any length from 4 samples
    on.

    Parameters
    ----------
    n_channels : int
        Channels of a window: 6 for accelerometer and gyroscope.
    n_classes : int
        Activities.

    References
    ----------
    S. Ioffe, C. Szegedy: Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift,
    ICML 2015.

    Examples
    --------
    >>> net = ActivityCNN()
    >>> net(torch.zeros(2, 6, 128)).shape
    torch.Size([2, 6])
    >>> sum(weight.numel() for weight in net.parameters())
    37798
    """

    def __init__(self, n_channels: int = 6, n_classes: int = 6):
        super().__init__()
        _check_sizes(n_channels, n_classes)
        self.n_channels = n_channels
        self.standardize = nn.BatchNorm1d(n_channels, affine=False)
        layers, before = [], n_channels
        for i, (filters, kernel) in enumerate(zip(_FILTERS, _KERNELS, strict=True)):
            layers += [nn.MaxPool1d(2)] if i else []
            layers += [nn.Conv1d(before, filters, kernel, padding=kernel // 2), nn.BatchNorm1d(filters), nn.ReLU()]
            before = filters
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(_DROPOUT)
        self.classifier = nn.Linear(2 * before, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (windows, classes) for windows (windows, channels, time)."""
        if x.ndim != 3 or x.shape[1] != self.n_channels or x.shape[2] < 4:
            swapped = x.ndim == 3 and x.shape[2] == self.n_channels
            raise ValueError(
                f"x must have shape (windows, channels, time) = (n, {self.n_channels}, 4 or more), not "
                f"{tuple(x.shape)}." + (" Windows.X has time first: X.transpose(0, 2, 1)." if swapped else "")
            )
        maps = self.features(self.standardize(x))
        return self.classifier(self.dropout(torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)))


def activity_cnn(n_channels=6, n_classes=6):
    """Build the network of `ActivityCNN` in Keras.

    Parameters
    ----------
    n_channels, n_classes : int

    Returns
    -------
    keras.Model
        Takes windows (windows, time, channels), answers with probabilities; compiled for Adam, cross entropy of
        whole-number labels, and accuracy.

    Examples
    --------
    >>> activity_cnn()(np.zeros((2, 128, 6), dtype=np.float32)).shape
    torch.Size([2, 6])
    """
    import keras
    from keras import layers

    _check_sizes(n_channels, n_classes)
    # torch's numbers, so that equal weights give equal answers.
    normalisation = {"momentum": 0.9, "epsilon": 1e-5}
    windows = maps = keras.Input((None, n_channels))
    maps = layers.BatchNormalization(center=False, scale=False, name="standardize", **normalisation)(maps)
    for i, (filters, kernel) in enumerate(zip(_FILTERS, _KERNELS, strict=True), start=1):
        maps = layers.MaxPooling1D(2, name=f"pooling_{i - 1}")(maps) if i > 1 else maps
        maps = layers.Conv1D(filters, kernel, padding="same", name=f"convolution_{i}")(maps)
        maps = layers.BatchNormalization(name=f"normalisation_{i}", **normalisation)(maps)
        maps = layers.Activation("relu", name=f"relu_{i}")(maps)
    pooled = layers.Concatenate(name="mean_and_maximum")(
        [layers.GlobalAveragePooling1D(name="mean")(maps), layers.GlobalMaxPooling1D(name="maximum")(maps)]
    )
    pooled = layers.Dropout(_DROPOUT, name="dropout")(pooled)
    answers = layers.Dense(n_classes, activation="softmax", name="classifier")(pooled)
    net = keras.Model(windows, answers, name="activity_cnn")
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def activity_cnn_like(net: ActivityCNN):
    """Return `activity_cnn` with the weights of a torch network: the same answers, as probabilities.

    Parameters
    ----------
    net : ActivityCNN

    Returns
    -------
    keras.Model
    """
    if not isinstance(net, ActivityCNN):
        raise TypeError(f"net must be an ActivityCNN, not {type(net).__name__}.")
    twin = activity_cnn(net.n_channels, net.classifier.out_features)

    def arrays(*tensors):
        return [tensor.detach().cpu().numpy() for tensor in tensors]

    names = ["standardize"]
    modules = [net.standardize]
    for i, module in enumerate(m for m in net.features if isinstance(m, nn.Conv1d | nn.BatchNorm1d)):
        names.append(f"{'convolution' if isinstance(module, nn.Conv1d) else 'normalisation'}_{i // 2 + 1}")
        modules.append(module)
    for name, module in zip([*names, "classifier"], [*modules, net.classifier], strict=True):
        if isinstance(module, nn.BatchNorm1d):
            tensors = [module.weight, module.bias] if module.affine else []
            values = arrays(*tensors, module.running_mean, module.running_var)
        else:
            # torch has (filters, channels, time) and (outputs, inputs), Keras the other way round.
            values = [array.T for array in arrays(module.weight, module.bias)]
        twin.get_layer(name).set_weights(values)
    return twin


def pretrained_activity_cnn() -> ActivityCNN:
    """Return the network with the weights that ship with the course.

    It takes windows of accelerometer (m/s^2) and gyroscope (rad/s) at 50 Hz from a phone at the waist, and tells the
    six `ACTIVITIES`; it learned from the training people of HAPT. ``weights_report("activity_cnn")`` tells what it
    reached on other people; ``python training/activity.py`` trains it anew.

    Examples
    --------
    >>> net = pretrained_activity_cnn()
    >>> lying = torch.tensor([0.0, 9.8, 0.0, 0.0, 0.0, 0.0])[None, :, None].repeat(1, 1, 128)
    >>> ACTIVITIES[net(lying).argmax()]
    'laying'
    """
    from mlcourse.models.weights import load_weights

    return load_weights(ActivityCNN(), "activity_cnn")


class VariedWindows:
    """Windows as other people might have made them: for `fit`'s ``augment``.

    Each window is cut somewhere from the longer one given, walked through faster or slower, its movement made stronger
    or weaker (gravity stays), and the phone turned a little about an axis drawn by chance, for no two belts sit alike.

    Parameters
    ----------
    samples : int
        Length of the windows that come out; those that go in must be longer by ``exp(speed)``.
    degrees : float
        The phone is turned by at most this angle.
    speed, strength : float
        Logarithm of the largest factor: 0.2 is from 18 % less to 22 % more.

    Examples
    --------
    >>> batch = torch.randn(5, 6, 160)
    >>> VariedWindows(128)(batch, torch.Generator()).shape
    torch.Size([5, 6, 128])
    """

    def __init__(self, samples: int = 128, degrees: float = 20.0, speed: float = 0.2, strength: float = 0.2):
        self.samples, self.degrees, self.speed, self.strength = samples, degrees, speed, strength

    def __call__(self, batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return windows (n, channels, samples) for windows (n, channels, time); channels come as x, y, z triples."""
        n, channels, time = batch.shape
        if channels % 3 or time < self.samples * np.exp(self.speed):
            raise ValueError(
                f"windows must have channels in threes (x, y, z) and at least {self.samples * np.exp(self.speed):.0f} "
                f"samples, not shape {tuple(batch.shape)}."
            )

        def draw(most, *shape):
            return (most * (2 * torch.rand(n, *shape, generator=generator) - 1)).to(batch.device)

        # Cut and stretch: read each window at equally spaced places in between its samples.
        step = torch.exp(draw(self.speed, 1))
        start = (draw(0.5, 1) + 0.5) * (time - 1 - step * (self.samples - 1))
        places = start + step * torch.arange(self.samples, device=batch.device)
        left = places.floor().long().clamp(0, time - 2)
        part = (places - left)[:, None]
        left = left[:, None].expand(n, channels, self.samples)
        windows = batch.gather(2, left) * (1 - part) + batch.gather(2, left + 1) * part

        mean = windows.mean(dim=2, keepdim=True)
        windows = mean + (windows - mean) * torch.exp(draw(self.strength, 1, 1))

        turned = random_rotations(n, self.degrees, generator).to(batch)[:, None]
        return (turned @ windows.reshape(n, channels // 3, 3, self.samples)).reshape(n, channels, self.samples)


def random_rotations(n: int, degrees: float, generator: torch.Generator) -> torch.Tensor:
    """Draw rotations by up to `degrees` about axes of any direction.

    Returns
    -------
    tensor of shape (n, 3, 3)
        By Rodrigues' formula: R = I + sin(a) K + (1 - cos(a)) K K, where K v is the axis x v.

    Examples
    --------
    >>> R = random_rotations(4, 30, torch.Generator())
    >>> torch.allclose(R @ R.transpose(1, 2), torch.eye(3).expand(4, 3, 3), atol=1e-6)
    True
    """
    x, y, z = nn.functional.normalize(torch.randn(n, 3, generator=generator), dim=1).T
    angle = torch.deg2rad(degrees * (2 * torch.rand(n, 1, 1, generator=generator) - 1))
    zero = torch.zeros(n)
    K = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).reshape(n, 3, 3)
    return torch.eye(3) + torch.sin(angle) * K + (1 - torch.cos(angle)) * K @ K


def _check_sizes(n_channels, n_classes):
    for name, value, least in (("n_channels", n_channels, 1), ("n_classes", n_classes, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
