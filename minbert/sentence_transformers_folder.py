"""What a sentence-transformers folder says beside the encoder: pooling, length, prompt, norm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from minbert.model_files import inside, read_json

MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Options of older pooling files, and what newer ones call them."""

SUPPORTED = ("cls", "mean", "max")
"""What a Pooling module may do here; the pooler is `cls` with a Dense behind it."""

DENSE_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Where a Dense module keeps its weights, the newer name first."""
TANH = "torch.nn.modules.activation.Tanh"

PLAIN: dict[str, tuple[Any, ...]] = {
    "transformer_task": ("feature-extraction", None),
    "module_output_name": ("token_embeddings", None),
    "modality_config": (
        {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
        {},
        None,
    ),
}
"""What `sentence_bert_config.json` may say besides length and case."""


@dataclass(frozen=True)
class SentenceSettings:
    """How an encoder's sentence vectors are meant: what `minbert.encode` does unless told."""

    pooling: str = "mean"
    """One of `minbert.pooling.EVERY_POOLING`."""
    normalize: bool = False
    """Whether vectors are scaled to length 1."""
    max_length: int | None = None
    """Longest row in word pieces, [CLS] and [SEP] included; None where the model's counts."""
    prompt: str = ""
    """Put before each sentence."""
    prompts: dict[str, str] = field(default_factory=dict)
    """All prompts by name; put one of them before a sentence yourself."""
    lowercase: bool = False
    """Whether text is lower-cased before the tokenizer sees it."""


@dataclass(frozen=True)
class Module:
    """One step of a sentence-transformers model."""

    kind: str
    """`Transformer`, `Pooling`, `Dense` or `Normalize`."""
    folder: str
    """Where its files are, with `/` behind; empty for the model's own folder."""


def read_modules(path: Path) -> list[Module]:
    """The modules of a `modules.json`, in order, the encoder's first.

    Raises:
        ValueError: they are not an encoder, a pooling, perhaps a Dense, and perhaps Normalize.
    """
    modules = []
    for module in read_json(path, list):
        if not isinstance(module, dict) or not isinstance(module.get("type"), str):
            raise ValueError(f"{path}: a module is {module!r:.80}, expected an object with a type")
        library, _, kind = module["type"].rpartition(".")
        if library.split(".")[0] != "sentence_transformers":
            raise ValueError(
                f"{path}: a module is {module['type']!r:.80}, expected one of "
                "sentence_transformers: no code of a folder is run"
            )
        if module.get("kwargs"):
            raise ValueError(
                f"{path}: the module {kind} takes {module['kwargs']!r:.80}, expected nothing"
            )
        place = module.get("path", "")
        modules.append(Module(kind, f"{inside(path, place)}/" if place != "" else ""))
    kinds = [module.kind for module in modules]
    after = kinds[3:] if kinds[2:3] == ["Dense"] else kinds[2:]
    if kinds[:2] != ["Transformer", "Pooling"] or set(after) - {"Normalize"}:
        raise ValueError(
            f"{path}: its modules are {', '.join(kinds) or 'none'}, expected Transformer, Pooling "
            "and perhaps Normalize, or between these one Dense: minbert has no others"
        )
    return modules


def dense_weights(path: Path) -> Path | None:
    """The weights of the Dense module that a `modules.json` names; None where it names none.

    Raises:
        FileNotFoundError: it names one, and the weights are not there.
    """
    dense = next((module for module in read_modules(path) if module.kind == "Dense"), None)
    if dense is None:
        return None
    files = [path.parent / dense.folder / name for name in DENSE_WEIGHTS]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"there is no {files[0]}, expected the weights of the Dense module")
    return found


def read_settings(path: Path) -> SentenceSettings:
    """Read a sentence-transformers folder.

    Args:
        path: its `modules.json`.

    Raises:
        FileNotFoundError: the pooling's file is missing.
        ValueError: it says something that cannot be done here; the sentence names file and option.
    """
    root = path.parent
    encoder, pooling, *others = read_modules(path)
    prompt, prompts = _prompts(root / "config_sentence_transformers.json")
    length, lowercase = _length_and_case(root / encoder.folder / "sentence_bert_config.json")
    mode = _pooling(root / pooling.folder / "config.json", prompt)
    for module in others:
        config_path = root / module.folder / "config.json"
        config = read_json(config_path) if config_path.exists() else {}
        for name in ("module_input_name", "module_output_name"):
            if config.get(name) not in ("sentence_embedding", None):
                raise ValueError(
                    f"{config_path}: {name} is {config[name]!r:.60}, expected 'sentence_embedding'"
                )
        if module.kind == "Dense":
            _check_dense(config_path, config, mode)
            mode = "pooler"
    return SentenceSettings(
        pooling=mode,
        normalize=any(module.kind == "Normalize" for module in others),
        max_length=length,
        prompt=prompt,
        prompts=prompts,
        lowercase=lowercase,
    )


def _check_dense(path: Path, config: Mapping[str, Any], mode: str) -> None:
    """BERT's pooler is tanh(dense([CLS])): a Dense that does nothing else is read as one."""
    said = {
        "activation_function": (config.get("activation_function"), TANH),
        "bias": (config.get("bias", True), True),
        "use_residual": (config.get("use_residual", False), False),
        "out_features": (config.get("out_features"), config.get("in_features")),
        "the pooling before it": (mode, "cls"),
    }
    for name, (got, expected) in said.items():
        if got != expected:
            raise ValueError(
                f"{path}: {name} is {got!r:.60}, expected {expected!r:.60}: the only Dense that "
                "minbert has is BERT's pooler, tanh over [CLS]"
            )


