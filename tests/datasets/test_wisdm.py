"""WISDM v1.1: every quirk of the raw file, and the published counts of the features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets import DamagedArchiveError, fetch_wisdm, fetch_wisdm_features
from mlcourse.datasets.clock import LONGEST_PAUSE, read_clock
from mlcourse.datasets.wisdm import parse_raw

GOOD = "33,Jogging,49105962326000,-0.6946377,12.680544,0.50395286;"
NEXT = "33,Jogging,49106062271000,5.012288,11.264028,0.95342433;"
DONE = ("repaired: several on a line", "repaired: trailing comma", "repaired: no semicolon")
LEFT_OUT = ("dropped: malformed", "dropped: no timestamp", "dropped: repeated")


def parse(text):
    """Values of y, and what was repaired or dropped."""
    frame, report = parse_raw(text.encode())
    assert report["records"] == len(frame) + sum(report[what] for what in LEFT_OUT)
    return frame["y"].tolist(), {what: report[what] for what in DONE + LEFT_OUT if report[what]}


class TestQuirks:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (f"{GOOD}\n{NEXT}\n", {}),
            (f"{GOOD}\n{NEXT}", {}),
            (f"{GOOD}\r\n{NEXT}\r\n", {}),
            (f"\n\n{GOOD}\n\n   \n{NEXT}\n\n", {}),
            (f"\ufeff{GOOD}\n{NEXT}\n", {}),
            (f"{GOOD}\n{NEXT.replace(',', ', ')}\n", {}),
            (f"{GOOD}{NEXT}\n", {"repaired: several on a line": 1}),
            (f"{GOOD} {NEXT}\n", {"repaired: several on a line": 1}),
            (f"{GOOD}\n{NEXT[:-1]},;\n", {"repaired: trailing comma": 1}),
            (f"{GOOD}\n{NEXT[:-1]}, ;\n", {"repaired: trailing comma": 1}),
            (f"{GOOD[:-1]},;\r\n{NEXT[:-1]},;\r\n", {"repaired: trailing comma": 2}),
            (f"{GOOD}\n{NEXT[:-1]}\n", {"repaired: no semicolon": 1}),
            (f"{GOOD}\n{NEXT[:-1]}", {"repaired: no semicolon": 1}),
            (f"{GOOD}{NEXT[:-1]},", {f"repaired: {what}": 1 for what in
                                     ("several on a line", "trailing comma", "no semicolon")}),
            (f"{GOOD};;\n;\n{NEXT}", {}),
            (f"{GOOD}\n20,Walking,0,0,0,0.0;\n{NEXT}", {"dropped: no timestamp": 1}),
            (f"{GOOD}\n{GOOD}\n{NEXT}", {"dropped: repeated": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,5.5,;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,5.5,6.6,7.7;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,5.5,6.6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,nan,6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,1867172313000,4.4,inf,6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Walking,soon,4.4,5.5,6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11,Flying,1867172313000,4.4,5.5,6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n11.5,Walking,1867172313000,4.4,5.5,6.6;\n{NEXT}", {"dropped: malformed": 1}),
            (f'{GOOD}\n11,"Walking,1867172313000,4.4,5.5,6.6;\n{NEXT}', {"dropped: malformed": 1}),
            (f"{GOOD}\nhello\n{NEXT}", {"dropped: malformed": 1}),
            (f"{GOOD}\n33,Jogg{NEXT}", {"dropped: malformed": 1}),
        ],
    )  # fmt: skip
    def test_one_at_a_time(self, text, said):
        y, report = parse(text)
        assert y == [12.680544, 11.264028][: 1 if "33,Jogg33" in text else 2]
        assert report == said

    def test_all_together(self):
        y, report = parse(
            f"{GOOD}\r\n{NEXT}33,Jogging,49106112167000,4.9,10.88,-0.08,;\r\n\r\n20,Walking,0,0,0,0.0;\r\n"
            "11,Walking,1867172313000,4.4,,;20,Sitting,59,1,2,3\r\n20,Sitting,59,1,2,3"
        )
        assert y == [12.680544, 11.264028, 10.88, 2.0]
        assert report == {
            "repaired: several on a line": 1,
            "repaired: trailing comma": 1,
            "repaired: no semicolon": 2,
            "dropped: malformed": 1,
            "dropped: no timestamp": 1,
            "dropped: repeated": 1,
        }

    @pytest.mark.parametrize("text", ["", "\n\n", ";;;", "hello", "1,2,3"])
    def test_no_record_at_all(self, text):
        assert parse(text)[0] == []

    def test_numbers_in_every_notation(self):
        frame, _ = parse_raw(b"7,WALKING,59,-1.5E-1,.5,+3;7,walking,1e2,1,2,3;7,walking,200.0,5.,6,7;")
        assert frame[["x", "y", "z"]].values.tolist() == [[-0.15, 0.5, 3.0], [5.0, 6.0, 7.0]]
        assert frame["timestamp"].tolist() == [59, 200]
        assert frame["activity"].unique().tolist() == ["walking"]

    def test_readings_of_one_time_that_differ_are_both_kept(self):
        y, _ = parse("7,Walking,59,1,2,3;\n7,Walking,59,1,9,3;\n")
        assert y == [2.0, 9.0]

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(1, 36),
                st.sampled_from(["Walking", "Sitting"]),
                st.integers(1, 10**15),
                st.tuples(*[st.floats(-20, 20)] * 3),
                st.sampled_from([";\n", ",;\n", ";", ",;", "\n", ";\r\n", ";\n\n", ", ; \n"]),
            ),
            max_size=20,
        )
    )
    def test_any_mixture_gives_all_records_back(self, records):
        text = "".join(
            f"{user},{activity},{stamp},{','.join(map(repr, xyz))}{end}" for user, activity, stamp, xyz, end in records
        )
        frame, report = parse_raw(text.encode())
        expected = [
            (user, activity.lower(), stamp, *xyz)
            for index, (user, activity, stamp, xyz, _) in enumerate(records)
            if index == 0 or records[index - 1][:4] != (user, activity, stamp, xyz)
        ]
        assert report["dropped: malformed"] == 0
        assert frame["activity"].tolist() == [row[1] for row in expected]
        numbers = frame[["user", "timestamp", "x", "y", "z"]].to_numpy(float)
        np.testing.assert_allclose(
            numbers, np.array([row[:1] + row[2:] for row in expected]).reshape(-1, 5), rtol=1e-12
        )

    @pytest.mark.parametrize("ending", [b";\n", b",;\r\n"])
    def test_fifty_megabytes(self, ending):
        steps = np.arange(5000)
        rows = [
            b"%d,%s,%d,%.7f,%.7f,%.7f" % (1 + i // 1000, b"Walking", 10**13 + i * 5 * 10**7, i / 7, i / 11, -i / 13)
            for i in steps
        ]
        data = (ending.join(rows) + ending) * 160
        assert len(data) > 45e6
        frame, _ = parse_raw(data)
        assert len(frame) == 800_000


class TestClock:
    def test_jumps_are_breaks(self):
        seconds, breaks = read_clock([10, 10.05, 10.1, 10.4, 10.45, 3, 3.05, 5000], rate=20, max_gap=0.25)
        assert breaks.tolist() == [3, 5, 7]
        assert seconds.round(2).tolist() == [0, 0.05, 0.1, 0.4, 0.45, 0.5, 0.55, 0.55 + LONGEST_PAUSE]

    def test_empty(self):
        seconds, breaks = read_clock([], 20, 0.25)
        assert len(seconds) == len(breaks) == 0


class TestRaw:
    @pytest.fixture
    def folder(self, tmp_path):
        def write(text):
            file = tmp_path / "wisdm_v1.1" / "WISDM_ar_v1.1_raw.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text.encode())
            return tmp_path

        return write

    def test_recordings(self, folder, no_data):
        rows = [f"{user},Walking,{10**9 + i * 50_000_000},1,10,-1;" for user in (10, 9) for i in range(40)]
        rows[60:60] = ["9,Walking,0,0,0,0.0;"] * 3
        data = fetch_wisdm(data_home=folder("\n".join(rows)))
        assert data.subjects == ("9", "10")
        assert (data.rate, data.channels, data[0].placement) == (20, ("acc_x", "acc_y", "acc_z"), "front pocket")
        np.testing.assert_allclose(data[0].signals[0], [0.980665, 9.80665, -0.980665])  # 10 units to 1 g
        assert data.report["dropped: no timestamp"] == 3
        assert "dropped: no timestamp: 3" in repr(data)
        assert "dropped: no timestamp" in data._repr_html_()
        assert not data.simulated

    def test_no_window_crosses_a_jump_in_time(self, folder, no_data):
        stamps = [*range(1000, 3000, 50), *range(3400, 5400, 50), *range(100, 2100, 50)]
        rows = [f"5,Sitting,{stamp * 10**6},1,10,-1;" for stamp in stamps]
        data = fetch_wisdm(data_home=folder("\n".join(rows)))
        assert data[0].breaks.tolist() == [40, 80]
        assert data.report["breaks in time"] == 2
        assert data.windows(2, 0).starts.tolist() == [0, 40, 80]

    def test_records_that_were_dropped_leave_a_break(self, folder, no_data):
        rows = [f"5,Sitting,{stamp * 10**6},1,10,-1;" for stamp in range(1000, 3000, 50)]
        rows[20:26] = ["5,Sitting,broken;"] * 6
        data = fetch_wisdm(data_home=folder("\n".join(rows)))
        assert data[0].breaks.tolist() == [20]
        assert data.report["dropped: malformed"] == 6

    def test_a_file_without_records(self, folder, no_data):
        with pytest.raises(DamagedArchiveError, match="holds no record"):
            fetch_wisdm(data_home=folder("hello\n"))

    def test_first_lines_of_the_publishers_file(self, real_data, folder, no_data):
        text = (real_data / "wisdm_v1.1" / "WISDM_ar_v1.1_raw.first5lines.txt").read_text()
        data = fetch_wisdm(data_home=folder(text))
        assert len(data[0]) == 5
        assert data.activities == ("jogging",)
        assert len(data[0].breaks) == 0


class TestFeatures:
    NAMES = ("UNIQUE_ID", "user", *[f"F{i}" for i in range(43)])

    def arff(self, *rows):
        header = [f'@attribute "{name}" numeric' for name in self.NAMES] + ['@attribute class{ "Walking" , "Sitting" }']
        return "\r\n".join(["@relation x", "", *header, "", "@data", *rows, ""])

    def row(self, number, user, activity, value="0.5", **others):
        values = [others.get(f"F{i}", value) for i in range(43)]
        return ",".join([str(number), str(user), *values, activity])

    @pytest.fixture
    def folder(self, tmp_path):
        def write(text):
            file = tmp_path / "wisdm_v1.1" / "WISDM_ar_v1.1_transformed.arff"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text.encode())
            return tmp_path

        return write

    def test_crlf_and_question_marks(self, folder, no_data):
        text = self.arff(self.row(1, 33, "Walking", F2="?"), self.row(2, 7, "Sitting", "1"))
        table = fetch_wisdm_features(data_home=folder(text))
        assert table.X.shape == (2, 43)
        assert np.argwhere(np.isnan(table.X)).tolist() == [[0, 2]]
        assert table.y.tolist() == ["walking", "sitting"]
        assert table.subjects.tolist() == ["33", "7"]
        assert table.feature_names == self.NAMES[2:]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda text: text.partition("@data")[0],
            lambda text: text.partition("@data")[0] + "@data\n",
            lambda text: text[: text.rindex("0.5")],
            lambda text: text.replace("Sitting\r\n", "Sitting,1\r\n"),
            lambda text: text.replace("1,33", "1,33,33"),
            lambda text: text.replace("Walking\r\n", "Flying\r\n"),
            lambda text: text.replace("0.5", "half", 1),
            lambda text: text.replace('@attribute "F3" numeric', ""),
        ],
    )
    def test_damage(self, folder, no_data, damage):
        text = damage(self.arff(self.row(1, 33, "Walking"), self.row(2, 7, "Sitting")))
        with pytest.raises(DamagedArchiveError, match="fetch it again"):
            fetch_wisdm_features(data_home=folder(text))

    def test_published_counts(self, real_data):
        table = fetch_wisdm_features(data_home=real_data)
        assert table.X.shape == (5418, 43)
        assert np.isnan(table.X).sum() == 615
        assert len(set(table.subjects)) == 36
        names, counts = np.unique(table.y, return_counts=True)
        assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
            "walking": 2081,
            "jogging": 1625,
            "upstairs": 632,
            "downstairs": 528,
            "sitting": 306,
            "standing": 246,
        }
        assert table.feature_names[:2] == ("X0", "X1")
        assert table.feature_names[-1] == "RESULTANT"
        assert set(np.flatnonzero(np.isnan(table.X).any(axis=0))) == {
            table.feature_names.index(f"{axis}PEAK") for axis in "XYZ"
        }
