"""WISDM smartphone and smartwatch: clocks that jump, phones that do not keep 20 Hz, people who lack something."""

import io
import zipfile

import numpy as np
import pytest

from mlcourse.datasets import DamagedArchiveError, fetch_wisdm_51
from mlcourse.datasets.wisdm_51 import STREAMS

KEY = "walking = A\njogging = B\nstairs = C\nteeth = G\n\n"
# A turn of 1 Hz around the axes: known at any time, so that resampling can be checked.
TURN = 2 * np.pi * 1.0


def signal(seconds, shift=0.0):
    return np.stack([np.sin(TURN * seconds + shift), np.cos(TURN * seconds + shift), 9.8 + 0 * seconds], axis=1)


def lines(subject, letter, seconds, shift=0.0):
    """Records as the publisher writes them; the signal is a function of the time since second 1000."""
    values = signal(seconds - 1000, shift)
    return [
        f"{subject},{letter},{round(second * 1e9)},{x:.7f},{y:.7f},{z:.7f};"
        for second, (x, y, z) in zip(seconds, values, strict=True)
    ]


def clock(start, rate, count):
    return 1000 + start + np.arange(count) / rate


@pytest.fixture
def archive(tmp_path, no_data):
    """Pack text files, given by stream and subject, as the publisher does; hands back data_home."""

    def pack(files, key=KEY, nested=False):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as packed:
            packed.writestr("wisdm-dataset/activity_key.txt", key)
            packed.writestr("__MACOSX/wisdm-dataset/raw/phone/accel/._data_1600_accel_phone.txt", "junk")
            for (stream, subject), rows in files.items():
                device, sensor = stream.split()
                name = f"data_{subject}_{sensor}_{device}"
                text = rows if isinstance(rows, str) else "\n".join(rows) + "\n"
                packed.writestr(f"wisdm-dataset/raw/{device}/{sensor}/{name}.txt", text)
                packed.writestr(f"wisdm-dataset/arff_files/{device}/{sensor}/{name}.arff", "@data")
        content = buffer.getvalue()
        if nested:
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as packed:
                packed.writestr("wisdm-dataset.zip", content)
            content = buffer.getvalue()
        folder = tmp_path / "wisdm_51"
        folder.mkdir(exist_ok=True)
        (folder / "data.zip").write_bytes(content)
        return tmp_path

    return pack


class TestOneStream:
    @pytest.mark.parametrize("nested", [False, True])
    def test_recordings(self, archive, nested):
        rows = lines(1600, "A", clock(0, 20, 100)) + lines(1600, "G", clock(300, 20, 60))
        home = archive({("phone accel", 1600): rows, ("phone accel", 1613): rows}, nested=nested)
        data = fetch_wisdm_51(data_home=home)
        assert data.subjects == ("1600", "1613")
        assert data.activities == ("brushing teeth", "walking")
        assert (data.rate, data.channels, data[0].placement) == (20, ("acc_x", "acc_y", "acc_z"), "front pocket")
        assert len(data[0]) == 160
        assert data[0].breaks.tolist() == [100]
        np.testing.assert_allclose(data[0].signals[:100], signal(np.arange(100) / 20), atol=1e-3)
        assert data.report["records"] == 320

    def test_the_watch_is_on_the_wrist(self, archive):
        home = archive({("watch gyro", 1600): lines(1600, "A", clock(0, 20, 100))})
        data = fetch_wisdm_51("watch gyro", data_home=home)
        assert (data.channels, data[0].placement) == (("gyro_x", "gyro_y", "gyro_z"), "wrist")

    def test_time_that_jumps_back_is_a_break(self, archive):
        """Activities are stored by letter, whenever they were done; one was even done twice."""
        rows = (
            lines(1600, "A", clock(500, 20, 50))
            + lines(1600, "B", clock(100, 20, 50))
            + lines(1600, "C", clock(800, 20, 50))
            + lines(1600, "C", clock(0, 20, 50))
        )
        data = fetch_wisdm_51(data_home=archive({("phone accel", 1600): rows}))
        assert data[0].breaks.tolist() == [50, 100, 150]
        windows = data.windows(2, 0)
        assert windows.y.tolist() == ["walking", "jogging", "stairs", "stairs"]
        np.testing.assert_allclose(windows.X[3], signal(np.arange(40) / 20), atol=1e-3)

    def test_a_gap_is_a_gap_and_not_a_line(self, archive):
        rows = lines(1600, "A", clock(0, 20, 50)) + lines(1600, "A", clock(2.9, 20, 50))
        data = fetch_wisdm_51(data_home=archive({("phone accel", 1600): rows}))
        assert data[0].breaks.tolist() == [50]
        assert len(data[0]) == 100

    def test_another_rate_becomes_20_hz_and_is_reported(self, archive):
        rows = {
            ("phone accel", 1600): lines(1600, "A", clock(0, 19.86, 400)),
            ("phone accel", 1607): lines(1607, "A", clock(0, 25.06, 500)),
        }
        data = fetch_wisdm_51(data_home=archive(rows))
        assert data.rate == 20
        assert data.report["resampled from another rate"] == "phone of 1607 25.1 Hz"
        for recording in data:
            assert len(recording) == pytest.approx(400, abs=4)
            inner = slice(20, -20)
            np.testing.assert_allclose(recording.signals[inner], signal(recording.seconds)[inner], atol=0.02)

    def test_what_20_hz_cannot_hold_is_filtered_away(self, archive):
        """A 12 Hz tremble, kept by 25 Hz, would come out as one of 8 Hz."""
        seconds = clock(0, 25, 1000)
        rows = [f"1607,A,{round(s * 1e9)},{np.sin(2 * np.pi * 12 * (s - 1000)):.6f},0,9.8;" for s in seconds]
        data = fetch_wisdm_51(data_home=archive({("phone accel", 1607): rows}))
        assert np.abs(data[0].signals[40:-40, 0]).max() < 0.02

    def test_an_activity_that_is_missing(self, archive):
        both = lines(1600, "A", clock(0, 20, 50)) + lines(1600, "B", clock(10, 20, 50))
        data = fetch_wisdm_51(
            data_home=archive({("phone accel", 1600): both, ("phone accel", 1607): lines(1607, "B", clock(0, 20, 50))})
        )
        assert data.select(subjects="1607").activities == ("jogging",)
        assert data.activities == ("jogging", "walking")

    def test_records_that_are_broken(self, archive):
        rows = lines(1600, "A", clock(0, 20, 100))
        rows[5:5] = [
            "1600,A,5;",
            "1600,A,1000250000000,x,1,2;",
            "hello",
            '1600,A,"1,2,3,4;',
            "1600,Z,1000250000000,1,2,3;",
        ]
        rows.insert(60, rows[59])  # the same time again
        data = fetch_wisdm_51(data_home=archive({("phone accel", 1600): "\r\n".join(rows)}))
        assert data.report["dropped: malformed"] == 5
        assert data.report["dropped: repeated time"] == 1
        assert data.report["records"] == 106
        assert len(data[0]) == 100
        np.testing.assert_allclose(data[0].signals, signal(np.arange(100) / 20), atol=1e-3)


