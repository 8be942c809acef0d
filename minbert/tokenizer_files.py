"""From a tokenizer's files to a back end that does what they say, or a sentence why not."""

from __future__ import annotations

import logging
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors

from minbert.model_files import read_json, read_text
from minbert.tokenizer_options import ATTRIBUTES, TokenizerOptions, read_options
from minbert.wordpiece import framing, wordpiece_backend

logger = logging.getLogger(__name__)

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt")


def read_tokenizer(path: Path) -> tuple[Tokenizer, TokenizerOptions]:
    """Read `tokenizer.json` or `vocab.txt` and the options beside it.

    Where `tokenizer_config.json` says another case, accents or Chinese characters than
    tokenizer.json, it is followed, as transformers' BertTokenizer does.

    Args:
        path: the file, or the folder that holds one; tokenizer.json comes first.

    Raises:
        FileNotFoundError: there is neither.
        ValueError: the files are damaged, contradict each other, or say something that is no BERT
            tokenizer; the sentence names the file and what it says.
    """
    if path.is_dir():
        found = [path / name for name in TOKENIZER_FILES if (path / name).exists()]
        if not found:
            raise FileNotFoundError(f"{path} holds neither tokenizer.json nor vocab.txt")
        path = found[0]
    if not path.exists():
        raise FileNotFoundError(f"there is no tokenizer file {path}")
    options = read_options(path.parent)
    if path.suffix == ".txt":
        backend = _from_vocabulary(path, options)
    else:
        backend = _from_json(path)
        _normalise_as_said(backend, options, path)
    _add_tokens(backend, options, path)
    _check_vocabulary(backend, options, path)
    _frame(backend, options, path)
    return backend, options


