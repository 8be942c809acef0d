"""minBERT: BERT from scratch, and every stage of a paper that improves it.

The way of the data is the architecture:
sentences → word pieces → encoder → pooled vector → head → loss → training loop → checkpoint →
metrics → table / figure / widget.
"""

from minbert.config import PRESETS, ModelConfig
from minbert.encoder import Encoder, EncoderOutput

__version__ = "0.1.0"
__all__ = ["PRESETS", "Encoder", "EncoderOutput", "ModelConfig", "__version__"]
