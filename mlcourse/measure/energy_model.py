"""A model of the energy that a network takes: so much for each operation, so much for each byte. Nothing is measured.

What it is good for is comparing: the same network pruned, in fewer bits, with fewer bytes from far away. For joules of
a real device there are `meters`.
"""

from dataclasses import dataclass

import pandas as pd

from mlcourse.measure.layers import nbytes
from mlcourse.measure.observing import observe


@dataclass(frozen=True)
class Technology:
    """Published energies of operations.

    Attributes
    ----------
    mac : dict of str to float
        Picojoules of a multiplication and the addition of its product, by number format.
    cache, dram : float
        Picojoules a byte from the cache and from memory.
    cache_bytes : int
        Size of that cache.
    source : str
    """

    mac: dict[str, float]
    cache: float
    dram: float
    cache_bytes: int
    source: str


#: Technologies that `energy` knows, by name.
DEVICES = {
    # Multiply + add: float32 3.7 + 0.9, float16 1.1 + 0.4, int8 0.2 + 0.1 (an addition of 32 bits, as sums need them).
    # Cache of 1 MB: 100 pJ for 64 bits. DRAM: 1.3 to 2.6 nJ for 64 bits; the lower end.
    "45nm": Technology(
        mac={"float32": 3.7 + 0.9, "float16": 1.1 + 0.4, "bfloat16": 1.1 + 0.4, "int8": 0.2 + 0.1},
        cache=100 / 8,
        dram=1300 / 8,
        cache_bytes=1 << 20,
        source="M. Horowitz: Computing's Energy Problem (and what we can do about it), ISSCC 2014, figure 1.1.9: "
        "45 nm, 0.9 V; bfloat16, which it does not have, taken as float16",
    )
}
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}


class UnknownFormat(ValueError):
    """A layer computes with numbers whose energy nobody has published for this device."""


def require_device(device) -> None:
    """Refuse a device without published figures."""
    if device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, not {device!r}.")


class Energy:
    """Modelled energy of one run of a network.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each layer with multiply-accumulates: ``dtype``, ``macs``, ``cache_bytes``, ``dram_bytes``, and
        microjoules of these: ``mac_uj``, ``cache_uj``, ``dram_uj``, ``total_uj``.
    device : str
    source : str
        Where the energies of the operations come from.
    label : str
        "modelled", to stand beside every figure.
    """

    label = "modelled"

    def __init__(self, table: pd.DataFrame, device: str):
        self.table, self.device, self.source = table, device, DEVICES[device].source

    @property
    def joules(self) -> float:
        """Of the whole network."""
        return float(self.table.total_uj.sum()) / 1e6

    @property
    def shares(self) -> pd.Series:
        """What part of the energy arithmetic, cache and memory take."""
        sums = self.table[["mac_uj", "cache_uj", "dram_uj"]].sum()
        sums.index = ["arithmetic", "cache", "DRAM"]
        return (sums / sums.sum() if sums.sum() else sums).rename("share")

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        return f"Energy({1e3 * self.joules:.4g} mJ, modelled for {self.device}: {parts})"


def energy(net, example, device="45nm", dtype=None) -> Energy:
    """Model the energy that a network takes for one input.

    Every multiply-accumulate costs what its format costs. A layer's weights come from memory once a call; its inputs
    and outputs do too where they do not fit into the cache together; all that a layer reads and writes goes through the
    cache once. Layers without multiply-accumulates (activation functions, normalisation, pooling) are taken as done on
    the way, at no cost; registers, control and leakage are left out.

    Parameters
    ----------
    net : torch.nn.Module or keras.Model
        May be on the meta device.
    example : tensor, array, or tuple of positional arguments
    device : str
        A name of `DEVICES`: "45nm".
    dtype : str, optional
        "float32", "float16", "bfloat16" or "int8": as if the whole network were in this format. If not given, each
        layer counts in the format that it is in.

    Returns
    -------
    Energy

    Raises
    ------
    ValueError
        If `device` or `dtype` is none of those, or a layer is in a format without published energies.

    References
    ----------
    M. Horowitz: Computing's Energy Problem (and what we can do about it), ISSCC 2014, figure 1.1.9.

    Examples
    --------
    A fully connected layer spends its energy on fetching weights: 4 million of them, 4 bytes each, 162.5 pJ a byte.

    >>> import torch
    >>> energy(torch.nn.Linear(2000, 2000), torch.zeros(1, 2000))
    Energy(2.82 mJ, modelled for 45nm: arithmetic 1%, cache 7%, DRAM 92%)
    >>> energy(torch.nn.Linear(2000, 2000), torch.zeros(1, 2000), dtype="int8")
    Energy(0.7016 mJ, modelled for 45nm: arithmetic 0%, cache 7%, DRAM 93%)
    """
    require_device(device)
    if dtype is not None and dtype not in _BYTES:
        raise ValueError(f"dtype must be one of {', '.join(_BYTES)}, or None for the network's own, not {dtype!r}.")
    technology = DEVICES[device]
    rows = {}
    for layer in observe(net, example):
        if not layer.macs:
            continue
        weights = sorted(layer.read(), key=nbytes)
        own = str(weights[-1].dtype).removeprefix("torch.").removeprefix("q")  # of the largest: biases may be wider
        used = own if dtype is None else dtype
        if used not in technology.mac:
            raise UnknownFormat(
                f"layer {layer.name} computes in {own}, for which {device} has no figures, only for "
                f"{', '.join(technology.mac)}: give dtype to model it in one of these."
            )
        narrower = 1 if dtype is None else _BYTES[dtype] / weights[-1].element_size()
        held = narrower * layer.calls * sum(map(nbytes, weights))
        passed = narrower * (layer.input_bytes + layer.output_bytes)
        far = held if passed <= layer.calls * technology.cache_bytes else held + passed
        picojoules = (
            layer.macs * technology.mac[used],
            (held + passed) * technology.cache,
            far * technology.dram,
        )
        microjoules = [value / 1e6 for value in picojoules]
        rows[layer.name] = (used, layer.macs, int(held + passed), int(far), *microjoules, sum(microjoules))
    columns = ["dtype", "macs", "cache_bytes", "dram_bytes", "mac_uj", "cache_uj", "dram_uj", "total_uj"]
    table = pd.DataFrame(rows.values(), columns=columns, index=pd.Index(rows, name="layer"))
    return Energy(table, device)
