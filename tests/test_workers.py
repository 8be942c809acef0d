"""Tests of one file share a worker: otherwise what a file sets up is set up twice."""

from __future__ import annotations

import os

import pytest


def test_this_file_is_a_group_wherever_there_are_workers(request: pytest.FixtureRequest) -> None:
    """pytest-xdist reads the group from the end of the name; some versions of pytest drop it."""
    shared = "PYTEST_XDIST_WORKER" in os.environ
    assert request.node.nodeid.endswith("@tests/test_workers.py") == shared
