"""The Go policy network: what it sees, what it may answer, and how often it is right."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets import Board, fetch_go_records, go_positions, make_go_positions, parse_sgf
from mlcourse.models import weights_report
from mlcourse.models.go import (
    HELD_OUT_RECORDS,
    PLANES,
    GoPolicyCNN,
    GoPolicyDense,
    go_planes,
    go_symmetry,
    go_symmetry_inverse,
    go_views,
    pretrained_go_policy,
)


@pytest.fixture(scope="module")
def shipped():
    return pretrained_go_policy()


def turned(board, k):
    """The same position seen from another side."""
    other = Board.from_stones(go_symmetry(board.stones, k), board.to_play)
    marks = {"last": board.last, "ko": board.ko}
    for name, point in marks.items():
        if point is not None:
            spot = np.zeros((board.size, board.size))
            spot[point] = 1
            marks[name] = int(go_symmetry(spot, k).argmax())
    return Board.from_state(other.stones, board.to_play, **{n: -1 if p is None else p for n, p in marks.items()})


def random_board(seed, moves, size=19):
    rng = np.random.default_rng(seed)
    board = Board(size)
    for _ in range(moves):
        legal = board.legal_moves()
        board.play(legal[rng.integers(len(legal))])
    return board


class TestPlanes:
    def test_the_first_is_the_lectures(self):
        board = random_board(0, 31)
        planes = go_planes(board)
        assert planes.shape == (len(PLANES), 19, 19)
        assert planes.dtype == np.float32
        np.testing.assert_array_equal(planes[0], board.stones)
        assert set(np.unique(planes[0])) == {-1, 0, 1}

    def test_the_others_take_the_movers_side(self):
        board = parse_sgf("(;SZ[9];B[aa];W[ee];B[ba];W[ca])").board()  # A9 B9 black, E5 C9 white, Black to move
        planes = go_planes(board)
        np.testing.assert_array_equal(planes[1], board.stones)
        assert np.argwhere(planes[3]).tolist() == [[0, 0], [0, 1]]  # two liberties: A8, B8
        assert np.argwhere(planes[5]).tolist() == [[0, 2]]  # the opponent's C9 has D9, C8
        assert not planes[2].any()
        assert np.argwhere(planes[6]).tolist() == [[0, 2]]
        np.testing.assert_array_equal(planes[7], board.legal_mask())
        assert planes[8].all()
        board.play(None)
        planes = go_planes(board)
        np.testing.assert_array_equal(planes[1], -board.stones)
        assert np.argwhere(planes[3]).tolist() == [[0, 2]]
        assert not planes[6].any()

    def test_atari(self):
        board = parse_sgf("(;SZ[9];B[aa];W[ba])").board()
        assert np.argwhere(go_planes(board)[2]).tolist() == [[0, 0]]

    def test_many_at_once(self):
        positions = make_go_positions(1, moves=12)
        planes = go_planes(positions)
        assert planes.shape == (12, len(PLANES), 19, 19)
        np.testing.assert_array_equal(planes[5], go_planes(positions.board(5)))

    def test_none_at_all(self):
        positions = make_go_positions(1, moves=3).select([])
        assert go_planes(positions).shape == (0, len(PLANES), 19, 19)
        with pytest.raises(ValueError, match="at least one position"):
            GoPolicyCNN().accuracy(positions)

    def test_bare_stones_are_refused(self):
        with pytest.raises(TypeError, match="whose turn it is"):
            go_planes(np.zeros((19, 19)))


class TestSymmetries:
    @given(st.integers(0, 7))
    def test_there_and_back(self, k):
        x = np.arange(50).reshape(2, 5, 5)
        np.testing.assert_array_equal(go_symmetry_inverse(go_symmetry(x, k), k), x)
        np.testing.assert_array_equal(go_symmetry(torch.from_numpy(x), k).numpy(), go_symmetry(x, k))

    def test_there_are_eight(self):
        x = np.arange(9).reshape(3, 3)
        assert len({go_symmetry(x, k).tobytes() for k in range(8)}) == 8
        with pytest.raises(ValueError, match="eight symmetries"):
            go_symmetry(x, 8)

    @given(st.integers(0, 7))
    @settings(deadline=None)
    def test_the_move_turns_with_the_board(self, k):
        positions = make_go_positions(1, moves=10, size=9)
        planes, moves = go_views(positions, k)
        for i in range(len(positions)):
            spot = np.zeros((9, 9))
            spot.flat[positions.y[i]] = 1
            assert moves[i] == go_symmetry(spot, k).argmax()
            np.testing.assert_array_equal(planes[i], go_planes(turned(positions.board(i), k)))


@pytest.mark.parametrize("network", [GoPolicyCNN, GoPolicyDense])
class TestPolicy:
    @settings(max_examples=10, deadline=None)
    @given(seed=st.integers(0, 10**6), moves=st.integers(0, 150))
    def test_probabilities_of_legal_moves(self, network, seed, moves):
        torch.manual_seed(0)
        board = random_board(seed, moves)
        found = network().policy(board, symmetries=False)
        assert found.shape == (19, 19)
        assert found.sum() == pytest.approx(1)
        np.testing.assert_array_equal(found > 0, board.legal_mask())

    def test_ko_is_masked(self, network):
        board = parse_sgf("(;SZ[19];B[ba];W[ca];B[ab];W[bb];B[bc];W[cc];B[ss];W[db];B[cb])").board()
        assert board.ko == (1, 1)
        assert network().policy(board)[1, 1] == 0

    @pytest.mark.parametrize("k", range(8))
    def test_a_turned_board_has_turned_probabilities(self, network, k):
        torch.manual_seed(1)
        net, board = network(), random_board(3, 60)
        np.testing.assert_allclose(
            net.policy(turned(board, k)), go_symmetry(net.policy(board), k), rtol=1e-4, atol=1e-9
        )

    def test_many_are_the_same_as_one_by_one(self, network):
        positions = make_go_positions(1, moves=8)
        net = network()
        together = net.policy(positions)
        assert together.shape == (8, 19, 19)
        np.testing.assert_allclose(together[5], net.policy(positions.board(5)), rtol=1e-4, atol=1e-9)

    def test_a_full_board(self, network):
        """Where every move is suicide, nothing is left but to pass."""
        stones = np.ones((5, 5))
        stones[0, 0] = stones[4, 4] = 0
        board = Board.from_stones(stones, to_play=-1)
        assert not network(size=5).policy(board).any()

    def test_shapes(self, network):
        net = network(size=9)
        assert net(torch.zeros(3, 9, 9, 9)).shape == (3, 81)
        for wrong in (torch.zeros(3, 9, 19, 19), torch.zeros(9, 9, 9), torch.zeros(3, 1, 9, 9)):
            with pytest.raises(ValueError, match="x must have shape"):
                net(wrong)
        with pytest.raises(ValueError, match="size must be"):
            network(size=0)

    def test_in_half_precision(self, network):
        board = random_board(1, 30)
        assert network().to(torch.bfloat16).policy(board).sum() == pytest.approx(1)

    def test_the_mode_is_left_as_it_was(self, network):
        net = network(size=5).train()
        net.policy(Board(5))
        assert net.training


class TestConvolutional:
    def test_no_pooling(self):
        net = GoPolicyCNN()
        kinds = {type(module).__name__ for module in net.features.modules()}
        assert kinds == {"Sequential", "Conv2d", "ReLU"}
        assert net.features(torch.zeros(1, 9, 19, 19)).shape[2:] == (19, 19)

    def test_weights_are_shared_over_the_board(self):
        cnn, dense = (sum(p.numel() for p in net.parameters()) for net in (GoPolicyCNN(), GoPolicyDense()))
        # 5x5 and four times 3x3 with biases, 1x1 without, and a bias for each point
        assert cnn == (25 * 9 * 32 + 32) + 4 * (9 * 32 * 32 + 32) + 32 + 361
        assert dense > 20 * cnn

    def test_accuracy_counts_a_tie_against_the_network(self):
        net = GoPolicyCNN()
        for parameter in net.parameters():
            parameter.data.zero_()
        positions = make_go_positions(1, moves=5)
        assert net.accuracy(positions) == 0
        assert net.accuracy(positions, top=361) == 1


class TestShipped:
    def test_it_is_small(self, root):
        files = list((root / "mlcourse" / "models" / "weights").glob("go_policy.*"))
        assert {file.suffix for file in files} == {".npz", ".json"}
        assert sum(file.stat().st_size for file in files) < 500_000

    def test_it_takes_stones(self, shipped):
        """Three stones in the middle have one liberty left, K10: whoever is to move goes there."""
        board = parse_sgf("(;B[dd];W[pp];B[dp];W[pd];B[ih];W[ii];B[hi];W[ij];B[hj];W[ik];B[il])").board()
        board.setup(black=[(10, 7), (8, 9), (10, 9)], to_play=1)
        assert board.liberties((9, 8)) == {(9, 9)}
        found = shipped.policy(board)
        assert np.unravel_index(found.argmax(), found.shape) == (9, 9)

    def test_generated_positions(self, shipped):
        """Games that were not generated for training; first moves, which all games share, are left out."""
        positions = make_go_positions(n_games=3, random_state=987654)
        positions = positions.select(np.abs(positions.stones).sum(axis=(1, 2)) >= 8)
        assert shipped.accuracy(positions) > 10 * positions.random_accuracy()

    def test_real_records_that_it_has_never_seen(self, shipped, real_data):
        positions = go_positions(fetch_go_records(data_home=real_data, download_if_missing=False))
        held_out = positions.select(np.isin(positions.games, [positions.names.index(n) for n in HELD_OUT_RECORDS]))
        assert len(held_out) == 293
        assert shipped.accuracy(held_out) > 10 * held_out.random_accuracy()
        assert shipped.accuracy(held_out, top=5) > 2 * shipped.accuracy(held_out)

    def test_the_report_has_the_figures(self):
        figures = weights_report("go_policy")
        cnn, dense = figures["CNN"], figures["fully connected"]
        for part in ("real", "generated"):
            assert cnn[part]["times random"] >= 10
            assert cnn[part]["top 1"] > dense[part]["top 1"]
            low, high = cnn[part]["95 % interval"]
            assert low < cnn[part]["top 1"] < high
