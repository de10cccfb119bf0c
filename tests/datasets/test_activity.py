"""Recordings, and the windows cut from them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets import ActivityDataset, FeatureTable, Recording, Windows

CHANNELS = ("acc_x", "acc_y", "acc_z")


def recording(labels, subject="1", breaks=(), rate=10.0, channels=CHANNELS, **options):
    """Signals in which every number is unique, so that a window tells where it is from."""
    n = len(labels)
    signals = np.arange(n * len(channels), dtype=float).reshape(n, len(channels)) + 1e6 * int(subject)
    return Recording(signals, channels, rate, subject, options.pop("placement", "hand"), labels, breaks, **options)


def dataset(*recordings, **options):
    return ActivityDataset("test", recordings, **options)


@pytest.fixture
def data():
    return dataset(
        recording(["walking"] * 30 + [""] * 5 + ["sitting"] * 25, "1", placement="bag", name="first"),
        recording(["walking"] * 40, "2", breaks=[20]),
        recording(["jogging"] * 30, "10"),
        test_subjects=["2"],
        report={"dropped: malformed": 3},
        notes="somebody 2010",
    )


@st.composite
def datasets(draw):
    """Up to three recordings of random labels, with breaks anywhere."""
    recordings = []
    for index in range(draw(st.integers(1, 3))):
        runs = draw(st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 30)), min_size=1, max_size=6))
        labels = [label for label, length in runs for _ in range(length)]
        breaks = draw(st.lists(st.integers(1, 180), max_size=4))
        recordings.append(recording(labels, str(index), [position for position in breaks if position < len(labels)]))
    return dataset(*recordings)


class TestWindows:
    @settings(max_examples=200, deadline=None)
    @given(
        data=datasets(),
        length=st.integers(1, 15),
        overlap=st.sampled_from([0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]),
    )
    def test_properties(self, data, length, overlap):
        windows = data.windows(seconds=length / 10, overlap=overlap)
        step = max(1, round(length * (1 - overlap)))
        assert windows.X.shape == (len(windows), length, 3)
        expected = 0
        for index, source in enumerate(data):
            run = 0
            for sample in range(len(source) + 1):
                ends = sample == len(source) or (
                    sample > 0 and (sample in source.breaks or source.labels[sample] != source.labels[sample - 1])
                )
                if ends:
                    if source.labels[sample - 1] and run >= length:
                        expected += (run - length) // step + 1
                    run = 0
                run += 1
            for window in np.flatnonzero(windows.recordings == index):
                start, stop = windows.starts[window], windows.starts[window] + length
                np.testing.assert_array_equal(windows.X[window], source.signals[start:stop])
                assert set(source.labels[start:stop]) == {windows.y[window]}
                assert windows.y[window]
                assert windows.subjects[window] == source.subject
                assert not any(start < position < stop for position in source.breaks)
        assert len(windows) == expected

    def test_chosen_channels_in_the_order_asked_for(self, data):
        both = data.windows(1, channels=["acc_z", "acc_x"])
        assert both.channels == ("acc_z", "acc_x")
        np.testing.assert_array_equal(both.X, data.windows(1).X[:, :, [2, 0]])
        assert data.windows(1, channels="acc_y").X.shape[2] == 1

    def test_none_fits(self, data):
        windows = data.windows(seconds=100)
        assert windows.X.shape == (0, 1000, 3)
        assert len(windows.y) == len(windows.subjects) == len(windows.starts) == 0
        assert "none" in repr(windows)

    def test_cutting_again_gives_the_same(self, data):
        np.testing.assert_array_equal(data.windows(1.3, 0.3).X, data.windows(1.3, 0.3).X)

    def test_windows_are_copies(self, data):
        windows = data.windows(1, 0.5)
        windows.X[:] = 0
        assert data[0].signals.any()

    def test_float32_stays(self):
        short = recording(["walking"] * 20)
        light = Recording(short.signals.astype(np.float32), CHANNELS, 10, "1", "hand", short.labels)
        assert dataset(light).windows(1).X.dtype == np.float32

    @pytest.mark.parametrize("seconds", [0, -1, np.nan, np.inf, "2", None])
    def test_seconds_out_of_range(self, data, seconds):
        with pytest.raises(ValueError, match="seconds must be a number above 0, got"):
            data.windows(seconds=seconds)

    @pytest.mark.parametrize("overlap", [1, 1.5, -0.1, 50, np.nan, "half"])
    def test_overlap_out_of_range(self, data, overlap):
        with pytest.raises(ValueError, match="overlap must be a share from 0 to less than 1"):
            data.windows(overlap=overlap)

    def test_shorter_than_a_sample(self, data):
        with pytest.raises(ValueError, match=r"shorter than one sample at 10 Hz; try 0\.1"):
            data.windows(seconds=0.04)

    @pytest.mark.parametrize("channels", ["gyro_x", ["acc_x", "gyro_x"]])
    def test_unknown_channel(self, data, channels):
        with pytest.raises(ValueError, match="channels: there is no 'gyro_x', only acc_x, acc_y, acc_z"):
            data.windows(channels=channels)

    def test_no_channel(self, data):
        with pytest.raises(ValueError, match="channels is empty"):
            data.windows(channels=[])


class TestWindowsType:
    def test_choosing(self, data):
        windows = data.windows(1, 0)
        walking = windows[windows.y == "walking"]
        assert set(walking.y) == {"walking"}
        assert len(windows[:3]) == 3
        assert len(windows[2]) == 1
        np.testing.assert_array_equal(windows[[2, 0]].X, windows.X[[2, 0]])
        assert windows.activities == ("jogging", "sitting", "walking")

    def test_official_split(self, data):
        train, test = data.windows(1).split()
        assert set(test.subjects) == {"2"}
        assert set(train.subjects) == {"1", "10"}

    @pytest.mark.parametrize("who", ["10", 10, ["1", "10"], [1, 10]])
    def test_split_by_named_people(self, data, who):
        train, test = data.windows(1).split(test_subjects=who)
        assert set(test.subjects) == {str(one) for one in np.atleast_1d(who)}
        assert not set(test.subjects) & set(train.subjects)
        assert len(train) + len(test) == len(data.windows(1))

    def test_split_that_is_impossible(self, data):
        with pytest.raises(ValueError, match="test_subjects: there is no '7', only 1, 2, 10"):
            data.windows(1).split(["7"])
        with pytest.raises(ValueError, match="no official split"):
            dataset(recording(["walking"] * 20)).windows(1).split()

    def test_to_frame(self, data):
        windows = data.windows(1, 0)
        frame = windows.to_frame()
        assert len(frame) == len(windows)
        assert frame["acc_y_mean"].tolist() == pytest.approx(windows.X[:, :, 1].mean(axis=1).tolist())
        assert frame["start"].max() == 4.5

    def test_what_it_is_can_be_read(self, data):
        windows = data.windows(1, 0)
        assert "walking 7" in repr(windows)
        assert "10 samples at 10 Hz" in repr(windows)
        assert "3 people" in repr(windows)
        assert "simulated" not in repr(windows)
        assert "simulated" in repr(dataset(recording(["walking"] * 20), simulated=True).windows(1))

    def test_lists_will_do(self):
        windows = Windows([[[1.0], [2.0]]], ["walking"], ["1"], 1.0, ("acc_x",), [0], [0])
        assert windows.X.shape == (1, 2, 1)

    @pytest.mark.parametrize(
        ("X", "y", "says"),
        [(np.zeros((2, 5)), ["a", "a"], "X must have shape"), (np.zeros((2, 5, 1)), ["a"], "y must hold one value")],
    )
    def test_parts_that_do_not_fit(self, X, y, says):
        with pytest.raises(ValueError, match=says):
            Windows(X, y, ["1", "1"], 1.0, ("acc_x",), [0, 0], [0, 5])


class TestRecording:
    def test_stretches(self):
        stretches = list(recording(["a", "a", "a", "", "b", "b"], breaks=[2]).stretches())
        assert stretches == [(0, 2, "a"), (2, 3, "a"), (3, 4, ""), (4, 6, "b")]

    def test_time(self):
        assert recording(["a"] * 3).seconds.tolist() == [0, 0.1, 0.2]
        assert recording(["a"] * 3, time=[0, 0.1, 5], breaks=[2]).seconds.tolist() == [0, 0.1, 5]
        assert recording(["a"] * 30).duration == 3

    def test_whole_numbers_become_floats(self):
        made = Recording(np.arange(6).reshape(2, 3), CHANNELS, 50, 7, "hand", ["a", "a"])
        assert made.signals.dtype == float
        assert made.subject == "7"

    def test_is_frozen(self):
        with pytest.raises(AttributeError):
            recording(["a"]).rate = 3

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"signals": np.zeros(5)}, r"signals must be numbers of shape \(time, channels\), got shape \(5,\)"),
            ({"signals": np.full((5, 3), "x")}, "signals must be numbers"),
            ({"signals": np.where(np.eye(5, 3) > 0, np.nan, 0.0)}, "3 of 5 samples are not, the first at 0"),
            ({"signals": np.full((5, 3), np.inf)}, "signals must be finite"),
            ({"channels": ("acc_x", "acc_y")}, "channels must give each of the 3 columns a name"),
            ({"channels": ("acc_x", "acc_x", "acc_z")}, "channels must give each of the 3 columns a name"),
            ({"rate": 0}, "rate must be a number of samples per second above 0, got 0"),
            ({"rate": "50"}, "rate must be"),
            ({"rate": np.nan}, "rate must be"),
            ({"labels": ["a"] * 4}, r"labels must hold one activity for each of the 5 samples, got shape \(4,\)"),
            ({"breaks": [0]}, "breaks must lie between 1 and 4, got 0"),
            ({"breaks": [5]}, "breaks must lie between 1 and 4"),
            ({"breaks": [1.5]}, "breaks must be a sequence of sample numbers"),
            ({"time": [0, 1, 2]}, "time must hold seconds for each of the 5 samples"),
            ({"time": [0, 1, 2, 1, 2]}, "time must be finite and never go back"),
            ({"time": [0, 1, np.nan, 3, 4]}, "time must be finite"),
        ],
    )
    def test_parts_that_do_not_fit(self, change, says):
        good = {
            "signals": np.zeros((5, 3)),
            "channels": CHANNELS,
            "rate": 50.0,
            "subject": "1",
            "placement": "hand",
            "labels": ["a"] * 5,
        }
        Recording(**good)
        with pytest.raises(ValueError, match=says):
            Recording(**{**good, **change})

    def test_to_frame(self):
        frame = recording(["a", "b"], subject="7").to_frame()
        assert frame.columns.tolist() == ["time", *CHANNELS, "label", "subject", "placement"]
        assert frame["label"].tolist() == ["a", "b"]


class TestDataset:
    def test_is_a_sequence_of_recordings(self, data):
        assert len(data) == 3
        assert data[1].subject == "2"
        assert [one.subject for one in data] == ["1", "2", "10"]

    def test_facts(self, data):
        assert data.subjects == ("1", "2", "10")  # as people count
        assert data.activities == ("jogging", "sitting", "walking")
        assert data.channels == CHANNELS
        assert data.rate == 10
        assert data.minutes() == pytest.approx({"jogging": 0.05, "sitting": 2.5 / 60, "walking": 7 / 60})

    def test_empty(self):
        with pytest.raises(ValueError, match="at least one recording"):
            dataset()

    def test_mixed_rates_and_channels_are_refused(self):
        with pytest.raises(ValueError, match=r"share channels and rate.*20 Hz.*10 Hz"):
            dataset(recording(["a"]), recording(["a"], rate=20))
        with pytest.raises(ValueError, match="share channels and rate"):
            dataset(recording(["a"]), recording(["a"], channels=("gyro_x",)))

    def test_recordings_of_another_type(self):
        with pytest.raises(ValueError, match="of type Recording, got ndarray"):
            dataset(np.zeros((5, 3)))

    def test_select_people(self, data):
        assert data.select(subjects=["1", 10]).subjects == ("1", "10")
        assert data.select(subjects="2").test_subjects == ("2",)
        assert data.select(subjects="1").test_subjects == ()

    def test_select_activities_joins_nothing_that_was_apart(self):
        whole = dataset(recording(["a"] * 10 + ["b"] * 5 + ["a"] * 10))
        chosen = whole.select(activities="a")
        assert chosen.activities == ("a",)
        assert chosen.windows(0.6, 0.5).starts.tolist() == [0, 3, 15, 18]
        assert len(whole[0].labels) == 25
        assert whole.activities == ("a", "b")

    def test_select_placement(self, data):
        assert [one.name for one in data.select(placement="bag")] == ["first"]

    def test_selection_keeps_what_the_data_are(self, data):
        chosen = dataset(recording(["a"]), simulated=True, report={"k": 1}, notes="n").select(activities="a")
        assert (chosen.simulated, chosen.report, chosen.notes) == (True, {"k": 1}, "n")

    @pytest.mark.parametrize(
        ("wanted", "says"),
        [
            ({"subjects": "3"}, "subjects: there is no '3', only 1, 2, 10"),
            ({"activities": ["walking", "flying"]}, "activities: there is no 'flying', only jogging, sitting, walking"),
            ({"placement": "nose"}, "placement: there is no 'nose', only bag, hand"),
            ({"subjects": "2", "placement": "bag"}, "fewer conditions"),
        ],
    )
    def test_select_what_is_not_there(self, data, wanted, says):
        with pytest.raises(ValueError, match=says):
            data.select(**wanted)

    def test_to_frame(self, data):
        frame = data.to_frame()
        assert len(frame) == 130
        assert set(frame["simulated"]) == {False}
        assert frame.groupby("recording").size().tolist() == [60, 40, 30]
        assert frame.loc[frame["recording"] == 0, "placement"].unique().tolist() == ["bag"]

    @pytest.mark.parametrize("form", [repr, ActivityDataset._repr_html_])
    def test_what_it_is_can_be_read(self, data, form):
        text = form(data)
        for part in ("test", "people", "10 Hz", "acc_x, acc_y, acc_z", "walking 0.1", "dropped: malformed", "2010"):
            assert part in text
        assert "simulated" not in text
        assert "simulated" in form(dataset(recording(["a"]), simulated=True))

    def test_html_is_safe(self):
        assert "<b>" not in ActivityDataset("<b>", [recording(["<b>"])])._repr_html_()


class TestPlots:
    @pytest.fixture(autouse=True)
    def none_left_open(self):
        before = plt.get_fignums()
        yield
        assert plt.get_fignums() == before

    def test_data_set_and_recording(self, data):
        figure = data.plot()
        assert figure.axes[0].get_ylabel() == "acceleration (m/s$^2$)"
        assert figure.axes[0].get_xlabel() == "time (s)"
        assert "subject 1" in figure.axes[0].get_title("left")
        assert len(data.plot("10", ["acc_x"]).axes[0].get_lines()) == 1
        assert len(data[1].plot().axes) == 1

    def test_simulated_is_said(self):
        figure = dataset(recording(["a"] * 20), simulated=True).plot()
        assert "simulated" in figure.axes[0].get_title("left")

    def test_windows(self, data):
        figure = data.windows(1).plot(n=2)
        assert [ax.get_title() for ax in figure.axes if ax.get_visible()] == ["jogging"] * 2 + ["sitting"] * 2 + [
            "walking"
        ] * 2

    def test_nothing_to_plot(self, data):
        with pytest.raises(ValueError, match="no windows"):
            data.windows(100).plot()
        with pytest.raises(ValueError, match="n must be a whole number of windows, at least 1, got 0"):
            data.windows(1).plot(n=0)
        with pytest.raises(ValueError, match="subject: there is no '3'"):
            data.plot("3")


class TestFeatureTable:
    @pytest.fixture
    def table(self):
        X = [[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]]
        return FeatureTable(X, ["walking", "sitting", "sitting"], ["1", "1", "2"], ("mean", "std"), ("2",), "small")

    def test_parts(self, table):
        assert len(table) == 3
        assert table.X.shape == (3, 2)
        assert table.activities == ("sitting", "walking")
        assert "small" in repr(table)
        assert "1 missing" in repr(table)
        assert "2 people" in repr(table)

    def test_split_and_choose(self, table):
        train, test = table.split()
        assert (len(train), test.subjects.tolist()) == (2, ["2"])
        assert table[table.y == "sitting"].X.tolist() == [[2.0, 3.0], [4.0, 5.0]]

    def test_to_frame(self, table):
        frame = table.to_frame()
        assert frame.columns.tolist() == ["mean", "std", "activity", "subject"]
        assert frame["activity"].tolist() == ["walking", "sitting", "sitting"]

    def test_parts_that_do_not_fit(self):
        with pytest.raises(ValueError, match=r"X must have shape \(windows, 2\)"):
            FeatureTable(np.zeros((2, 3)), ["a", "a"], ["1", "1"], ("mean", "std"))
        with pytest.raises(ValueError, match="subjects must hold one value for each of the 2 rows"):
            FeatureTable(np.zeros((2, 1)), ["a", "a"], ["1"], ("mean",))
