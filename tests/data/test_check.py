"""The checker: on made-up damage, and on the real files, where the figures are known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from minbert.data.check import check_folder, normalised
from minbert.data.examples import PairExample, SentenceExample
from minbert.data.published import git_blob_id


def test_git_blob_id() -> None:
    # `printf 'hello\n' | git hash-object --stdin`
    assert git_blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_what_counts_as_the_same_text() -> None:
    assert normalised(SentenceExample("1", "It's  a Ｆine film.")) == normalised(
        SentenceExample("2", "it s a fine FILM")
    )
    assert normalised(PairExample("1", "a b?", "C")) == normalised(PairExample("2", "c", "A, b"))
    assert normalised(PairExample("1", "a b", "c")) != normalised(PairExample("2", "a", "b c"))


def test_leaks_repeats_and_contradictions_are_counted(
    toy_data_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(toy_data_folder, tmp_path / "data"))
    with (folder / "sts-train.csv").open("a", encoding="utf-8") as file:
        file.write("40\tn1\tA lamp!\ta shoe\t1.0\n41\tn2\ta SHOE\ta lamp\t2.0\n")
    with (folder / "sts-dev.csv").open("a", encoding="utf-8") as file:
        file.write("40\tn3\ta lamp\tA shoe\t1.0\n")
    (folder / "notes.csv").write_text("something else\n")
    (folder / "quora-test-student.csv").unlink()
    before = check_folder(toy_data_folder)
    report = check_folder(folder)
    assert report.ok
    assert report.leaks["sts", "train", "dev"] == before.leaks["sts", "train", "dev"] + 1
    [train] = [file for file in report.files if file.name == "sts-train.csv"]
    [old] = [file for file in before.files if file.name == "sts-train.csv"]
    assert train.rows == old.rows + 2
    assert (train.repeats, train.contradictions) == (old.repeats + 1, old.contradictions + 1)
    text = str(report)
    assert "missing: quora-test-student.csv" in text
    assert "not read: notes.csv" in text
    assert "sts-train.csv: 42 rows, NOT the published file" in text
    assert text.endswith("usable")


def test_a_folder_that_cannot_be_used(toy_data_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(toy_data_folder, tmp_path / "data"))
    (folder / "sts-train.csv").write_text("nonsense\n")
    report = check_folder(folder)
    assert not report.ok
    assert str(report).endswith("NOT usable")
    assert any("sts-train.csv" in error for error in report.errors)
    with pytest.raises(FileNotFoundError):
        check_folder(tmp_path / "nowhere")


def test_the_real_files_damage_and_leaks(real_data_folder: Path) -> None:
    """Everything that is known to be wrong with the published files is found, by name."""
    report = check_folder(real_data_folder)
    files = {file.name: file for file in report.files}
    damage = {(row.file, row.row): row.reason for file in report.files for row in file.damage}
    assert damage == {
        ("quora-dev.csv", "65479"): "empty is_duplicate: expected a value, got none",
        ("quora-dev.csv", "264614"): "empty sentence2, is_duplicate: expected a value, got none",
    }
    assert report.leaks["sts", "train", "dev"] == 17
    assert report.leaks["sts", "train", "test"] == 19
    assert report.leaks["sst", "train", "dev"] == 2
    assert files["ids-sst-train.csv"].rows == 8544
    assert files["ids-sst-dev.csv"].rows == 1101
    assert files["ids-sst-test-student.csv"].labels is None
    assert files["sts-train.csv"].rows == 6040
    assert files["quora-dev.csv"].rows == 20214
    assert files["quora-dev.csv"].published
