"""Files of one's own: every usual form is read, every damaged one is named in a sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas
import pytest
from refused import refused

from minbert.data import LabelledData, PairData, TextData, load_data, load_own, own_data
from minbert.data.own_check import check_own
from minbert.data.own_file import read_own
from minbert.data.own_spec import parse_spec, read_part

ROWS = 12
PAIRS = [(f"question {n}?", f"answer {n}", n % 2, n / 11, f"wrong {n}") for n in range(ROWS)]


def table(separator: str, *columns: int, header: str = "") -> str:
    lines = [header] if header else []
    lines += [separator.join(str(row[at]) for at in columns) for row in PAIRS]
    return "\n".join(lines) + "\n"


FORMS = {
    "pairs:a.csv": table(",", 0, 1, header="question,answer"),
    "pairs:b.csv,header=no": table(",", 0, 1),
    "pairs:semicolons.csv": table(";", 0, 1, header="question;answer"),
    "pairs:own.csv,first=frage,second=antwort": table(",", 0, 1, header="frage,antwort"),
    "pairs:swapped.csv,first=2,second=1": table(",", 1, 0, header="second,first"),
    "pairs:numbers.csv,first=2,second=1": table(",", 1, 0),
    "pairs:tabs.tsv": table("\t", 0, 1, header="sentence1\tsentence2"),
    "pairs:tabs.txt": table("\t", 0, 1),
    "pairs:capitals.csv": table(",", 0, 1, header="Question , Answer"),
    "pairs:mark.csv": "\ufeff" + table(",", 0, 1, header="question,answer"),
    "pairs:windows.csv": table(",", 0, 1, header="question,answer").replace("\n", "\r\n"),
    "pairs:lines.jsonl": "".join(
        f'{{"second": "answer {n}", "first": "question {n}?"}}\n' for n in range(ROWS)
    ),
}
"""Of the same pairs."""


@pytest.mark.parametrize("spec", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_pairs_in_every_form(spec: str, packed: bool, tmp_path: Path) -> None:
    name = spec.partition(":")[2].partition(",")[0]
    content = FORMS[spec].encode()
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    part = read_part(parse_spec(spec.replace(name, str(path))))
    assert part.first == tuple(row[0] for row in PAIRS)
    assert part.second == tuple(row[1] for row in PAIRS)
    assert part.labels is None and part.scores is None and part.damage == ()


GLUE = {
    "SST-2": (
        "labelled",
        "sentence\tlabel",
        "\" it 's one that begins with a mark\t{}",
        "text",
    ),
    "QQP": (
        "pairs",
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
        '7\t1\t2\t"who asked {}?\twho said it?\t{}',
        "first",
    ),
    "STS-B": (
        "pairs",
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore",
        '0\tnews\tf\t2012\t1\tnone\tnone\t"A plane {}.\tAn air plane.\t{}.5',
        "first",
    ),
    "MRPC": (
        "pairs",
        "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String",
        '{}\t1\t2\t"He said {}.\t" He said so too.',
        "first",
    ),
}
"""Kind, header, row with a number to fill in, and a column that begins with a quotation mark."""


@pytest.mark.parametrize("name", GLUE)
def test_quotation_marks_of_glue_are_text(name: str, tmp_path: Path) -> None:
    kind, header, row, column = GLUE[name]
    lines = [row.replace("{}", str(number % 2)) for number in range(10)]
    path = tmp_path / "train.tsv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    table = read_own(path, *_columns(kind), parse_spec(f"{kind}:x").reading)
    assert len(table.rows) == 10 and table.damage == ()
    assert all(value.startswith('"') for value in table.column(column))
    part = read_part(parse_spec(f"{kind}:{path}"))
    assert (getattr(part, "scores", None) is not None) == (name == "STS-B")


def _columns(kind: str):
    return {"pairs": PairData, "labelled": LabelledData, "text": TextData}[kind].columns


def test_the_assignments_format(tmp_path: Path) -> None:
    path = tmp_path / "sst-train.txt"
    path.write_text("".join(f"{n % 5} ||| A film , {n} ||| bars .\n" for n in range(20)))
    part = read_part(parse_spec(f"labelled:{path}"))
    assert part.texts[3] == "A film , 3 ||| bars ." and part.labels[:6] == tuple("012340")


def test_texts_a_line_without_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "mails.txt"
    path.write_text("one, two\n\nthree\tfour\n" + "five\n" * 8, encoding="utf-8")
    part = read_part(parse_spec(f"text:{path}"))
    assert part.texts[:2] == ("one, two", "three\tfour") and len(part) == 10
    csv = tmp_path / "mails.csv"
    csv.write_text('id,body\n1,"a, b"\n2,"two\nlines"\n', encoding="utf-8")
    part = read_part(parse_spec(f"text:{csv},column=body"))
    assert part.texts == ("a, b", "two\nlines")


def test_a_third_column_is_a_score_or_a_label(tmp_path: Path) -> None:
    for at, wanted in ((3, "scores"), (2, "labels")):
        path = tmp_path / f"{wanted}.csv"
        path.write_text(table(",", 0, 1, at), encoding="utf-8")
        part = read_part(parse_spec(f"pairs:{path}"))
        assert getattr(part, wanted) is not None, wanted
    negatives = tmp_path / "hard.csv"
    negatives.write_text(table(",", 0, 1, 4, header="query,positive,negative"), encoding="utf-8")
    assert read_part(parse_spec(f"pairs:{negatives}")).negatives[3] == "wrong 3"


BAD = {
    "no such file": ("pairs:none.csv", None, "there is no file"),
    "a folder without train": ("pairs:.", None, "holds no train file"),
    "a workbook": ("pairs:a.xlsx", b"PK\x03\x04", "save the workbook as CSV"),
    "an unknown end": ("pairs:a.doc", b"x", "expected a file that ends in"),
    "empty": ("pairs:a.csv", b"", "expected rows, got an empty file"),
    "a header only": ("pairs:a.csv", b"question,answer\n", "holds no usable row"),
    "one column": ("pairs:a.csv", b"question\nwho?\n", "a column that is the second"),
    "a column that is not there": (
        "pairs:a.csv,first=frage",
        b"question,answer\nwho?,me\n",
        "expected a column 'frage', got the columns 'question', 'answer'",
    ),
    "names without a header": (
        "pairs:a.csv,first=3,second=1",
        b"who?,me\n",
        "expected the number of a column, from 1 to 2",
    ),
    "Latin-1": ("text:a.txt", "\xe9t\xe9\n".encode("latin-1"), "a.txt:1: expected UTF-8 text"),
    "UTF-16": ("text:a.txt", "text\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
    "half an archive": ("text:a.txt.gz", gzip.compress(b"text\n" * 99)[:20], "cannot be unpacked"),
    "no archive": ("text:a.txt.gz", b"text\n", "cannot be unpacked"),
    "no JSON": ("text:a.jsonl", b"text\n", "expected a JSON object a line, got none"),
    "JSON without the entry": ("text:a.jsonl", b'{"a": 1}\n', "expected an entry that is the text"),
    "too many damaged rows": (
        "labelled:a.csv",
        b"text,label\n" + b"a,\n" * 9 + b"a,b\n",
        "9 of 10 rows are damaged, the first is a.csv:2",
    ),
    "one class": (
        "labelled:a.csv",
        b"text,label\n" + b"".join(b"a%d,b\n" % n for n in range(20)),
        "all rows say the same",
    ),
    "no classes": (
        "labelled:a.csv",
        b"text,label\n" + b"".join(b"a%d,%d\n" % (n, n) for n in range(20)),
        "is this column a label at all?",
    ),
    "score and label": (
        "pairs:a.csv",
        b"first,second,score,label\n" + b"a,b,1,1\n" * 9,
        "expected a score or a label",
    ),
    "an unknown option": ("pairs:a.csv,best=a", b"x", "expected options of first, second"),
    "an unknown separator": ("pairs:a.csv,sep=pipe", b"x", "expected sep as one of tab"),
    "all rows one group": (
        "pairs:a.csv",
        b"first,second\n" + b"".join(b"same,%d\n" % n for n in range(20)),
        "no dev part can be split off",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_one_sentence_says_what_is_wrong(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, content, said = BAD[name]
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(spec.partition(":")[2].partition(",")[0]).write_bytes(content)
    with pytest.raises((ValueError, OSError), match=".") as caught:
        load_own([spec])
    assert said in str(caught.value) and "\n" not in str(caught.value)
    report = check_own([spec])
    assert not report.ok and said in str(report)


def test_damaged_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    good = "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(300))
    path = tmp_path / "some.csv"
    path.write_text(f'text,label\n{good}no label,\nonly one field\n"open,a\n', encoding="utf-8")
    part = read_part(parse_spec(f"labelled:{path}"))
    assert len(part) == 300
    assert [damage.line for damage in part.damage] == [302, 303, 304]
    report = str(check_own([f"labelled:{path}"]))
    assert "3 damaged rows" in report and "some.csv:303" in report and report.endswith("usable")


def test_classes_keep_their_names_and_numbers_their_order() -> None:
    data = own_data(
        LabelledData(
            [f"text {n}" for n in range(40)], [("10", "9", "ham")[n % 3] for n in range(40)]
        )
    )
    [task] = data.tasks
    assert task.label.names == ("9", "10", "ham") and task.classes == 3
    assert {example.label for example in data.tasks[task].train} == {0, 1, 2}


def test_scores_are_read_as_zero_to_five() -> None:
    for scale in (1, 5, 10, 100):
        pairs = PairData(
            [f"first {n}" for n in range(21)],
            [f"second {n}" for n in range(21)],
            scores=[scale * n / 20 for n in range(21)],
        )
        data = own_data(pairs)
        labels = [one.label for split in ("train", "dev") for one in getattr(data.pairs, split)]
        assert min(labels) == 0 and max(labels) == pytest.approx(5)


def test_frames_say_what_files_say() -> None:
    frame = pandas.DataFrame(
        {
            "body": [f"text {n}" for n in range(300)] + [None],
            "Class": [f"class {n % 3}" for n in range(301)],
        }
    )
    labelled = LabelledData.from_frame(frame, text="body", name="mine")
    assert len(labelled) == 300 and labelled.labels[:2] == ("class 0", "class 1")
    assert [damage.line for damage in labelled.damage] == [301]
    with pytest.raises(ValueError, match="the frame has no column 'bodies'"):
        LabelledData.from_frame(frame, text="bodies")
    with pytest.raises(ValueError, match="name the column that is the text"):
        TextData.from_frame(frame)
    pairs = PairData.from_frame(
        frame.assign(other="b").dropna().drop(columns="Class"), first="body", second="other"
    )
    assert len(pairs) == 300 and pairs.labels is None


WRONG = {
    "one string": (lambda: TextData("text"), "several texts in an order"),
    "no text": (lambda: TextData([]), "must have rows"),
    "a number": (lambda: TextData(["a", 3]), "got 3 at place 1"),
    "one more": (lambda: PairData(["a"], ["b", "c"]), "one value a row, 1, got 2"),
    "both": (lambda: PairData(["a"], ["b"], scores=[1], labels=[1]), "scores or labels, got both"),
    "nan": (lambda: PairData(["a"], ["b"], scores=[float("nan")]), "finite numbers, got nan"),
    "a name": (lambda: TextData(["a"], name="my data"), "letters, digits and underscores"),
    "twice": (lambda: own_data(TextData(["a"]), TextData(["b"])), "each of another name"),
}


@pytest.mark.parametrize("name", WRONG)
def test_lists_are_checked(name: str) -> None:
    make, said = WRONG[name]
    with pytest.raises(ValueError, match=".") as caught:
        make()
    assert said in str(caught.value)


def test_a_folder_has_its_own_dev_and_test(tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        rows = "".join(f"{split} {n}?,answer {n} {split}\n" for n in range(9))
        (tmp_path / f"{split}.csv").write_text(f"question,answer\n{rows}", encoding="utf-8")
    data = load_data(f"faq=pairs:{tmp_path}")
    assert [len(getattr(data.faq, split)) for split in ("train", "dev", "test")] == [9, 9, 9]


def test_the_papers_commands_say_where_own_data_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(FORMS["pairs:a.csv"], encoding="utf-8")
    spec = f"pairs:{tmp_path / 'a.csv'}"
    assert "minbert train trains on those" in refused(
        capsys, "reproduce", "--data", spec, "--out", tmp_path / "out"
    )
    assert "data must be given as" in refused(capsys, "data", "sample", "--data", "pears:a.csv")
