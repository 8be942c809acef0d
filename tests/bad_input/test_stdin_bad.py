"""`minbert encode`: as many vectors as lines, or one sentence that names the line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import minbert
from minbert.__main__ import main
from minbert.data.text import LONGEST_LINE, decoded, read_lines

Encoded = tuple[int, bytes, str]


@pytest.fixture
def encode(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> object:
    """The command on given bytes: its exit code, stdout and stderr."""

    def run(content: bytes) -> Encoded:
        out = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: False, flush=lambda: None)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
            patched.setattr(sys, "stdout", out)
            code = main(["encode", "--model", str(toy_model_folder), "--precision", "fp32"])
        return code, out.buffer.getvalue(), capsys.readouterr().err

    return run


BAD = {
    "Latin-1": (b"one\ncaf\xe9\nthree\n", 2, "got the byte 0xe9 as byte 4 of the line"),
    "Latin-1 at once": (b"\xe9t\xe9\n", 1, "got the byte 0xe9 as byte 1"),
    "Windows-1252": (b"\x93quoted\x94\n", 1, "got the byte 0x93"),
    "Latin-1 without newline": (b"one\nna\xefve", 2, "got the byte 0xef"),
    "a lone surrogate": (b"one\ntwo\n\xed\xa0\x80\n", 3, "got the byte 0xed"),
    "a low surrogate": (b"a \xed\xb0\x80 b\n", 1, "got the byte 0xed as byte 3"),
    "a surrogate pair": (b"\xed\xa0\xbd\xed\xb8\x80\n", 1, "got the byte 0xed"),
    "an overlong slash": (b"a\xc0\xafb\n", 1, "got the byte 0xc0"),
    "above Unicode": (b"\xf4\x90\x80\x80\n", 1, "got the byte 0xf4"),
    "a letter cut off": ("one\ncaf\u00e9".encode()[:-1], 2, "got the byte 0xc3 as byte 4"),
    "an emoji cut off": ("one\n🙂".encode()[:-2], 2, "got the byte 0xf0"),
    "a continuation byte": (b"\x80\n", 1, "got the byte 0x80"),
    "0xff": (b"one\n\n\n\xff\n", 4, "got the byte 0xff"),
    "NUL": (b"one\nt\0wo\n", 2, "got a NUL as character 2 of the line"),
    "only NUL": (b"\0\n", 1, "got a NUL"),
    "zeros at the end": (b"one\n" + b"\0" * 64, 2, "got a NUL"),
    "UTF-16": ("one\ntwo\n".encode("utf-16"), 1, "got UTF-16"),
    "UTF-16, big end": (b"\xfe\xff" + "one\n".encode("utf-16-be"), 1, "got UTF-16"),
    "UTF-16 without mark": ("one\n".encode("utf-16-le"), 1, "got a NUL"),
    "UTF-32": ("one\n".encode("utf-32"), 1, "got UTF-32"),
    "gzip": (b"\x1f\x8b\x08\0rest\n", 1, "got a gzip archive"),
    "zip": (b"PK\x03\x04rest\n", 1, "got a zip archive"),
    "a PDF": (b"%PDF-1.7\nrest\n", 1, "got a PDF"),
    "a lone CR": (b"one\nt\rwo\n", 2, "got a carriage return as character 2"),
    "old Mac line ends": (b"one\rtwo\rthree\r", 1, "got a carriage return as character 4"),
    "CR CR LF": (b"one\r\r\ntwo\r\r\n", 1, "got a carriage return"),
    "a very long line": (b"one\n" + b"x " * LONGEST_LINE, 2, "got a longer line"),
    "a very long first line": (b"x" * (LONGEST_LINE + 1), 1, "at most 1,000,000 bytes"),
}


@pytest.mark.parametrize(("content", "line", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named(encode: object, content: bytes, line: int, reason: str) -> None:
    code, out, err = encode(content)
    assert code == 2 and out == b"", "no vector is written"
    assert err.startswith(f"minbert encode: stdin:{line}: expected ") and err.count("\n") == 1, err
    assert reason in err


GOOD = {
    "three lines": (b"one\ntwo\nthree\n", 3, 0),
    "no newline at the end": (b"one\ntwo", 2, 0),
    "one line": (b"one\n", 1, 0),
    "nothing": (b"", 0, 0),
    "a newline": (b"\n", 1, 1),
    "empty lines": (b"one\n\n\ntwo\n", 4, 2),
    "an empty last line": (b"one\n\n", 2, 1),
    "blanks": (b"  \n\t\none\n", 3, 2),
    "CRLF": (b"one\r\ntwo\r\n", 2, 0),
    "CRLF and none at the end": (b"one\r\ntwo", 2, 0),
    "CR at the very end": (b"one\r\ntwo\r", 2, 0),
    "mixed line ends": (b"one\r\ntwo\n\r\n", 3, 1),
    "a byte order mark": (b"\xef\xbb\xbfone\ntwo\n", 2, 0),
    "only a byte order mark": (b"\xef\xbb\xbf\n", 1, 1),
    "NEL": ("a\x85b\ntwo\n".encode(), 2, 0),
    "line separators": ("a\u2028b\u2029c\ntwo\n".encode(), 2, 0),
    "separators of ASCII": (b"a\x0bb\x0cc\x1cd\x1de\x1ef\ntwo\n", 2, 0),
    "emoji": ("🙂🙂\n".encode(), 1, 0),
    "control characters": (b"\x01\x02\x7f\n", 1, 0),
    "quotation marks": (b'"one\ntwo\n', 2, 0),
    "unassigned": ("\U0010ffff\n".encode(), 1, 0),
    "long": (b"one two " * 5000 + b"\nthree\n", 2, 0),
}


@pytest.mark.parametrize(("content", "lines", "empty"), GOOD.values(), ids=GOOD)
def test_lines_in_are_vectors_out(
    encode: object, content: bytes, lines: int, empty: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        code, out, err = encode(content)
    assert code == 0, err
    assert np.load(io.BytesIO(out)).shape == (lines, 32)
    assert f"{lines} lines on stdin, {lines} vectors" in caplog.text
    said = f"{empty} of them are empty" in caplog.text
    assert said == bool(empty), "each has a vector, and that is said"


def test_an_empty_line_has_the_vector_of_an_empty_text(encode: object) -> None:
    vectors = np.load(io.BytesIO(encode(b"\none\n \n")[1]))
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


def test_a_mark_or_a_carriage_return_changes_no_vector(encode: object) -> None:
    plain = np.load(io.BytesIO(encode(b"one\ntwo\n")[1]))
    assert np.array_equal(plain, np.load(io.BytesIO(encode(b"\xef\xbb\xbfone\r\ntwo")[1])))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(st.sampled_from("ab \n\r\x85\u2028é"), max_size=40).map(str.encode),
    )
)
def test_any_bytes_are_lines_or_a_sentence(content: bytes) -> None:
    try:
        lines = list(read_lines(io.BytesIO(content), "stdin"))
    except ValueError as error:
        assert str(error).startswith("stdin:") and "expected" in str(error)
        assert type(error) is ValueError
        return
    assert len(lines) == content.count(b"\n") + (content[-1:] not in (b"", b"\n"))
    text = content.removeprefix(b"\xef\xbb\xbf").decode()
    assert "\n".join(lines) == text.removesuffix("\n").replace("\r\n", "\n").removesuffix("\r")


@pytest.mark.parametrize("line", [1, 7])
def test_the_line_is_counted_from_where_the_bytes_begin(line: int) -> None:
    with pytest.raises(ValueError, match=rf"^x:{line + 2}: .*byte 0xe9 as byte 3 of the line"):
        decoded(b"a\nb\ncd\xe9\n", "x", line)


def environment() -> dict[str, str]:
    root = str(Path(minbert.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, "HF_HUB_OFFLINE": "1"}


@pytest.mark.parametrize(
    ("redirect", "said"),
    [
        ("<<< $'caf\\xe9'", "minbert encode: stdin:1: expected UTF-8 text, got the byte 0xe9"),
        ("<&-", "minbert encode: stdin: expected sentences on stdin"),
    ],
)
def test_a_real_process(toy_model_folder: Path, redirect: str, said: str) -> None:
    """Whatever the locale, and with a closed stdin."""
    command = f'"{sys.executable}" -m minbert encode --model "{toy_model_folder}" {redirect} | cat'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        env={**environment(), "LC_ALL": "C"},
    )
    assert done.returncode == 2 and done.stdout == b"", done.stderr
    assert said in done.stderr.decode() and b"Traceback" not in done.stderr
