"""The model card of an encoder that was trained on own data."""

from __future__ import annotations

from typing import Any

from minbert.experiments.own.results import TRAINED
from minbert.export.card import LIMITS, ModelCard, Score, vectors_in_words
from minbert.inference import longest_row
from minbert.multitask import MultitaskBert
from minbert.tokenizer import WordPieceTokenizer


def card_of(
    results: dict[str, Any], model: MultitaskBert, tokenizer: WordPieceTokenizer, seed: int
) -> ModelCard:
    """What is known of a model: its data, stages, seeds, intervals, verdict and command.

    Args:
        results: the content of results.json.
        model, tokenizer: what is saved.
        seed: whose model this is, where there are several.
    """
    limits = [*LIMITS]
    if len(results["seeds"]) > 1:
        limits.insert(
            0, f"Values are means over {len(results['seeds'])} seeds; this model is that of {seed}."
        )
    if results["tier"] == "synthetic":
        limits.insert(0, "Trained on made-up sentences: it is for learning, and for nothing else.")
    scores = [
        Score(f"{task}, {metric}, held-out rows", one["value"], _ends(one))
        for task, ways in results["measures"].items()
        for metric, one in ways[TRAINED].items()
    ]
    return ModelCard(
        "A sentence encoder trained on own data",
        base_model=results["encoder"],
        vectors=vectors_in_words(model.pooling, False, longest_row(model.encoder, tokenizer)),
        data=f"{results['data']['note']} ({results['tier']})",
        recipe=f"stages {', '.join(results['stages'])}; {results['precision']}",
        seeds=results["seeds"],
        scores=scores,
        command=results["command"] or None,
        limits=[*limits, *results["verdict"]],
        versions=results["versions"],
        tags=("synthetic",) if results["tier"] == "synthetic" else (),
    )


def _ends(one: dict[str, Any]) -> tuple[float, float] | None:
    return tuple(one["ci95"]) if one.get("ci95") else None
