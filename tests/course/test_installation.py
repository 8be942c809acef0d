"""What the installation lacks is named."""

from __future__ import annotations

import importlib.metadata

import pytest

from minbert.course import installation


def test_all_that_is_needed_is_listed() -> None:
    found = {package.name: package for package in installation.packages()}
    assert {"torch", "tokenizers", "matplotlib", "ipywidgets"} <= set(found)
    assert "pytest" not in found
    assert all(package.fits for package in found.values()), found


def test_absent_and_unfit_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "torch>=99",
        "numpy>=1",
        "no-such-package-of-that-name>=2",
        'pytest>=8; extra == "test"',
        'matplotlib; extra == "widgets"',
        'latex2mathml; extra == "notebooks"',
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: lines)
    found = {package.name: package for package in installation.packages()}
    assert list(found) == ["torch", "numpy", "no-such-package-of-that-name", "matplotlib"]
    assert not found["torch"].fits and found["torch"].found is not None
    assert found["numpy"].fits
    assert found["no-such-package-of-that-name"].found is None
    assert found["matplotlib"].fits and found["matplotlib"].asked == ""