class TestSeveralStreams:
    def test_sensors_of_one_device_share_a_clock(self, archive):
        """The gyroscope starts later, ticks otherwise, and stops earlier; each window is of one moment."""
        home = archive(
            {
                ("phone accel", 1600): lines(1600, "A", clock(0, 20, 400)),
                ("phone gyro", 1600): lines(1600, "A", clock(1.013, 19.9, 350), shift=0.5),
            }
        )
        data = fetch_wisdm_51(["phone gyro", "phone accel"], data_home=home)
        assert data.channels == ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
        seconds = 1.013 + data[0].seconds
        assert len(data[0]) == pytest.approx(20 * 349 / 19.9, abs=1)
        np.testing.assert_allclose(data[0].signals[5:-5, :3], signal(seconds)[5:-5], atol=0.02)
        np.testing.assert_allclose(data[0].signals[5:-5, 3:], signal(seconds, 0.5)[5:-5], atol=0.02)

    def test_an_activity_of_one_sensor_only_is_left_out(self, archive):
        both = lines(1600, "A", clock(0, 20, 50)) + lines(1600, "B", clock(10, 20, 50))
        home = archive({("phone accel", 1600): both, ("phone gyro", 1600): both[50:]})
        assert fetch_wisdm_51(["phone accel", "phone gyro"], data_home=home).activities == ("jogging",)

    def test_phone_and_watch_are_recordings_of_their_own(self, archive):
        rows = lines(1600, "A", clock(0, 20, 50))
        home = archive({(stream, 1600): rows for stream in STREAMS})
        data = fetch_wisdm_51(STREAMS, data_home=home)
        assert [recording.placement for recording in data] == ["front pocket", "wrist"]
        assert data.select(placement="wrist")[0].name == "WISDM-51 watch of 1600"

    def test_people_who_lack_a_stream_are_named(self, archive):
        rows = lines(1600, "A", clock(0, 20, 50))
        home = archive({("phone accel", 1600): rows, ("phone gyro", 1600): rows, ("phone accel", 1601): rows})
        data = fetch_wisdm_51(("phone accel", "phone gyro"), data_home=home)
        assert data.subjects == ("1600",)
        assert data.report["left out: phone without one of the sensors"] == "1601"


class TestErrors:
    @pytest.mark.parametrize("streams", ["phone", ["phone accel", "accel"], [], ()])
    def test_unknown_streams(self, streams):
        with pytest.raises(ValueError, match="streams must be among 'phone accel', 'phone gyro', 'watch accel'"):
            fetch_wisdm_51(streams)

    def test_streams_that_have_no_common_channels(self):
        with pytest.raises(ValueError, match="same sensors"):
            fetch_wisdm_51(["phone accel", "watch gyro"])

    def test_nobody(self, archive):
        with pytest.raises(DamagedArchiveError, match="no person with phone accel"):
            fetch_wisdm_51(data_home=archive({}))

    def test_no_key(self, archive):
        with pytest.raises(DamagedArchiveError, match=r"activity_key\.txt"):
            fetch_wisdm_51(data_home=archive({}, key="?"))

    def test_empty_file(self, archive):
        with pytest.raises(DamagedArchiveError, match="no person"):
            fetch_wisdm_51(data_home=archive({("phone accel", 1600): ""}))


class TestReal:
    def test_phone(self, real_data):
        data = fetch_wisdm_51(data_home=real_data)
        assert len(data.subjects) == 13
        assert len(data.activities) == 18
        assert data.report["resampled from another rate"].startswith("phone of 1607 25")
        missing = set(data.activities) - set(data.select(subjects="1607").activities)
        assert len(missing) == 1
        for recording in data:
            assert len(recording.breaks) == len(set(recording.labels)) - 1  # one stretch an activity
            assert len(recording) / 20 / 60 == pytest.approx(3 * len(set(recording.labels)), rel=0.02)
            assert np.median(np.linalg.norm(recording.signals, axis=1)) == pytest.approx(9.8, abs=0.8)

    def test_all_four(self, real_data):
        data = fetch_wisdm_51(STREAMS, data_home=real_data)
        assert data.subjects == ("1600", "1604", "1606", "1611")
        assert len(data) == 8
        assert min(data.minutes().values()) > 23.5
