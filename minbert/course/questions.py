"""Predict before you run: a question, its choices, and a place to keep the guess."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from IPython.display import display

from minbert.course.journal import Journal


class Question:
    """One question with its choices, as a row of buttons where there is a widget front end.

    Without one (a page, a test) it is a list, and `guess=` in the call records the choice.
    """

    def __init__(
        self, journal: Journal, key: str, question: str, choices: Sequence[str], guess: str | None
    ) -> None:
        if guess is not None and guess not in choices:
            raise ValueError(f"guess must be one of {', '.join(choices)}, got {guess!r}")
        self.journal, self.key, self.question = journal, key, question
        self.choices = list(choices)
        if guess is not None:
            self.record(guess)

    def record(self, guess: str) -> None:
        """Keep a guess; the last one counts."""
        self.journal.write(self.key, asked=self.question, guess=guess)

    def widget(self) -> Any:
        """Buttons that record what is clicked; each carries its text, Tab and Space work."""
        import ipywidgets

        title = ipywidgets.HTML(f"<b>Predict:</b> {html.escape(self.question)}")
        said = ipywidgets.HTML("")
        buttons = [
            ipywidgets.Button(
                description=choice, tooltip=choice, layout=ipywidgets.Layout(width="auto")
            )
            for choice in self.choices
        ]

        def clicked(button: Any) -> None:
            self.record(button.description)
            said.value = f"Recorded: {html.escape(button.description)}"

        for button in buttons:
            button.on_click(clicked)
        return ipywidgets.VBox([title, ipywidgets.HBox(buttons), said])

    def show(self) -> None:
        """The widget, with a plain list for pages that have no kernel."""
        text = f"Predict: {self.question}\n" + "\n".join(f"  - {part}" for part in self.choices)
        items = "".join(f"<li>{html.escape(choice)}</li>" for choice in self.choices)
        page = f"<p><b>Predict:</b> {html.escape(self.question)}</p><ul>{items}</ul>"
        bundle: dict[str, Any] = {"text/plain": text, "text/html": page}
        try:
            widget = self.widget()
        except ImportError:
            pass
        else:
            name = "application/vnd.jupyter.widget-view+json"
            bundle[name] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        display(bundle, raw=True)


def beside_outcomes(journal: Journal) -> list[list[str]]:
    """Rows (question, your guess, what came out) of everything asked so far."""
    return [
        [entry.get("asked", key), str(entry.get("guess", "—")), str(entry.get("outcome", "—"))]
        for key, entry in sorted(journal.read().items())
        if "asked" in entry
    ]
