"""Write where others look: /dev/shm, /sys, control groups, the kernel's settings, the packages."""

CODE = r"""
import glob, os, mlcourse
places = ["/dev/shm", "/sys", "/sys/fs/cgroup", "/proc/sys/kernel", "/run", "/var/tmp", "/tmp"]
places += ["/run/lock", "/run/kernel", *glob.glob("/sys/fs/cgroup/*/")]
places += [os.path.dirname(mlcourse.__file__), os.path.dirname(os.__file__)]
for place in places:
    attempt(place, lambda: open(f"{place}/@MARK@", "w").write("@MARK@"))
    attempt(place, lambda: os.mkdir(f"{place}/@MARK@.d"))
"""
