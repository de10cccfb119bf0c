"""Train the Go policy network, and say how often it names the move that was played.

    python training/go.py

needs the five records (`mlcourse data fetch go_records`), takes a few minutes on one core, and writes
mlcourse/models/weights/go_policy.*. Two whole records and some whole generated games are held out; of the positions in
them, those that occur in the training games too (the empty board, first moves) are not counted.
"""

import argparse
import time

import numpy as np
import torch

from mlcourse.datasets import fetch_go_records, go_positions, make_go_positions
from mlcourse.models import fit, save_weights
from mlcourse.models.go import HELD_OUT_RECORDS, GoPolicyCNN, GoPolicyDense, go_symmetry, go_views

GAMES, GAMES_TO_STOP_BY, GAMES_HELD_OUT = 100, 5, 10
# An epoch of the fully connected network takes a fifth of the CNN's time, and it needs more of them.
DENSE_EPOCHS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the generated games and the networks (default: 0)")
    parser.add_argument("--epochs", type=int, default=4, help="of the CNN; the best one is kept (default: 4)")
    parser.add_argument("--dry-run", action="store_true", help="write no weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()

    real = go_positions(fetch_go_records())
    missing = set(HELD_OUT_RECORDS) - set(real.names)
    if missing:
        parser.error(f"these records are held out, but are not there: {', '.join(sorted(missing))}")
    out = np.isin(real.games, [real.names.index(name) for name in HELD_OUT_RECORDS])
    seeds = np.random.SeedSequence(options.seed).spawn(3)
    generated, stop_by, held_out = (
        make_go_positions(n, np.random.default_rng(seed))
        for n, seed in zip((GAMES, GAMES_TO_STOP_BY, GAMES_HELD_OUT), seeds, strict=True)
    )
    parts = {"real": real.select(out), "generated": held_out}
    sets = [views(generated, options.seed), *(go_views(real.select(~out), k) for k in range(8))]
    X, y = (np.concatenate(arrays) for arrays in zip(*sets, strict=True))
    only_generated = slice(len(generated))
    print(
        f"{len(X):,} positions to train: {len(generated):,} generated, each from one of eight sides, and "
        f"{(~out).sum()} real from all eight; {time.perf_counter() - start:.0f} s so far"
    )

    figures = {
        "command": "python training/go.py",
        "seed": options.seed,
        "held-out records": list(HELD_OUT_RECORDS),
        "positions to train": len(X),
    }
    known = {"all": keys(generated) | keys(real.select(~out)), "generated": keys(generated)}
    validation = go_views(stop_by, 0)
    networks = {
        "CNN": (GoPolicyCNN, slice(None), known["all"], parts),
        "fully connected": (GoPolicyDense, slice(None), known["all"], parts),
        "CNN, generated games only": (GoPolicyCNN, only_generated, known["generated"], {"real": real}),
    }
    for name, (network, rows, seen, held) in networks.items():
        torch.manual_seed(options.seed)
        net, convolutional = network(), network is GoPolicyCNN
        history = fit(
            net,
            X[rows],
            y[rows],
            validation=validation,
            epochs=options.epochs if convolutional else DENSE_EPOCHS * options.epochs,
            learning_rate=2e-3 if convolutional else 1e-3,
            random_state=options.seed,
        )
        net.half().float()  # as they ship
        parameters = sum(parameter.numel() for parameter in net.parameters())
        print(f"\n{name}: {parameters:,} parameters, best epoch {history.best_epoch}")
        figures[name] = {"parameters": parameters} | {
            part: report(net, part, positions, seen) for part, positions in held.items()
        }
        if name == "CNN":
            figures[name]["each held-out record"] = {
                game: report(net, game, parts["real"].select(parts["real"].games == real.names.index(game)), seen)
                for game in HELD_OUT_RECORDS
            }
            trained = net
    figures["seconds"] = round(time.perf_counter() - start)
    if not options.dry_run:
        save_weights(trained, "go_policy", figures)
    print(f"\n{figures['seconds']} s in all")


def views(positions, seed):
    """Planes and moves of positions, each seen from a side drawn by chance."""
    sides = np.random.default_rng(seed).integers(8, size=len(positions))
    planes, moves = go_views(positions, 0)
    for k in range(1, 8):
        planes[sides == k], moves[sides == k] = go_views(positions.select(sides == k), k)
    return planes, moves


def keys(positions):
    """Positions as something that can be looked up, the same from all eight sides."""
    return {key(stones, side) for stones, side in zip(positions.stones, positions.to_play, strict=True)}


def key(stones, side):
    return int(side), min(go_symmetry(stones, k).tobytes() for k in range(8))


def report(net, part, positions, seen):
    """Measure a network on positions that are not in `seen`, print it, and return it."""
    sides = zip(positions.stones, positions.to_play, strict=True)
    new = positions.select(np.array([key(stones, side) not in seen for stones, side in sides]))
    hits, chance = net.hits(new), new.random_accuracy()
    low, high = wilson(hits.sum(), len(hits))
    print(
        f"  {part}: {hits.sum()} of {len(hits)} moves named = {hits.mean():.1%} (95 %: {low:.1%} to {high:.1%}), "
        f"{hits.mean() / chance:.0f} times as often as a random legal move ({chance:.2%}); among the first five "
        f"{net.accuracy(new, 5):.1%}; {len(positions) - len(new)} positions known from training left out"
    )
    return {
        "positions": len(hits),
        "named": int(hits.sum()),
        "top 1": round(float(hits.mean()), 4),
        "95 % interval": [round(low, 4), round(high, 4)],
        "top 5": round(net.accuracy(new, 5), 4),
        "random legal move": round(chance, 5),
        "times random": round(float(hits.mean() / chance), 1),
    }


def wilson(hits, n, z=1.96):
    """Wilson's interval for a share; positions of one game hang together, so the true one is wider."""
    share = hits / n
    middle, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float((middle - half) / (1 + z**2 / n)), float((middle + half) / (1 + z**2 / n))


if __name__ == "__main__":
    main()
