"""What a check says about right, wrong and hostile answers."""

import numpy as np
import pytest

from mlcourse.checks import progress
from mlcourse.checks.core import Check, CheckFailed, Part

__name__ = "tests.a98_core"  # a check belongs to the assignment whose module makes it


def _smooth(signal, width):
    """Mean of each stretch."""
    if width < 1:
        raise ValueError("width must be at least 1")
    if width > len(signal):
        return np.empty(0)
    return np.convolve(signal, np.ones(width) / width, mode="valid")


def _cases(rng):
    for n in (12, 3):  # the smaller one is found whatever the order
        yield rng.normal(size=n), 2


SHORT = "a width longer than the signal gives no values"
BAD = "a width below 1 raises ValueError"
SUM = "the sum of each stretch, not its mean"
smooth = Check(
    "smooth",
    reference=_smooth,
    cases=_cases,
    weight=2,
    parts=[
        Part(SHORT, lambda rng: [(np.ones(1), 3)]),
        Part(BAD, lambda rng: [(np.ones(3), 0)]),
    ],
    misconceptions=[
        (lambda signal, width: np.convolve(signal, np.ones(width), mode="valid"), SUM),
        (lambda signal, width: signal * 0, "a misconception nobody has"),
    ],
    hints=["first", "second"],
    seconds=1,
)


def refused(answer, check=smooth, **options):
    with pytest.raises(CheckFailed) as caught:
        check(answer, **options)
    return str(caught.value)


def test_right_answer_earns_all_points_as_a_plain_float(capsys):
    earned = smooth(_smooth, points=4)
    assert type(earned) is float
    assert earned == 4
    assert "smooth: right, 4 of 4 points." in capsys.readouterr().out
    assert smooth(_smooth, points=4, seed=99) == 4


def test_without_points_a_right_answer_says_so(capsys):
    assert smooth(_smooth) is None
    assert capsys.readouterr().out == "smooth: right.\n"


def test_misconception_is_named_with_the_smallest_example():
    said = refused(lambda signal, width: np.convolve(signal, np.ones(width), mode="valid"))
    assert SUM in said
    assert "signal = [" in said
    assert "expected" in said
    given = said.split("signal = [")[1].split("]")[0]
    assert len(given.split()) == 3


def test_only_the_message_is_shown_in_a_notebook():
    with pytest.raises(CheckFailed) as caught:
        smooth(lambda signal, width: signal)
    assert caught.value._render_traceback_() == str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda signal, width: None, "is a `return` missing?"),
        (lambda signal, width: list(_smooth(signal, width)), "a list instead of a NumPy array"),
        (lambda signal, width: _smooth(signal, width)[:, None], "has shape (2, 1) instead of (2,)"),
        (lambda signal, width: _smooth(signal, width).astype(str), "array of str instead of an array of float"),
        (lambda signal, width: _smooth(signal, width) * np.nan, "is NaN at [0]"),
        (lambda signal, width: (value for value in signal), "an object of type generator"),
        (lambda signal, width: _smooth, "an object of type function"),
        (lambda signal: signal, "takes 1 positional argument but 2 were given"),
        (lambda signal, width: signal[width:][100], "raises IndexError"),
        (lambda signal, width: exec("raise SystemExit"), "raises SystemExit"),
        (_smooth(np.ones(3), 2), "is not a function but an array of float"),
    ],
)
def test_common_faults_are_named(answer, says):
    assert says in refused(answer)


def test_endless_loop_is_named():
    calls = []

    def endless(signal, width):
        calls.append(width)
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    assert "still running after 1 s: does a loop never end?" in refused(endless)
    assert len(calls) == 1  # not a second of waiting for each case


def test_endless_recursion_is_named():
    def again(signal, width):
        return again(signal, width)

    assert "calls itself without end" in refused(again)


def test_changed_argument_is_named():
    def spoils(signal, width):
        result = _smooth(signal, width)
        signal[0] = 0
        return result

    assert "changes its argument signal in place" in refused(spoils)


def test_unanswered_is_no_attempt(monkeypatch, tmp_path):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))

    def placeholder(signal, width):
        raise NotImplementedError

    assert "not answered yet" in refused(placeholder, points=4)
    assert progress.attempts("a98_core", "smooth") == 0


