"""What a package hands on, each name imported when it is first asked for.

A face is what notebooks and users import from. Handing on lazily keeps the door light: who asks a
package for one name does not wait for the others.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def face(package: str, file: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list]]:
    """`__all__`, `__getattr__` and `__dir__` of a package (PEP 562).

    What it hands on is what its file imports under `if TYPE_CHECKING:`, where editors and type
    checkers look for it: it is written once. A name must not be that of a module beside it:
    whichever was imported last would win.

    Args:
        package: its `__name__`.
        file: its `__file__`.
    """
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    home_of = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(home_of[name]), name)

    def directory() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return sorted(home_of), get, directory
