"""Whole word masking: the pieces of a word are chosen together, as often as single tokens are."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from checked_shapes import unchecked

from minbert.masking import IGNORE, MaskingRule, first_pieces, mask_tokens, word_starts
from minbert.pretrained import from_pretrained
from minbert.training.mlm import hide

SPECIAL = (0, 1, 2, 3, 4)
MASK = 4
TOKENS = ["[CLS]", "the", "over", "##s", "##le", "##pt", "cat", "##s", ".", "[SEP]"]
IDS = torch.tensor([2, 11, 12, 13, 14, 15, 16, 13, 17, 3])
WORDS = ([1], [2, 3, 4, 5], [6, 7], [8])
PIECES = dict(mask_id=MASK, special_ids=SPECIAL, vocab_size=50)


def many(seed: int = 0, rows: int = 4000, **options) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rule = MaskingRule(whole_words=True, **options)
    starts = word_starts(TOKENS)
    return mask_tokens(IDS.expand(rows, -1), generator, rule, starts=starts, **PIECES)


def test_where_words_begin() -> None:
    assert word_starts(TOKENS).tolist() == [True] * 3 + [False] * 3 + [True, False, True, True]
    assert first_pieces(word_starts(TOKENS)).tolist() == [0, 1, 2, 2, 2, 2, 6, 6, 8, 9]


def test_the_pieces_of_a_word_share_one_choice() -> None:
    chosen = many(mask=0.8, random=0.1)[1] != IGNORE
    for word in WORDS:
        assert (chosen[:, word] == chosen[:, word[:1]]).all()
    assert not torch.equal(chosen[:, 2], chosen[:, 6]), "another word has another draw"


@pytest.mark.parametrize("probability", [0.05, 0.15, 0.5])
def test_every_token_is_chosen_as_often_as_it_should(probability: float) -> None:
    rows = 4000
    chosen = many(seed=1, rows=rows, probability=probability)[1] != IGNORE
    five = 5 * sqrt(rows * probability * (1 - probability))
    for word in WORDS:
        assert abs(int(chosen[:, word[0]].sum()) - rows * probability) < five
    assert not chosen[:, [0, 9]].any(), "special tokens are never chosen"


def test_words_are_chosen_independently() -> None:
    rows, chosen = 20_000, many(seed=2, rows=20_000, probability=0.3)[1] != IGNORE
    both = int((chosen[:, 2] & chosen[:, 6]).sum())
    assert abs(both - rows * 0.09) < 5 * sqrt(rows * 0.09 * 0.91)


def test_what_becomes_of_the_chosen_is_drawn_piece_by_piece() -> None:
    corrupted, labels = many(seed=3, rows=20_000, mask=0.8, random=0.1)
    chosen, masked = labels != IGNORE, corrupted == MASK
    number = int(chosen.sum())
    assert abs(int(masked.sum()) - 0.8 * number) < 5 * sqrt(number * 0.8 * 0.2)
    assert (masked[:, 2] != masked[:, 3])[chosen[:, 2]].any(), "within a word, too"
    others = chosen & ~masked & (corrupted != IDS)
    assert abs(int(others.sum()) - 0.1 * number * 44 / 45) < 5 * sqrt(number * 0.1 * 0.9)
    assert not torch.isin(corrupted[others], torch.tensor(SPECIAL)).any()


def test_labels_are_the_originals_and_nothing_else_changes() -> None:
    before = IDS.clone()
    corrupted, labels = many(seed=4, probability=0.5)
    chosen = labels != IGNORE
    copies = IDS.expand_as(labels)
    assert torch.equal(labels[chosen], copies[chosen])
    assert torch.equal(corrupted[~chosen], copies[~chosen])
    assert (corrupted[chosen] == MASK).all(), "the default hides every chosen piece"
    assert torch.equal(before, IDS)


def test_the_seed_decides() -> None:
    assert torch.equal(many(seed=5)[0], many(seed=5)[0])
    assert not torch.equal(many(seed=5)[0], many(seed=6)[0])


def test_the_ends_of_the_scale() -> None:
    assert (many(rows=3, probability=0.0)[1] == IGNORE).all()
    assert (many(rows=3, probability=1.0)[0][:, 1:-1] == MASK).all()


def test_what_cannot_be_masked_is_refused() -> None:
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="of the 10 tokens"):
        rule, starts = MaskingRule(whole_words=True), torch.ones(9, dtype=torch.bool)
        unchecked(mask_tokens)(IDS[None], generator, rule, starts=starts, **PIECES)
    with pytest.raises(ValueError, match="of the 10 tokens .* got none"):
        mask_tokens(IDS[None], generator, rule, **PIECES)
    with pytest.raises(ValueError, match="mask must lie"):
        many(mask=1.5)


def test_a_batch_is_hidden_by_the_words_of_each_sentence() -> None:
    _, tokenizer = from_pretrained("tiny")
    texts = ["An unforgettable soundtrack.", "How do I train a guinea pig?"]
    ids = tokenizer(texts)["input_ids"]
    generator = torch.Generator().manual_seed(0)
    rule = MaskingRule(0.5, whole_words=True)
    for _ in range(20):
        _, labels = hide(ids, generator, rule, tokenizer)
        for row, chosen in zip(ids, (labels != IGNORE).tolist(), strict=True):
            tokens = tokenizer.tokens(row.tolist())
            for place, token in enumerate(tokens):
                if token.startswith("##"):
                    assert chosen[place] == chosen[place - 1], "a word is hidden whole or not"
