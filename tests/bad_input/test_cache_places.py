"""Where the cache is: environments in which there is no good place, and places that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.experiments.cache import StageCache, default_folder


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable set, and an account without a home folder."""
    for name in ("MINBERT_CACHE", "XDG_CACHE_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"MINBERT_CACHE": "{here}/mine"}, "{here}/mine"),
        ({"MINBERT_CACHE": "{here}/mine", "XDG_CACHE_HOME": "{here}/xdg"}, "{here}/mine"),
        ({"XDG_CACHE_HOME": "{here}/xdg"}, "{here}/xdg/minbert"),
        ({"MINBERT_CACHE": "", "XDG_CACHE_HOME": "{here}/xdg"}, "{here}/xdg/minbert"),
        ({"MINBERT_CACHE": "", "XDG_CACHE_HOME": ""}, "{here}/.cache/minbert"),
        ({"XDG_CACHE_HOME": ""}, "{here}/.cache/minbert"),
        ({"XDG_CACHE_HOME": "relative/cache"}, "{here}/.cache/minbert"),
        ({"XDG_CACHE_HOME": "."}, "{here}/.cache/minbert"),
        ({}, "{here}/.cache/minbert"),
        ({"MINBERT_CACHE": "~/mine"}, "{here}/mine"),
    ],
    ids=str,
)
def test_where_the_cache_is(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MINBERT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(here=tmp_path))
    assert default_folder() == Path(expected.format(here=tmp_path))


@pytest.mark.parametrize("name", ["MINBERT_CACHE", "XDG_CACHE_HOME"])
def test_a_variable_is_enough_without_a_home(
    nowhere: pytest.MonkeyPatch, name: str, tmp_path: Path
) -> None:
    nowhere.setenv(name, str(tmp_path))
    assert tmp_path in (default_folder(), default_folder().parent)


@pytest.mark.parametrize(
    "variables",
    [{}, {"XDG_CACHE_HOME": ""}, {"MINBERT_CACHE": ""}, {"MINBERT_CACHE": "~nobody-of-that-name/x"},
     {"XDG_CACHE_HOME": "relative"}],
    ids=str,
)  # fmt: skip
def test_no_place_at_all_is_one_sentence(
    nowhere: pytest.MonkeyPatch,
    variables: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        nowhere.setenv(name, value)
    with pytest.raises(ValueError, match="expected MINBERT_CACHE or XDG_CACHE_HOME to name one"):
        default_folder()
    assert main(["reproduce", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "set MINBERT_CACHE" in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def a_file(path: Path) -> None:
    path.write_text("x")


def below_a_file(path: Path) -> None:
    path.parent.write_text("x")


def a_link_in_a_circle(path: Path) -> None:
    path.symlink_to(path)


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere" / "deeper")


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
@pytest.mark.parametrize("make", [a_file, below_a_file, a_link_in_a_circle, a_link_to_nowhere])
@pytest.mark.parametrize("command", ["reproduce", "single-task", "sweep"])
def test_a_place_that_is_no_folder_is_one_sentence(
    make,
    command: str,
    toy_data_folder: Path,
    toy_model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache = tmp_path / "some" / "cache"
    if make is below_a_file:
        cache = cache / "below"
        cache.parent.parent.mkdir()
    else:
        cache.parent.mkdir()
    make(cache)
    more = {
        "reproduce": ["--arms", "baseline"],
        "single-task": ["--task", "sst", "--mode", "frozen"],
        "sweep": ["--stage", "mlm", "--lr", "1e-3"],
    }[command]
    arguments = [command, "--data", f"cs224n:{toy_data_folder}", "--encoder", str(toy_model_folder),
                 "--cache", str(cache), "--out", str(tmp_path / "out"), *more]  # fmt: skip
    assert main(arguments) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("minbert ")]
    assert len(said) == 1 and str(cache) in said[0], said
    assert "has to be computed" in said[0] and "set MINBERT_CACHE" in said[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", [{"path": Path("x")}, {"set": {1}}, {1: {"deep": object()}}])
def test_what_decides_a_stage_is_plain_data(what: dict, tmp_path: Path) -> None:
    """An object's address, or a machine's path, would make another key in every run."""
    with pytest.raises(ValueError, match="what decides stage mlm must be plain data"):
        StageCache(tmp_path).key("mlm", what)
