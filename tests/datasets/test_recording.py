"""load_recording: what phone apps write, in all the ways they write it, and what must be told about it."""

import io
import json
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.datasets.recording import load_recording

G = 9.80665
RATE = 50.0
N = 500
TIME = np.arange(N) / RATE
PHYPHOX = ["Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz"), "Absolute acceleration (m/s^2)"]


def walk(time=TIME):
    """A phone in a pocket: gravity on y, a step rhythm of 2 Hz, different on every axis."""
    swing = 2 * np.pi * 2 * np.asarray(time)
    return np.column_stack([0.5 + 1.5 * np.sin(swing), G + 3 * np.sin(swing + 1), -1 + 0.8 * np.cos(swing / 2)])


def turns(time=TIME):
    swing = 2 * np.pi * np.asarray(time)
    return np.column_stack([1.2 * np.sin(swing), 0.3 * np.cos(swing), 0.1 * np.sin(2 * swing)])


def table(header, columns, *, sep=",", decimal=".", form="%.6f", end="\n", quote=False):
    def cell(value):
        text = value if isinstance(value, str) else (form % value).replace(".", decimal)
        return f'"{text}"' if quote else text

    header = [f'"{name}"' if quote else name for name in header]
    rows = zip(*columns, strict=True)
    return end.join([sep.join(header), *(sep.join(map(cell, row)) for row in rows)]) + end


@pytest.fixture
def save(tmp_path):
    def write(text, name="recording.csv", encoding="utf-8"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return file

    return write


def only(dataset):
    assert len(dataset.recordings) == 1
    return dataset.recordings[0]


def assert_is_walk(dataset, tolerance=1e-4):
    recording = only(dataset)
    assert dataset.channels[:3] == ("acc_x", "acc_y", "acc_z")
    assert dataset.rate == RATE
    assert recording.signals.shape[0] == N
    assert np.abs(recording.signals[:, :3] - walk()).max() < tolerance
    assert len(recording.breaks) == 0


# ------------------------------------------------------------------------------------------------ the formats


def test_phyphox_with_a_decimal_point(save):
    a = walk()
    text = table(PHYPHOX, [TIME, *a.T, np.linalg.norm(a, axis=1)], form="%.9E", quote=False)
    text = text.replace(",".join(PHYPHOX), ",".join(f'"{name}"' for name in PHYPHOX))
    data = load_recording(save(text), subject="anna", placement="front pocket", label="walking")
    assert_is_walk(data)
    recording = only(data)
    assert (recording.subject, recording.placement) == ("anna", "front pocket")
    assert set(recording.labels) == {"walking"}
    assert "m/s^2" in data.report["acceleration"]
    assert "header" in data.report["acceleration"]
    assert data.report["format"] == "phyphox"
    assert not data.simulated


@pytest.mark.parametrize("sep", [";", "\t"])
def test_phyphox_with_a_decimal_comma_byte_order_mark_and_windows_line_ends(save, sep):
    a = walk()
    text = table(PHYPHOX, [TIME, *a.T, TIME], sep=sep, decimal=",", form="%.9E", end="\r\n")
    assert_is_walk(load_recording(save("\ufeff" + text)))


def test_phyphox_in_another_language(save):
    header = ["Zeit (s)", "Beschleunigung x (m/s²)", "Beschleunigung y (m/s²)", "Beschleunigung z (m/s²)"]
    assert_is_walk(load_recording(save(table(header, [TIME, *walk().T], sep=";", decimal=","), encoding="cp1252")))


def test_linear_acceleration_is_never_taken_for_acceleration_with_gravity(save):
    header = ["Time (s)", *(f"Linear Acceleration {axis} (m/s^2)" for axis in "xyz")]
    data = load_recording(save(table(header, [TIME, *(walk() - [0, G, 0]).T])))
    assert data.channels == ("body_acc_x", "body_acc_y", "body_acc_z")
    assert "not included" in data.report["gravity"]
    assert np.abs(only(data).signals - (walk() - [0, G, 0])).max() < 1e-4


def test_sensor_logger_columns_come_in_the_order_z_y_x(save):
    header = ["time", "seconds_elapsed", "z", "y", "x"]
    text = table(header, [1700000000000000000 + TIME * 1e9, TIME, *walk().T[::-1]])
    data = load_recording(save(text, "TotalAcceleration.csv"))
    assert_is_walk(data)
    assert data.report["format"] == "Sensor Logger"


def test_sensor_logger_accelerometer_without_gravity_is_recognised_by_its_values(save):
    header = ["time", "seconds_elapsed", "z", "y", "x"]
    text = table(header, [1700000000000000000 + TIME * 1e9, TIME, *(walk() - [0, G, 0]).T[::-1]])
    data = load_recording(save(text, "Accelerometer.csv"))
    assert data.channels == ("body_acc_x", "body_acc_y", "body_acc_z")
    assert "linear" in data.report["gravity"]


def sensor_logger_zip(path, *, gravity=True, total=False, ios=False, inside="walk-2024/", gyro_start=0):
    header = ["time", "seconds_elapsed", "z", "y", "x"]
    epoch = 1700000000000000000
    sign = -1 if ios else 1

    def stream(time, values):
        return table(header, [epoch + time * 1e9, time, *values.T[::-1]])

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inside + "Accelerometer.csv", stream(TIME, sign * (walk() - [0, G, 0])))
        archive.writestr(inside + "Gyroscope.csv", stream(TIME[gyro_start:], turns()[gyro_start:]))
        archive.writestr(inside + "Magnetometer.csv", stream(TIME, 40 + 0 * walk()))
        archive.writestr(
            inside + "Orientation.csv", "time,seconds_elapsed,yaw,qx,qz,roll,qw,qy,pitch\n1,0,1,1,1,1,1,1,1\n"
        )
        archive.writestr(inside + "Annotation.csv", "time,seconds_elapsed,text,millisecond_press_duration\n")
        archive.writestr(inside + "WatchAccelerometer.csv", stream(TIME, walk()[::-1]))
        platform = "ios" if ios else "android"
        archive.writestr(
            inside + "Metadata.csv", f"version,device name,platform,standardisation\n3,phone,{platform},false\n"
        )
        archive.writestr("__MACOSX/" + inside + "._Accelerometer.csv", b"\x00\x05\x16\x07")
        if gravity:
            archive.writestr(inside + "Gravity.csv", stream(TIME, sign * np.tile([0, G, 0], (N, 1))))
        if total:
            archive.writestr(inside + "TotalAcceleration.csv", stream(TIME, sign * walk()))
    return path


