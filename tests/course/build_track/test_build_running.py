"""Loops, crashes and broken lines: one sentence each, and the other pieces are still checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from minbert.course.build_track.errors import in_words
from minbert.course.build_track.loading import load
from minbert.course.build_track.running import check_file, run_finale

Written = Callable[..., Path]

COSINE = "    cosine = F.cosine_similarity(first, second, dim=-1)\n"
RANKING = "    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)\n"
HEADS_BEGIN = "class SentimentHead(nn.Module):\n"
FIRST = "        first = states[:, 0]\n"
HIDDEN = "    hidden = labels != -100\n"


def test_what_is_broken_in_one_piece_spares_the_others(written: Written) -> None:
    """One file with a loop, a crash of the process, a line that is no Python, and an early end."""
    path = written(
        (
            "    dim = query.shape[-1]\n",
            "    dim = query.shape[-1]\n    while True:\n        pass\n",
        ),
        ("class Embeddings(nn.Module):\n", "class Embeddings(nn.Module:\n"),
        (FIRST, f"{FIRST}        sys.exit(3)\n"),
        ("class AdamW:\n", "class Adam:\n"),
        (HIDDEN, f"{HIDDEN}    import os\n    os._exit(7)\n"),
        (HEADS_BEGIN, f"raise SystemExit\n\n\n{HEADS_BEGIN}"),
        ("    width = max(len(row) for row in ids)\n", "    width = nowhere\n"),
        ("from typing import Any\n", "import sys\nfrom typing import Any\n"),
    )
    heard = []
    found = check_file(path, range(1, 11), 15, lambda number, verdict: heard.append(number))
    assert sorted(heard) == list(found) == list(range(1, 11))
    said = {number: str(verdict) for number, verdict in found.items()}
    assert said[1] == "Not yet: did not end within 15 s: is there a loop without end?"
    assert re.match(r"Not yet: line 1\d\d is no Python \(", said[2])
    assert "(`sys.exit(3)`) ends the program (sys.exit)" in said[4]
    assert said[5] == "Not yet: AdamW is missing: the file defines no such name"
    assert said[6] == "Not yet: ended its process (exit code 7)"
    assert "(`raise SystemExit`) ends the program" in said[7]
    assert "raises NameError: name 'nowhere' is not defined" in said[9]
    assert all(found[number].passed for number in (3, 8, 10)), said


def test_a_loop_while_the_file_is_run(written: Written) -> None:
    loop = "while True:\n    pass\n\n\n"
    path = written(
        ("def pad_batch(", f"{loop}def pad_batch("), (COSINE, f"{COSINE}    import nowhere\n")
    )
    found = check_file(path, [7, 9], 4)
    assert "did not end within 4 s" in found[9].message
    assert "No module named 'nowhere'" in found[7].message


def test_a_file_that_cannot_be_used_at_all(tmp_path: Path, written: Written) -> None:
    with pytest.raises(ValueError, match="is no file: `minbert course build"):
        check_file(tmp_path / "nowhere.py", [1])
    path = written(("import torch\n", "import torhc\n"))
    with pytest.raises(ValueError, match="cannot be used: line .* No module named 'torhc'"):
        check_file(path, [1])
    with pytest.raises(ValueError, match="cannot be used"):
        run_finale(path, [1])


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "my_minbert.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is no text in UTF-8"):
        load(path)


def test_line_numbers_are_the_files(written: Written) -> None:
    path = written((RANKING, "    raise KeyError('here')\n"))
    line = path.read_text(encoding="utf-8").splitlines().index("    raise KeyError('here')") + 1
    names = load(path).names
    try:
        names["multiple_negatives_ranking"](None, None)
    except KeyError as error:
        assert (
            in_words(error, str(path))
            == f"line {line} (`raise KeyError('here')`) raises KeyError: 'here'"
        )


ERRORS = {
    "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)": "shapes do not fit",
    "The size of tensor a (3) must match the size of tensor b (4)": "shapes do not fit",
    "expected scalar type Float but found Double": "mixes kinds of numbers",
    "element 0 of tensors does not require grad and does not have a grad_fn": "no parameter took",
    "a leaf Variable that requires grad is being used in an in-place operation": "in place",
    "view size is not compatible with input tensor's size and stride": "use reshape there",
    "something odd": "asks torch for something that it cannot do",
}


@pytest.mark.parametrize("text", ERRORS)
def test_messages_of_torch_are_translated(text: str) -> None:
    said = in_words(RuntimeError(text), "my_minbert.py", "states (2, 5, 12)")
    assert ERRORS[text] in said and text not in said


def test_other_errors_are_said_as_they_are() -> None:
    assert in_words(ValueError("3 is odd\nmore"), "x") == "your code raises ValueError: 3 is odd"
    assert in_words(IndexError("index out of range in self"), "x").endswith("does not have")
    assert in_words(RecursionError("deep"), "x") == "your code calls itself without end"
