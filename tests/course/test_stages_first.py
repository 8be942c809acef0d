"""The stages that notebooks look into are trained before them, and for nobody in vain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.commands import course
from minbert.course.notebooks import notebook_paths, read
from minbert.course.runner import Execution
from minbert.course.stages_first import STAGES, stage_notebooks
from minbert.experiments.arms import ARMS, stages_of


def code_of(path: Path) -> str:
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")


def looked_into(source: str) -> set[tuple[str, str | None]]:
    """Arms whose stages a notebook's code asks for; and the stage, where it is not the encoder."""
    found = {(arm, None) for arm in re.findall(r'(?:stage|encoder_after)\("([\w+]+)"\)', source)}
    return found | set(re.findall(r'beside_recorded\(lab, "([\w+]+)", "(\w+)"\)', source))


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_each_notebook_finds_what_it_looks_into(path: Path) -> None:
    trained = {found for found, readers in STAGES.items() if path.stem in readers}
    known = {arm: stages_of(arm) for arm in ARMS}
    for arm, stage in looked_into(code_of(path)) - {("heads_only", "heads")}:  # two seconds
        reached = [known[arm].index(end) for of, end in trained if of == arm]
        assert reached, f"{path.stem} waits for {arm}"
        assert stage is None or known[arm].index(stage) <= max(reached), (arm, stage)


def test_nothing_is_trained_that_nobody_looks_into() -> None:
    by_name = {path.stem: looked_into(code_of(path)) for path in notebook_paths()}
    for (arm, stage), readers in STAGES.items():
        for reader in readers:
            assert arm in {of for of, _ in by_name[reader]}, (reader, arm)
        assert (arm, stage) in set().union(*(by_name[reader] for reader in readers))


def test_only_what_the_chosen_notebooks_need(tmp_path: Path) -> None:
    """One alone trains for itself; they are gone afterwards, and name no place of this machine."""
    chosen = {
        ("00", "02"): [],
        ("07",): [],
        ("07", "11"): ["stage mnrl, heads", "stage mlm, heads"],
        ("00", "09"): ["stage heads_only, sst_finetune"],
    }
    for numbers, names in chosen.items():
        with stage_notebooks(notebook_paths(list(numbers))) as written:
            assert [path.stem for path in written] == names
            for path in written:
                [cell] = read(path).cells
                compile(cell.source, path.name, "exec")
                assert f"course.start({path.stem!r})" in cell.source
        assert not any(path.exists() for path in written)


def test_the_course_begins_with_them_and_has_no_page_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    places = {}

    def execute_all(paths, environment, folder_of, jobs, done) -> None:  # noqa: ANN001
        for path in paths:
            places[path.stem] = folder_of(path)
            done(Execution(path, read(path), 0.1, []))

    monkeypatch.setattr(course, "execute_all", execute_all)
    monkeypatch.setattr(course, "page", lambda *parts: "page")
    out = tmp_path / "out"
    with caplog.at_level("INFO"):
        assert main(["course", "run", "09", "13", "--out", str(out)]) == 0
    first, *notebooks = places
    assert first == "stage heads_only, sst_finetune"
    assert notebooks == ["09_heads_and_sentiment", "13_beyond_the_paper"]
    assert places[first] == out, "it leaves nothing beside the notebooks"
    pages = {path.stem for path in out.iterdir() if path.suffix in (".html", ".ipynb")}
    assert pages == {*notebooks, "index"} and first not in (out / "times.json").read_text()
