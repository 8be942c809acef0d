"""Folders that a command must not write: refused in one sentence before anything is computed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import minbert
from minbert.__main__ import main
from minbert.commands import data as data_commands, experiments, models
from minbert.commands.data import EXPORT
from minbert.commands.experiments import PRETRAIN_TINY, SINGLE_TASK, SWEEP
from minbert.commands.models import PREDICT
from minbert.experiments.reproduce import REPRODUCE
from minbert.folders.marker import MARKER, Marker, digest, write_marker
from minbert.folders.place import folder_to_write
from minbert.folders.replaced import Kind, beside, claimed
from minbert.training.recipe import RECIPES

KINDS = {
    "reproduce": REPRODUCE,
    "single-task": SINGLE_TASK,
    "sweep": SWEEP,
    "pretrain-tiny": PRETRAIN_TINY,
    "predict": PREDICT,
    "export": EXPORT,
}
DAMAGED_MARKERS = {
    "empty": "",
    "cut": '{"kind": "reprod',
    "a list": "[1, 2]",
    "null": "null",
    "no files": '{"kind": "reproduce"}',
    "files a list": '{"kind": "reproduce", "files": ["results.json"]}',
    "a digest a text": '{"kind": "reproduce", "files": {"results.json": "abc"}}',
    "a size a text": '{"kind": "reproduce", "files": {"a": {"sha256": "x", "bytes": "9"}}}',
    "kind a number": '{"kind": 3, "files": {}}',
    "binary": "\x00\x01\x02",
    "deep": "[" * 100_000,
}


class Place:
    """A working folder with data, an encoder, a cache and a finished run around it."""

    def __init__(self, root: Path, kind: Kind) -> None:
        self.root, self.kind = root, kind
        self.work = root / "home" / "work"
        self.data = root / "inputs" / "data"
        self.encoder = root / "inputs" / "encoder"
        self.cache = root / "store" / "cache"
        self.run = root / "runs" / "run"
        checkpoint = self.run / "checkpoints" / "seed0" / "mlm" / "heads"
        for folder in (self.work, self.data, self.encoder, self.cache, checkpoint):
            folder.mkdir(parents=True)
            (folder / "content").write_text(folder.name)
        submitted = {"arm": "mlm", "stage": "heads", "seed": 0}
        made = {"submitted": submitted, "recipe": RECIPES["paper"].values()}
        made["precision"] = "fp32"
        (self.run / "results.json").write_text(json.dumps(made))

    def folder(self, *files: str, kind: str | None = None, changed: str = "") -> str:
        """A folder with the given files, all of them ours if a kind is given."""
        path = self.work / "there"
        for name in files:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(f"content of {name}")
        if kind is not None:
            write_marker(path, Marker(kind, {name: digest(path / name) for name in files}))
        if changed:
            (path / changed).write_text("rewritten by hand")
        return "there"

    def file(self) -> str:
        (self.work / "thesis.tex").write_text("years of work")
        return "thesis.tex"

    def link(self, target: str | Path) -> str:
        (self.work / "link").symlink_to(target)
        return "link"

    def marker(self, text: str) -> str:
        self.folder("results.json")
        (self.work / "there" / MARKER).write_text(text)
        return "there"

    def first(self) -> str:
        """A file that the command writes."""
        name = self.kind.names[0]
        return name if not name.endswith("/") else f"{name}x"

    def beside(self, what: str) -> str:
        beside(self.work / "there", what).mkdir()
        (beside(self.work / "there", what) / "novel.md").write_text("chapter one")
        return "there"


PLACES: dict[str, tuple[Callable[[Place], str], str]] = {
    "the parent": (lambda p: "..", "is or holds"),
    "two above": (lambda p: "../..", "is or holds"),
    "the current one": (lambda p: ".", "is or holds the folder you are in"),
    "by a detour": (lambda p: "new/..", "is or holds the folder you are in"),
    "above by a detour": (lambda p: "new/../..", "is or holds"),
    "by its whole path": (lambda p: str(p.work), "is or holds the folder you are in"),
    "by a link": (lambda p: p.link("."), "is or holds the folder you are in"),
    "above by a link": (lambda p: p.link(".."), "is or holds"),
    "the root": (lambda p: "/", "is or holds"),
    "the root twice": (lambda p: "//", "is or holds"),
    "home": (lambda p: "~", "is or holds"),
    "nobody's home": (lambda p: "~nobody-of-this-name/x", "cannot be used"),
    "the package": (lambda p: str(Path(minbert.__file__).parent), "holds the minbert package"),
    "the repository": (lambda p: str(Path(minbert.__file__).parents[1]), "the minbert package"),
    "nothing": (lambda p: "", "must be the path of a folder, got ''"),
    "a space": (lambda p: " ", "must be the path of a folder, got ' '"),
    "a NUL": (lambda p: "a\0b", "must be the path of a folder"),
    "a file": (lambda p: p.file(), "exists and is a file, no folder"),
    "in a file": (lambda p: f"{p.file()}/out", "which is a file, no folder"),
    "deep in a file": (lambda p: f"{p.file()}/a/b/c", "which is a file, no folder"),
    "a device": (lambda p: "/dev/null", "exists and is a file, no folder"),
    "in a device": (lambda p: "/dev/null/out", "which is a file, no folder"),
    "a link to a file": (lambda p: p.link(p.file()), "exists and is a file, no folder"),
    "a link to nothing": (lambda p: p.link("not/there"), "is a link to not/there"),
    "a link to itself": (lambda p: p.link("link"), "link"),
    "a name too long": (lambda p: "x" * 300, "File name too long"),
    "a name just too long": (lambda p: "x" * 250, "File name too long"),
    "a path too long": (lambda p: "/".join(["x" * 200] * 30), "File name too long"),
    "a thesis": (lambda p: p.folder("thesis.tex"), "holds thesis.tex, and no .minbert.json"),
    "a thesis and results": (
        lambda p: p.folder("results.json", "thesis.tex"), "and no .minbert.json"),
    "older results": (lambda p: p.folder("results.json", "tables.md"), "versions before this one"),
    "many files": (lambda p: p.folder(*"abcde"), "holds a, b, c and 2 more"),
    "a deep file": (lambda p: p.folder("a/b/c/notes.md"), "holds a/b/c/notes.md"),
    "a hidden file": (lambda p: p.folder(".env"), "holds .env"),
    "a repository": (lambda p: p.folder(".git/HEAD"), "holds .git/HEAD"),
    "an empty folder in it": (
        lambda p: (p.work / "there/figures").mkdir(parents=True) or "there", "holds figures/"),
    "a link in it": (
        lambda p: (p.work / "there").mkdir() or (p.work / "there/to").symlink_to(p.data) or "there",
        "holds to, and no .minbert.json"),
    "of another command": (
        lambda p: p.folder("results.json", kind="bake"), "holds what `minbert bake` wrote"),
    "ours, changed": (
        lambda p: p.folder(p.first(), kind=p.kind.command, changed=p.first()), "changed since"),
    "ours, one of two changed": (
        lambda p: p.folder("a", p.first(), kind=p.kind.command, changed="a"), "wrote them: a:"),
    "somebody's where ours go": (
        lambda p: p.folder("a", kind=p.kind.command) + ""
        if not (p.work / "there" / p.first()).parent.mkdir(parents=True, exist_ok=True)
        and (p.work / "there" / p.first()).write_text("mine") and p.folder(
            "a", kind=p.kind.command) else "", "where its files go"),
    "somebody's before ours": (lambda p: p.beside("new"), "there.minbert-new is in the way"),
    **{
        f"a marker that is {name}": (lambda p, text=text: p.marker(text), "cannot be read")
        for name, text in DAMAGED_MARKERS.items()
    },
}  # fmt: skip
INPUTS: dict[str, tuple[Callable[[Place], str], str, tuple[str, ...]]] = {
    "the data": (lambda p: str(p.data), "holds the data", ("reproduce", "single-task", "sweep")),
    "above the data": (lambda p: str(p.data.parent), "the data", ("reproduce", "sweep", "export")),
    "the data by a link": (lambda p: p.link(p.data), "holds the data", ("reproduce", "export")),
    "the encoder": (lambda p: str(p.encoder), "holds the encoder", ("reproduce", "single-task")),
    "the cache": (lambda p: str(p.cache), "holds the cache", ("reproduce", "single-task", "sweep")),
    "above the cache": (lambda p: str(p.cache.parent), "the cache", ("reproduce", "sweep")),
    "the run": (lambda p: str(p.run), "holds the run", ("predict",)),
    "above the run": (lambda p: str(p.run.parent), "holds the run", ("predict",)),
}
CASES = [
    pytest.param(command, make, expected, id=f"{command}: {name}")
    for name, (make, expected) in PLACES.items()
    for command in KINDS
] + [
    pytest.param(command, make, expected, id=f"{command}: {name}")
    for name, (make, expected, commands) in INPUTS.items()
    for command in commands
]


def tree(root: Path) -> dict[str, bytes | str]:
    """Everything below a folder: links by their targets, files by their content."""
    found: dict[str, bytes | str] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found


def arguments_of(command: str, place: Place) -> list[str]:
    """A whole command line but for the folder."""
    data, encoder = ["--data", f"cs224n:{place.data}"], ["--encoder", str(place.encoder)]
    return {
        "reproduce": ["reproduce", *data, *encoder, "--out"],
        "single-task": ["single-task", *data, *encoder, "--task", "sst", "--mode", "frozen",
                        "--out"],
        "sweep": ["sweep", *data, *encoder, "--stage", "mlm", "--lr", "1e-3", "--out"],
        "pretrain-tiny": ["pretrain-tiny", "--out"],
        "predict": ["predict", *data, "--run", str(place.run), "--out"],
        "export": ["data", "export", *data, "--to"],
    }[command]  # fmt: skip


@pytest.mark.parametrize(("command", "make", "expected"), CASES)
def test_refused_in_one_sentence_before_anything_is_read(
    command: str,
    make: Callable[[Place], str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def computed(*arguments: object) -> None:
        raise AssertionError("it began to compute")

    for module in (experiments, models, data_commands):
        monkeypatch.setattr(module, "load_data", computed)
    monkeypatch.setattr(experiments, "pretrain_tiny", computed)
    place = Place(tmp_path, KINDS[command])
    monkeypatch.setenv("MINBERT_CACHE", str(place.cache))
    monkeypatch.setenv("HOME", str(place.work.parent))
    monkeypatch.chdir(place.work)
    given = make(place)
    before = tree(tmp_path)
    assert main([*arguments_of(command, place), given]) == 2
    captured = capsys.readouterr()
    [sentence] = [line for line in captured.err.splitlines() if line.startswith("minbert ")]
    assert expected in sentence and "Traceback" not in captured.err and captured.out == ""
    option = "--to" if command == "export" else "--out"
    assert option in sentence or "there" in sentence or "writing " in sentence
    assert any(word in sentence for word in ("choose", "move", "make that", "got"))
    assert tree(tmp_path) == before


ALLOWED: dict[str, Callable[[Place], str]] = {
    "new": lambda p: "new",
    "new, deep": lambda p: "a/b/c/new",
    "new, of another script": lambda p: "Ergebnisse – 結果",
    "new, with a space": lambda p: "my results",
    "new, in home": lambda p: "~/new",
    "empty": lambda p: (p.work / "empty").mkdir() or "empty",
    "seen by a file manager": lambda p: p.folder(".DS_Store"),
    "a link to an empty folder": lambda p: (p.work / "e").mkdir() or p.link("e"),
    "a link to a new run": lambda p: p.folder("a", kind=p.kind.command) and p.link("there"),
    "ours": lambda p: p.folder("a", kind=p.kind.command),
    "ours, one is gone": lambda p: (
        p.folder("a", "b", kind=p.kind.command)
        if not (p.work / "there" / "b").unlink(missing_ok=True)
        else ""
    ),
    "a user's partial beside it": lambda p: (p.work / "new.partial").mkdir() or "new",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_written_and_nothing_else_is_touched(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, REPRODUCE)
    monkeypatch.chdir(place.work)
    monkeypatch.setenv("HOME", str(place.work.parent))
    (place.work / "new.partial").mkdir()
    (place.work / "new.partial" / "draft.md").write_text("mine")
    (place.work / "new.partial").rename(place.work / "kept")
    given = ALLOWED[name](place)
    if (place.work / "new.partial").exists():
        (place.work / "new.partial" / "draft.md").write_text("mine")
    before = tree(place.work)
    with claimed(given, REPRODUCE) as out, out.replaced() as working:
        (working / "results.json").write_text("new")
    target = folder_to_write(given)
    assert (target / "results.json").read_text() == "new"
    assert sorted(path.name for path in target.iterdir()) == sorted(
        [MARKER, "results.json", *([".DS_Store"] if "manager" in name else [])]
    )
    after = tree(place.work)
    inside = str(target.relative_to(place.work)) if target.is_relative_to(place.work) else "-"
    for path, content in before.items():
        if not path.startswith(inside):
            assert after[path] == content, path
    assert not [path for path in tmp_path.rglob(".*minbert-*")]


@pytest.mark.parametrize(
    "note",
    ["notes.md", ".hidden", "figures/loss.png", "a/b/c/d.txt", "results.json.bak", "tables.md.orig",
     "empty/", "predictions.zip", ".ipynb_checkpoints/notes-checkpoint.ipynb", "Ünïcode – 注.txt"],
)  # fmt: skip
def test_notes_beside_results_stay(note: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for version in ("first", "second", "third"):
        with claimed(out, REPRODUCE) as folder, folder.replaced() as working:
            (working / "results.json").write_text(version)
            if version == "first":
                (working / "tables.md").write_text("goes, when a later run has none")
        if note.endswith("/"):
            (out / note).mkdir(exist_ok=True)
        elif version == "first":
            (out / note).parent.mkdir(parents=True, exist_ok=True)
            (out / note).write_text("mine")
        assert (out / "results.json").read_text() == version
        assert (out / note).is_dir() if note.endswith("/") else (out / note).read_text() == "mine"
    assert not (out / "tables.md").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_links_and_executables_among_notes_stay_what_they_are(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "data.csv").write_text("outside")
    with claimed(out, REPRODUCE) as folder, folder.replaced() as working:
        (working / "results.json").write_text("first")
    (out / "to").symlink_to(tmp_path / "elsewhere")
    (out / "broken").symlink_to("nowhere")
    (out / "plot.sh").write_text("#!/bin/sh")
    (out / "plot.sh").chmod(0o755)
    inode = (out / "plot.sh").stat().st_ino
    with claimed(out, REPRODUCE) as folder, folder.replaced() as working:
        (working / "results.json").write_text("second")
    assert os.readlink(out / "to") == str(tmp_path / "elsewhere")
    assert os.readlink(out / "broken") == "nowhere"
    assert (out / "plot.sh").stat().st_ino == inode and os.access(out / "plot.sh", os.X_OK)
    assert (tmp_path / "elsewhere" / "data.csv").read_text() == "outside"


def test_permissions_and_mount_points_are_seen_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated: tests may run as root, whom no permission stops."""
    with claimed(tmp_path / "out", REPRODUCE) as folder, folder.replaced() as working:
        (working / "results.json").write_text("first")
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        with (
            pytest.raises(ValueError, match="may not be written"),
            claimed(tmp_path / "out", REPRODUCE),
        ):
            raise AssertionError
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "ismount", lambda path: True)
        with (
            pytest.raises(ValueError, match=r"is a mount point.* such as .*out/results"),
            claimed(tmp_path / "out", REPRODUCE),
        ):
            raise AssertionError

    def read_only(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system", str(arguments[0]))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", read_only)
        with (
            pytest.raises(OSError, match="writing .* failed: Read-only file system"),
            claimed(tmp_path / "deep" / "out", REPRODUCE),
        ):
            raise AssertionError
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        with (
            pytest.raises(OSError, match="Read-only file system"),
            claimed(tmp_path / "out", REPRODUCE),
        ):
            raise AssertionError


