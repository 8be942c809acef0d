"""Load and save models in the published BERT's own names."""

from __future__ import annotations

import json
import logging
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from minbert.config import ModelConfig
from minbert.encoder import Encoder, initialise
from minbert.heads import MaskedLanguageModelHead
from minbert.tokenizer import WordPieceTokenizer
from minbert.weights import Location, locate

logger = logging.getLogger(__name__)

HEAD_PREFIX = "cls.predictions."
DECODER = "decoder.weight"


def from_pretrained(name: str | Path) -> tuple[Encoder, WordPieceTokenizer]:
    """Load an encoder, in eval mode, and its tokenizer.

    Args:
        name: `tiny` (shipped with this package), `minilm`, `bert-base`, a folder, or a hub id.

    Raises:
        FileNotFoundError: nothing of that name can be found or fetched.
        ValueError: the files are not those of a BERT encoder; the sentence says what is wrong.
    """
    location = locate(str(name))
    config = _read_config(location.config)
    tokenizer = WordPieceTokenizer.load(location.tokenizer)
    if tokenizer.vocab_size > config.vocab_size:
        raise ValueError(
            f"{location.tokenizer} has {tokenizer.vocab_size} word pieces, the model only "
            f"{config.vocab_size}: these files do not belong together"
        )
    weights, _ = split_names(_read_weights(location.weights))
    encoder = Encoder(config)
    _load_encoder(encoder, weights, location)
    return encoder.eval(), tokenizer


def has_mlm_head(name: str | Path) -> bool:
    """Whether a checkpoint brings a trained masked-language-model head.

    Args:
        name: as for `from_pretrained`. `tiny` and `bert-base` have one, `minilm` has none.
    """
    return bool(split_names(_read_weights(locate(str(name)).weights))[1])


def load_mlm_head(
    name: str | Path, encoder: Encoder, generator: torch.Generator | None = None
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
    body, weights = split_names(_read_weights(locate(str(name)).weights))
    if not weights:
        logger.warning("%s has no masked-language-model head: a fresh one is used, untrained", name)
        return head.eval()
    decoder = weights.pop(DECODER, None)
    weights.setdefault("bias", weights.pop("decoder.bias", torch.zeros(0)))
    weights.pop("decoder.bias", None)
    words = body["embeddings.word_embeddings.weight"]
    if decoder is not None and not torch.equal(decoder, words):
        raise ValueError(f"the decoder of {name} is not tied to its word embeddings: unsupported")
    _load_strictly(head, weights, f"the masked-language-model head of {name}")
    return head.eval()


def save_pretrained(
    folder: str | Path,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    mlm_head: MaskedLanguageModelHead | None = None,
) -> None:
    """Write `config.json`, `model.safetensors`, `tokenizer.json` as Hugging Face names them.

    With a head the file is that of a `BertForMaskedLM` (`bert.*`, `cls.predictions.*`), without
    one that of a `BertModel`. The weights file appears last and in one move.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = encoder.config.to_dict()
    weights = dict(encoder.state_dict())
    if mlm_head is not None:
        config["architectures"] = ["BertForMaskedLM"]
        weights = {f"bert.{name}": tensor for name, tensor in weights.items()}
        weights |= {HEAD_PREFIX + name: value for name, value in mlm_head.state_dict().items()}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer.save(folder)
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    partial = folder / "model.safetensors.partial"
    save_file(contiguous, partial, metadata={"format": "pt"})
    # safetensors writes for nobody else; the configuration has what the umask gives.
    partial.chmod((folder / "config.json").stat().st_mode & 0o777)
    os.replace(partial, folder / "model.safetensors")


def split_names(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Encoder weights and MLM-head weights of a checkpoint, under this package's names.

    Takes off the prefix `bert.` of task models, renames LayerNorm's gamma and beta of old files,
    and leaves out what belongs to neither (the next-sentence head, stored position ids).
    """
    body, head, left = {}, {}, []
    for name, tensor in state.items():
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        if name.startswith(HEAD_PREFIX):
            head[name.removeprefix(HEAD_PREFIX)] = tensor
            continue
        bare = name.removeprefix("bert.")
        if bare == "embeddings.position_ids" or name.startswith("cls."):
            left.append(name)
        else:
            body[bare] = tensor
    if left:
        logger.debug("left out of the checkpoint: %s", ", ".join(left))
    return body, head


def _read_config(path: Path) -> ModelConfig:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("it holds no object")
        return ModelConfig.from_dict(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file, or of an old PyTorch file, in which nothing is executed."""
    try:
        if path.suffix == ".safetensors":
            return _mapped(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is no readable weights file: {reason}") from error


def _mapped(path: Path) -> dict[str, Tensor]:
    """Tensors that are read from the file when they are used, each through a mapping of its own.

    Whoever copies one and lets go of it frees its memory, so that no model is there twice.
    """

    def one(name: str) -> Tensor:
        with safe_open(path, framework="pt") as file:
            return file.get_tensor(name)

    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
    return {name: one(name) for name in names}


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


@torch.no_grad()
def _load_strictly(module: torch.nn.Module, weights: dict[str, Tensor], what: str) -> None:
    """Copy all weights into a module, which empties the dict, or say which ones do not fit."""
    expected = module.state_dict()
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
    for name, tensor in expected.items():
        tensor.copy_(weights.pop(name))
