"""Which versions of other packages are installed, for the record of a benchmark."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

PEERS = ("sentence-transformers", "transformers", "openvino", "onnxruntime")
"""Packages that encode sentences, whose versions are named with ours."""


def versions_of(*packages: str) -> dict[str, str]:
    """The version of each package that is installed, by name."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
