"""Submissions that loop, crash, write elsewhere or import: a sentence, and their other points."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mischief import INSIDE, MISCHIEF, NEEDED, below, bundles

from minbert.course.grading.grader import Graded, Limits, grade_all
from minbert.course.grading.submissions import Submission

HandedIn = Callable[..., str]
ALL = range(1, 11)
LIMITS = Limits(seconds=3, memory=700, jobs=2)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limits")


def marked(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("# ====="))


@pytest.fixture(scope="session")
def graded(handed_in: HandedIn) -> dict[str, Graded]:
    """One grading for all tests of this file: what takes long is the beginning."""
    flood = "for _ in range(3000): print('flood' * 100)"
    doubles = ("import torch\n", "import torch\ntorch.set_default_dtype(torch.float64)\n")
    texts = {
        "right": handed_in(),
        "no markers, other numbers": marked(handed_in(doubles)),
        "prints, writes at home": handed_in(
            below(9, flood), below(8, "open('notes.txt', 'w').write('x')")
        ),
        "wrong and right": handed_in((" / dim**0.5", ""), ("cosine.clamp(min=0) * 5", "cosine")),
        "imports first": handed_in(("import json\n", "import transformers\nimport json\n")),
        "no Python first": handed_in(("import json\n", "import json json\n")),
        "loops first": handed_in(("import json\n", "import json\nwhile True:\n    pass\n")),
        "broken": handed_in(
            ("class Embeddings(nn.Module):\n", "class Embeddings(nn.Module)::\n"),
            ("class AddAndNorm(", "torch.equal = print\nclass AddAndNorm("),
            ("class AdamW:\n", "while True: pass\nclass AdamW:\n"),
            ("def similarity_score(", "def similarity("),
        ),
        **{
            f"bundle {number}": handed_in(
                NEEDED, *(below(piece, MISCHIEF[name][0]) for piece, name in bundle.items())
            )
            for number, bundle in enumerate(bundles())
        },
    }
    handed = [Submission(student, text) for student, text in texts.items()]
    handed.append(Submission("nothing", problem="handed in no my_minbert.py"))
    return {found.student: found for found in grade_all(handed, LIMITS)}


def passed(found: Graded) -> list[int]:
    return [number for number, piece in found.pieces.items() if piece["passed"]]


def said(found: Graded, number: int) -> str:
    return found.pieces[number]["message"]


def test_the_right_one_has_all_points(graded: dict[str, Graded]) -> None:
    found = graded["right"]
    assert passed(found) == list(ALL), found.pieces
    assert not found.beginning and not found.notes and not found.printed
    assert 0 < found.seconds < 120


@pytest.mark.parametrize("name", MISCHIEF)
def test_mischief_gets_its_sentence(name: str, graded: dict[str, Graded]) -> None:
    [(number, piece)] = [
        (number, piece)
        for number, bundle in enumerate(bundles())
        for piece, one in bundle.items()
        if one == name
    ]
    found = graded[f"bundle {number}"]
    assert MISCHIEF[name][1] in said(found, piece) and piece not in passed(found)


def test_mischief_spares_the_other_pieces(graded: dict[str, Graded]) -> None:
    for number, bundle in enumerate(bundles()):
        assert passed(graded[f"bundle {number}"]) == [one for one in ALL if one not in bundle]
    assert "writes outside its folder (…/stolen), which a submission must not" in (
        graded["bundle 0"].notes
    )


def test_known_mistakes_are_named(graded: dict[str, Graded]) -> None:
    found = graded["wrong and right"]
    assert passed(found) == [2, 3, 4, 5, 6, 8, 9, 10]
    assert said(found, 1) == "the scores are not divided by the root of dim"


@pytest.mark.parametrize(
    "name, part",
    [
        ("imports first", "(`import transformers`) imports transformers, which"),
        ("no Python first", "is no Python (invalid syntax), so the beginning was taken as it is"),
        ("loops first", "did not end within 3 s: is there a loop without end?, so it was taken as"),
    ],
)
def test_a_broken_beginning_spares_all_pieces(
    name: str, part: str, graded: dict[str, Graded]
) -> None:
    assert part in graded[name].beginning
    assert passed(graded[name]) == list(ALL)


@pytest.mark.parametrize(
    "piece, part",
    [
        (2, "is no Python (invalid syntax)"),
        (3, "replaces torch.equal, which is not the submission's"),
        (5, "did not end within 3 s: is there a loop without end?"),
        (7, "similarity_score is missing: the file defines no such name"),
    ],
)
def test_a_broken_piece_spares_the_others(piece: int, part: str, graded: dict[str, Graded]) -> None:
    assert part in said(graded["broken"], piece)
    assert passed(graded["broken"]) == [1, 4, 6, 8, 9, 10]


@pytest.mark.parametrize("name", ["no markers, other numbers", "prints, writes at home"])
def test_what_is_odd_and_allowed(name: str, graded: dict[str, Graded]) -> None:
    assert passed(graded[name]) == list(ALL), graded[name].pieces
    assert not graded[name].notes


def test_what_is_printed_is_cut(graded: dict[str, Graded]) -> None:
    assert graded["prints, writes at home"].printed.startswith("floodflood")
    assert len(graded["prints, writes at home"].printed) <= 2000


def test_who_handed_in_nothing_has_a_row(graded: dict[str, Graded]) -> None:
    assert graded["nothing"].problem and not graded["nothing"].pieces


def processes() -> set[str]:
    """Of this machine, those that grade."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"minbert.course.grading.lane" in path.read_bytes():
                found.add(path.parent.name)
        except OSError:
            continue
    return found


