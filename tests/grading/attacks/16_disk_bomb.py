"""Fill the disk."""

CODE = r"""
def fill(place):
    with open(place, "wb") as file:
        for _ in range(60):
            file.write(bytes(10_000_000))
    return "got 600 MB"

for place in ("big", "/tmp/@MARK@", "/dev/shm/@MARK@", "/var/tmp/@MARK@"):
    attempt(place, lambda: fill(place))
"""

GREED = "got 600 MB"
