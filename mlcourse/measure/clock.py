"""Conditions for timing: a fixed number of threads, and a GPU that is waited for."""

from contextlib import contextmanager
from numbers import Integral

import torch


def whole(name: str, value, least: int = 1) -> int:
    """Return a whole number, or say what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
    return int(value)


@contextmanager
def fixed_threads(threads: int):
    """Let torch compute on so many threads while this lasts; afterwards on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(whole("threads", threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def synchronizer(tensors):
    """Return what waits until the devices of these tensors have done all that was asked of them."""
    devices = {tensor.device for tensor in tensors}
    if any(device.type == "meta" for device in devices):
        raise ValueError("net is on the meta device, where nothing is computed: it can be counted (count), not timed.")
    waits = [
        lambda device=device: (
            getattr(torch, device.type).synchronize(device) if device.type != "mps" else torch.mps.synchronize()
        )
        for device in devices
        if device.type != "cpu"
    ]

    def synchronize():
        for wait in waits:
            wait()

    return synchronize