def test_line_of_the_learners_code_is_quoted():
    def divides(signal, width):
        return 1 / len([])  # the culprit

    said = refused(divides)
    assert "ZeroDivisionError" in said
    assert "# the culprit" in said


def test_line_of_the_cell_with_hidden_tests_is_never_quoted():
    assert "the hidden cell" not in refused(lambda *args: 1 / 0, seed=3)  # the hidden cell


def test_output_of_the_learners_code_is_shown_with_the_failing_case(capsys):
    import sys

    def chatty(signal, width):
        print("on standard output")
        print("on standard error", file=sys.stderr)
        return signal

    said = refused(chatty)
    assert "on standard output" in said
    assert "on standard error" in said
    captured = capsys.readouterr()
    assert captured.err == ""


def test_flood_of_output_is_cut():
    def flood(signal, width):
        for _ in range(1000):
            print("x" * 1000)
        return signal

    assert len(refused(flood)) < 5000


# -- partial credit ---------------------------------------------------------------------------------------------------


def no_short(signal, width):
    if width < 1:
        raise ValueError
    return np.convolve(signal, np.ones(width) / width, mode="valid")


def test_lost_part_costs_its_share_and_is_named(capsys):
    assert smooth(no_short, points=4) == 3
    said = capsys.readouterr().out
    assert "1 of 4 points lost" in said
    assert SHORT in said
    assert BAD not in said


def test_two_lost_parts(capsys):
    def no_edges(signal, width):
        return np.convolve(signal, np.ones(max(width, 1)) / max(width, 1), mode="valid")

    assert smooth(no_edges, points=4) == 2
    said = capsys.readouterr().out
    assert SHORT in said
    assert "should raise ValueError" in said


def test_the_main_cases_are_essential():
    def only_edges(signal, width):
        if width < 1:
            raise ValueError
        return np.empty(0)

    refused(only_edges, points=4)


def test_without_points_a_lost_part_raises():
    assert SHORT in refused(no_short)


def test_points_are_never_more_than_the_exercise_is_worth():
    thirds = Check(
        "thirds",
        reference=lambda: (1, 2, 3),
        parts=[Part(str(i), view=lambda r, i=i: r[i]) for i in range(3)],
        weight=0,
    )
    assert thirds((1, 2, 3), points=0.1) == 0.1


def test_components_of_a_result_can_be_parts(capsys):
    both = Check(
        "both",
        reference=lambda x: (x.mean(), x.std()),
        cases=lambda rng: [(rng.normal(size=5),)],
        weight=0,
        parts=[Part("the mean", view=lambda r: r[0], essential=True), Part("the spread", view=lambda r: r[1])],
    )
    assert both(lambda x: (x.mean(), x.std()), points=2) == 2
    assert both(lambda x: (x.mean(), x.var()), points=2) == 1
    assert "Asked: the spread." in capsys.readouterr().out
    assert "Asked: the mean." in refused(lambda x: (x.std(), x.std()), both, points=2)


# -- hidden cases -----------------------------------------------------------------------------------------------------


def test_hidden_case_gives_no_values_away():
    visible = [signal for signal, _ in _cases(np.random.default_rng(0))]

    def remembers(signal, width):  # right on the visible cases only
        known = any(np.array_equal(signal, seen) for seen in visible)
        return _smooth(signal, width) if known or len(signal) == 1 or width < 1 else _smooth(signal, width) + 1

    assert smooth(remembers, points=4) == 4
    said = refused(remembers, points=4, seed=8231)
    assert "in a hidden case" in said
    assert "array of float of shape (3,)" in said
    digits = [character for character in said if character.isdigit()]
    assert "expected" not in said
    assert len(digits) < 12


def test_hidden_seed_gives_other_cases():
    seen = []

    def spy(signal, width):
        seen.append(signal.copy())
        return _smooth(signal, width)

    smooth(spy, seed=1)
    assert len({tuple(signal) for signal in seen}) >= 4


def test_what_failed_visibly_is_not_told_twice(capsys):
    assert smooth(no_short, points=4, seed=5) == 3
    assert capsys.readouterr().out == ""


# -- hostile answers --------------------------------------------------------------------------------------------------


