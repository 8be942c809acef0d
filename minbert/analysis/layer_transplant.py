"""Parts of one encoder in another: which part carries what training changed?"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from minbert.encoder import Encoder

WORDS = ("embeddings.word_embeddings.",)
"""One row per word piece, before any layer has mixed them."""
LAYERS = ("encoder.layer.",)
"""Attention and feed-forward layers; neither embeddings nor pooler."""


def copied(encoder: Encoder) -> Encoder:
    """The same weights in tensors of their own, in eval mode on the same device."""
    copy = Encoder(encoder.config)
    copy.pooling = encoder.pooling
    copy.load_state_dict(encoder.state_dict())
    return copy.to(encoder.pooler.dense.weight.device).eval()


def transplant(encoder: Encoder, donor: Encoder, parts: Sequence[str]) -> Encoder:
    """A copy of `encoder` in which the named tensors are the donor's; neither is changed.

    What a transplant loses is not lost by the part alone: the rest was never trained with it.
    Hence the reverse transplant, and a reading without any layer (`averaged_words`).

    Args:
        encoder: gives every tensor that is not named.
        donor: gives those whose names begin with one of `parts`.
        parts: beginnings of checkpoint names, such as `WORDS`.

    Raises:
        ValueError: a part names no tensor, or the two differ in shape.
    """
    own, other = encoder.state_dict(), donor.state_dict()
    for part in parts:
        if not any(name.startswith(part) for name in own):
            raise ValueError(f"no tensor of the encoder has a name that begins with {part!r}")
    taken = [name for name in own if name.startswith(tuple(parts))]
    for name in taken:
        if name not in other or own[name].shape != other[name].shape:
            raise ValueError(f"the donor has no {name} of shape {tuple(own[name].shape)}")
    result = copied(encoder)
    result.load_state_dict({**own, **{name: other[name] for name in taken}})
    return result


def with_shuffled_steps(encoder: Encoder, donor: Encoder, generator: torch.Generator) -> Encoder:
    """A control: each word makes the step that training gave to some other word.

    The word embeddings move as far, and in the same directions, as the donor's did; what is gone
    is which word went where. Words that training left in their place stay there.

    Args:
        encoder: where the words start from, and the rest.
        donor: the same encoder after training.
        generator: of the permutation.
    """
    result = copied(encoder)
    with torch.no_grad():
        words = result.embeddings.word_embeddings.weight
        steps = donor.embeddings.word_embeddings.weight - words
        moved = steps.norm(dim=1).nonzero().squeeze(1)
        order = torch.randperm(len(moved), generator=generator).to(moved.device)
        words[moved] += steps[moved[order]]
    return result
