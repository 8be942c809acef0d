"""Draw the figures again: every script in `figures/scripts` makes one file beside this one.

A script has a docstring and `draw()`, which returns `(picture, alt)`: a matplotlib figure for
pictures of data (stored as PNG), or the source of an SVG for diagrams. `manifest.json` keeps the
alt sentence of each file.

    python figures/build.py [NAME ...]
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

FIGURES = Path(__file__).parent
MANIFEST = FIGURES / "manifest.json"
DOTS_PER_INCH = 130


def scripts() -> dict[str, Path]:
    """Scripts by the name of their figure."""
    return {path.stem: path for path in sorted((FIGURES / "scripts").glob("[a-z]*.py"))}


def draw(name: str) -> tuple[Any, str]:
    """Run one script: its picture (figure or SVG source) and alt sentence."""
    path = scripts()[name]
    spec = importlib.util.spec_from_file_location(f"figures_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.draw()


def build(names: list[str]) -> None:
    """Draw, store, and bring the manifest up to date."""
    matplotlib.use("agg")
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else {}
    for name in names or scripts():
        picture, alt = draw(name)
        if isinstance(picture, str):
            file = FIGURES / f"{name}.svg"
            file.write_text(picture, encoding="utf-8")
        else:
            file = FIGURES / f"{name}.png"
            picture.savefig(file, dpi=DOTS_PER_INCH, facecolor="white", metadata={"Software": None})
        manifest[file.name] = {"alt": alt, "script": f"scripts/{name}.py"}
        print(f"{file.name}: {alt}")
    manifest = {
        file: entry for file, entry in sorted(manifest.items()) if (FIGURES / file).exists()
    }
    MANIFEST.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    build(sys.argv[1:])
