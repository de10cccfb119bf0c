"""Meters read trees like those that Linux shows, and say why where there is nothing to read."""

import ctypes
import threading
import time

import pytest

from mlcourse.measure import meters
from mlcourse.measure.metering import counted, integrated
from mlcourse.measure.nvml import nvml_meter


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")
    return folder


@pytest.fixture
def rapl(tmp_path):
    root = tmp_path / "class" / "powercap"
    zone = {"max_energy_range_uj": 262143328850}
    write(root / "intel-rapl")
    write(root / "intel-rapl:0", name="package-0", energy_uj=1000, **zone)
    write(root / "intel-rapl:0:0", name="core", energy_uj=500, **zone)
    write(root / "intel-rapl:0:1", name="dram", energy_uj=7000, **zone)
    write(root / "intel-rapl:1", name="psys", energy_uj=9, **zone)
    return root


def test_rapl_counts_packages_and_memory_but_no_part_twice(rapl, tmp_path):
    meter = meters(tmp_path)["rapl"]
    assert meter.available
    assert set(meter.rails) == {"package-0", "package-0 core", "package-0 dram", "psys"}
    assert meter.total == ("package-0", "package-0 dram")

    def work():
        for zone, joules in (("0", 3), ("0:0", 2), ("0:1", 1), ("1", 10)):
            file = rapl / f"intel-rapl:{zone}" / "energy_uj"
            file.write_text(f"{int(file.read_text()) + joules * 1_000_000}\n")

    reading = meter.measure(work, seconds=0)
    assert reading.calls == 1
    assert reading.joules == pytest.approx(4)
    assert reading.rails == pytest.approx({"package-0": 3, "package-0 core": 2, "package-0 dram": 1, "psys": 10})
    assert reading.watts > 0
    assert meter.measure(lambda: None, seconds=0).joules == 0  # nothing is left from before


def test_a_counter_that_starts_again_at_0(rapl, tmp_path):
    (rapl / "intel-rapl:0" / "energy_uj").write_text("262143328000\n")
    meter = meters(tmp_path)["rapl"]

    def work():
        (rapl / "intel-rapl:0" / "energy_uj").write_text("149\n")

    assert meter.measure(work, seconds=0).rails["package-0"] == pytest.approx(1e-6 * (850 + 1 + 149))


def test_energy_is_of_one_call(rapl, tmp_path):
    file = rapl / "intel-rapl:0" / "energy_uj"
    reading = meters(tmp_path)["rapl"].measure(
        lambda: (time.sleep(0.01), file.write_text(str(int(file.read_text()) + 2_000_000))), seconds=0.05
    )
    assert reading.calls >= 2
    assert reading.joules == pytest.approx(2)


def test_a_counter_for_root_alone_says_so(rapl, tmp_path, monkeypatch):
    from pathlib import Path

    read = Path.read_text

    def refused(path, *args, **kwargs):
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", refused)
    meter = meters(tmp_path)["rapl"]
    assert not meter.available
    assert "root" in meter.why_not
    assert "chmod" in meter.why_not


def test_absent_meters_say_why_and_measure_nothing(tmp_path):
    found = meters(tmp_path)
    assert set(found) == {"rapl", "nvml", "ina3221"}
    for name in ("rapl", "ina3221"):
        meter = found[name]
        assert not meter.available
        assert str(tmp_path) in meter.why_not
        assert "absent" in str(meter)
        with pytest.raises(RuntimeError, match="cannot be read here"):
            meter.measure(lambda: None)


