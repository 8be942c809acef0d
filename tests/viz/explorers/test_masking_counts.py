"""Masking a text many times: counts, and the intervals that chance gives them."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import pytest
import torch

from minbert import from_pretrained
from minbert.masking import IGNORE, MaskingRule, mask_tokens
from minbert.viz.explorers.masking.compute import (
    HEADER,
    RULES,
    Count,
    compute_counts,
    counts_table,
)
from minbert.viz.explorers.masking.draw import MOST_BARS, draw_counts

_, TOKENIZER = from_pretrained("tiny")
TEXT = "The hedgehog overslept again."
PAPER, BERT, WHOLE = RULES.values()


def ids_of(text: str = TEXT) -> list[int]:
    return TOKENIZER.encode([text])[0]


def below(most: int, trials: int, p: float) -> float:
    return sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(most + 1))


@pytest.mark.parametrize("trials, share", [(400, 0.15), (400, 0.5), (50, 0.05), (7, 0.8)])
def test_the_interval_is_the_binomial_one(trials: int, share: float) -> None:
    low, high = Count("", 0, trials, share).interval
    assert below(low - 1, trials, share) < 0.025 <= below(low, trials, share)
    assert below(high - 1, trials, share) < 0.975 <= below(high, trials, share)
    assert Count("", low, trials, share).inside and Count("", high, trials, share).inside
    assert not Count("", high + 1, trials, share).inside


def test_what_is_certain_has_no_width() -> None:
    assert Count("", 0, 400, 0.0).interval == (0, 0)
    assert Count("", 400, 400, 1.0).interval == (400, 400)
    assert not Count("", 1, 400, 0.0).inside
    assert Count("", 0, 0, 0.15).interval == (0, 0), "no trials, nothing to expect"


def test_the_counts_are_those_of_the_library() -> None:
    ids = ids_of()
    counts = compute_counts(ids, TOKENIZER, replace(BERT, probability=0.3), seed=7, draws=50)
    copies = torch.tensor(ids).expand(50, -1)
    corrupted, labels = mask_tokens(
        copies,
        torch.Generator().manual_seed(7),
        MaskingRule(0.3, 0.8, 0.1),
        mask_id=TOKENIZER.mask_id,
        special_ids=TOKENIZER.special_ids,
        vocab_size=TOKENIZER.vocab_size,
    )
    chosen, masked = labels != IGNORE, corrupted == TOKENIZER.mask_id
    found = {count.name: (count.found, count.trials) for count in counts.whole}
    number = int(chosen.sum())
    assert found["tokens chosen"] == (number, 50 * (len(ids) - 2))
    assert found["of the chosen: [MASK]"] == (int(masked.sum()), number)
    kept = int((chosen & (corrupted == copies)).sum())
    assert found["of the chosen: unchanged"] == (kept, number)
    others = number - int(masked.sum()) - kept
    assert found["of the chosen: another piece"] == (others, number)
    per_token = [count.found if count else None for count in counts.tokens]
    assert per_token == [None, *chosen.sum(dim=0).tolist()[1:-1], None]
    assert sum(count.share for count in counts.whole if "of the" in count.name) == pytest.approx(1)


def test_the_paper_hides_all_of_the_chosen() -> None:
    names = [count.name for count in compute_counts(ids_of(), TOKENIZER, PAPER).whole]
    assert "of the chosen: [MASK]" in names and "of the chosen: unchanged" not in names


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("rate", [0.05, 0.15, 0.5])
def test_four_thousand_maskings_are_as_chance_lets_expect(rule: MaskingRule, rate: float) -> None:
    counts = compute_counts(
        ids_of(), TOKENIZER, replace(rule, probability=rate), seed=3, draws=4000
    )
    for count in [*counts.whole, *filter(None, counts.tokens)]:
        deviation = (count.trials * count.share * (1 - count.share)) ** 0.5
        assert abs(count.found - count.expected) <= 5 * deviation, count


def test_words_are_torn_by_tokens_and_whole_by_words() -> None:
    torn, whole = (compute_counts(ids_of(), TOKENIZER, rule).whole[-1] for rule in (PAPER, WHOLE))
    assert torn.name == whole.name == "words of several pieces chosen in part"
    pieces = sum(token.startswith("##") for token in TOKENIZER.tokens(ids_of())) + 1
    assert torn.share == pytest.approx(1 - 0.15**pieces - 0.85**pieces)
    assert torn.found > 0 and whole.found == 0 == whole.share
    counts = compute_counts(ids_of(), TOKENIZER, WHOLE)
    assert counts.whole[0].name == "words chosen"
    over = [c.found for c in counts.tokens if c and c.name in ("over", "##s", "##le", "##pt")]
    assert len({*over}) == 1, "the pieces of a word are chosen equally often"


def test_a_text_of_whole_words_says_nothing_of_parts() -> None:
    counts = compute_counts(ids_of("how do i train a guinea pig?"), TOKENIZER, PAPER)
    assert all("in part" not in count.name for count in counts.whole)


def test_the_picture_has_a_bar_a_count_and_a_bar_a_token() -> None:
    counts = compute_counts(ids_of(), TOKENIZER, BERT)
    figure, alt = draw_counts(counts)
    shares, rates = figure.axes
    widths = [patch.get_width() for patch in shares.patches]
    assert widths == [count.found / count.trials for count in counts.whole]
    heights = [patch.get_height() for patch in rates.patches[-len(counts.tokens) :]]
    assert heights == [count.found / 400 if count else 0 for count in counts.tokens]
    low, high = counts.tokens[1].interval
    assert f"400 maskings of this text: tokens chosen {counts.whole[0].found:,} of" in alt
    assert f"{low} to {high} times says: 0 of 8;" in alt and alt.endswith("one in twenty.")
    names = [label.get_text() for label in rates.get_xticklabels()]
    assert names == list(counts.names)


def test_of_a_long_text_the_first_tokens_are_drawn() -> None:
    counts = compute_counts(ids_of("word " * 60), TOKENIZER, PAPER)
    figure, alt = draw_counts(counts)
    assert len(figure.axes[1].get_xticks()) == MOST_BARS
    assert f"{62 - MOST_BARS} more tokens are in the table." in alt
    assert len(counts_table(counts).rows) == len(counts.whole) + 62


def test_the_table_says_what_is_never_chosen() -> None:
    table = counts_table(compute_counts(ids_of(), TOKENIZER, BERT))
    assert tuple(table.header) == HEADER
    assert ["position 0: [CLS]", "0", "400", "0.0", "never", "yes"] in table.rows


def test_a_rate_of_zero_chooses_nothing_and_is_still_drawn() -> None:
    _, alt = draw_counts(compute_counts(ids_of(), TOKENIZER, replace(BERT, probability=0.0)))
    assert "tokens chosen 0 of" in alt and "[MASK] 0 of 0" in alt


def test_special_tokens_alone_are_refused() -> None:
    with pytest.raises(ValueError, match="type a sentence"):
        compute_counts(ids_of("[MASK] [UNK]"), TOKENIZER, PAPER)
