"""Training: one loop, a stage a file, recipes and presets."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.training.consistency import disagreement as disagreement
    from minbert.training.digests import (
        content_digest as content_digest,
        weights_digest as weights_digest,
    )
    from minbert.training.epochs import in_turn as in_turn, mixed as mixed, shuffled as shuffled
    from minbert.training.finetune import fine_tune as fine_tune
    from minbert.training.gradient_caching import cached_vectors as cached_vectors
    from minbert.training.heads import train_head as train_head
    from minbert.training.held_out_loss import masked_loss as masked_loss, perplexity as perplexity
    from minbert.training.loop import (
        History as History,
        RunContext as RunContext,
        derive_seed as derive_seed,
        generator_for as generator_for,
        train as train,
    )
    from minbert.training.mlm import (
        pretrain_masked_language_model as pretrain_masked_language_model,
    )
    from minbert.training.mnrl import train_ranking as train_ranking
    from minbert.training.recipe import (
        PRESETS as PRESETS,
        RECIPES as RECIPES,
        Preset as Preset,
        Recipe as Recipe,
        StageSettings as StageSettings,
        preset_for as preset_for,
        recipe_for as recipe_for,
    )
    from minbert.training.sentences import (
        CourseRows as CourseRows,
        SentenceTable as SentenceTable,
        TaskRows as TaskRows,
    )
    from minbert.training.vectors import (
        embed_all as embed_all,
        embed_pairs as embed_pairs,
        sentence_vectors as sentence_vectors,
    )

__all__, __getattr__, __dir__ = face(__name__, __file__)
