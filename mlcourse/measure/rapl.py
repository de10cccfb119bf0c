"""The energy counters of processors: Running Average Power Limit, as Linux's powercap shows it.

Documentation/power/powercap/powercap.rst of the kernel: ``energy_uj`` counts microjoules, up to
``max_energy_range_uj``, and starts again at 0.
"""

import re
from pathlib import Path

from mlcourse.measure.metering import Meter, counted

_NAME = "processor (RAPL)"


def rapl_meter(sys: Path) -> Meter:
    """Find the counters of all processor packages, and of the memory beside them."""
    root = sys / "class" / "powercap"
    zones = sorted(zone for zone in root.glob("intel-rapl:*") if (zone / "energy_uj").exists())
    if not zones:
        return Meter(
            _NAME,
            f"there is no {root}/intel-rapl:*: no Linux, a processor without RAPL, or a virtual machine or container "
            "that hides it",
        )
    rails, total = {}, []
    for zone in zones:
        try:
            rail = _rail(zone, zones)
            rails[rail] = counted(
                lambda zone=zone: int((zone / "energy_uj").read_text()),
                1e-6,
                int((zone / "max_energy_range_uj").read_text()),
            )
            int((zone / "energy_uj").read_text())
        except PermissionError:
            return Meter(
                _NAME,
                f"{zone}/energy_uj may be read by root alone (since 2020, as it tells secrets of other programs): "
                f"sudo chmod a+r {root}/intel-rapl:*/energy_uj",
            )
        except (OSError, ValueError) as error:
            return Meter(_NAME, f"{zone} could not be read: {error}")
        # core and uncore are parts of their package; memory is not; psys is the whole board, packages included.
        if re.fullmatch(r"package-\d+|.*dram", rail):
            total.append(rail)
    return Meter(_NAME, None, rails, tuple(total or rails), interval=0.5)


def _rail(zone: Path, zones) -> str:
    """Name of a zone; a part has its package's name before it."""
    name = (zone / "name").read_text().strip()
    part_of = re.fullmatch(r"(intel-rapl:\d+):\d+", zone.name)
    parent = zone.with_name(part_of[1]) if part_of else None
    return f"{(parent / 'name').read_text().strip()} {name}" if parent in zones else name
