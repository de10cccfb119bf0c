"""A policy network for Go: from a position, the probability of every next move.

The lecture's example: the board is an image of 19 by 19 pixels with black 1, white -1 and none 0, and the answer is one
of 361 points. A shape means the same wherever it stands, so filters are shared over the board; but no pooling takes
place, for a stone one point further on is another position.

`pretrained_go_policy` was trained by ``python training/go.py``. It learned from few records and many generated games:
it answers like a beginner, and nothing is claimed of its strength.

References
----------
D. Silver et al., Mastering the game of Go with deep neural networks and tree search, Nature 529, 2016, methods, "Neural
network architecture": planes of features, zero padding, first filters of 5 by 5, no pooling, at last one filter of 1 by
1 with a bias for every point. Theirs has 48 planes and 13 layers of 192 filters, this one 9 and 5 of 32.
"""

import numpy as np
import torch
from torch import nn

from mlcourse.datasets.go_board import Board
from mlcourse.datasets.go_positions import GoPositions
from mlcourse.models.weights import load_weights

#: What each plane shows, in order. The first is the lecture's; those that follow see the board with the mover's eyes.
PLANES = (
    "stones: black 1, white -1, none 0",
    "stones: mover 1, opponent -1, none 0",
    "mover's groups with one liberty",
    "mover's groups with two liberties",
    "opponent's groups with one liberty",
    "opponent's groups with two liberties",
    "last move",
    "legal moves",
    "the board itself: 1 everywhere, so that padding can be told from empty points",
)


#: Records of `mlcourse.datasets.fetch_go_records` that the shipped network has never seen: two whole games.
HELD_OUT_RECORDS = ("LS vs AG - G4 - English.sgf", "ogs.sgf")


def go_planes(position) -> np.ndarray:
    """Turn positions into what the network sees.

    Parameters
    ----------
    position : Board or GoPositions

    Returns
    -------
    array of shape (planes, size, size) or (n, planes, size, size), float32
        See `PLANES`.

    Raises
    ------
    TypeError
        If it is something else, such as the bare stones, which do not tell whose turn it is.

    Examples
    --------
    >>> board = Board(19)
    >>> _ = board.play("Q16")
    >>> planes = go_planes(board)
    >>> planes.shape, planes[0, 3, 15], planes[1, 3, 15]  # black, and now the opponent's
    ((9, 19, 19), np.float32(1.0), np.float32(-1.0))
    """
    if isinstance(position, GoPositions):
        planes = np.zeros((len(position), len(PLANES), position.size, position.size), dtype=np.float32)
        for i, board in enumerate(position.boards()):
            planes[i] = go_planes(board)
        return planes
    if not isinstance(position, Board):
        raise TypeError(
            f"position must be a Board or GoPositions, not {type(position).__name__}: the bare stones do not tell "
            "whose turn it is. Board.from_stones(stones, to_play=1) makes a board of them."
        )
    stones, liberties = position.stones, position.liberty_counts()
    mine = stones * position.to_play
    last = np.zeros_like(stones)
    if position.last is not None:
        last[position.last] = 1
    planes = [stones, mine]
    planes += [(mine == side) & (liberties == count) for side in (1, -1) for count in (1, 2)]
    planes += [last, position.legal_mask(), np.ones_like(stones)]
    return np.array(planes, dtype=np.float32)


def go_symmetry(boards, k: int):
    """Turn and mirror boards: the rules of Go look the same from all eight sides.

    Parameters
    ----------
    boards : array or tensor of shape (..., size, size)
    k : int
        0 to 7: quarter turns ``k % 4``, then mirrored if ``k >= 4``. 0 changes nothing.

    Returns
    -------
    of the type and shape of `boards`

    Examples
    --------
    >>> go_symmetry(np.array([[1, 2], [3, 4]]), 5).tolist()
    [[4, 2], [3, 1]]
    """
    if k not in range(8):
        raise ValueError(f"k must be one of the eight symmetries 0 to 7, not {k!r}.")
    turn, flip = (torch.rot90, torch.flip) if isinstance(boards, torch.Tensor) else (np.rot90, np.flip)
    turned = turn(boards, k % 4, (-2, -1))
    return flip(turned, (-1,)) if k >= 4 else turned


def go_symmetry_inverse(boards, k: int):
    """Undo `go_symmetry`.

    Examples
    --------
    >>> go_symmetry_inverse(go_symmetry(np.array([[1, 2], [3, 4]]), 5), 5).tolist()
    [[1, 2], [3, 4]]
    """
    # A mirrored turn is its own inverse.
    return go_symmetry(boards, k if k >= 4 else -k % 4)


