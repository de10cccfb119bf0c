"""Networks get smaller and faster: one technique a file. Each takes a network and returns a new one.

Names are looked up when they are asked for, so that only what is used is loaded.
"""

from mlcourse.lazy import lazy_names

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

__all__, __getattr__, __dir__ = lazy_names(__name__, _MODULES)
