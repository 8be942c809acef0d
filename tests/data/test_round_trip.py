"""What is exported is what is read: for every task, split and text, or it is refused by name."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from minbert.data.check import check_folder
from minbert.data.cs224n import digest, load_cs224n
from minbert.data.examples import CourseData, PairExample, SentenceExample, TaskData
from minbert.data.export import write_course_files
from minbert.tasks import COURSE_TASKS

SPLITS = ("train", "dev", "test")
PART = ("quora", "train")


def small(**changes: TaskData | None) -> CourseData:
    """Made-up data with labels in train and dev only."""

    def task(name: str, label: float) -> TaskData:
        def rows(split: str, value: float | None) -> tuple:
            ids = [f"{name}-{split}-{number}" for number in range(3)]
            if name in ("sst", "cfimdb"):
                return tuple(SentenceExample(x, f"{x} film", value) for x in ids)
            return tuple(PairExample(x, f"{x} film", "a story", value) for x in ids)

        return TaskData(rows("train", label), rows("dev", label), rows("test", None))

    made = {"sst": task("sst", 3), "cfimdb": task("cfimdb", 1), "quora": task("quora", 1.0),
            "sts": task("sts", 4.25), **changes}  # fmt: skip
    tasks = {COURSE_TASKS[name]: data for name, data in made.items()}
    return CourseData(
        name="x", tier="synthetic", note="made up", damage=(), digest=digest(tasks), tasks=tasks
    )


def same(read: CourseData, written: CourseData) -> bool:
    return read.tasks == written.tasks and digest(read.tasks) == digest(written.tasks)


def with_text(text: str, split: str = "train") -> CourseData:
    """Data one of whose sentences is `text`, as first, second and only one."""
    data = small()
    pairs = (PairExample("new-1", text, "a b", 1.0), PairExample("new-2", "a b", text, 0.0))
    label = None if split == "test" else 1
    sentences = (SentenceExample("new", text, label),)
    if split == "test":
        pairs = tuple(replace(pair, label=None) for pair in pairs)
    quora, sst = data.quora, data.sst
    return data.with_tasks(
        {
            "quora": replace(quora, **{split: getattr(quora, split) + pairs}),
            "sst": replace(sst, **{split: getattr(sst, split) + sentences}),
        }
    )


@pytest.mark.parametrize("lost", ["nothing", "cfimdb", "quora test", "all tests"])
def test_every_split_comes_back(tmp_path: Path, lost: str) -> None:
    """Test files without labels had an empty label column, which the reader refused."""
    data = small()
    if lost == "cfimdb":
        data = replace(data, tasks={t: d for t, d in data.tasks.items() if t.joint})
    if lost == "quora test":
        data = data.with_tasks({"quora": replace(data.quora, test=())})
    if lost == "all tests":
        data = data.with_tasks({t: replace(d, test=()) for t, d in data.tasks.items()})
    write_course_files(data, tmp_path / "files")
    read = load_cs224n(tmp_path / "files")
    assert same(read, data) and read.tier == "synthetic" and not read.damage
    report = check_folder(tmp_path / "files")
    assert report.ok and not report.notes[1:] and not report.others
    assert len(report.files) == 12 - len(report.missing)
    assert not list((tmp_path / "files").glob("*part*"))


TEXTS = {
    "a tab": "a\tb", "a line end": "a\nb", "CRLF": "a\r\nb", "CR": "a\rb", "marks": '"a" "b"',
    "a mark in front": '"a', "a mark behind": 'a"', "only a mark": '"', "NEL": "a\x85b",
    "line separator": "a\u2028b", "vertical tab": "a\x0bb", "no-break space": "\xa0a\xa0",
    "a comma": "a, b", "emoji": "🙂", "NEL behind": "a\x85", "a line end behind": "a\n",
    "long": "x" * 200_000, "None": "None", "nan": "nan", "a header": "id",
}  # fmt: skip


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_text_comes_back(tmp_path: Path, text: str, split: str) -> None:
    data = with_text(text, split)
    write_course_files(data, tmp_path / "files")
    assert same(load_cs224n(tmp_path / "files"), data)


def rows(*examples: PairExample) -> CourseData:
    data = small()
    quora = replace(data.quora, train=data.quora.train + examples)
    return data.with_tasks({"quora": quora})


REFUSED = {
    "a blank in front": with_text(" a b"),
    "a blank behind": with_text("a b "),
    "an empty sentence": with_text(""),
    "blanks": with_text("  "),
    "a NUL": with_text("a\0b"),
    "half of a pair": with_text("a \ud800 b"),
    "lines like rows": with_text("a\n1\tx\ty\tz\t0\nb"),
    "some without label": rows(PairExample("n", "a", "b", None)),
    "nan": rows(PairExample("n", "a", "b", float("nan"))),
    "a label too high": rows(PairExample("n", "a", "b", 2.0)),
    "a half": rows(PairExample("n", "a", "b", 0.5)),
    "an empty id": rows(PairExample("", "a", "b", 1.0)),
    "a blank in front of an id": rows(PairExample(" n", "a", "b", 1.0)),
    "a tab in an id": rows(PairExample("n\t", "a", "b", 1.0)),
    "a taken id": rows(PairExample("quora-train-1", "a", "b", 1.0)),
    "no train": small().with_tasks({"quora": TaskData((), small().quora.dev)}),
    "dev without labels": small().with_tasks(
        {"quora": replace(small().quora, dev=small().quora.test)}
    ),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_would_not_come_back_is_not_written(tmp_path: Path, data: CourseData) -> None:
    with pytest.raises(ValueError) as caught:
        write_course_files(data, tmp_path / "files")
    sentence = str(caught.value)
    assert type(caught.value) is ValueError and "expected" in sentence and "got" in sentence
    assert any(task in sentence for task in ("sst", "quora")), sentence
    assert not list((tmp_path / "files").iterdir()), "nothing is left"


TEXT = st.text(
    st.one_of(st.sampled_from('ab "\t\n\r,\x85\u2028'), st.characters(codec="utf-8")),
    min_size=1,
    max_size=12,
).map(lambda text: f"x{text}y".replace("\0", ""))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(TEXT, TEXT, st.sampled_from([0.0, 1.0])), min_size=1, max_size=6))
def test_any_text_comes_back_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str, float]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-export"
    shutil.rmtree(folder, ignore_errors=True)
    examples = tuple(PairExample(str(n), *pair) for n, pair in enumerate(pairs))
    data = small().with_tasks({"quora": TaskData(examples, examples, examples)})
    try:
        write_course_files(data, folder)
    except ValueError as error:
        assert "quora" in str(error) and "a row of its own" in str(error)
        assert any("\t" in text and "\n" in text for pair in pairs for text in pair[:2])
    else:
        assert same(load_cs224n(folder), data)


@pytest.mark.parametrize("name", ["synthetic.txt", "quora-test-student.csv", "ids-cfimdb-dev.csv"])
def test_what_is_there_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=f"holds {name} already"):
        write_course_files(small(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="x: expected a folder to write into, got a file"):
        write_course_files(small(), tmp_path / "x")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []

    def replaced(source: Path, target: Path) -> None:
        moved.append(target)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replaced)
    with pytest.raises(OSError, match="No space left"):
        write_course_files(small(), tmp_path)
    assert moved and not list(tmp_path.iterdir())


def test_the_real_files_come_back(real_data_folder: Path, tmp_path: Path) -> None:
    data = load_cs224n(real_data_folder)
    write_course_files(data, tmp_path / "files")
    again = load_cs224n(tmp_path / "files")
    assert again.digest == data.digest and not again.damage and again.tier == "real"
