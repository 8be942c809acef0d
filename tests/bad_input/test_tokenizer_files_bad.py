"""Tokenizer files that are damaged, contradict each other, or say what is no BERT's: all named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerFast

from minbert import from_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.wordpiece import kept_lengths

TEXTS = [
    "The river, a boat.", "ÉCOLE Ünïted naïve", "中文 字符 in between", "x" * 120, "[MASK] is it?",
    "", "  ", "the\tfilm\u00a0is\u200b lovely\u0085!", "İstanbul ß ﬁ ½ 🙂", "don't re-sell rice",
]  # fmt: skip


@pytest.fixture
def folder(toy_model_folder: Path, tmp_path: Path) -> Path:
    """A copy of a small model's folder, to change."""
    return Path(shutil.copytree(toy_model_folder, tmp_path / "model"))


def edit(folder: Path, change: Callable[[dict], Any], name: str = "tokenizer.json") -> None:
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))


def pieces_of(folder: Path) -> list[str]:
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.__getitem__)


def as_vocab_txt(folder: Path, text: str | None = None, **config: Any) -> Path:
    lines = "\n".join(pieces_of(folder)) + "\n" if text is None else text
    (folder / "vocab.txt").write_bytes(lines.encode())
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink(missing_ok=True)
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def put(*path: str, value: Any) -> Callable[[dict], None]:
    def change(content: dict) -> None:
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return change


def drop_token(content: dict) -> None:
    del content["model"]["vocab"]["[MASK]"]
    content["added_tokens"] = [t for t in content["added_tokens"] if t["content"] != "[MASK]"]


def special(number: int, content: str) -> dict:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, "special": True, **flags}


def template(pair: list[str]) -> dict:
    def piece(name: str) -> dict:
        if name in ("A", "B"):
            return {"Sequence": {"id": name, "type_id": 0}}
        return {"SpecialToken": {"id": name, "type_id": 0}}

    return {
        "type": "TemplateProcessing",
        "single": [piece("[CLS]"), piece("A"), piece("[SEP]")],
        "pair": [piece(name) for name in pair],
        "special_tokens": {
            name: {"id": name, "ids": [number], "tokens": [name]}
            for name, number in (("[CLS]", 2), ("[SEP]", 3))
        },
    }


