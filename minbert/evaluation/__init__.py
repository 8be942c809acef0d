"""From predictions to numbers: metrics, their uncertainty, and what needs no deep learning."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.evaluation.baselines import (
        best_threshold,
        jaccard,
        ladder,
        lexical_similarities,
        most_common,
        rungs_of,
    )
    from minbert.evaluation.intervals import (
        fisher_z_interval,
        macro_f1_interval,
        percentile_interval,
        resampled_scores,
        spearman_interval,
        wilson_interval,
    )
    from minbert.evaluation.metrics import (
        accuracy,
        macro_f1,
        overall_2024,
        overall_mean,
        pearson,
        roc_auc,
        score,
        spearman,
    )
    from minbert.evaluation.partners import PartnerSearch, partner_share
    from minbert.evaluation.statistics import (
        compare,
        holm,
        mcnemar,
        measure,
        over_seeds,
        summarise,
        with_seeds,
    )

__all__, __getattr__, __dir__ = face(__name__, __file__)