def test_a_jetson_with_linuxs_own_driver(tmp_path):
    chip = write(tmp_path / "class" / "hwmon" / "hwmon3", name="ina3221")
    write(chip, in1_label="VDD_IN", in1_input=5000, curr1_input=2000)  # 10 W
    write(chip, in2_label="VDD_CPU_GPU_CV", in2_input=5000, curr2_input=800)  # 4 W
    write(chip, in3_label="VDD_SOC", in3_input=5000, curr3_input=300)
    write(chip, in4_input=80, in7_label="sum of shunt voltages", in7_input=20)
    write(tmp_path / "class" / "hwmon" / "hwmon0", name="thermal", in1_input=1, curr1_input=1)
    meter = meters(tmp_path)["ina3221"]
    assert set(meter.rails) == {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"}
    reading = meter.measure(lambda: time.sleep(0.05), seconds=0)
    assert reading.watts == pytest.approx(10, rel=0.2)
    assert reading.joules == pytest.approx(reading.rails["VDD_IN"])
    assert reading.rails["VDD_CPU_GPU_CV"] / reading.rails["VDD_IN"] == pytest.approx(0.4, rel=0.2)


def test_a_jetson_with_nvidias_older_driver_and_no_rail_for_the_whole(tmp_path):
    chip = tmp_path / "bus" / "i2c" / "drivers" / "ina3221x" / "1-0040" / "iio:device0"
    write(chip, rail_name_0="GPU", in_power0_input=3000, rail_name_1="CPU", in_power1_input=1000)
    write(chip, rail_name_2="NC", in_power2_input=777)
    meter = meters(tmp_path)["ina3221"]
    assert set(meter.rails) == {"GPU", "CPU"}
    assert meter.measure(lambda: time.sleep(0.05), seconds=0).watts == pytest.approx(4, rel=0.2)


def test_a_meter_that_breaks_while_it_measures_says_so(tmp_path):
    chip = write(tmp_path / "class" / "hwmon" / "hwmon0", name="ina3221", in1_input=5000, curr1_input=1000)
    meter = meters(tmp_path)["ina3221"]
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="could not be read to the end"):
        meter.measure(lambda: (chip / "curr1_input").unlink(missing_ok=True), seconds=0)
    with pytest.raises(RuntimeError):
        meter.measure(lambda: None, seconds=0)
    write(chip, curr1_input=1000)
    with pytest.raises(ZeroDivisionError):
        meter.measure(lambda: 1 / 0)
    assert threading.active_count() == before


class FakeNvml:
    """As much of NVML as is called, with one GPU."""

    def __init__(self, counts=True, devices=1, refuses=0):
        self.counts, self.devices, self.refuses, self.millijoules = counts, devices, refuses, 5000
        self.nvmlErrorString = lambda code: b"Driver Not Loaded" if code == 9 else b"Not Supported"

    def nvmlInit_v2(self):
        return self.refuses

    def nvmlDeviceGetCount_v2(self, number):
        ctypes.cast(number, ctypes.POINTER(ctypes.c_uint))[0] = self.devices
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, device):
        return 0

    def nvmlDeviceGetName(self, device, text, length):
        text.value = b"NVIDIA Test"
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, device, value):
        if not self.counts:
            return 3
        ctypes.cast(value, ctypes.POINTER(ctypes.c_ulonglong))[0] = self.millijoules
        return 0

    def nvmlDeviceGetPowerUsage(self, device, value):
        ctypes.cast(value, ctypes.POINTER(ctypes.c_uint))[0] = 70_000
        return 0


def test_nvml_counts_energy_or_adds_up_power():
    library = FakeNvml()
    meter = nvml_meter(library)
    assert list(meter.rails) == ["NVIDIA Test 0"]

    def work():
        library.millijoules += 1500

    assert meter.measure(work, seconds=0).joules == pytest.approx(1.5)
    older = nvml_meter(FakeNvml(counts=False))
    assert older.measure(lambda: time.sleep(0.05), seconds=0).watts == pytest.approx(70, rel=0.2)


def test_nvml_without_gpu_or_driver_says_so():
    assert "shows no GPU" in nvml_meter(FakeNvml(devices=0)).why_not
    assert "Driver Not Loaded" in nvml_meter(FakeNvml(refuses=9)).why_not


def test_counters_and_powers_add_up():
    values = iter([10, 15, 3, 3])
    joules = counted(lambda: next(values), 0.5, wraps_at=20)
    assert [joules() for _ in range(4)] == [0, 2.5, 0.5 * (3 + 20 - 15 + 1), 0]
    watts = iter([2.0, 4.0])
    joules = integrated(lambda: next(watts))
    assert joules() == 0
    begin = time.perf_counter()
    time.sleep(0.02)
    assert joules() == pytest.approx(3 * (time.perf_counter() - begin), rel=0.2)
