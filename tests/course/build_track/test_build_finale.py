"""The finale: parity with the library, and a training that lies in the library's band."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from minbert.__main__ import main
from minbert.course.build_track import finale
from minbert.course.build_track.certificate import certificate
from minbert.course.build_track.pieces import PIECES
from minbert.course.build_track.settings import tiny_folder
from minbert.course.build_track.skeleton import KEY
from minbert.course.build_track.variants import Names, variant


def test_hidden_states_of_the_key_are_the_librarys() -> None:
    assert finale.parity(variant(4, ()), tiny_folder()) <= finale.CLOSE


def test_another_activation_is_no_parity() -> None:
    """The tolerance tells GELU from its approximation."""
    from minbert.course.build_track.variants import edited

    found: dict[str, Any] = {"__name__": "minbert.course.build_track.key"}
    tanh = (
        (
            "F.gelu(self.intermediate.dense(attended))",
            'F.gelu(self.intermediate.dense(attended), approximate="tanh")',
        ),
    )
    exec(compile(edited(3, tanh), str(KEY), "exec"), found)
    pieces = Names(found, {}, ())
    assert finale.parity(pieces, tiny_folder()) > 10 * finale.CLOSE


def test_the_band_is_that_of_two_shares() -> None:
    low, high = finale.band(0.5, 200)
    assert high - 0.5 == pytest.approx(0.5 - low) == pytest.approx(2.5758 * 0.05)
    assert finale.band(1.0, 10) == (1.0, 1.0)


def test_what_goes_wrong_in_the_finale_is_said() -> None:
    """A piece that passed its check and fails here gives a sentence, not an end of the process."""

    class Failing:
        def load_encoder(self, folder: Path) -> None:
            raise KeyError("weights")

    said: dict[str, Any] = {}
    finale.perform(Failing(), lambda **what: said.update(what.get("found", {})), "x.py")
    assert said == {"error": "your code raises KeyError: 'weights'"}


@pytest.mark.slow
def test_the_key_trains_as_the_library(
    written: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line; training moves the share out of where it was before."""
    assert main(["course", "finale", str(written())]) == 0
    text = capsys.readouterr().out
    assert "This BERT is yours." in text and "lent by the library: none" in text


@pytest.mark.slow
def test_a_training_that_teaches_nothing_lies_outside() -> None:
    """The library's band does not reach down to where the shipped weights are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        table, splits = finale.sentences()
        before = finale.library_arm(table, splits, train=False)
        after = finale.library_arm(table, splits)
        nothing = variant(10, (("            optimizer.step()\n", ""),))
        own = {name: getattr(nothing, name) for piece in PIECES[9:] for name in piece.names}
        module = dict(vars(variant(1, ())))["_of"]
        unlearned = finale.own_arm(Names({**module, **own}, {}, ()), table, splits)
    finally:
        torch.set_num_threads(threads)
    low, high = finale.band(after, len(splits["dev"]))
    assert before < low and unlearned < low
    found = {"tiny": 0.0, "accuracy": unlearned, "before": before, "library": after,
             "low": low, "high": high, "pairs": len(splits["dev"])}  # fmt: skip
    assert not certificate("x.py", range(1, 11), found)[1]