@pytest.mark.parametrize("contents", [{"gravity": True}, {"gravity": False, "total": True}])
def test_sensor_logger_zip_gives_acceleration_with_gravity_and_rotation(tmp_path, contents):
    data = load_recording(sensor_logger_zip(tmp_path / "walk.zip", **contents))
    assert_is_walk(data)
    assert data.channels == ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
    assert np.abs(only(data).signals[:, 3:] - turns()).max() < 1e-4


def test_an_iphone_export_is_turned_to_the_android_convention(tmp_path):
    data = load_recording(sensor_logger_zip(tmp_path / "walk.zip", ios=True))
    assert_is_walk(data)  # y upright reads +9.81
    assert np.abs(only(data).signals[:, 3:] - turns()).max() < 1e-4  # rotation is the same on both
    assert "iPhone" in data.report["axes"]


def test_a_folder_is_read_like_the_zip(tmp_path):
    with zipfile.ZipFile(sensor_logger_zip(tmp_path / "walk.zip")) as archive:
        archive.extractall(tmp_path / "out")
    assert_is_walk(load_recording(tmp_path / "out"))
    assert_is_walk(load_recording(str(tmp_path / "out" / "walk-2024")))


def test_sensors_that_start_late_are_used_where_both_are_there(tmp_path):
    data = load_recording(sensor_logger_zip(tmp_path / "walk.zip", gyro_start=100))
    recording = only(data)
    assert len(recording.signals) == N - 100
    assert np.abs(recording.signals - np.column_stack([walk(), turns()])[100:]).max() < 1e-4
    assert recording.time[0] == 0


