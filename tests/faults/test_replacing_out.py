"""Replacing a folder: killed at every step, refused by the disk at every step, twice at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minbert.folders.added import adding_to
from minbert.folders.leftovers import discard
from minbert.folders.marker import read_marker
from minbert.folders.replaced import Kind, beside, claimed

KIND = Kind("try", ("results.json", "predictions/"))

PROGRAM = """
import os, signal, sys
from pathlib import Path
from minbert.folders.replaced import Kind, claimed
from minbert.folders.added import adding_to

kind = Kind("try", ("results.json", "predictions/"))
writes = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod")
count = 0

def step(event, arguments):
    global count
    opened = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wax+"
    if event in writes or opened:
        count += 1
        if count == stop:
            if code is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(code, os.strerror(code), str(arguments[0]))

def replace(version):
    with claimed("out", kind) as out, out.replaced() as working:
        (working / "results.json").write_text(version)
        (working / "predictions").mkdir()
        (working / "predictions" / "a.csv").write_text(version)

def add(version):
    with adding_to("out", "try") as out:
        for name in ("a.html", "b.html"):
            out.write(name, version)

act, version = {"replace": replace, "add": add}[sys.argv[1]], sys.argv[2]
if len(sys.argv) > 3:  # one child, one kill
    stop, code = int(sys.argv[3]), None
    sys.addaudithook(step)
    act(version)
    print("whole")
"""
FAILS = (
    PROGRAM.replace("if len(sys.argv) > 3:  # one child, one kill", "if False:")
    + """
import errno, json, logging, shutil
logging.disable(logging.WARNING)
code = getattr(errno, sys.argv[3])
sys.addaudithook(step)
found = []
for at in range(1, 90):
    stop = 0
    shutil.rmtree("out", ignore_errors=True)
    act("old")
    Path("out", "notes.md").write_text("mine")
    stop, count, said = at, 0, None
    try:
        act("new")
    except OSError as error:
        said = str(error)
    reached = count >= at
    stop = 0
    if not reached:
        break
    about = {str(path): path.read_text() for path in sorted(Path("out").rglob("*.[hcjm]*"))
             if path.is_file() and ".minbert" not in path.name}
    act("new")
    left = sorted(path.name for path in Path().iterdir())
    found.append({"at": at, "said": said, "files": about, "left": left,
                  "notes": Path("out", "notes.md").read_text()})
print(json.dumps(found))
"""
)


def child(place: Path, *arguments: object, program: str = PROGRAM) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def last(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Number of the last step at which something was killed."""
    return {}


@pytest.mark.parametrize("step", range(1, 26))
def test_a_killed_replacement_leaves_old_or_new_and_is_repaired(
    step: int, tmp_path: Path, last: dict[str, int]
) -> None:
    """SIGKILL before the step-th change of any file, folder or name."""
    assert child(tmp_path, "replace", "old").returncode == 0
    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("old")
    (tmp_path / "out" / "notes.md").write_text("mine")
    killed = child(tmp_path, "replace", "new", step)
    if killed.returncode == 0:
        assert killed.stdout == "whole\n" and last["replace"] > 15
        return
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    last["replace"] = step
    places = [tmp_path / "out", beside(tmp_path / "out", "old")]
    [whole] = [one for one in places if (one / "results.json").exists()][:1]
    assert (whole / "results.json").read_text() in ("old", "new")
    assert (whole / "notes.md").read_text() == "mine"
    if (whole / "results.json").read_text() == "new":
        assert (whole / "predictions" / "a.csv").read_text() == "new"

    with claimed(tmp_path / "out", KIND) as out:  # the same command, to begin with: refuses nothing
        assert (out.path / "notes.md").read_text() == "mine"
        assert (out.path / "results.json").read_text() in ("old", "new")
        with out.replaced() as working:
            (working / "results.json").write_text("newest")
    assert names(tmp_path) == ["out", "out/.minbert.json", "out/notes.md", "out/results.json"]
    assert (tmp_path / "out" / "results.json").read_text() == "newest"


@pytest.mark.parametrize("step", range(1, 16))
def test_a_killed_page_is_still_known_as_ours(
    step: int, tmp_path: Path, last: dict[str, int]
) -> None:
    with adding_to(tmp_path / "out", "try") as out:
        out.write("a.html", "old")
    (tmp_path / "out" / "notes.md").write_text("mine")
    killed = child(tmp_path, "add", "new", step)
    if killed.returncode == 0:
        assert last["add"] > 7
        return
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    last["add"] = step
    assert (tmp_path / "out" / "a.html").read_text() in ("old", "new")
    with adding_to(tmp_path / "out", "try") as out:
        assert out.is_free("a.html") and out.is_free("b.html")
        out.write("a.html", "newest")
        out.write("b.html", "newest")
    assert names(tmp_path / "out") == [".minbert.json", "a.html", "b.html", "notes.md"]
    assert (tmp_path / "out" / "notes.md").read_text() == "mine"


