"""Work is cut into strips whose intermediate arrays stay in the processor's cache."""

# Main memory is some ten times slower than the second-level cache (1 to 2 MB a core) and the part of the third level
# that a core gets. From 1 to 8 MB the time differs by a few per cent; benchmarks/convolution.py shows the result.
STRIP_BYTES = 4 * 2**20


def strip_height(rows: int, bytes_per_row: int) -> int:
    """Count the rows that are worked on at once: at least one, at most all."""
    return min(rows, max(1, STRIP_BYTES // bytes_per_row))
