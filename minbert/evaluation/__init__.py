"""From predictions to numbers: metrics, their uncertainty, and what needs no deep learning."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.evaluation.baselines import (
        best_threshold as best_threshold,
        jaccard as jaccard,
        ladder as ladder,
        lexical_similarities as lexical_similarities,
        most_common as most_common,
        rungs_of as rungs_of,
    )
    from minbert.evaluation.intervals import (
        fisher_z_interval as fisher_z_interval,
        macro_f1_interval as macro_f1_interval,
        percentile_interval as percentile_interval,
        resampled_scores as resampled_scores,
        spearman_interval as spearman_interval,
        wilson_interval as wilson_interval,
    )
    from minbert.evaluation.metrics import (
        accuracy as accuracy,
        macro_f1 as macro_f1,
        overall_2024 as overall_2024,
        overall_mean as overall_mean,
        pearson as pearson,
        roc_auc as roc_auc,
        score as score,
        spearman as spearman,
    )
    from minbert.evaluation.partners import (
        PartnerSearch as PartnerSearch,
        partner_share as partner_share,
    )
    from minbert.evaluation.statistics import (
        compare as compare,
        holm as holm,
        mcnemar as mcnemar,
        measure as measure,
        over_seeds as over_seeds,
        summarise as summarise,
        with_seeds as with_seeds,
    )

__all__, __getattr__, __dir__ = face(__name__, __file__)
