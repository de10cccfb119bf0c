"""Control groups: found where they can be written, filled in rightly, and never in the way where there are none."""

import os

import pytest

from mlcourse.grading.sandbox import control_group
from mlcourse.grading.sandbox.control_group import ControlGroup, enclose, writable
from mlcourse.grading.sandbox.limits import Limits

FILES = ("memory.max", "memory.oom.group", "memory.swap.max", "pids.max", "cgroup.procs", "cgroup.kill")


def system(folder, *, own="user/app/terminal", passed_on=("user/app", "user"), version=2):
    """A folder that looks as /sys/fs/cgroup does, and the file that names the group of this process."""
    mount = folder / "cgroup"
    (mount / own).mkdir(parents=True)
    for group in (mount / own, *(mount / own).parents):
        if group.is_relative_to(mount):
            names = "cpu memory pids" if str(group.relative_to(mount)) in passed_on else ""
            (group / "cgroup.subtree_control").write_text(names + "\n")
            (group / "cgroup.procs").touch()
    membership = folder / "membership"
    membership.write_text(f"4:memory:/x\n0::/{own}\n" if version == 2 else "4:memory:/x\n")
    return str(mount), str(membership)


def test_the_innermost_group_that_passes_limits_on(tmp_path):
    mount, membership = system(tmp_path)
    assert writable(mount, membership) == tmp_path / "cgroup" / "user" / "app"


@pytest.mark.parametrize("options", [{"passed_on": ()}, {"version": 1}])
def test_none_where_the_system_passes_nothing_on(tmp_path, options):
    assert writable(*system(tmp_path, **options)) is None


def test_none_where_nobody_may_write(tmp_path, monkeypatch):
    mount, membership = system(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert writable(mount, membership) is None
    assert writable(str(tmp_path / "nothing"), str(tmp_path / "nothing")) is None


def test_what_is_asked_of_the_system(tmp_path, monkeypatch):
    made = tmp_path / "mlcourse-1"

    def make(**_):
        made.mkdir()
        for name in FILES:
            (made / name).touch()
        return str(made)

    monkeypatch.setattr(control_group.tempfile, "mkdtemp", make)
    group = ControlGroup(tmp_path, Limits(memory=10**9, processes=64))
    group.add(123)
    assert {name: (made / name).read_text() for name in FILES} == {
        "memory.max": "1000000000",
        "memory.oom.group": "1",
        "memory.swap.max": "0",
        "pids.max": "64",
        "cgroup.procs": "123",
        "cgroup.kill": "",
    }
    assert not group.out_of_memory()
    (made / "memory.events").write_text("oom 2\noom_kill 0\n")
    assert not group.out_of_memory()
    (made / "memory.events").write_text("oom 2\noom_kill 3\n")
    assert group.out_of_memory()
    group.close()
    assert (made / "cgroup.kill").read_text() == "1"


def test_a_group_that_cannot_be_bounded_is_removed(tmp_path, monkeypatch):
    with pytest.raises(OSError, match=r"memory\.max"):
        ControlGroup(tmp_path, Limits())
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(control_group, "writable", lambda: tmp_path)
    assert enclose(Limits()) is None


@pytest.mark.skipif(writable() is None, reason="no control group of version 2 can be written here")
def test_the_system_keeps_a_limit():
    group = enclose(Limits(processes=5))
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.read(told, 1)
        status = 1
        try:
            for _ in range(20):
                if os.fork() == 0:
                    os.read(told, 1)
                    os._exit(0)
        except OSError:
            status = 0
        os._exit(status)
    group.add(child)
    os.write(tell, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    group.close()
