"""In-domain pre-training: hide words, predict them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

import minbert.training.parallel as parallel
from minbert import losses
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.masking import IGNORE, MaskingRule, mask_tokens, word_starts
from minbert.precision import autocast
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.epochs import in_turn
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable
from minbert.training.tied_embedding import lookup_adds_rows
from minbert.training.vectors import set_dropout


def pretrain_masked_language_model(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    corpora: Mapping[str, Sequence[int]],
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
) -> History:
    """In-domain pre-training: hide words, predict them (the paper's section 4.2).

    One batch of each corpus in turn; a corpus that is used up drops out until all are done. Only
    the vectors of masked tokens go through the vocabulary projection.

    Args:
        corpora: rows of `table` per data set; a sentence may occur more than once.
    """
    set_dropout(encoder, recipe)

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor | None:
        name, examples = batch
        rows = [corpora[name][example] for example in examples]
        return masked_language_model_loss(encoder, head, rows, table, recipe, context, generator)

    with lookup_adds_rows(encoder):
        return train(
            nn.ModuleList([encoder, head]),
            lambda generator: in_turn(
                {name: [table.length(row) for row in rows] for name, rows in corpora.items()},
                settings.batch_size,
                generator,
            ),
            compute_loss,
            settings,
            context,
            name="mlm",
            optimizer=optimizer,
            count_tokens=lambda batch: sum(table.length(corpora[batch[0]][i]) for i in batch[1]),
        )


def masked_language_model_loss(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    rows: Iterable[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    generator: torch.Generator,
) -> Float[Tensor, ""] | None:
    """The loss of one masked batch; None when no token was chosen."""
    asked = predict_masked(encoder, head, rows, table, recipe, context, generator, shared=True)
    return None if asked is None else parallel.joint_mean(losses.masked_language_model, *asked)


def hide(
    ids: Int[Tensor, "batch seq"],
    generator: torch.Generator,
    rule: MaskingRule,
    tokenizer: WordPieceTokenizer,
) -> tuple[Int[Tensor, "batch seq"], Int[Tensor, "batch seq"]]:
    """A batch as `mask_tokens` hides it; by whole words sentence by sentence, each by its words."""
    vocabulary = {
        "mask_id": tokenizer.mask_id,
        "special_ids": tokenizer.special_ids,
        "vocab_size": tokenizer.vocab_size,
    }
    if not rule.whole_words:
        return mask_tokens(ids, generator, rule, **vocabulary)
    hidden = [
        mask_tokens(
            row,
            generator,
            rule,
            **vocabulary,
            starts=word_starts(tokenizer.tokens(row[0].tolist())),
        )
        for row in ids.split(1)
    ]
    corrupted, labels = zip(*hidden, strict=True)
    return torch.cat(corrupted), torch.cat(labels)


def predict_masked(
    encoder: Encoder,
    head: MaskedLanguageModelHead,
    rows: Iterable[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    generator: torch.Generator,
    shared: bool = False,
) -> tuple[Float[Tensor, "token vocabulary"], Int[Tensor, " token"]] | None:
    """Logits and labels of the chosen tokens of one batch; None when no token was chosen.

    Args:
        shared: among the ranks, so that each has the tokens of its part. The masks are those of the
            joint batch, whatever the number of ranks.
    """
    tokenizer = table.tokenizer
    original, attention_mask = table.pad(rows, torch.device("cpu"))
    ids, labels = hide(original, generator, recipe.masking, tokenizer)
    chosen = labels != IGNORE
    if not chosen.any():
        return None
    if shared and parallel.ranks().count > 1:
        part, own = parallel.part(len(ids)), parallel.own(len(ids))
        ids, labels = ids[part], labels[part]
        labels[own:] = IGNORE  # of stand-ins
        chosen = labels != IGNORE
        attention_mask = None if attention_mask is None else attention_mask[part]
    asked = chosen
    if not chosen.any():  # on this rank: the way through the head is walked all the same
        asked = torch.zeros_like(chosen)
        asked[0, 0] = True
    if attention_mask is not None:
        attention_mask = attention_mask.to(context.device)
    drawn = parallel.own_randomness() if shared else nullcontext()
    with drawn, autocast(context.precision, context.device):
        states = encoder(ids.to(context.device), attention_mask).last_hidden_state
        logits = head(states[asked.to(context.device)], encoder.embeddings.word_embeddings.weight)
    return logits[: int(chosen.sum())], labels[chosen].to(context.device)
