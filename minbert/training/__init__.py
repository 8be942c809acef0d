"""Training: one loop, a stage a file, recipes and presets."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.training.consistency import disagreement
    from minbert.training.digests import content_digest, weights_digest
    from minbert.training.epochs import in_turn, mixed, shuffled
    from minbert.training.finetune import fine_tune
    from minbert.training.gradient_caching import cached_vectors
    from minbert.training.heads import train_head
    from minbert.training.held_out_loss import masked_loss, perplexity
    from minbert.training.loop import History, RunContext, derive_seed, generator_for, train
    from minbert.training.mlm import pretrain_masked_language_model
    from minbert.training.mnrl import train_ranking
    from minbert.training.recipe import (
        PRESETS,
        RECIPES,
        Preset,
        Recipe,
        StageSettings,
        preset_for,
        recipe_for,
    )
    from minbert.training.sentences import CourseRows, SentenceTable, TaskRows
    from minbert.training.vectors import embed_all, embed_pairs, sentence_vectors

__all__, __getattr__, __dir__ = face(__name__, __file__)
