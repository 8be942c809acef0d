"""Whatever only looks at a model gives back the training mode of every module, on its device."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import minbert
from minbert import encode
from minbert.analysis.ablation import head_ablation
from minbert.analysis.attribution import (
    ablation,
    cosine_to,
    explain_similarity,
    gradient_size,
    score_of,
)
from minbert.analysis.blanks import piece_probabilities
from minbert.analysis.layers import layer_vectors
from minbert.encoder import Encoder
from minbert.evaluating import evaluating
from minbert.heads import MaskedLanguageModelHead
from minbert.masking import MaskingRule
from minbert.pretrained import from_pretrained
from minbert.training.held_out_loss import masked_loss
from minbert.training.loop import RunContext
from minbert.training.recipe import RECIPES
from minbert.training.sentences import SentenceTable
from minbert.training.vectors import embed_all
from minbert.viz.explorers.attention.compute import (
    compute_attention,
    compute_dependence,
    read_text,
)
from minbert.viz.record import record

RECIPE = replace(RECIPES["lab"], masking=MaskingRule(1.0))
CPU = RunContext(torch.device("cpu"), "fp32", 0)


class Model:
    """An encoder whose embeddings alone are in eval mode while the rest trains."""

    def __init__(self, folder: Path) -> None:
        self.encoder, self.tokenizer = from_pretrained(folder)
        self.head = MaskedLanguageModelHead(self.encoder.config)
        self.encoder.train(), self.head.train()
        self.encoder.embeddings.eval()
        self.head.transform.eval()
        self.table = SentenceTable(self.tokenizer)
        self.rows = self.table.add(["the film is dull", "the story is lovely and moving"])

    def modes(self) -> list[bool]:
        return [m.training for part in (self.encoder, self.head) for m in part.modules()]

    def batch(self) -> dict[str, torch.Tensor]:
        return self.tokenizer(["the film is dull"])


SCORE = cosine_to(torch.ones(32))
READERS: dict[str, Callable[[Model], object]] = {
    "encode": lambda m: encode(["the film", "a story"], m.encoder, m.tokenizer, precision="fp32"),
    "record": lambda m: record(m.encoder, m.tokenizer, ["the film", "a story"]),
    "layer_vectors": lambda m: layer_vectors(["the film", "a story"], m.encoder, m.tokenizer),
    "piece_probabilities": lambda m: piece_probabilities(
        m.encoder, m.head, m.tokenizer, "the [MASK] is dull"
    ),
    "explain_similarity": lambda m: explain_similarity(
        m.encoder, m.tokenizer, "the film is dull", "the story"
    ),
    "score_of": lambda m: score_of(m.encoder, m.batch(), SCORE),
    "ablation": lambda m: ablation(m.encoder, m.tokenizer, m.batch(), SCORE),
    "gradient_size": lambda m: gradient_size(m.encoder, m.batch(), SCORE),
    "head_ablation": lambda m: head_ablation(m.encoder, m.batch(), SCORE),
    "compute_attention": lambda m: compute_attention(
        m.encoder, read_text(m.tokenizer, ["the film"], 9)
    ),
    "compute_dependence": lambda m: compute_dependence(
        m.encoder, m.tokenizer, *(read_text(m.tokenizer, [text], 9) for text in ("film", "story"))
    ),
    "embed_all": lambda m: embed_all(m.encoder, m.rows, m.table, RECIPE, CPU),
    "masked_loss": lambda m: masked_loss(m.encoder, m.head, m.rows, m.table, RECIPE, CPU, "x"),
}
ON_DEVICE = [name for name in READERS if name not in ("embed_all", "masked_loss")]
"""The others are told their device by the context."""


@pytest.mark.parametrize("name", READERS)
def test_every_module_gets_its_own_mode_back(name: str, toy_model_folder: Path) -> None:
    model = Model(toy_model_folder)
    before = model.modes()
    assert True in before and False in before
    READERS[name](model)
    assert model.modes() == before


class Seen(Exception):
    """Raised inside a forward pass."""


@pytest.mark.parametrize("name", READERS)
def test_after_an_exception_too(name: str, toy_model_folder: Path) -> None:
    model = Model(toy_model_folder)
    before, during = model.modes(), []

    def fail(module: nn.Module, inputs: tuple) -> None:
        during.append(model.encoder.training)
        raise Seen

    model.encoder.encoder.layer[-1].register_forward_pre_hook(fail)
    with pytest.raises(Seen):
        READERS[name](model)
    assert during == [False] and model.modes() == before


@pytest.mark.parametrize("name", ON_DEVICE)
def test_the_batch_goes_where_the_encoder_is(name: str, toy_model_folder: Path) -> None:
    """A model on `meta` knows no values, but refuses a batch that lies elsewhere."""
    model = Model(toy_model_folder)
    model.encoder.to("meta"), model.head.to("meta")
    seen = []

    def look(module: Encoder, inputs: tuple, named: dict[str, object]) -> None:
        tensors = [t for t in (*inputs, *named.values()) if isinstance(t, torch.Tensor)]
        seen.append({tensor.device.type for tensor in tensors})
        raise Seen

    model.encoder.register_forward_pre_hook(look, with_kwargs=True)
    with pytest.raises(Seen):
        READERS[name](model)
    assert seen == [{"meta"}]


def test_dropout_is_off_inside() -> None:
    dropout = nn.Sequential(nn.Dropout(0.5), nn.Dropout(0.5))
    dropout[1].eval()
    with evaluating(dropout), evaluating(dropout):
        assert torch.equal(dropout(torch.ones(99)), torch.ones(99))
    assert [module.training for module in dropout.modules()] == [True, True, False]


BUILD_TRACK = (
    "checkers/embeddings", "checkers/encoder", "checkers/layer", "checkers/training", "finale",
    "judging", "key", "library", "settings",
)  # fmt: skip
ALLOWED = {
    "evaluating.py": "the one place",
    "pretrained.py": "of what it has just made",
    "analysis/layer_transplant.py": "of a copy",
    "viz/explorers/similarity/answers.py": "of a copy",
    "training/loop.py": "trains",
    "experiments/grid.py": "of what it has just loaded or trained",
    "experiments/own/model_folder.py": "of what it has just loaded",
    "experiments/own/stages.py": "of what it has just loaded",
    "export/classifier.py": "of what it has just loaded",
    "export/graph.py": "of a copy",
    "course/guesses/reading.py": "of what it has just made",
    "course/checks/forgetting.py": "of what it has just made",
    **{
        f"course/build_track/{name}.py": "of what it, or a learner's file, has just made"
        for name in BUILD_TRACK
    },
}


def test_nobody_else_sets_a_mode() -> None:
    """Outside `evaluating` only those who made a model, or train it, may call eval() or train()."""
    package, found = Path(minbert.__file__).parent, set()
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of_a_mode = not node.args or isinstance(node.args[0], ast.Constant | ast.Name)
                named = node.func.attr == "eval" or (node.func.attr == "train" and of_a_mode)
                if named and not node.keywords and len(node.args) < 2:
                    found.add(path.relative_to(package).as_posix())
    assert found <= set(ALLOWED), found - set(ALLOWED)
    assert {"evaluating.py", "training/loop.py"} <= found
