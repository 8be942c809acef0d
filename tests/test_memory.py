"""Free memory goes back to the system, and where that cannot be done nothing happens."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from minbert import memory

HOLES = """
from pathlib import Path
import torch
from minbert import memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

large, small = [], []
for _ in range(400):  # blocks of half a MiB, with small ones between that stay
    large.append(torch.ones(2**17))
    small.append(torch.ones(2**8))
large.clear()
holes = resident_mib()
memory.give_back()
assert all(block.sum() == 2**8 for block in small)
print(holes - resident_mib())
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no Linux: /proc tells nothing")
def test_holes_are_given_back() -> None:
    """In a process of its own: what earlier tests left in the heap is not counted."""
    run = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert float(run.stdout) > 100


def test_another_allocator_has_nothing_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory._allocator.cache_clear()
    memory.give_back()
    memory.prepare()
    memory._allocator.cache_clear()
