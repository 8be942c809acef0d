"""The layers of the package, and what imports what: for the tests, the picture and the numbers."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from minbert.experiments.sources import imported

PACKAGE = Path(__file__).parents[1] / "minbert"

LAYERS = {
    "folders": "clone faces stopping folders/",
    "tasks": "paper tasks",
    "data": "data/",
    "tools": "checks evaluating precision progress ranks threads memory control_groups",
    "words": "texts model_files wordpiece tokenizer_options tokenizer_files tokenizer",
    "model": "config placement attention encoder pooling heads multitask",
    "losses": "masking losses light_optimizer optimizer",
    "weights": "known_models hub sentence_transformers_folder weights tensor_files pretrained",
    "inference": "plain_linear packed_linear fast_encoder inference vector_files __init__",
    "training": "training/",
    "evaluation": "evaluation/",
    "export": "export/",
    "analysis": "analysis/",
    "experiments": "experiments/",
    "viz": "viz/",
    "explorers": "viz/explorers/",
    "course": "course/",
    "commands": "commands/ __main__",
}
"""Layers and their files and folders: imports go to earlier layers or stay in the layer, never to
a later one; imports inside functions count."""


def layer(name: str) -> str:
    """The layer of a file, a path below the package.

    Raises:
        ValueError: it is in none.
    """
    places = {member: own for own, members in LAYERS.items() for member in members.split()}
    folders = [f"{parent.as_posix()}/" for parent in Path(name).parents]
    for place in (name.removesuffix(".py"), *folders):
        if place in places:
            return places[place]
    raise ValueError(f"{name} is in no layer: give it its place in benchmarks/layers.py")


@dataclass(frozen=True)
class Imports:
    """Files of a package, as paths below it, and the files of it that each imports."""

    of: dict[str, set[str]]

    @classmethod
    def read(cls, package: Path, inside: bool = True) -> Imports:
        """Read a package as text; nothing of it is run.

        Args:
            inside: whether imports inside functions count, too.
        """
        found = {}
        for path in sorted(package.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            files = imported(ast.walk(tree) if inside else tree.body, package)
            found[path.relative_to(package).as_posix()] = {
                file.relative_to(package).as_posix() for file in files
            }
        return cls(found)

    def between_layers(self) -> Counter[tuple[str, str]]:
        """How many files of the second layer are imported by files of the first, summed."""
        return Counter(
            (layer(name), layer(other)) for name, others in self.of.items() for other in others
        )
