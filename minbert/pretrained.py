"""Load and save models in the published BERT's own names."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from minbert import checks
from minbert.config import ModelConfig
from minbert.encoder import Encoder, initialise
from minbert.heads import MaskedLanguageModelHead
from minbert.memory import giving_back_from
from minbert.model_files import read_json
from minbert.pooling import EVERY_POOLING, POOLINGS
from minbert.sentence_transformers_folder import (
    SentenceSettings,
    dense_weights,
    read_settings,
    write_settings,
)
from minbert.tensor_files import copy_weights, read_tensors, tensor_names
from minbert.tokenizer import WordPieceTokenizer
from minbert.weights import Location, locate

logger = logging.getLogger(__name__)

WEIGHT_BYTES = 64 << 10
"""From here on a weight gives its memory back when it is let go."""
HEAD_PREFIX = "cls.predictions."
HEADS_FILE = "heads.safetensors"
"""Trained heads of tasks, and in its metadata which pooling they read."""
DECODER = "decoder.weight"
ENCODER_PARTS = ("embeddings.", "encoder.", "pooler.")
"""Beginnings of the names of an encoder's tensors."""
STORED_IDS = ("embeddings.position_ids", "embeddings.token_type_ids")
"""Constants that old files store beside the weights."""


def from_pretrained(
    name: str | Path | Location, revision: str | None = None
) -> tuple[Encoder, WordPieceTokenizer]:
    """Load an encoder, in eval mode, and its tokenizer.

    What a sentence-transformers folder says of pooling, length, prompt and norm is kept as
    `encoder.sentence_settings`, which `minbert.encode` follows. Where trained heads lie beside the
    encoder, as in a checkpoint of `minbert reproduce`, its pooling is the one that they read.

    Args:
        name: `tiny` (shipped with this package), `minilm`, `bert-base`, a folder, or a hub id; or
            what `minbert.weights.locate` found of it, which spares looking and verifying again.
        revision: commit, tag or branch of a hub id, which `owner/model@revision` says as well;
            without, what `main` is now.

    Raises:
        FileNotFoundError: nothing of that name can be found or fetched.
        OSError: the hub refuses or fails.
        ValueError: the files are not those of a BERT encoder; the sentence says what is wrong.
    """
    location = _located(name, revision)
    config = read_config(location)
    settings = read_settings(location.modules) if location.modules else None
    tokenizer = WordPieceTokenizer.load(location.tokenizer)
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"{location.tokenizer} has {tokenizer.vocab_size} word pieces, the model only "
            f"{config.vocab_size}: these files do not belong together"
        )
    if tokenizer.model_max_length > config.max_position_embeddings:
        tokenizer.model_max_length = config.max_position_embeddings
    weights, _ = split_names(read_tensors(location.weights))
    if location.modules and (dense := dense_weights(location.modules)):
        _take_pooler(weights, dense)
    _check_sizes(config, weights, str(location.weights))
    with giving_back_from(WEIGHT_BYTES):
        encoder = Encoder(config).to_empty(device="cpu")  # holds memory again once weights come
    _load_encoder(encoder, weights, location)
    if settings is not None:
        if settings.lowercase:
            tokenizer = tokenizer.lower_casing()
        encoder.sentence_settings = replace(settings, lowercase=False)  # the tokenizer does it
        encoder.pooling = settings.pooling
    if (pooling := _pooling_of_heads(location.weights)) is not None:
        encoder.pooling = pooling
        if settings is not None:  # heads read the bare vector
            encoder.sentence_settings = replace(encoder.sentence_settings, normalize=False)
    return encoder.eval(), tokenizer


def _take_pooler(weights: dict[str, Tensor], path: Path) -> None:
    """Put the Dense of a sentence-transformers folder in the pooler's place: it makes the vectors.

    Where the checkpoint has a pooler of other weights, as after a training in that library, the
    log says that it is left out.
    """
    dense = read_tensors(path)
    for part in ("weight", "bias"):
        if (name := f"linear.{part}") not in dense:
            raise ValueError(f"{path} holds {', '.join(dense) or 'nothing'}, expected {name}")
        own = weights.get(f"pooler.dense.{part}")
        if own is not None and not torch.equal(own.float(), dense[name].float()):
            logger.warning("pooler.dense.%s is left out: %s has another", part, path)
        weights[f"pooler.dense.{part}"] = dense[name]


