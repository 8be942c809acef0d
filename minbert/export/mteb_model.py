"""Our encoders in mteb, the benchmark of sentence vectors, and our data as a task of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.data.examples import PairExample
from minbert.encoder import Encoder
from minbert.inference import encode, longest_row
from minbert.tokenizer import WordPieceTokenizer


def _mteb() -> ModuleType:
    try:
        import mteb
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{error.name} is not installed: `pip install mteb` (2.x) brings the benchmark"
        ) from error
    return mteb


class MtebEncoder:
    """What `mteb.evaluate(MtebEncoder(encoder, tokenizer), tasks)` asks of a model.

    Sentences become vectors as `minbert.encode` makes them; similarity is the cosine. Prompts of
    tasks are not used: BERT was not trained with any.

    Args:
        encoder: as for `minbert.encode`.
        tokenizer: the encoder's own.
        name: under which mteb keeps results, `owner/model`; give another to another model.
        revision: likewise.
        pooling, precision: as for `minbert.encode`.
    """

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: WordPieceTokenizer,
        name: str = "minbert/encoder",
        revision: str = "local",
        pooling: str | None = None,
        precision: str = "auto",
    ) -> None:
        self.encoder, self.tokenizer = encoder, tokenizer
        self.name, self.revision = name, revision
        self.pooling, self.precision = pooling, precision

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb writes beside the results; of what nobody knows here, such as the licence,
        nothing is said."""
        _mteb()
        from mteb.models.model_meta import ModelMeta, ScoringFunction

        weights = [parameter.numel() for parameter in self.encoder.parameters()]
        embeddings = self.encoder.embeddings.word_embeddings.weight.numel()
        return ModelMeta(
            loader=None,
            name=self.name,
            revision=self.revision,
            release_date=None,
            languages=None,
            n_parameters=sum(weights),
            n_embedding_parameters=embeddings,
            memory_usage_mb=sum(weights) * 4 / 2**20,
            max_tokens=longest_row(self.encoder, self.tokenizer),
            embed_dim=self.encoder.config.hidden_size,
            license=None,
            open_weights=None,
            public_training_code=None,
            public_training_data=None,
            framework=["PyTorch"],
            similarity_fn_name=ScoringFunction.COSINE,
            use_instructions=False,
            training_datasets=None,
        )

    def encode(self, inputs: Iterable[Mapping[str, Any]], **options: Any) -> np.ndarray:
        """Vectors of batches of texts.

        Args:
            inputs: batches with their texts under `text`.
            options: what mteb says of task, split and prompt; not used.

        Returns:
            (n, hidden_size) float32.
        """
        texts = [text for batch in inputs for text in batch["text"]]
        return encode(texts, self.encoder, self.tokenizer, self.pooling, self.precision)

    def similarity(self, embeddings1: Any, embeddings2: Any) -> Tensor:
        """The cosine of each vector of one array with each of the other, (n, m)."""
        return _normalised(embeddings1) @ _normalised(embeddings2).T

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Tensor:
        """The cosine of each vector with the one at its place in the other array, (n)."""
        return (_normalised(embeddings1) * _normalised(embeddings2)).sum(dim=-1)


def _normalised(vectors: Any) -> Tensor:
    return F.normalize(torch.as_tensor(vectors).float(), dim=-1)


def similarity_task(
    examples: Sequence[PairExample],
    name: str = "LocalSTS",
    lowest: float = 0,
    highest: float = 5,
    languages: Sequence[str] = ("eng-Latn",),
) -> Any:
    """A task of mteb made of own scored pairs; nothing is downloaded.

    Args:
        examples: pairs whose labels are scores.
        name: of the task, under which mteb keeps results.
        lowest, highest: of the scale.
        languages: of the texts, as mteb names them.

    Raises:
        ValueError: mteb is not installed, or fewer than three pairs have a score.
    """
    scored = [example for example in examples if example.label is not None]
    if len(scored) < 3:
        raise ValueError(f"examples must hold three scored pairs at least, got {len(scored)}")
    _mteb()
    from datasets import Dataset, DatasetDict
    from mteb.abstasks.sts import AbsTaskSTS
    from mteb.abstasks.task_metadata import TaskMetadata

    columns = {
        "sentence1": [example.sentence1 for example in scored],
        "sentence2": [example.sentence2 for example in scored],
        "score": [float(example.label) for example in scored],
    }

    class LocalSimilarity(AbsTaskSTS):
        metadata = TaskMetadata(
            name=name,
            description="Scored pairs of sentences that lie on this machine.",
            dataset={"path": "local/data", "revision": "local"},
            type="STS",
            category="t2t",
            modalities=["text"],
            eval_splits=["test"],
            eval_langs=list(languages),
            main_score="cosine_spearman",
        )
        min_score, max_score = lowest, highest

        def load_data(self, **options: Any) -> None:
            self.dataset = DatasetDict({"test": Dataset.from_dict(columns)})
            self.data_loaded = True

    return LocalSimilarity()
