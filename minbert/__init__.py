"""minBERT: BERT from scratch, and every stage of a paper that improves it.

The way of the data is the architecture:
sentences → word pieces → encoder → pooled vector → head → loss → training loop → checkpoint →
metrics → table / figure / widget.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING

from minbert import memory, threads
from minbert.faces import face

threads.prepare()  # before torch is imported
memory.prepare()

if TYPE_CHECKING:  # at run time a name is imported when it is first asked for, which keeps
    # `import minbert` quick: the command line answers Ctrl-C while torch is being loaded
    from minbert.attention import SelfAttention, scaled_dot_product_attention
    from minbert.config import SIZES, ModelConfig
    from minbert.encoder import AddAndNorm, Embeddings, Encoder, EncoderOutput, Layer, Pooler
    from minbert.heads import (
        MaskedLanguageModelHead,
        ParaphraseHead,
        SentimentHead,
        similarity_score,
    )
    from minbert.inference import encode, encode_stream
    from minbert.masking import BERT_RULE, IGNORE, PAPER_RULE, MaskingRule, mask_tokens
    from minbert.multitask import MultitaskBert
    from minbert.optimizer import AdamW, learning_rate_factor
    from minbert.pooling import pool
    from minbert.precision import resolve_precision
    from minbert.pretrained import (
        from_pretrained,
        has_mlm_head,
        load_mlm_head,
        save_pretrained,
        split_names,
    )
    from minbert.tasks import CFIMDB, QUORA, SST, STS, Label, Task
    from minbert.tokenizer import WordPieceTokenizer
    from minbert.weights import KNOWN, locate, verify
    from minbert.wordpiece import SPECIAL_TOKENS, train_vocabulary, wordpiece_backend

__all__, __getattr__, __dir__ = face(__name__, __file__)
