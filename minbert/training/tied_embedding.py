"""The word embedding while it is trained in two roles: rows looked up, and the whole as decoder.

In masked-language-model training the decoder gives every row of the matrix a gradient. The lookup
adds to the few hundred rows of the batch's own pieces. torch would write that second part as a
whole matrix of zeros with these rows in it (47 MB for 30,522 pieces of MiniLM's width) and then add
two whole matrices, in every step. As a sparse gradient it is these rows alone, and torch adds them
to the decoder's in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minbert.encoder import Encoder


@contextmanager
def lookup_adds_rows(encoder: Encoder) -> Iterator[None]:
    """Let the lookup's gradient be rows; the sum of both stays an ordinary, dense gradient.

    For training in which the decoder takes part in every step: without it the gradient would be
    sparse, which the optimizer refuses. On a GPU nothing is changed: there zeros cost little, and
    sparse sums are not in one order.
    """
    words = encoder.embeddings.word_embeddings
    before, words.sparse = words.sparse, words.weight.device.type == "cpu"
    try:
        yield
    finally:
        words.sparse = before
