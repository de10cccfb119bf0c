"""Print what each attack achieves: ``python tests/grading/attacks``; with ``--stock`` also what stock nbgrader lets."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from attacks.grading import graded  # noqa: E402
from attacks.harness import attacks  # noqa: E402

NOTHING = "nothing"


def main() -> int:
    """Run the attacks and print the table; 1 if one achieved more than is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="only these attacks")
    parser.add_argument("--stock", action="store_true", help="also against stock nbgrader, in a throw-away container")
    parser.add_argument("--seconds", type=float, default=75, help="of one attack on stock nbgrader")
    asked = parser.parse_args()
    todo = [attack for attack in attacks() if not asked.numbers or attack.number in asked.numbers]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stock = {}
    if asked.stock:
        from attacks.stock import measure

        for attack, achieved in measure(todo, asked.seconds):
            stock[attack.number] = achieved
            print(f"stock {attack.student}: {_words(achieved)}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        ours = graded(todo, Path(folder))
    heads = ["attack", "intent", *(["stock nbgrader"] if asked.stock else []), "mlcourse grade"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    worse = False
    for attack in todo:
        outcome = ours.of(attack)
        worse |= bool(outcome.unexpected)
        cells = [f"{attack.number:02d} {attack.name}", attack.intent]
        if asked.stock:
            cells.append(_words(stock[attack.number]))
        cells.append(_words(outcome.achieved) + f" ({outcome.remark})")
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    print(f"\n{ours.summary}")
    return int(worse or bool(ours.harm))


def _words(achieved: list[str]) -> str:
    return "; ".join(achieved) or NOTHING


if __name__ == "__main__":
    raise SystemExit(main())