def go_views(positions: GoPositions, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Planes and moves of positions seen from one of the eight sides, to train with.

    Parameters
    ----------
    positions : GoPositions
    k : int
        See `go_symmetry`.

    Returns
    -------
    planes : array of shape (n, planes, size, size), float32
    y : array of shape (n,), int64

    Examples
    --------
    >>> from mlcourse.datasets import go_positions, parse_sgf
    >>> positions = go_positions([parse_sgf("(;SZ[5];B[ba])")])
    >>> go_views(positions, 4)[1].tolist()  # mirrored: from column 1 to column 3
    [3]
    """
    size = positions.size
    # Where every point goes to: the one that stands at place p came from came_from[p].
    came_from = go_symmetry(np.arange(size * size).reshape(size, size), k).ravel()
    return np.ascontiguousarray(go_symmetry(go_planes(positions), k)), np.argsort(came_from)[positions.y]


class _GoPolicy(nn.Module):
    """What the convolutional and the fully connected network have in common."""

    def __init__(self, size):
        super().__init__()
        if isinstance(size, bool) or not isinstance(size, int) or size < 5:
            raise ValueError(f"size must be the points along each side of the board, at least 5, not {size!r}.")
        self.size = size

    def _check(self, x):
        expected = (len(PLANES), self.size, self.size)
        if x.ndim != 4 or tuple(x.shape[1:]) != expected:
            raise ValueError(
                f"x must have shape (positions, planes, rows, columns) = (n, {', '.join(map(str, expected))}), not "
                f"{tuple(x.shape)}. go_planes(board)[None] makes it."
            )

    def policy(self, position, symmetries: bool = True) -> np.ndarray:
        """Probability of every next move; illegal moves have none.

        Parameters
        ----------
        position : Board or GoPositions
        symmetries : bool
            Whether to average what the network says of the board seen from all eight sides. Then a turned position has
            the turned probabilities, exactly.

        Returns
        -------
        array of shape (size, size) or (n, size, size), float64
            Each board sums to 1; where no move is legal (only a pass is left) all are 0.
        """
        planes = go_planes(position)
        single = planes.ndim == 3
        x = torch.from_numpy(planes[None] if single else planes)
        legal = x[:, 7].numpy() > 0
        was_training, weight = self.training, next(self.parameters())
        self.eval()
        total = np.zeros(legal.shape)
        with torch.no_grad():
            for start in range(0, len(x), 256):
                part = slice(start, start + 256)
                for k in range(8 if symmetries else 1):
                    logits = self(go_symmetry(x[part], k).contiguous().to(weight)).double().cpu()
                    logits = logits.reshape(-1, self.size, self.size)
                    total[part] += _masked_softmax(go_symmetry_inverse(logits, k).numpy(), legal[part])
        self.train(was_training)
        found = total / (8 if symmetries else 1)
        return found[0] if single else found

    def accuracy(self, positions: GoPositions, top: int = 1) -> float:
        """How often the move that was played is among the `top` likeliest legal ones, 0 to 1."""
        if not len(positions):
            raise ValueError("positions must hold at least one position.")
        return float(self.hits(positions, top).mean())

    def hits(self, positions: GoPositions, top: int = 1) -> np.ndarray:
        """Whether each move that was played is among the `top` likeliest legal ones; bool, shape (n,)."""
        scores = self.policy(positions).reshape(len(positions), -1)
        played = scores[np.arange(len(scores)), positions.y]
        # A tie counts against the network.
        return (scores >= played[:, None]).sum(axis=1) <= top


class GoPolicyCNN(_GoPolicy):
    """Convolutions over the whole board, and no pooling: 19 by 19 in, 19 by 19 out.

    Parameters
    ----------
    channels : int
        Filters of each layer.
    layers : int
        Convolutions before the last one: the first of 5x5, the others of 3x3; all padded, so that the board keeps its
        size.
    size : int
        Points along each side of the board.

    Examples
    --------
    >>> net = GoPolicyCNN()
    >>> net(torch.zeros(2, 9, 19, 19)).shape
    torch.Size([2, 361])
    """

    def __init__(self, channels: int = 32, layers: int = 5, size: int = 19):
        super().__init__(size)
        blocks = [nn.Conv2d(len(PLANES), channels, 5, padding=2), nn.ReLU()]
        for _ in range(layers - 1):
            blocks += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.head = nn.Conv2d(channels, 1, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(size * size))  # the same shape is worth more in the corner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, size * size) of the next move for planes (n, 9, size, size)."""
        self._check(x)
        return self.head(self.features(x)).flatten(1) + self.bias


class GoPolicyDense(_GoPolicy):
    """The lecture's "fully connected feedforward network can be used": every point has weights of its own.

    Parameters
    ----------
    hidden : int
        Neurons of each of two hidden layers.
    size : int

    Examples
    --------
    >>> GoPolicyDense()(torch.zeros(2, 9, 19, 19)).shape
    torch.Size([2, 361])
    """

    def __init__(self, hidden: int = 256, size: int = 19):
        super().__init__(size)
        points = size * size
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(len(PLANES) * points, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, points),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, size * size) of the next move for planes (n, 9, size, size)."""
        self._check(x)
        return self.layers(x)


def pretrained_go_policy() -> GoPolicyCNN:
    """Return the network with the weights that ship with the course.

    ``weights_report("go_policy")`` tells what it reached, on what; ``python training/go.py`` trains it anew.

    Examples
    --------
    >>> board = Board(19)
    >>> probabilities = pretrained_go_policy().policy(board)
    >>> probabilities.shape, round(float(probabilities.sum()), 6)
    ((19, 19), 1.0)
    """
    return load_weights(GoPolicyCNN(), "go_policy")


def _masked_softmax(logits, legal):
    """Softmax over the legal points of each board; zeros where there is none."""
    masked = np.where(legal, logits, -np.inf).reshape(len(logits), -1)
    highest = masked.max(axis=1, keepdims=True)
    powers = np.exp(masked - np.where(np.isfinite(highest), highest, 0))
    return (powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-300)).reshape(logits.shape)
