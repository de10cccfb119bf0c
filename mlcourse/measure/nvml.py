"""The energy counters of NVIDIA's GPUs, through the library that comes with their driver.

NVML API reference: nvmlDeviceGetTotalEnergyConsumption counts millijoules (Volta and later), nvmlDeviceGetPowerUsage
gives milliwatts.
"""

import ctypes
import sys

from mlcourse.measure.metering import Meter, counted, integrated

_NAME = "NVIDIA GPU (NVML)"
_LIBRARIES = ("nvml.dll",) if sys.platform == "win32" else ("libnvidia-ml.so.1", "libnvidia-ml.so")


def nvml_meter(library=None) -> Meter:
    """Find all GPUs that the driver shows.

    Parameters
    ----------
    library : ctypes.CDLL, optional
        NVML itself; looked for if not given.
    """
    library = _load() if library is None else library
    if library is None:
        return Meter(_NAME, "NVIDIA's driver is not installed here (no NVML library)")
    try:
        _check(library, library.nvmlInit_v2())
        number = ctypes.c_uint()
        _check(library, library.nvmlDeviceGetCount_v2(ctypes.byref(number)))
        rails = dict(_rail(library, i) for i in range(number.value))
    except (RuntimeError, AttributeError) as error:
        return Meter(_NAME, f"NVIDIA's driver does not answer: {error}")
    if not rails:
        return Meter(_NAME, "NVIDIA's driver shows no GPU")
    return Meter(_NAME, None, rails, tuple(rails), interval=0.05)


def _rail(library, index: int):
    device = ctypes.c_void_p()
    _check(library, library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)))
    text = ctypes.create_string_buffer(96)
    _check(library, library.nvmlDeviceGetName(device, text, ctypes.c_uint(len(text))))
    millijoules, milliwatts = ctypes.c_ulonglong(), ctypes.c_uint()

    def energy() -> int:
        _check(library, library.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(millijoules)))
        return millijoules.value

    def watts() -> float:
        _check(library, library.nvmlDeviceGetPowerUsage(device, ctypes.byref(milliwatts)))
        return milliwatts.value / 1e3

    name = f"{text.value.decode(errors='replace')} {index}"
    try:
        energy()
        return name, counted(energy, 1e-3)
    except (RuntimeError, AttributeError):  # before Volta
        watts()
        return name, integrated(watts)


def _check(library, code: int):
    """Raise what NVML means by a number."""
    if code:
        library.nvmlErrorString.restype = ctypes.c_char_p
        raise RuntimeError((library.nvmlErrorString(code) or b"?").decode(errors="replace"))


def _load():
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
