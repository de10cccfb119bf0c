"""Parameters, multiply-accumulates, bytes, time and energy of networks: counted exactly, measured, or modelled.

Each name says which of the three it is. Names are looked up when they are asked for.
"""

from mlcourse.lazy import lazy_names

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

__all__, __getattr__, __dir__ = lazy_names(__name__, _MODULES)
