"""The instruction sets of this machine's processor, by the names that Linux has for them, whatever the system."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import torch

# The same names in other spellings: torch's, numpy's, macOS's.
_SPELLINGS = {
    "avx512_f": "avx512f",
    "fma3": "fma",
    "neon_fp16": "fphp",
    "neon": "asimd",
    "fp16_arith": "asimdhp",
    "feat_fp16": "asimdhp",
    "feat_bf16": "bf16",
    "feat_i8mm": "i8mm",
    "feat_dotprod": "asimddp",
    "advsimd": "asimd",
    "sse41": "sse4_1",
    "sse42": "sse4_2",
    "avx512fp16": "avx512_fp16",
    "avx512bf16": "avx512_bf16",
    "avx512vnni": "avx512_vnni",
    "sve_bf16": "svebf16",
    "dot": "asimddp",
}


def instruction_sets(cpuinfo: Path) -> tuple[str, tuple[str, ...]]:
    """Name of the processor, and its instruction sets, sorted; empty where nothing tells.

    Linux tells in ``/proc/cpuinfo``, macOS through ``sysctl``; elsewhere torch and numpy have found out for themselves.
    """
    named, flags = _from_cpuinfo(_read(cpuinfo)) if sys.platform.startswith("linux") else ("", [])
    if not flags:
        named, flags = _from_elsewhere()
    name = named or platform.processor() or platform.machine() or "unknown processor"
    return name, tuple(sorted({_spelt(flag) for flag in flags}))


def _from_cpuinfo(text: str) -> tuple[str, list[str]]:
    """Name and flags of the first processor; ARM's kernels call the flags Features, and often tell no name."""
    fields = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or fields.get("Model") or fields.get("Hardware") or ""
    return name, (fields.get("flags") or fields.get("Features") or "").split()


def _from_elsewhere() -> tuple[str, list[str]]:
    """Name and flags where there is no /proc: macOS's own answer, and what torch and numpy found out."""
    name, flags = "", []
    if sys.platform == "darwin":
        name, flags = _from_sysctl(ask(_sysctl) or "")
    told = ask(getattr(torch.cpu, "get_capabilities", dict)) or {}
    name = name or told.get("cpu_name", "")
    flags += [key for key, value in told.items() if value is True]
    try:  # not public: do without if it moves
        from numpy._core._multiarray_umath import __cpu_features__

        flags += [key for key, there in __cpu_features__.items() if there]
    except ImportError:
        pass
    return name, flags


def _from_sysctl(text: str) -> tuple[str, list[str]]:
    name, flags = "", []
    for line in text.splitlines():
        key, _, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if key == "machdep.cpu.brand_string":
            name = value
        elif key in ("machdep.cpu.features", "machdep.cpu.leaf7_features"):
            flags += value.split()
        elif key.startswith("hw.optional.") and value == "1":
            flags.append(key.rpartition(".")[2])
    return name, flags


def _sysctl() -> str:
    command = ["sysctl", "machdep.cpu", "hw.optional"]
    return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout


def _spelt(flag: str) -> str:
    flag = re.sub(r"[.\s]", "_", flag.lower())
    return _SPELLINGS.get(flag, flag)


def ask(question):
    """What something answers, or None if this version or machine cannot."""
    try:
        return question()
    except (AttributeError, RuntimeError, NotImplementedError, OSError, subprocess.SubprocessError):
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
