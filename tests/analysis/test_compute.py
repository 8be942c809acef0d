"""The cost of a word piece is the number of weights it is multiplied with."""

from __future__ import annotations

import pytest
from torch import nn

from minbert.analysis.compute import multiplications_per_token
from minbert.config import SIZES, ModelConfig
from minbert.encoder import Encoder


def test_it_counts_the_weights_of_the_layers(small_config: ModelConfig) -> None:
    layers = Encoder(small_config).encoder.layer
    weights = sum(part.weight.numel() for part in layers.modules() if isinstance(part, nn.Linear))
    assert multiplications_per_token(small_config) == weights


def test_the_vocabulary_is_added_by_its_share(small_config: ModelConfig) -> None:
    hidden, vocabulary = small_config.hidden_size, small_config.vocab_size
    added = multiplications_per_token(small_config, 1.0) - multiplications_per_token(small_config)
    assert added == hidden**2 + hidden * vocabulary


def test_bert_base_is_eight_times_minilm() -> None:
    base, small = (multiplications_per_token(SIZES[name]) for name in ("bert-base", "minilm"))
    assert base / small == 8.0


def test_attention_between_tokens_is_small() -> None:
    """What the docstring says of the products that are left out."""
    for config in SIZES.values():
        between = config.num_hidden_layers * 2 * 20 * config.hidden_size
        assert between / multiplications_per_token(config) < 0.03


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_a_share(small_config: ModelConfig, share: float) -> None:
    with pytest.raises(ValueError, match="vocabulary_share must lie"):
        multiplications_per_token(small_config, share)
