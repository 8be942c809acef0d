"""What the files beside a vocabulary say: every option that changes ids, read or refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from minbert.model_files import read_json
from minbert.wordpiece import SPECIAL_TOKENS

logger = logging.getLogger(__name__)

OPTION_FILES = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")

ROLES = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL_TOKENS, strict=True))
"""What the special tokens are for, and their names where nothing is said."""

ONLY: dict[str, tuple[Any, ...]] = {
    "do_basic_tokenize": (True, None),
    "padding_side": ("right", None),
    "truncation_side": ("right", None),
    "truncation_strategy": ("longest_first", None),
    "split_special_tokens": (False, None),
    "wordpieces_prefix": ("##", None),
    "add_bos_token": (False, None),
    "add_eos_token": (False, None),
    "add_prefix_space": (False, None),
    "word_tokenizer_type": ("basic", None),
    "subword_tokenizer_type": ("wordpiece", None),
    "tokenizer_class": (
        "BertTokenizer",
        "BertTokenizerFast",
        "PreTrainedTokenizerFast",
        "TokenizersBackend",
        None,
    ),
}
"""Options that change ids, and the values that mean what is done here."""

ATTRIBUTES = ("content", "single_word", "lstrip", "rstrip", "normalized", "special")


@dataclass(frozen=True)
class TokenizerOptions:
    """What is said; a field that nothing is said of is None or empty."""

    lowercase: bool | None = None
    strip_accents: bool | None = None
    """None where `lowercase` decides, and where nothing is said: see `says_strip_accents`."""
    says_strip_accents: bool = False
    split_chinese: bool | None = None
    special: tuple[str, ...] = SPECIAL_TOKENS
    """What stands for [PAD], [UNK], [CLS], [SEP] and [MASK]."""
    added: dict[int, AddedToken] = field(default_factory=dict)
    """Tokens beside the vocabulary, under their ids."""
    extra: tuple[str, ...] = ()
    """Further special tokens; those that the vocabulary lacks get the next ids."""
    model_max_length: int | None = None
    """Longest row, [CLS] and [SEP] included."""
    file_decides: bool = False
    """Whether these options leave a tokenizer.json as it is (a class that is not BERT's own)."""


def read_options(folder: Path) -> TokenizerOptions:
    """Read `OPTION_FILES` of a folder, those that are there.

    Raises:
        ValueError: an option is of the wrong type, two files contradict each other, or it asks
            for what is not done here; the sentence names file and option.
    """
    path, map_path, added_path = (folder / name for name in OPTION_FILES)
    config = read_json(path) if path.exists() else {}
    named = read_json(map_path) if map_path.exists() else {}
    for name, allowed in ONLY.items():
        if not any(type(config.get(name)) is type(a) and config.get(name) == a for a in allowed):
            raise ValueError(
                f"{path}: {name} is {config[name]!r:.60}, expected "
                f"{' or '.join(repr(value) for value in allowed if value is not None)}: "
                "another option would give other ids, and only BERT's are made here"
            )
    if config.get("auto_map"):
        logger.warning("auto_map in %s is ignored: no code of a model is run", path)
    special = tuple(
        _special(role, default, config, path, named, map_path) for role, default in ROLES.items()
    )
    added = _added(config.get("added_tokens_decoder"), path, added_path)
    extra = _extra(config, path) + _extra(named, map_path)
    never = config.get("never_split")
    whole = {*special, *extra, *(token.content for token in added.values())}
    if never is not None and not (isinstance(never, list) and set(map(str, never)) <= whole):
        raise ValueError(
            f"{path}: never_split is {never!r:.60}, expected nothing but special or added tokens: "
            "other words are split as all are"
        )
    return TokenizerOptions(
        lowercase=_bool(config, "do_lower_case", path),
        strip_accents=_bool(config, "strip_accents", path, or_null=True),
        says_strip_accents="strip_accents" in config,
        split_chinese=_bool(config, "tokenize_chinese_chars", path),
        special=special,
        added=added,
        extra=tuple(dict.fromkeys(name for name in extra if name not in special)),
        model_max_length=_longest(config.get("model_max_length"), path),
        file_decides=config.get("tokenizer_class") in ONLY["tokenizer_class"][2:4],
    )


def _bool(config: dict, name: str, path: Path, or_null: bool = False) -> bool | None:
    value = config.get(name)
    if isinstance(value, bool) or (value is None and (or_null or name not in config)):
        return value
    raise ValueError(f"{path}: {name} is {value!r:.60}, expected true or false")


def _longest(value: Any, path: Path) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 3:
        raise ValueError(
            f"{path}: model_max_length is {value!r:.60}, expected an integer from 3 up ([CLS], a "
            "piece, [SEP])"
        )
    return int(min(value, 1 << 31))  # transformers writes 1e30 for "no limit"


def _name(value: Any, option: str, path: Path) -> str:
    """The text of a token that a file writes as a string or as an object with attributes."""
    content = value.get("content") if isinstance(value, dict) else value
    if not isinstance(content, str) or not content:
        raise ValueError(f"{path}: {option} is {value!r:.60}, expected a token's text")
    attributes = value if isinstance(value, dict) else {}
    for attribute in ("lstrip", "rstrip", "single_word"):
        if attributes.get(attribute):
            raise ValueError(
                f"{path}: {option} {content!r} has {attribute}, expected false as BERT's have: "
                "it would take in the spaces beside it"
            )
    return content


def _special(role: str, default: str, config: dict, path: Path, named: dict, map_path: Path) -> str:
    option = f"{role}_token"
    said = {
        source: _name(values[option], option, source)
        for source, values in ((path, config), (map_path, named))
        if values.get(option) is not None
    }
    if len(set(said.values())) > 1:
        raise ValueError(
            f"{path}: {option} is {said[path]!r}, but {map_path.name} says {said[map_path]!r}: "
            "expected the same in both"
        )
    return next(iter(said.values()), default)


def _extra(values: dict, path: Path) -> tuple[str, ...]:
    """Names of further special tokens that a file gives, in its order."""
    found = [values[name] for name in ("bos_token", "eos_token") if values.get(name) is not None]
    for option in ("additional_special_tokens", "extra_special_tokens"):
        more = values.get(option) or []
        if not isinstance(more, list | dict):
            raise ValueError(f"{path}: {option} is {more!r:.60}, expected a list of tokens")
        found += more.values() if isinstance(more, dict) else more
    return tuple(_name(value, "a special token", path) for value in found)


def _added(decoder: Any, path: Path, added_path: Path) -> dict[int, AddedToken]:
    """Tokens of `added_tokens_decoder` and of the older added_tokens.json, by id, in order."""
    decoder = {} if decoder is None else decoder
    if not isinstance(decoder, dict):
        raise ValueError(
            f"{path}: added_tokens_decoder is {decoder!r:.60}, expected an object of ids and tokens"
        )
    added: dict[int, AddedToken] = {}
    for number, value in decoder.items():
        if not number.isascii() or not number.isdigit() or not isinstance(value, dict):
            raise ValueError(
                f"{path}: added_tokens_decoder has {number!r:.20}: {value!r:.60}, expected an id "
                "and an object with the token's content"
            )
        content = value.get("content")
        flags = {name: value.get(name, name == "normalized") for name in ATTRIBUTES[1:]}
        if not isinstance(content, str) or not all(isinstance(f, bool) for f in flags.values()):
            raise ValueError(
                f"{path}: added_tokens_decoder has {value!r:.80} as token {number}, expected its "
                "content as text and its attributes as true or false"
            )
        added[int(number)] = AddedToken(content, **flags)
    older = read_json(added_path) if added_path.exists() else {}
    for content, number in older.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ValueError(f"{added_path}: {content!r} has the id {number!r:.60}, expected one")
        if number in added and added[number].content != content:
            raise ValueError(
                f"{added_path}: {content!r} has the id {number}, which {path.name} gives to "
                f"{added[number].content!r}: expected one token an id"
            )
        added.setdefault(number, AddedToken(content, normalized=True, special=False))
    return dict(sorted(added.items()))