def _from_vocabulary(path: Path, options: TokenizerOptions) -> Tokenizer:
    """One piece a line; a line's number is its id, so nothing may be left out or said twice."""
    lines = read_text(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    first_line: dict[str, int] = {}
    for number, piece in enumerate(lines, 1):
        if not piece:
            raise ValueError(
                f"{path}, line {number}: it is blank, expected a piece: a line's number is its id"
            )
        if first_line.setdefault(piece, number) != number:
            raise ValueError(
                f"{path}, line {number}: {piece!r:.60} is in line {first_line[piece]} already, "
                "expected each piece once: a line's number is its id"
            )
    try:
        return wordpiece_backend(
            lines,
            options.lowercase is not False,
            options.special,
            options.strip_accents,
            options.split_chinese is not False,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _from_json(path: Path) -> Tokenizer:
    content = read_json(path)
    model = content.get("model")
    model = model if isinstance(model, dict) else {}
    if model.get("type", "WordPiece") != "WordPiece":
        raise ValueError(
            f"{path} is no tokenizer file of a BERT: its model is {model['type']!r:.40}, expected "
            "'WordPiece'"
        )
    try:
        backend = Tokenizer.from_file(str(path))
    except (
        BaseException
    ) as error:  # plain Exception for a bad file; a panic of Rust's is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise ValueError(
            f"{path} is no tokenizer file: {error!s:.200} (expected what `tokenizers` saves)"
        ) from None
    if not isinstance(backend.model, models.WordPiece):
        raise ValueError(
            f"{path} is no tokenizer file of a BERT: its model is "
            f"{type(backend.model).__name__}, expected 'WordPiece'"
        )
    prefix = backend.model.continuing_subword_prefix
    if prefix != "##":
        raise ValueError(f"{path}: pieces inside a word begin with {prefix!r}, expected '##'")
    _same_ids(backend, content, path)
    for setting in (backend.truncation, backend.padding):
        if setting and setting.get("direction", "right").lower() != "right":
            raise ValueError(
                f"{path} cuts or pads on the {setting['direction']}, expected on the right: "
                "BERT's positions count from the left"
            )
    backend.no_truncation()  # lengths are given with each call
    backend.no_padding()
    if backend.decoder is None:
        backend.decoder = decoders.WordPiece()
    return backend


def _same_ids(backend: Tokenizer, content: dict, path: Path) -> None:
    """`tokenizers` gives added tokens ids of its own, and of two pieces with one id keeps one."""
    vocabulary = content["model"].get("vocab", {})
    there = backend.get_vocab(with_added_tokens=True)
    said = {**vocabulary}
    for token in content.get("added_tokens") or []:
        if said.setdefault(token["content"], token["id"]) != token["id"]:
            raise ValueError(
                f"{path}: the added token {token['content']!r} has the id {token['id']}, but "
                f"{said[token['content']]} in the vocabulary: expected one id a token"
            )
    twice = len(said) - len(set(said.values()))
    other = [piece for piece, number in said.items() if there.get(piece) != number]
    if twice or other:
        names = ", ".join(
            f"{piece!r} has the id {said[piece]} in the file and {there.get(piece)} when read"
            for piece in other[:2]
        )
        raise ValueError(
            f"{path}: {twice or len(other)} ids are not their token's alone, or leave a gap "
            f"before added tokens ({names or 'two pieces share one'}), expected one id a token"
        )


def _normalise_as_said(backend: Tokenizer, options: TokenizerOptions, path: Path) -> None:
    """Apply case, accents and Chinese characters; where that cannot be, they must be as said."""
    normalizer = backend.normalizer
    plain = isinstance(normalizer, normalizers.BertNormalizer)
    if plain and not options.file_decides:
        said = {
            "lowercase": options.lowercase,
            "handle_chinese_chars": options.split_chinese,
        }
        settings = {
            "clean_text": normalizer.clean_text,
            "strip_accents": normalizer.strip_accents,
            "lowercase": normalizer.lowercase,
            "handle_chinese_chars": normalizer.handle_chinese_chars,
        }
        wanted = settings | {name: value for name, value in said.items() if value is not None}
        if options.says_strip_accents:
            wanted["strip_accents"] = options.strip_accents
        if wanted != settings:
            logger.warning("tokenizer_config.json decides against %s: %s", path, wanted)
            backend.normalizer = normalizers.BertNormalizer(**wanted)
        return
    probes = {
        "do_lower_case": (options.lowercase, "A", lambda text: text == "a"),
        "strip_accents": (options.strip_accents, "é", lambda text: text == "e"),
        "tokenize_chinese_chars": (options.split_chinese, "中", lambda text: text != "中"),
    }
    for name, (said_so, text, does) in probes.items():
        result = normalizer.normalize_str(text) if normalizer is not None else text
        if said_so is not None and said_so != does(result):
            raise ValueError(
                f"{path} makes {result!r} of {text!r}, but tokenizer_config.json says {name} = "
                f"{said_so}: expected files that agree"
            )


def _add_tokens(backend: Tokenizer, options: TokenizerOptions, path: Path) -> None:
    """Register added and special tokens under the ids that are said."""
    for number, token in options.added.items():
        there = backend.get_added_tokens_decoder().get(number)
        if there is None and backend.token_to_id(token.content) in (None, number):
            (backend.add_special_tokens if token.special else backend.add_tokens)([token])
            there = backend.get_added_tokens_decoder().get(number)
        differ = there is None or any(getattr(there, a) != getattr(token, a) for a in ATTRIBUTES)
        if differ:
            raise ValueError(
                f"{path}: the files beside it give the id {number} to {token!r}, but there it "
                f"is {there!r}, expected the same token with the same attributes"
            )
    known = {token.content for token in backend.get_added_tokens_decoder().values()}
    there = backend.get_vocab(with_added_tokens=True)
    names = [name for name in options.special if name in there] + list(options.extra)
    backend.add_special_tokens([AddedToken(name) for name in names if name not in known])


def _check_vocabulary(backend: Tokenizer, options: TokenizerOptions, path: Path) -> None:
    missing = [token for token in options.special if backend.token_to_id(token) is None]
    if missing:
        raise ValueError(
            f"{path}: the vocabulary has no {', '.join(missing)}, expected all of "
            f"{', '.join(options.special)}: this is not a BERT tokenizer, or its special tokens "
            "are named otherwise (pad_token, … in tokenizer_config.json)"
        )
    if len(set(options.special)) < len(options.special):
        raise ValueError(
            f"{path}: the special tokens are {', '.join(options.special)}, expected five of them"
        )
    if backend.model.unk_token != options.special[1]:
        raise ValueError(
            f"{path}: unknown words become {backend.model.unk_token!r}, but unk_token is "
            f"{options.special[1]!r}: expected the same"
        )


def _frame(backend: Tokenizer, options: TokenizerOptions, path: Path) -> None:
    """What is put around sentences must be BERT's; where nothing is said, it is made so."""
    cls, sep = ((name, backend.token_to_id(name)) for name in options.special[2:4])
    if backend.post_processor is None:
        backend.post_processor = processors.BertProcessing(sep, cls)
    parts = [backend.encode(text, add_special_tokens=False) for text in ("a", "b")]
    for texts in (("a",), ("a", "b")):
        expected = framing(cls, sep).process(*parts[: len(texts)])
        got = backend.encode(*texts)
        if (got.ids, got.type_ids) != (expected.ids, expected.type_ids):
            raise ValueError(
                f"{path} makes {got.tokens} in segments {got.type_ids} of {texts}, expected "
                f"{expected.tokens} in segments {expected.type_ids}, which BERT was trained on"
            )