def phyphox_zip(path, pause=0.0):
    head = {"Accelerometer": "m/s^2", "Linear Accelerometer": "m/s^2", "Gyroscope": "rad/s", "Magnetometer": "µT"}
    values = {
        "Accelerometer": walk(),
        "Linear Accelerometer": walk() - [0, G, 0],
        "Gyroscope": turns(),
        "Magnetometer": 30 + turns(),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, unit in head.items():
            header = ['"Time (s)"', *(f'"{axis} ({unit})"' for axis in "XYZ")]
            archive.writestr(f"{name}.csv", table(header, [TIME, *values[name].T]))
        archive.writestr("meta/device.csv", '"property","value"\n"deviceModel","Phone"\n')
        events = [("START", 0, 1000), ("PAUSE", 4, 1004), ("START", 4, 1004 + pause), ("PAUSE", 10, 1010 + pause)]
        rows = "".join(f'"{name}",{at},{system},"a date"\n' for name, at, system in events)
        archive.writestr("meta/time.csv", '"event","experiment time","system time","system time text"\n' + rows)
    return path


def test_phyphox_zip_and_its_hidden_pause(tmp_path):
    # While paused, phyphox stops its clock: the readings look continuous and are not.
    data = load_recording(phyphox_zip(tmp_path / "p.zip", pause=30.0))
    recording = only(data)
    assert data.channels == ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
    assert recording.breaks.tolist() == [200]
    assert recording.time[200] - recording.time[199] == pytest.approx(30.02, abs=1e-6)
    assert np.abs(recording.signals[:, :3] - walk()).max() < 1e-4
    assert data.report["pauses"] == 1


def test_physics_toolbox_in_g(save):
    header = ["time", "gFx", "gFy", "gFz", "Gain"]
    # An empty first line, semicolons, decimal commas, a typographic minus and infinities: all seen in the wild.
    text = table(header, [TIME, *(walk() / G).T, ["-∞"] * N], sep=";", decimal=",", form="%.7f").replace("-", "−")
    data = load_recording(save("\n" + text))
    assert_is_walk(data)
    assert data.report["acceleration"].startswith("g")
    assert data.report["format"] == "Physics Toolbox"


def test_physics_toolbox_with_several_sensors_in_one_table(save):
    header = ["time", "gFx", "gFy", "gFz", "ax", "ay", "az", "wx", "wy", "wz", "Bx", "By", "Bz", "Azimuth"]
    columns = [TIME, *(walk() / G).T, *(walk() - [0, G, 0]).T, *turns().T, *(40 + turns()).T, TIME]
    data = load_recording(save(table(header, columns, form="%.7f")))
    assert_is_walk(data)
    assert data.channels[3:] == ("gyro_x", "gyro_y", "gyro_z")
    assert np.abs(only(data).signals[:, 3:] - turns()).max() < 1e-4


@pytest.mark.parametrize("fraction", [":%03d", ".%03d"])
def test_physics_toolbox_clock_times_across_midnight(save, fraction):
    seconds = 23 * 3600 + 59 * 60 + 55 + TIME
    clock = []
    for s in seconds:
        ms = round(s * 1000) % 86400000
        clock.append(f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}" + fraction % (ms % 1000))
    data = load_recording(save(table(["time", "ax", "ay", "az", "aT"], [clock, *walk().T, TIME])))
    assert_is_walk(data)
    assert "clock" in data.report["time"]


@pytest.mark.parametrize(
    "header",
    [
        "t,x,y,z",
        "T,X,Y,Z",
        "t,ax,ay,az",
        "time,acc_x,acc_y,acc_z",
        "Timestamp,AccX,AccY,AccZ",
        "time (s),accel x,accel y,accel z",
        "t [s],x-axis [m/s^2],y-axis [m/s^2],z-axis [m/s^2]",
        "seconds,x_acc,y_acc,z_acc",
        "elapsed,accelerometer.x,accelerometer.y,accelerometer.z",
        '"t","x","y","z"',
        " t , x , y , z ",
    ],
)
def test_plain_headers(save, header):
    text = header + "\n" + "\n".join(table([], [TIME, *walk().T]).split("\n")[1:])
    assert_is_walk(load_recording(save(text)))


def test_plain_headers_with_rotation_and_units_in_the_names(save):
    header = ["timestamp_ms", "acc_x_g", "acc_y_g", "acc_z_g", "gyro_x_dps", "gyro_y_dps", "gyro_z_dps"]
    data = load_recording(save(table(header, [TIME * 1000, *(walk() / G).T, *np.degrees(turns()).T])))
    assert_is_walk(data)
    assert np.abs(only(data).signals[:, 3:] - turns()).max() < 1e-4
    assert data.report["rotation"].startswith("deg/s, from the header")


@pytest.mark.parametrize(
    ("sep", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv"), (" ", "a.txt"), ("   ", "a.dat")]
)
def test_delimiters(save, sep, name):
    assert_is_walk(load_recording(save(table(["t", "x", "y", "z"], [TIME, *walk().T], sep=sep), name)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(save, encoding):
    header = ["t (s)", "x (m/s²)", "y (m/s²)", "z (m/s²)"]
    assert_is_walk(load_recording(save(table(header, [TIME, *walk().T]), encoding=encoding)))


def test_comment_lines_and_a_commented_header(save):
    text = table(["t", "x", "y", "z"], [TIME, *walk().T])
    lines = text.splitlines()
    assert_is_walk(load_recording(save("\n".join(["# my phone", "// monday", *lines[:9], "# note", *lines[9:]]))))
    assert_is_walk(load_recording(save("# " + text)))  # as numpy.savetxt writes a header


def test_row_names_of_pandas_and_r(save):
    text = table(["", "t", "x", "y", "z"], [[str(i) for i in range(N)], TIME, *walk().T])
    assert_is_walk(load_recording(save(text)))
    assert_is_walk(load_recording(save(text[1:])))


def test_quoted_numbers_with_decimal_commas(save):
    assert_is_walk(load_recording(save(table(["t", "x", "y", "z"], [TIME, *walk().T], decimal=",", quote=True))))


# ------------------------------------------------------------------------------------------------ units and rates


@pytest.mark.parametrize(("unit", "worth"), [("g", G), ("m/s^2", 1.0), ("mg", G / 1000)])
def test_unit_of_acceleration_is_inferred_from_gravity(save, unit, worth):
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME, *(walk() / worth).T], form="%.8f")))
    assert_is_walk(data)
    assert data.report["acceleration"].startswith(f"{unit}, inferred")


