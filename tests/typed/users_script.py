"""What a user may write: it runs, and type checkers find nothing in it (tests/test_types.py)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from minbert import (
    AdamW,
    Encoder,
    MultitaskBert,
    WordPieceTokenizer,
    encode,
    from_pretrained,
    mask_tokens,
    pool,
)
from minbert.losses import multiple_negatives_ranking


def similarities(texts: list[str], encoder: Encoder, tokenizer: WordPieceTokenizer) -> np.ndarray:
    vectors: np.ndarray = encode(texts, encoder, tokenizer)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines: np.ndarray = unit @ unit.T
    return cosines


def one_step(encoder: Encoder, tokenizer: WordPieceTokenizer) -> float:
    optimizer = AdamW(encoder.parameters(), lr=1e-4)
    first = tokenizer(["how old are you?", "where is the station?"])
    second = tokenizer(["what is your age?", "how do I get to the train?"])
    u: Tensor = pool(encoder(**first), first["attention_mask"], "mean")
    v: Tensor = pool(encoder(**second), second["attention_mask"], "mean")
    loss: Tensor = multiple_negatives_ranking(u, v, scale=20.0)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def main() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    device: torch.device = encoder.device
    dtype: torch.dtype = encoder.dtype
    batch = tokenizer([("one sentence", "and another"), "a single one"])
    output = encoder(**batch, return_attention=True)
    states: Tensor = output.last_hidden_state
    assert output.attentions
    weights: Tensor = output.attentions[0]
    print(device, dtype, tuple(states.shape), tuple(weights.shape))
    print(tokenizer.batch_decode(batch["input_ids"]))
    places: Tensor = batch["input_ids"] == tokenizer.mask_token_id
    print(int(places.sum()), similarities(["a film", "a movie"], encoder, tokenizer).shape)
    print(one_step(encoder, tokenizer) > 0)
    model = MultitaskBert(encoder)
    print(model.device == device, [task.name for task in model.tasks])
    print(callable(mask_tokens))


if __name__ == "__main__":
    main()
