"""What a user would train with instead: transformers and sentence-transformers, as documented.

Each rival is made from the files of one of our models, has the same starting weights, and runs one
pass over the same sentences. `run` gives the real word pieces that were read and the mean loss.
"""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.precision import autocast
from minbert.weights import locate

CPU = torch.device("cpu")
LEARNING_RATE = 1e-5
"""Of everybody, so that all losses stay beside each other."""
SCALE = 20.0
"""Of the ranking loss: the default of sentence-transformers."""


def masked_language_model(
    name: str, encoder: Encoder, head: MaskedLanguageModelHead, dropout: float
) -> BertForMaskedLM:
    """Their model with our weights."""
    config = BertConfig.from_json_file(str(locate(name).config))
    config.hidden_dropout_prob = dropout
    model = BertForMaskedLM(config)
    model.bert.load_state_dict(
        {key: value for key, value in encoder.state_dict().items() if "pooler" not in key}
    )
    theirs = model.cls.predictions
    theirs.transform.load_state_dict(head.transform.state_dict())
    with torch.no_grad():
        theirs.bias.copy_(head.bias)
    return model


class MaskedTraining:
    """Masked-language-model training with transformers.

    Args:
        name: of the model whose tokenizer it takes.
        model: is trained in place.
        rows: word pieces of each sentence.
        batch_size: sentences.
        precision: `fp32` or `bf16` (autocast).
        tuned: sentences of similar length together and the fused AdamW, as their documentation
            advises; without, the loop as one writes it first.
    """

    def __init__(
        self,
        name: str,
        model: BertForMaskedLM,
        rows: Sequence[list[int]],
        batch_size: int,
        precision: str,
        tuned: bool,
    ) -> None:
        self.model, self.precision = model, precision
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(locate(name).tokenizer),
            pad_token="[PAD]",
            mask_token="[MASK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            unk_token="[UNK]",
        )
        data = [{"input_ids": ids} for ids in rows]
        order: dict[str, Any] = {"shuffle": True}
        if tuned:
            lengths = list(map(len, rows))
            order = {"sampler": LengthGroupedSampler(batch_size, lengths=lengths)}
        self.batches = DataLoader(
            data,
            batch_size,
            collate_fn=DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15),
            **order,
        )
        fused = {"fused": True} if tuned else {}
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, **fused)

    def run(self) -> tuple[int, float]:
        """One epoch."""
        self.model.train()
        tokens, losses = 0, []
        for batch in self.batches:
            tokens += int(batch["attention_mask"].sum())
            with autocast(self.precision, CPU):
                loss = self.model(**batch).loss
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            losses.append(loss.detach())
        return tokens, torch.stack(losses).mean().item()


def has_trainer() -> bool:
    """Whether SentenceTransformerTrainer can run: it needs datasets and accelerate."""
    return all(importlib.util.find_spec(name) for name in ("datasets", "accelerate"))


class RankingTraining:
    """MultipleNegativesRankingLoss of sentence-transformers, in its own trainer if that runs here.

    Without the packages its trainer asks for, the same loss in the loop that its `fit` had: both
    sides padded as they come, AdamW.

    Args:
        name: of the model.
        pairs: of similar sentences.
        batch_size: pairs.
        precision: `fp32` or `bf16`.
        chunk: sentences of a chunk of CachedMultipleNegativesRankingLoss; None: the plain loss.
        trainer: whether to take the trainer.
    """

    def __init__(
        self,
        name: str,
        pairs: Sequence[tuple[str, str]],
        batch_size: int,
        precision: str,
        chunk: int | None = None,
        trainer: bool = True,
    ) -> None:
        from sentence_transformers import SentenceTransformer

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the losses are to be imported from
            from sentence_transformers.losses import (
                CachedMultipleNegativesRankingLoss,
                MultipleNegativesRankingLoss,
            )
        self.pairs, self.batch_size, self.precision = list(pairs), batch_size, precision
        self.model = SentenceTransformer(str(locate(name).weights.parent), device="cpu")
        if chunk is None:
            self.loss = MultipleNegativesRankingLoss(self.model, scale=SCALE)
        else:
            self.loss = CachedMultipleNegativesRankingLoss(
                self.model, scale=SCALE, mini_batch_size=chunk
            )
        self.trainer = trainer
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LEARNING_RATE, fused=True)

    def loss_of(self, pairs: Sequence[tuple[str, str]], precision: str | None = None) -> Tensor:
        """Of one batch, as the model stands; in the training's precision, or another."""
        tokenize = getattr(self.model, "preprocess", None) or self.model.tokenize
        sides = [tokenize(list(side)) for side in zip(*pairs, strict=True)]
        with autocast(precision or self.precision, CPU):
            return self.loss(sides, None)

    def run(self) -> tuple[int, float]:
        """One epoch; word pieces are counted by who knows them."""
        self.model.train()
        if self.trainer:
            return 0, self._run_trainer()
        order = torch.randperm(len(self.pairs)).tolist()
        losses = []
        for start in range(0, len(order), self.batch_size):
            loss = self.loss_of([self.pairs[at] for at in order[start : start + self.batch_size]])
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            losses.append(loss.detach())
        return 0, torch.stack(losses).mean().item()

    def _run_trainer(self) -> float:
        from datasets import Dataset
        from sentence_transformers import (
            SentenceTransformerTrainer,
            SentenceTransformerTrainingArguments,
        )

        first, second = zip(*self.pairs, strict=True)
        with tempfile.TemporaryDirectory() as folder:
            choices = SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=self.batch_size,
                learning_rate=LEARNING_RATE,
                lr_scheduler_type="constant",
                bf16=self.precision == "bf16",
                use_cpu=True,
                dataloader_pin_memory=False,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
            )
            data = Dataset.from_dict({"anchor": first, "positive": second})
            trainer = SentenceTransformerTrainer(self.model, choices, data, loss=self.loss)
            return trainer.train().training_loss


def dropout_off(model: nn.Module) -> None:
    """For a comparison of losses: nothing is drawn."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
