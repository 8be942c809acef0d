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
    from minbert.attention import (
        SelfAttention as SelfAttention,
        scaled_dot_product_attention as scaled_dot_product_attention,
    )
    from minbert.config import SIZES as SIZES, ModelConfig as ModelConfig
    from minbert.encoder import (
        AddAndNorm as AddAndNorm,
        Embeddings as Embeddings,
        Encoder as Encoder,
        EncoderOutput as EncoderOutput,
        Layer as Layer,
        Pooler as Pooler,
    )
    from minbert.heads import (
        MaskedLanguageModelHead as MaskedLanguageModelHead,
        ParaphraseHead as ParaphraseHead,
        SentimentHead as SentimentHead,
        similarity_score as similarity_score,
    )
    from minbert.inference import encode as encode, encode_stream as encode_stream
    from minbert.masking import (
        BERT_RULE as BERT_RULE,
        IGNORE as IGNORE,
        PAPER_RULE as PAPER_RULE,
        MaskingRule as MaskingRule,
        mask_tokens as mask_tokens,
    )
    from minbert.multitask import MultitaskBert as MultitaskBert
    from minbert.optimizer import (
        AdamW as AdamW,
        learning_rate_factor as learning_rate_factor,
    )
    from minbert.pooling import pool as pool
    from minbert.precision import resolve_precision as resolve_precision
    from minbert.pretrained import (
        from_pretrained as from_pretrained,
        has_mlm_head as has_mlm_head,
        load_mlm_head as load_mlm_head,
        save_pretrained as save_pretrained,
        split_names as split_names,
    )
    from minbert.tasks import (
        CFIMDB as CFIMDB,
        QUORA as QUORA,
        SST as SST,
        STS as STS,
        Label as Label,
        Task as Task,
    )
    from minbert.tokenizer import WordPieceTokenizer as WordPieceTokenizer
    from minbert.weights import KNOWN as KNOWN, locate as locate, verify as verify
    from minbert.wordpiece import (
        SPECIAL_TOKENS as SPECIAL_TOKENS,
        train_vocabulary as train_vocabulary,
        wordpiece_backend as wordpiece_backend,
    )

__all__, __getattr__, __dir__ = face(__name__, __file__)
