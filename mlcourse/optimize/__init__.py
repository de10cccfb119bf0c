"""Networks get smaller and faster: one technique a file. Each takes a network and returns a new one.

Names are looked up when they are asked for, so that only what is used is loaded.
"""

import importlib

_MODULES = {
    "float_limits": "floats",
    "from_bits": "floats",
    "quantize_float": "floats",
    "to_bits": "floats",
    "kept_layers": "half_precision",
    "range_report": "half_precision",
    "to_half": "half_precision",
    "fine_tune": "fine_tuning",
    "mask_weights": "masking",
    "prunable_layers": "pruning",
    "prune_in_steps": "fine_tuning",
    "remove_channels": "pruning",
    "remove_neurons": "pruning",
    "BudgetNotReachedError": "autopruning",
    "autoprune": "autopruning",
    "sensitivity": "autopruning",
    "TrainingCost": "multiplier",
    "pruning_table": "multiplier",
    "width_multiplier": "multiplier",
    "ZeroPaddedAdd": "zero_padding",
    "residual_streams": "streams",
    "zero_pad": "zero_padding",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}, only {', '.join(__all__)}.")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__
