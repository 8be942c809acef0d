"""Damaged data files: rows in = rows read + rows named, and check and loading say the same."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from minbert.__main__ import main
from minbert.data import load_data
from minbert.data.check import check_folder
from minbert.data.cs224n import file_name, load_cs224n, read_file
from minbert.data.examples import Damage, Example, PairExample
from minbert.data.table import table_line, table_rows
from minbert.tasks import COURSE_TASKS

Read = tuple[tuple[Example, ...], list[Damage]]
HEADERS = {
    "sst": "\tid\tsentence\tsentiment",
    "cfimdb": "\tid\tsentence\tsentiment",
    "quora": "\tid\tsentence1\tsentence2\tis_duplicate",
    "sts": "\tid\tsentence1\tsentence2\tsimilarity",
}
TEXTS = {"sst": "a b", "cfimdb": "a b", "quora": "a b\tc d", "sts": "a b\tc d"}
LABELS = {"sst": "3", "cfimdb": "1", "quora": "1.0", "sts": "4.5"}


@pytest.fixture
def folder(toy_data_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(toy_data_folder, tmp_path / "data"))


def good(task: str, number: int) -> str:
    """A row without damage."""
    return f"{number}\tid{number}\t{TEXTS[task]}\t{LABELS[task]}"


def lines_below_the_header(content: bytes) -> int:
    """Counted without the reader: newlines, and a last line without one."""
    return content.count(b"\n") - 1 + (not content.endswith(b"\n"))


def read(path: Path, content: str | bytes, task: str = "sst") -> Read:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, task)


def refused(folder: Path, name: str) -> str:
    """The one sentence with which loading and checking refuse a folder; it names the file."""
    with pytest.raises((ValueError, OSError)) as caught:
        load_cs224n(folder)
    sentence = str(caught.value)
    report = check_folder(folder)
    assert not report.ok and sentence in report.errors, (sentence, report.errors)
    assert "NOT usable" in str(report)
    assert name in sentence and "\n" not in sentence
    assert "expected" in sentence and "got" in sentence
    return sentence


# --- one bad row: left out and named, and nothing else with it ---

ROWS = {
    "empty line": ("sst", "", "got an empty line"),
    "blanks": ("sst", "   ", "fewer fields"),
    "tabs only": ("sst", "\t\t\t", "empty id, sentence, sentiment"),
    "no label": ("sst", "7\tx\ta b\t", "empty sentiment"),
    "no sentence": ("sst", "7\tx\t\t3", "empty sentence"),
    "a blank sentence": ("sst", "7\tx\t \t3", "empty sentence"),
    "a sentence of U+2028": ("sst", "7\tx\t\u2028\t3", "empty sentence"),
    "no id": ("sst", "7\t\ta b\t3", "empty id"),
    "no first sentence": ("sts", "7\tx\t\tc d\t1.0", "empty sentence1"),
    "no second sentence": ("quora", "7\tx\ta b\t\t1", "empty sentence2"),
    "one field": ("sst", "nonsense", "fewer fields than the header has columns: expected 4, got 1"),
    "a field missing": ("sts", "7\tx\ta b\t4.5", "expected 5, got 4"),
    "a tab too many": ("sst", "7\tx\ta\tb\t3", "more fields than the header has columns"),
    "a field too many": ("quora", "7\tx\ta b\tc d\t1\t1", "expected 5, got 6"),
    "commas": ("sst", "7,x,a b,3", "expected 4, got 1"),
    "a taken id": ("sst", "7\tid3\ta b\t3", "the id id3 occurs a second time"),
    "a taken id with blanks": ("sst", "7\t id3 \ta b\t3", "got that of line 5"),
    "a word": ("sst", "7\tx\ta b\tone", "expected a whole number from 0 to 4, got 'one'"),
    "nan": ("sts", "7\tx\ta b\tc d\tnan", "expected a number from 0 to 5, got 'nan'"),
    "inf": ("sts", "7\tx\ta b\tc d\tinf", "got 'inf'"),
    "-inf": ("sst", "7\tx\ta b\t-inf", "got '-inf'"),
    "1e999": ("sts", "7\tx\ta b\tc d\t1e999", "got '1e999'"),
    "below": ("sst", "7\tx\ta b\t-1", "expected a whole number from 0 to 4, got '-1'"),
    "above": ("sts", "7\tx\ta b\tc d\t5.1", "expected a number from 0 to 5, got '5.1'"),
    "far above": ("sst", "7\tx\ta b\t9", "got '9'"),
    "a class of SST": ("cfimdb", "7\tx\ta b\t4", "expected a whole number from 0 to 1, got '4'"),
    "a half": ("sst", "7\tx\ta b\t2.5", "got '2.5'"),
    "a probability": ("quora", "7\tx\ta b\tc d\t0.73", "got '0.73'"),
    "a score": ("quora", "7\tx\ta b\tc d\t4.2", "expected a whole number from 0 to 1, got '4.2'"),
    "a decimal comma": ("sts", "7\tx\ta b\tc d\t3,5", "got '3,5'"),
    "underscores": ("sts", "7\tx\ta b\tc d\t0_1", "got '0_1'"),
    "other digits": ("sst", "7\tx\ta b\t\u0663", "expected a whole number from 0 to 4"),
    "hexadecimal": ("sst", "7\tx\ta b\t0x1", "got '0x1'"),
    "true": ("quora", "7\tx\ta b\tc d\tTrue", "got 'True'"),
    "two labels": ("sst", "7\tx\ta b\t1 2", "got '1 2'"),
    "a label in a sentence": ("sst", "7\tx\t3\ta b", "got 'a b'"),
    "NUL": ("sst", "7\tx\ta\0b\t3", "got a NUL character"),
    "NUL in quotes": ("sst", '7\tx\t"a\0b"\t3', "got a NUL character"),
    "lone CR": ("sst", "7\tx\ta\rb\t3", "got a carriage return inside the row"),
    "two rows and a CR": ("sst", "7\tx\ta b\t3\r8\ty\tc d\t2", "got a carriage return"),
    "open mark": ("sst", '7\tx\t"a b\t3', "expected a quotation mark that closes field 3"),
    "open mark at the label": ("sst", '7\tx\ta b\t"3', "a quotation mark that closes field 4"),
    "open mark at the number": ("sst", '"7\tx\ta b\t3', "a quotation mark that closes field 1"),
    "text behind marks": ("sst", '7\tx\t"a" b\t3', "closes field 3 at its end, got none"),
    "single mark": ("sst", '7\tx\t"\t3', "expected a quotation mark"),
    "a line end in the id": ("sst", '7\t"x\ny"\ta b\t3', "expected an id without tabs and line"),
    "a line end in the label": ("sst", '7\tx\ta b\t"\n3"', "got '\\n3'"),
}


@pytest.mark.parametrize(("task", "row", "reason"), ROWS.values(), ids=ROWS)
def test_a_bad_row_is_named_and_its_neighbours_are_read(
    tmp_path: Path, task: str, row: str, reason: str
) -> None:
    rows = [good(task, number) for number in range(20)]
    content = "\n".join([HEADERS[task], *rows[:10], row, *rows[10:]]) + "\n"
    examples, [damage] = read(tmp_path / file_name(task, "dev"), content, task)
    assert [example.id for example in examples] == [f"id{number}" for number in range(20)]
    assert {example.texts for example in examples} == {tuple(TEXTS[task].split("\t"))}
    assert damage.line == 12 and reason in damage.reason
    assert str(damage).startswith(f"{file_name(task, 'dev')}:12 (row ")
    assert "expected" in damage.reason and "got" in damage.reason


def test_a_mark_that_nobody_closes_swallows_no_other_row(tmp_path: Path) -> None:
    """Also where a later row has a mark that would end it."""
    rows = [good("sst", number) for number in range(20)]
    rows[5] = '5\tid5\t"open\t3'
    rows[9] = '9\tid9\tsaid she "\t3'
    rows[12] = '12\tid12\t"well ""closed"""\t3'
    content = "\n".join([HEADERS["sst"], *rows]) + "\n"
    examples, [damage] = read(tmp_path / "ids-sst-dev.csv", content)
    assert [example.id for example in examples] == [f"id{n}" for n in range(20) if n != 5]
    assert damage.line == 7 and damage.row == "5"
    assert "closes" in damage.reason
    assert {example.sentence for example in examples} == {"a b", 'said she "', 'well "closed"'}


