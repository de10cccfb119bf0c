"""The power meters on NVIDIA's Jetson boards: chips INA3221 by Texas Instruments, three rails each.

Linux's own driver (JetPack 5 and later; Documentation/hwmon/ina3221.rst of the kernel) gives millivolts and
milliamperes; NVIDIA's older one (JetPack 4) gives milliwatts.
"""

import re
from pathlib import Path

from mlcourse.measure.metering import Meter, integrated

_NAME = "Jetson board (INA3221)"
# The rail that feeds all others, where a board meters it: TX1, TX2, Nano, Xavier NX and the Orin family but AGX.
_WHOLE = re.compile(r"(POM_5V_IN|5V_IN|VDD_IN|MAIN_IN|VIN)", re.IGNORECASE)
_UNUSED = re.compile(r"NC|unused|not used", re.IGNORECASE)


def ina3221_meter(sys: Path) -> Meter:
    """Find the rails of all INA3221 chips."""
    rails = {name: integrated(watts) for name, watts in (*_hwmon(sys), *_iio(sys)) if not _UNUSED.fullmatch(name)}
    if not rails:
        return Meter(
            _NAME,
            f"no chip INA3221 shows under {sys}/class/hwmon or {sys}/bus/i2c/drivers/ina3221x: this is no Jetson "
            "board, or a container that hides its meters",
        )
    whole = tuple(name for name in rails if _WHOLE.fullmatch(name))
    try:
        for joules in rails.values():
            joules()
    except (OSError, ValueError) as error:
        return Meter(_NAME, f"its chips are there, but could not be read: {error}")
    return Meter(_NAME, None, rails, whole[:1] or tuple(rails))


def _hwmon(sys: Path):
    for chip in sorted((sys / "class" / "hwmon").glob("hwmon*")):
        if _text(chip / "name") != "ina3221":
            continue
        for channel in (1, 2, 3):  # 4 to 7 are voltages at the shunts, and sums
            volts, amperes = chip / f"in{channel}_input", chip / f"curr{channel}_input"
            if volts.exists() and amperes.exists():
                name = _text(chip / f"in{channel}_label") or f"{chip.name} channel {channel}"
                yield name, lambda v=volts, a=amperes: int(v.read_text()) * int(a.read_text()) / 1e6


def _iio(sys: Path):
    for chip in sorted((sys / "bus" / "i2c" / "drivers" / "ina3221x").glob("*/iio:device*")):
        for channel in (0, 1, 2):
            power = chip / f"in_power{channel}_input"
            if power.exists():
                name = _text(chip / f"rail_name_{channel}") or f"{chip.name} channel {channel}"
                yield name, lambda p=power: int(p.read_text()) / 1e3


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