class AlwaysEqual(np.ndarray):
    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __gt__ = __eq__
    __hash__ = None

    def __array_function__(self, func, types, args, kwargs):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return True


class AgreeableType(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return 1

    def __instancecheck__(cls, instance):
        return True


class Agreeable(metaclass=AgreeableType):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def __array__(self, *args, **kwargs):
        raise RuntimeError("never called")


class Number(float):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def __sub__(self, other):
        return 0.0


@pytest.mark.parametrize(
    "answer",
    [
        lambda signal, width: (_smooth(signal, width) + 1).view(AlwaysEqual),
        lambda signal, width: Agreeable(),
        lambda signal, width: np.array([Agreeable()] * 2, dtype=object),
    ],
)
def test_objects_that_claim_to_be_equal_are_refused(answer):
    refused(answer, points=4)


def test_number_that_claims_to_be_equal_is_refused():
    third = Check("third", reference=lambda x: x / 3, cases=lambda rng: [(1.0,), (4.0,)])
    assert "is 7 instead of" in refused(lambda x: Number(7), third)
    third(lambda x: Number(x / 3))  # a subclass with the right value is right


def test_answer_that_changes_later_is_compared_as_it_was_returned():
    shared = np.zeros(2)

    def one_array_for_all(signal, width):
        shared[:] = 0
        return shared

    refused(one_array_for_all)


# -- other kinds of exercises -----------------------------------------------------------------------------------------


def test_value_answers():
    answer = Check("answer", reference=lambda: 42, misconceptions=[(lambda: 54, "six by nine is not asked for")])
    answer(42)
    said = refused(41, answer)
    assert "42" not in said
    assert "41" in said
    assert "six by nine" in refused(54, answer)
    assert "is None" in refused(None, answer)


def test_class_answers_through_call():
    class _Counter:
        def __init__(self):
            self.total = 0

        def push(self, value):
            self.total += value
            return self.total

    def drive(cls, values):
        counter = cls()
        return [counter.push(value) for value in values]

    check = Check("Counter", reference=_Counter, cases=lambda rng: [([1, 2],), ([5, 1, 1],)], call=drive)
    check(_Counter)

    class Forgets(_Counter):
        def push(self, value):
            return value

    said = refused(Forgets, check)
    assert "Item 1 is 2 instead of 3" in said
    assert "values = [1, 2]" in said


def test_accept_judges_where_many_answers_are_right():
    root = Check(
        "root",
        reference=lambda x: x**0.5,
        cases=lambda rng: [(4.0,), (9.0,)],
        accept=lambda got, x: None if abs(got**2 - x) < 1e-6 else "its square is not the number",
    )
    root(lambda x: -(x**0.5))
    said = refused(lambda x: x, root)
    assert "Its square is not the number." in said
    assert "expected" not in said


# -- hints and solutions ----------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))
    return Check("smooth", reference=_smooth, cases=_cases, hints=["first", "second"])


def test_hints_go_one_step_further(fresh, capsys):
    for expected in ("first", "second", "second"):
        fresh.hint()
        assert expected in capsys.readouterr().out


def test_solution_only_after_an_attempt(fresh, capsys):
    fresh.solution()
    assert "try first" in capsys.readouterr().out
    refused(lambda signal, width: signal, fresh)
    capsys.readouterr()
    fresh.solution()
    said = capsys.readouterr().out
    assert said.startswith("def smooth(signal, width):")
    assert "np.convolve" in said


def test_nothing_is_recorded_or_shown_while_graded(fresh, capsys, monkeypatch):
    refused(lambda signal, width: signal, fresh)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    refused(lambda signal, width: signal, fresh)
    fresh.hint()
    fresh.solution()
    said = capsys.readouterr().out
    assert "first" not in said
    assert "convolve" not in said
    assert progress.attempts("a98_core", "smooth") == 1


def test_progress_folder_that_cannot_be_written_does_not_fail_a_check(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path / "file"))
    smooth(_smooth)
    assert "Progress is not recorded" in capsys.readouterr().out


def test_repr_tells_how_to_use_it():
    said = repr(smooth)
    for door in ("check.smooth(smooth)", "check.smooth.hint()", "check.smooth.solution()"):
        assert door in said
