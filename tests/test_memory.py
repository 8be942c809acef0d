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


MEMINFO = "MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    8000 kB\n"


@pytest.mark.parametrize(
    ("groups", "files", "kib"),
    [
        ("0::/\n", {}, 8000),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "1024\n"}, 8000),
        ("0::/\n", {"memory.max": "5120000\n", "memory.current": "1024000\n"}, 4000),
        ("0::/a\n", {"memory.max": "5120000\n", "memory.current": "1024000\n",
                     "a/memory.max": "3072000\n", "a/memory.current": "1024000\n"}, 2000),
        ("0::/\n", {"memory.max": "1024\n", "memory.current": "2048\n"}, 0),
        ("0::/\n", {"memory.max": "nonsense\n", "memory.current": "2048\n"}, 8000),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": "2048000\n",
                           "memory/a/memory.usage_in_bytes": "1024000\n"}, 1000),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n",
                          "memory/memory.usage_in_bytes": "1024000\n"}, 8000),
    ],
)  # fmt: skip
def test_free_memory_is_the_machines_and_the_containers(
    groups: str, files: dict[str, str], kib: int, tmp_path: Path
) -> None:
    contents = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    contents |= {"proc/self/cgroup": groups, "proc/meminfo": MEMINFO}
    for name, text in contents.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert memory.free_bytes(tmp_path) == kib * 1024


def test_where_nobody_tells_free_memory_is_unknown(tmp_path: Path) -> None:
    assert memory.free_bytes(tmp_path) is None


LOADS = """
import re
import torch
from minbert import encode, from_pretrained

def mib(name):
    with open("/proc/self/status") as status:
        return int(re.search(rf"{name}:\\s+(\\d+)", status.read())[1]) / 1024

encode(["begin"], *from_pretrained("tiny"))
before = mib("VmRSS")
encoder, _ = from_pretrained("minilm")
weights = sum(weight.nbytes for weight in encoder.parameters()) / 2**20
print((mib("VmHWM") - before) / weights)
"""


def test_a_model_is_not_in_memory_twice_while_it_is_read(minilm_folder: Path) -> None:
    """In its peak 1.4 times its weights, of which a vocabulary is half; 1.9 times before."""
    if not sys.platform.startswith("linux") or memory._allocator("mallopt") is None:
        pytest.skip("only Linux with glibc gives memory back on demand")
    child = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, check=True
    )
    assert float(child.stdout) < 1.65
