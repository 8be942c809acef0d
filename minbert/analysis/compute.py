"""What one word piece costs: the rule of thumb behind every estimate of training time."""

from __future__ import annotations

from minbert import checks
from minbert.config import ModelConfig


def multiplications_per_token(config: ModelConfig, vocabulary_share: float = 0.0) -> int:
    """Multiplications that carry one word piece through the encoder's matrices, forward.

    layers · (4 h² + 2 h f) + share · (h² + h v): four square matrices of attention and two of
    the feed-forward part in each layer; then, for the share of the pieces that is predicted, the
    masked-language-model head (h²) and the vocabulary (h v). h is `hidden_size`, f
    `intermediate_size`, v `vocab_size`. Looking an embedding up costs none. The products of
    queries and keys are left out: in sentences of 20 pieces they are below 3 % at every size.

    Training costs three times as much (the way back is twice the way forward), so the ratio of two
    models is the same for both.

    Args:
        config: of the encoder.
        vocabulary_share: of the pieces that go through the vocabulary, 0 to 1; masked-language-
            model training as the paper does it has .15, every other stage 0.

    Raises:
        ValueError: the share is outside [0, 1].

    Source: Kaplan et al. (2020), section 2.1, table 1.
    """
    checks.within("vocabulary_share", vocabulary_share, "[0, 1]")
    hidden, wide = config.hidden_size, config.intermediate_size
    body = config.num_hidden_layers * (4 * hidden**2 + 2 * hidden * wide)
    return body + round(vocabulary_share * (hidden**2 + hidden * config.vocab_size))