def _pooling(path: Path, prompt: str) -> str:
    config = read_json(path)
    said = config.get("pooling_mode")
    if said is None:
        for option in MODES:
            if not isinstance(config.get(option, False), bool):
                raise ValueError(f"{path}: {option} is {config[option]!r:.60}, expected a bool")
        said = [mode for option, mode in MODES.items() if config.get(option)] or ["mean"]
    modes = said if isinstance(said, list) else [said]
    if len(modes) != 1 or modes[0] not in SUPPORTED:
        raise ValueError(
            f"{path}: the pooling is {' and '.join(map(str, modes)):.120}, expected one of "
            f"{', '.join(SUPPORTED)}: minbert has no others and joins none"
        )
    if prompt and config.get("include_prompt", True) is not True:
        raise ValueError(
            f"{path}: include_prompt is {config['include_prompt']!r}, expected true: the prompt's "
            "pieces are pooled with the sentence's"
        )
    return modes[0]


def _length_and_case(path: Path) -> tuple[int | None, bool]:
    config = read_json(path) if path.exists() else {}
    length, lowercase = config.get("max_seq_length"), config.get("do_lower_case", False)
    if length is not None and (type(length) is not int or length < 3):
        raise ValueError(
            f"{path}: max_seq_length is {length!r:.60}, expected an integer from 3 up ([CLS], a "
            "piece, [SEP])"
        )
    if not isinstance(lowercase, bool):
        raise ValueError(f"{path}: do_lower_case is {lowercase!r:.60}, expected true or false")
    for name, value in config.items():
        if name in ("max_seq_length", "do_lower_case") or value in PLAIN.get(name, ()):
            continue
        if name in PLAIN or value:
            raise ValueError(
                f"{path}: {name} is {value!r:.80}, expected {PLAIN.get(name, ('nothing',))[0]!r}: "
                "minbert does not do this"
            )
    return length, lowercase


def _prompts(path: Path) -> tuple[str, dict[str, str]]:
    """The prompt that is put before each sentence, and all prompts by name."""
    config = read_json(path) if path.exists() else {}
    if config.get("model_type") not in ("SentenceTransformer", None):
        raise ValueError(
            f"{path}: model_type is {config['model_type']!r:.60}, expected 'SentenceTransformer'"
        )
    if config.get("truncate_dim") is not None:
        raise ValueError(
            f"{path}: truncate_dim is {config['truncate_dim']!r:.60}, expected null: vectors are "
            "not shortened here, take vectors[:, :n] yourself"
        )
    prompts = config.get("prompts") or {}
    texts = prompts.values() if isinstance(prompts, dict) else [prompts]
    if not isinstance(prompts, dict) or not all(isinstance(t, str | None) for t in texts):
        raise ValueError(f"{path}: prompts are {prompts!r:.80}, expected texts by name")
    prompts = {name: text or "" for name, text in prompts.items()}
    default = config.get("default_prompt_name")
    if default is None:
        return "", prompts
    if default not in prompts:
        raise ValueError(
            f"{path}: default_prompt_name is {default!r:.60}, expected one of the prompts: "
            f"{', '.join(prompts) or 'there are none'}"
        )
    return prompts[default], prompts


def write_settings(
    folder: Path, settings: SentenceSettings, max_length: int, pooler: Mapping[str, Tensor]
) -> None:
    """Write the files that make a model's folder one of sentence-transformers, too.

    They are in the form of version 2, which every later version reads. The pooling `pooler` is
    written as Pooling(cls) and Dense(tanh), which has the pooler's weights.

    Args:
        folder: that has the encoder's own files.
        settings: what is written.
        max_length: longest row in word pieces, [CLS] and [SEP] included.
        pooler: `weight` (hidden, hidden) and `bias` (hidden) of the pooler.
    """
    is_pooler = settings.pooling == "pooler"
    kinds = ["Transformer", "Pooling"] + ["Dense"] * is_pooler + ["Normalize"] * settings.normalize
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    mode = "cls" if is_pooler else settings.pooling
    hidden_size = len(pooler["bias"])
    pooling: dict[str, Any] = {"word_embedding_dimension": hidden_size}
    pooling |= {option: name == mode for option, name in MODES.items()}
    default = next((n for n, text in settings.prompts.items() if text == settings.prompt), None)
    files: dict[str, Any] = {
        "1_Pooling/config.json": pooling,
        "sentence_bert_config.json": {
            "max_seq_length": max_length,
            "do_lower_case": settings.lowercase,
        },
        "config_sentence_transformers.json": {
            "prompts": settings.prompts,
            "default_prompt_name": default if settings.prompt else None,
            "similarity_fn_name": "cosine",
        },
    }
    if is_pooler:
        files["2_Dense/config.json"] = {
            "in_features": hidden_size,
            "out_features": hidden_size,
            "bias": True,
            "activation_function": TANH,
        }
    files["modules.json"] = modules  # last: it names the others
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        if name == "2_Dense/config.json":
            weights = {f"linear.{part}": pooler[part].contiguous() for part in ("weight", "bias")}
            save_file(weights, folder / "2_Dense" / DENSE_WEIGHTS[0], metadata={"format": "pt"})
