"""minBERT: BERT from scratch, and every stage of a paper that improves it.

The way of the data is the architecture:
sentences → word pieces → encoder → pooled vector → head → loss → training loop → checkpoint →
metrics → table / figure / widget.
"""

__version__ = "0.1.0"

from minbert import threads

threads.prepare()  # before torch is imported

from minbert.config import PRESETS, ModelConfig
from minbert.encoder import Encoder, EncoderOutput
from minbert.inference import encode
from minbert.pretrained import from_pretrained, save_pretrained
from minbert.tokenizer import WordPieceTokenizer

__all__ = [
    "PRESETS",
    "Encoder",
    "EncoderOutput",
    "ModelConfig",
    "WordPieceTokenizer",
    "__version__",
    "encode",
    "from_pretrained",
    "save_pretrained",
]
