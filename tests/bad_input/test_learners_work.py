"""What learners and teachers have in folders of notebooks and pages is theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from nbformat import v4

from minbert.__main__ import main
from minbert.commands import course
from minbert.course import notebooks
from minbert.course.files import notebook_text, write_notebook
from minbert.course.notebooks import read
from minbert.course.runner import Execution
from minbert.course.student import student_edition
from minbert.folders.added import adding_to
from minbert.folders.marker import MARKER, Marker, write_marker
from minbert.viz.explorers.embeddings.projector import write_projector_files

TIME = "About 5 minutes of study (estimated from its length); runs in two minutes or less."


def make(folder: Path, name: str, exercise: str) -> None:
    cells = [
        v4.new_markdown_cell(f"# {name}\n\n{TIME}"),
        v4.new_code_cell(exercise, metadata={"tags": ["exercise"]}),
        v4.new_code_cell("answer = 42", metadata={"tags": ["solution"]}),
    ]
    write_notebook(folder / f"{name}.ipynb", v4.new_notebook(cells=cells))


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three made-up notebooks in the place of the course's, and an empty working folder."""
    folder = tmp_path / "clone" / "notebooks"
    folder.mkdir(parents=True)
    for name in ("00_one", "01_two", "02_three"):
        make(folder, name, "def f(): ...")
    (tmp_path / "clone" / "README.md").write_text("<!-- notebooks -->\n<!-- /notebooks -->\n")
    monkeypatch.setattr(notebooks, "notebooks_folder", lambda: folder)
    monkeypatch.setattr(course, "notebooks_folder", lambda: folder)
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notebooks that seem to run, without a kernel; which ones did."""
    ran: list[str] = []

    def execute(path: Path, environment: dict, folder: Path) -> Execution:
        ran.append(path.stem)
        notebook = read(path)
        notebook.cells[1].outputs = [v4.new_output("stream", text=f"run {len(ran)}\n")]
        return Execution(path, notebook, 0.1, [])

    def execute_all(
        paths: list[Path],
        environment: dict,
        folder_of: Callable[[Path], Path],
        jobs: int,
        done: Callable[[Execution], None],
    ) -> None:
        for path in paths:
            done(execute(path, environment, folder_of(path)))

    monkeypatch.setattr(course, "execute", execute)
    monkeypatch.setattr(course, "execute_all", execute_all)
    monkeypatch.setattr(course, "require_ipykernel", lambda: None)
    monkeypatch.setattr(course, "page", lambda notebook, *others: f"page {len(ran)}")
    return ran


def answer(path: Path, text: str = "def f(): return 1  # mine") -> bytes:
    notebook = read(path)
    notebook.cells[1].source = text
    write_notebook(path, notebook)
    return path.read_bytes()


CHANGES: dict[str, Callable[[Path], object]] = {
    "an answer": answer,
    "an answer of one space": lambda path: answer(path, "def f(): ... "),
    "an output": lambda path: path.write_text(
        path.read_text().replace('"outputs": []', '"outputs": [{}]', 1)
    ),
    "one byte": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "other line ends": lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")),
    "emptied": lambda path: path.write_text(""),
    "no notebook": lambda path: path.write_text("my notes"),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "a link": lambda path: (path.rename("answers"), path.symlink_to(Path("answers").resolve())),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to("gone")),
    "a folder": lambda path: (path.unlink(), path.mkdir(), (path / "mine").write_text("mine")),
}


def state(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else sorted(path.iterdir())


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("renewed", [False, True], ids=["the same edition", "a new edition"])
def test_what_a_learner_changed_stays_and_is_named(
    change: str, renewed: bool, sources: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert main(["course", "student", "--to", "class"]) == 0
    mine = Path("class") / "01_two.ipynb"
    CHANGES[change](mine)
    before = state(mine)
    if renewed:
        for name in ("00_one", "01_two", "03_new"):
            make(sources, name, "def f(x): ...")
    for _ in range(2):
        caplog.clear()
        assert main(["course", "student", "--to", "class"]) == 0
        assert state(mine) == before
        [sentence] = [text for text in caplog.messages if text.startswith("kept as they are")]
        assert sentence.endswith(": 01_two.ipynb")
        for name in ("00_one", "02_three", *(["03_new"] if renewed else [])):
            expected = notebook_text(student_edition(read(sources / f"{name}.ipynb")))
            assert (Path("class") / f"{name}.ipynb").read_text() == expected
    assert not [path for path in Path("class").iterdir() if path.name.endswith(("part", "lock"))]


@pytest.mark.parametrize(
    "content", ["answers of an edition before markers", "{}", ""], ids=["text", "json", "empty"]
)
def test_notebooks_that_were_there_before_stay(
    content: str, sources: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Path("class").mkdir()
    (Path("class") / "01_two.ipynb").write_text(content)
    (Path("class") / "README.md").write_text("our class")
    assert main(["course", "student", "--to", "class"]) == 0
    assert (Path("class") / "01_two.ipynb").read_text() == content
    assert (Path("class") / "README.md").read_text() == "our class"
    assert (Path("class") / "00_one.ipynb").exists() and "01_two.ipynb" in caplog.text


def test_an_unchanged_edition_of_before_markers_is_ours(sources: Path) -> None:
    assert main(["course", "student", "--to", "class"]) == 0
    (Path("class") / MARKER).unlink()
    assert main(["course", "student", "--to", "class"]) == 0
    make(sources, "01_two", "def f(x): ...")
    assert main(["course", "student", "--to", "class"]) == 0
    assert "def f(x)" in (Path("class") / "01_two.ipynb").read_text()


REFUSED: dict[str, tuple[Callable[[Path], str], str]] = {
    "the sources": (lambda sources: str(sources), "is the folder of the notebooks"),
    "the sources by a link": (
        lambda sources: Path("link").symlink_to(sources) or "link", "is the folder of the not"),
    "the sources by a detour": (
        lambda sources: f"{sources}/../notebooks", "is the folder of the notebooks"),
    "a file": (lambda sources: Path("f").write_text("mine") and "f", "is a file, no folder"),
    "in a file": (lambda sources: Path("f").write_text("mine") and "f/g", "is a file, no folder"),
    "a link to nothing": (lambda sources: Path("l").symlink_to("x") or "l", "is a link to x"),
    "nothing": (lambda sources: "", "must be the path of a folder"),
    "a name too long": (lambda sources: "x" * 300, "File name too long"),
    "of another command": (
        lambda sources: Path("o").mkdir() or write_marker(Path("o"), Marker("sweep")) or "o",
        "holds what `minbert sweep` wrote"),
    "a damaged marker": (
        lambda sources: Path("d").mkdir() or (Path("d") / MARKER).write_text("{") and "d",
        "cannot be read"),
}  # fmt: skip
REFUSED_PAGES = {
    **REFUSED,
    "copies of the notebooks": (
        lambda sources: Path("c").mkdir() or make(Path("c"), "00_one", "mine") or "c",
        "holds 00_one.ipynb, and no .minbert.json",
    ),
    "the clone": (lambda sources: str(sources.parent), "holds README.md, notebooks"),
    "the working folder": (lambda sources: Path("t").write_text("mine") and ".", "holds t, and no"),
    "the parent": (lambda sources: "..", "and no .minbert.json"),
    "the root": (lambda sources: "/", "and no .minbert.json"),
    "pages of before markers": (
        lambda sources: Path("p").mkdir() or (Path("p") / "index.html").write_text("x") and "p",
        "versions before this one",
    ),
}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    [sentence] = [line for line in captured.err.splitlines() if line.startswith("minbert ")]
    assert "Traceback" not in captured.err and captured.out == ""
    return sentence


@pytest.mark.parametrize("name", REFUSED)
def test_no_notebooks_are_handed_out_into(
    name: str, sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_it, expected = REFUSED[name]
    given = make_it(sources)
    before = {path: state(path) for path in sources.iterdir()}
    assert expected in refused(capsys, "course", "student", "--to", given)
    assert {path: state(path) for path in sources.iterdir()} == before


@pytest.mark.parametrize("name", REFUSED_PAGES)
def test_no_course_is_run_into(
    name: str, sources: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    make_it, expected = REFUSED_PAGES[name]
    given = make_it(sources)
    before = {path: state(path) for path in sources.iterdir()}
    assert expected in refused(capsys, "course", "run", "--out", given)
    assert not quick and {path: state(path) for path in sources.iterdir()} == before


@pytest.mark.parametrize(
    "name", ["00_one.ipynb", "02_three.ipynb", "01_two.html", "index.html", "times.json"]
)
@pytest.mark.parametrize("change", ["one byte", "emptied", "binary", "a link", "a folder"])
def test_a_page_that_was_changed_stops_the_course_before_it_begins(
    name: str, change: str, sources: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["course", "run", "--out", "pages"]) == 0
    (Path("pages") / "notes.md").write_text("mine")
    assert main(["course", "run", "--out", "pages"]) == 0
    assert "run 4" in (Path("pages") / "00_one.ipynb").read_text()
    CHANGES[change](Path("pages") / name)
    before = {path: state(path) for path in Path("pages").iterdir()}
    capsys.readouterr()
    quick.clear()
    sentence = refused(capsys, "course", "run", "--out", "pages")
    assert f"no longer as `minbert course run` wrote them: {name}: move" in sentence and not quick
    assert {path: state(path) for path in Path("pages").iterdir()} == before


def test_a_run_of_other_notebooks_leaves_a_changed_page_alone(
    sources: Path, quick: list[str]
) -> None:
    assert main(["course", "run", "--out", "pages"]) == 0
    mine = answer(Path("pages") / "02_three.ipynb")
    assert main(["course", "run", "00", "--out", "pages"]) == 0
    assert (Path("pages") / "02_three.ipynb").read_bytes() == mine


def test_a_second_course_into_a_folder_is_refused(
    sources: Path, quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with adding_to("pages", "course run"):
        assert "another run is writing" in refused(capsys, "course", "run", "--out", "pages")
    with adding_to(sources, "x"):
        assert "another run is writing" in refused(capsys, "course", "outputs")
    assert not quick and sorted(path.name for path in sources.iterdir()) == [
        "00_one.ipynb",
        "01_two.ipynb",
        "02_three.ipynb",
    ]


def test_a_notebook_saved_while_it_runs_is_not_overwritten(
    sources: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    real = course.execute

    def saved(path: Path, environment: dict, folder: Path) -> Execution:
        run = real(path, environment, folder)
        if path.stem == "01_two":
            answer(path)
        return run

    monkeypatch.setattr(course, "execute", saved)
    assert main(["course", "outputs"]) == 1
    assert "stopped before the end: 01_two" in capsys.readouterr().out
    assert read(sources / "01_two.ipynb").cells[1].source == "def f(): return 1  # mine"
    assert read(sources / "00_one.ipynb").cells[1].outputs


@pytest.mark.parametrize("place", ["student", "pages"])
def test_a_full_disk_is_one_sentence_and_loses_nothing(
    place: str, sources: Path, quick: list[str], monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    command = {
        "student": ["course", "student", "--to", "x"],
        "pages": ["course", "run", "--out", "x"],
    }[place]
    assert main(command) == 0
    before = {path.name: path.read_text() for path in Path("x").glob("*.ipynb")}
    make(sources, "00_one", "def f(new): ...")

    def full(self: Path, *arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device", str(self))

    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        sentence = refused(capsys, *command)
    assert "writing " in sentence and "failed: No space left on device" in sentence
    assert {path.name: path.read_text() for path in Path("x").glob("*.ipynb")} == before
    assert main(command) == 0 and "f(new)" in (Path("x") / "00_one.ipynb").read_text()
    assert json.loads((Path("x") / MARKER).read_text())["kind"].startswith("course ")


@pytest.mark.parametrize("name", ["vectors.tsv", "metadata.tsv"])
def test_files_for_the_projector_replace_only_their_own(name: str, tmp_path: Path) -> None:
    vectors, columns = np.zeros((2, 3)), {"sentence": ["a", "b"]}
    for _ in range(2):
        write_projector_files(tmp_path / "p", vectors, columns)
    (tmp_path / "p" / name).write_text("mine")
    with pytest.raises(ValueError, match=f"{name} is not as `minbert projector` wrote it"):
        write_projector_files(tmp_path / "p", vectors, columns)
    assert (tmp_path / "p" / name).read_text() == "mine"
