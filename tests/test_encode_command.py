"""`minbert encode`: every format, stopped and gone on with, refused, through pipes."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

import minbert
from minbert.__main__ import main
from minbert.commands.parser import VECTOR_FORMATS
from minbert.vector_files import FORMATS, VectorFile, beside, writing

LINES = [f"the film number {number} is " + "dull " * (number % 7) for number in range(35)]
LINES[4] = ""
TEXT = "".join(f"{line}\n" for line in LINES).encode()

Run = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def run(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Run:
    """The command on given bytes, ten lines a chunk: its exit code, stdout and stderr."""

    def run(*options: object, text: bytes = TEXT) -> tuple[int, bytes, str]:
        out = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: False, flush=lambda: None)
        command = ["encode", "--model", toy_model_folder, "--precision", "fp32", "--chunk", 10]
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
            patched.setattr(sys, "stdout", out)
            code = main([str(part) for part in (*command, *options)])
        return code, out.buffer.getvalue(), capsys.readouterr().err

    return run


def read_back(content: bytes, name: str, folder: Path) -> np.ndarray:
    path = folder / f"read.{name}"
    path.write_bytes(content)
    if name == "npy":
        return np.load(path)
    if name == "safetensors":
        return load_file(path)["vectors"]
    if name == "txt":
        return np.loadtxt(path, dtype=np.float32, ndmin=2)
    rows = [json.loads(line) for line in content.splitlines()]
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))
    return np.array([row["vector"] for row in rows], dtype=np.float32)


def test_the_parser_knows_the_formats() -> None:
    assert set(VECTOR_FORMATS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_same_numbers(
    run: Run, toy_model_folder: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "new" / f"vectors.{name}"
    code, out, err = run("--out", path)
    assert code == 0 and out == b"", err
    assert os.listdir(path.parent) == [path.name], "nothing is left beside it"
    encoder, tokenizer = minbert.from_pretrained(str(toy_model_folder))
    parts = minbert.encode_stream(LINES, encoder, tokenizer, precision="fp32", chunk=10)
    expected = np.concatenate(list(parts))
    found = read_back(path.read_bytes(), name, tmp_path)
    assert found.dtype == np.float32 and np.array_equal(found, expected), "to the last bit"
    code, out, err = run("--format", name)
    assert code == 0 and out == path.read_bytes(), err
    if name == "npy":
        np.save(tmp_path / "saved.npy", expected)
        assert out == (tmp_path / "saved.npy").read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_no_line_is_no_vector(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"vectors.{name}"
    assert run("--out", path, text=b"")[0] == 0
    content = path.read_bytes()
    assert content == b"".join((FORMATS[name].head(0, 32),))
    if FORMATS[name].binary:
        assert read_back(content, name, tmp_path).shape == (0, 32)


def test_a_header_has_one_length() -> None:
    for form in FORMATS.values():
        assert len({len(form.head(count, 384)) for count in (0, 7, 10**6, 10**12)}) == 1


def stop_at(monkeypatch: pytest.MonkeyPatch, chunk: int, after: bool) -> None:
    """Ctrl-C while a chunk is being written: before anything of it is, or before it counts."""
    add, save = VectorFile.add, VectorFile._save
    seen = []

    def stopping(self: VectorFile, *arguments: object) -> None:
        seen.append(1)
        if len(seen) == chunk and not after:
            raise KeyboardInterrupt
        add(self, *arguments)  # type: ignore[arg-type]

    def saving(self: VectorFile) -> None:
        if len(seen) == chunk and after:
            assert self._file is not None
            self._file.write(b"half a vect")
            self._file.flush()
            raise KeyboardInterrupt
        save(self)

    monkeypatch.setattr(VectorFile, "add", stopping)
    monkeypatch.setattr(VectorFile, "_save", saving)


@pytest.mark.parametrize("after", [False, True], ids=["before", "half written"])
@pytest.mark.parametrize("chunk", [1, 2, 4])
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_command_goes_on_to_the_same_bytes(
    run: Run, tmp_path: Path, name: str, chunk: int, after: bool
) -> None:
    whole, path = tmp_path / f"whole.{name}", tmp_path / f"vectors.{name}"
    assert run("--out", whole)[0] == 0
    with pytest.MonkeyPatch.context() as patched:
        stop_at(patched, chunk, after)
        code, _, err = run("--out", path)
    assert code == 130 and "the same command goes on" in err
    assert not path.exists() and beside(path, "part").is_file()
    state = json.loads(beside(path, "state").read_text())
    assert state["vectors"] == 10 * (chunk - 1)
    code, _, err = run("--out", path, "--resume")
    assert code == 0, err
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path)) == [f"vectors.{name}", f"whole.{name}"]


def test_what_is_done_is_not_done_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.npy"
    with pytest.MonkeyPatch.context() as patched:
        stop_at(patched, 3, False)
        run("--out", path)
    counts: list[int] = []
    add = VectorFile.add
    monkeypatch.setattr(
        VectorFile, "add", lambda self, v, note: (counts.append(len(v)), add(self, v, note))
    )
    with caplog.at_level("INFO"):
        assert run("--out", path)[0] == 0
    assert counts == [10, 5]
    assert "20 lines have their vectors already" in caplog.text
    assert "35 lines on stdin, 35 vectors" in caplog.text
    assert "1 of them are empty (line 5 is the first)" in caplog.text


def unfinished(run: Run, path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        stop_at(patched, 3, False)
        assert run("--out", path)[0] == 130


REFUSED = {
    "another text": (["--resume"], TEXT.replace(b"number 3 ", b"number 4 "), "got others"),
    "a shorter text": ([], b"\n".join(TEXT.split(b"\n")[:7]), "got others"),
    "another pooling": (["--pooling", "cls"], TEXT, "20 vectors of another pooling"),
    "other chunks": (["--chunk", "7"], TEXT, "20 vectors of another chunk (10, now 7)"),
}


@pytest.mark.parametrize(("options", "text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_not_gone_on_with(
    run: Run, tmp_path: Path, options: list[str], text: bytes, said: str
) -> None:
    path = tmp_path / "vectors.txt"
    unfinished(run, path)
    before = beside(path, "part").read_bytes()
    code, _, err = run("--out", path, *options, text=text)
    assert code == 2 and said in err and "--no-resume" in err, err
    assert beside(path, "part").read_bytes() == before, "it is still there"
    anew = [option for option in options if option != "--resume"]
    assert run("--out", path, *anew, "--no-resume", text=text)[0] == 0
    assert len(path.read_bytes().splitlines()) == len(text.removesuffix(b"\n").split(b"\n"))


@pytest.mark.parametrize("damage", ["", "{}", '{"settings": {}, "vectors": 20, "bytes": 1e12}'])
def test_a_damaged_state_is_said(run: Run, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "vectors.npy"
    unfinished(run, path)
    beside(path, "state").write_text(damage)
    code, _, err = run("--out", path)
    assert code == 2 and "do not go together" in err and "--no-resume" in err, err
    assert run("--out", path, "--no-resume")[0] == 0


def test_a_bad_line_far_down_keeps_what_is_before_it(run: Run, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.npy", tmp_path / "vectors.npy"
    run("--out", whole)
    bad = TEXT.replace(b"number 25", b"number \xe95")
    code, _, err = run("--out", path, text=bad)
    assert code == 2 and "stdin:26: expected UTF-8 text, got the byte 0xe9" in err
    assert json.loads(beside(path, "state").read_text())["vectors"] == 20
    assert run("--out", path)[0] == 0 and path.read_bytes() == whole.read_bytes()


OTHER_FILES: dict[str, tuple[str, bytes]] = {
    "the sentences": ("vectors.txt", TEXT),
    "text": ("vectors.npy", b"1 2 3\n"),
    "JSON of others": ("vectors.jsonl", b'{"text": "a"}\n'),
    "a short file": ("vectors.safetensors", b"abc"),
}


@pytest.mark.parametrize(("name", "content"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_another_file_is_not_replaced(run: Run, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    code, _, err = run("--out", path)
    assert code == 2 and "stays as it is" in err and path.read_bytes() == content
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", FORMATS)
def test_earlier_vectors_stay_until_the_new_ones_are_whole(
    run: Run, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"vectors.{name}"
    assert run("--out", path, text=b"one\ntwo\n")[0] == 0
    earlier = path.read_bytes()
    unfinished(run, path)
    assert path.read_bytes() == earlier
    assert run("--out", path)[0] == 0 and path.read_bytes() != earlier


WRONG = {
    "no ending": (["--out", "vectors"], "must end in one of .npy"),
    "another ending": (["--out", "vectors.csv"], "--format must say"),
    "a folder": (["--out", ".", "--format", "npy"], "expected a file"),
    "a device": (["--out", os.devnull, "--format", "txt"], "no plain file"),
    "nothing to resume": (["--resume"], "go with --out FILE"),
    "no chunk": (["--out", "x.npy", "--chunk", "0"], None),
}


@pytest.mark.parametrize(("options", "said"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_said(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    said: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    if said is None:
        with pytest.raises(SystemExit) as left:
            run(*options)
        assert left.value.code == 2
    else:
        code, _, err = run(*options)
        assert code == 2 and said in err and err.count("\n") == 1, err
    assert os.listdir(tmp_path) == []


def test_one_writer_at_a_time(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    with writing(path, FORMATS["npy"], 32, {}, resume=False):
        code, _, err = run("--out", path)
    assert code == 2 and "another run is writing" in err


def test_progress_is_shown_when_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    assert "encode:" not in run()[2], "stderr is no terminal here"
    code, _, err = run("--progress", "--out", tmp_path / "a.txt")
    assert code == 0 and "encode:" in err and "35 lines" in err


def process(folder: Path, *options: str) -> list[str]:
    model = ["--model", str(folder), "--precision", "fp32", "--chunk", "10"]
    return [sys.executable, "-m", "minbert", "encode", *model, *options]


def environment() -> dict[str, str]:
    root = str(Path(minbert.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, "HF_HUB_OFFLINE": "1"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_process_is_gone_on_with(
    toy_model_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "vectors.npy"
    command = process(toy_model_folder, "--out", str(path))
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background
    ) as started:
        assert started.stdin is not None and started.stderr is not None
        started.stdin.write(TEXT[: TEXT.index(b"the film number 32")])
        started.stdin.flush()  # it reads on: the pipe stays open
        state, deadline = beside(path, "state"), time.monotonic() + 120
        while time.monotonic() < deadline:
            if state.is_file() and json.loads(state.read_text())["vectors"] >= 20:
                break
            time.sleep(0.05)
        started.send_signal(number)
        err = started.stderr.read().decode()
        code = started.wait()
    if number == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert code == 130 and "the same command goes on" in err and "Traceback" not in err
    assert not path.exists()
    done = subprocess.run(command, input=TEXT, capture_output=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert b"20 lines have their vectors already" in done.stderr
    encoder, tokenizer = minbert.from_pretrained(str(toy_model_folder))
    parts = minbert.encode_stream(LINES, encoder, tokenizer, precision="fp32", chunk=10)
    assert np.array_equal(np.load(path), np.concatenate(list(parts)))


@pytest.mark.parametrize("name", ["txt", "npy"])
def test_a_closed_pipe_is_silent(toy_model_folder: Path, name: str) -> None:
    command = " ".join(f'"{part}"' for part in process(toy_model_folder, "--format", name))
    done = subprocess.run(
        ["bash", "-c", f"yes 'the film is dull' | head -n 3000 | {command} | head -c 10 | wc -c"],
        capture_output=True,
        env=environment(),
        text=True,
    )
    assert done.stdout.strip() == "10"
    said = [line for line in done.stderr.splitlines() if "vectors" not in line]
    assert not [line for line in said if "ipe" in line or "Exception" in line], done.stderr


def test_a_file_needs_no_stdout(toy_model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    command = " ".join(f'"{part}"' for part in process(toy_model_folder, "--out", str(path)))
    done = subprocess.run(
        ["bash", "-c", f"printf 'one\\ntwo\\n' | {command} >&-"],
        capture_output=True,
        env=environment(),
        text=True,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert np.load(path).shape == (2, 32)


def test_an_unbuffered_stdout_gets_every_byte(toy_model_folder: Path) -> None:
    """One write takes as much as the pipe has room for, and says so."""
    command = " ".join(f'"{part}"' for part in process(toy_model_folder, "--chunk", "2000"))
    done = subprocess.run(
        ["bash", "-c", f"yes film | head -n 2000 | {command} | (sleep 0.5; cat) | wc -c"],
        capture_output=True,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    assert int(done.stdout) == 128 + 2000 * 32 * 4, done.stderr
