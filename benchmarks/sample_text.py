"""Sentences for a benchmark: of the course's files, or made up."""

from __future__ import annotations

import torch

from minbert.data import load_data
from minbert.training.loop import generator_for


def sentences_of(data: str | None, count: int) -> tuple[dict[str, list[str]], str]:
    """`count` training sentences in the proportions of the three data sets, and what they are."""
    if data is None:
        words = [
            "the",
            "film",
            "plot",
            "actor",
            "question",
            "learn",
            "python",
            "money",
            "how",
            "why",
            "is",
            "a",
            "of",
            "and",
        ]
        draw = generator_for("made-up sentences")
        lengths = torch.randint(4, 40, (count,), generator=draw).tolist()
        text = [
            " ".join(words[i] for i in torch.randint(len(words), (length,), generator=draw))
            for length in lengths
        ]
        return {"made up": text}, "made-up sentences of 4 to 39 words (synthetic)"
    loaded = load_data(data)
    corpora = {
        "sst": [example.sentence for example in loaded.sst.train],
        "quora": [text for e in loaded.quora.train for text in (e.sentence1, e.sentence2)],
        "sts": [text for e in loaded.sts.train for text in (e.sentence1, e.sentence2)],
    }
    total = sum(map(len, corpora.values()))
    for name, text in corpora.items():
        kept = round(count * len(text) / total)
        order = torch.randperm(len(text), generator=generator_for("sample", name))[:kept]
        corpora[name] = [text[i] for i in order.tolist()]
    return corpora, f"{loaded.tier} data ({loaded.note})"
