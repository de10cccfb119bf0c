"""Game records: what the format allows, what programs write, and what is said of damage."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcourse.datasets import IllegalMoveError, SGFError, load_sgf, parse_sgf

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class TestTree:
    def test_variations_are_left_out(self):
        record = parse_sgf("(;SZ[9];B[aa](;W[bb](;B[cc])(;B[dd]))(;W[ee];B[ff]))")
        assert [move.point for move in record.moves] == [(0, 0), (1, 1), (2, 2)]

    def test_every_move_in_a_branch_of_its_own(self):
        n = 3000  # deeper than Python calls may nest
        text = "(;SZ[19]" + "(;B[];W[]" * n + ")" * n + ")"
        assert len(parse_sgf(text)) == 2 * n

    def test_branches_in_a_variation_do_not_end_it(self):
        record = parse_sgf("(;SZ[9](;B[aa];W[bb](;B[cc]))(;B[dd](;W[ee])(;W[ff])))")
        assert [move.point for move in record.moves] == [(0, 0), (1, 1), (2, 2)]

    def test_text_around_the_game(self):
        record = parse_sgf("From: somebody (really)\nHere it is: \n(;B[aa]) \n-- \nbye\0")
        assert len(record) == 1

    def test_no_move_at_all(self):
        record = parse_sgf("(;)")
        assert (len(record), record.size, list(record.positions()), record.problem) == (0, 19, [], None)
        assert not record.board().stones.any()


class TestProperties:
    def test_escapes_and_line_breaks(self):
        record = parse_sgf("(;C[a\\]b\\\\c \\[ (;W[x\\]) soft\\\nbreak\\\r\nagain\r\nhard\tend])")
        assert record.nodes[0]["C"] == ("a]b\\c [ (;W[x]) softbreakagain\nhard end",)
        assert record.comments() == {0: "a]b\\c [ (;W[x]) softbreakagain\nhard end"}

    def test_several_values_and_white_space(self):
        record = parse_sgf("(;\n SZ [5]\n AB [aa] \n [bb]\t[cc] ; B\n[dd] )")
        assert record.setup["black"] == ((0, 0), (1, 1), (2, 2))
        assert record.moves[0].point == (3, 3)

    def test_long_names_of_older_versions(self):
        record = parse_sgf("(;GaMe[1]SiZe[9]PlayerBlack[Ada]AddBlack[aa]CoPyright[me];White[bb];black[cc];w[])")
        assert (record.size, record.players["black"], record.setup["black"]) == (9, "Ada", ((0, 0),))
        assert [move.color for move in record.moves] == [-1, 1, -1]
        assert record.nodes[0]["CP"] == ("me",)

    def test_unknown_ones_are_kept(self):
        record = parse_sgf("(;XX[1][2]KGSDE[aa];B[aa]WL[30]LB[aa:1][bb:2])")
        assert record.nodes[0]["XX"] == ("1", "2")
        assert record.nodes[1]["LB"] == ("aa:1", "bb:2")

    def test_the_same_one_twice(self):
        assert parse_sgf("(;AP[one]AP[two]AB[aa]AB[bb])").nodes[0] == {"AP": ("one", "two"), "AB": ("aa", "bb")}

    def test_who_played(self):
        record = parse_sgf(
            "(;PB[Ada\nLovelace]PW[Bob]BR[3k]WR[1d]KM[6,5]HA[0]RE[B+3.5]DT[2020-01-01]EV[Cup]RU[Japanese])"
        )
        assert record.players == {"black": "Ada Lovelace", "white": "Bob"}
        assert record.ranks == {"black": "3k", "white": "1d"}
        assert (record.komi, record.handicap, record.result, record.date) == (6.5, 0, "B+3.5", "2020-01-01")
        assert (record.event, record.rules) == ("Cup", "Japanese")

    @pytest.mark.parametrize(("text", "komi"), [("-3.5", -3.5), (".5", 0.5), ("", None), ("6.5 points", None)])
    def test_komi(self, text, komi):
        assert parse_sgf(f"(;KM[{text}])").komi == komi

    def test_handicap_that_is_no_number(self):
        assert parse_sgf("(;HA[many];W[aa])").handicap == 0


class TestBoard:
    @pytest.mark.parametrize(
        ("text", "size"), [("9", 9), ("19:19", 19), ("13 : 13", 13), ("", 19), ("52", 52), ("1", 1)]
    )
    def test_size(self, text, size):
        assert parse_sgf(f"(;SZ[{text}])").size == size

    def test_passes(self):
        assert [move.point for move in parse_sgf("(;SZ[19];B[];W[tt];B[])").moves] == [None] * 3
        assert parse_sgf("(;SZ[20];B[tt])").moves[0].point == (19, 19)

    def test_column_first(self):
        assert parse_sgf("(;B[pd])").moves[0].point == (3, 15)
        assert parse_sgf("(;SZ[30];B[aD])").moves[0].point == (29, 0)

    def test_rectangles(self):
        record = parse_sgf("(;SZ[9]AB[aa:cb][ii]AW[dd:dd];AE[ba:bb])")
        assert record.setup["black"] == ((0, 0), (0, 2), (1, 0), (1, 2), (8, 8))
        assert record.setup["white"] == ((3, 3),)

    def test_setup_in_the_middle_of_a_game(self):
        record = parse_sgf("(;SZ[5];B[aa];AW[bb]AE[aa]PL[B];B[cc];AB[dd])")
        boards = [position.board for position in record.positions()]
        assert record.setup == {"black": (), "white": ()}
        assert boards[1].stones.sum() == -1
        assert boards[1].to_play == 1
        assert record.board().stones.sum() == 1
        assert record.board(0).stones.any() == 0

    def test_who_begins(self):
        assert parse_sgf("(;SZ[5]PL[W])").board().to_play == -1
        assert parse_sgf("(;SZ[5]AB[aa];W[bb])").board(1).to_play == 1

    def test_handicap_without_stones(self):
        """Programs leave AB out; then White begins, and the stones stand where they always stand."""
        assert parse_sgf("(;HA[2];W[aa])").setup["black"] == ((3, 15), (15, 3))
        # Black plays them as moves, or it is no handicap, or the stones are there already.
        assert parse_sgf("(;HA[2];B[aa];B[bb])").setup["black"] == ()
        assert parse_sgf("(;HA[1];W[aa])").setup["black"] == ()
        assert parse_sgf("(;HA[2]AB[aa][bb];W[cc])").setup["black"] == ((0, 0), (1, 1))
        assert parse_sgf("(;HA[9]SZ[8];W[aa])").setup["black"] == ()

    def test_the_board_after_some_moves(self):
        record = parse_sgf("(;SZ[5];B[aa];W[ba];B[cc];W[ab])")
        assert [abs(record.board(n).stones).sum() for n in range(5)] == [0, 1, 2, 3, 3]
        assert record.board().captures == {1: 0, -1: 1}
        with pytest.raises(ValueError, match="from 0 to 4, not 5"):
            record.board(5)

    def test_positions_are_independent(self):
        positions = list(parse_sgf("(;SZ[5];B[aa];W[ba];B[cc])").positions())
        positions[0].board.play((4, 4))
        assert positions[1].board.stones.sum() == 1
        assert [position.number for position in positions] == [1, 2, 3]


class TestCharacters:
    NAME = "古力 é"

    @pytest.mark.parametrize(
        ("declared", "codec"),
        [
            ("UTF-8", "utf-8"),
            ("utf8", "utf-8"),
            ("GBK", "gbk"),
            ("gb2312", "gb18030"),
            ("GB18030", "gb18030"),
            ("", "utf-8"),
        ],
    )
    def test_declared(self, declared, codec):
        name = "古力"
        text = f"(;PB[{name}]" + (f"CA[{declared}]" if declared else "") + ";B[aa])"
        assert parse_sgf(text.encode(codec)).players["black"] == name

    def test_undeclared_and_no_utf8(self):
        record = parse_sgf("(;PB[José])".encode("latin-1"))
        assert (record.players["black"], record.encoding) == ("José", "latin-1")

    def test_a_wrong_declaration(self):
        assert parse_sgf("(;CA[GB2312]PB[Jo\u00e9sé])".encode()).players["black"]
        assert parse_sgf("(;CA[ascii]PB[José])".encode()).players["black"] == "José"
        assert parse_sgf("(;CA[no such set]PB[José])".encode()).players["black"] == "José"

    @pytest.mark.parametrize("codec", ["utf-16", "punycode", "unicode_escape", "hex", "rot13", "utf-7"])
    def test_a_declaration_that_would_spoil_the_brackets(self, codec):
        assert parse_sgf(f"(;CA[{codec}];B[aa])".encode()).moves[0].point == (0, 0)

    def test_bad_bytes_cost_no_game(self):
        record = parse_sgf(b"(;CA[UTF-8]PB[A\xff\xfe\x80]C[\xc3];B[aa])")
        assert len(record) == 1
        assert record.players["black"].startswith("A")

    @pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
    def test_byte_order_marks(self, codec):
        assert parse_sgf("(;PB[古力];B[aa])".encode(codec)).players["black"] == "古力"

    def test_the_caller_knows_better(self):
        assert parse_sgf("(;CA[UTF-8]PB[古力])".encode("big5"), encoding="big5").players["black"] == "古力"
        with pytest.raises(ValueError, match="encoding must be a character set"):
            parse_sgf(b"(;)", encoding="klingon")


class TestDamage:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "is empty"),
            (" \n ", "is empty"),
            ("hello (world)", r"no game record \(SGF\): there is no '\(;'"),
            ("()", "no game record"),
            ("(;B[aa];W[b", r"line 1, column 10 \(offset 9\): this value of W is never closed: '\]' missing"),
            ("(;SZ[9]\n;B[aa]\n;W[bb]", r"line 3, column 7 .*begins in line 1: 1 '\)' missing"),
            ("(;B[aa](;W[bb](;B[cc])", r"2 '\)' missing"),
            ("(;B[aa]))", r"one '\)' too many"),
            ("(;B[aa])(;B[bb])", r"column 9 .*a second game begins here"),
            ("(;B[aa]\n;B)", r"line 2, column 2 .*B has no value"),
            ("(;B[aa];[bb])", r"'\[' without the name"),
            ("(;B[aa](;W[bb]);B[cc])", "a node after a branch"),
            ("(;B[aa]())", "a branch without any node"),
            ("(;B[aa]((;W[bb])))", "before the first node"),
            ("(;B[aa](W[bb]))", "out of place"),
            ("(;B[aa]#)", "'#' is out of place"),
            ("(;B[p])", r"offset 3\): B\[p\] is no point"),
            ("(;B[pdd])", "is no point"),
            ("(;B[p4])", "is no point"),
            ("(;B[pé])", "is no point"),
            ("(;SZ[9];B[jj])", "outside the 9x9 board, whose last letter is 'i'"),
            ("(;SZ[9];B[tt])", None),
            ("(;AB[tt])", "outside"),
            ("(;AB[])", "is no point"),
            ("(;AB[cc:aa])", "rectangle"),
            ("(;AB[aa:])", "is no point"),
            ("(;AB[aa]AW[aa])", "AW and AB of one node both name A19"),
            ("(;PL[X])", "B or W expected"),
            ("(;B[aa][bb])", "B has 2 values"),
            ("(;SZ[abc])", "no size"),
            ("(;SZ[19:13])", "must be square"),
            ("(;SZ[0])", "1 to 52"),
            ("(;SZ[53])", "1 to 52"),
            ("(;SZ[-9])", "no size"),
            ("(;GM[2];B[aa])", "another game"),
        ],
    )
    def test_one_clear_error(self, text, says):
        if says is None:
            assert parse_sgf(text).moves[0].point is None
            return
        with pytest.raises(SGFError, match=says) as caught:
            parse_sgf(text, name="mine.sgf")
        assert str(caught.value).startswith("mine.sgf")

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_lines_are_counted_as_editors_do(self, line_end):
        text = line_end.join(["(;SZ[9]", ";B[aa]", ";W[zz]", ")"])
        with pytest.raises(SGFError, match="line 3, column 3 "):
            parse_sgf(text)

    @given(st.integers(0, 120), st.binary(max_size=3))
    def test_any_damage_is_named_or_harmless(self, at, junk):
        whole = b"(;FF[4]CA[UTF-8]SZ[9]AB[aa:bb]AW[ii]C[x\\]y];B[cc](;W[dd];B[])(;W[ee]))"
        for damaged in (whole[:at], whole[:at] + junk + whole[at:], whole[:at] + junk + whole[at + len(junk) :]):
            try:
                record = parse_sgf(damaged)
            except SGFError as error:
                assert re.match(r"record(, line \d+, column \d+ \(offset \d+\):| is )", str(error))  # noqa: PT017
            else:
                assert record.problem is None or "illegal" in record.problem or "setup" in record.problem

    def test_files(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            load_sgf(tmp_path / "none.sgf")
        with pytest.raises(IsADirectoryError, match="is a folder"):
            load_sgf(tmp_path)
        with pytest.raises(ValueError, match=r"parse_sgf\(text\)"):
            load_sgf("(;B[aa])")
        with pytest.raises(TypeError, match="str or bytes"):
            parse_sgf(3)
        (tmp_path / "photo.sgf").write_bytes(bytes(range(256)))
        with pytest.raises(SGFError, match=r"photo.sgf is no game record"):
            load_sgf(str(tmp_path / "photo.sgf"))


class TestIllegalMoves:
    @pytest.mark.parametrize(
        ("moves", "number", "why"),
        [
            (";B[aa];W[aa]", 2, "White at A5.* there is a black stone already"),
            (";B[ba];W[];B[ab];W[aa]", 4, "White at A5.* suicide"),
            (";B[ba];W[ca];B[ab];W[bb];B[cc];W[aa];B[ba]", 7, "Black at B5.* ko"),
        ],
    )
    def test_are_named(self, moves, number, why):
        record = parse_sgf(f"(;SZ[5]{moves};B[ee])", name="game")
        with pytest.raises(IllegalMoveError, match=f"game: move {number} .*{why}"):
            list(record.positions())
        assert re.search(f"move {number}", record.problem)
        assert len(list(record.positions(illegal="stop"))) == number - 1

    def test_a_setup_that_cannot_be(self):
        record = parse_sgf("(;SZ[5]AB[aa]AW[ba][ab];B[ee])")
        assert "without a liberty: A5" in record.problem
        assert list(record.positions(illegal="stop")) == []

    def test_two_moves_of_one_colour_are_legal(self):
        assert parse_sgf("(;SZ[5];B[aa];B[bb];B[cc])").problem is None

    def test_argument(self):
        with pytest.raises(ValueError, match='"raise" or "stop"'):
            next(parse_sgf("(;B[aa])").positions(illegal="ignore"))


def escaped(text):
    return re.sub(r"([\]\\])", r"\\\1", text)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=30)
POINT = st.tuples(st.integers(0, 18), st.integers(0, 18))


def coordinates(point):
    return LETTERS[point[1]] + LETTERS[point[0]]


@st.composite
def trees(draw, depth=3):
    """Text of a sequence of nodes with branches, and the points of its main line."""
    points = draw(st.lists(st.none() | POINT, min_size=1, max_size=4))
    space = draw(st.sampled_from(["", " ", "\n", "\r\n\t"]))
    nodes = []
    for point in points:
        comment = draw(st.none() | TEXT)
        nodes.append(f";{space}B[{'' if point is None else coordinates(point)}]{space}")
        if comment is not None:
            nodes.append(f"C{space}[{escaped(comment)}]")
    text = "".join(nodes)
    if depth and draw(st.booleans()):
        branches = draw(st.lists(trees(depth=depth - 1), min_size=1, max_size=3))
        text += "".join(f"({branch}){space}" for branch, _ in branches)
        points = points + branches[0][1]
    return text, points


class TestRoundTrips:
    @given(trees())
    def test_any_tree(self, tree):
        text, points = tree
        record = parse_sgf(f"({text})".encode())
        assert [move.point for move in record.moves] == points

    @given(TEXT, st.lists(POINT, max_size=10, unique=True), st.integers(0, 10))
    def test_any_text_and_stones(self, comment, points, cut):
        black, white = points[:cut], points[cut:]
        named = [(name, some) for name, some in (("AB", black), ("AW", white)) if some]
        sides = "".join(name + "".join(f"[{coordinates(point)}]" for point in some) for name, some in named)
        record = parse_sgf(f"(;{sides}C[{escaped(comment)}])".encode())
        assert record.nodes[0]["C"] == (comment,)
        assert record.setup == {"black": tuple(sorted(black)), "white": tuple(sorted(white))}


class TestReal:
    @pytest.mark.parametrize(
        ("name", "moves", "black", "white", "result", "komi", "handicap"),
        [
            ("LS vs AG - G4 - English", 180, "AlphaGo", "Lee Sedol", "W+Resign", 7.5, 0),
            ("fox sgf error", 186, "whatiskale", "V259081699", "W+R", 0, 1),
            ("fox sgf works", 92, "whatiskale", "注号用名", "B+R", 0, 0),
            ("ogs", 113, "bbb", "aaa", "?", 6.5, 0),
            ("panda1", 204, "player2", "player1", "W+34.5", 0.5, 2),
        ],
    )
    def test_all_five(self, real_data, name, moves, black, white, result, komi, handicap):
        record = load_sgf(real_data / "go_sgf" / f"{name}.sgf")
        assert (len(record), record.players) == (moves, {"black": black, "white": white})
        assert (record.result, record.komi, record.handicap, record.size) == (result, komi, handicap, 19)
        assert record.problem is None
        assert [move.color for move in record.moves] == [(-1) ** (n + (handicap > 1)) for n in range(moves)]

    def test_lee_sedols_move_78(self, real_data):
        record = load_sgf(real_data / "go_sgf" / "LS vs AG - G4 - English.sgf")
        assert record.moves[77] == (-1, (8, 10))
        assert "wedge at 78" in record.comments()[78]
        assert "\u2019s win rate" in record.comments()[27]

    def test_handicap_stones(self, real_data):
        record = load_sgf(real_data / "go_sgf" / "panda1.sgf")
        assert record.setup["black"] == ((3, 15), (15, 3))
        assert record.board(0).stones.sum() == 2
        assert record.nodes[0]["CP"][0].count("PANDANET") == 1
