"""Claims: said, kept, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from minbert.course.claims import CLAIMS_FILE, Claim, read_claims
from minbert.course.session import Session
from minbert.course.tiers import choose_tier


def test_a_claim_that_fails_is_said_and_the_notebook_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path))
    monkeypatch.setenv(CLAIMS_FILE, str(tmp_path / "claims.jsonl"))
    lab = Session("02_attention", choose_tier("lab", None))
    lab.claim("water is wet", True)
    lab.in_band("the loss", 3.0, (1.0, 2.0))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Found: water is wet"
    assert said[1].startswith("NOT found on this machine: the loss lies where")
    kept = read_claims(tmp_path / "claims.jsonl")
    assert [claim.holds for claim in kept] == [True, False]
    assert kept[0] == Claim("02_attention", "water is wet", True)


def test_without_a_file_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path))
    monkeypatch.delenv(CLAIMS_FILE, raising=False)
    Session("02_attention", choose_tier("lab", None)).claim("water is wet", False)
    assert "NOT found" in capsys.readouterr().out
    assert read_claims(tmp_path / "claims.jsonl") == []


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text('{"notebook": "02", "sentence": "a", "holds": true}\n{"notebook": "0')
    assert read_claims(path) == [Claim("02", "a", True)]
