"""What the suite takes for granted of its own tools."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one process")
@pytest.mark.xdist_group("together")
def test_groups_run_in_one_worker(request):
    """Otherwise fixtures that take a minute are made in each worker, silently."""
    assert request.node.nodeid.endswith("@together")
