"""Is everything here that the course needs, and in a version that it was made for."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass

from packaging.requirements import Requirement

NEEDED_FOR = ("widgets",)
"""Extras of the package that the notebooks stand on, besides what the library itself needs.

What makes pages of them, or a JupyterLab, is not among them: they also run elsewhere."""


@dataclass(frozen=True)
class Package:
    """One package that the course needs."""

    name: str
    asked: str
    """Versions that will do, as in pyproject.toml; empty for any."""
    found: str | None
    """Version that is installed; None where it is absent."""
    fits: bool
    """Whether the installed version is among those that will do."""


def packages(distribution: str = "minbert") -> list[Package]:
    """What an installed distribution asks for, beside what is there.

    Nothing is imported and nothing fetched: only the records of the installation are read.

    Raises:
        PackageNotFoundError: the distribution itself is not installed.
    """
    found = []
    for line in importlib.metadata.requires(distribution) or []:
        requirement = Requirement(line)
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *NEEDED_FOR)
        ):
            continue
        asked = str(requirement.specifier)
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found.append(Package(requirement.name, asked, None, False))
            continue
        fits = requirement.specifier.contains(version, prereleases=True)
        found.append(Package(requirement.name, asked, version, fits))
    return found
