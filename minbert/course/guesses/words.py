"""Guess 1: "MLM probably boosts paraphrase performance since it allows the model to learn more
meaningful word embeddings" (section 6). Tried by moving the word embeddings alone."""

from __future__ import annotations

import torch

from minbert.analysis.layer_transplant import LAYERS, WORDS, transplant, with_shuffled_steps
from minbert.course.guesses.reading import averaged_words, embed, read
from minbert.encoder import Encoder
from minbert.experiments.grid import Grid
from minbert.pretrained import from_pretrained
from minbert.training.loop import generator_for

EXPECTED = (
    "If the word embeddings carry what MLM changes, the original encoder with MLM's words should "
    "read like MLM, MLM's with the original words like the original, and shuffled steps should "
    "not. If they do not, these two change places."
)


def variants(original: Encoder, trained: Encoder, seed: int) -> dict[str, Encoder]:
    """Both encoders, both transplants of the word embeddings, and two controls."""
    shuffle = generator_for(seed, "shuffled steps")
    return {
        "original": original,
        "MLM": trained,
        "MLM's words in the original": transplant(original, trained, WORDS),
        "original words in MLM's": transplant(trained, original, WORDS),
        "MLM's layers in the original": transplant(original, trained, LAYERS),
        "MLM's words, steps shuffled": with_shuffled_steps(original, trained, shuffle),
    }


def transplanted_words(
    grid: Grid, seed: int, names: tuple[str, ...] | None = None
) -> dict[str, dict[str, float]]:
    """Each variant read frozen, and both vocabularies read without any layer.

    Args:
        grid: trains MLM for this seed unless its cache has it.
        seed: of MLM, of the heads and of the shuffle.
        names: of the variants to read; all without.

    Returns:
        Per variant the measures of `minbert.course.guesses.reading.MEASURES`.
    """
    original, trained = (
        from_pretrained(str(grid.encoder_folder(path, seed)))[0].to(grid.experiment.device)
        for path in ((), ("mlm",))
    )
    found = {
        name: read(grid, encoder, embed(grid, encoder), seed)
        for name, encoder in variants(original, trained, seed).items()
        if names is None or name in names
    }
    if names is None:
        for name, encoder in (("original", original), ("MLM", trained)):
            found[f"mean of word embeddings, {name}"] = read(
                grid, encoder, averaged_words(grid, encoder), seed
            )
    return found


def steps(original: Encoder, trained: Encoder) -> dict[str, float]:
    """How far the word embeddings went, and how much of that all words share.

    Returns:
        `length`: mean length of a step over mean length of an embedding. `shared`: length of the
        mean step over mean length of a step, 0 to 1; 1 when all words went the same way.
    """
    before, after = (e.embeddings.word_embeddings.weight.detach() for e in (original, trained))
    step = after - before
    lengths = torch.linalg.vector_norm(step, dim=1)
    return {
        "length": float(lengths.mean() / torch.linalg.vector_norm(before, dim=1).mean()),
        "shared": float(torch.linalg.vector_norm(step.mean(dim=0)) / lengths.mean()),
    }
