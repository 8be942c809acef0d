"""Where this package runs: in a clone of its repository, or as an installed copy."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
MATERIAL = PACKAGE / "assets" / "course"
"""In a wheel: notebooks, figures, recorded results and pages, laid out as in a clone."""


def clone() -> Path | None:
    """The clone that this package lies in; None for an installed copy.

    A folder `notebooks` alone does not make one: other packages leave such a thing beside ours.
    """
    root = PACKAGE.parent
    is_clone = (root / "notebooks" / "00_start_here.ipynb").is_file()
    return root if is_clone else None


def material() -> Path:
    """The folder that has `notebooks`, `figures` and `docs`: the clone, else the copy inside.

    Raises:
        FileNotFoundError: neither is there, for the installation is not complete.
    """
    root = clone() or MATERIAL
    if not (root / "notebooks").is_dir():
        raise FileNotFoundError(
            f"the notebooks are not here: expected a clone around the package, or {MATERIAL} in "
            "it, which a complete wheel has: install minbert again, with --force-reinstall"
        )
    return root


def how_to_install(extra: str) -> str:
    """The command that brings the packages of an extra, right for where this package runs."""
    asked = f"-e .[{extra}]" if clone() else f"minbert[{extra}]"
    return f"`pip install {asked}`"