def test_no_process_is_left_when_the_grading_is_left(handed_in: HandedIn) -> None:
    """As by Ctrl-C: in the middle of a loop without end."""
    before = processes()
    loop = Submission("loop", handed_in(below(1, "while True: pass")))
    limits = Limits(seconds=60)
    grading = grade_all([Submission("x", problem="nothing"), loop], limits)
    assert next(grading).student == "x"
    waiting = threading.Thread(target=_interrupts_when, args=(lambda: processes() - before,))
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        next(grading)
    waiting.join()
    for _ in range(50):
        if not processes() - before:
            return
        time.sleep(0.1)
    raise AssertionError("processes are left")


def _wait_for_the_loop(running: Callable[[], set[str]]) -> None:
    """Until the lane and the process of a submission have been there for a while: the lane's own
    trial of what the system allows is shorter. Two minutes at most."""
    since, pair = time.monotonic(), set()
    until = since + 120
    while time.monotonic() < until and (len(pair) < 2 or time.monotonic() - since < 1.5):
        time.sleep(0.1)
        if (now := running()) != pair:
            since, pair = time.monotonic(), now


def _interrupts_when(running: Callable[[], set[str]]) -> None:
    _wait_for_the_loop(running)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
def test_a_lane_that_is_killed_is_replaced(handed_in: HandedIn) -> None:
    """As by the system when memory runs out."""
    before = processes()

    def kill() -> None:
        _wait_for_the_loop(lambda: processes() - before)
        for process in processes() - before:
            os.kill(int(process), signal.SIGKILL)

    waiting = threading.Thread(target=kill)
    waiting.start()
    text = handed_in(below(1, "while True: pass"))
    [found] = grade_all([Submission("x", text)], Limits(seconds=5))
    waiting.join()
    assert passed(found) == list(ALL)[1:] and "did not end" in said(found, 1)


@pytest.mark.slow
def test_a_seed_that_hides_a_mistake_is_refused(
    handed_in: HandedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lane says is made up; that a usual seed hides nothing is tried for real."""
    [found] = grade_all([Submission("x", handed_in())], Limits(seed=7))
    assert passed(found) == list(ALL)
    monkeypatch.setattr(
        "minbert.course.grading.grader._Lane._said",
        lambda lane: {"unseen": ["ranking: no scale"], "alone": True},
    )
    with pytest.raises(ValueError, match="--seed 7 hides 1 known mistakes, such as 'ranking: no"):
        list(grade_all([Submission("x", handed_in())], Limits(seed=7)))


@pytest.mark.slow
def test_a_system_without_fork_grades_alike(handed_in: HandedIn) -> None:
    text = handed_in(
        NEEDED,
        below(1, "os._exit(7)"),
        below(4, "while True: pass"),
        below(7, "open('../stolen', 'w')"),
    )
    [found] = grade_all([Submission("x", text)], Limits(seconds=5, fresh=True))
    assert passed(found) == [2, 3, 5, 6, 8, 9, 10]
    assert "exit code 7" in said(found, 1) and "did not end" in said(found, 4)
    assert "writes outside its folder" in said(found, 7)


def test_every_piece_has_a_place_for_mischief(handed_in: HandedIn) -> None:
    assert list(INSIDE) == list(ALL)
    for number in ALL:
        handed_in(below(number, "pass"))
