"""minbert export --to transformers and sentence-transformers; wrong options; pinned revisions."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from minbert import SST, MultitaskBert, encode, from_pretrained, save_pretrained
from minbert.__main__ import main
from minbert.experiments.stage_files import save_heads
from minbert.export.card import SENTENCES, ModelCard, Score, has_license, say_license

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sentence_transformers import SentenceTransformer
    from transformers import BertForSequenceClassification

TEXTS = ["the plot is dull", "how do I cook rice"]


def test_an_encoder_leaves_for_sentence_transformers(
    toy_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    line = ["export", "--model", str(toy_model_folder), "--to", "sentence-transformers",
            "--out", str(out)]  # fmt: skip
    assert main(line) == 2
    assert "nobody knows which sentence vector" in capsys.readouterr().err and not out.exists()
    for pooling, modules in (("max", 2), ("pooler", 3)):  # the second replaces the first
        assert main([*line, "--pooling", pooling]) == 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SentenceTransformer(str(out), device="cpu")
        assert len(model) == modules
        expected = encode(TEXTS, *from_pretrained(toy_model_folder), pooling, "fp32")
        assert np.abs(model.encode(TEXTS) - expected).max() < 1e-5
        card = (out / "README.md").read_text(encoding="utf-8")
        assert f"--pooling {pooling}" in card
    (out / "README.md").write_text("mine")
    assert main([*line, "--pooling", "mean"]) == 2
    assert "changed since `minbert export` wrote them: README.md" in capsys.readouterr().err


def test_a_head_leaves_for_transformers(toy_model_folder: Path, tmp_path: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    model = MultitaskBert(encoder, generator=torch.Generator().manual_seed(2)).eval()
    save_pretrained(tmp_path / "checkpoint", encoder, tokenizer)
    save_heads(tmp_path / "checkpoint", model)
    out = tmp_path / "out"
    assert main(["export", "--model", str(tmp_path / "checkpoint"), "--to", "transformers",
                 "--task", "sst", "--out", str(out)]) == 0  # fmt: skip
    theirs = BertForSequenceClassification.from_pretrained(out).eval()
    batch = tokenizer(TEXTS)
    with torch.inference_mode():
        expected = model.answer(SST, model.embed(**batch))
        assert (theirs(**batch).logits - expected).abs().max() < 1e-6
    matter = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert (matter["library_name"], matter["pipeline_tag"]) == (
        "transformers",
        "text-classification",
    )


WRONG = {
    "no task": (["--to", "transformers"], "--task and --to transformers belong together"),
    "a task too many": (["--to", "sentence-transformers", "--task", "sst"], "belong together"),
    "int8": (["--to", "transformers", "--task", "sst", "--int8"], "--int8 is for --to onnx"),
    "a vector of a head": (
        ["--to", "transformers", "--task", "sst", "--pooling", "mean"],
        "--pooling is for sentence",
    ),
    "no such task": (["--to", "transformers", "--task", "snli"], "expected|task must be one of"),
    "a folder's revision": (
        ["--to", "sentence-transformers", "--revision", "main"],
        "only a hub id owner/model has",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_options_are_one_sentence(
    toy_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture, case: str
) -> None:
    import re

    options, message = WRONG[case]
    out = tmp_path / "out"
    assert main(["export", "--model", str(toy_model_folder), "--out", str(out), *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, said[-1]) and not out.exists()


@pytest.mark.parametrize(
    "name, revision, message",
    [
        ("tiny", "main", "'tiny' always means the same published files, got the revision 'main'"),
        ("tiny@main", None, "'tiny' always means the same published files"),
        ("someone/bert@a b", None, "expected a commit, tag or branch behind @"),
        ("someone/bert@", None, "expected a commit, tag or branch behind @"),
        ("someone/bert@v1", "v2", "and no other than revision 'v2'"),
        ("someone/bert", "../..", "revision must be a commit, tag or branch, got '../..'"),
        ("nothing", "main", "'nothing' is no hub id"),
    ],
)
def test_revisions_that_cannot_be(name: str, revision: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_pretrained(name, revision=revision)


def test_a_card_says_what_is_known_and_asks_for_the_rest() -> None:
    card = ModelCard(
        "A | title",
        SENTENCES,
        base_model="minilm",
        data="classroom (synthetic): made up",
        recipe="paper",
        seeds=[0, 1],
        scores=[Score("SST, dev", 0.5, (0.4, 0.6)), Score("STS, dev", 0.25)],
        command="minbert reproduce --out x",
        limits=["small"],
    )
    text = card.to_markdown()
    matter = yaml.safe_load(text.split("---\n")[1])
    assert matter["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert matter["library_name"] == "sentence-transformers" and "license" not in matter
    assert "sentence-similarity" in matter["tags"]
    known = matter["minbert"]
    assert known["data_license"] is None and "data_license" not in str(
        ModelCard("x").front_matter()
    )
    assert (known["recipe"], known["seeds"], known["limits"]) == ("paper", [0, 1], ["small"])
    assert known["scores"][0] == {"name": "SST, dev", "value": 0.5, "ci95": [0.4, 0.6]}
    assert known["command"] == "minbert reproduce --out x"
    for part in ("| 0.500 | 0.400 to 0.600 |", "| 0.250 | none |", "| seeds | 0, 1 |", "- small",
                 "licence of the data | not said", "minbert reproduce --out x"):  # fmt: skip
        assert part in text
    assert not has_license(text)
    licensed = say_license(text, "apache-2.0")
    assert yaml.safe_load(licensed.split("---\n")[1])["license"] == "apache-2.0"
    assert has_license(licensed) and has_license(card.with_license("mit").to_markdown())
    folder = ModelCard("x", base_model="/somewhere/on/this machine").front_matter()
    assert not any("somewhere" in line for line in folder)
    text = ModelCard("x", base_model="/somewhere/on/this machine").to_markdown()
    assert "somewhere" not in text and "| this machine (a folder of whoever made this) |" in text
