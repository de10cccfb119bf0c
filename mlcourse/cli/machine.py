"""What the machine has for the course: memory, cores, instruction sets. Limits of a container count."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

_UNLIMITED = 1 << 60  # cgroup v1 writes "no limit" as a number about as large as memory addresses go

# What the operating system calls an instruction set, and what people call it. /proc/cpuinfo and numpy differ in case
# and underscores only, which _spell evens out.
_INSTRUCTION_SETS = {
    "sse42": "SSE4.2",
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA",
    "fma3": "FMA",
    "f16c": "F16C",
    "avx512f": "AVX-512",
    "avx512vnni": "AVX-512 VNNI",
    "avxvnni": "AVX-VNNI",
    "avx512bf16": "AVX-512 BF16",
    "avx512fp16": "AVX-512 FP16",
    "amxtile": "AMX",
    "amxint8": "AMX INT8",
    "amxbf16": "AMX BF16",
    "amxfp16": "AMX FP16",
    "neon": "NEON",
    "asimd": "NEON",
    "asimddp": "NEON dot product",
    "asimdhp": "NEON FP16",
    "i8mm": "I8MM",
    "bf16": "BF16",
    "sve": "SVE",
    "sve2": "SVE2",
    "sme": "SME",
}


@dataclass(frozen=True)
class Machine:
    """Facts about a machine, as far as its operating system tells them.

    Attributes
    ----------
    system : str
        Operating system and processor, for people.
    memory, memory_free : int
        Bytes this process may use in all, and those nobody uses now.
    cores_visible : int
        Cores that programs see, and start threads for.
    cores : float
        Cores' worth of time this process gets; less than `cores_visible` under a container's quota.
    instruction_sets : tuple of str
        As people call them: "AVX2", "NEON"; empty where unknown.
    """

    system: str
    memory: int
    memory_free: int
    cores_visible: int
    cores: float
    instruction_sets: tuple[str, ...]

    @property
    def is_limited(self) -> bool:
        """Whether a quota gives fewer cores than programs see."""
        return self.cores < self.cores_visible


def inspect_machine() -> Machine:
    """Look at the machine that this process runs on."""
    import psutil

    memory = psutil.virtual_memory()
    limits = cgroup_limits()
    total, free = memory.total, memory.available
    if limits.memory is not None and limits.memory < total:
        total = limits.memory
        free = min(free, max(0, limits.memory - limits.memory_used))
    visible = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        memory=total,
        memory_free=free,
        cores_visible=visible,
        cores=visible if limits.cores is None else min(visible, limits.cores),
        instruction_sets=instruction_sets(),
    )


@dataclass(frozen=True)
class Limits:
    """What a control group allows; None where it does not say."""

    memory: int | None = None
    memory_used: int = 0
    cores: float | None = None


def cgroup_limits(mount: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> Limits:
    """Limits of the control groups, version 1 or 2, that this process is in; the tightest of the nested ones.

    Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (memory.max, cpu.max) and cgroup-v1/memory.rst.
    """
    groups = _memberships(membership)
    memory, used, cores = None, 0, None
    for folder in _upwards(mount, groups.get("", "/")):
        limit = _number(folder / "memory.max")
        if limit is not None and (memory is None or limit < memory):
            memory, used = limit, _used(folder, "memory.current", "inactive_file")
        quota = _text(folder / "cpu.max").split()
        if len(quota) == 2 and quota[0] != "max":
            cores = min(cores or float("inf"), int(quota[0]) / int(quota[1]))
    for folder in _upwards(mount / "memory", groups.get("memory", "/")):
        limit = _number(folder / "memory.limit_in_bytes")
        if limit is not None and limit < _UNLIMITED and (memory is None or limit < memory):
            memory, used = limit, _used(folder, "memory.usage_in_bytes", "total_inactive_file")
    for folder in _upwards(mount / "cpu", groups.get("cpu", "/")):
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota is not None and quota > 0 and period:
            cores = min(cores or float("inf"), quota / period)
    return Limits(memory, used, cores)


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """Names of the instruction sets that matter to numerical code, from the simplest on."""
    if sys.platform.startswith("linux"):
        lines = (line.partition(":") for line in _text(cpuinfo).splitlines())
        found = next((value.split() for key, _, value in lines if key.strip() in ("flags", "Features")), [])
    else:
        found = _known_to_numpy()
    spelt = {_spell(name) for name in found}
    return tuple(dict.fromkeys(name for flag, name in _INSTRUCTION_SETS.items() if flag in spelt))


def _known_to_numpy() -> list[str]:
    # The one portable source: numpy asks the processor itself. The name is not public, so do without if it moves.
    try:
        from numpy._core._multiarray_umath import __cpu_features__
    except ImportError:
        return []
    return [name for name, there in __cpu_features__.items() if there]


def _spell(flag: str) -> str:
    return flag.lower().replace("_", "")


def _memberships(path: Path) -> dict[str, str]:
    """Path of this process's group for each version 1 controller, and under "" for version 2."""
    groups = {}
    for line in _text(path).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        for controller in controllers.split(","):
            groups[controller] = group
    return groups


def _upwards(mount: Path, group: str) -> list[Path]:
    """The group's folder and its parents up to the mount. In a container the path may not exist: the mount does."""
    folder = mount / group.lstrip("/")
    return [path for path in (folder, *folder.parents) if path == mount or mount in path.parents]


def _used(folder: Path, total: str, cache: str) -> int:
    """Bytes in use, less the file cache, which gives way."""
    fields = dict(line.split() for line in _text(folder / "memory.stat").splitlines() if len(line.split()) == 2)
    return max(0, (_number(folder / total) or 0) - int(fields.get(cache, 0)))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
