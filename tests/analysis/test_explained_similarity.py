"""All measures of one prediction have a value a token, and their agreement is in order."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.analysis.attribution import Explanation, agreements, explain_similarity
from minbert.pretrained import from_pretrained


def test_every_measure_has_a_value_a_token(toy_model_folder) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    found = explain_similarity(encoder, tokenizer, "the film is dull", "the plot is lovely")
    assert found.tokens[0] == "[CLS]" and found.tokens[-1] == "[SEP]"
    assert -1 <= found.prediction <= 1
    for name, values in found.measures.items():
        assert values.shape == (len(found.tokens),), name
        assert np.isfinite(values).all() and (values >= 0).all(), name
    assert found.measures["attention"].sum() == pytest.approx(1.0)
    assert found.measures["rollout"].sum() == pytest.approx(1.0)
    inner = found.words()
    assert inner.tokens == found.tokens[1:-1]
    assert (inner.measures["gradient"] == found.measures["gradient"][1:-1]).all()


def test_the_same_sentence_is_explained_as_one() -> None:
    encoder, tokenizer = from_pretrained("tiny")
    found = explain_similarity(encoder, tokenizer, "a film", "a film")
    assert found.prediction == pytest.approx(1.0, abs=1e-5)
    assert found.measures["gradient"].max() < 1e-3, "at a maximum the slope is 0"


def test_agreements_compare_each_two_measures() -> None:
    up, down = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    one = Explanation(("a", "b", "c"), 0.5, {"x": up, "y": 2 * up, "z": down})
    found = agreements([one, one])
    assert list(found) == [("x", "y"), ("x", "z"), ("y", "z")]
    assert [round(mean) for mean, _ in found.values()] == [1, -1, -1]
    with pytest.raises(ValueError, match="at least two"):
        agreements([one])
