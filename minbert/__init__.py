"""minBERT: BERT from scratch, and every stage of a paper that improves it.

The way of the data is the architecture:
sentences → word pieces → encoder → pooled vector → head → loss → training loop → checkpoint →
metrics → table / figure / widget.
"""

__version__ = "0.1.0"

import importlib
from typing import TYPE_CHECKING

from minbert import memory, threads

threads.prepare()  # before torch is imported
memory.prepare()

if TYPE_CHECKING:  # for editors; at run time a name is imported when it is first asked for, which
    # keeps `import minbert` quick: the command line answers Ctrl-C while torch is being loaded
    from minbert.config import SIZES, ModelConfig
    from minbert.encoder import Encoder, EncoderOutput
    from minbert.inference import encode
    from minbert.pretrained import from_pretrained, save_pretrained
    from minbert.tokenizer import WordPieceTokenizer

__all__ = [
    "SIZES",
    "Encoder",
    "EncoderOutput",
    "ModelConfig",
    "WordPieceTokenizer",
    "__version__",
    "encode",
    "from_pretrained",
    "save_pretrained",
]

_HOMES = {
    "SIZES": "config",
    "ModelConfig": "config",
    "Encoder": "encoder",
    "EncoderOutput": "encoder",
    "encode": "inference",
    "from_pretrained": "pretrained",
    "save_pretrained": "pretrained",
    "WordPieceTokenizer": "tokenizer",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