@pytest.mark.parametrize("reason", ["ENOSPC", "EROFS", "EACCES", "EDQUOT", "EIO"])
@pytest.mark.parametrize("act", ["replace", "add"])
def test_the_disk_says_no_at_every_step(act: str, reason: str, tmp_path: Path) -> None:
    """One sentence with path and reason, earlier results untouched, the same command goes on."""
    done = child(tmp_path, act, "x", reason, program=FAILS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) >= (15 if act == "replace" else 6)
    for case in found:
        versions = {text for name, text in case["files"].items() if not name.endswith("notes.md")}
        whole = versions in ({"old"}, {"new"}) if act == "replace" else versions <= {"old", "new"}
        assert whole and case["notes"] == "mine", case
        assert case["left"] == ["out"], case
        if case["said"] is not None:
            assert case["said"].startswith("writing ") and "out" in case["said"], case
            assert os.strerror(getattr(__import__("errno"), reason)) in case["said"], case
            assert act == "add" or versions == {"old"}, case
    assert sum(case["said"] is not None for case in found) >= len(found) // 3


def test_a_file_that_is_too_large_for_the_disk(tmp_path: Path) -> None:
    """A real refusal in the middle of a write, here of a limit on the size of files."""
    pytest.importorskip("resource")
    program = PROGRAM + (
        "import resource, signal\n"
        "act('old')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "try:\n    act('x' * 20000)\n"
        "except OSError as error:\n    print(error)\n"
    )
    done = child(tmp_path, "replace", "x", program=program)
    assert "File too large" in done.stdout and done.stdout.startswith("writing "), done
    assert (tmp_path / "out" / "results.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("act", ["replace", "add"])
def test_of_two_runs_at_once_the_second_is_refused_at_once(act: str, tmp_path: Path) -> None:
    holds = PROGRAM + (
        "with (claimed('out', kind) if act is replace else adding_to('out', 'try')):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", holds, act, "x"],
        cwd=tmp_path,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdout.readline() == "held\n"
    begun = time.monotonic()
    second = (
        claimed(tmp_path / "out", KIND) if act == "replace" else adding_to(tmp_path / "out", "try")
    )
    with pytest.raises(ValueError, match="another run is writing .*out at this moment"), second:
        raise AssertionError("two hold it")
    assert time.monotonic() - begun < 2
    first.kill()
    first.communicate()
    third = (
        claimed(tmp_path / "out", KIND) if act == "replace" else adding_to(tmp_path / "out", "try")
    )
    with third:  # what a killed process held, is free
        pass
    assert names(tmp_path) in ([], ["out"])


def test_many_writers_one_after_another_leave_one_whole_folder(tmp_path: Path) -> None:
    """Six processes that begin together: each is refused or writes all; nothing is left over."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "replace", str(number), "0"],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(6)
    ]
    ends = [run.communicate(timeout=60) for run in runs]
    well = [str(number) for number, run in enumerate(runs) if run.returncode == 0]
    for run, (_, error) in zip(runs, ends, strict=True):
        assert run.returncode == 0 or "another run is writing" in error, error
    text = (tmp_path / "out" / "results.json").read_text()
    assert text in well and (tmp_path / "out" / "predictions" / "a.csv").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ctrl_c_in_the_swap_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(source: Path, target: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        real(source, target)

    real = os.rename
    for version in ("old", "new"):
        with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
            (working / "results.json").write_text(version)
            monkeypatch.setattr(os, "rename", rename)
    assert (tmp_path / "out" / "results.json").read_text() == "new"
    assert names(tmp_path) == ["out", "out/.minbert.json", "out/results.json"]


def test_a_file_changed_while_the_run_computes_is_kept(tmp_path: Path) -> None:
    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("old")
    with (
        pytest.raises(ValueError, match="changed since `minbert try` wrote them: results.json"),
        claimed(tmp_path / "out", KIND) as out,
        out.replaced() as working,
    ):
        (working / "results.json").write_text("new")
        (out.path / "results.json").write_text("commented")
    assert (tmp_path / "out" / "results.json").read_text() == "commented"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_cannot_be_linked_is_moved_and_never_over_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*arguments: object, **options: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_links)
    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("old")
    (tmp_path / "out" / "deep").mkdir()
    (tmp_path / "out" / "deep" / "notes.md").write_text("mine")
    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("new")
    assert (tmp_path / "out" / "deep" / "notes.md").read_text() == "mine"

    old = tmp_path / "old"
    old.mkdir()
    (old / "results.json").write_text("somebody's")
    discard(old, tmp_path / "out")
    assert (tmp_path / "out" / "results.json").read_text() == "new"
    assert (tmp_path / "out" / "results.json.earlier-1").read_text() == "somebody's"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_old_folder_that_cannot_be_removed_is_said_and_the_run_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*arguments: object) -> None:
        raise OSError(16, "Device or resource busy")

    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr("minbert.folders.replaced.discard", busy)
        with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
            (working / "results.json").write_text("new")
    assert "could not be removed" in caplog.text and "busy" in caplog.text
    assert (tmp_path / "out" / "results.json").read_text() == "new"
    with claimed(tmp_path / "out", KIND):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_unfinished_training_is_found_by_the_same_settings_only(tmp_path: Path) -> None:
    with claimed(tmp_path / "out", KIND) as out:
        (out.unfinished({"seed": 0}) / "checkpoint.pt").write_text("half")
    with claimed(tmp_path / "out", KIND) as out:
        assert (out.unfinished({"seed": 0}) / "checkpoint.pt").read_text() == "half"
        assert not (out.unfinished({"seed": 1}) / "checkpoint.pt").exists()
        with out.replaced() as working:
            (working / "results.json").write_text("done")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_mode_of_a_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o750)
    with claimed(tmp_path / "out", KIND) as out, out.replaced() as working:
        (working / "results.json").write_text("new")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750
    assert read_marker(tmp_path / "out").kind == "try"