# --- what stays as it is ---

KEPT = {
    "NEL": "a\x85b", "line separator": "a\u2028b", "paragraph separator": "a\u2029b",
    "vertical tab": "a\x0bb", "form feed": "a\x0cb", "file separator": "a\x1cb",
    "group separator": "a\x1db", "record separator": "a\x1eb", "no-break space": "a\xa0b",
    "NEL at the end": "a b\x85", "no-break space in front": "\xa0a b", "emoji": "a 🙂 b",
    "combining": "cafe\u0301", "right to left": "\u200fa b", "a mark inside": 'a "b" c',
    "a mark at the end": 'a b"', "an apostrophe": "'a b'", "backslashes": "a\\tb\\n",
    "replacement": "a \ufffd b", "byte order mark inside": "a\ufeffb", "very long": "word " * 60_000
    + "end",
}  # fmt: skip


@pytest.mark.parametrize("sentence", KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_characters_inside_a_sentence_stay(tmp_path: Path, sentence: str, ending: str) -> None:
    content = ending.join([HEADERS["sst"], good("sst", 0), f"1\tx\t{sentence}\t3", ""])
    examples, damage = read(tmp_path / "ids-sst-dev.csv", content)
    assert [example.sentence for example in examples] == ["a b", sentence] and not damage


QUOTED = {
    "a tab": "a\tb", "a line end": "a\nb", "a Windows line end": "a\r\nb", "a lone CR": "a\rb",
    "marks": '"a" b', "only marks": '""', "marks and line ends": '"\n"', "empty lines": "a\n\n\nb",
    "many lines": "\n".join("abcdefgh"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", QUOTED.values(), ids=QUOTED)
@pytest.mark.parametrize("task", ["sst", "sts"])
def test_quoted_text_is_read_as_csv_reads_it(tmp_path: Path, sentence: str, task: str) -> None:
    before, after = [sentence, "x"][: len(COURSE_TASKS[task].sentences)], good(task, 9)
    row = table_line([1, "x", *before, LABELS[task]])
    examples, damage = read(tmp_path / "f.csv", f"{HEADERS[task]}\n{row}{after}\n", task)
    assert list(examples[0].texts) == before and examples[1].id == "id9" and not damage
    assert next(csv.reader(io.StringIO(row, newline=""), delimiter="\t"))[2] == sentence


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    content = f"{HEADERS['sst'][1:]}\nx\ta b\t3\n".encode("utf-8-sig")
    [example], damage = read(tmp_path / "f.csv", content)
    assert example.id == "x" and not damage


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    header = "similarity\tsentence2\tid\tmore\tsentence1"
    [example], damage = read(tmp_path / "f.csv", f"{header}\n4.5\tsecond\tx\t?\tfirst\n", "sts")
    assert example == PairExample("x", "first", "second", 4.5) and not damage


@pytest.mark.parametrize("label", ["1", "1.0", "1.", " 1", "1 ", "+1", "1e0", "01", "-0.0"])
def test_numbers_as_people_write_them(tmp_path: Path, label: str) -> None:
    [example], damage = read(tmp_path / "f.csv", f"{HEADERS['sst']}\n0\tx\ta b\t{label}\n")
    assert str(example.label) == ("0" if "-0" in label else "1") and not damage


def test_no_limit_of_csv_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a limit above 2**31 - 1 overflows; the default one, 131,072, is too low."""

    def limit(value: int | None = None) -> int:
        if value is not None and value > 2**31 - 1:
            raise OverflowError("Python int too large to convert to C long")
        return 131_072

    monkeypatch.setattr(csv, "field_size_limit", limit)
    sentence = "x" * 300_000
    content = f'{HEADERS["sst"]}\n0\ta\t{sentence}\t3\n1\tb\t"{sentence}"\t3\n'
    examples, damage = read(tmp_path / "f.csv", content)
    assert [len(example.sentence) for example in examples] == [300_000] * 2 and not damage


# --- whole files: refused, in the same sentence, by loading and by checking ---

Edit = Callable[[bytes], bytes]


def archive(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("sheet.xml", content)
    return file.getvalue()


def cut(*columns: int) -> Edit:
    """Keep these columns of a table."""
    return lambda content: b"".join(
        b"\t".join(line.split(b"\t")[column] for column in columns) + b"\n"
        for line in content.rstrip(b"\n").split(b"\n")
    )


def last_column(new: Callable[[int], str], name: str | None = None) -> Edit:
    """Other labels, in a column of this name."""

    def edit(content: bytes) -> bytes:
        first, *rows = [line.rsplit("\t", 1) for line in content.decode().rstrip("\n").split("\n")]
        lines = [f"{first[0]}\t{name or first[1]}"]
        lines += [f"{row[0]}\t{new(number)}" for number, row in enumerate(rows)]
        return ("\n".join(lines) + "\n").encode()

    return edit


FILES: dict[str, tuple[str, Edit, str]] = {
    "nothing": ("ids-sst-train.csv", lambda _: b"", "got an empty file"),
    "a newline": ("ids-sst-train.csv", lambda _: b"\n", "got an empty line"),
    "a byte order mark": ("sts-dev.csv", lambda _: b"\xef\xbb\xbf", "got an empty file"),
    "header only": ("sts-dev.csv", lambda c: c[: c.index(b"\n") + 1], "holds no usable row"),
    "header without newline": ("sts-dev.csv", lambda c: c[: c.index(b"\n")], "no usable row"),
    "no header": ("quora-train.csv", lambda c: c[c.index(b"\n") + 1 :], "no column id, sentence1"),
    "two headers": ("sts-dev.csv", lambda c: c.replace(b"similarity", b"id", 1), "id twice"),
    "capitals": ("sts-dev.csv", lambda c: c.replace(b"similarity", b"Similarity", 1),
                 "no column similarity"),
    "no ids": ("ids-sst-dev.csv", cut(0, 2, 3), "no column id"),
    "no sentences": ("ids-sst-dev.csv", cut(0, 1, 3), "no column sentence"),
    "no second sentences": ("sts-train.csv", cut(0, 1, 2, 4), "no column sentence2"),
    "commas": ("sts-train.csv", lambda c: c.replace(b"\t", b","), "no column id, sentence1"),
    "semicolons": ("sts-train.csv", lambda c: c.replace(b"\t", b";"), "no column id, sentence1"),
    "a web page": ("ids-sst-train.csv", lambda _: b"<!DOCTYPE html>\n<html>404</html>\n",
                   "this is a web page"),
    "a page without newline": ("ids-sst-dev.csv", lambda _: b"404: Not Found", "404: Not Found"),
    "JSON": ("ids-sst-dev.csv", lambda _: b'[{"id": "x", "sentence": "a"}]\n', "no column id"),
    "gzip": ("quora-dev.csv", gzip.compress, "got a gzip archive"),
    "zip or xlsx": ("quora-dev.csv", archive, "a zip archive or an Excel workbook"),
    "a git-lfs pointer": ("quora-dev.csv", lambda _: b"version https://git-lfs.github.com/spec/v1\n"
                          b"oid sha256:0\nsize 9\n", "run git lfs pull"),
    "a PDF": ("quora-dev.csv", lambda _: b"%PDF-1.7\n", "got a PDF"),
    "UTF-16": ("sts-train.csv", lambda c: c.decode().encode("utf-16"), "got UTF-16"),
    "UTF-16, big end": ("sts-train.csv", lambda c: b"\xfe\xff" + c.decode().encode("utf-16-be"),
                        "got UTF-16"),
    "UTF-16 without mark": ("sts-train.csv", lambda c: c.decode().encode("utf-16-le"), "a NUL"),
    "Latin-1": ("sts-train.csv", lambda c: c.replace(b"how", "r\xe9sum\xe9".encode("latin-1"), 1),
                "sts-train.csv:2: expected UTF-8 text, got the byte 0xe9 as byte"),
    "a surrogate": ("sts-train.csv", lambda c: c.replace(b"how", b"\xed\xa0\x80", 1),
                    "got the byte 0xed"),
    "cut inside a letter": ("ids-sst-dev.csv", lambda c: c + "9\tx\té".encode()[:-1],
                            "got the byte 0xc3"),
    "a late bad byte": ("ids-sst-dev.csv", lambda c: c + b"9\tx\t\xff\t1\n",
                        "ids-sst-dev.csv:42: expected UTF-8 text, got the byte 0xff as byte 5"),
    "old Mac line ends": ("sts-dev.csv", lambda c: c.replace(b"\n", b"\r"), "a carriage return"),
    "CR CR LF": ("sts-dev.csv", lambda c: c.replace(b"\n", b"\r\r\n"), "a carriage return"),
    "every second line empty": ("sts-dev.csv", lambda c: c.replace(b"\n", b"\n\n"),
                                "got an empty line"),
    "labels all empty": ("quora-train.csv", last_column(lambda _: ""), "no usable row"),
    "labels half empty": ("quora-train.csv", last_column(lambda n: "1" if n % 2 else ""),
                          "20 of 40 rows are damaged"),
    "labels of words": ("ids-sst-train.csv", last_column(lambda _: "good"), "got 'good'"),
    "labels nan": ("sts-train.csv", last_column(lambda _: "nan"), "got 'nan'"),
    "ids all the same": ("sts-train.csv", lambda c: re.sub(rb"ststrain\d+", b"x", c),
                         "39 of 40 rows are damaged"),
    # Without labels, or with another task's.
    "train without labels": ("ids-sst-train.csv", cut(0, 1, 2), "no column sentiment"),
    "dev without labels": ("ids-sst-dev.csv", cut(0, 1, 2), "only test files may lack them"),
    "Quora train without labels": ("quora-train.csv", cut(0, 1, 2, 3), "no column is_duplicate"),
    "Quora dev without labels": ("quora-dev.csv", cut(0, 1, 2, 3), "no column is_duplicate"),
    "STS train without labels": ("sts-train.csv", cut(0, 1, 2, 3), "no column similarity"),
    "STS dev without labels": ("sts-dev.csv", cut(0, 1, 2, 3), "no column similarity"),
    "CFIMDB train without labels": ("ids-cfimdb-train.csv", cut(0, 1, 2), "no column sentiment"),
    "CFIMDB dev without labels": ("ids-cfimdb-dev.csv", cut(0, 1, 2), "no column sentiment"),
    "Quora's column in STS": ("sts-dev.csv", last_column(lambda n: str(n % 2), "is_duplicate"),
                              "is_duplicate belongs to quora"),
    "STS's column in Quora": ("quora-dev.csv", last_column(lambda n: "4.2", "similarity"),
                              "similarity belongs to sts"),
    "Quora's column in STS test": ("sts-test-student.csv",
                                   last_column(lambda n: "1", "is_duplicate"),
                                   "is_duplicate belongs to quora"),
    "scores in Quora": ("quora-train.csv", last_column(lambda n: f"{n % 6:.1f}"),
                        "expected a whole number from 0 to 1"),
    "probabilities in Quora": ("quora-dev.csv", last_column(lambda n: f"{n / 40:.2f}"),
                               "expected a whole number from 0 to 1"),
    "0 and 1 in STS": ("sts-train.csv", last_column(lambda n: f"{n % 2}.0"), "the labels of quora"),
    "0 to 1 in STS": ("sts-dev.csv", last_column(lambda n: f"{n / 40:.2f}"), "got none above 1"),
    "0 and 1 in SST": ("ids-sst-train.csv", last_column(lambda n: str(n % 2)),
                       "the labels of cfimdb"),
    "0 and 1 in SST dev": ("ids-sst-dev.csv", last_column(lambda n: str(n % 2)),
                           "the labels of cfimdb"),
    "0 to 4 in CFIMDB": ("ids-cfimdb-dev.csv", last_column(lambda n: str(n % 5)),
                         "expected a whole number from 0 to 1"),
    "1 to 5 in SST": ("ids-sst-dev.csv", last_column(lambda n: str(n % 5 + 1)), "got '5'"),
    "0 to 10 in STS": ("sts-dev.csv", last_column(lambda n: str(n % 11)), "from 0 to 5, got '6'"),
    "-1 to 1 in STS": ("sts-dev.csv", last_column(lambda n: f"{n / 20 - 1:.2f}"), "got '-1.00'"),
    "pairs in SST": ("ids-sst-dev.csv", lambda _: b"\tid\tsentence1\tsentence2\tsentiment\n"
                     b"0\tx\ta\tb\t1\n", "no column sentence"),
    "sentences in STS": ("sts-dev.csv", lambda _: b"\tid\tsentence\tsimilarity\n0\tx\ta\t1\n",
                         "no column sentence1, sentence2"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "reason"), FILES.values(), ids=FILES)
def test_a_bad_file_is_refused_by_loading_and_checking(
    folder: Path, name: str, edit: Edit, reason: str
) -> None:
    (folder / name).write_bytes(edit((folder / name).read_bytes()))
    sentence = refused(folder, name)
    assert reason in sentence
    assert re.search(rf"{re.escape(name)}:\d+: ", sentence), "the sentence names file and line"


@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("task", ["sst", "quora", "sts"])
def test_a_missing_file_is_refused_by_loading_and_checking(
    folder: Path, task: str, split: str
) -> None:
    name = file_name(task, split)
    (folder / name).rename(folder / f"{name}.gz")
    with pytest.raises(FileNotFoundError) as caught:
        load_cs224n(folder)
    report = check_folder(folder)
    assert not report.ok and str(caught.value) in report.errors and name in report.missing
    assert f"{name} is missing in {folder} (there is {name}.gz)" in str(caught.value)


def test_a_folder_in_place_of_a_file(folder: Path) -> None:
    (folder / "sts-dev.csv").unlink()
    (folder / "sts-dev.csv").mkdir()
    assert "expected a file, got a folder" in refused(folder, "sts-dev.csv")


@pytest.mark.parametrize("lost", ["train", "dev"])
def test_half_of_cfimdb_is_left_aside_and_that_is_said(
    folder: Path, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / file_name("cfimdb", lost)).unlink()
    assert load_cs224n(folder).find("cfimdb") is None
    report = check_folder(folder)
    assert report.ok and len(report.notes) == 1
    assert report.notes[0] in caplog.text and "expected its train and dev files" in caplog.text
    assert file_name("cfimdb", lost) not in report.notes[0]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"one\ntwo\n", b"\xff\xfe", b"r\xe9sum\xe9"])
def test_a_mark_of_made_up_data_that_says_nothing(folder: Path, content: bytes) -> None:
    """An empty one made synthetic data real."""
    (folder / "synthetic.txt").write_bytes(content)
    assert "synthetic.txt:1: expected" in refused(folder, "synthetic.txt")


def test_a_file_that_may_be_cut_off(folder: Path) -> None:
    """A cut through the last label leaves a number: only the line end is missing."""
    path = folder / "sts-train.csv"
    path.write_bytes(path.read_bytes()[:-2])
    assert check_folder(folder).notes == [
        "sts-train.csv: the last row has no line end: is it cut off?"
    ]


def test_test_files_may_lack_labels_and_may_have_them(folder: Path) -> None:
    shutil.copy(folder / "sts-dev.csv", folder / "sts-test-student.csv")
    data = load_cs224n(folder)
    assert check_folder(folder).ok and data.sst.test[0].label is None
    assert [example.label for example in data.sts.test] == [e.label for e in data.sts.dev]


def test_what_the_command_says(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """`data check` and a training command refuse in one sentence, exit 2, nothing trained."""
    path = folder / "quora-dev.csv"
    path.write_bytes(cut(0, 1, 2, 3)(path.read_bytes()))
    assert main(["data", "check", str(folder)]) == 2
    [error] = [line for line in capsys.readouterr().out.split("\n") if line.startswith("error: ")]
    arguments = ["--data", f"cs224n:{folder}", "--out", str(folder / "out")]
    assert main(["reproduce", *arguments]) == 2
    assert capsys.readouterr().err == f"minbert reproduce: {error.removeprefix('error: ')}\n"
    assert not (folder / "out").exists()


def test_what_checking_calls_usable_is_trained_on(
    folder: Path, toy_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Windows line ends, a mark, a damaged row, other columns, test files with and without labels,
    and training data that say little."""

    def edit(name: str, change: Edit) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    edit("ids-sst-train.csv", lambda c: b"\xef\xbb\xbf" + c.replace(b"\n", b"\r\n"))
    edit("ids-sst-dev.csv", lambda c: c + b"\n\n")
    edit("quora-train.csv", last_column(lambda _: "0"))
    edit("quora-dev.csv", cut(4, 3, 1, 2, 0))
    edit("sts-train.csv", last_column(lambda _: "3.5"))
    shutil.copy(folder / "sts-dev.csv", folder / "sts-test-student.csv")
    (folder / "quora-test-student.csv").unlink()
    assert main(["data", "check", str(folder)]) == 0
    command = ["reproduce", "--data", f"cs224n:{folder}", "--encoder", str(toy_model_folder),
               "--cache", str(tmp_path / "cache"), "--arms", "heads_only",
               "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(command) == 0
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err and "## Table 1" in shown.out


# --- paths ---


def test_the_home_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert len(load_data("cs224n:~/data").sst.train) == 40
    assert check_folder("~/data").ok
    assert main(["data", "check", "~/data"]) == 0
    assert main(["data", "export", "--data", "cs224n:~/data", "--to", "~/copy"]) == 0
    assert (folder.parent / "copy" / "sts-dev.csv").is_file()
    capsys.readouterr()


@pytest.mark.parametrize("place", ["~nobody-of-this-name/data", "nowhere", "nowhere\0x"])
def test_no_folder(place: str) -> None:
    for call in (load_cs224n, check_folder):
        with pytest.raises((FileNotFoundError, ValueError), match="expected|null"):
            call(place)


def test_a_file_in_place_of_the_folder(folder: Path) -> None:
    for call in (load_cs224n, check_folder):
        with pytest.raises(FileNotFoundError, match="is no folder: expected the CS224N data files"):
            call(folder / "sts-dev.csv")


@pytest.mark.parametrize(
    "spec", [None, 3, "", "cs224n", "cs224n:", "CS224N:x", "classroom:-1", "classroom:1.5",
             "classroom:²", "classroom:٣", "classroom:" + "9" * 5000, "class", "~"]
)  # fmt: skip
def test_data_that_do_not_exist(spec: object) -> None:
    with pytest.raises(ValueError, match="data must be given as cs224n:FOLDER or classroom"):
        load_data(spec)


# --- any file at all ---

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)
FIELD = st.text(st.sampled_from('ab "\t\r\n,\x00\x0b\x0c\x1c\x85\u2028é'), max_size=6)
LINE = st.lists(FIELD, min_size=1, max_size=6).map("\t".join)


@SETTINGS
@given(st.lists(LINE, max_size=12).map("\n".join), st.sampled_from("\t,"))
def test_every_line_of_any_table_is_in_one_row(text: str, delimiter: str) -> None:
    rows = list(table_rows(text, delimiter))
    assert sum(row.lines for row in rows) == text.count("\n") + bool(text.split("\n")[-1])
    line = 1
    for row in rows:
        assert row.line == line
        line += row.lines
        assert row.problem or row.fields


@SETTINGS
@given(
    st.lists(st.lists(st.text(max_size=6), min_size=4, max_size=4), min_size=1, max_size=8),
    st.sampled_from("\t,"),
)
def test_what_is_written_is_read_or_named(table: list[list[str]], delimiter: str) -> None:
    table = [[field.replace("\0", "") for field in row] for row in table]
    text = "".join(table_line(row, delimiter) for row in table)
    rows = list(table_rows(text, delimiter))
    if not any(row.problem for row in rows):
        assert [list(row.fields) for row in rows] == table
    else:  # only text that looks like rows of its own is refused
        assert any(delimiter in field and "\n" in field for row in table for field in row) or any(
            "\n" in field for field in table[0]
        )


DAMAGE = st.sampled_from([
    lambda line, _: "", lambda line, n: line[: n % (len(line) + 1)], lambda line, _: line + "\t",
    lambda line, _: line.replace("\t", " ", 1), lambda line, n: line[:n] + "\t" + line[n:],
    lambda line, n: line[:n] + '"' + line[n:], lambda line, _: line.replace("\t", '\t"', 2),
    lambda line, n: line[:n] + "\r" + line[n:], lambda line, n: line[:n] + "\0" + line[n:],
    lambda line, n: line[:n] + "\x85" + line[n:], lambda line, n: line[:n] + "\u2028" + line[n:],
    lambda line, _: line + "\r", lambda line, _: line.rsplit("\t", 1)[0] + "\tnan",
    lambda line, _: line.rsplit("\t", 1)[0] + "\t", lambda line, _: " " + line,
])  # fmt: skip


@pytest.mark.parametrize("task", COURSE_TASKS)
@SETTINGS
@given(
    edits=st.lists(st.tuples(st.integers(0, 299), st.integers(0, 30), DAMAGE), max_size=3),
    ending=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    mark=st.booleans(),
)
def test_rows_in_are_rows_out_and_rows_named(
    tmp_path_factory: pytest.TempPathFactory,
    task: str,
    edits: list,
    ending: str,
    last: bool,
    mark: bool,
) -> None:
    """Any damage to a few lines: every other row is read as it is, and the sum is right."""
    rows = [good(task, number) for number in range(300)]
    rows[7] = rows[7].replace("a b", '"a ""b"""')
    touched = set()
    for number, at, damage in edits:
        rows[number] = damage(rows[number], at)
        touched.add(number)
    content = ending.join([HEADERS[task], *rows]) + ending * last
    data = content.encode("utf-8-sig" if mark else "utf-8")
    path = tmp_path_factory.getbasetemp() / "any.csv"
    examples, found = read(path, data, task)
    swallowed = sum(text.count("\n") for example in examples for text in example.texts)
    assert len(examples) + len(found) + swallowed == lines_below_the_header(data)
    assert not swallowed
    by_id = {example.id: example for example in examples}
    for number in set(range(300)) - touched:
        expected = ('a "b"' if number == 7 else "a b", *TEXTS[task].split("\t")[1:])
        example = by_id.get(f"id{number}")
        named = [row for row in found if "second time" in row.reason]
        assert named or (example.texts == expected and example.label == float(LABELS[task]))
    assert all(row.line - 2 in touched or "second time" in row.reason for row in found)


@SETTINGS
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=80).map(str.encode),
        st.lists(LINE, max_size=9).map(lambda lines: "\n".join([HEADERS["sst"], *lines]).encode()),
    ),
    st.sampled_from(list(COURSE_TASKS)),
)
def test_any_bytes_are_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, task: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(content)
    try:
        examples, damage = read_file(path, task)
    except ValueError as error:
        assert re.match(rf"{re.escape(str(path))}:\d+: ", str(error)), error
        assert "expected" in str(error)
        return
    swallowed = sum(text.count("\n") for example in examples for text in example.texts)
    text = content.removeprefix(b"\xef\xbb\xbf").decode()
    rows = list(table_rows(text))[1:]
    assert len(examples) + len(damage) == len(rows)
    assert sum(row.lines for row in rows) == lines_below_the_header(content)
    assert swallowed <= sum(row.lines - 1 for row in rows)


def test_the_real_files_keep_every_row(real_data_folder: Path) -> None:
    """Counted by newlines; and field by field as the csv module reads them."""
    checked = 0
    for task in COURSE_TASKS:
        for split in ("train", "dev", "test"):
            path = real_data_folder / file_name(task, split)
            if not path.exists():
                continue
            content = path.read_bytes()
            examples, damage = read_file(path, task, needs_labels=split != "test")
            assert len(examples) + len(damage) == lines_below_the_header(content)
            with path.open(encoding="utf-8", newline="") as file:
                expected = [tuple(row) for row in csv.reader(file, delimiter="\t")]
            assert [row.fields for row in table_rows(content.decode())] == expected
            checked += 1
    assert checked >= 9