def test_a_run_beside_the_results_of_a_killed_one_names_both(tmp_path: Path) -> None:
    old = beside(tmp_path / "out", "old")
    old.mkdir()
    (old / "results.json").write_text("earlier")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with (
        pytest.raises(ValueError, match=r"minbert-old holds earlier results .* move one"),
        claimed(tmp_path / "out", REPRODUCE),
    ):
        raise AssertionError
    assert (old / "results.json").exists() and (tmp_path / "out" / "thesis.tex").exists()


@pytest.fixture
def toy(
    toy_data_folder: Path, toy_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.setenv("MINBERT_CACHE", str(tmp_path / "cache"))
    return ["--data", f"cs224n:{toy_data_folder}", "--encoder", str(toy_model_folder)]


def test_the_real_command_keeps_notes_copies_weights_and_is_refused_beside_another(
    toy: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    out = tmp_path / "out"
    command = ["reproduce", *toy, "--arms", "baseline", "--precision", "fp32", "--out", str(out)]
    assert main(command) == 0
    first = (out / "results.json").read_text()
    (out / "notes.md").write_text("mine")
    weights = sorted((out / "checkpoints").rglob("model.safetensors"))
    assert weights and all(path.stat().st_nlink == 1 for path in weights)
    stored = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.safetensors")}
    assert main(command) == 0
    assert (out / "notes.md").read_text() == "mine" and first
    weights[0].write_bytes(b"edited")
    assert all(path.read_bytes() == content for path, content in stored.items())
    capsys.readouterr()
    assert main(command) == 2
    assert "changed since `minbert reproduce` wrote them: checkpoints/" in capsys.readouterr().err
    assert weights[0].read_bytes() == b"edited"

    # A run that holds the folder at this moment: the second is refused at once.
    with claimed(tmp_path / "other", REPRODUCE):
        assert main([*command[:-1], str(tmp_path / "other")]) == 2
    assert "another run is writing" in capsys.readouterr().err


def test_predict_and_export_replace_only_their_own(
    toy: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = ["data", "export", "--to", str(tmp_path / "data")]
    assert main(export) == 0 and main(export) == 0
    (tmp_path / "data" / "sts-dev.csv").write_text("mine")
    assert main(export) == 2 and "sts-dev.csv" in capsys.readouterr().err
    assert (tmp_path / "data" / "sts-dev.csv").read_text() == "mine"
    run = ["reproduce", *toy, "--arms", "baseline", "--out", str(tmp_path / "run")]
    predict = ["predict", "--run", str(tmp_path / "run"), *toy[:2], "--out", str(tmp_path / "p")]
    assert main(run) == 0 and main(predict) == 0
    (tmp_path / "p" / "plan.md").write_text("mine")
    assert main(predict) == 0 and (tmp_path / "p" / "plan.md").read_text() == "mine"
    (tmp_path / "p" / "sst-dev.csv").write_text("mine")
    assert main(predict) == 2 and (tmp_path / "p" / "sst-dev.csv").read_text() == "mine"
    os.rename(tmp_path / "run", beside(tmp_path / "run", "old"))
    capsys.readouterr()
    assert main(predict) == 2
    assert "run.minbert-old, rename it" in capsys.readouterr().err
