"""The check of shapes reaches every module that names one, and finds what does not fit."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import torch
from checked_shapes import check_shapes, checked
from jaxtyping import Float, TypeCheckError

import minbert
from minbert import losses


def test_every_module_is_behind_the_check() -> None:
    """What names a shape is checked wherever it is: nothing is imported past the check."""
    names = [found.name for found in pkgutil.walk_packages(minbert.__path__, "minbert.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    naming = {module.__name__ for module in modules if "jaxtyping" in _source(module)}
    behind = {name for name in naming if any(name + "." in known for known in checked)}
    assert len(modules) > 200 and len(naming) > 30
    assert naming - behind == set()
    assert {
        "minbert.losses.masked_language_model",
        "minbert.attention.SelfAttention.forward",
        "minbert.encoder.EncoderOutput.last_hidden_state",
        "minbert.training.sentences.TaskRows.targets",  # a property
    } <= set(checked)


def _source(module: object) -> str:
    with open(module.__file__, encoding="utf-8") as file:
        return file.read()


def test_a_wrong_shape_is_found() -> None:
    with pytest.raises(TypeCheckError, match="embeddings|labels|logits"):
        losses.masked_language_model(torch.zeros(4, 9), torch.zeros(3, dtype=torch.long))


def test_functions_inside_functions_are_left_alone() -> None:
    """They would be prepared anew at each call."""
    import types

    module = types.ModuleType("made")
    code = (
        "def outer(x: Float[torch.Tensor, ' n']):\n"
        "    def inner(y: Float[torch.Tensor, ' m']): return y\n"
        "    return inner\n"
        "def plain(x: int): return x\n"
    )
    vars(module).update(Float=Float, torch=torch)
    exec(code, vars(module))
    plain = module.plain
    for function in (module.outer, plain):
        function.__module__ = "made"
    check_shapes(module)
    assert module.plain is plain
    inner = module.outer(torch.zeros(2))
    assert not hasattr(inner, "__wrapped__") and inner(3) == 3
    with pytest.raises(TypeCheckError):
        module.outer(torch.zeros(2, 2))
