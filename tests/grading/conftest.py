"""A tiny course to grade, and kernels that are kept away from the settings of whoever runs the tests."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


@pytest.fixture
def tiny_course(tmp_path):
    """Root of a fresh course with the assignment ``a90_tiny``."""
    import tiny

    return tiny.write(tmp_path / "course")