def test_running_in_m_s2_without_gravity_is_not_taken_for_g(save):
    # Whatever its strength: a linear acceleration averages out, and its size says nothing about the unit.
    run = np.column_stack([0.3 * np.sin(16.6 * TIME), 12 * np.sin(16.6 * TIME), 4 * np.cos(16.6 * TIME)])
    for scale in (0.05, 0.1, 0.3, 1.0):
        data = load_recording(save(table(["t", "ax", "ay", "az"], [TIME, *(scale * run).T])))
        assert data.channels[0] == "body_acc_x"
        assert np.abs(only(data).signals - scale * run).max() < 0.02


def test_the_caller_knows_the_unit_better(save):
    counts = save(table(["t", "x", "y", "z"], [TIME, *(walk() / G * 16384).T]))
    with pytest.raises(ValueError, match=r"neither m/s\^2 .* nor g .*units"):
        load_recording(counts)
    data = load_recording(counts, units=G / 16384)
    assert_is_walk(data)
    assert "as given" in data.report["acceleration"]
    milli = save(table(["t", "x", "y", "z"], [TIME * 1e3, *(walk() / G * 1000).T]))
    assert_is_walk(load_recording(milli, units={"acceleration": "mg", "time": "ms"}))


def test_a_header_that_contradicts_its_values_is_warned_about(save):
    file = save(table(["t", "x (m/s^2)", "y (m/s^2)", "z (m/s^2)"], [TIME, *(walk() / G).T]))
    with pytest.warns(UserWarning, match="looks like g"):
        load_recording(file)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_is_walk(load_recording(file, units="g"))


