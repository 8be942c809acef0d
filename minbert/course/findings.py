"""What a run of the course found of the findings that its text states."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minbert.course.claims import Claim

NEWS = {
    "lab": "A finding that was not found is news, not an error: where a difference is small, the "
    "processor's rounding may decide.",
    "data": "A finding that was not found is news, not an error: the text speaks of the lab's "
    "data, and other data may say something else.",
}


@dataclass(frozen=True)
class Findings:
    """All claims of a run.

    Args:
        claims: per notebook, in the order of the course.
        is_lab: whether it ran on the lab, where only the machine can differ.
        complete: whether all notebooks ran to their end.
    """

    claims: Mapping[str, Sequence[Claim]]
    is_lab: bool
    complete: bool

    @property
    def not_found(self) -> dict[str, list[str]]:
        """The sentences of those that do not hold here, per notebook."""
        missing = {
            name: [claim.sentence for claim in claims if not claim.holds]
            for name, claims in self.claims.items()
        }
        return {name: sentences for name, sentences in missing.items() if sentences}

    @property
    def summary(self) -> str:
        """How many were found, in one sentence."""
        total = sum(map(len, self.claims.values()))
        missing = sum(map(len, self.not_found.values()))
        which = "findings" if self.complete else "findings that were tested"
        if missing:
            where = "on this machine" if self.is_lab else "on these data"
            return f"not found {where}: {missing} of {total} {which}"
        if not total:
            return "no finding was tested"
        if self.complete:
            return f"all {total} findings of the text were found here"
        return f"all {total} findings that were tested were found here"

    def __str__(self) -> str:
        lines = [self.summary]
        for name, sentences in self.not_found.items():
            lines += [f"  {name}: {sentence}" for sentence in sentences]
        return "\n".join(lines)

    def html(self) -> str:
        """The same for the index, each notebook a link to its page."""
        parts = [f"<p>{html.escape(self.summary[0].upper() + self.summary[1:])}.</p>"]
        for name, sentences in self.not_found.items():
            items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
            link = f'<a href="{html.escape(name)}.html">{html.escape(name)}</a>'
            parts.append(f"<p>{link}</p><ul>{items}</ul>")
        if self.not_found:
            parts.append(f"<p>{html.escape(NEWS['lab' if self.is_lab else 'data'])}</p>")
        return "".join(parts)
