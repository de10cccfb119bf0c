"""Plain copies, and how two of them differ."""

import copy
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlcourse.checks.values import NotPlainError, difference, kind_of, outline, plain, show, size_of

atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text()
arrays = hnp.arrays(
    st.sampled_from([np.dtype(float), np.dtype(np.float32), np.dtype(int), np.dtype(bool), np.dtype("U3")]),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)
values = st.recursive(
    atoms | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(values)
def test_a_plain_copy_equals_its_original_and_shares_nothing(value):
    once = plain(value)
    assert difference(once, plain(copy.deepcopy(value)), rtol=0, atol=0) is None
    assert difference(plain(once), once) is None


@given(values, values)
def test_difference_never_fails_and_agrees_in_both_directions_on_equality(one, other):
    one, other = plain(one), plain(other)
    found = difference(one, other)
    if found:
        assert found.text
        assert found.discreet


@given(
    hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=2, max_side=5), elements=st.floats(-1e6, 1e6)), st.data()
)
def test_one_changed_number_is_found_at_its_place(array, data):
    place = tuple(data.draw(st.integers(0, side - 1)) for side in array.shape)
    changed = array.copy()
    changed[place] += 1 + abs(changed[place])
    found = difference(changed, array)
    assert f"differs in 1 of {array.size} places; first at {list(place)}" in found.text
    assert "instead" not in found.discreet


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.array(2.0), 2.0),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array(["a", "b"], dtype=object), np.array(["a", "b"])),
        ((1, 2), [1, 2]),
        (float("nan"), float("nan")),
        (np.array([np.inf, np.nan]), np.array([np.inf, np.nan])),
        (np.ma.masked_array([1.0]), np.array([1.0])),
        (frozenset({1}), {1}),
        ({"a": 1.0 + 1e-9}, {"a": 1.0}),
    ],
)
def test_what_counts_as_equal(got, expected):
    assert difference(plain(got), plain(expected)) is None


@pytest.mark.parametrize(
    ("got", "expected", "says"),
    [
        (True, 1, "a bool instead of an int"),
        (1, True, "an int instead of a bool"),
        (3.0, 3, "a float instead of an int"),
        ("3", 3, "a str instead of an int"),
        (None, 3, "nothing (None) instead of an int"),
        ([1.0], np.array([1.0]), "a list instead of a NumPy array"),
        (np.array([1.0]), [1.0], "an array of float instead of a list"),
        (np.array([1.0]), np.array([1]), "array of float instead of an array of int"),
        (np.array([True]), np.array([1.0]), "array of bool instead of an array of float"),
        ({"a": 1}, {"b": 1}, "has no key 'b'"),
        ({"a": 1, "b": 2}, {"a": 1}, "a key 'b' that does not belong"),
        ([[1, 2], [3, 5]], [[1, 2], [3, 4]], "item 1[1] is 5 instead of 4"),
        (float("inf"), 1.0, "is inf instead of 1"),
        ({1, 2}, {1}, "instead of"),
        (1 + 2j, 1 + 1j, "instead of"),
    ],
)
def test_differences_are_put_into_words(got, expected, says):
    assert says in difference(plain(got), plain(expected)).text


@pytest.mark.parametrize(
    ("got", "expected"),
    [(2.5, 3.25), ([1, 2], [1, 77]), (np.array([1.0]), np.array([77.0])), ({"a": 1}, {"a": 77}), ("x", "y77")],
)
def test_discreet_words_hold_nothing_of_the_right_answer(got, expected):
    said = difference(plain(got), plain(expected)).discreet
    assert "77" not in said
    assert "3.25" not in said


@pytest.mark.parametrize("value", [object(), len, (n for n in ()), Fraction(1, 2), np.array([object()]), (1).__add__])
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises(NotPlainError, match="type"):
        plain(value)


def test_endless_nesting_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(NotPlainError, match="nested"):
        plain(endless)


@given(values)
def test_every_value_can_be_shown(value):
    value = plain(value)
    assert len(show(value)) < 8_000
    assert outline(value)
    assert kind_of(value)
    assert size_of(value) >= 0
