"""Which source files decide what a stage computes: the module that computes it, and its imports."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
GRID = "experiments/grid.py"
"""What computes a stage if the caller is no module of this package."""


def module_of(compute: Callable[..., object] | None) -> str:
    """The package's module that a function was written in, as a path below the package."""
    module = sys.modules.get(getattr(compute, "__module__", None) or "")
    path = Path(getattr(module, "__file__", None) or GRID)
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else GRID


def reached(name: str, package: Path = PACKAGE) -> tuple[str, ...]:
    """A module and all modules of the package that it imports, directly or not, sorted.

    Found in the source, imports inside functions included: no list that somebody could forget to
    keep. `minbert/__init__.py` is left out, which holds the version.
    """
    found: set[str] = set()
    wanted = [name]
    while wanted:
        current = wanted.pop()
        if current not in found:
            found.add(current)
            wanted += [path.relative_to(package).as_posix() for path in _read(package, current)[0]]
    return tuple(sorted(found))


def _read(package: Path, name: str) -> tuple[tuple[Path, ...], str]:
    path = package / name
    state = path.stat()
    return _parsed(package, path, (state.st_mtime_ns, state.st_size))


@cache
def _parsed(package: Path, path: Path, state: tuple[int, int]) -> tuple[tuple[Path, ...], str]:
    """What a file imports, and its code without comments and docstrings; `state` tells of edits."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    files = tuple(imported(ast.walk(tree), package))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_text(part)] or [ast.Pass()]
    return files, ast.unparse(tree)


def imported(nodes: Iterable[ast.AST], package: Path) -> Iterator[Path]:
    """Files of the package that are imported by some parts of a source.

    Args:
        nodes: `ast.walk` of a file for all imports, its `body` for those at the top level only.
        package: folder of the package.
    """
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            first, *rest = name.split(".")
            if first != "minbert" or not rest:
                continue
            base = package.joinpath(*rest)
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.is_file():
                    yield file


@cache
def source_digest(name: str = GRID, package: Path = PACKAGE) -> str:
    """Digest of a module's code and of all it imports, without comments and docstrings.

    Args:
        name: of the module, a path below the package.
        package: folder of the package.
    """
    digest = hashlib.sha256()
    for file in reached(name, package):
        digest.update(f"{file}\n{_read(package, file)[1]}\n".encode())
    return digest.hexdigest()


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
