"""What a sentence-transformers folder says beside the encoder: pooling, length, prompt, norm."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    """One of `minbert.pooling.POOLINGS`."""
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


def module_folders(path: Path) -> list[str]:
    """Folders of the modules of a `modules.json`, in order, with `/` behind; the encoder's first.

    Raises:
        ValueError: the modules are not an encoder, a pooling, and perhaps Normalize.
    """
    modules = read_json(path, list)
    kinds = []
    folders = []
    for module in modules:
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
        kinds.append(kind)
        place = module.get("path", "")
        folders.append(f"{inside(path, place)}/" if place != "" else "")
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Normalize"}:
        raise ValueError(
            f"{path}: its modules are {', '.join(kinds) or 'none'}, expected Transformer, Pooling "
            "and perhaps Normalize: minbert has no others"
        )
    return folders


def read_settings(path: Path) -> SentenceSettings:
    """Read a sentence-transformers folder.

    Args:
        path: its `modules.json`.

    Raises:
        FileNotFoundError: the pooling's file is missing.
        ValueError: it says something that cannot be done here; the sentence names file and option.
    """
    root = path.parent
    encoder, pooling, *norms = module_folders(path)
    for folder in norms:
        config_path = root / folder / "config.json"
        config = read_json(config_path) if config_path.exists() else {}
        for name in ("module_input_name", "module_output_name"):
            if config.get(name) not in ("sentence_embedding", None):
                raise ValueError(
                    f"{config_path}: {name} is {config[name]!r:.60}, expected 'sentence_embedding'"
                )
    prompt, prompts = _prompts(root / "config_sentence_transformers.json")
    length, lowercase = _length_and_case(root / encoder / "sentence_bert_config.json")
    return SentenceSettings(
        pooling=_pooling(root / pooling / "config.json", prompt),
        normalize=bool(norms),
        max_length=length,
        prompt=prompt,
        prompts=prompts,
        lowercase=lowercase,
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


def write_settings(folder: Path, settings: SentenceSettings, hidden_size: int) -> None:
    """Write the files that make a model's folder one of sentence-transformers, too."""
    kinds = ["Transformer", "Pooling", *(["Normalize"] if settings.normalize else [])]
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    pooling: dict[str, Any] = {"word_embedding_dimension": hidden_size}
    pooling |= {option: mode == settings.pooling for option, mode in MODES.items()}
    default = next((n for n, text in settings.prompts.items() if text == settings.prompt), None)
    files = {
        "modules.json": modules,
        "1_Pooling/config.json": pooling,
        "sentence_bert_config.json": {
            "max_seq_length": settings.max_length,
            "do_lower_case": settings.lowercase,
        },
        "config_sentence_transformers.json": {
            "prompts": settings.prompts,
            "default_prompt_name": default if settings.prompt else None,
        },
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
