"""Records from their publisher, and positions from records and from games that a program plays."""

import dataclasses
import hashlib

import numpy as np
import pytest

from mlcourse.datasets import (
    DamagedArchiveError,
    DownloadError,
    fetch_go_records,
    go_positions,
    make_go_positions,
    parse_sgf,
    registry,
)

GAMES = {
    "first game.sgf": b"(;SZ[19]PB[Ada]PW[Bob];B[pd];W[dp])",
    "second.sgf": b"(;SZ[19]PB[Cleo]PW[Dan];B[dd])",
}


@pytest.fixture
def published(publisher, no_data, monkeypatch):
    """The records come from a server on this machine; hands back the server."""
    files = [(publisher.publish(f"/data/{n}", content), name) for n, (name, content) in enumerate(GAMES.items())]
    source = dataclasses.replace(
        registry.DATASETS["go_records"],
        files=tuple(files),
        members=tuple(GAMES),
        member_sha256=tuple((name, hashlib.sha256(content).hexdigest()) for name, content in GAMES.items()),
    )
    monkeypatch.setitem(registry.DATASETS, "go_records", source)
    return publisher


class TestDownload:
    def test_every_file_once(self, published, no_data):
        records = fetch_go_records()
        assert [record.name for record in records] == ["first game.sgf", "second.sgf"]
        assert records[0].players == {"black": "Ada", "white": "Bob"}
        assert [file.name for file in sorted((no_data / "go_sgf").iterdir())] == sorted(GAMES)
        fetch_go_records()
        assert published.asked == ["/data/0", "/data/1"]
        assert registry.verify("go_records").state == "publisher's archive"
        assert registry.status("go_records").missing == ()

    def test_nothing_is_downloaded_against_ones_will(self, published):
        with pytest.raises(FileNotFoundError, match="mlcourse data fetch go_records"):
            fetch_go_records(download_if_missing=False)
        assert published.asked == []

    def test_another_file_is_not_kept(self, published, no_data):
        published.publish("/data/1", b"<html>sorry</html>")
        with pytest.raises(DownloadError, match="checksum is not"):
            fetch_go_records()
        assert not (no_data / "go_sgf" / "second.sgf").exists()
        published.publish("/data/1", GAMES["second.sgf"])
        assert len(fetch_go_records()) == 2

    def test_a_server_that_has_moved(self, published):
        published.publish("/data/0", b"", status=404)
        with pytest.raises(DownloadError, match="answered 404"):
            fetch_go_records()

    def test_a_damaged_copy_is_named(self, published, no_data):
        fetch_go_records()
        (no_data / "go_sgf" / "second.sgf").write_bytes(b"(;B[dd]")
        with pytest.raises(DamagedArchiveError, match=r"second.sgf in .* is damaged: .*Cut off\? Delete it"):
            fetch_go_records()
        assert registry.verify("go_records").state == "damaged"

    def test_the_real_addresses(self):
        source = registry.DATASETS["go_records"]
        assert len(source.files) == len(source.members) == len(source.member_sha256) == 5
        for address, name in source.files:
            assert address.startswith("https://raw.githubusercontent.com/sanderland/katrain/")
            assert " " not in address
            assert name in source.members