def _pooling_of_heads(weights: Path) -> str | None:
    """Which vector the trained heads beside an encoder read; None where there are none."""
    path = weights.with_name(HEADS_FILE)
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            pooling = (file.metadata() or {}).get("pooling")
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read ({error}): cut off or altered?") from error
    if pooling is not None:
        checks.one_of(f"{path}: pooling", pooling, POOLINGS)
    return pooling


def _located(name: str | Path | Location, revision: str | None = None) -> Location:
    return name if isinstance(name, Location) else locate(name, revision)


def has_mlm_head(name: str | Path | Location) -> bool:
    """Whether a checkpoint brings a trained masked-language-model head.

    Args:
        name: as for `from_pretrained`. `tiny` and `bert-base` have one, `minilm` has none.
    """
    names = tensor_names(_located(name).weights)
    return any(part.startswith(HEAD_PREFIX) for part in names)


def load_mlm_head(
    name: str | Path | Location, encoder: Encoder, generator: torch.Generator | None = None
) -> MaskedLanguageModelHead:
    """The masked-language-model head of a checkpoint, or a fresh one where it has none.

    A fresh head is said in the log: its predictions mean nothing until it is trained.

    Args:
        name: as for `from_pretrained`.
        encoder: whose word embeddings the head will read.
        generator: for the weights of a fresh head.

    Raises:
        ValueError: the checkpoint's decoder is not tied to its word embeddings, or a tensor is
            missing or of another shape.
    """
    head = MaskedLanguageModelHead(encoder.config, generator)
    path = _located(name).weights
    body, weights = split_names(read_tensors(path))
    if not weights:
        logger.warning("%s has no masked-language-model head: a fresh one is used, untrained", path)
        return head.eval()
    decoder = weights.pop(DECODER, None)
    weights.setdefault("bias", weights.pop("decoder.bias", torch.zeros(0)))
    weights.pop("decoder.bias", None)
    words = body.get("embeddings.word_embeddings.weight")
    if decoder is not None and (words is None or not torch.equal(decoder, words)):
        raise ValueError(f"the decoder of {path} is not tied to its word embeddings: unsupported")
    _load_strictly(head, weights, f"the masked-language-model head of {path}")
    return head.eval()