@settings(max_examples=20, deadline=None)
@given(rate=st.sampled_from([20.0, 25.0, 50.0, 100.0, 200.0]), unit=st.sampled_from(["s", "ms", "us", "ns"]))
def test_unit_of_time_is_inferred_for_every_usual_rate(tmp_path_factory, rate, unit):
    time = np.arange(int(4 * rate)) / rate
    worth = {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
    file = tmp_path_factory.mktemp("t") / "a.csv"
    file.write_text(table(["timestamp", "x", "y", "z"], [time / worth, *walk(time).T]))
    data = load_recording(file)
    assert data.rate == rate
    assert data.report["time"].startswith(unit + ",")
    assert np.abs(only(data).signals - walk(time)).max() < 1e-3


def test_nanoseconds_since_1970_keep_their_precision(save):
    steps = np.round(np.arange(N) * 1e9 / 50).astype(np.int64)
    rows = "\n".join(
        f"{1700000000123456789 + s},{x},{y},{z}" for s, (x, y, z) in zip(steps.tolist(), walk().tolist(), strict=True)
    )
    data = load_recording(save("timestamp,x,y,z\n" + rows))
    assert_is_walk(data, 1e-6)


def test_dates_are_times_too(save):
    stamps = [f"2024-05-01T12:00:{t:06.3f}Z" for t in TIME]
    assert_is_walk(load_recording(save(table(["timestamp", "x", "y", "z"], [stamps, *walk().T]))))


def test_rate_is_rounded_to_a_usual_one_and_told(save):
    time = np.arange(N) / 49.8
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *walk(time).T])))
    assert data.rate == 50
    assert "49.8 Hz" in data.report["sampling"]
    assert "50 Hz" in data.report["sampling"]
    recording = only(data)
    assert np.abs(recording.signals - walk(recording.time)).max() < 0.02


def test_going_down_in_rate_filters_what_the_new_rate_cannot_carry(save):
    time = np.arange(0, 10, 0.01)
    slow, fast = 2 * np.sin(2 * np.pi * 3 * time), 2 * np.sin(2 * np.pi * 17 * time)
    file = save(table(["t", "x", "y", "z"], [time, slow, G + fast, slow + fast], form="%.9f"))
    data = load_recording(file, rate=20)
    x, y, z = only(data).signals.T
    at = only(data).time
    assert np.abs(x - 2 * np.sin(2 * np.pi * 3 * at)).max() < 0.05
    assert np.abs(y - G).max() < 0.05
    assert np.abs(z - x).max() < 0.05
    assert "anti-alias" in data.report["sampling"]


def test_times_without_any_rhythm_are_put_on_a_grid(save):
    time = np.cumsum(np.random.default_rng(0).exponential(0.02, 3000))
    slow = np.column_stack([np.sin(3 * time), G + np.cos(2 * time), 0.5 * np.sin(time)])
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *slow.T], form="%.9f")), max_gap=1)
    at = time[0] + only(data).time
    assert data.rate == 50
    assert (
        np.abs(only(data).signals - np.column_stack([np.sin(3 * at), G + np.cos(2 * at), 0.5 * np.sin(at)])).max()
        < 0.05
    )


def test_irregular_times_are_put_on_a_grid(save):
    rng = np.random.default_rng(0)
    time = TIME + rng.uniform(-0.006, 0.006, N)
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *walk(time).T], form="%.9f")))
    recording = only(data)
    assert data.rate == 50
    assert np.allclose(np.diff(recording.time), 1 / 50)
    assert np.abs(recording.signals - walk(time.min() + recording.time)).max() < 0.02


@settings(max_examples=10, deadline=None)
@given(shift=st.floats(-1e5, 1e5))
def test_the_zero_of_the_clock_does_not_matter(tmp_path_factory, shift):
    file = tmp_path_factory.mktemp("shift") / "a.csv"
    file.write_text(table(["t", "x", "y", "z"], [TIME + shift, *walk().T]))
    assert_is_walk(load_recording(file))