class TestPositions:
    RECORD = "(;SZ[5];B[aa];W[ba];B[cc];W[ab];B[];W[tt];B[ee])"

    def test_what_was_played_where(self):
        positions = go_positions([parse_sgf(self.RECORD), parse_sgf("(;SZ[5]AB[aa];W[bb])", name="two")])
        assert positions.y.tolist() == [0, 1, 12, 5, 24, 6]
        assert positions.to_play.tolist() == [1, -1, 1, -1, 1, -1]
        assert positions.last.tolist() == [-1, 0, 1, 12, -1, -1]
        assert positions.games.tolist() == [0] * 5 + [1]
        assert (positions.names, positions.generated) == (("record", "two"), False)
        assert positions.stones.shape == (6, 5, 5)
        # The stone at A5 was taken before the passes.
        assert positions.stones[4, 0].tolist() == [0, -1, 0, 0, 0]
        assert repr(positions) == "<GoPositions 'records': 6 positions of 2 games>"

    def test_boards_come_back_as_they_were(self):
        record = parse_sgf("(;SZ[5];B[ba];W[ca];B[ab];W[bb];B[cc];W[db];B[dc];W[dd];B[cb])")
        played = [position.board for position in record.positions()]
        positions = go_positions([record])
        for i, board in enumerate(played):
            assert positions.board(i) == board
            np.testing.assert_array_equal(positions.board(i).legal_mask(), board.legal_mask())

    def test_ko_comes_back(self):
        record = parse_sgf("(;SZ[5];B[ba];W[ca];B[ab];W[bb];B[bc];W[cc];B[ee];W[db];B[cb];W[ed];B[dd])")
        positions = go_positions([record])
        assert positions.ko[9] == 6
        assert not positions.board(9).legal_mask()[1, 1]

    def test_games_stay_apart(self):
        positions = make_go_positions(n_games=3, moves=20, size=9)
        one = positions.select(positions.games == 1)
        assert (len(one), set(one.games)) == (20, {1})
        assert one.stones[0].sum() == 0

    def test_random_accuracy_is_the_mean_over_positions(self):
        positions = go_positions([parse_sgf("(;SZ[5];B[aa];W[ba])")])
        assert positions.random_accuracy() == pytest.approx((1 / 25 + 1 / 24) / 2)

    def test_errors(self):
        with pytest.raises(ValueError, match="not none at all"):
            go_positions([])
        with pytest.raises(ValueError, match=r"not \[9, 19\]"):
            go_positions([parse_sgf("(;SZ[9];B[aa])"), parse_sgf("(;B[aa])")])
        broken = parse_sgf("(;SZ[5];B[aa];W[aa])")
        with pytest.raises(ValueError, match="move 2"):
            go_positions([broken])
        assert len(go_positions([broken], illegal="stop")) == 1

    def test_figure(self):
        positions = go_positions([parse_sgf("(;SZ[9]PB[Ada];B[cc];W[gg])")])
        assert positions.plot(1).axes[0].get_title() == "record: White played G3"


class TestGenerated:
    def test_equal_numbers_equal_games(self):
        one, two, other = (make_go_positions(2, seed, moves=40) for seed in (3, 3, 4))
        np.testing.assert_array_equal(one.y, two.y)
        assert not np.array_equal(one.y, other.y)
        assert one.generated
        assert "generated" in repr(one)

    def test_every_move_is_legal_and_leads_to_the_next_position(self):
        positions = make_go_positions(1, 7, moves=120)
        for i in range(len(positions) - 1):
            board = positions.board(i)
            assert board.is_legal(divmod(int(positions.y[i]), 19))
            board.play(divmod(int(positions.y[i]), 19))
            np.testing.assert_array_equal(board.stones, positions.stones[i + 1])

    def test_it_takes_escapes_and_leaves_its_eyes(self):
        from mlcourse.datasets import Board
        from mlcourse.datasets.go_selfplay import move_values

        def best(stones, to_play):
            worth = move_values(Board.from_stones(stones, to_play))
            return tuple(int(i) for i in np.unravel_index(worth.argmax(), worth.shape))

        stones = np.zeros((9, 9))
        stones[4, 4] = -1
        for point in ((3, 4), (4, 3), (5, 4)):
            stones[point] = 1
        assert best(stones, 1) == (4, 5)  # takes
        assert best(stones, -1) == (4, 5)  # escapes
        stones = np.zeros((9, 9))
        stones[0, 1] = stones[1, 0] = stones[1, 1] = 1
        values = move_values(Board.from_stones(stones, 1))
        assert values.argmin() == 0 or values[0, 0] < values[stones == 0].mean() - 10

    @pytest.mark.parametrize(
        "wrong", [{"n_games": 0}, {"n_games": 1.5}, {"moves": 0}, {"size": 4}, {"n_games": "3"}, {"n_games": True}]
    )
    def test_errors(self, wrong):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be a whole number"):
            make_go_positions(**wrong)


class TestReal:
    def test_five_records(self, real_data):
        records = fetch_go_records(data_home=real_data, download_if_missing=False)
        assert [len(record) for record in records] == [180, 186, 92, 113, 204]
        assert all(record.problem is None for record in records)
        positions = go_positions(records)
        assert len(positions) == 771  # four passes
        assert 0.003 < positions.random_accuracy() < 0.005

    def test_they_are_the_publishers(self, real_data):
        assert registry.verify("go_records", real_data).state == "publisher's archive"
