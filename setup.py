"""A wheel also carries the course: notebooks, figures, recorded results and pages.

In a clone they stand beside the package; in a wheel they lie in `minbert/assets/course`, in the
same order, where `minbert/clone.py` looks for them. Nothing is lost on the way: a source archive
has every file that git knows and a list of them with their digests (`FILES`), and a wheel that
would lack one of them is not built.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
LIST = "FILES.sha256"
"""In a source archive: the digest and name of every file, as `sha256sum -c` reads it."""
COURSE = ("notebooks/", "figures/", "docs/")
"""What a wheel carries beside the package."""
DRAWING = ("figures/scripts/", "figures/build.py")
"""Draws the figures again, in a clone only."""


def tracked(root: Path) -> list[str] | None:
    """Names of the files that git knows in a clone; None where there is no git or no clone."""
    if not (root / ".git").exists():
        return None
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):  # not installed, or another user's clone
        return None
    return sorted(filter(None, said.split("\0")))


def listed(root: Path) -> list[str] | None:
    """Names in the list of a source archive, whose files are as they were; None without a list.

    Raises:
        SystemExit: a file is not there or is another one.
    """
    path = root / LIST
    if not path.is_file():
        return None
    digests = dict(
        line.split("  ", 1)[::-1] for line in path.read_text(encoding="utf-8").splitlines()
    )
    refuse_missing(root, digests, f"{LIST} names them")
    changed = [name for name in digests if digest(root / name) != digests[name]]
    if changed:
        raise SystemExit(f"not as {LIST} has them: {some(changed)}: unpack the archive again")
    return sorted(digests)


def found(root: Path) -> list[str]:
    """Names of the files of the package and of the course, without git or a list."""
    places = [root / name for name in ("minbert", *COURSE)]
    files = [file for place in places for file in place.rglob("*")]
    names = [file.relative_to(root).as_posix() for file in files if file.is_file()]
    return sorted(name for name in names if not passing(name))


def passing(name: str) -> bool:
    """Whether a file comes and goes: nothing that git would know."""
    parts = Path(name).parts
    return name.endswith((".pyc", ".so")) or "__pycache__" in parts or ".ipynb_checkpoints" in parts


def expected(root: Path) -> list[str]:
    """Names of all files that there must be."""
    for names in (listed(root), tracked(root)):
        if names is not None:
            return names
    return found(root)


def in_wheel(names: Iterable[str]) -> dict[str, str]:
    """Of those names, what a wheel carries: its name in the wheel by the name in a clone."""
    places = {}
    for name in names:
        if name.startswith("minbert/"):
            places[name] = name
        elif name.startswith(COURSE) and not name.startswith(DRAWING):
            places[name] = f"minbert/assets/course/{name}"
    return places


def refuse_missing(folder: Path, names: Iterable[str], why: str) -> None:
    """Stop a build that lacks a file.

    Raises:
        SystemExit: the first of the missing files, and how many there are.
    """
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise SystemExit(f"files are missing, and {why}: {some(missing)}")


def some(names: list[str]) -> str:
    """A few names, and how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class CompleteSource(sdist):
    """All that git knows and nothing else, with its list."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        names = listed(ROOT) or tracked(ROOT)
        ours = {"PKG-INFO", "setup.cfg"}
        if names is not None:  # what lies about in a clone stays there
            files = [file for file in files if file in {*names, *ours} or ".egg-info/" in file]
        super().make_release_tree(base_dir, files)
        there = [file for file in files if ".egg-info/" not in file and file not in {*ours, LIST}]
        names = sorted(there) if names is None else names
        target = Path(base_dir)
        refuse_missing(target, names, "MANIFEST.in must name each file that git knows")
        lines = [f"{digest(target / name)}  {name}\n" for name in names]
        (target / LIST).write_text("".join(lines), encoding="utf-8")


class CompleteWheel(build_py):
    """The package with the course inside."""

    def run(self) -> None:
        if self.editable_mode:  # an editable installation reads all where it is
            super().run()
            return
        built = Path(self.build_lib)
        shutil.rmtree(built / "minbert", ignore_errors=True)  # of an earlier state of the source
        super().run()
        places = in_wheel(expected(ROOT))
        for name, place in places.items():
            if name != place and (ROOT / name).is_file():
                self.mkpath(str((built / place).parent))
                self.copy_file(str(ROOT / name), str(built / place))
        refuse_missing(built, places.values(), "a wheel must have them")
        if not any(name.startswith("notebooks/") for name in places):
            raise SystemExit("no notebooks beside setup.py: build from a clone or an sdist")


if __name__ == "__main__":
    setup(cmdclass={"build_py": CompleteWheel, "sdist": CompleteSource})
