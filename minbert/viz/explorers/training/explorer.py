"""Watch a training in a notebook, and keep the picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import ipywidgets as widgets
import torch
from IPython.display import display
from torch import nn

from minbert.evaluating import evaluating
from minbert.progress import Progress, listening
from minbert.viz.explorers.base.controls import switch, whole_number
from minbert.viz.explorers.base.explorer import Explorer
from minbert.viz.explorers.base.panel import WIDGET_VIEW, View, widget_view
from minbert.viz.explorers.training.curves import StageCurves, draw_training, training_table

EVERY_S = 0.5
"""The picture is drawn again after this time, or later: drawing takes at most a tenth of it all."""

Metric = Callable[[nn.Module], float]
"""From what is trained (for `mlm` a list of encoder and head) to a number, larger being better."""


class TrainingMonitor(Explorer):
    """Loss and metric curves of whatever is trained inside a `with` block; stays as a picture.

        with TrainingMonitor():
            pretrain_masked_language_model(...)

    All stages of this package are heard, at whatever depth they are called. What is taken from the
    cache trains nothing: hand its recorded history to `replay`.

    Args:
        metrics: by name; computed after each epoch, in eval mode and without gradients. One that
            raises is said in the note and does not stop the training.
        names: shown in place of the stages' own, in the order in which they begin.
        clock: seconds; another one in tests.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric] | None = None,
        names: Sequence[str] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.stages: dict[str, StageCurves] = {}
        self.metrics = dict(metrics or {})
        self._clock, self._started, self._drawn_at, self._cost = clock, clock(), 0.0, 0.0
        self._names, self._current = list(names), dict[str, str]()
        self._faults: dict[str, str] = {}
        self._open = ExitStack()
        self.smooth = whole_number("Smooth over points", 1, 1, 20)
        self.logarithmic = switch("Logarithmic loss")
        self.with_rates = switch("Learning rate")
        super().__init__(
            "Training monitor",
            "Curves of what is being trained. The controls work when it is done.",
            [self.smooth, self.logarithmic, self.with_rates],
        )
        self.panel = self.add_panel("Curves", self.look, spoken=False)

    def look(self) -> View:
        """Draw what is known so far."""
        picture, alt = draw_training(
            self.stages, self.smooth.value, self.logarithmic.value, self.with_rates.value
        )
        return View(picture, alt, training_table(self.stages), self.said)

    @property
    def said(self) -> str:
        """Where the training is, and which metric failed."""
        name, stage = list(self.stages.items())[-1]
        where = f"{name}: step {stage.step:,} of {stage.total_steps:,}."
        return " ".join([where, *self._faults.values()])

    def __enter__(self) -> TrainingMonitor:
        self._started = self._clock()
        self._open.enter_context(listening(self.hear))
        said = f"{self.title} (live in a running notebook)"
        display({WIDGET_VIEW: widget_view(self.widget), "text/plain": said}, raw=True)
        return self

    def __exit__(self, *failure: Any) -> None:
        self._open.close()
        self.panel.refresh()
        self.panel.show_static(widgets.Box(layout=widgets.Layout(display="none")))

    def hear(self, progress: Progress) -> None:
        """Take in what the loop tells, and draw when it is time to."""
        stage = self.stages[self._name(progress)]
        stage.total_steps = progress.total_steps
        stage.add(progress.points)
        if progress.epoch_done:
            self._measure(stage, progress)
        now = self._clock()
        if now - self._drawn_at >= max(EVERY_S, 9 * self._cost):
            self.panel.refresh()
            self._drawn_at = self._clock()
            self._cost = self._drawn_at - now

    def _name(self, progress: Progress) -> str:
        """Of the curves that this belongs to; a stage that begins anew gets curves of its own."""
        known = self._current.get(progress.stage)
        if known and self.stages[known].step < progress.step:
            return known
        name = self._names.pop(0) if self._names else progress.stage
        while name in self.stages:
            stem, _, number = name.partition(" #")
            name = f"{stem} #{int(number or 1) + 1}"
        self.stages[name], self._current[progress.stage] = StageCurves(), name
        return name

    def replay(self, histories: Mapping[str, Mapping[str, Any]]) -> TrainingMonitor:
        """Show recorded curves of stages that were not heard live; returns the monitor.

        Args:
            histories: by stage, with their `points`, as `history.json` of a stage has them.
        """
        for name, history in histories.items():
            if name not in self.stages:
                self.stages[name] = StageCurves()
                self.stages[name].add(history["points"])
        self.panel.refresh()
        return self

    def _measure(self, stage: StageCurves, progress: Progress) -> None:
        for name, metric in self.metrics.items():
            try:
                with torch.no_grad(), evaluating(progress.model):
                    value = float(metric(progress.model))
                stage.metrics.setdefault(name, []).append((progress.step, value))
            except Exception as error:  # of the caller's code: training goes on
                self._faults[name] = f"Metric {name!r} failed in {progress.stage}: {error}."
