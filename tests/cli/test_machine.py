"""Limits of containers and names of instruction sets, from files as kernels write them."""

import sys

import psutil
import pytest

from mlcourse.cli.machine import cgroup_limits, inspect_machine, instruction_sets


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


class TestControlGroups:
    def test_version_2_takes_the_tightest_of_the_nested_groups(self, tmp_path):
        write(tmp_path / "fs", memory__max="max\n")
        write(tmp_path / "fs/course", memory__max="2000000000\n", cpu__max="150000 100000\n")
        write(tmp_path / "fs/course", memory__current="900000000\n", memory__stat="anon 1\ninactive_file 400000000\n")
        write(tmp_path / "fs/course/student", memory__max="4000000000\n", cpu__max="max 100000\n")
        write(tmp_path, member="0::/course/student\n")
        limits = cgroup_limits(tmp_path / "fs", tmp_path / "member")
        assert limits.memory == 2_000_000_000
        assert limits.memory_used == 500_000_000  # the file cache gives way
        assert limits.cores == 1.5

    def test_version_2_in_a_container_that_sees_only_its_own_group(self, tmp_path):
        write(tmp_path / "fs", memory__max="1000000000", cpu__max="50000 100000")
        write(tmp_path, member="0::/\n")
        limits = cgroup_limits(tmp_path / "fs", tmp_path / "member")
        assert (limits.memory, limits.cores) == (1_000_000_000, 0.5)

    def test_version_1_whose_path_is_not_visible_from_inside(self, tmp_path):
        write(tmp_path / "fs/memory", memory__limit_in_bytes="2147483648\n", memory__usage_in_bytes="1000\n")
        write(tmp_path / "fs/cpu", cpu__cfs_quota_us="200000\n", cpu__cfs_period_us="100000\n")
        write(tmp_path, member="7:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n")
        limits = cgroup_limits(tmp_path / "fs", tmp_path / "member")
        assert (limits.memory, limits.cores) == (2147483648, 2)

    def test_no_limit_in_either_version(self, tmp_path):
        write(tmp_path / "fs", memory__max="max", cpu__max="max 100000")
        write(tmp_path / "fs/memory", memory__limit_in_bytes="9223372036854771712")
        write(tmp_path / "fs/cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
        write(tmp_path, member="0::/\n")
        limits = cgroup_limits(tmp_path / "fs", tmp_path / "member")
        assert (limits.memory, limits.cores) == (None, None)

    def test_a_system_without_control_groups(self, tmp_path):
        limits = cgroup_limits(tmp_path / "fs", tmp_path / "member")
        assert (limits.memory, limits.cores) == (None, None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/cpuinfo is Linux's")
class TestInstructionSets:
    def test_intel(self, tmp_path):
        flags = "fpu sse4_2 avx f16c fma avx2 avx512f avx512_vnni avx512_bf16 amx_tile amx_bf16"
        write(tmp_path, cpuinfo=f"processor\t: 0\nmodel name\t: Xeon\nflags\t\t: {flags}\nbugs\t\t: none\n")
        found = instruction_sets(tmp_path / "cpuinfo")
        assert {"AVX2", "AVX-512", "AVX-512 VNNI", "AVX-512 BF16", "AMX", "AMX BF16", "FMA", "F16C"} <= set(found)
        assert "NEON" not in found

    def test_arm(self, tmp_path):
        write(tmp_path, cpuinfo="processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp sve i8mm bf16\n")
        assert instruction_sets(tmp_path / "cpuinfo") == (
            "NEON",
            "NEON dot product",
            "NEON FP16",
            "I8MM",
            "BF16",
            "SVE",
        )

    def test_nothing_known(self, tmp_path):
        assert instruction_sets(tmp_path / "cpuinfo") == ()

    def test_agrees_with_numpy_about_this_machine(self, monkeypatch):
        ours = set(instruction_sets())
        monkeypatch.setattr(sys, "platform", "darwin")  # where numpy is asked
        assert {"AVX2", "AVX-512", "NEON"} & set(instruction_sets()) == {"AVX2", "AVX-512", "NEON"} & ours


def test_this_machine():
    machine = inspect_machine()
    assert 0 < machine.memory_free <= machine.memory <= psutil.virtual_memory().total
    assert 0 < machine.cores <= machine.cores_visible <= psutil.cpu_count()
