"""Every figure has a script that draws it and a sentence that says what is to be seen."""

from __future__ import annotations

import importlib.util
import json
import re
import xml.etree.ElementTree as tree
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

FIGURES = Path(__file__).parents[2] / "figures"
MANIFEST = json.loads((FIGURES / "manifest.json").read_text(encoding="utf-8"))
PICTURES = sorted(path.name for path in FIGURES.iterdir() if path.suffix in (".svg", ".png"))
ASKED_FOR = {
    "course_map.svg", "three_heads.svg", "masked_language_model.svg", "shape_ledger.svg",
    "attention_maps.png", "mlm_curves.png", "cosine_distributions.png", "batch_similarity.png",
    "learning_rates.png", "scoreboard.png", "import_graph.png",
}  # fmt: skip


def build_module():
    spec = importlib.util.spec_from_file_location("figures_build", FIGURES / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_manifest_is_complete() -> None:
    assert set(PICTURES) >= ASKED_FOR
    assert sorted(MANIFEST) == PICTURES
    assert {entry["script"] for entry in MANIFEST.values()} == {
        f"scripts/{path.name}" for path in build_module().scripts().values()
    }
    for name, entry in MANIFEST.items():
        assert len(entry["alt"].split()) >= 12, name
        assert Path(entry["script"]).stem == Path(name).stem


@pytest.mark.parametrize("name", [name for name in PICTURES if name.endswith(".svg")])
def test_diagrams_are_drawn_from_their_scripts(name: str) -> None:
    source, alt = build_module().draw(Path(name).stem)
    assert (FIGURES / name).read_text(encoding="utf-8") == source
    assert MANIFEST[name]["alt"] == alt
    root = tree.fromstring(source)
    assert root.find("{*}title") is not None and root.find("{*}desc") is not None
    sizes = [float(size) for size in re.findall(r"font-size[=:]\"?\s*([\d.]+)", source)]
    assert sizes and min(sizes) >= 12
    assert not re.search(r"href=\"http|@import|<script", source)


@pytest.mark.parametrize("name", ["mlm_curves", "learning_rates", "scoreboard", "attention_maps"])
def test_pictures_of_data_say_what_their_script_says(name: str) -> None:
    """PNG bytes differ with the fonts; what the picture says does not."""
    figure, alt = build_module().draw(name)
    assert MANIFEST[f"{name}.png"]["alt"] == alt
    assert figure.axes
    plt.close(figure)


def test_the_import_graph_shows_what_runs_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stored picture may be some imports behind the code; its layers are the code's."""
    figure, alt = build_module().draw("import_graph")
    stored = MANIFEST["import_graph.png"]["alt"]
    assert stored.partition(";")[0] == alt.partition(";")[0]
    assert "none run back up" in alt and "none run back up" in stored
    lines = len(figure.axes[0].patches)
    plt.close(figure)

    from layers import Imports

    found = Imports.read(FIGURES.parent / "minbert").of
    worse = Imports({**found, "losses.py": found["losses.py"] | {"course/live.py"}})
    monkeypatch.setattr(Imports, "read", lambda package: worse)
    figure, alt = build_module().draw("import_graph")
    assert "and 1 run back up" in alt
    assert len(figure.axes[0].patches) == lines + 1
    plt.close(figure)
