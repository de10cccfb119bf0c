"""Grade all attacks in one course with this project, and see what became of it."""

import contextlib
import ctypes
import json
from dataclasses import dataclass
from pathlib import Path

import psutil

from .harness import FULL, NAME, STUDENTS, Attack, Grader, World

TIMEOUT, MEMORY = 6, 700  # seconds of a cell, MB of a notebook
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Outcome:
    """What one attack achieved.

    Attributes
    ----------
    achieved : list of str
        Empty where it failed.
    unexpected : list of str
        What it must not achieve.
    remark : str
        What the grader says about it.
    """

    achieved: list[str]
    unexpected: list[str]
    remark: str


@dataclass
class Graded:
    """What became of a course in which attacks were graded.

    Attributes
    ----------
    outcomes : dict of int to Outcome
    harm : list of str
        What happened to anything but the attacks: the batch, the honest students, the machine.
    heaviest : float
        MB of the heaviest process of the grader itself.
    output : str
        What the commands printed.
    """

    outcomes: dict[int, Outcome]
    harm: list[str]
    heaviest: float
    output: str

    def of(self, attack: Attack) -> Outcome:
        """Outcome of one attack."""
        return self.outcomes[attack.number]

    @property
    def summary(self) -> str:
        """One line."""
        stopped = sum(not outcome.achieved for outcome in self.outcomes.values())
        harm = "; ".join(self.harm) or "honest students have full marks, nothing was changed, no process is left"
        return (
            f"{len(self.outcomes)} attacks, {stopped} achieved nothing; {harm}; the grader took {self.heaviest:.0f} MB"
        )


def graded(attacks: list[Attack], root: Path, *, jobs: int = 2) -> Graded:
    """Hand the attacks in, run ``mlcourse grade`` and ``mlcourse feedback``, and look around.

    Parameters
    ----------
    attacks : list of Attack
    root : pathlib.Path
        An empty folder.
    jobs : int
        Of ``mlcourse grade``.
    """
    root.chmod(0o755)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whoever loses its parent becomes our child
    world = World(root)
    try:
        for attack in attacks:
            world.hand_in(attack)
        world.watch()
        known = {process.pid for process in psutil.Process().children(recursive=True)}
        grader = Grader(world)
        report = root / "report.json"
        options = ("--timeout", str(TIMEOUT), "--memory", str(MEMORY), "--jobs", str(jobs), "--report", str(report))
        harm = []
        refused = any("failed" in attack.get("STATES", ()) for attack in attacks)  # and then the status says so
        for command, more in (("grade", options), ("feedback", ())):
            if (status := grader.run("mlcourse", command, NAME, *more)) not in ((0, 1) if refused else (0,)):
                harm.append(f"mlcourse {command} ended with {status}")
        lines = {}
        with contextlib.suppress(OSError, ValueError):
            lines = {line["name"]: line for line in json.loads(report.read_text())["lines"]}
        left = [process for process in psutil.Process().children(recursive=True) if process.pid not in known]
        left = [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
        harm += [f"a process is left: {process.pid} {' '.join(process.cmdline())[:60]}" for process in left]
        harm += [f"{student} has {world.scores(student)}" for student in STUDENTS if world.scores(student) != FULL]
        harm += world.changed()
        outcomes = {attack.number: _outcome(world, attack, lines) for attack in attacks}
        return Graded(outcomes, harm, grader.heaviest, grader.output)
    finally:
        world.close()
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        for process in psutil.Process().children(recursive=True):
            if process.pid not in known:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    process.wait(5)


def _outcome(world: World, attack: Attack, lines: dict) -> Outcome:
    achieved = world.done(attack)
    expected = set()
    if attack.get("NOT_PROMISED"):
        expected = {"points that it did not earn", *(f"read {kind}" for kind in attack.get("READS", ()))}
    unexpected = [what for what in achieved if what not in expected]
    line = lines.get(attack.student)
    if line is None:
        return Outcome([*achieved, "no grade"], [*unexpected, "no grade"], "not graded")
    if line["state"] not in attack.get("STATES", ("graded", "flagged", "restored")):
        unexpected.append(f"state {line['state']}")
    if line["score"] is None and "failed" not in attack.get("STATES", ()):
        achieved.append("no grade")
    says = line["says"].replace("; to be read by a person", "").replace("to be read by a person", "")
    remark = f"{line['state']}, {line['score']:g} points" if line["score"] is not None else line["state"]
    return Outcome(achieved, unexpected, f"{remark}: {says}" if says else remark)
