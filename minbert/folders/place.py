"""Where a command may write: everything that can be refused is refused before it computes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import minbert

PACKAGE = Path(minbert.__file__).resolve().parent


def folder_to_write(given: str | Path, option: str = "--out") -> Path:
    """The folder that a path means: `~` expanded, links followed, whether it exists or not.

    Args:
        given: as typed.
        option: what the sentences call it.

    Raises:
        ValueError: it cannot be a folder, because it is a file, lies in one, or is a link to
            nothing.
    """
    said = f"{option} {given}"
    if not str(given).strip() or "\0" in str(given):
        raise ValueError(f"{option} must be the path of a folder, got {str(given)!r}")
    try:
        place = Path(given).expanduser()
        if place.is_symlink() and not place.exists():
            raise ValueError(
                f"{said} is a link to {os.readlink(place)}, which is not there: make that folder, "
                "or choose another"
            )
        path = place.resolve()
        nearest = next(part for part in (path, *path.parents) if part.exists())
    except (OSError, RuntimeError) as error:  # a loop of links, an unknown user, no permission
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{said} cannot be used ({reason}): choose another folder") from error
    if not nearest.is_dir():
        is_it = "exists and is" if nearest == path else f"lies in {nearest}, which is"
        raise ValueError(f"{said} {is_it} a file, no folder: choose another folder")
    return path


def check_whole_folder(path: Path, said: str, inputs: Mapping[str, Path] | None = None) -> None:
    """Refuse a folder that must not be replaced as a whole, because it holds what must stay.

    Args:
        path: as `folder_to_write` gives it.
        said: what the sentences call it, for example `--out x`.
        inputs: by name what the command reads, for example `{"the data": Path("data")}`.

    Raises:
        ValueError: it is, or holds, the current folder, the home folder, the package, or one of
            the inputs; or it is a mount point.
    """
    inside = {"the folder you are in": Path.cwd(), "the minbert package": PACKAGE, **(inputs or {})}
    with suppress(RuntimeError):  # nobody's
        inside["your home folder"] = Path.home()
    for name, thing in inside.items():
        if _holds(path, thing):
            raise ValueError(
                f"{said} is or holds {name} ({thing}): choose a folder that can be replaced as a "
                f"whole, such as {path / 'results'}"
            )
    if os.path.ismount(path):
        raise ValueError(
            f"{said} is a mount point, which cannot be replaced as a whole: choose a folder in it, "
            f"such as {path / 'results'}"
        )


def _holds(folder: Path, thing: Path) -> bool:
    """Whether a thing is a folder or lies anywhere in it, however both are spelled."""
    try:
        thing = thing.resolve()
    except (OSError, RuntimeError):  # links in a circle: whoever reads it says so
        return False
    if thing.is_relative_to(folder):
        return True
    try:
        about = folder.stat()  # once: another run may be exchanging it at this moment
    except (FileNotFoundError, NotADirectoryError):
        return False
    return any(
        part.exists() and os.path.samestat(part.stat(), about) for part in (thing, *thing.parents)
    )
