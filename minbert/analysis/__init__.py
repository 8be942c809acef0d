"""What looks inside a model: geometry, neighbours, attention, attribution, ablation, blanks."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.analysis.ablation import head_ablation
    from minbert.analysis.attention import attention_entropy, offset_weight, rollout
    from minbert.analysis.attribution import agreements, explain_similarity, rank_agreement
    from minbert.analysis.blanks import (
        entropy,
        frequency_head,
        frequency_loss,
        piece_counts,
        piece_probabilities,
        top_predictions,
    )
    from minbert.analysis.compute import multiplications_per_token
    from minbert.analysis.directions import principal_components, project_out, random_rotation
    from minbert.analysis.geometry import (
        alignment,
        anisotropy,
        axis_shares,
        linear_cka,
        random_cosines,
        relative_step,
        uniformity,
    )
    from minbert.analysis.layer_transplant import transplant
    from minbert.analysis.layers import layer_vectors
    from minbert.analysis.neighbours import (
        cosine_matrix,
        nearest,
        partner_found,
        purity,
        shared_neighbours,
        times_chosen,
    )
    from minbert.analysis.probe import linear_probe
    from minbert.analysis.ranking import (
        chance_of_false_negative,
        duplicate_clusters,
        effective_negatives,
        gradient_on_cosines,
        largest_probability,
        loss_floor,
        ranking_losses,
        sampled_chance,
    )
    from minbert.analysis.sentence_space import dev_sentences

__all__, __getattr__, __dir__ = face(__name__, __file__)
