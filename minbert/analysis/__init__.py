"""What looks inside a model: geometry, neighbours, attention, attribution, ablation, blanks."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.analysis.ablation import head_ablation as head_ablation
    from minbert.analysis.attention import (
        attention_entropy as attention_entropy,
        offset_weight as offset_weight,
        rollout as rollout,
    )
    from minbert.analysis.attribution import (
        agreements as agreements,
        explain_similarity as explain_similarity,
        rank_agreement as rank_agreement,
    )
    from minbert.analysis.blanks import (
        entropy as entropy,
        frequency_head as frequency_head,
        frequency_loss as frequency_loss,
        piece_counts as piece_counts,
        piece_probabilities as piece_probabilities,
        top_predictions as top_predictions,
    )
    from minbert.analysis.compute import multiplications_per_token as multiplications_per_token
    from minbert.analysis.directions import (
        principal_components as principal_components,
        project_out as project_out,
        random_rotation as random_rotation,
    )
    from minbert.analysis.geometry import (
        alignment as alignment,
        anisotropy as anisotropy,
        axis_shares as axis_shares,
        linear_cka as linear_cka,
        random_cosines as random_cosines,
        relative_step as relative_step,
        uniformity as uniformity,
    )
    from minbert.analysis.layer_transplant import transplant as transplant
    from minbert.analysis.layers import layer_vectors as layer_vectors
    from minbert.analysis.neighbours import (
        cosine_matrix as cosine_matrix,
        nearest as nearest,
        partner_found as partner_found,
        purity as purity,
        shared_neighbours as shared_neighbours,
        times_chosen as times_chosen,
    )
    from minbert.analysis.probe import linear_probe as linear_probe
    from minbert.analysis.ranking import (
        chance_of_false_negative as chance_of_false_negative,
        duplicate_clusters as duplicate_clusters,
        effective_negatives as effective_negatives,
        gradient_on_cosines as gradient_on_cosines,
        largest_probability as largest_probability,
        loss_floor as loss_floor,
        ranking_losses as ranking_losses,
        sampled_chance as sampled_chance,
    )
    from minbert.analysis.sentence_space import dev_sentences as dev_sentences

__all__, __getattr__, __dir__ = face(__name__, __file__)
