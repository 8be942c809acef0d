"""WordPiece: the reference's ids, deterministic training, and cuts that are said."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from toy import toy_pairs, toy_sentences
from transformers import PreTrainedTokenizerFast

from minbert.tokenizer import WordPieceTokenizer

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789.,;:!?'\"()[]{}<>@#$%^&*-_=+/\\|`~",
    "áàâäãåæçéèêëíìîïñóòôöõøßúùûüýÿœŠšŽžİıŁł",
    "αβγδεζηθικλμνξοπρστυφχψωΆΈ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяЁё",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "कखगघङचछजझञटठडढणतथदधनपफबभम",
    "中文字符日本語漢字東京北京",
    "ひらがなカタカナ한국어조선글",
    "🙂🎉👩‍🔬🇫🇷❤️🤷🏽‍♀️",
    "\u0301\u0308\u0323\u200b\u200d\ufeff\u00ad\u2028\t\n\r\u0000\ufffd",
    "ﬁﬂ①Ⅳ½™…—–‘’“”«»¿¡€£¥",
]


def varied_strings(count: int = 2400) -> list[str]:
    """Strings over many scripts, marks and controls; empty and very long ones among them."""
    draw = random.Random(7)
    words = "the of language model embedding unbelievably antidisestablishmentarianism it's x86 "
    words = words.split()
    strings = ["", " ", "\t\n", "[CLS]", "[MASK] is it", "a" * 101, "a" * 5000, "word " * 700]
    while len(strings) < count:
        parts = []
        for _ in range(draw.randrange(1, 12)):
            if draw.random() < 0.4:
                parts.append(draw.choice(words))
            else:
                alphabet = draw.choice(ALPHABETS)
                parts.append("".join(draw.choices(alphabet, k=draw.randrange(1, 9))))
        text = draw.choice([" ", "", "  ", "-"]).join(parts)
        form = draw.choice([None, "NFC", "NFD", "NFKC", "NFKD"])
        strings.append(unicodedata.normalize(form, text) if form else text)
    return strings


def test_ids_equal_the_reference_on_varied_strings(
    minilm_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reference = PreTrainedTokenizerFast(tokenizer_file=str(minilm_folder / "tokenizer.json"))
    ours = WordPieceTokenizer.load(minilm_folder)
    strings = varied_strings()
    assert len(set(strings)) >= 2000
    expected = reference(strings, truncation=True, max_length=512, padding=False)["input_ids"]
    with caplog.at_level(logging.WARNING):
        got = ours.encode(strings)
    assert got == expected
    assert "were cut at 512 word pieces" in caplog.text
    assert max(map(len, got)) == 512


def test_pairs_equal_the_reference(minilm_folder: Path) -> None:
    reference = PreTrainedTokenizerFast(tokenizer_file=str(minilm_folder / "tokenizer.json"))
    reference.pad_token = "[PAD]"
    ours = WordPieceTokenizer.load(minilm_folder)
    strings = varied_strings(400)
    pairs = list(zip(strings[:200], strings[200:], strict=True))
    expected = reference(
        [a for a, _ in pairs],
        [b for _, b in pairs],
        truncation="longest_first",
        max_length=64,
        padding=True,
        return_token_type_ids=True,
        return_tensors="pt",
    )
    got = ours(pairs, max_length=64)
    for name, tensor in got.items():
        assert tensor.equal(expected[name]), name


def test_a_file_with_padding_and_truncation_is_freed_of_both(minilm_folder: Path) -> None:
    batch = WordPieceTokenizer.load(minilm_folder)(["short", "word " * 300])
    assert batch["input_ids"].shape == (2, 302)
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 302]


def test_vocab_txt_and_folder_load_alike(toy_model_folder: Path, tmp_path: Path) -> None:
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    pieces = tokenizer.tokens(range(tokenizer.vocab_size))
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    again = WordPieceTokenizer.load(tmp_path)
    texts = ["The lovely film!", ("how do I cook rice?", "unknownword")]
    assert again.encode(texts) == tokenizer.encode(texts)


TRAINING = """
import json, sys
sys.path.insert(0, "tests")
from toy import toy_pairs, toy_sentences
from minbert.tokenizer import WordPieceTokenizer
texts = [t for t, _ in toy_sentences(300, 0)] + [t for a, b, _ in toy_pairs(300, 1) for t in (a, b)]
tokenizer = WordPieceTokenizer.train(texts, vocab_size=300)
print(json.dumps(tokenizer.tokens(range(tokenizer.vocab_size))))
"""


def test_training_gives_the_same_vocabulary_in_every_process() -> None:
    outputs = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", TRAINING],
            capture_output=True,
            text=True,
            env=environment,
            cwd=Path(__file__).parent.parent,
            check=True,
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert "film" in outputs.pop()


def test_trained_tokenizer_frames_sentences_and_pairs() -> None:
    texts = [text for text, _ in toy_sentences(100, 0)]
    texts += [text for first, second, _ in toy_pairs(100, 0) for text in (first, second)]
    tokenizer = WordPieceTokenizer.train(texts, vocab_size=250)
    [single] = tokenizer.encode(["The FILM is lovely"])
    assert tokenizer.tokens(single) == ["[CLS]", "the", "film", "is", "lovely", "[SEP]"]
    assert tokenizer.decode(single) == "the film is lovely"
    batch = tokenizer([("the film", "is dull"), "the plot"])
    assert batch["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1], [0] * 7]
    assert batch["attention_mask"][1].tolist() == [1, 1, 1, 1, 0, 0, 0]


def test_saving_keeps_every_id(toy_model_folder: Path, tmp_path: Path) -> None:
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    tokenizer.save(tmp_path)
    assert WordPieceTokenizer.load(tmp_path).encode(["the plot"]) == tokenizer.encode(["the plot"])


def test_what_is_wrong_is_said(tmp_path: Path, toy_model_folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"neither tokenizer\.json nor vocab\.txt"):
        WordPieceTokenizer.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no tokenizer file"):
        WordPieceTokenizer.load(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="is no tokenizer file"):
        WordPieceTokenizer.load(tmp_path)
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match="not BERT's"):
        WordPieceTokenizer.load(tmp_path / "vocab.txt")
    tokenizer = WordPieceTokenizer.load(toy_model_folder)
    with pytest.raises(ValueError, match="string or a .first, second. tuple"):
        tokenizer([("one",)])
    with pytest.raises(ValueError, match="no room"):
        WordPieceTokenizer.train(["many different letters"], vocab_size=10)
