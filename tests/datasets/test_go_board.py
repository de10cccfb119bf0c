"""The rules of Go: known positions, and what holds in every game."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mlcourse.datasets import Board, IllegalMoveError, make_go_positions
from mlcourse.datasets.go_board import handicap_points, point_name, to_point


def board(picture, to_play=1, **options):
    """Return the board of a picture: X black, O white, . none."""
    rows = picture.split()
    made = Board(len(rows), **options)
    signs = {"X": [], "O": [], ".": []}
    for row, line in enumerate(rows):
        for column, sign in enumerate(line):
            signs[sign].append((row, column))
    made.setup(signs["X"], signs["O"], to_play=to_play)
    return made


def picture(of):
    return "\n".join("".join(".XO"[stone] for stone in row) for row in of.stones.tolist())


def same(of, expected):
    assert picture(of) == "\n".join(expected.split())


class TestCaptures:
    def test_one_stone(self):
        b = board(".X.. XO.. .X.. ....")
        assert b.liberties((1, 1)) == {(1, 2)}
        assert b.play((1, 2)) == [(1, 1)]
        same(b, ".X.. X.X. .X.. ....")
        assert b.captures == {1: 1, -1: 0}

    def test_several_groups_at_once(self):
        b = board("....... ...X... ..XOX.. .XO.OX. ..XOX.. ...X... .......")
        assert b.play((3, 3)) == [(2, 3), (3, 2), (3, 4), (4, 3)]
        same(b, "....... ...X... ..X.X.. .X.X.X. ..X.X.. ...X... .......")
        assert b.captures == {1: 4, -1: 0}

    def test_a_group_on_the_edge(self):
        b = board("OOO.. XXXO. ..... ..... .....", to_play=1)
        assert b.play((0, 3)) == [(0, 0), (0, 1), (0, 2)]

    def test_captures_come_before_suicide(self):
        b = board(".OX OX. X..", to_play=1)
        assert b.play((0, 0)) == [(0, 1), (1, 0)]
        same(b, "X.X .X. X..")

    def test_only_the_opponents_stones_are_taken(self):
        b = board("XX. OO. ...", to_play=-1)
        assert b.play((0, 2)) == [(0, 0), (0, 1)]
        same(b, "..O OO. ...")


class TestSuicide:
    @pytest.mark.parametrize(
        ("rows", "point"),
        [(".X. X.. ...", (0, 0)), ("X.X .X. ...", (0, 1)), ("..X.. .X.X. ..X.. ..... .....", (1, 2))],
    )
    def test_one_stone(self, rows, point):
        b = board(rows, to_play=-1)
        assert b.why_illegal(point).startswith("suicide")
        assert not b.legal_mask()[point]
        assert b.is_legal(point, color=1)

    def test_a_group(self):
        b = board("O.X XX. ...", to_play=-1)
        before = picture(b)
        assert b.why_illegal((0, 1)) == "suicide: its group would have no liberty"
        with pytest.raises(IllegalMoveError, match="White may not play B3: suicide"):
            b.play((0, 1))
        assert (picture(b), b.to_play, b.moves) == (before, -1, 0)
        assert (0, 1) not in b.legal_moves()
        assert b.is_legal((0, 1), color=1)


class TestKo:
    KO = ".XO.. XO.O. .XO.. ..... ....."

    def test_taking_back_at_once_is_forbidden(self):
        b = board(self.KO)
        assert b.play((1, 2)) == [(1, 1)]
        assert b.ko == (1, 1)
        assert b.why_illegal((1, 1)).startswith("ko")
        assert not b.legal_mask()[1, 1]
        with pytest.raises(IllegalMoveError, match="White may not play B4: ko"):
            b.play((1, 1))

    def test_after_a_threat_and_its_answer_it_is_allowed(self):
        b = board(self.KO)
        b.play((1, 2))
        b.play((4, 4))
        assert b.ko is None
        b.play((4, 0))
        assert b.play((1, 1)) == [(1, 2)]
        assert b.ko == (1, 2)

    def test_passing_lifts_it(self):
        b = board(self.KO)
        b.play((1, 2))
        b.play(None)
        b.play("pass")
        assert b.is_legal((1, 1))

    def test_taking_two_stones_is_no_ko(self):
        b = board("OO.O. XXO.. ..... ..... .....")
        assert b.play((0, 2)) == [(0, 0), (0, 1)]
        assert b.ko is None
        assert b.play((0, 1)) == [(0, 2)]

    def test_snapback_is_no_ko(self):
        """Black throws a stone in; White takes it, and is taken back with the whole group."""
        b = board("XO..OX. XOOOOX. .XXXX.. ....... ....... ....... .......")
        assert b.play((0, 2)) == []
        assert b.play((0, 3)) == [(0, 2)]
        assert b.ko is None
        assert b.play((0, 2)) == [(0, 1), (0, 3), (0, 4), (1, 1), (1, 2), (1, 3), (1, 4)]
        assert b.captures == {1: 7, -1: 1}

    def test_superko_forbids_what_simple_ko_allows(self):
        """Three kos: after six captures the board is as it was."""
        rows = """
            .XO..XO..
            XO.OXO.O.
            .XO..XO..
            .........
            .XO......
            X.XO.....
            .XO......
            .........
            ........."""
        moves = [(1, 2), (5, 1), (1, 6), (1, 1), (5, 2), (1, 5)]
        simple, strict = board(rows), board(rows, superko=True)
        start = picture(simple)
        for point in moves[:-1]:
            assert len(simple.play(point)) == len(strict.play(point)) == 1
        assert simple.is_legal(moves[-1])
        assert simple.legal_mask()[moves[-1]]
        assert strict.why_illegal(moves[-1]).startswith("superko")
        assert not strict.legal_mask()[moves[-1]]
        simple.play(moves[-1])
        assert picture(simple) == start

    def test_a_copy_keeps_the_history(self):
        b = board(self.KO, superko=True)
        b.play((1, 2))
        other = b.copy()
        other.play((4, 4))
        assert b.stones[4, 4] == 0
        assert b.ko == (1, 1)
        assert other.ko is None


class TestSetup:
    def test_turn_ko_and_stones(self):
        b = board(TestKo.KO)
        b.play((1, 2))
        b.setup(black=["A1"], empty=[(1, 2)], to_play=1)
        assert (b.ko, b.to_play, b[(4, 0)], b[(1, 2)], b.last) == (None, 1, 1, 0, None)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"black": [(0, 0)], "white": [(0, 1), (1, 0)]}, "without a liberty: A5"),
            ({"black": [(0, 0)], "empty": ["A5"]}, "A5 is named twice"),
            ({"black": [(5, 0)]}, "no point"),
            ({"to_play": 2}, "color must be 1"),
        ],
    )
    def test_refused_as_a_whole(self, change, says):
        b = board(TestKo.KO)
        before = picture(b), b.to_play
        with pytest.raises(ValueError, match=says):
            b.setup(**change)
        assert (picture(b), b.to_play) == before

    def test_from_stones(self):
        stones = np.zeros((9, 9))
        stones[2, 3], stones[4, 4] = 1, -1
        b = Board.from_stones(stones, to_play=-1)
        np.testing.assert_array_equal(b.stones, stones)
        assert (b.stones.dtype, b.to_play) == (np.int8, -1)
        for wrong in (np.zeros((3, 4)), np.full((3, 3), 2), np.zeros(9)):
            with pytest.raises(ValueError, match="stones must be a square"):
                Board.from_stones(wrong)
        with pytest.raises(ValueError, match="without a liberty"):
            Board.from_stones(np.ones((3, 3)))

    @pytest.mark.parametrize("size", [0, 53, 2.5, "19", True, None])
    def test_size(self, size):
        with pytest.raises(ValueError, match="size must be a whole number"):
            Board(size)


class TestNames:
    def test_points(self):
        assert to_point("A1") == (18, 0)
        assert to_point("t19") == (0, 18)
        assert to_point("J10") == (9, 8)
        assert to_point("AA1", 30) == (29, 25)
        assert to_point(np.array([3, 4])) == (3, 4)

    @given(st.integers(1, 52).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1), st.integers(0, n - 1))))
    def test_there_and_back(self, case):
        size, row, column = case
        assert to_point(point_name((row, column), size), size) == (row, column)

    @pytest.mark.parametrize(
        "point", ["I5", "Z99", "", "5", "D", "D0", "U1", (19, 0), (-1, 0), (1,), (1, 2, 3), 7, (0.5, 1)]
    )
    def test_no_points(self, point):
        with pytest.raises(ValueError, match="point"):
            Board().play(point)

    def test_handicap(self):
        def names(n, size=19):
            return {point_name(point, size) for point in handicap_points(n, size)}

        assert names(2) == {"D4", "Q16"}
        assert names(4) == {"D4", "Q16", "D16", "Q4"}
        assert names(5) - names(4) == {"K10"}
        assert names(6) - names(4) == {"D10", "Q10"}
        assert names(8) - names(6) == {"K4", "K16"}
        assert names(9) - names(8) == {"K10"}
        assert names(4, 9) == {"C3", "C7", "G3", "G7"}
        for n, size in [(1, 19), (10, 19), (5, 8), (5, 7), (2, 6), (0, 19), ("2", 19)]:
            with pytest.raises(ValueError, match="customary places"):
                handicap_points(n, size)

    def test_picture(self):
        assert repr(board("X.. .O. ...")).splitlines() == [
            "Board(3), Black to play",
            "     A B C",
            "   3 X . .",
            "   2 . O .",
            "   1 . . .",
        ]


def check(b):
    """Compare groups, liberties and legal moves with a second, slower way to find them."""
    stones = b.stones
    found = {(color, frozenset(points)): liberties for color, points, liberties in b.groups()}
    cross = ndimage.generate_binary_structure(2, 1)
    n = 0
    for color in (1, -1):
        labels, count = ndimage.label(stones == color, structure=cross)
        for k in range(1, count + 1):
            around = ndimage.binary_dilation(labels == k, structure=cross) & (stones == 0)
            assert around.any(), "a group without liberties"
            points = frozenset(map(tuple, np.argwhere(labels == k).tolist()))
            assert found[color, points] == set(map(tuple, np.argwhere(around).tolist()))
            assert (b.liberty_counts()[labels == k] == around.sum()).all()
            n += 1
    assert n == len(found)
    for color in (1, -1):
        mask = b.legal_mask(color)
        assert not mask[stones != 0].any()
        for point in map(tuple, np.argwhere(stones == 0).tolist()):
            assert mask[point] == b.is_legal(point, color)
            assert mask[point] == (brute(stones, point, color) and not (color == b.to_play and point == b.ko))


def brute(stones, point, color):
    """Whether a stone here lives: place it, take the others without liberties, look."""
    after = stones.copy()
    after[point] = color
    cross = ndimage.generate_binary_structure(2, 1)
    for side in (-color, color):
        labels, count = ndimage.label(after == side, structure=cross)
        for k in range(1, count + 1):
            if not (ndimage.binary_dilation(labels == k, structure=cross) & (after == 0)).any():
                if side == color:
                    return False
                after[labels == k] = 0
    return True


class TestRandomPlay:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(2, 7), st.integers(0, 120), st.integers(0, 2**32 - 1), st.booleans())
    def test_what_always_holds(self, size, n_moves, seed, superko):
        rng = np.random.default_rng(seed)
        b = Board(size, superko=superko)
        seen = {b.stones.tobytes()}
        for n in range(n_moves):
            moves = b.legal_moves()
            before = b.stones
            if not moves:
                b.play(None)
                continue
            color, point = b.to_play, moves[rng.integers(len(moves))]
            taken = b.play(point)
            assert (b.to_play, b.last, b.moves) == (-color, point, n + 1)
            # One stone more, and those that were taken fewer.
            changed = before.copy()
            changed[point] = color
            for stone in taken:
                assert before[stone] == -color
                changed[stone] = 0
            np.testing.assert_array_equal(b.stones, changed)
            if superko:
                assert b.stones.tobytes() not in seen
                seen.add(b.stones.tobytes())
        if not superko:
            check(b)
        stones = b.stones
        placed = (stones == 1).sum() + (stones == -1).sum() + sum(b.captures.values())
        assert placed <= b.moves

    @settings(max_examples=10, deadline=None)
    @given(st.integers(0, 7), st.integers(0, 10**6))
    def test_turned_boards_have_turned_moves(self, k, seed):
        rng = np.random.default_rng(seed)
        b = Board(7)
        for _ in range(40):
            moves = b.legal_moves()
            b.play(moves[rng.integers(len(moves))] if moves else None)
        turned = np.rot90(b.stones, k % 4)
        mask = np.rot90(b.legal_mask(), k % 4)
        other = Board.from_stones(turned[:, ::-1] if k > 3 else turned, b.to_play)
        if b.ko is None:
            np.testing.assert_array_equal(other.legal_mask(), mask[:, ::-1] if k > 3 else mask)

    def test_generated_games_on_the_large_board(self):
        positions = make_go_positions(n_games=1, moves=150, random_state=5)
        for i in range(0, len(positions), 30):
            check(positions.board(i))
