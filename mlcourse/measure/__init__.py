"""Parameters, multiply-accumulates, bytes, time and energy of networks: counted exactly, measured, or modelled.

Each name says which of the three it is. Names are looked up when they are asked for.
"""

import importlib

_MODULES = {
    "Capabilities": "processor",
    "capabilities": "processor",
    "count": "counting",
    "Profile": "profiling",
    "profile": "profiling",
    "Interval": "bootstrap",
    "Latency": "timing",
    "latency": "timing",
    "peak_memory": "memory",
    "compare": "comparison",
    "amdahl": "speedup",
    "Energy": "energy_model",
    "energy": "energy_model",
    "meters": "metering",
    "Roofline": "roofs",
    "ceilings": "roofs",
    "roofline": "roofs",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}, only {', '.join(__all__)}.")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__