# ------------------------------------------------------------------------------------------------ clocks that misbehave


def test_a_gap_is_a_gap_and_not_a_line(save):
    keep = (TIME < 3) | (TIME >= 5)
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME[keep], *walk()[keep].T])))
    recording = only(data)
    assert recording.breaks.tolist() == [150]
    assert len(recording.signals) == keep.sum()
    assert np.abs(recording.signals - walk()[keep]).max() < 1e-4
    assert recording.time[150] == pytest.approx(5)
    assert data.report["gaps"] == 1
    windows = data.windows(seconds=1, overlap=0.5)
    assert ((windows.starts + 50 <= 150) | (windows.starts >= 150)).all()
    assert len(windows) == 5 + 9


def test_max_gap_is_up_to_the_caller(save):
    keep = (TIME < 3) | (TIME >= 3.2)
    file = save(table(["t", "x", "y", "z"], [TIME[keep], *walk()[keep].T]))
    assert len(only(load_recording(file)).breaks) == 1
    assert len(only(load_recording(file, max_gap=0.5)).breaks) == 0


def test_a_few_lost_readings_are_no_gap(save):
    keep = np.ones(N, bool)
    keep[[50, 51, 200, 333]] = False
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME[keep], *walk()[keep].T])))
    assert data.rate == 50
    assert_is_walk(data, 0.02)


def test_stretches_too_short_for_anything_are_dropped_and_told(save):
    time = np.concatenate([TIME, TIME[-1] + 5 + np.arange(6) / RATE, TIME + 30])
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *walk(time).T])))
    assert only(data).breaks.tolist() == [N]
    assert len(only(data).signals) == 2 * N
    assert data.report["dropped stretches"] == 1


def test_missing_values_that_leave_a_hole_make_a_gap(save):
    values = walk()
    values[100:150, 1] = np.nan
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME, *values.T])))
    assert only(data).breaks.tolist() == [100]
    assert data.report["dropped rows"] == 50
    assert np.isfinite(only(data).signals).all()


def test_single_missing_and_damaged_cells_are_dropped_and_told(save):
    lines = table(["t", "x", "y", "z"], [TIME, *walk().T]).splitlines()
    for row, bad in ((50, "NaN"), (90, ""), (130, "oops"), (170, "inf")):
        cells = lines[row].split(",")
        cells[2] = bad
        lines[row] = ",".join(cells)
    lines[-1] = lines[-1][:8]  # the phone died while writing
    data = load_recording(save("\n".join(lines)))
    recording = only(data)
    assert data.report["dropped rows"] == 5
    assert len(recording.signals) == N - 1
    assert np.abs(recording.signals - walk()[: N - 1]).max() < 0.01


def test_repeated_rows_are_counted_once(save):
    rows = np.repeat(np.arange(N), np.where(np.arange(N) % 50 == 7, 3, 1))
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME[rows], *walk()[rows].T])))
    assert_is_walk(data)
    assert data.report["repeated rows"] == 20


def test_two_readings_at_one_time_are_averaged(save):
    time, values = np.insert(TIME, 100, TIME[100]), np.insert(walk(), 100, walk()[100] + [2, 0, 0], axis=0)
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *values.T])))
    assert data.report["repeated times"] == 1
    assert only(data).signals[100, 0] == pytest.approx(walk()[100, 0] + 1, abs=1e-3)


@pytest.mark.parametrize("tick", [0.1, 1.0])
def test_a_clock_that_ticks_more_slowly_than_the_sensor(save, tick):
    data = load_recording(save(table(["t", "x", "y", "z"], [np.floor(TIME / tick + 1e-9) * tick, *walk().T])))
    assert_is_walk(data)
    assert "shared a time" in data.report["coarse clock"]


def test_rows_out_of_order_are_sorted(save):
    rng = np.random.default_rng(3)
    for order in (np.arange(N)[::-1], rng.permutation(N), np.r_[250:500, 0:250]):
        data = load_recording(save(table(["t", "x", "y", "z"], [TIME[order], *walk()[order].T])))
        assert_is_walk(data)
        assert data.report["time steps back"] >= 1


