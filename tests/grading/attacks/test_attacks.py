"""No hostile submission reads, writes, survives, or touches anybody else's grade."""

import json

import nbformat
import pytest

from attacks.grading import graded
from attacks.harness import FULL, NAME, STUDENTS, Grader, World, attacks, executable
from mlcourse.grading.sandbox.client import why_not
from mlcourse.grading.sandbox.tidying import tidy
from mlcourse.grading.taming import clean_html, markdown2html

WHY_NOT = why_not()
ATTACKS = attacks()
isolated = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("attacks")]


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """All attacks and the honest students, graded in one course by one command."""
    return graded(ATTACKS, tmp_path_factory.mktemp("attacks"))


class TestAll:
    pytestmark = isolated

    @pytest.mark.timeout(900)
    def test_the_batch_and_the_honest_are_unharmed(self, everything):
        assert not everything.harm, everything.output[-3000:]

    @pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.student[1:])
    def test_it_achieves_nothing(self, everything, attack):
        outcome = everything.of(attack)
        assert outcome.unexpected == [], outcome.remark

    def test_the_grader_stays_small(self, everything):
        assert everything.heaviest < 1500  # MB, of any process of it

    def test_terminals_are_not_commanded(self, everything):
        assert "\x1b[2J" not in everything.output


def test_every_attack_has_its_intent():
    assert len(ATTACKS) >= 36
    assert len({attack.number for attack in ATTACKS}) == len(ATTACKS)
    assert all(attack.intent.endswith(".") for attack in ATTACKS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What was planted in submitted folders, and what names others', through plain nbgrader in the same course."""
    world = World(tmp_path_factory.mktemp("plain"))
    chosen = [attack for attack in ATTACKS if attack.get("prepare") or attack.get("notebook")]
    try:
        for attack in chosen:
            world.hand_in(attack)
        world.watch()
        grader = Grader(world)
        codes = [grader.run("nbgrader", command, NAME) for command in ("autograde", "generate_feedback")]
        yield world, chosen, codes, {attack.number: world.done(attack) for attack in chosen}, grader.output
    finally:
        world.close()


class TestPlainNbgrader:
    pytestmark = isolated

    @pytest.mark.timeout(900)
    def test_links_and_pipes_are_left_alone(self, plain):
        world, chosen, codes, achieved, output = plain
        assert codes == [0, 0], output[-3000:]
        assert achieved == {attack.number: [] for attack in chosen}
        assert [world.scores(student) for student in STUDENTS] == [FULL, FULL]
        assert world.changed() == []

    def test_everybody_has_a_grade(self, plain):
        world, chosen, *_ = plain
        assert [attack.student for attack in chosen if world.scores(attack.student) is None] == []


class TestHarness:
    """The test itself would see it if an attack succeeded."""

    @pytest.fixture
    def world(self, tmp_path):
        tmp_path.chmod(0o755)
        made = World(tmp_path)
        made.hand_in(ATTACKS[0])
        made.watch()
        yield made
        made.close()

    def test_nothing_is_found_where_nothing_happened(self, world):
        assert world.done(ATTACKS[0]) == []
        assert world.changed() == []

    def test_what_was_read_is_found(self, world):
        folder = world.course / "autograded" / ATTACKS[0].student / NAME
        folder.mkdir(parents=True)
        for kind, secret in world.secrets.items():
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")])
            notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text=f"got {secret}")]
            nbformat.write(notebook, folder / f"{NAME}.ipynb")
            achieved = world.done(ATTACKS[0])
            assert len(achieved) == 1, kind
            assert achieved[0].startswith("read ")

    def test_what_was_written_is_found(self, world):
        (world.home / ".bashrc").write_text(f"# {world.mark(ATTACKS[0])}")
        assert world.done(ATTACKS[0]) == ["wrote .bashrc"]
        assert any(name.endswith(".bashrc") for name in world.changed())

    def test_scripts_are_found(self):
        for page in (
            "<script>word</script>", "<img src=x onerror=word>", "<a href='javascript:word'>", "<iframe srcdoc='word'>",
            "<img width=1 onload=word>",
        ):  # fmt: skip
            assert executable(page, "word"), page
        assert not executable("<pre>&lt;script&gt;word&lt;/script&gt;</pre><p title='word'>word", "word")


