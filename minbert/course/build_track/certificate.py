"""What is said at the end of the build track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minbert.course.build_track.finale import CANDIDATES, CLOSE, PAIRS, SEED, SETTINGS
from minbert.course.build_track.pieces import PIECES


def certificate(file: str, own: Sequence[int], found: Mapping[str, Any]) -> tuple[str, bool]:
    """The text, and whether everything is as it should be.

    Args:
        file: the learner's.
        own: numbers of the pieces that are right.
        found: what `minbert.course.build_track.finale.perform` said.
    """
    lent = [piece for piece in PIECES if piece.number not in own]
    lines = ["Certificate of the build track", "", f"file: {file}"]
    mine = ", ".join(f"{piece.number} {piece.title}" for piece in PIECES if piece.number in own)
    lines.append(f"your own pieces: {mine or 'none yet'}")
    others = ", ".join(f"{piece.number} {piece.title}" for piece in lent)
    lines.append(f"lent by the library: {others or 'none'}; word pieces and data always are")
    complete = not lent
    for name in ("tiny", "minilm"):
        if name in found:
            close = found[name] <= CLOSE
            complete &= close
            word = "yes" if close else "no"
            lines.append(
                f"hidden states of {name} as the library's: {word} (largest difference "
                f"{found[name]:.0e} of the largest value, allowed {CLOSE:.0e})"
            )
        elif "error" not in found:
            lines.append(f"hidden states of {name}: not compared, its weights are not installed")
    if "accuracy" in found:
        inside = found["low"] <= found["accuracy"] <= found["high"]
        complete &= inside
        lines += [
            f"ranking on the classroom corpus (synthetic), {PAIRS:,} pairs of questions, "
            f"{SETTINGS.epochs} epochs, seed {SEED}: {found['accuracy']:.3f} of {found['pairs']} "
            f"other questions find their partner among {CANDIDATES}, {found['before']:.3f} before "
            "training",
            f"the library's own training: {found['library']:.3f}; models as good differ from it "
            f"by chance within {found['low']:.3f} to {found['high']:.3f} (99 %): yours is "
            f"{'inside' if inside else 'outside'}",
        ]
    else:
        complete = False
        lines.append(f"stopped before the end: {found.get('error', 'nothing was trained')}")
    lines.append("")
    lines.append("This BERT is yours." if complete else "Not complete yet.")
    return "\n".join(lines) + "\n", complete