def test_a_clock_that_was_restarted_begins_a_new_stretch(save):
    half = TIME[: N // 2]
    time, values = np.r_[half, half], np.concatenate([walk(half), walk(half) + np.array([0, 0, 1])])
    data = load_recording(save(table(["t", "x", "y", "z"], [time, *values.T])))
    recording = only(data)
    assert recording.breaks.tolist() == [N // 2]
    assert np.abs(recording.signals - values).max() < 1e-4
    assert data.report["clock restarts"] == 1


def test_a_clock_that_was_not_set_yet(save):
    stamps = [str(1700000000000 + int(t * 1000)) for t in TIME]
    stamps[0] = stamps[40] = "0"
    data = load_recording(save(table(["timestamp", "x", "y", "z"], [stamps, *walk().T])))
    assert data.report["dropped rows"] == 2
    assert len(only(data).signals) == N - 1
    assert len(only(data).breaks) == 0


# ------------------------------------------------------------------------------------------------ labels, windows, repr


def test_labels_come_from_a_column_or_from_the_caller(save):
    names = ["walking"] * 250 + ["sitting"] * 250
    file = save(table(["t", "x", "y", "z", "activity"], [TIME, *walk().T, names]))
    assert only(load_recording(file)).labels.tolist() == names
    assert set(only(load_recording(file, label="jogging")).labels) == {"jogging"}
    windows = load_recording(file).windows(seconds=1, overlap=0)
    assert windows.y.tolist() == ["walking"] * 5 + ["sitting"] * 5


def test_without_a_label_there_are_still_windows_to_classify(save):
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME, *walk().T])))
    windows = data.windows(seconds=2.56, overlap=0.5)
    assert windows.X.shape == (6, 128, 3)
    assert set(windows.y) == {"unknown"}


def test_the_report_is_shown(save):
    data = load_recording(save(table(["t", "x", "y", "z"], [TIME, *(walk() / G).T])), subject="anna")
    assert "inferred from a median |a|" in repr(data)
    assert json.dumps(data.report)  # plain values: can be printed and kept


def test_without_a_time_column_the_rate_can_be_given(save):
    file = save(table(["x", "y", "z"], walk().T))
    with pytest.raises(ValueError, match=r"no time column.*'x', 'y', 'z'.*rate="):
        load_recording(file)
    assert_is_walk(load_recording(file, rate=50))


def test_rotation_alone_is_a_recording_too(save):
    data = load_recording(save(table(["time", "wx", "wy", "wz"], [TIME, *turns().T])))
    assert data.channels == ("gyro_x", "gyro_y", "gyro_z")


# ------------------------------------------------------------------------------------------------ errors


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file or folder.*nowhere\.csv"):
        load_recording(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"t,x,y,z\n", "fewer than two complete readings"),
        (b"t,x,y,z\n0,1,2,3\n", "fewer than two complete readings"),
        (b"t,x,y,z\n" + b"5,0,9.8,0\n5,1,9,0\n" * 3, "same time"),
        (b"t,temperature,humidity\n0,1,2\n1,2,3\n", "'temperature'.*Understood are phyphox"),
        (b"t,x,y\n0,1,2\n1,2,3\n", "x, y and z"),
        (b"0,1,2,3\n0.1,1,2,3\n", "starts with numbers.*t,x,y,z"),
        (b"t,x,y,z\n0,00,1,0,9,8,0,1\n0,02,1,0,9,8,0,1\n", "4 column names but 8 fields"),
        (b"t,x,y,z\n" + b"0.02,0,9.8\n" * 9, "4 column names .* 3 fields"),
        (b"t,x,y,z\n" + b"monday,0,9.8,0\n" * 5, "should hold times, but 'monday'"),
        (b"t,x,y,z\n" + b"".join(b"%d,0,abc,0\n" % i for i in range(20)), "20 of 20 cells in column 'y'.*'abc'"),
        (b"t,x,y,z\n" + b"".join(b"%d,0,9.8,0\n" % (i * 10**12) for i in range(20)), r"1e\+12 apart.*units="),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "spreadsheet"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (b'[{"sensor": "Accelerometer"}]', "JSON"),
        (bytes(range(256)), "binary"),
    ],
)
def test_files_that_are_no_recording(save, content, message):
    with pytest.raises(ValueError, match=f"(?s)path: .*{message}"):
        load_recording(save(content))