class TestTaming:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("<script>f()</script>x", "x"),
            ("<img src=x onerror=f()>", '<img src="x">'),
            ("<a href=' java\nscript:f()'>x</a>", "<a>x</a>"),
            ("<a href='https://example.org/?a=1&amp;b'>x</a>", '<a href="https://example.org/?a=1&amp;b">x</a>'),
            ("<a href='data:text/html,x'>x</a>", "<a>x</a>"),
            ("<img src='data:image/png;base64,AA'>", '<img src="data:image/png;base64,AA">'),
            ("<img alt='\"b\"'>", '<img alt="&quot;b&quot;">'),
            ("<p style='color: red; position: fixed; background: url(x)'>x", '<p style="color: red">x</p>'),
            ("<style scoped>td {}</style><table class='x'><tr><th>1", '<table class="x"><tr><th>1</th></tr></table>'),
            ("<svg onload=f()><script>f()</script></svg>x", "x"),
            ("<iframe srcdoc='<script>f()</script>'></iframe>x", "x"),
            ("<form action=x><input></form>x", "x"),
            ("<scr<script>f()</script>ipt>f()", "f()ipt&gt;f()"),
            ("a < b & c </b>", "a &lt; b &amp; c "),
        ],
    )  # fmt: skip
    def test_what_stays(self, given, kept):
        assert clean_html(given) == kept

    def test_text_cells_keep_their_form(self):
        source = "# Head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$a<b$ `x<y` **bold** <script>f()</script>\n"
        page = markdown2html({"cell": {}}, source)
        for part in ("<h1", "<table>", "<td>1</td>", "$a&lt;b$", "x&lt;y", "<strong>bold</strong>"):
            assert part in page
        assert "script" not in page

    def test_pictures_in_text_cells_are_shown(self):
        cell = {"attachments": {"x.png": {"image/png": "AAAA"}}}
        assert 'src="data:image/png;base64,AAAA"' in markdown2html({"cell": cell}, "![x](attachment:x.png)")


class TestTidy:
    def test_what_is_right_stays(self):
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": "x"},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
            {"output_type": "display_data", "data": {"text/plain": "x", "application/json": {"a": [1, None]}},
             "metadata": {"image/png": {"width": 10}}},
            {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 3},
        ]  # fmt: skip
        assert tidy([outputs, []], 10_000) == ([outputs, []], 0)

    def test_what_is_wrong_goes(self):
        deep = []
        for _ in range(200):
            deep = [deep]
        given = [
            {"output_type": "stream", "name": 5, "text": "half \ud800"},
            {
                "output_type": "display_data",
                "data": {"text/html": 5, "application/json": deep},
                "metadata": {"x": deep},
            },
            {"output_type": "display_data", "data": "x", "metadata": {"image/png": {"width": "1 onerror=f()"}}},
            {"output_type": "execute_result", "data": {}, "metadata": None, "execution_count": {}},
            {"output_type": "error", "ename": None, "evalue": 3, "traceback": "x"},
            {"output_type": "odd"},
        ]
        (cells, left_out) = tidy([given], 10_000)
        assert left_out == 0
        nbformat.validate({
            "cells": [{"cell_type": "code", "id": "x", "source": "", "metadata": {}, "execution_count": None,
                       "outputs": cells[0]}],
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
        })  # fmt: skip
        json.dumps(cells).encode()
        assert [output["output_type"] for output in cells[0]] == ["stream", *["display_data"] * 3, "error"]
        assert "onerror" not in str(cells)

    def test_too_much_is_cut_and_errors_stay(self):
        big = {"output_type": "stream", "name": "stdout", "text": "x" * 600}
        error = {"output_type": "error", "ename": "E", "evalue": "v" * 5000, "traceback": []}
        (cells, left_out) = tidy([[big], [big, big], [error]], 1000)
        assert left_out == 3
        assert cells[0] == [big]
        assert "left out" in cells[1][0]["text"]
        assert cells[2][0]["ename"] == "E"
        assert len(json.dumps(cells)) < 3000