BPE = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]]}
CUT = {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Left"}
PAD = {
    "strategy": "BatchLongest",
    "direction": "Left",
    "pad_to_multiple_of": None,
    "pad_id": 0,
    "pad_type_id": 0,
    "pad_token": "[PAD]",
}

BAD_JSON: dict[str, tuple[Callable[[dict], Any], str]] = {
    "unigram": (put("model", value=UNIGRAM), "its model is 'Unigram', expected 'WordPiece'"),
    "bpe": (put("model", value=BPE), "its model is 'BPE', expected 'WordPiece'"),
    "wordlevel": (
        put("model", value={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}),
        "its model is 'WordLevel', expected 'WordPiece'",
    ),
    "untyped bpe": (put("model", value={"vocab": {"a": 0}, "merges": []}), "expected 'WordPiece'"),
    "model is text": (put("model", value="WordPiece"), "is no tokenizer file"),
    "no model": (lambda c: c.pop("model"), "is no tokenizer file"),
    "vocab is a list": (put("model", "vocab", value=["a", "b"]), "is no tokenizer file"),
    "a negative id": (put("model", "vocab", "the", value=-1), "is no tokenizer file"),
    "an id that is text": (put("model", "vocab", "the", value="9"), "is no tokenizer file"),
    "two pieces, one id": (put("model", "vocab", "qqq", value=9), "ids are not their token's"),
    "other prefix": (put("model", "continuing_subword_prefix", value="@@"), "expected '##'"),
    "no unknown": (put("model", "unk_token", value="[NO]"), "unknown words become '.NO.'"),
    "no mask": (drop_token, r"the vocabulary has no \[MASK\], expected all of"),
    "an added token at another id": (
        lambda c: c["added_tokens"].append(special(99_999, "[X]")),
        "'.X.' has the id 99999 in the file and 260 when read",
    ),
    "an added token with two ids": (
        lambda c: c["added_tokens"][0].update(id=7),
        "the added token '.PAD.' has the id 7, but 0 in the vocabulary",
    ),
    "frames as roberta": (
        put("post_processor", value={
            "type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2],
            "trim_offsets": True, "add_prefix_space": False,
        }),
        "expected .*CLS.*a.*SEP",
    ),
    "frames a pair in one segment": (
        put("post_processor", value=template(["[CLS]", "A", "[SEP]", "B", "[SEP]"])),
        "in segments .0, 0, 0, 0, 0. of .*expected",
    ),
    "frames no end": (
        put("post_processor", value=template(["[CLS]", "A", "[SEP]", "B"])), "expected .*SEP",
    ),
    "frames cls and sep turned round": (
        put("post_processor", value={"type": "BertProcessing", "sep": ["[CLS]", 2],
                                     "cls": ["[SEP]", 3]}), "expected ...CLS",
    ),
    "pads on the left": (put("padding", value=PAD), "on the left, expected on the right"),
    "cuts on the left": (put("truncation", value=CUT), "on the left, expected on the right"),
    "another version": (put("version", value="9"), "Unknown tokenizer version"),
    "an unknown normalizer": (put("normalizer", value={"type": "Magic"}), "is no tokenizer file"),
    "added tokens are text": (put("added_tokens", value="[X]"), "is no tokenizer file"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_JSON)
def test_a_tokenizer_json_that_is_no_berts(folder: Path, case: str) -> None:
    change, message = BAD_JSON[case]
    edit(folder, change)
    with pytest.raises(ValueError, match=message) as caught:
        WordPieceTokenizer.load(folder)
    assert str(folder / "tokenizer.json") in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_CONFIG: dict[str, tuple[dict, str]] = {
    "do_lower_case is text": ({"do_lower_case": "yes"}, "expected true or false"),
    "do_lower_case is null": ({"do_lower_case": None}, "expected true or false"),
    "do_lower_case is a number": ({"do_lower_case": 1}, "expected true or false"),
    "strip_accents is text": ({"strip_accents": "no"}, "expected true or false"),
    "chinese is a list": ({"tokenize_chinese_chars": []}, "expected true or false"),
    "no basic tokenize": ({"do_basic_tokenize": False}, "do_basic_tokenize is False, expected"),
    "never split words": ({"never_split": ["rice"]}, "never_split is ..rice.."),
    "never split is text": ({"never_split": "rice"}, "never_split is 'rice'"),
    "pads on the left": ({"padding_side": "left"}, "padding_side is 'left', expected 'right'"),
    "cuts on the left": ({"truncation_side": "left"}, "truncation_side is 'left', expected"),
    "cuts the first only": ({"truncation_strategy": "only_first"}, "truncation_strategy"),
    "splits special tokens": ({"split_special_tokens": True}, "split_special_tokens is True"),
    "another prefix": ({"wordpieces_prefix": "@@"}, "wordpieces_prefix is '@@', expected '##'"),
    "no end": ({"add_eos_token": True}, "add_eos_token is True"),
    "a prefix space": ({"add_prefix_space": True}, "add_prefix_space is True"),
    "mecab": ({"word_tokenizer_type": "mecab"}, "word_tokenizer_type is 'mecab'"),
    "roberta": ({"tokenizer_class": "RobertaTokenizer"}, "tokenizer_class is 'RobertaTokenizer'"),
    "t5": ({"tokenizer_class": "T5TokenizerFast"}, "tokenizer_class is 'T5TokenizerFast'"),
    "japanese": ({"tokenizer_class": "BertJapaneseTokenizer"}, "tokenizer_class is"),
    "a class of its own": ({"tokenizer_class": "Own"}, "tokenizer_class is 'Own'"),
    "length is text": ({"model_max_length": "512"}, "model_max_length is '512', expected an int"),
    "length is 0": ({"model_max_length": 0}, "model_max_length is 0, expected an integer"),
    "length is negative": ({"model_max_length": -1}, "model_max_length is -1"),
    "length is true": ({"model_max_length": True}, "model_max_length is True"),
    "length has no room": ({"model_max_length": 2}, "model_max_length is 2"),
    "mask is a number": ({"mask_token": 4}, "mask_token is 4, expected a token's text"),
    "mask is empty": ({"mask_token": ""}, "mask_token is '', expected a token's text"),
    "mask takes the space": (
        {"mask_token": {"content": "[MASK]", "lstrip": True}},
        "'.MASK.' has lstrip, expected",
    ),
    "a name that is not there": ({"pad_token": "<pad>"}, "the vocabulary has no <pad>, expected"),
    "another unknown": ({"unk_token": "[PAD]"}, "expected five|but unk_token is"),
    "one name for two": ({"cls_token": "[SEP]"}, "the special tokens are .* expected five"),
    "added tokens are a list": ({"added_tokens_decoder": ["[X]"]}, "expected an object of ids"),
    "an added id is text": ({"added_tokens_decoder": {"x": {"content": "[X]"}}}, "expected an id"),
    "an added token is text": ({"added_tokens_decoder": {"4": "[MASK]"}}, "expected an id"),
    "an added token without text": ({"added_tokens_decoder": {"4": {}}}, "expected its content"),
    "an added token at another's id": (
        {"added_tokens_decoder": {"9": {"content": "[X]", "special": True}}},
        "give the id 9 to .*expected the same token",
    ),
    "an added token beyond": (
        {"added_tokens_decoder": {"999": {"content": "[X]"}}},
        "give the id 999 to .*expected",
    ),
    "other attributes": (
        {"added_tokens_decoder": {"4": {"content": "[MASK]", "lstrip": True, "special": True}}},
        "give the id 4 to .*expected the same token with the same attributes",
    ),
    "extra tokens are text": ({"additional_special_tokens": "[X]"}, "expected a list of tokens"),
    "an extra token is a number": ({"additional_special_tokens": [7]}, "expected a token's text"),
}


@pytest.mark.parametrize("case", BAD_CONFIG)
@pytest.mark.parametrize("kind", ["tokenizer.json", "vocab.txt"])
def test_options_that_change_ids_are_refused_by_name(folder: Path, case: str, kind: str) -> None:
    config, message = BAD_CONFIG[case]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    if kind == "vocab.txt":
        as_vocab_txt(folder, **config)
    with pytest.raises(ValueError, match=message) as caught:
        WordPieceTokenizer.load(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


MAP, ADDED, CONFIG = "special_tokens_map.json", "added_tokens.json", "tokenizer_config.json"
BESIDE: dict[str, tuple[str, bytes, str]] = {
    "maps to another": (MAP, b'{"mask_token": "[PAD]"}', "expected the same in both"),
    "map is a list": (MAP, b"[]", "expected a JSON object in braces"),
    "map is cut": (MAP, b'{"mask_token": ', ":1: expected JSON"),
    "map twice": (MAP, b'{"pad_token": "a", "pad_token": "b"}', "'pad_token' is said twice"),
    "added id is text": (ADDED, b'{"[X]": "260"}', "'.X.' has the id '260', expected one"),
    "added id is negative": (ADDED, b'{"[X]": -4}', "'.X.' has the id -4, expected one"),
    "added elsewhere": (ADDED, b'{"[X]": 400}', "give the id 400 to"),
    "config is a list": (CONFIG, b"[1]", "expected a JSON object in braces"),
    "config is empty": (CONFIG, b"", "it is empty: fetch it again"),
    "config is cut": (CONFIG, b'{"do_lower_case": fal', ":1: expected JSON"),
    "config is latin-1": (CONFIG, b'{\n"a": "\xe9"}', ":2: expected UTF-8 text, got the byte 0xe9"),
    "config is a pointer": (
        CONFIG, b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "run git lfs pull"),
    "config is a page": (CONFIG, b"<!DOCTYPE html><html></html>", "it is a web page"),
    "json is a pointer": (
        "tokenizer.json", b"version https://git-lfs.github.com/spec/v1\n", "run git lfs pull"),
    "json is a page": ("tokenizer.json", b"\n<html><body>login</body>", "it is a web page"),
    "json is deep": ("tokenizer.json", b"[" * 100_000, "expected JSON, got what cannot be used"),
    "json is binary": ("tokenizer.json", b"\x00\x01\xff\xfe", "expected UTF-8 text, got the byte"),
    "json is huge": (
        "tokenizer.json", b'{"version": ' + b"9" * 5000 + b"}", "got what cannot be used"),
}  # fmt: skip


@pytest.mark.parametrize("case", BESIDE)
def test_damaged_files_beside_a_vocabulary(folder: Path, case: str) -> None:
    name, content, message = BESIDE[case]
    if name == MAP:
        edit(folder, lambda c: c.update(mask_token="[MASK]"), CONFIG)
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        WordPieceTokenizer.load(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


VOCABULARIES = {
    "empty": ("", "it is empty"),
    "blank only": ("\n\n\n", r"has no \[PAD\]"),
    "a blank line": ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\nthe\n", "line 6: it is blank, exp"),
    "said twice": ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\na\nthe\n", "line 8: 'the' is in"),
    "no unknown": ("[PAD]\n[CLS]\n[SEP]\n[MASK]\nthe\n", r"the vocabulary has no \[UNK\]"),
    "roberta's": ("<s>\n<pad>\n</s>\n<unk>\n<mask>\n", r"has no \[PAD\], \[UNK\], \[CLS\]"),
    "a page": ("<!doctype html>\n<p>", "it is a web page"),
    "a pointer": ("version https://git-lfs.github.com/spec/v1\noid", "run git lfs pull"),
}


@pytest.mark.parametrize("case", VOCABULARIES)
def test_a_vocabulary_that_is_none(folder: Path, case: str) -> None:
    text, message = VOCABULARIES[case]
    as_vocab_txt(folder, text)
    with pytest.raises(ValueError, match=message) as caught:
        WordPieceTokenizer.load(folder)
    assert str(folder / "vocab.txt") in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_move_no_id(folder: Path, end: str, mark: str) -> None:
    """U+0085 and U+2028 are no line ends: a piece may hold them."""
    before = WordPieceTokenizer.load(folder)
    odd = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2028x", "a\u0085b", "the"]
    ours = "\r\n" if end == "\r\n" else "\n"
    as_vocab_txt(folder, mark + ours.join(odd) + end)
    loaded = WordPieceTokenizer.load(folder)
    assert loaded.tokens(range(8)) == odd and loaded.vocab_size == 8
    assert loaded.encode(["the"]) == [[2, 7, 3]] and before.vocab_size > 8


def test_without_post_processor_sentences_are_framed(folder: Path) -> None:
    expected = WordPieceTokenizer.load(folder).encode([("the film", "a plot"), "dull"])
    edit(folder, put("post_processor", value=None))
    tokenizer = WordPieceTokenizer.load(folder)
    assert tokenizer.encode([("the film", "a plot"), "dull"]) == expected
    assert tokenizer([("the film", "a plot")])["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1]]


OPTIONS: dict[str, dict] = {
    "nothing": {},
    "cased": {"do_lower_case": False},
    "uncased, accents kept": {"do_lower_case": True, "strip_accents": False},
    "cased, accents taken": {"do_lower_case": False, "strip_accents": True},
    "accents as the case says": {"do_lower_case": False, "strip_accents": None},
    "chinese in one": {"tokenize_chinese_chars": False},
    "a class": {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False},
    "plain ones": {"padding_side": "right", "do_basic_tokenize": True, "never_split": None},
    "more tokens": {"additional_special_tokens": ["[NEW]", "[the]"]},
    "added tokens": {
        "added_tokens_decoder": {
            "260": {"content": "boat", "single_word": False, "lstrip": False, "rstrip": False,
                    "normalized": True, "special": False},
        }
    },
}  # fmt: skip


@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("kind", ["tokenizer.json", "vocab.txt"])
def test_options_mean_what_they_mean_to_transformers(folder: Path, case: str, kind: str) -> None:
    config = {"tokenizer_class": "BertTokenizer", **OPTIONS[case]}
    (folder / CONFIG).write_text(json.dumps(config))
    if kind == "vocab.txt":
        as_vocab_txt(folder, **config)
    ours = WordPieceTokenizer.load(folder)
    if kind == "vocab.txt":
        theirs = BertTokenizer.from_pretrained(folder)
    else:
        theirs = AutoTokenizer.from_pretrained(folder)
    texts = [*TEXTS, "a [NEW] boat [the] river", "Boat boats"]
    assert ours.encode(texts) == theirs(texts)["input_ids"]
    ours.save(folder / "saved")
    again = AutoTokenizer.from_pretrained(folder / "saved")
    assert again(texts)["input_ids"] == ours.encode(texts)


NAMES = {"pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}


@pytest.mark.parametrize("source", [CONFIG, MAP])
@pytest.mark.parametrize("as_object", [False, True])
def test_special_tokens_of_other_names(folder: Path, source: str, as_object: bool) -> None:
    text = "\n".join(pieces_of(folder))
    for role, name in NAMES.items():
        text = text.replace(f"[{role.upper()}]", name)
    as_vocab_txt(folder, text)
    named = {
        f"{role}_token": {"content": name, "lstrip": False} if as_object else name
        for role, name in NAMES.items()
    }
    (folder / source).write_text(json.dumps(named))
    tokenizer = WordPieceTokenizer.load(folder)
    assert tokenizer.special_ids == (0, 1, 2, 3, 4)
    (ids,) = tokenizer.encode(["the film <mask>"])
    assert tokenizer.tokens(ids) == ["<s>", "the", "film", "<mask>", "</s>"]
    tokenizer.save(folder / "saved")
    again = AutoTokenizer.from_pretrained(folder / "saved")
    assert again(TEXTS)["input_ids"] == tokenizer.encode(TEXTS)
    assert again.mask_token == "<mask>" and again.pad_token_id == 0
    assert WordPieceTokenizer.load(folder / "saved").special_tokens == tuple(NAMES.values())


def test_another_normalizer_must_agree_with_the_options(folder: Path) -> None:
    edit(folder, put("normalizer", value={"type": "Lowercase"}))
    (folder / CONFIG).write_text('{"do_lower_case": false}')
    with pytest.raises(ValueError, match="makes 'a' of 'A', but tokenizer_config.json says do_low"):
        WordPieceTokenizer.load(folder)
    (folder / CONFIG).write_text(
        '{"do_lower_case": true, "tokenizer_class": "PreTrainedTokenizerFast"}'
    )
    tokenizer = WordPieceTokenizer.load(folder)
    theirs = PreTrainedTokenizerFast.from_pretrained(folder)
    assert tokenizer.encode(TEXTS) == theirs(TEXTS)["input_ids"]
    tokenizer.save(folder / "saved")
    assert json.loads((folder / "saved" / CONFIG).read_text())["tokenizer_class"] == (
        "PreTrainedTokenizerFast"
    )
    again = AutoTokenizer.from_pretrained(folder / "saved")
    assert again(TEXTS)["input_ids"] == tokenizer.encode(TEXTS)


@pytest.mark.parametrize(
    ("said", "expected"), [(10**30, 64), (1e30, 64), (512, 64), (64, 64), (20, 20), (None, 64)]
)
def test_model_max_length_is_the_models(folder: Path, said: Any, expected: int) -> None:
    (folder / CONFIG).write_text(json.dumps({"model_max_length": said}))
    encoder, tokenizer = from_pretrained(folder)
    assert tokenizer.model_max_length == expected
    assert tokenizer(["the " * 300])["input_ids"].shape == (1, expected)
    tokenizer.save(folder / "saved", encoder.config.max_position_embeddings)
    assert AutoTokenizer.from_pretrained(folder / "saved").model_max_length == 64


def test_ids_above_the_models_vocabulary(folder: Path) -> None:
    edit(folder, lambda c: c["added_tokens"].append(special(260, "[X]")))
    with pytest.raises(ValueError, match=r"261 word pieces, the model only 260: these files do n"):
        from_pretrained(folder)


BAD_CALLS: dict[str, tuple[Callable[[WordPieceTokenizer], Any], str]] = {
    "max_length 2": (lambda t: t(["a"], 2), "max_length must leave room .*got 2"),
    "max_length text": (lambda t: t(["a"], "9"), "max_length must leave room .*got '9'"),
    "max_length float": (lambda t: t(["a"], 9.0), "expected an integer from 3 up, got 9.0"),
    "max_length bool": (lambda t: t(["a"], True), "expected an integer from 3 up, got True"),
    "a number": (lambda t: t.encode(7), "texts must be several texts in a list, got 7"),
    "none": (lambda t: t.encode(None), "texts must be several texts in a list, got None"),
    "one string": (lambda t: t.encode("abc"), "texts must be several texts in a list, got 'abc'"),
    "bytes": (lambda t: t.encode(b"abc"), "texts must be several texts in a list"),
    "an entry is none": (lambda t: t.encode(["a", None]), r"got None \(texts\[1\]\)"),
    "an entry is bytes": (lambda t: t.encode([b"a"]), r"got b'a' \(texts\[0\]\)"),
    "an entry is a list": (lambda t: t.encode([["a", "b"]]), r"tuple, got .* \(texts\[0\]\)"),
    "three": (lambda t: t.encode([("a", "b", "c")]), "a string or a .first, second. tuple"),
    "half a pair": (lambda t: t.encode([("a", None)]), "a string or a .first, second. tuple"),
    "half a letter": (lambda t: t.encode(["a", "b\ud800"]), r"texts\[1\] has '.ud800' at char"),
    "half a letter in a pair": (lambda t: t([("a", "\udfff")]), "half of a surrogate pair"),
    "a negative id": (lambda t: t.tokens([2, -1]), "expected integers from 0 up, got -1"),
    "a huge id": (lambda t: t.decode([1 << 40]), "expected integers from 0 up, got 1099511627776"),
    "a float id": (lambda t: t.tokens([1.5]), "ids must be integers from 0 up"),
    "a text id": (lambda t: t.decode(["the"]), "ids must be integers from 0 up"),
    "no ids": (lambda t: t.tokens(None), "ids must be integers from 0 up.*got None"),
    "train on a string": (lambda t: t.train("abc", 300), "got the string 'abc': put it in a list"),
    "train on a number": (lambda t: t.train(["a", 7], 300), r"sentences\[1\] must be a string"),
    "train to a text": (lambda t: t.train(["a"], "300"), "vocab_size must be an integer"),
    "train to a float": (lambda t: t.train(["a"], 300.0), "vocab_size must be an integer"),
    "train to nothing": (lambda t: t.train(["a"], -5), "vocab_size must be .*got -5"),
    "train at a text": (lambda t: t.train(["a"], 300, "2"), "min_frequency must be an integer"),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_wrong_arguments_of_a_tokenizer(toy_model_folder: Path, case: str) -> None:
    call, message = BAD_CALLS[case]
    with pytest.raises(ValueError, match=message):
        call(WordPieceTokenizer.load(toy_model_folder))


def test_texts_may_come_from_anything_that_gives_them_once(toy_model_folder: Path) -> None:
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    assert tokenizer.encode(text for text in ("a", "the film")) == tokenizer.encode(
        ["a", "the film"]
    )
    assert tokenizer.tokens(torch.tensor([2, 3])) == ["[CLS]", "[SEP]"]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=2), st.integers(0, 40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_is_kept_is_never_too_long(lengths: list[int], room: int) -> None:
    kept = kept_lengths(lengths, room)
    assert sum(kept) <= room and all(0 <= k <= n for k, n in zip(kept, lengths, strict=True))
    assert sum(kept) == min(room, sum(lengths))


def test_a_cut_is_the_librarys(toy_model_folder: Path) -> None:
    """Ids, segments, characters and words of a cut text, against the library's own truncation."""
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    library = Tokenizer.from_str(tokenizer.backend.to_str())
    sides = ["", "the", "the film is dull", "how do I cook rice in seven days? " * 2]
    texts = [*sides, *((one, two) for one in sides for two in sides)]
    for length in range(4, 30):
        library.enable_truncation(length, strategy="longest_first")
        for text, got in zip(texts, tokenizer.encodings(texts, length), strict=True):
            expected = library.encode(*(text if isinstance(text, tuple) else (text,)))
            for name in ("ids", "type_ids", "offsets", "word_ids", "sequence_ids",
                         "attention_mask", "special_tokens_mask"):  # fmt: skip
                assert getattr(got, name) == getattr(expected, name), (text, length, name)


def test_eight_threads_get_what_one_gets(toy_model_folder: Path) -> None:
    """Some texts are cut and some are not; a switch on what the threads share would cut others."""
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    texts = [f"the {'lovely film and ' * (n % 23)}rice number {n}" for n in range(400)]
    jobs = [(texts[n : n + 5], 8 if n % 2 else 512) for n in range(0, 400, 5)] * 8
    expected = [tokenizer.encode(some, length) for some, length in jobs]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda job: tokenizer.encode(*job), jobs))
    assert sum(map(len, got)) == 3200 and got == expected


def test_a_back_end_that_is_given_stays_as_it_is(toy_model_folder: Path) -> None:
    backend = Tokenizer.from_file(str(toy_model_folder / "tokenizer.json"))
    backend.enable_truncation(5)
    assert len(WordPieceTokenizer(backend).encode(["the " * 9])[0]) == 11
    assert backend.truncation["max_length"] == 5


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=60))
def test_what_is_saved_transformers_reads_to_the_same_pieces(
    saved: tuple[WordPieceTokenizer, Any], text: str
) -> None:
    ours, theirs = saved
    try:
        text.encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="half of a surrogate pair"):
            ours.encode([text])
        return
    assert ours.encode([text], 512) == [theirs(text)["input_ids"]]


@pytest.fixture(scope="module", params=["uncased", "cased"])
def saved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[WordPieceTokenizer, Any]:
    folder = tmp_path_factory.mktemp("saved")
    texts = [*TEXTS, "The river and THE River", "a boat"] * 3
    ours = WordPieceTokenizer.train(texts, 300, 1, lowercase=request.param == "uncased")
    ours.save(folder)
    return WordPieceTokenizer.load(folder), AutoTokenizer.from_pretrained(folder)


def paths(value: Any, at: tuple = ()) -> list[tuple]:
    """Where something is in a JSON value; of long objects and lists the first few only."""
    found = [at] if at else []
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in list(inner)[:8]:
            found += paths(part, (*at, name))
    return found


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**12), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_change_of_tokenizer_json_loads_or_is_named(
    toy_model_folder: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = json.loads((toy_model_folder / "tokenizer.json").read_text())
    at = data.draw(st.sampled_from(paths(content)))
    place = content
    for name in at[:-1]:
        place = place[name]
    place[at[-1]] = data.draw(ANYTHING)
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    try:
        tokenizer = WordPieceTokenizer.load(tmp_path)
    except ValueError as error:
        assert str(tmp_path) in str(error) and "expected" in str(error)
        return
    [ids] = tokenizer.encode([("the film", "a plot")])
    assert ids[0] == tokenizer.cls_id and ids[-1] == tokenizer.sep_id
    assert max(ids) < tokenizer.vocab_size


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(
        st.sampled_from(sorted({name for config, _ in BAD_CONFIG.values() for name in config})),
        ANYTHING,
        min_size=1,
        max_size=3,
    )
)
def test_any_tokenizer_config_loads_or_is_named(
    toy_model_folder: Path, tmp_path: Path, config: dict
) -> None:
    shutil.copy(toy_model_folder / "tokenizer.json", tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps(config))
    try:
        WordPieceTokenizer.load(tmp_path).encode(["the film"])
    except ValueError as error:
        assert str(tmp_path) in str(error) and "expected" in str(error)