def test_folders_and_archives_that_are_no_recording(tmp_path, save):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no readable CSV"):
        load_recording(tmp_path / "empty")
    text = table(["t", "x", "y", "z"], [TIME, *walk().T])
    save(text, "two/monday.csv")
    save(text, "two/tuesday.csv")
    with pytest.raises(ValueError, match=r"more than\s+one recording"):
        load_recording(tmp_path / "two")
    whole = sensor_logger_zip(tmp_path / "whole.zip").read_bytes()
    with pytest.raises(ValueError, match="damaged"):
        load_recording(save(whole[: len(whole) // 2], "half.zip"))
    at = whole.index(b"0.020000")
    with pytest.raises(ValueError, match="damaged"):
        load_recording(save(whole[:at] + b"9.999999" + whole[at + 8 :], "flipped.zip"))
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("[Content_Types].xml", "<xml/>")
    with pytest.raises(ValueError, match="Excel"):
        load_recording(save(book.getvalue(), "book.xlsx"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0}, "rate must be a positive number"),
        ({"rate": "fast"}, "rate must be a positive number"),
        ({"max_gap": -1}, "max_gap must be a positive number"),
        ({"units": "furlong"}, "'furlong' is no unit of acceleration.*'m/s\\^2', 'g'"),
        ({"units": {"weight": "kg"}}, "units: 'weight' is none of"),
        ({"units": {"time": "fortnight"}}, "no unit of time"),
    ],
)
def test_arguments_that_are_not_allowed(save, arguments, message):
    file = save(table(["t", "x", "y", "z"], [TIME, *walk().T]))
    with pytest.raises(ValueError, match=message):
        load_recording(file, **arguments)


# ------------------------------------------------------------------------------------------------ real recordings


def test_a_real_phone_recording_comes_back_as_its_publisher_gives_it(save, real_data):
    """HAPT's raw file, written as a student's CSV without any units, is read to the same m/s^2 and rad/s."""
    archive = zipfile.ZipFile(next((real_data / "hapt").glob("*.zip")))
    name = next(n for n in archive.namelist() if n.endswith("acc_exp01_user01.txt"))
    acc = np.loadtxt(io.BytesIO(archive.read(name)))
    gyro = np.loadtxt(io.BytesIO(archive.read(name.replace("acc_", "gyro_"))))
    header = ["t", "x", "y", "z", "gx", "gy", "gz"]
    data = load_recording(save(table(header, [np.arange(len(acc)) / 50, *acc.T, *gyro.T], form="%.9f")))
    assert data.rate == 50
    assert np.abs(only(data).signals - np.column_stack([acc * G, gyro])).max() < 1e-6
    assert data.report["acceleration"].startswith("g, inferred")


def test_a_real_recording_whose_clock_jumps_back_and_forth(save, real_data):
    """WISDM-51: nanoseconds, activities in the order of the alphabet and not of time."""
    archive = zipfile.ZipFile(next((real_data / "wisdm_51").glob("*.zip")))
    name = next(n for n in archive.namelist() if n.endswith("data_1600_accel_phone.txt"))
    text = archive.read(name).decode().replace(";", "")
    data = load_recording(save("subject,activity,timestamp,x,y,z\n" + text))
    recording = only(data)
    assert data.rate == 20
    assert len(data.activities) == 18
    assert "m/s^2, inferred" in data.report["acceleration"]
    # No stretch holds two activities, and next to nothing is lost.
    for start, stop in zip([0, *recording.breaks], [*recording.breaks, len(recording.labels)], strict=True):
        assert len(set(recording.labels[start:stop])) == 1
    assert len(recording.signals) == pytest.approx(len(text.split()), rel=0.02)