def save_pretrained(
    folder: str | Path,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    mlm_head: MaskedLanguageModelHead | None = None,
    pooling: str | None = None,
) -> None:
    """Write `config.json`, `model.safetensors`, `tokenizer.json` as Hugging Face names them.

    With a head the file is that of a `BertForMaskedLM` (`bert.*`, `cls.predictions.*`), without
    one that of a `BertModel`. The weights file appears last and in one move. Where it is known how
    sentence vectors are made, the folder is one of sentence-transformers, too, which gives the
    same vectors: see `write_sentence_files`.

    Args:
        folder: made if need be; files of these names are replaced.
        encoder: written as it is.
        tokenizer: the encoder's own.
        mlm_head: of the encoder.
        pooling: one of `minbert.pooling.EVERY_POOLING`, for bare vectors of it; without, what the
            encoder was made for (`encoder.pooling`, its length, prompts and norm), if it says so.

    Raises:
        ValueError: an unknown pooling.
    """
    if pooling is not None:
        checks.one_of("pooling", pooling, EVERY_POOLING)
    config = encoder.config.to_dict()
    weights = dict(encoder.state_dict())
    if mlm_head is not None:
        config["architectures"] = ["BertForMaskedLM"]
        weights = {f"bert.{name}": tensor for name, tensor in weights.items()}
        weights |= {HEAD_PREFIX + name: value for name, value in mlm_head.state_dict().items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_sentence_files(folder, encoder, tokenizer, pooling)
    write_model(folder, config, weights, tokenizer)


def write_model(
    folder: str | Path,
    config: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    tokenizer: WordPieceTokenizer,
) -> None:
    """Write `config.json`, tokenizer and `model.safetensors`, which appears last and in one move.

    Args:
        folder: made if need be; files of these names are replaced.
        config: as Hugging Face has it.
        weights: by the names of its class.
        tokenizer: of the model, whose rows are no longer than `max_position_embeddings`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer.save(folder, min(tokenizer.model_max_length, config["max_position_embeddings"]))
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    partial = folder / ".model.safetensors.minbert-part"  # no user's file has such a name
    try:
        save_file(contiguous, partial, metadata={"format": "pt"})
        # safetensors writes for nobody else; the configuration has what the umask gives.
        partial.chmod((folder / "config.json").stat().st_mode & 0o777)
        os.replace(partial, folder / "model.safetensors")
    finally:
        partial.unlink(missing_ok=True)


def write_sentence_files(
    folder: str | Path,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    pooling: str | None = None,
) -> None:
    """Make a folder that holds an encoder one of sentence-transformers, if the pooling is known.

    `SentenceTransformer(folder)` then gives the vectors of `minbert.encode`. Nothing is written for
    an encoder of which nobody knows the pooling: that library would take the mean, in silence.

    Args:
        folder: with the encoder's files.
        encoder, tokenizer, pooling: as for `save_pretrained`.
    """
    settings = getattr(encoder, "sentence_settings", None) or SentenceSettings()
    if pooling is not None:
        settings = replace(settings, pooling=pooling, normalize=False)
    elif encoder.pooling is not None:
        settings = replace(settings, pooling=encoder.pooling)
    else:
        (Path(folder) / "modules.json").unlink(missing_ok=True)  # of an earlier model there
        return
    positions = encoder.config.max_position_embeddings
    pooler = {
        name: value.detach().float().cpu()
        for name, value in encoder.pooler.dense.named_parameters()
    }
    length = min(settings.max_length or tokenizer.model_max_length, positions)
    write_settings(Path(folder), settings, length, pooler)


def split_names(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Encoder weights and MLM-head weights of a checkpoint, under this package's names.

    Takes off the prefix `bert.` of task models, renames LayerNorm's gamma and beta of old files,
    and leaves out what belongs to neither: the heads of other tasks and all that is outside
    the encoder, which the log names, and stored position ids.
    """
    body, head, left = {}, {}, []
    is_task_model = any(name.startswith("bert.") for name in state)
    for name, tensor in state.items():
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        if name.startswith(HEAD_PREFIX):
            head[name.removeprefix(HEAD_PREFIX)] = tensor
            continue
        bare = name.removeprefix("bert.")
        if bare in STORED_IDS:
            continue
        if not bare.startswith(ENCODER_PARTS) or (is_task_model and bare == name):
            left.append(name)
        else:
            body[bare] = tensor
    if left:
        logger.warning("left out, no part of the encoder: %s", _some(left))
    return body, head


def _some(names: list[str], most: int = 8) -> str:
    """The first names of many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def read_config(name: str | Path | Location) -> ModelConfig:
    """The sizes of a model, without its weights.

    Args, raises: as for `from_pretrained`.
    """
    path = _located(name).config
    values = read_json(path)
    try:
        return ModelConfig.from_dict(values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_sizes(config: ModelConfig, weights: Mapping[str, Tensor], what: str) -> None:
    """Hold the configuration against the file before it is given memory: it may be a mistake."""
    hidden, inner = config.hidden_size, config.intermediate_size
    last = config.num_hidden_layers - 1
    rows = {
        "embeddings.word_embeddings.weight": config.vocab_size,
        "embeddings.position_embeddings.weight": config.max_position_embeddings,
        "embeddings.token_type_embeddings.weight": config.type_vocab_size,
        "encoder.layer.0.intermediate.dense.weight": inner,
        f"encoder.layer.{last}.intermediate.dense.weight": inner,
    }
    expected = {name: torch.empty(count, hidden, device="meta") for name, count in rows.items()}
    _check_fit(expected, {name: weights[name] for name in rows if name in weights}, what)


def _load_encoder(encoder: Encoder, weights: dict[str, Tensor], location: Location) -> None:
    if not any(name.startswith("pooler.") for name in weights):
        logger.warning("%s has no pooler: a fresh one is used, untrained", location.weights.parent)
        initialise(
            encoder.pooler,
            encoder.config.initializer_range,
            torch.Generator().manual_seed(0),
        )
        weights |= {f"pooler.{name}": value for name, value in encoder.pooler.state_dict().items()}
    _load_strictly(encoder, weights, str(location.weights))


def _load_strictly(module: torch.nn.Module, weights: dict[str, Tensor], what: str) -> None:
    """Copy all weights into a module, which empties the dict, or say which ones do not fit."""
    _check_fit(module.state_dict(), weights, what)
    copy_weights(module.state_dict(), weights, what)


def _check_fit(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor], what: str) -> None:
    shapes = [
        f"{name} is {tuple(weights[name].shape)}, expected {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    problems = {
        "missing": sorted(expected.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - expected.keys()),
        "of another shape": shapes,
    }
    said = [
        f"{len(names)} tensors {kind} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for kind, names in problems.items()
        if names
    ]
    if said:
        raise ValueError(f"{what} does not fit the model: {'; '.join(said)}")
